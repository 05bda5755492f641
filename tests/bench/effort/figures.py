"""What is told of the ways of a series of photos: medians to the goals, and the area under quality."""

from collections.abc import Sequence

import numpy as np

from tests.bench.effort.correcting import GOALS
from tests.bench.effort.robot import Way

FIFTH, TENTH = 5, 10
"""Photos of a series that are told apart, beside its first one."""


def told(series: Sequence[Sequence[Way]], most: float) -> dict[str, object]:
    """The figures of a tool.

    series: of each seed the ways of all photos, in their order.  most: seconds after which a photo was left.
    """
    found = _figures([way for ways in series for way in ways], most)
    found["first"] = _figures([ways[0] for ways in series], most)
    number = len(series[0])
    if number >= FIFTH:
        found["from_fifth"] = _figures([way for ways in series for way in ways[FIFTH - 1 :]], most)
    if number >= TENTH:
        found["tenth"] = _figures([ways[TENTH - 1] for ways in series], most)
    return found


def _figures(ways: Sequence[Way], most: float) -> dict[str, object]:
    """Medians, None where more than half did not get there; the best mean IoU and the area of each in the middle."""
    return {
        "seconds_to": {f"{goal:.2f}": _median([reached(way, goal)[0] for way in ways], 1) for goal in GOALS},
        "gestures_to": {f"{goal:.2f}": _median([reached(way, goal)[1] for way in ways], 1) for goal in GOALS},
        "best": _median([max(step.quality for step in way) for way in ways], 3),
        "area": _median([area(way, most) for way in ways], 3),
    }


def _median(values: Sequence[float], digits: int) -> float | None:
    middle = float(np.median(values))
    return round(middle, digits) if np.isfinite(middle) else None


def reached(way: Way, goal: float) -> tuple[float, float]:
    """Seconds and gestures to a mean IoU; both infinite if it was not reached."""
    return next(((step.seconds, step.gestures) for step in way if step.quality >= goal), (np.inf, np.inf))


def area(way: Way, most: float) -> float:
    """Mean quality over the logarithm of the seconds, from one second to `most`: 1 were a right mask at once."""
    seconds = np.clip([step.seconds for step in way] + [most], 1, most)
    widths = np.diff(np.log(seconds)) / np.log(most)
    return float((widths * [step.quality for step in way]).sum())
