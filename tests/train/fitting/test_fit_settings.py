"""Settings of a training from the command line: what each leaves in the run."""

import itertools
import json
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from click.testing import Result

from prep.core.errors import SegError
from prep.core.workers import WorkerKilled
from prep.dataset.dataset import Dataset
from prep.images.imageio import read_mask, write_png
from tests.support import CLASSES, run_ok, run_train
from tests.train.fitting.training import TINY, history_of, tiny, train
from train.config.recipes import recipes
from train.fitting.history import Epoch, write_events
from train.fitting.loop import Trainer
from train.fitting.timing.costs import Costs
from train.networks.depthwise import COLUMNS

pytestmark = pytest.mark.usefixtures("folder_of_the_dataset", "few_crops_counted_anew")

STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
"""Tensors of model.pt that are counted anew at the end of a training."""


def failing(*arguments: object, rc: int = 1) -> Result:
    result = run_train(*TINY, *arguments)
    assert result.exit_code == rc, result.output
    assert "Traceback" not in result.stderr
    return result


def config_of(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "config.json").read_text()))


def interrupted_after(epochs: int, monkeypatch: pytest.MonkeyPatch, *settings: object) -> Path:
    """Train until so many epochs are finished and written; the run."""
    finish = Trainer._finish_epoch

    def interrupted(trainer: Trainer, *arguments: Any) -> None:  # noqa: ANN401
        finish(trainer, *arguments)
        if trainer.state.epoch == epochs:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_finish_epoch", interrupted)
        assert run_train(*tiny(settings), *settings).exit_code == 130
    return Path("runs/latest").resolve()


def resume_fails() -> str:
    result = run_train("--resume", "--device", "cpu")
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert result.exit_code == 1
    return result.stderr


def test_history_has_losses_and_scores_of_training_and_validation() -> None:
    rows = history_of(train("--overlap", 0))
    names = ["background", "line", "ellipse"]
    for part in ("train", "val"):
        assert {f"{part}_mean_iou", f"{part}_mean_dice", f"{part}_accuracy"} <= set(rows)
        assert {f"{part}_{score}_{name}" for score in ("iou", "dice") for name in names} <= set(rows)
    assert rows[["loss", "train_mean_iou"]].notna().all(axis=None)
    assert rows["val_loss"].iloc[-1] > 0


def test_everything_together_resumes_bit_identically(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mean weights, accumulation, random changes: all of it is in last.pt or follows from the seed."""
    settings = ("--ema", 0.9, "--accumulate", 2, "--rotate", 20, "--noise", 0.05, "--scale", 0.8, 1.2, "--epochs", 4,
                "--loss", "ce+0.5*dice", "--clip", 1, "--film", "--best", "loss", "--optimizer", "sgd")  # fmt: skip
    whole = train(*settings)
    resumed = interrupted_after(2, monkeypatch, *settings)
    assert resumed != whole
    assert len(history_of(resumed)) == 2
    assert run_train("--resume", "--device", "cpu").exit_code == 0
    pd.testing.assert_frame_equal(history_of(resumed), history_of(whole), check_exact=True)
    for name in ("model.pt", "last.pt"):
        ours, theirs = (torch.load(run / name, weights_only=True)["weights"] for run in (resumed, whole))
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
    assert (resumed / "progress.mp4").exists()


def test_a_film_that_cannot_be_written_costs_no_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_codec(_: Path) -> None:
        raise SegError("progress.mp4: could not write the film")

    monkeypatch.setattr("train.fitting.training.write_film", no_codec)
    run = train("--film")
    assert "could not write the film" in (run / "log.txt").read_text()
    assert (run / "metrics.json").exists()


def test_mean_weights_are_what_is_saved() -> None:
    last = torch.load(train("--ema", 0.99) / "last.pt", weights_only=True)
    model = torch.load(Path("runs/latest/model.pt"), weights_only=True)["weights"]
    weights = [name for name in model if not name.endswith(STATISTICS)]
    assert all(torch.equal(model[name], last["mean_weights"][name]) for name in weights)
    assert not torch.equal(model["head.weight"], last["weights"]["head.weight"])


@pytest.mark.parametrize("name", [recipe.name for recipe in recipes() if recipe.name in ("campus", "mini", "shapes")])
def test_recipes_train_and_score(name: str) -> None:
    run = train("--recipe", name, "--weights", "none", "--epochs", 1, "--minutes", 0.001)
    assert json.loads((run / "metrics.json").read_text())["images"] == 3
    assert config_of(run)["batch"] == 8  # an option


def test_a_loss_that_is_no_number_stops_and_keeps_the_model() -> None:
    settings = ("--lr", 1e30, "--optimizer", "sgd", "--schedule", "constant", "--precision", "32")
    told = "the loss became nan or infinite in epoch 1; try a lower --lr than 1e+30, or --clip 1"
    assert told in failing(*settings).stderr
    assert told in failing(*settings, "--clip", 1000).stderr


def test_out_of_memory_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    from train.networks.unet import UNet

    def no_memory(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(UNet, "forward", no_memory)
    result = failing()
    assert "out of memory: a batch of 8 goes on in 2 pieces of 4" in result.stderr
    assert "out of memory with a batch of 2" in result.stderr


def test_out_of_memory_while_validating_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr("train.fitting.validation.Validator.__call__", no_memory)
    assert "while validating with windows of 64 px; try a smaller --window" in failing("--overlap", 0).stderr


def begin_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that begins now, and goes on whenever somebody looks at it."""
    seconds = itertools.count(0, 0.02)
    clock = SimpleNamespace(monotonic=lambda: next(seconds))
    for place in ("train.cli.fit", "train.fitting.loop", "train.fitting.timing.budget"):
        monkeypatch.setattr(f"{place}.time", clock)
    costs = Costs(window=1e-6, read=1e-8, count=1e-8, compare=1e-7, show=1e-7, back=1e-7, figure=0.1)
    monkeypatch.setattr("train.fitting.timing.clock.measure_costs", lambda *_: costs)


def state_of(run: Path) -> dict[str, Any]:
    return dict(torch.load(run / "last.pt", weights_only=True)["state"])


def test_a_resumed_training_has_only_the_minutes_that_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    begin_clock(monkeypatch)
    run = interrupted_after(3, monkeypatch, "--epochs", 5000, "--minutes", 0.1)
    before = state_of(run)
    begin_clock(monkeypatch)
    assert run_train("--resume", "--device", "cpu").exit_code == 0
    after = state_of(run)
    assert 0 < before["seconds"] < after["seconds"] <= 6.3
    assert after["is_over"]
    assert [after[name] for name in ("opening", "overlap", "look")] == [
        before[name] for name in ("opening", "overlap", "look")
    ]
    epochs = history_of(run)["epoch"].tolist()
    assert epochs == list(range(1, len(epochs) + 1))
    assert len(epochs) >= 5
    assert run_train("--resume", "--device", "cpu").exit_code == 0
    assert state_of(run)["step"] == after["step"]
    assert "was trained to its end before; it is only scored again" in (run / "log.txt").read_text()


def test_a_time_budget_anneals_and_ends_early(monkeypatch: pytest.MonkeyPatch) -> None:
    begin_clock(monkeypatch)
    run = train("--epochs", 5000, "--minutes", 0.05, "--overlap", 0.9, "--window", 16)
    rows = history_of(run)
    assert 1 <= len(rows) < 5000
    assert rows["val_mean_iou"].notna().all()  # also where epochs are short for so many windows
    assert "uses 0.05 min, " in (run / "log.txt").read_text()
    assert rows["lr"].iloc[-1] < 0.02 * 3e-3
    assert rows["lr"].max() > 0.5 * 3e-3


def flipping(probability: float) -> str:
    """The file of a pipeline."""
    flip = {"__class_fullname__": "HorizontalFlip", "p": probability}
    pipeline = {"__class_fullname__": "Compose", "p": 1.0, "transforms": [flip]}
    return json.dumps({"__version__": "2.0.8", "transform": pipeline})


def test_an_augmentation_file_is_used_and_kept() -> None:
    Path("mine.json").write_text(flipping(1.0))
    run = train("--augment", "mine.json")
    assert (run / "augment.json").read_bytes() == Path("mine.json").read_bytes()
    Path("mine.json").unlink()
    assert run_train("--resume", "--device", "cpu").exit_code == 0


def test_tensorboard_gets_the_history() -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = train("--tensorboard")
    rows = torch.load(run / "last.pt", weights_only=True)["state"]["history"]
    time.sleep(1.1)  # the files are in order by their seconds
    write_events(run, replace(Epoch.from_plain(rows[-1]), loss=7.0), CLASSES)  # as if killed before it was in last.pt
    events = EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    losses = [event.value for event in events.Scalars("loss")]
    assert losses == pytest.approx([history_of(run)["loss"].iloc[0], 7.0])


def test_a_training_that_cannot_begin_leaves_the_runs_as_they_are() -> None:
    run = train("--epochs", 1)
    failing("--arch", "unett")
    failing("--weights", "nothing.pt")
    assert Path("runs/latest").resolve() == run
    assert sorted(path.name for path in Path("runs").iterdir()) == ["latest", run.name]


def test_tensorboard_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.fitting.history.find_spec", lambda name: None)
    assert "pip install 'seg-prep[tensorboard]'" in failing("--tensorboard").stderr
    assert not Path("runs").exists()


def test_settings_that_cannot_be_are_told() -> None:
    assert "--scale needs two numbers" in failing("--scale", 2, 1).stderr
    assert "no recipe is named nothing; there are default, aerial" in failing("--recipe", "nothing").stderr
    assert "and --arch unett is another network, if there is one of that name" in failing("--arch", "unett").stderr
    assert "--arch unett: did you mean unet" in run_train(*TINY[2:], "--arch", "unett").stderr
    assert "dise" in failing("--loss", "dise").stderr
    assert "--recipe does not go with --resume" in failing("--resume", "--recipe", "mini", rc=2).stderr


def test_help_has_every_setting_under_a_heading() -> None:
    text = run_train("fit", "--help").stdout
    headings = ["Options:", "Network:", "Training:", "Patches and augmentation:", "Predicting whole images:"]
    assert [line for line in text.splitlines() if line in headings] == headings


def test_bench_counts_the_patches_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """72 crops do not fill a batch of 100."""
    monkeypatch.setattr("train.fitting.bench._seconds", lambda step, steps, fabric: 1.0)
    answer = json.loads(run_train("bench", *TINY, "--batch", 100, "--steps", 2, "--json").stdout)
    assert answer["images_per_second"] == answer["null_loader"] == 2 * 72


def test_bench_tells_rates_and_shares() -> None:
    result = run_train("bench", *TINY, "--steps", 2, "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert min(answer["null_model"], answer["images_per_second"]) > 0  # which is faster, so few steps do not tell
    assert sum(answer["shares"].values()) == pytest.approx(1)
    assert not Path("runs").exists()
    assert answer["training_share"] == pytest.approx(answer["training_gflops"] / answer["matrix_gflops"])
    assert answer["training_gflops"] == pytest.approx(answer["gflop_an_image"] * answer["images_per_second"])
    assert answer["labelling_seconds"] > 0
    width, height = answer["labelled_at"]
    text = run_train("bench", *TINY, "--steps", 1).stdout
    assert "null loader" in text
    assert f"labelled at {width} x {height} px" in text
    assert "matrix product" in text


def test_bench_tells_that_memory_does_not_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of two patches fit here; the phases are timed with whole batches."""
    from train.networks.unet import UNet

    real = UNet.forward

    def little_memory(network: UNet, images: torch.Tensor) -> torch.Tensor:
        if len(images) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return real(network, images)

    monkeypatch.setattr(UNet, "forward", little_memory)
    result = run_train("bench", *TINY, "--steps", 1)
    assert result.exit_code == 1
    assert "out of memory: a batch of 8 goes on in 2 pieces of 4" in result.stderr
    assert "out of memory with a whole batch of 8" in result.stderr
    assert "smaller --batch" in result.stderr


def test_a_killed_worker_is_told_with_the_command_that_takes_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object, **__: object) -> None:
        raise WorkerKilled("a worker process was killed. With --workers 1 the same work takes less memory")

    monkeypatch.setattr("prep.dataset.stats.sum_jobs", killed)
    told = "takes less memory: type 'seg-prep stats --workers 1' first, then train again"
    assert told in failing("--epochs", 1).stderr


def test_one_class_alone_is_refused() -> None:
    dataset = Dataset.open(Path("datasets/synth"))
    for sample in dataset.of_split("train"):
        mask = dataset.mask(sample)
        write_png(dataset.root / sample.mask, np.where(mask == 2, mask, np.uint8(255)))
    told = failing("--epochs", 1).stderr
    assert "the masks of its train split hold only ellipse, and a model learns to tell classes apart" in told
    assert not Path("runs").exists()


def test_resuming_what_is_trained_says_that_it_is_only_scored() -> None:
    train("--epochs", 1)
    assert "was trained to its end before; it is only scored again" in run_train("--resume", "--device", "cpu").stderr


def test_dropout_resumes_bit_identically_and_needs_no_initial_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.fitting.initial.choose_ways", lambda *_: (COLUMNS,))  # two trainings measure two times
    given = (
        train("--arch", "fpn", "--encoder", "tu-mobilenetv3_small_050", "--epochs", 1, "--minutes", 0.00001)
        / "model.pt"
    )
    settings = (
        "--arch",
        "fpn",
        "--encoder",
        "tu-mobilenetv3_small_050",
        "--weights",
        given,
        "--overlap",
        0,
        "--size",
        16,
    )
    whole = train(*settings)
    resumed = interrupted_after(1, monkeypatch, *settings)
    given.unlink()
    result = run_train("--resume", "--device", "cpu")
    assert result.exit_code == 0, result.output
    ours, theirs = (torch.load(run / "last.pt", weights_only=True)["weights"] for run in (resumed, whole))
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def test_damaged_files_of_a_run_cannot_be_resumed_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    run = interrupted_after(1, monkeypatch)
    good = (run / "last.pt").read_bytes()
    (run / "last.pt").write_bytes((run / "model.pt").read_bytes())  # no state of an optimizer in it
    assert "last.pt: not of this training" in resume_fails()
    (run / "last.pt").write_bytes(good)
    (run / "config.json").write_text("{")
    assert "config.json: not valid JSON" in resume_fails()
    (run / "config.json").write_text("{}")
    assert "config.json: not the settings of a training" in resume_fails()


def test_settings_that_were_changed_by_hand_are_not_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("mine.json").write_text(flipping(0.5))
    run = interrupted_after(1, monkeypatch, "--augment", "mine.json")
    good = (run / "config.json").read_text()
    changed = {**json.loads(good), "lr": 0.5, "width": 8}
    (run / "config.json").write_text(json.dumps(changed))
    said = resume_fails()
    assert f"{run.name}/config.json: not what {run.name} began with: " in said
    assert "lr is 0.5 and was None" in said
    assert f"from these weights: seg-train ... --weights runs/{run.name}/model.pt\n" in said
    (run / "config.json").write_text(good)
    (run / "augment.json").write_text(flipping(0.25))
    assert "began with: the file of --augment is another one; put that back" in resume_fails()
    (run / "augment.json").write_text(flipping(0.5))
    Path("mine.json").unlink()
    assert run_train("--resume", "--device", "cpu").exit_code == 0


def exchange(root: Path, one: str, other: str) -> None:
    """Let two files of a dataset swap their contents."""
    first, second = (root / one).read_bytes(), (root / other).read_bytes()
    (root / one).write_bytes(second)
    (root / other).write_bytes(first)


@pytest.mark.parametrize("split", ["train", "val"])
@pytest.mark.parametrize("kind", ["image", "mask"])
def test_a_run_of_other_images_or_masks_is_not_resumed(split: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Statistics, split, sizes and classes stay the same: two images, or two masks, change places."""
    interrupted_after(1, monkeypatch)
    dataset = Dataset.open(Path("datasets/synth"))
    one, other, *_ = (getattr(sample, kind) for sample in dataset.of_split(split))
    exchange(dataset.root, one, other)
    told = "its images, masks, patches or statistics have changed since synth-"
    assert told in resume_fails()
    exchange(dataset.root, one, other)
    assert run_train("--resume", "--device", "cpu").exit_code == 0


def test_a_run_on_patches_is_not_resumed_on_patches_of_other_images(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = ("patches", "--size", 32, "--per-image", 4, "--workers", 1)
    run_ok(*cut)
    interrupted_after(1, monkeypatch)
    dataset = Dataset.open(Path("datasets/synth"))
    one, other, *_ = (sample.image for sample in dataset.of_split("train"))
    exchange(dataset.root, one, other)
    run_ok(*cut, "--overwrite")
    assert "its images, masks, patches or statistics have changed since synth-" in resume_fails()
    exchange(dataset.root, one, other)
    run_ok(*cut, "--overwrite")
    assert run_train("--resume", "--device", "cpu").exit_code == 0


def test_without_a_defined_figure_the_latest_model_is_kept() -> None:
    root = Path("datasets/synth")
    for line in (root / "index.csv").read_text().splitlines():
        if line.endswith(",val"):
            mask = root / line.split(",")[2]
            write_png(mask, np.full_like(read_mask(mask), 255))
    run = train("--best", "loss", "--overlap", 0)
    rows = history_of(run)
    assert rows["val_loss"].isna().all()
    assert rows["val_mean_iou"].isna().all()
    last, model = (torch.load(run / name, weights_only=True)["weights"] for name in ("last.pt", "model.pt"))
    assert all(torch.equal(last[name], model[name]) for name in model if not name.endswith(STATISTICS))
