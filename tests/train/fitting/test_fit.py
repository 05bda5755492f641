"""Training from the command line: what a run leaves, resuming, budgets."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from prep.dataset.dataset import Dataset
from prep.images.imageio import read_mask, write_png
from prep.photos.rendering import Rendering, write_rendering
from synth.dataset import generate
from tests.support import SCRIPTS, run_script
from tests.train.fitting.training import history_of
from tests.warm import run_warm
from train.runs.checkpoint import load_model
from train.runs.device import find_accelerator
from train.scoring.metrics import confusion_matrix, scores_of
from train.windows.scale import Rescaling

TINY = ("--width", 4, "--size", 32, "--crops", 4, "--batch", 8, "--device", "cpu")
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""Tests run side by side, one on each core."""


def weights(path: Path) -> dict[str, Any]:
    return dict(torch.load(path, weights_only=True)["weights"])


def train(folder: Path, *arguments: object, rc: int = 0) -> str:
    done = run_warm(*arguments, cwd=folder)
    assert done.returncode == rc, done.stderr
    return done.stdout if rc == 0 else done.stderr


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds datasets/synth, whose photos had 12 bits in 16, and a run of three epochs."""
    folder = tmp_path_factory.mktemp("trained")
    root = generate(folder / "datasets" / "synth", n=20, test=3, width=64, height=80, workers=1).root
    write_rendering(root / "ranges.json", Rendering({"uint16": (0, 4095)}))
    train(folder, *TINY, "--epochs", 3)
    return folder


@pytest.fixture
def trained(trained_once: Path, tmp_path: Path) -> Path:
    """That run in a copy of that folder."""
    shutil.copytree(trained_once, tmp_path, symlinks=True, dirs_exist_ok=True)
    run = tmp_path / "runs" / "latest"
    content = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps({**content, "dataset_path": str(tmp_path / "datasets/synth")}))
    return run


def test_a_run_holds_everything_the_design_names(trained: Path, tmp_path: Path) -> None:
    dataset = Dataset.open(tmp_path / "datasets/synth")
    names = {path.name for path in trained.iterdir()}
    assert names >= {"model.pt", "last.pt", "config.json", "history.csv", "curves.png", "metrics.json",
                     "per_image.csv", "log.txt", "predictions", "report.html", "provenance.jsonl"}  # fmt: skip
    assert trained.resolve().name.startswith("synth-")
    rows = history_of(trained)
    assert rows["epoch"].tolist() == [1, 2, 3]
    assert rows["loss"].is_monotonic_decreasing
    assert {"lr", "val_mean_iou", "val_iou_background", "val_iou_line", "val_iou_ellipse"} <= set(rows)
    model = torch.load(trained / "model.pt", weights_only=True)
    assert [entry["name"] for entry in model["classes"]["classes"]] == ["background", "line", "ellipse"]
    assert {"mean", "std", "window", "overlap", "split_hash", "versions", "git_hash", "config"} <= model.keys()
    assert model["split_hash"] == dataset.split_hash()
    log = (trained / "log.txt").read_text().splitlines()
    (told,) = [line for line in log if line.startswith("running statistics counted anew, over ")]
    assert model["results"]["running_statistics"] == told
    assert model["results"]["val_mean_iou"] >= rows["val_mean_iou"].max() - 1e-9
    assert sum(line.startswith("epoch ") for line in log) == 3
    report = (trained / "report.html").read_text()
    assert report.count("data:image/png;base64,") >= 3
    assert "http" not in report.replace("http-equiv", "")
    assert (tmp_path / "datasets/synth/stats.json").exists()


def test_metrics_are_those_of_the_predicted_masks(trained: Path, tmp_path: Path) -> None:
    train(tmp_path, "predict", "datasets/synth/images", "-o", "out", "--device", "cpu")
    metrics = json.loads((trained / "metrics.json").read_text())
    dataset = Dataset.open(tmp_path / "datasets/synth")
    test = dataset.of_split("test")
    matrices = [confusion_matrix(dataset.mask(s), read_mask(tmp_path / f"out/masks/{s.stem}.png"), 3) for s in test]
    scores = scores_of(np.sum(matrices, axis=0))
    assert metrics["confusion"] == np.sum(matrices, axis=0).tolist()
    assert metrics["mean_iou"] == pytest.approx(scores.mean_iou)
    for index, entry in enumerate(metrics["classes"]):
        for name in ("iou", "dice", "precision", "recall", "accuracy"):
            assert entry[name] == pytest.approx(getattr(scores, name)[index], nan_ok=True) or entry[name] is None
    images = pd.read_csv(trained / "per_image.csv", index_col="stem")
    assert set(images.index) == {sample.stem for sample in test}
    assert images["mean_iou"].is_monotonic_increasing
    assert metrics["mean_of_images_iou"] == pytest.approx(images["mean_iou"].mean())
    assert images.loc[test[0].stem, "mean_iou"] == pytest.approx(scores_of(matrices[0]).mean_iou)


def test_scoring_again_gives_the_same_bytes_and_other_splits_go_elsewhere(trained: Path, tmp_path: Path) -> None:
    before = (trained / "metrics.json").read_bytes()
    assert "mean IoU" in train(tmp_path, "score", "--device", "cpu")
    assert (trained / "metrics.json").read_bytes() == before
    answer = json.loads(train(tmp_path, "score", "--split", "all", "--json", "--device", "cpu"))
    assert (answer["images"], answer["split"]) == (23, "all")
    assert (trained / "score-synth-all" / "metrics.json").exists()
    answer = json.loads(train(tmp_path, "score", "--tta", "d4", "--window", 48, "--json", "--device", "cpu"))
    assert (answer["tta"], answer["window"], answer["split"]) == ("d4", 48, "test")
    assert (trained / "score-synth-test-tta-d4-window-48" / "metrics.json").exists()
    assert (trained / "metrics.json").read_bytes() == before


def stopped_run(
    folder: Path, number: int, *arguments: object, meanwhile: Callable[[], object] = lambda: None
) -> tuple[Path, str]:
    """A run that got this signal after its first epoch, and the last line that it said.

    meanwhile: is done while it is at work.
    """
    before = (folder / "runs/latest").resolve()
    command = [SCRIPTS / "seg-train", *map(str, (*TINY, *arguments))]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=folder, env={**os.environ, **ONE_THREAD}, **quiet) as process:  # type: ignore[call-overload]
        deadline = time.monotonic() + 600
        while (run := (folder / "runs/latest").resolve()) == before or not (run / "last.pt").exists():
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.01)
        meanwhile()
        process.send_signal(number)
        _, said = process.communicate()
    return run, said.splitlines()[-1]


def test_killed_and_resumed_is_bit_identical_to_undisturbed(dataset: Dataset, tmp_path: Path) -> None:
    train(tmp_path, *TINY, "--epochs", 5)
    undisturbed = (tmp_path / "runs/latest").resolve()
    for _ in range(20):  # again where this test was too slow, and the training over before it was killed
        run, _ = stopped_run(tmp_path, signal.SIGKILL, "--epochs", 5)
        if not (run / "metrics.json").exists():
            break
    else:
        pytest.fail("it was never killed in time")
    train(tmp_path, "--resume", "--device", "cpu")
    pd.testing.assert_frame_equal(history_of(run), history_of(undisturbed), check_exact=True)
    for name in ("model.pt", "last.pt"):
        ours, theirs = weights(run / name), weights(undisturbed / name)
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
    assert (run / "metrics.json").read_bytes() == (undisturbed / "metrics.json").read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such a name")
def test_a_folder_whose_name_is_no_text(dataset: Dataset, tmp_path: Path) -> None:
    """As drives have them whose names were written in Latin-1; all that is said and written shows the bytes."""
    folder = tmp_path / os.fsdecode(b"gr\xfc\xdfe")
    folder.mkdir()
    shutil.copytree(dataset.root, folder / "d")
    shown = r"gr\udcfc\udcdfe/d"
    train(tmp_path, "plan", folder / "d", "-o", folder / "plan.toml", "--minutes", 1)
    assert (folder / "plan.toml").exists()
    train(tmp_path, folder / "d", *TINY, "--epochs", 1)
    run = tmp_path / "runs" / "latest"
    assert json.loads((run / "config.json").read_text())["dataset_path"] == str(folder / "d")
    (line,) = (run / "provenance.jsonl").read_text().splitlines()
    assert json.loads(line)["arguments"]["dataset"] == str(folder / "d")
    assert shown in (run / "report.html").read_text()
    again = train(tmp_path, "--resume", "runs/latest")
    assert "was trained to its end before" in (run / "log.txt").read_text(), again
    train(tmp_path, "score", "--split", "val")
    train(tmp_path, "predict", folder / "d", "-o", folder / "p")
    train(tmp_path, folder / "d", *TINY, "--epochs", 1, "--folds", 2)
    assert json.loads((tmp_path / "runs/latest/metrics.json").read_text())["images"] == 20


def test_sigterm_ends_a_training_that_then_goes_on(dataset: Dataset, tmp_path: Path) -> None:
    def resume_once_more() -> None:
        told = train(tmp_path, "--resume", "--device", "cpu", rc=1)
        assert "is training this run; nothing was changed, wait until it is done" in told

    run, said = stopped_run(tmp_path, signal.SIGTERM, "--epochs", 100_000, meanwhile=resume_once_more)
    goes_on = "A training goes on after its last saved epoch: seg-train --resume; before the first, start it again"
    assert said == f"Interrupted. {goes_on}"
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps({**config, "epochs": 1}))  # or it would train for days
    last = torch.load(run / "last.pt", weights_only=True)
    torch.save({**last, "settings": {**last["settings"], "epochs": 1}}, run / "last.pt")
    train(tmp_path, "--resume", "--device", "cpu")
    assert (run / "metrics.json").exists()


def test_even_no_time_gives_a_model(dataset: Dataset, tmp_path: Path) -> None:
    train(tmp_path, *TINY, "--minutes", 0.00001)
    assert len(history_of(tmp_path / "runs/latest")) == 1
    assert (tmp_path / "runs/latest/model.pt").exists()


def test_resuming_on_other_patches_or_with_other_settings_is_refused(trained: Path, tmp_path: Path) -> None:
    run_script("seg-prep", "patches", "--size", 32, "--per-image", 3, cwd=tmp_path)
    assert "patches or statistics have changed" in train(tmp_path, "--resume", "--device", "cpu", rc=1)
    assert "--epochs does not go with --resume" in train(tmp_path, "--resume", "--epochs", 9, rc=2)


def test_predictions_of_two_models_do_not_mix(trained: Path, tmp_path: Path) -> None:
    arguments = ("predict", "datasets/synth/images/test_000000.png", "-o", "out", "--device", "cpu")
    train(tmp_path, *arguments)
    train(tmp_path, *TINY, "--epochs", 1, "--seed", 1)
    assert "holds predictions of another model" in train(tmp_path, *arguments, rc=1)
    train(tmp_path, *arguments, "--overwrite")
    train(tmp_path, *arguments)


def test_scoring_into_a_folder_of_other_files_is_refused(trained: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine" / "predictions"
    mine.mkdir(parents=True)
    (mine / "worst.png").write_bytes(b"mine")
    assert "holds other files than scores" in train(tmp_path, "score", "-o", "mine", "--device", "cpu", rc=1)
    assert (mine / "worst.png").read_bytes() == b"mine"


def test_early_stopping_says_so(dataset: Dataset, tmp_path: Path) -> None:
    train(tmp_path, *TINY, "--epochs", 30, "--patience", 2, "--lr", 1e-12)
    log = (tmp_path / "runs/latest/log.txt").read_text()
    assert "stopped early: no better validation score for 2 epochs" in log
    assert len(history_of(tmp_path / "runs/latest")) < 30


def test_sgd_class_weights_and_a_dataset_without_test_split(dataset: Dataset, tmp_path: Path) -> None:
    run_script("seg-prep", "split", "--ratios", "80/20/0", "--overwrite", cwd=tmp_path)
    out = train(tmp_path, *TINY, "--epochs", 1, "--optimizer", "sgd", "--class-weights", "--json")
    assert json.loads(out)["test_mean_iou"] is None
    assert "no test split" in (tmp_path / "runs/latest/report.html").read_text()


def test_a_dataset_without_split_gets_the_default_one(dataset: Dataset, tmp_path: Path) -> None:
    index = dataset.root / "index.csv"
    text = index.read_text()
    index.write_text(text.replace(",train\n", ",\n").replace(",val\n", ",\n").replace(",test\n", ",\n"))
    done = run_warm(*TINY, "--epochs", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "had no split; it now has the default one" in done.stderr
    assert [len(Dataset.open(dataset.root).of_split(name)) for name in ("train", "val", "test")] == [19, 2, 2]


def test_predict_goes_on_after_a_bad_photo_and_names_it(trained: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    write_png(photos / "good one ü.png", np.full((40, 50, 3), 200, np.uint8))
    (photos / "bad.png").write_bytes(b"\x89PNG nothing")
    error = train(tmp_path, "predict", "photos", "-o", "out", "--device", "cpu", rc=1)
    assert "1 left out:" in error
    assert "bad.png" in error
    assert read_mask(tmp_path / "out/masks/good one ü.png").shape == (40, 50)
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"masks", "colors", "overlays", "classes.json"}


def test_a_model_loads_anywhere_and_labels_any_size(trained: Path) -> None:
    predictor, card = load_model(trained / "model.pt", find_accelerator("cpu"))
    assert card.window == 64
    assert predictor.rendering == card.rendering == Rendering({"uint16": (0, 4095)})
    as_it_is = replace(predictor, scale=Rescaling(wanted=1.0))
    for shape in ((1, 1), (5, 300), (64, 64)):
        mask = as_it_is(np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8))
        assert mask.shape == shape
        assert mask.max() < 3


def test_training_images_without_a_labelled_pixel_are_told(dataset: Dataset, tmp_path: Path) -> None:
    """They counted as training images without a word."""
    for sample in dataset.of_split("train")[:2]:
        write_png(dataset.root / sample.mask, np.full((sample.height, sample.width), 255, np.uint8))
    train(tmp_path, *TINY, "--epochs", 1)
    log = (tmp_path / "runs" / "latest" / "log.txt").read_text()
    assert "; 2 of the training images hold ignored pixels only, and teach nothing" in log
