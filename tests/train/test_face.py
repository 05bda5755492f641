"""`import train`: each function does what its command does, on paths, runs and open datasets, silently."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import prep
import train
from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from tests.support import load, random_image, run_ok, run_train, tree
from train.windows.predictor import Predictor

FAST = train.Config(width=4, depth=2, size=32, crops=2, batch=8, epochs=2)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, train.Run, list[str]]:
    """A folder with datasets/synth and one run of two epochs, the run, and what it said."""
    import synth

    folder = tmp_path_factory.mktemp("face")
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        ds = synth.generate("datasets/synth", n=8, test=3, width=64, height=64, workers=1)
        run = train.fit(ds, FAST, device="cpu", say=said.append)
    return folder, run, said


@pytest.fixture
def here(trained: tuple[Path, train.Run, list[str]], monkeypatch: pytest.MonkeyPatch) -> train.Run:
    """The run; the working folder is the one in which it was trained."""
    monkeypatch.chdir(trained[0])
    return trained[1]


@pytest.fixture
def copied(trained: tuple[Path, train.Run, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working folder is a copy of that one, in which more trainings are no others' latest run."""
    shutil.copytree(trained[0], tmp_path / "copy", symlinks=True)
    monkeypatch.chdir(tmp_path / "copy")


def test_a_training_gives_a_run(trained: tuple[Path, train.Run, list[str]]) -> None:
    folder, run, said = trained
    assert (folder / run.folder / "model.pt").is_file()
    assert (folder / run.report).is_file()
    metrics = json.loads((folder / run.folder / "metrics.json").read_text(encoding="utf-8"))
    assert run.mean_iou == pytest.approx(metrics["mean_iou"])
    assert len([line for line in said if line.startswith("epoch")]) == 2
    record = json.loads((folder / run.folder / "provenance.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert (record["command"], record["arguments"]["config"]["crops"]) == ("train.fit", 2)


@pytest.mark.parametrize("when", ["loading", "epochs"])
def test_labels_that_change_while_they_are_learned(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    monkeypatch.chdir(tmp_path)
    stem, path = (samples := dataset.of_split("val"))[0].stem, dataset.root / samples[0].mask
    said: list[str] = []

    def change(now: bool) -> None:
        if now:
            shutil.copy(path, path.with_suffix(".new"))
            path.with_suffix(".new").replace(path)

    def say(line: str) -> None:
        said.append(line)
        change(when == "epochs" and line.startswith("epoch 1"))

    def fit() -> train.Run:
        return train.fit(dataset, FAST, device="cpu", say=say, progress=lambda *_: change(when == "loading"))

    if when == "loading":
        with pytest.raises(SegError, match=f"{stem} changed while the samples were loaded, .*; start"):
            fit()
        assert not list((tmp_path / "runs").glob("*")), "as if it had not been started"
        return
    run = fit()
    (warning,) = (line for line in said if line.startswith("warning: 1 image or mask of train and val changed"))
    assert f"({stem})" in warning
    assert warning in (run.folder / "log.txt").read_text()
    assert run.mean_iou > 0, "the test images are as they were"


def test_the_model_of_a_run_labels_images(here: train.Run) -> None:
    image = random_image(0, 50, 70)
    model = train.load(here)
    mask, probabilities = model(image), model.probabilities(image)
    assert (mask.shape, mask.dtype) == ((50, 70), np.uint8)
    assert (probabilities.shape, probabilities.dtype) == ((3, 50, 70), np.float32)
    assert np.array_equal(probabilities.argmax(axis=0), mask)
    assert np.allclose(probabilities.sum(axis=0), 1, atol=1e-5)
    assert model.classes.names == ("background", "line", "ellipse")
    for named in ("latest", here.folder, str(here.folder / "model.pt")):
        assert np.array_equal(train.load(named, device="cpu")(image), mask)
    assert np.array_equal(model(image[::2, ::-1]), model(np.ascontiguousarray(image[::2, ::-1])))


IMAGE = random_image(0, 20, 30)


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (
            IMAGE / 127.5 - 1,
            "bring it back to 0..255 as it was read: it holds negative numbers, as normalized images do",
        ),
        (IMAGE > 100, "image * numpy.uint8(255) makes black and white of it"),
        (IMAGE / 255, "float64 (20, 30, 3); (image * 255).round().astype('uint8') brings 0..1 to 0..255"),
        (IMAGE.astype(np.float32), "float32 (20, 30, 3); image.round().astype('uint8'), if its values are 0..255"),
        (IMAGE.astype(np.uint16) * 257, "uint16 (20, 30, 3); (image // 257).astype('uint8')"),
        (IMAGE.astype(np.int64), "int64 (20, 30, 3); image.round().astype('uint8')"),
        (IMAGE[..., 0], "uint8 (20, 30); numpy.stack([image] * 3, axis=-1)"),
        (np.zeros((20, 30, 4), np.uint8), "uint8 (20, 30, 4); image[..., :3]"),
        (np.zeros((20, 30, 2), np.uint8), "uint8 (20, 30, 2); RGB has three channels"),
        (IMAGE.transpose(2, 0, 1), "uint8 (3, 20, 30); image.transpose(1, 2, 0)"),
        (IMAGE[None], "uint8 (1, 20, 30, 3); give one image at a time"),
        (np.zeros((0, 30, 3), np.uint8), "uint8 (0, 30, 3); give one image at a time"),
        (Image.fromarray(IMAGE), "got Image; numpy.asarray(photo.convert('RGB')) is one of a Pillow image"),
        (
            "photo.jpg",
            "got str; numpy.asarray(photo.convert('RGB')) is one of a Pillow image; train.predict takes files",
        ),
    ],
)
def test_other_images_are_refused(image: object, says: str, predictor: Predictor) -> None:
    for ask in (predictor, predictor.probabilities):
        with pytest.raises(prep.SegError) as error:
            ask(image)  # type: ignore[arg-type]
        assert says in str(error.value)
        assert "uint8 (height, width, 3) in RGB order" in str(error.value)


def test_scores_and_predictions_and_audits(here: train.Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    here.report.write_text("of scores before")
    scores = train.score(here, device="cpu")
    assert f"{scores.mean_iou:.4f}" in here.report.read_text(encoding="utf-8")
    assert scores.mean_iou == pytest.approx(here.mean_iou, abs=1e-6)
    assert scores.iou.keys() == {"background", "line", "ellipse"}
    assert np.nanmean(list(scores.iou.values())) == pytest.approx(scores.mean_iou, abs=1e-6)
    assert (scores.metrics.images, scores.metrics.split, scores.folder) == (3, "test", here.folder)
    assert train.score(split="val", output=str(tmp_path / "val")).folder == tmp_path / "val"
    ds = prep.open("datasets/synth")
    made = train.predict(ds, output=str(tmp_path / "out"), save=["masks", "geojson"])
    assert (made.predicted, made.problems) == (11, ())
    assert np.array_equal(load(tmp_path / "out" / "masks" / f"{ds[0].stem}.png"), train.load()(ds[0].image))
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_dir()) == ["geojson", "masks"]
    (tmp_path / "photos").mkdir()
    for name in ("a.png", "a.jpg", "b.png"):
        shutil.copy(ds.root / ds.samples[0].image, tmp_path / "photos" / name)
    some = train.predict(tmp_path / "photos", output=tmp_path / "some")
    assert (some.predicted, len(some.problems)) == (1, 2), "what is left out for its name is told, too"
    found = train.audit(here, dataset=ds.root, output=tmp_path / "audit")
    assert found.folder == tmp_path / "audit"
    assert len((tmp_path / "audit" / "audit.csv").read_text(encoding="utf-8").splitlines()) == 1 + len(
        found.audit.suspects
    )
    again = train.resume(here)
    assert again.folder.resolve() == here.folder.resolve()
    assert capfd.readouterr() == ("", "")


def test_windows_and_protocols_are_those_of_the_commands(here: train.Run, tmp_path: Path) -> None:
    ways: dict[str, object] = {"window": 48, "overlap": 0.25, "blend": "average", "tta": "d4"}
    words = [word for name, value in ways.items() for word in (f"--{name}", value)]
    scores = train.score(
        here, output=tmp_path / "a", protocol="patches", device="cpu", **ways  # type: ignore[arg-type]
    )  # fmt: skip
    assert run_train(
        "score", here.folder, "-o", tmp_path / "b", "--protocol", "patches", *words,
        "--device", "cpu",
    ).exit_code == 0  # fmt: skip
    assert (tmp_path / "a" / "metrics.json").read_bytes() == (tmp_path / "b" / "metrics.json").read_bytes()
    assert scores.metrics.tta == "d4"
    assert scores.metrics.protocols
    with pytest.raises(prep.SegError, match=r"^--compare .*: is the run that is scored"):
        train.score(here, output=tmp_path / "e", compare=here.folder, device="cpu")
    train.predict("datasets/synth", output=tmp_path / "c", device="cpu", engine="torch", **ways)  # type: ignore[arg-type]
    assert run_train("predict", "datasets/synth", "-o", tmp_path / "d", *words, "--device", "cpu").exit_code == 0
    assert tree(tmp_path / "c") == tree(tmp_path / "d")


def test_what_is_returned_goes_on_meaning_its_folder(
    here: train.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook goes to another folder."""
    ds = prep.open("datasets/synth")
    run = train.resume(Path("runs", here.folder.name), device="cpu")
    folders = [
        train.score(run, split="val", output="scores", device="cpu").folder,
        train.audit(run, output="audited", device="cpu").folder,
        train.predict(ds, output="predicted", run=run, device="cpu").folder,
        run.report, here.report,
    ]  # fmt: skip
    monkeypatch.chdir(tmp_path)
    image = random_image(0, 60, 70)
    assert np.array_equal(train.load(run, device="cpu")(image), train.load(here, device="cpu")(image))
    assert all(folder.is_absolute() and folder.exists() for folder in folders)
    assert train.fit(ds, replace(FAST, epochs=1), device="cpu").folder.parent == tmp_path / "runs"


@pytest.mark.usefixtures("copied")
def test_a_training_begins_with_the_weights_of_the_latest_run() -> None:
    settings = FAST.to_plain() | {"epochs": 1, "weights": "latest"}
    recipe = "\n".join(f"{name} = {json.dumps(value)}" for name, value in settings.items() if value is not None)
    Path("on.toml").write_text(recipe, encoding="utf-8")
    for config in (train.Config(**settings), Path("on.toml")):
        before = Path("runs/latest").resolve().name
        said: list[str] = []
        run = train.fit("datasets/synth", config, device="cpu", say=said.append)
        assert said[0] == f"latest run: runs/{before}"
        assert any(line.endswith(f"tensors begin as in runs/{before}/model.pt") for line in said)
        assert json.loads((run.folder / "config.json").read_text())["weights"] == f"runs/{before}/model.pt"


@pytest.mark.usefixtures("copied")
def test_commands_begin_with_the_weights_of_the_latest_run() -> None:
    run = f"runs/{Path('runs/latest').resolve().name}"
    small = ("datasets/synth", "--weights", "latest", "--width", 4, "--depth", 2, "--size", 32, "--device", "cpu")
    planned = run_train("plan", *small, "-o", "planned.toml")
    assert f"latest run: {run}\n" in planned.stderr
    assert f'weights = "{run}/model.pt"' in Path("planned.toml").read_text(encoding="utf-8")
    benched = run_train("bench", *small, "--steps", 1)
    assert benched.exit_code == 0, benched.output
    run_ok("synth", "-o", "datasets/new", "--n", 6, "--test", 1, "--size", "64x64", "--seed", 9)
    folds = run_train(
        "datasets/new", *small[1:], "--crops", 2, "--batch", 8, "--folds", 2, "--epochs", 1, "--recipe", "default"
    )
    assert folds.stderr.count(f"latest run: {run}\n") == 1
    for config in Path("runs/latest").glob("**/config.json"):
        assert json.loads(config.read_text(encoding="utf-8"))["weights"] == f"{run}/model.pt"


def test_a_model_is_exported(here: train.Run, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="the extra export is not installed")
    made = train.export(here, to="onnx", output=tmp_path / "model.onnx")
    assert made.difference < 1e-3
    image = random_image(0, 60, 70)
    assert np.mean(train.load(made.path)(image) == train.load(here)(image)) > 0.99
    assert train.load(made.path).scale == train.load(here).scale


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: train.fit("datasets/synth", "campsu"), "no recipe is named campsu (did you mean campus?)"),
        (lambda: train.fit("datasets/synth", device="gpu"), "device='gpu': there is 'auto', 'cpu', 'cuda', 'mps'"),
        (lambda: train.fit("nowhere"), "nowhere: no such folder; name a dataset"),
        (lambda: train.load("nowhere"), "nowhere: not a run with a model.pt"),
        (lambda: train.score(split="tset"), "split='tset': there is 'train', 'val', 'test', 'all'"),
        (lambda: train.predict("datasets", output="x", save=["png"]), "save='png': there is 'masks', 'colors'"),
        (lambda: train.predict("datasets", output="x", min_area=0), "min_area=0: needs a whole number, at least 1"),
        (lambda: train.export(to="tflite"), "to='tflite': there is 'onnx', 'torchscript'"),
    ],
)
def test_wrong_arguments_are_told_and_nothing_is_written(
    call: Callable[[], object], says: str, here: train.Run
) -> None:
    before = tree(Path())
    with pytest.raises(prep.SegError) as error:
        call()
    assert says in str(error.value)
    assert tree(Path()) == before


def test_torchrun_is_for_the_command(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.face.under_torchrun", lambda: True)
    with pytest.raises(prep.SegError, match="under torchrun use the command seg-train"):
        train.fit(dataset)


def test_settings_of_another_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(prep.SegError, match=r"config=\{'epochs': 3\}: needs train\.Config"):
        train.fit(tmp_path, {"epochs": 3})  # type: ignore[arg-type]
