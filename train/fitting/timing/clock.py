"""How far a training is: by the steps that are to be done, by the minutes that are to be used, or by both."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from prep.core.words import counted
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from train.config.config import Config
from train.fitting.history import Log, TrainingState
from train.fitting.normalising.running_statistics import Recount
from train.fitting.timing.budget import Budget
from train.fitting.timing.costs import Costs, Scored, measure_costs
from train.fitting.timing.look import Look, affordable_look
from train.windows.predictor import Predictor
from train.windows.window_settings import WindowSettings

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_FINISH_SHARE = 0.25
"""Windows overlap less where the final score would take more than this share of the time."""

_RECOUNT_SHARE = 0.05
"""Of the time, to count running statistics anew."""


class Clock:
    """Says when epochs and the training end; of several processes, the time of the first counts for all.

    steps: those of the whole training, or None where only time ends it.  budget: None where only steps end it.
    """

    def __init__(self, steps: int | None, budget: Budget | None, fabric: "Fabric") -> None:
        self.steps, self.budget, self.fabric = steps, budget, fabric
        self.share, self._used, self._slowness = 0.0, 0.0, 1.0
        self._costs: Costs | None = None
        self._look: Look | None = None
        self._recount: Recount | None = None
        self._validation: Sequence[Sample] = ()
        self._test = Scored((), ())

    def open(
        self, predictor: Predictor, dataset: Dataset, whole: Dataset, config: Config, state: TrainingState, log: Log,
        recount: Recount | None = None,
    ) -> tuple[WindowSettings, Look | None]:  # fmt: skip
        """Measure what the end and the looks will cost, and return the windows and the look that there is time for.

        dataset: as the network sees it.  whole: the same with images as large as they are, which the end scores.
        recount: of running statistics, where time does not matter; the state gets what there is time for.
        A resumed training keeps those it began with. Without a budget both are as the settings say.
        """
        windows, budget = predictor.windows, self.budget
        if budget is None:
            return windows, None
        self._validation = dataset.of_split("val")
        self._test = Scored(dataset.of_split("test"), whole.of_split("test"))
        middling = sorted(self._validation or dataset.of_split("train"), key=lambda each: each.width * each.height)
        self._threads = torch.get_num_threads()
        costs = measure_costs(predictor, dataset, middling[len(middling) // 2])
        self._costs = costs = self.fabric.broadcast(costs)
        if state.epoch == 0:
            windows = self._affordable_windows(windows, costs, config)
            state.opening, state.overlap = self._now(), windows.overlap
            if recount is not None:
                affordable = recount.within(_RECOUNT_SHARE * budget.seconds, costs)
                state.recount = self.fabric.broadcast(affordable.batches)
        self._windows = windows = replace(windows, overlap=state.overlap)
        budget.opening = state.opening
        self._recount = None if recount is None else recount.over(state.recount)
        budget.finish = self._end(costs)
        if self._validation:
            if state.epoch == 0:
                look = affordable_look(self._validation, costs, windows, budget.affordable_look)
                state.look = self.fabric.broadcast(look)
            assert state.look is not None, "chosen in the first epoch"
            self._look = state.look
            budget.look = self._look.seconds(self._validation, costs, windows)
            budget.finish = self._end(costs)
        if state.epoch == 0:
            log(self._words(config))
        return windows, self._look

    def begin_epoch(self, step: int, epochs: int) -> None:
        """An epoch of the training begins, after so many steps and epochs."""
        self._tick(step)
        if self.budget:
            self.budget.epochs = epochs
            self.budget.begin_epoch(self._used)

    def step_done(self, step: int) -> bool:
        """Take in that so many steps are done; returns whether the epoch ends by the time, or with the training."""
        before = self._used
        self._tick(step)
        if self.budget is None:
            return self.share >= 1
        self.budget.step = self._used - before
        return self.share >= 1 or self.budget.is_look_due(self._used)

    def look_done(self, looked: float, step: int) -> None:
        """Learn from a look that is over, its files written: the machine may be busier than it was.

        looked: seconds of its validation.
        """
        began = self._used
        self._tick(step)
        if self.budget is None or self._costs is None:
            return
        if self._look is not None:
            expected = self._look.seconds(self._validation, self._costs, self._windows)
            self._slowness = (self._slowness + looked / max(expected, 1e-9)) / 2
            self.budget.look = self._used - began
            self.budget.finish = float(self.fabric.broadcast(self._end(self._costs.scaled(self._slowness))))

    def seconds_left(self, seconds: float) -> float:
        """Estimate of the seconds to the end, after so many."""
        if self.budget:
            return max(self.budget.seconds - self._used, 0.0)
        return seconds * (1 - self.share) / self.share if self.share else 0.0

    def words(self, epoch: int, epochs: int | None) -> str:
        """Where the training is, for a line of the log."""
        if self.budget is None:
            return f"{epoch:0{len(str(epochs))}d}/{epochs}"
        return f"{epoch:02d} | {self._used / 60:.1f} of {self.budget.minutes:g} min"

    def _tick(self, step: int) -> None:
        by_steps = step / self.steps if self.steps else 0.0
        if self.budget is None:
            self.share = min(by_steps, 1.0)
            return
        self._used = self._now()
        self.share = max(self.share, min(by_steps, 1.0), self.budget.share(self._used))

    def _now(self) -> float:
        assert self.budget is not None
        return float(self.fabric.broadcast(self.budget.used()))  # clocks of processes differ, their steps must not

    def _end(self, costs: Costs) -> float:
        """Seconds of what follows the last look: statistics counted anew and looked at, final score, report."""
        seconds = costs.finish(self._test, self._windows)
        if self._recount is not None:
            seconds += self._recount.seconds(costs)
            seconds += self._look.seconds(self._validation, costs, self._windows) if self._look else 0.0
        return seconds

    def _affordable_windows(self, windows: WindowSettings, costs: Costs, config: Config) -> WindowSettings:
        """Windows that overlap as much as there is time for in the final score, unless the overlap was asked for."""
        assert self.budget is not None
        overlaps = [windows.overlap] if config.overlap is not None else [windows.overlap, 0.25, 0.0]
        for overlap in overlaps:
            windows = replace(windows, overlap=overlap)
            if costs.finish(self._test, windows) <= _FINISH_SHARE * self.budget.seconds:
                break
        overlap = float(self.fabric.broadcast(windows.overlap))
        return replace(windows, overlap=overlap)

    def _words(self, config: Config) -> str:
        """What the minutes go into."""
        budget = self.budget
        assert budget is not None
        anew = "running statistics, " if self._recount else ""
        finish = f"{budget.finish / 60:.1f} min of them for {anew}the final score and the report"
        look = f"; looks at {self._look.words(len(self._validation))}" if self._look else ""
        less = ""
        if self._windows.overlap < config.window_overlap:
            less = (
                f"; windows overlap by {self._windows.overlap:.0%} instead of {config.window_overlap:.0%}, for which "
                "the time is too short"
            )
        if budget.is_overrun:
            images = counted(len(self._test.whole), "whole image")
            less += (
                f"; it began after {budget.opening / 60:.1f} min, and with the score of {images} it will take about "
                f"{budget.overrun / 60:.1f} min: train on smaller images (seg-prep resize), or give more --minutes"
            )
        threads = ""
        if torch.get_num_threads() < self._threads:
            threads = f"; computes with one thread, which is faster than {self._threads} while the machine is busy"
        if budget.finish > budget.seconds:
            finish = f"though {anew}the final score and the report alone take {budget.finish / 60:.1f} min"
        return f"uses {budget.minutes:g} min, {finish}{look}{less}{threads}"
