"""The minutes of a training: used, not exceeded, and never without looks at validation."""

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.images.geometry import middle
from prep.images.imageio import write_png
from tests.support import run_train
from train.config.config import Config
from train.config.recipes import Recipe
from train.fitting.history import Epoch, EpochScores, TrainingState
from train.fitting.normalising.running_statistics import Recount
from train.fitting.timing import budget as module
from train.fitting.timing.budget import Budget
from train.fitting.timing.clock import Clock
from train.fitting.timing.costs import Costs
from train.fitting.timing.look import Look, affordable_look
from train.fitting.timing.threads import choose_threads, threads_restored
from train.windows.window_settings import WindowSettings

COSTS = Costs(window=1e-6, read=1e-8, count=1e-8, compare=2e-7, show=3e-7, back=1e-7, figure=0.5)
"""Of a laptop: a million pixels a second."""


@dataclass
class Machine:
    """Time that goes on only by what is done."""

    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now


@dataclass(frozen=True)
class Spent:
    """Seconds of a whole command, and of its looks, and how many there were."""

    whole: float
    looks: float
    number: int


def played(machine: Machine, budget: Budget, step: float, look: float, finish: float, slower: float = 1.0) -> Spent:
    """Train on a machine whose steps, looks and final score cost so much; in the second half it is slower."""
    began, number, looked = machine.now, 0, 0.0
    budget.opening, budget.look, budget.finish = budget.used(), look, finish

    def do(seconds: float) -> float:
        seconds *= slower if machine.now - began > budget.seconds / 2 else 1.0
        machine.now += seconds
        return seconds

    while budget.share(budget.used()) < 1:
        budget.begin_epoch(budget.used())
        while True:
            budget.step = do(step)
            if budget.share(budget.used()) >= 1 or budget.is_look_due(budget.used()):
                break
        budget.look = do(look)
        budget.finish = finish * budget.look / look
        looked, number = looked + budget.look, number + 1
        budget.epochs = number
    do(finish)
    return Spent(machine.now - began, looked, number)


def spent_of(minutes: float, step: float, look: float, finish: float, slower: float) -> Spent:
    """What a command spends, as shares of its minutes; what things cost are shares of them, too."""
    seconds, machine = 60 * minutes, Machine()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "time", SimpleNamespace(monotonic=machine.monotonic))
        budget = Budget.of(minutes, machine.now)
        spent = played(machine, budget, step * seconds, look * seconds, finish * seconds, slower)
    return Spent(spent.whole / seconds, spent.looks / seconds, spent.number)


@given(st.floats(0.5, 6000), st.floats(0.001, 0.01), st.floats(0.0001, 0.03), st.floats(0.0, 0.4))
def test_minutes_are_used_and_not_exceeded(minutes: float, step: float, look: float, finish: float) -> None:
    spent = spent_of(minutes, step, look, finish, slower=1)
    assert 0.9 <= spent.whole <= 1.05
    assert spent.number >= 5
    assert spent.looks <= 0.2 or spent.number == 5


@given(st.floats(0.001, 0.01), st.floats(0.0001, 0.02), st.floats(0.0, 0.2), st.floats(0.5, 1.6))
def test_a_machine_that_gets_busier_or_less_busy(step: float, look: float, finish: float, slower: float) -> None:
    spent = spent_of(2, step, look, finish, slower)
    assert 0.88 <= spent.whole <= 1.07
    assert spent.number >= 4


def test_a_machine_that_slows_down_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=machine.monotonic))
    spent = played(machine, Budget.of(10, machine.now), step=1, look=4, finish=30, slower=3)
    assert 540 <= spent.whole <= 630
    assert spent.number >= 5


def test_minutes_that_were_used_before_count(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=machine.monotonic))
    budget = Budget.of(10, machine.now - 400)  # as of a run that was interrupted after 400 s
    spent = played(machine, budget, step=1, look=1, finish=10)
    assert 140 <= spent.whole <= 230


def test_a_tenth_of_the_minutes_is_trained_where_the_score_takes_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=machine.monotonic))
    budget = Budget.of(2, machine.now)
    spent = played(machine, budget, step=1, look=4, finish=300)
    assert budget.is_overrun
    assert spent.whole == pytest.approx(300 + 12 + 4, abs=3)


@pytest.mark.parametrize(("minutes", "batches"), [(10, 60), (1, 20)])
def test_counting_running_statistics_anew_is_part_of_the_minutes(
    minutes: float, batches: int, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A twentieth of them at most, and a look at what that made of validation."""
    monkeypatch.setattr("train.fitting.timing.clock.measure_costs", lambda *_: COSTS)
    fabric: Any = SimpleNamespace(broadcast=lambda value: value)
    predictor: Any = SimpleNamespace(windows=WindowSettings(64, 0.5))
    told: list[str] = []

    def opened(recount: Recount | None, state: TrainingState) -> Clock:
        clock = Clock(None, Budget.of(minutes, time.monotonic()), fabric)
        clock.open(predictor, dataset, dataset, Config(minutes=minutes), state, told.append, recount)
        return clock

    state = TrainingState()
    usual = Recount(batches=60, batch=8, size=123)
    without, with_it = opened(None, TrainingState()), opened(usual, state)
    assert state.recount == batches
    assert "min of them for the final score and the report" in told[0]
    assert "min of them for running statistics, the final score and the report" in told[1]
    assert without.budget is not None
    assert with_it.budget is not None
    look = Look(2).seconds(dataset.of_split("val"), COSTS, WindowSettings(64, 0.5))
    costs = batches * 8 * 123**2 * 1.2e-6 + look
    assert with_it.budget.finish - without.budget.finish == pytest.approx(costs)
    assert with_it.budget.finish < 0.05 * 60 * minutes + look + without.budget.finish
    state.epoch = 1
    resumed = opened(replace(usual, batches=99), state).budget  # as many as it began with
    assert resumed is not None
    assert resumed.finish == with_it.budget.finish
    for clock in (without, with_it):
        clock.look_done(3 * look, 1)  # the machine is slower: half of that is believed
    assert with_it.budget.finish - without.budget.finish == pytest.approx(2 * costs)
    minutes = 1e-4
    opened(None, TrainingState())
    assert told[2].startswith("uses 0.0001 min, though the final score and the report alone take ")


def sample(number: int, width: int, height: int) -> Sample:
    return Sample(str(number), "a.png", "b.png", width, height, "", "val")


@given(st.integers(1, 60), st.integers(64, 4000), st.integers(64, 4000), st.floats(1, 200))
def test_a_look_sees_as_much_as_there_is_time_for(number: int, width: int, height: int, seconds: float) -> None:
    samples = [sample(each, width, height) for each in range(number)]
    windows = WindowSettings(64, 0.5)
    look = affordable_look(samples, COSTS, windows, seconds)
    spent = look.seconds(samples, COSTS, windows)
    if Look(number).seconds(samples, COSTS, windows) <= seconds:
        assert look == Look(number)
        return
    assert look.plain
    assert look.images >= min(5, number)
    assert len({each.stem for each in look.chosen(samples)}) == look.images
    # Windows that cover a part cover a little more than the part.
    assert spent <= 1.6 * seconds
    assert look.images == number or spent >= 0.4 * seconds


def test_looks_are_told_in_words() -> None:
    assert Look(1).words(1) == "all 1 validation image"
    assert Look(14).words(14) == "all 14 validation images"
    assert Look(5, True).words(14) == "5 of 14 validation images with windows side by side"
    assert Look(5, True, 10_000).words(14) == (
        "5 of 14 validation images, the 10,000 pixels in the middle of each, with windows side by side"
    )


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 9000))
def test_the_middle_of_an_image_is_as_large_as_it_may_be(height: int, width: int, most: int) -> None:
    mask = np.arange(height * width, dtype=np.int64).reshape(height, width)
    part = middle(mask, most)
    assert part.size <= most or 1 in part.shape
    assert part.shape == mask.shape or (part.shape[0] + 1) * (part.shape[1] + 1) > min(most, mask.size)
    above, left = divmod(int(part[0, 0]), width)
    assert abs(height - 2 * above - part.shape[0]) <= 1
    assert abs(width - 2 * left - part.shape[1]) <= 1


def test_minutes_take_the_place_of_epochs_and_end_by_themselves() -> None:
    assert (Config().passes, Config().waits) == (12, 20)
    assert (Config(minutes=2).passes, Config(minutes=2).waits) == (None, 0)
    both = Config(minutes=2, epochs=3, patience=4)
    assert (both.passes, both.waits) == (3, 4)
    recipe = Recipe("mine", "", {"epochs": 16, "patience": 7, "batch": 4}, "")
    assert recipe.config({"minutes": 2.0}) == Config(minutes=2.0, batch=4)
    assert recipe.config({"epochs": 2, "minutes": None}) == Config(epochs=2, patience=7, batch=4)
    assert replace(recipe, settings={"minutes": 3.0}).config({"epochs": 2}) == Config(epochs=2)


def test_a_line_tells_the_last_validation_that_there_was() -> None:
    part = EpochScores(0.5, 0.5, 0.5, [0.5] * 3, [0.5] * 3)
    row = Epoch(3, 30, 0.1, 0.25, 1.5, part, 0.4, part)
    after = replace(row, epoch=4, val=None, val_loss=None)
    assert row.line("03/12", row, 90) == (
        "epoch 03/12 | loss 0.2500 | val loss 0.4000 | val mIoU 0.5000 | lr 1.0e-01 | 1.5 s | eta 1.5 min"
    )
    assert "| val mIoU 0.5000 (of epoch 3) |" in after.line("04/12", row, 0)
    assert "val" not in after.line("04/12", None, 0)


@pytest.mark.parametrize(("by_one", "chosen"), [(0.5, 1), (0.9, 4)])
def test_one_thread_computes_where_several_wait_for_each_other(by_one: float, chosen: int) -> None:
    with threads_restored():
        torch.set_num_threads(4)
        least = choose_threads(lambda: 1.0 if torch.get_num_threads() == 4 else by_one, 2)
        assert torch.get_num_threads() == chosen
        assert least == min(by_one if chosen == 1 else 1.0, 1.0)
        with threads_restored():
            torch.set_num_threads(2)
        assert torch.get_num_threads() == chosen


def test_the_minutes_of_partly_labelled_images(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for sample in dataset.of_split("val", "test"):
        mask = dataset.mask(sample).copy()
        mask[: len(mask) // 2] = 255
        mask[1::3, ::2] = 255
        write_png(dataset.root / sample.mask, mask)
    done = run_train(dataset.root, "--minutes", 0.05, "--width", 4, "--size", 32, "--batch", 4, "--device", "cpu")
    assert done.exit_code == 0, done.stderr
    assert 0 <= json.loads(Path("runs/latest/metrics.json").read_text())["mean_iou"] <= 1
