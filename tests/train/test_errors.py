"""What seg-train says when something is wrong."""

import io
import os
import pickle
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from tests.models import color_predictor, train_error, write_run
from tests.support import images_only, run_prep, run_script
from tests.warm import run_warm
from train.cli.main import main
from train.config.config import Config
from train.runs import checkpoint
from train.runs.checkpoint import load_model, read_checkpoint, write_checkpoint
from train.runs.device import find_accelerator
from train.scoring.split_scores import require_same_kind


def error_of(folder: Path, *arguments: object) -> str:
    done = run_warm(*arguments, cwd=folder)
    assert done.returncode == 1, done.stderr
    assert re.match(r"(latest run: .*\n)?Error: ", done.stderr)
    assert "Traceback" not in done.stderr
    return done.stderr


def test_without_torch_it_says_what_to_install(tmp_path: Path) -> None:
    code = "import sys; sys.modules['torch'] = None; from train.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: seg-train needs torch")
    assert "pip install 'seg-prep[train]'" in done.stderr


@pytest.mark.parametrize("command", [(), ("plan",), ("--resume",)])
def test_a_wrong_name_is_told_without_pytorch(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Which takes seconds to import."""
    code = (
        "import sys; from train.cli.main import main\n"
        f"try: main([*{command!r}, 'nowhere'])\n"
        "except SystemExit as end: assert end.code == 1\n"
        "assert not {'torch', 'lightning_fabric'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "nowhere" in done.stderr


def test_no_dataset_no_run(tmp_path: Path) -> None:
    assert "no dataset here or under ./datasets" in error_of(tmp_path)
    assert "no run under ./runs; train one with 'seg-train'" in error_of(tmp_path, "score")
    assert "nowhere: no such folder" in error_of(tmp_path, "nowhere")


@pytest.mark.parametrize("command", [(), ("bench",)])
def test_images_without_masks(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Also where their statistics are there already."""
    root = images_only(tmp_path / "photos", [(40, 50)]).root
    assert run_prep("stats", root).exit_code == 0
    said = error_of(tmp_path, *command, root)
    assert "no sample has a mask yet; bring masks in with 'seg-prep masks convert', or draw them" in said
    assert f"'seg-prep annotate {root}'" in said


def test_a_device_that_is_not_there(dataset: Dataset, tmp_path: Path) -> None:
    if not torch.cuda.is_available():
        assert "--device cuda: PyTorch sees no NVIDIA GPU here" in error_of(tmp_path, "--device", "cuda")


def test_wrong_options_are_usage_errors(tmp_path: Path) -> None:
    for arguments in (["--epochs", "0"], ["--nonsense"], ["score", "--split", "some"], ["predict", "missing.png"]):
        assert run_script("seg-train", *arguments, cwd=tmp_path).returncode == 2


@pytest.mark.parametrize(
    "wrong", [{"size": 8}, {"minutes": 0.0}, {"lr": -1.0}, {"overlap": 1.0}, {"width": 0}, {"batch": 1}]
)
def test_impossible_settings_name_their_option(wrong: dict[str, float]) -> None:
    with pytest.raises(SegError, match=f"--{next(iter(wrong))} needs"):
        Config(**wrong)  # type: ignore[arg-type]


def test_damaged_image_is_named(dataset: Dataset, tmp_path: Path) -> None:
    image = dataset.root / dataset.of_split("train")[4].image
    image.write_bytes(image.read_bytes()[:100])
    assert str(image.relative_to(tmp_path)) in error_of(tmp_path, "--epochs", 1)
    assert not (tmp_path / "runs").exists()


def test_damaged_and_foreign_checkpoints(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(b"no checkpoint")
    with pytest.raises(SegError, match="not a checkpoint of seg-train"):
        read_checkpoint(path)
    write_checkpoint(path, {"weights": {}})
    with pytest.raises(SegError, match="not a model of this version"):
        load_model(path, find_accelerator("cpu"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"window": 0}, "window needs a number from 16 to 8,192; got 0"),
        ({"window": True}, "window needs a number from 16 to 8,192; got True"),
        ({"overlap": 1}, "overlap needs a number from 0 to 0.9; got 1"),
        ({"mean": (0.5, 0.5, float("nan"))}, "mean needs a number from 0 to 1, three times; got (0.5, 0.5, nan)"),
        ({"mean": (0.5, 0.5)}, "mean needs a number from 0 to 1, three times; got (0.5, 0.5)"),
        ({"std": (0.2, -0.2, 0.2)}, "std needs a number from 0 to 1, three times; got (0.2, -0.2, 0.2)"),
        ({"window": [64]}, "window needs a number from 16 to 8,192; got [64]"),
        ({"window": 64.5}, "window needs a number from 16 to 8,192; got 64.5"),
        ({"classes": {"classes": [{"name": "a", "color": "red"}]}}, "'red' is not a colour"),
        ({"config": {"arch": "../other"}}, "--arch ../other"),
        ({"config": {"width": 3000}}, "--width needs a whole number from 1 to 1,024; got 3000"),
        ({"config": {"loss": 5}}, "--loss needs a text; got 5"),
        ({"config": 5}, "not a model of this version"),
    ],
)
def test_numbers_that_no_model_has_are_told(changes: dict[str, object], words: str, tmp_path: Path) -> None:
    path = write_run(tmp_path / "run") / "model.pt"
    write_checkpoint(path, {**read_checkpoint(path), **changes})
    with pytest.raises(SegError) as caught:
        load_model(path, find_accelerator("cpu"))
    assert str(caught.value).startswith(f"{path}: {words}")


def test_numbers_may_stand_in_a_list(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run") / "model.pt"
    write_checkpoint(path, {**read_checkpoint(path), "mean": [0, 0.5, 1], "std": [0, 0.25, 1]})
    _, card = load_model(path, find_accelerator("cpu"))
    assert (card.mean, card.std) == ((0, 0.5, 1), (0, 0.25, 1))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers(value: float, tmp_path: Path) -> None:
    """Every photo became one class without a word."""
    path = write_run(tmp_path / "run") / "model.pt"
    content = read_checkpoint(path)
    content["weights"] = {name: each * value if each.ndim else each for name, each in content["weights"].items()}
    write_checkpoint(path, content)
    with pytest.raises(SegError, match=r"model\.pt: its weights are no numbers"):
        load_model(path, find_accelerator("cpu"))


def test_complex_weights(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run") / "model.pt"
    content = read_checkpoint(path)
    first = next(iter(content["weights"]))
    content["weights"][first] = content["weights"][first] * 1j
    write_checkpoint(path, content)
    with pytest.raises(SegError, match=r"model\.pt: not a model of this version of seg-train"):
        load_model(path, find_accelerator("cpu"))


@pytest.mark.parametrize("kind", ["packed", "old"])
def test_checkpoints_that_unpack(kind: str, tmp_path: Path) -> None:
    """torch unpacks what it never packs: a kilobyte was any amount of memory."""
    path, plain = tmp_path / "model.pt", io.BytesIO()
    torch.save({"weights": torch.zeros(1 << 16)}, plain, _use_new_zipfile_serialization=kind == "packed")
    if kind == "packed":
        with zipfile.ZipFile(plain) as stored, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name in stored.namelist():
                packed.writestr(name, stored.read(name))
    else:
        path.write_bytes(plain.getvalue())
    with pytest.raises(SegError, match=r"model\.pt: not a checkpoint of seg-train, or damaged"):
        read_checkpoint(path)


def test_weights_of_another_size_are_told_before_the_network_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_run(tmp_path / "run") / "model.pt"
    content = read_checkpoint(path)
    write_checkpoint(path, {**content, "config": {**content["config"], "width": 512, "depth": 4}})  # 2 GB of weights
    devices: list[str] = []

    def noting(build: Callable[..., torch.nn.Module]) -> Callable[..., torch.nn.Module]:
        def built(*arguments: Any) -> torch.nn.Module:  # noqa: ANN401
            network = build(*arguments)
            devices.append(next(network.parameters()).device.type)
            return network

        return built

    for name in ("build_network", "labelling_network"):
        monkeypatch.setattr(checkpoint, name, noting(getattr(checkpoint, name)))
    with pytest.raises(SegError, match=r"its weights are of a network of another size than it names"):
        load_model(path, find_accelerator("cpu"))
    assert devices == ["meta"]
    write_checkpoint(path, content)
    load_model(path, find_accelerator("cpu"))
    assert devices == ["meta", "meta", "cpu"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes of this kind")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    (run / "model.pt").unlink()
    os.mkfifo(run / "model.pt")
    with pytest.raises(SegError, match=r"model\.pt: no file but a pipe or a device; remove it"):
        load_model(run / "model.pt", find_accelerator("cpu"))


def test_a_channel_that_never_changes_has_no_deviation(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run") / "model.pt"
    write_checkpoint(path, {**read_checkpoint(path), "std": (0.2, 0.0, 0.2)})
    assert load_model(path, find_accelerator("cpu"))[1].std == (0.2, 0.0, 0.2)


def test_a_checkpoint_cannot_run_code(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "owned",)  # type: ignore[return-value]

    path = tmp_path / "model.pt"
    torch.save({"weights": Evil()}, path, pickle_module=pickle)
    with pytest.raises(SegError):
        read_checkpoint(path)
    assert not (tmp_path / "owned").exists()


def test_another_dataset_with_other_classes_is_refused(dataset: Dataset, tmp_path: Path) -> None:
    done = run_script("seg-train", "--width", 4, "--size", 32, "--crops", 1, "--epochs", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    classes = dataset.root / "classes.json"
    classes.write_text(classes.read_text().replace("ellipse", "circle"))
    error = error_of(tmp_path, "score")
    assert "has the classes background, line, circle" in error
    assert "the model knows background, line, ellipse" in error


def test_a_dataset_without_masks_is_refused_as_such(tmp_path: Path) -> None:
    photos = images_only(tmp_path / "photos", [(40, 50)])
    with pytest.raises(SegError, match=r"photos: has no masks yet, but the model knows background, line, ellipse"):
        require_same_kind(photos, color_predictor())


def test_a_command_with_a_typo_is_told_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for words, meant in ((["scor"], "score"), (["pedict", "photos", "-o", "out"], "predict")):
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 2
        assert f"{words[0]} is neither a command nor a dataset. Did you mean '{meant}'?" in result.stderr
    for words, meant in (
        ("train", "seg-train fit"),
        ("split datasets/x", "seg-prep split"),
        ("evaluate", "seg-train score"),
    ):
        result = CliRunner().invoke(main, words.split())
        assert result.exit_code == 2
        assert f"No such command {words.split()[0]!r}. Did you mean {meant!r}?" in result.stderr
    assert "--resumee" in CliRunner().invoke(main, ["--resumee"]).stderr
    Path("scor").mkdir()
    assert "scor: not a dataset" in train_error("scor")


def test_an_exploding_loss_stops_with_advice(dataset: Dataset, tmp_path: Path) -> None:
    error = run_script("seg-train", "--width", 4, "--size", 32, "--epochs", 9, "--lr", 1e30, cwd=tmp_path)
    assert error.returncode == 1
    assert "try a lower --lr than 1e+30" in error.stderr
