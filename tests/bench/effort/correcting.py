"""Labels without learning: always the largest wrong region, by the tool that makes most pixels right in a second."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tests.bench.effort.canvas import Canvas
from tests.bench.effort.gestures import Gesture, Tool
from tests.bench.effort.plans import gain_of, plans_for
from tests.bench.effort.regions import Region

GOALS = (0.70, 0.80, 0.85, 0.90)

PATIENCE = 25
"""Gestures without a better mask, after which the tools have come to their end."""


class Move(NamedTuple):
    """The seconds of a gesture, without jitter, and the mean IoU after it."""

    seconds: float
    quality: float


Order = Callable[[Canvas], Region | None]
"""What is wrong and comes next; None if nothing is."""


def corrected(canvas: Canvas, tools: Sequence[Tool], most: float, order: Order = Canvas.largest) -> list[Move]:
    """Paint a canvas until the last goal, the end of the time (`most` seconds) or of all progress."""
    moves: list[Move] = []
    best, since, spent = canvas.quality(), 0, 0.0
    for gesture in _gestures(canvas, tools, order):
        seconds = canvas.paint([gesture])
        moves.append(Move(seconds, canvas.quality()))
        spent += seconds
        best, since = (moves[-1].quality, 0) if moves[-1].quality > best + 1e-4 else (best, since + 1)
        if best >= GOALS[-1] or spent > most or since >= PATIENCE:
            break
    return moves


def _gestures(canvas: Canvas, tools: Sequence[Tool], order: Order) -> Iterator[Gesture]:
    """One after the other; each is painted before the next one is chosen."""
    while (region := order(canvas)) is not None:
        plans = plans_for(region, tools, canvas.hand, canvas.truth, canvas.shown)
        if not plans:
            canvas.left_out[region.place] |= region.pixels
            continue
        plan = max(plans, key=lambda plan: plan.rate)
        for gesture, planned in zip(plan.gestures, plan.gains, strict=True):
            if gain_of(gesture, canvas.truth, canvas.shown) < planned / 2:
                break
            yield gesture
