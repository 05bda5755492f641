"""The end of a training: statistics counted anew, kept where validation is no worse, once, whatever is killed."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torch import nn

from tests.support import run_ok, run_train
from tests.train.fitting.training import TINY, train
from train.fitting.loop import Trainer
from train.fitting.normalising import better_statistics
from train.fitting.timing.costs import Costs

pytestmark = pytest.mark.usefixtures("folder_of_the_dataset")

ANEW = "running statistics counted anew, over 54 batches of 8 crops"
STAY = ", so those of the training stay"


def resume() -> str:
    result = run_train("--resume", "--device", "cpu")
    assert result.exit_code == 0, result.output
    return result.stderr


def read(path: Path) -> dict[str, Any]:
    return dict(torch.load(path, weights_only=True))


def told(run: Path) -> list[str]:
    return [line for line in (run / "log.txt").read_text().splitlines() if "statistics counted" in line]


def changed(run: Path) -> set[str]:
    """Which kinds of tensors of model.pt are others than those of last.pt, whose epoch was the best."""
    model, last = read(run / "model.pt")["weights"], read(run / "last.pt")["weights"]
    assert list(model) == list(last)
    return {name.rpartition(".")[2] for name in model if not torch.equal(model[name], last[name])}


def best_of_history(run: Path, column: str) -> float:
    return float(pd.read_csv(run / "history.csv")[column].iloc[-1])


def last_is_best(monkeypatch: pytest.MonkeyPatch) -> None:
    """Validation finds each epoch better than the one before."""
    finish = Trainer._finish_epoch

    def better(trainer: Trainer, *arguments: Any) -> None:  # noqa: ANN401
        trainer.state.best = -1.0
        finish(trainer, *arguments)

    monkeypatch.setattr(Trainer, "_finish_epoch", better)


def remembering_nothing(network: nn.Module, step: int) -> None:
    """Running statistics stay those of a network without any training."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1e-9


def spoil(network: nn.Module, *_: object) -> None:
    """A recount that makes the model worse than any other."""
    for name, buffer in network.named_buffers():
        if name.endswith("running_var"):
            buffer.fill_(1e12)


@pytest.mark.parametrize(("best", "column", "name"), [
    ("iou", "val_mean_iou", "val mIoU"), ("dice", "val_mean_dice", "val mean Dice"), ("loss", "val_loss", "val loss"),
])  # fmt: skip
def test_statistics_that_a_training_got_wrong_are_replaced(
    best: str, column: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    last_is_best(monkeypatch)
    monkeypatch.setattr("train.fitting.loop.set_memory_of_statistics", remembering_nothing)
    run = train("--best", best, "--lr", 0.01, "--epochs", 4)
    before, results = best_of_history(run, column), read(run / "model.pt")["results"]
    assert results[column] < before if best == "loss" else results[column] > before
    (line,) = told(run)
    assert line == f"{ANEW}: {name} {before:.4f} -> {results[column]:.4f}" == results["running_statistics"]
    assert changed(run) == {"running_mean", "running_var", "num_batches_tracked"}
    assert results["epoch"] == 4
    assert f"After the last epoch: {ANEW}: {name}" in (run / "report.html").read_text().replace("-&gt;", "->")
    answer = json.loads(run_train("score", "--split", "val", "--json", "--device", "cpu").stdout)
    assert answer["mean_iou"] == pytest.approx(results["val_mean_iou"])  # the file says what its weights give


@pytest.mark.parametrize("best", ["iou", "loss"])
def test_statistics_that_make_validation_worse_do_not_stay(best: str, monkeypatch: pytest.MonkeyPatch) -> None:
    last_is_best(monkeypatch)
    monkeypatch.setattr(better_statistics, "count_anew", spoil)
    run = train("--best", best, "--lr", 0.01, "--epochs", 4)
    (line,) = told(run)
    assert line.startswith(f"{ANEW}: val ")
    assert line.endswith(STAY)
    assert changed(run) == set()
    results = read(run / "model.pt")["results"]
    assert results["val_mean_iou"] == pytest.approx(best_of_history(run, "val_mean_iou"))
    assert results["running_statistics"] == line


def test_as_good_on_validation_is_good_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    last_is_best(monkeypatch)
    same = Trainer.validated

    def validated(trainer: Trainer, _: nn.Module) -> Any:  # noqa: ANN401
        return same(trainer, trainer.kept_network)

    monkeypatch.setattr(Trainer, "validated", validated)
    run = train()
    assert not told(run)[0].endswith(STAY)
    assert changed(run) == {"running_mean", "running_var", "num_batches_tracked"}


def test_without_validation_those_counted_anew_stay_unless_they_are_no_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    run_ok("split", "--ratios", "80/0/20", "--overwrite")
    run = train("--epochs", 1)
    (line,) = told(run)
    assert line.startswith("running statistics counted anew, over ")
    assert line.endswith(" crops")
    assert changed(run) == {"running_mean", "running_var", "num_batches_tracked"}

    def infinite(network: nn.Module, *_: object) -> None:
        for name, buffer in network.named_buffers():
            if name.endswith("running_var"):
                buffer.fill_(torch.inf)

    monkeypatch.setattr(better_statistics, "count_anew", infinite)
    run = train("--epochs", 1)
    assert told(run)[0].endswith(STAY)
    assert changed(run) == set()


def test_the_mean_of_the_weights_gets_statistics_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    last_is_best(monkeypatch)
    monkeypatch.setattr("train.fitting.loop.set_memory_of_statistics", remembering_nothing)
    run = train("--ema", 0.5)
    model, last = read(run / "model.pt")["weights"], read(run / "last.pt")
    others = {name for name in model if not torch.equal(model[name], last["mean_weights"][name])}
    assert {name.rpartition(".")[2] for name in others} == {"running_mean", "running_var", "num_batches_tracked"}


SLOW = Costs(window=5e-5, read=1e-8, count=1e-8, compare=1e-7, show=1e-7, back=1e-7, figure=0.1)
"""Of a machine on which half a minute is enough for looks at a part only, and for fewer batches."""


@pytest.mark.parametrize("minutes", [(), ("--minutes", 0.5)])
def test_killed_before_it_is_written_it_is_done_again_to_the_byte(
    minutes: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.fitting.timing.clock.measure_costs", lambda *_: SLOW)
    save, before = better_statistics.save_model, []

    def save_and_remember(path: Path, *arguments: Any) -> None:  # noqa: ANN401
        before.append((path.read_bytes(), (path.parent / "last.pt").read_bytes()))
        save(path, *arguments)

    monkeypatch.setattr(better_statistics, "save_model", save_and_remember)
    run = train(*minutes, "--epochs", 2)
    ((model, last),) = before
    whole = [(run / name).read_bytes() for name in ("model.pt", "last.pt", "metrics.json", "per_image.csv")]
    assert whole[0] != model
    assert whole[1] == last  # which goes on as if nothing had been counted
    if minutes:
        state = read(run / "last.pt")["state"]
        assert state["look"]["plain"]
        assert state["recount"] == 10
        assert "over 10 batches of 8 crops" in told(run)[0]
    (run / "model.pt").write_bytes(model)
    (run / "metrics.json").unlink()
    assert "only scored again" not in resume()
    assert [(run / name).read_bytes() for name in ("model.pt", "last.pt", "metrics.json", "per_image.csv")] == whole
    assert told(run) == [told(run)[0]] * 2
    assert "was trained to its end before; it is only scored again" in resume()
    assert (run / "model.pt").read_bytes() == whole[0]
    assert len(before) == 2


def test_an_interrupted_count_is_taken_up_by_resuming(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train()

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    for place in ("count_anew", "save_model"):
        with monkeypatch.context() as patch:
            patch.setattr(better_statistics, place, interrupted)
            assert run_train(*TINY).exit_code == 130
        run = Path("runs/latest").resolve()
        assert "running_statistics" not in read(run / "model.pt")["results"]
        resume()
        ours, theirs = read(run / "model.pt"), read(whole / "model.pt")
        assert {**ours["results"], "seconds": 0} == {**theirs["results"], "seconds": 0}
        assert all(torch.equal(ours["weights"][name], theirs["weights"][name]) for name in theirs["weights"])


def test_a_run_that_is_over_trains_on_as_if_nothing_had_been_counted() -> None:
    """Its epochs are changed by hand, in the two files that tell them."""
    settings = ("--schedule", "constant")
    whole = train(*settings, "--epochs", 4)
    run = train(*settings, "--epochs", 2)
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps({**config, "epochs": 4}))
    last = read(run / "last.pt")
    torch.save({**last, "settings": {**last["settings"], "epochs": 4}}, run / "last.pt")
    resume()
    ours, theirs = (pd.read_csv(each / "history.csv").drop(columns="seconds") for each in (run, whole))
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True)
    for name in ("last.pt", "model.pt"):
        one, other = read(run / name)["weights"], read(whole / name)["weights"]
        assert all(torch.equal(one[key], other[key]) for key in other)
