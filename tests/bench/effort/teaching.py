"""Labels while the page learns: strokes that teach, until all is accepted and corrected."""

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, product

import numpy as np

from tests.bench.effort.canvas import Canvas
from tests.bench.effort.correcting import GOALS, Move, corrected
from tests.bench.effort.gestures import KEY_S, Gesture, Tool
from tests.bench.effort.regions import Mask, classes_of

Proposing = Callable[[Mask], Mask | None]
"""What the page proposes (H, W) when this is what was painted (H, W); None before two classes are."""

_PATIENCE, _BETTER = 8, 0.01
"""Strokes after which the mask has to be better by so much, or more of them teach nothing."""

_Moment = tuple[list[Move], Canvas]
"""What was done, and the photo then."""


def taught(
    canvas: Canvas, teacher: Tool, ways: Sequence[Sequence[Tool]], proposing: Proposing, most: float
) -> tuple[list[Move], Canvas]:
    """Paint a canvas while the page learns; at the best moment accept all, and paint on without learning.

    teacher: the tool that teaches.  ways: what it may be painted with after that moment: all tools, and some of them
    where it is that before the first gesture.  The moment, and what is corrected first, are the best in hindsight.
    """
    moments = list(_moments(canvas, teacher, proposing, most))
    found = moments[-1:]
    for moves, standing in moments:
        key = [Move(KEY_S, standing.quality())] if standing.proposed else []
        left = most - sum(move.seconds for move in moves)
        for tools, order in product(ways[:1] if moves else ways, (Canvas.largest, Canvas.dearest)):
            after = standing.copy()
            found.append((moves + key + corrected(after, tools, left, order), after))
    return min(found, key=lambda moment: price(moment[0], most))


def price(moves: Sequence[Move], most: float) -> float:
    """The mean logarithm of the seconds to the goals; what was not reached counts twice the time there is."""
    seconds = np.cumsum([0.0] + [move.seconds for move in moves])
    qualities = np.array([0.0] + [move.quality for move in moves])
    there = [seconds[qualities >= goal][:1].tolist() or [2 * most] for goal in GOALS]
    return float(np.log(np.maximum(np.concatenate(there), KEY_S)).mean() - 1e-3 * qualities.max())


def _moments(canvas: Canvas, teacher: Tool, proposing: Proposing, most: float) -> Iterator[_Moment]:
    """All at which the mask is better than ever, and the last one."""
    moves: list[Move] = []
    yield [], canvas.copy()
    canvas.show(proposing(canvas.by_hand))
    if canvas.proposed:  # learnt from the photos before: Enter accepts it
        moves.append(Move(KEY_S, canvas.quality()))
        yield list(moves), canvas.copy()
    best, since, spent = canvas.quality(), 0, 0.0
    for gesture in _strokes(canvas, teacher):
        seconds = canvas.paint([gesture])
        canvas.show(proposing(canvas.by_hand))
        moves.append(Move(seconds, canvas.quality()))
        spent += seconds
        since += 1
        if moves[-1].quality > best + _BETTER:
            best, since = moves[-1].quality, 0
            yield list(moves), canvas.copy()
        if best >= GOALS[-1] or spent > most or since >= _PATIENCE:
            break
    yield moves, canvas


def _strokes(canvas: Canvas, teacher: Tool) -> Iterator[Gesture]:
    """One for each class, if nothing is proposed; then in turns for the largest wrong region and for the dearest."""
    for value in [] if canvas.proposed else classes_of(canvas.truth).tolist():
        if (region := canvas.largest(value)) and (gesture := teacher(region)):
            yield gesture
    for order in cycle((Canvas.largest, Canvas.dearest)):
        region = order(canvas)
        gesture = None if region is None else teacher(region)
        if gesture is None:
            return
        yield gesture
