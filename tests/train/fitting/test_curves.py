"""The picture of the curves of a training, however short it was."""

from pathlib import Path
from typing import Any

import pytest

from tests.support import CLASSES
from train.fitting import curves
from train.fitting.history import Epoch, EpochScores


def drawn(losses: list[float], monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any, Any]:
    """The axes of losses, of IoU, and of the learning rate."""
    figures: list[Any] = []
    monkeypatch.setattr(curves, "write_figure", lambda path, figure: figures.append(figure))
    scores = EpochScores(0.5, 0.5, 0.5, [0.5] * len(CLASSES), [0.5] * len(CLASSES))
    history = [Epoch(n, n, 2e-3, loss, 1.0, scores, loss, scores) for n, loss in enumerate(losses, start=1)]
    curves.draw_curves(Path("curves.png"), history, CLASSES)
    losses_axes, iou, rate = figures[0].axes
    return losses_axes, iou, rate


def test_one_epoch_is_seen_and_its_axes_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    losses, iou, rate = drawn([1.3], monkeypatch)
    for axes in (losses, iou):
        low, high = axes.get_xlim()
        assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [1]
    assert losses.get_yscale() == "linear"
    assert rate.get_ylim()[0] == 0
    lines = [line for axes in (losses, iou, rate) for line in axes.get_lines()]
    assert len(lines) == 5 + len(CLASSES)
    assert all(line.get_marker() == "." for line in lines)


def test_losses_of_many_sizes_have_a_logarithmic_axis(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn([1.3, 0.5, 0.1], monkeypatch)[0].get_yscale() == "log"
    assert drawn([1.3, 0.5, 0.3], monkeypatch)[0].get_yscale() == "linear"
    assert drawn([1.3, 0.0], monkeypatch)[0].get_yscale() == "linear"
