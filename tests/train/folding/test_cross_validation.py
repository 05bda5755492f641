"""seg-train --folds as it is typed, with tiny networks: what it leaves, kills, refusals, what its folds know."""

import csv
import json
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import train
from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.dataset.index import write_index
from prep.images.imageio import write_png
from synth.dataset import generate
from tests.models import run_train, train_error
from tests.support import SCRIPTS, run_ok, tree
from train.cli.main import main
from train.folding import cross_validation
from train.folding.spending import Spending
from train.runs.checkpoint import load_model
from train.runs.device import find_accelerator
from train.scoring.metrics import confusion_matrix, scores_of

SETTINGS = ("--width", 4, "--size", 32, "--crops", 2, "--batch", 8, "--device", "cpu")
TINY = (*SETTINGS, "--epochs", 1)
FOLDS = ("fold1", "fold2", "fold3")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds datasets/synth and a cross-validation of three folds, of one epoch each."""
    folder = tmp_path_factory.mktemp("trained")
    dataset = generate(folder / "datasets" / "synth", n=10, test=3, width=64, height=48, workers=1)
    groups = dict.fromkeys([sample.stem for sample in dataset.of_split("train")][:3], "burst")
    write_index(dataset.root / "index.csv", [replace(s, group=groups.get(s.stem, "")) for s in dataset.samples])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run_train(*TINY, "--folds", 3)
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, to work in."""
    copy = tmp_path / "copy"
    shutil.copytree(trained, copy, symlinks=True)
    monkeypatch.chdir(copy)
    for run in Path("runs").glob("*/**/config.json"):
        content = json.loads(run.read_text())
        run.write_text(json.dumps({**content, "dataset_path": str(copy / "datasets/synth")}))
    return copy


def latest() -> Path:
    return Path("runs") / Path("runs/latest").resolve().name


def table_of(run: Path) -> dict[str, tuple[str, str]]:
    with (run / "folds.csv").open(encoding="utf-8", newline="") as file:
        return {row["stem"]: (row["group"], row["fold"]) for row in csv.DictReader(file)}


def read(path: Path) -> Any:  # noqa: ANN401
    return json.loads(path.read_text())


def weights(run: Path) -> dict[str, Any]:
    return dict(torch.load(run / "model.pt", weights_only=True)["weights"])


def same_results(one: Path, other: Path) -> None:
    """All that tells of no time is the same, byte for byte, and so are the weights."""
    for name in ("folds.csv", "fold_scores.csv", "fold_scores.json", "metrics.json", "per_image.csv"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    for fold in FOLDS:
        ours, theirs = weights(one / fold), weights(other / fold)
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
        assert (one / fold / "metrics.json").read_bytes() == (other / fold / "metrics.json").read_bytes()
        assert (one / fold / "counts.npz").read_bytes() == (other / fold / "counts.npz").read_bytes()
    for path in sorted((one).glob("score-*/metrics.json")):
        ours, theirs = (read(each / path.relative_to(one)) for each in (one, other))
        for found in (ours, theirs):
            del found["comparison"]  # which names the run
        assert ours == theirs


def test_folds_divide_what_is_not_test_in_whole_groups(folder: Path) -> None:
    table = table_of(latest())
    dataset = Dataset.open(Path("datasets/synth"))
    assert table.keys() == {sample.stem for sample in dataset.of_split("train", "val")}
    assert Counter(fold for _, fold in table.values()) == {"fold1": 4, "fold2": 3, "fold3": 3}
    burst = {fold for group, fold in table.values() if group == "burst"}
    assert len(burst) == 1
    for fold in FOLDS:
        images = (latest() / fold / "per_image.csv").read_text().splitlines()[1:]
        assert {row.split(",")[0] for row in images} == {stem for stem, (_, own) in table.items() if own == fold}
        assert read(latest() / fold / "config.json")["train_images"] == 10 - len(images)
        assert read(latest() / fold / "config.json")["val_images"] == 0


def test_the_pooled_score_is_that_of_what_each_model_has_not_learned(folder: Path) -> None:
    dataset, total = Dataset.open(Path("datasets/synth")), np.zeros((3, 3), np.int64)
    table = table_of(latest())
    models = {fold: load_model(latest() / fold / "model.pt", find_accelerator("cpu"))[0] for fold in FOLDS}
    of_fold = {fold: np.zeros((3, 3), np.int64) for fold in FOLDS}
    for sample in dataset.of_split("train", "val"):
        _, fold = table[sample.stem]
        found = confusion_matrix(dataset.mask(sample), models[fold](dataset.image(sample)), 3)
        total += found
        of_fold[fold] += found
    metrics = read(latest() / "metrics.json")
    assert metrics["confusion"] == total.tolist()
    assert (metrics["split"], metrics["images"]) == ("folds", 10)
    low, high = metrics["mean_iou_interval"]
    assert metrics["mean_iou"] == pytest.approx(scores_of(total).mean_iou)
    assert low <= metrics["mean_iou"] <= high
    assert (metrics["intervals"]["unit"], metrics["intervals"]["units"]) == ("groups", 8)
    rows = {row["score"]: row for row in read(latest() / "fold_scores.json")["rows"]}
    expected = [scores_of(of_fold[fold]) for fold in FOLDS]
    for index, name in enumerate(("background", "line", "ellipse")):
        row = rows[f"IoU of {name}"]
        assert row["folds"] == pytest.approx([float(each.iou[index]) for each in expected])
        assert row["mean"] == pytest.approx(np.mean([each.iou[index] for each in expected]))
        assert row["spread"] == pytest.approx(np.std([each.iou[index] for each in expected], ddof=1))
        assert row["pooled"] == metrics["classes"][index]["iou"]
    assert rows["mean IoU"]["interval"] == metrics["mean_iou_interval"]
    lines = (latest() / "fold_scores.csv").read_text().splitlines()
    assert lines[0] == "score,fold1,fold2,fold3,mean,spread,pooled,low,high"
    assert lines[4].startswith("mean IoU,")
    assert float(lines[4].split(",")[6]) == metrics["mean_iou"]


def test_the_test_split_is_scored_by_the_mean_of_all_and_compared_with_the_best(folder: Path) -> None:
    before = (latest() / "score-synth-test" / "metrics.json").read_bytes()
    run_train("score", latest(), "--device", "cpu")
    assert (latest() / "score-synth-test" / "metrics.json").read_bytes() == before
    found = json.loads(before)
    dataset, mean = Dataset.open(Path("datasets/synth")), train.load(latest(), device="cpu")
    total = sum(confusion_matrix(dataset.mask(s), mean(dataset.image(s)), 3) for s in dataset.of_split("test"))
    assert found["confusion"] == np.asarray(total).tolist()
    among = {each["name"]: each["mean_iou"] for each in found["comparison"]["among"]}
    assert list(among) == [f"{latest().name}/{fold}" for fold in FOLDS]
    assert among[found["comparison"]["other"]] == max(among.values())


def test_the_report_holds_the_table_and_leads_to_the_folds(folder: Path) -> None:
    page = (latest() / "report.html").read_text()
    for row in read(latest() / "fold_scores.json")["rows"]:
        assert f"<td>{row['score']}</td><td>{row['folds'][0]:.4f}</td>" in page
    for fold in FOLDS:
        assert f'<a href="{fold}/report.html">' in page
        assert (latest() / fold / "report.html").exists()
    assert "The mean of all models on the test images" in page
    assert "http" not in page


def test_a_second_time_gives_the_same_bytes_and_other_folders_do_not_matter(folder: Path) -> None:
    first = latest()
    answer = json.loads(run_train(*TINY, "--folds", 3, "--json").stdout)
    assert Path(answer["run"]) == latest() != first
    same_results(latest(), first)
    assert answer["folds"] == read(first / "fold_scores.json")
    assert answer["mean_iou"] == read(first / "metrics.json")["mean_iou"]
    assert answer["test_mean_iou"] == read(first / "score-synth-test/metrics.json")["mean_iou"]


def test_interrupted_between_folds_it_goes_on_with_the_open_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    undisturbed, real, begun = latest(), cross_validation.train_run, []

    def interrupted(subject: Any, *others: Any) -> Any:  # noqa: ANN401
        begun.append(subject.fold.run.name)
        if len(begun) == 2:
            raise KeyboardInterrupt
        return real(subject, *others)

    monkeypatch.setattr(cross_validation, "train_run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train.fit("datasets/synth", config(), folds=3, device="cpu")
    open_one = latest()
    assert open_one != undisturbed
    assert "fold2, fold3 are not trained to the end" in train_error("score", open_one)
    assert begun == ["fold1", "fold2"]
    run_train("--resume", "--device", "cpu")
    assert begun[2:] == ["fold2", "fold3"]
    same_results(open_one, undisturbed)
    before = tree(open_one)
    run_train("--resume", open_one, "--device", "cpu")  # nothing is left to train
    assert begun[4:] == []
    changed = {name for name, data in tree(open_one).items() if before.get(name) != data}
    assert changed <= {"folds.json", "report.html"}


def test_killed_in_a_fold_it_goes_on_there(folder: Path) -> None:
    undisturbed = latest()
    words = [SCRIPTS / "seg-train", *map(str, (*TINY, "--folds", 3))]
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    for _ in range(20):  # again where this test was too slow, and all was over before it was killed
        with subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + 600
            while latest() == undisturbed or not (latest() / "fold2" / "last.pt").exists():
                assert time.monotonic() < deadline
                assert process.poll() is None
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
        if not (latest() / "metrics.json").exists():
            break
        shutil.rmtree(latest())
        Path("runs/latest").unlink()
        Path("runs/latest").symlink_to(undisturbed.name)
    else:
        pytest.fail("it was never killed in time")
    run_train("--resume", "--device", "cpu")
    same_results(latest(), undisturbed)


def test_a_fold_goes_on_with_the_whole_only(folder: Path) -> None:
    error = train_error("--resume", latest() / "fold1")
    assert (
        f"is a fold of a cross-validation, which goes on as a whole: seg-train --resume {latest().resolve()}" in error
    )


def test_what_has_changed_meanwhile_is_told(folder: Path) -> None:
    dataset = Dataset.open(Path("datasets/synth"))
    sample = dataset.of_split("train")[0]
    write_png(dataset.root / sample.mask, np.zeros((sample.height, sample.width), np.uint8))
    error = train_error("--resume")
    assert "its split, images or masks have changed since" in error
    assert "'seg-train " in error
    assert "datasets/synth --width 4 --epochs 1 --batch 8 --size 32 --crops 2 --folds 3'" in error


def test_damaged_counts_are_scored_again(folder: Path) -> None:
    counts = latest() / "fold2" / "counts.npz"
    content, before = counts.read_bytes(), read(latest() / "metrics.json")
    counts.write_bytes(content[: len(content) // 2])
    error = train_error("--resume")
    assert f"{counts}: damaged, or of another dataset" in error.replace(f"{Path.cwd()}/", "")
    counts.unlink()
    run_train("--resume", "--device", "cpu")
    assert counts.read_bytes() == content
    assert read(latest() / "metrics.json") == before


@pytest.mark.parametrize("number", [1, 3])
def test_test_images_that_cannot_be_read_are_left_out_and_listed(folder: Path, number: int) -> None:
    for image in sorted(Path("datasets/synth/images").glob("test_*"))[:number]:
        image.write_bytes(b"broken")
    done = CliRunner().invoke(main, ["--resume", str(latest()), "--device", "cpu", "--json"])
    assert done.exit_code == 1, done.output
    found = json.loads(done.stdout)
    assert len(found["problems"]) == number
    assert done.stderr.count(".png: the file is truncated") == number
    assert (found["test_mean_iou"] is None) == (number == 3)
    said = "no image of test could be read" if number == 3 else "1 of 3 images of test could not be read"
    assert said in (latest() / "log.txt").read_text()
    assert found["mean_iou"] == pytest.approx(read(latest() / "metrics.json")["mean_iou"])
    assert Path(found["report"]).exists()


def test_scores_of_something_else_do_not_replace_the_pooled_ones(folder: Path) -> None:
    before = (latest() / "metrics.json").read_bytes()
    said = train_error("score", latest() / "fold1", "-o", latest())
    assert "holds the scores of a cross-validation; name a new folder with -o" in said
    assert (latest() / "metrics.json").read_bytes() == before


def test_a_fold_says_nothing_of_images_that_it_learned(folder: Path) -> None:
    for run in (latest(), latest() / "fold1"):
        error = train_error("score", run, "--split", "val", "--device", "cpu")
        assert "folds learn images of train and val alike, so their score of val would say nothing" in error
    before = (latest() / "fold1" / "metrics.json").read_bytes()
    run_train("score", latest() / "fold1", "--device", "cpu")
    assert (latest() / "fold1" / "metrics.json").read_bytes() == before
    assert read(latest() / "fold1" / "score-synth-test" / "metrics.json")["split"] == "test"


def test_a_fold_is_compared_with_a_run_of_the_same_split(folder: Path) -> None:
    cross = latest()
    run_train(*TINY)
    found = json.loads(run_train("score", cross, "--compare", latest(), "--device", "cpu", "--json").stdout)
    assert found["comparison"]["other"] == latest().name
    for split in ("val", "all"):
        error = train_error("score", latest(), "--split", split, "--compare", cross / "fold1", "--device", "cpu")
        assert f"folds learn images of train and val alike, so their score of {split} would say nothing" in error
    run_ok("split", "datasets/synth", "--seed", 7, "--overwrite")
    assert "its split has changed since" in train_error("score", cross, "--device", "cpu")


def test_an_audit_looks_with_models_that_have_not_learned_the_sample(folder: Path) -> None:
    found = json.loads(run_train("audit", latest(), "--device", "cpu", "--json").stdout)
    assert found["warning"] == "each sample was looked at by models that have not learned it"
    table = table_of(latest())
    for fold in FOLDS:
        alone = json.loads(run_train("audit", latest() / fold, "-o", fold, "--device", "cpu", "--json").stdout)
        own = {stem for stem, (_, each) in table.items() if each == fold}
        regions = [[{k: v for k, v in each.items() if k != "rank"} for each in answer["regions"] if each["stem"] in own]
                   for answer in (found, alone)]  # fmt: skip
        assert regions[0] == regions[1]
        assert f"{10 - len(own)} of the samples are train samples" in alone["warning"]


def test_patches_of_the_folds_are_learned(folder: Path) -> None:
    run_ok("patches", "datasets/synth", "--size", 32, "--per-image", 3)
    said = run_train(*SETTINGS, "--epochs", 1, "--folds", 3).stderr
    assert said.count("--crops 2 is of random crops, and patches are learned, as they were cut") == 3
    sizes = Counter(fold for _, fold in table_of(latest()).values())
    for fold in FOLDS:
        settings = read(latest() / fold / "config.json")
        assert (settings["pixels"], settings["patches"]) == ("patches", 3 * (10 - sizes[fold]))


def test_folds_of_the_dataset_are_taken_where_they_fit(folder: Path) -> None:
    run_ok("split", "datasets/synth", "--folds", 3, "--seed", 5)
    with Path("datasets/synth/folds.csv").open(encoding="utf-8", newline="") as file:
        known = {row["stem"]: f"fold{int(row['fold']) + 1}" for row in csv.DictReader(file)}
    said = run_train(*TINY, "--folds", 3).stderr
    assert "folds as in datasets/synth/folds.csv" in said
    assert {stem: fold for stem, (_, fold) in table_of(latest()).items()} == known
    said = run_train(*TINY, "--folds", 2).stderr
    assert "folds.csv is of other samples or another number of folds; dealt out anew (seed 0)" in said


def test_too_few_groups_are_told_with_what_to_type(folder: Path) -> None:
    error = train_error(*TINY, "--folds", 9)
    assert "8 samples or groups are in train and val, too few for --folds 9; type --folds 8" in error
    dataset = Dataset.open(Path("datasets/synth"))
    write_index(
        dataset.root / "index.csv", [replace(s, group="one") if s.split != "test" else s for s in dataset.samples]
    )
    error = train_error(*TINY, "--folds", 2)
    assert (
        "1 sample or group is in train and val, and each fold needs one that the others have not; label more" in error
    )


def test_what_a_fold_cannot_learn_is_told(folder: Path) -> None:
    dataset = Dataset.open(Path("datasets/synth"))
    learned = dataset.of_split("train", "val")
    for number, sample in enumerate(learned):
        mask = np.zeros((sample.height, sample.width), np.uint8)
        mask[:8] = 1 if number else 2
        write_png(dataset.root / sample.mask, mask)
    said = run_train(*TINY, "--folds", 3).stderr
    assert said.count("no image that it learns holds ellipse, so it cannot find that") == 1
    for sample in learned[1:]:
        write_png(dataset.root / sample.mask, np.zeros((sample.height, sample.width), np.uint8))
    before = sorted(Path("runs").iterdir())
    error = train_error(*TINY, "--folds", 3)
    assert "the masks hold only background, and a model learns to tell classes apart" in error
    assert sorted(Path("runs").iterdir()) == before


def test_seven_images_have_folds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    generate(tmp_path / "datasets" / "few", n=7, test=0, width=64, height=48, workers=1)
    run_train(*TINY, "--folds", 3)
    assert read(latest() / "fold_scores.json")["images"] == [3, 2, 2]
    assert not list(latest().glob("score-*"))
    assert "There was" not in (latest() / "report.html").read_text()
    assert "type --folds 7" in train_error(*TINY, "--folds", 10)


def test_a_training_that_cannot_begin_leaves_nothing(folder: Path) -> None:
    before = sorted(Path("runs").iterdir())
    assert "needs an encoder" in train_error(*TINY, "--folds", 3, "--weights", "imagenet")
    assert sorted(Path("runs").iterdir()) == before


def test_a_dataset_that_was_moved_is_named_anew(folder: Path, tmp_path: Path) -> None:
    for options in ((), ("--folds", 2)):
        run_train(*TINY, *options)
        Path("datasets/synth").rename(tmp_path / "moved")
        error = train_error("--resume", latest())
        assert f"synth is not there; if it was moved, type 'seg-train PLACE --resume {latest()}' with where" in error
        run_train(tmp_path / "moved", "--resume", latest())
        (tmp_path / "moved").rename("datasets/synth")


def test_options_that_do_not_go_together_are_told(folder: Path) -> None:
    assert "leave --devices, --nodes and torchrun out" in train_error(*TINY, "--folds", 3, "--devices", 2)
    assert "--patience: by validation images" in train_error(*TINY, "--folds", 3, "--patience", 2)
    with pytest.raises(SegError, match="folds=1: needs a whole number, at least 2"):
        train.fit("datasets/synth", folds=1)


def config() -> train.Config:
    return train.Config(width=4, size=32, crops=2, batch=8, epochs=1)


def test_python_gives_the_same_and_loads_it(folder: Path) -> None:
    first = latest()
    found = train.fit("datasets/synth", config(), folds=3, device="cpu")
    assert isinstance(found, train.CrossValidation)
    same_results(found.folder, first)
    assert found.mean_iou == read(first / "metrics.json")["mean_iou"] == found.metrics.mean_iou
    assert found.table.images == (4, 3, 3)
    assert found.on_test is not None
    assert train.score(found, device="cpu").mean_iou == found.on_test.mean_iou
    again = train.resume(found, device="cpu")
    assert again.mean_iou == found.mean_iou


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    now = [1000.0]
    monkeypatch.setattr("train.folding.spending.time.monotonic", lambda: now[0])
    yield now


def test_minutes_are_divided_over_the_folds_that_are_left(clock: list[float]) -> None:
    spending = Spending(3, 10.0, 0.0, 1000.0, aside=60.0)
    assert spending.share(3) == pytest.approx(3.0)
    clock[0] += 200  # longer than its share
    assert spending.share(2) == pytest.approx((600 - 60 - 200) / 2 / 60, rel=1e-3)
    spending.aside = 500.0  # the folds have half of the time all the same
    assert spending.share(2) == pytest.approx((300 - 200) / 2 / 60, rel=1e-3)
    clock[0] += 10_000
    assert spending.share(1) == pytest.approx(1 / 3, rel=1e-3)
    assert Spending(3, None, 0.0, 1000.0).share(3) is None


def test_minutes_are_those_of_all_folds_together(folder: Path) -> None:
    run_train(*SETTINGS, "--folds", 3, "--minutes", 0.05)
    record = read(latest() / "folds.json")
    shares = [read(latest() / fold / "config.json")["minutes"] for fold in FOLDS]
    assert record["minutes"] == 0.05
    assert all(0 < share < 0.05 for share in shares)
    assert record["seconds"] > 0
    assert "3 trainings in 0.05 min in all" in (latest() / "log.txt").read_text()
    assert (latest() / "plan.toml").read_text().count("minutes = ") == 1
