"""What a person points at: clicks on an object, clicks beside it, a box around it."""

import math
from dataclasses import dataclass

from prep.web.guard import Refusal

MOST_STEPS = 64

_HELP = (
    "steps are like 'in,10.5,20.5;out,3,4;box,0,0,50,60': points and corners in pixels of the image, counted from its "
    "upper left corner."
)


@dataclass(frozen=True)
class Step:
    """One gesture. kind: "in" or "out" with (x, y), or "box" with (x0, y0, x1, y1); x0 < x1, y0 < y1."""

    kind: str
    numbers: tuple[float, ...]


Prompt = tuple[Step, ...]
"""In the order in which the gestures were made; of several boxes the last one counts."""


def parse(text: str, width: int, height: int) -> Prompt:
    """The steps of an address; Refusal (400) if they are wrong, none, too many, or outside the image."""
    parts = text.split(";")
    if len(parts) > MOST_STEPS:
        raise Refusal(400, f"More than {MOST_STEPS} clicks for one object. Accept this one, and begin the next.")
    return tuple(_step(part, width, height) for part in parts)


def _step(text: str, width: int, height: int) -> Step:
    kind, *rest = text[:200].split(",")
    if len(rest) != {"in": 2, "out": 2, "box": 4}.get(kind):
        raise Refusal(400, f"{text[:40]!r} is no step; {_HELP}")
    numbers = tuple(_number(each) for each in rest)
    limits = (width, height, width, height)
    if not all(0 <= number <= limit for number, limit in zip(numbers, limits, strict=False)):
        raise Refusal(400, f"{text[:40]!r} lies outside this image of {width} x {height} pixels; {_HELP}")
    if kind == "box" and not (numbers[0] < numbers[2] and numbers[1] < numbers[3]):
        raise Refusal(400, f"{text[:40]!r} is no box: its first corner is the upper left one; {_HELP}")
    return Step(kind, numbers)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan  # outside of every image


def points_of(prompt: Prompt) -> list[tuple[float, float, int]]:
    """Points (x, y, label) of the image: 1 = in it, 0 = not in it; then the corners of the box, 2 and 3."""
    points = [(step.numbers[0], step.numbers[1], int(step.kind == "in")) for step in prompt if step.kind != "box"]
    for x0, y0, x1, y1 in [step.numbers for step in prompt if step.kind == "box"][-1:]:
        points += [(x0, y0, 2), (x1, y1, 3)]
    return points
