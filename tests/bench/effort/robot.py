"""Labels one photo: always the largest wrong region, by the gesture that makes most pixels right in a second."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from prep.annotate.regions.superpixels import divide
from prep.images.imageio import read_image
from tests.bench.effort.gestures import CLICKS, KEY_S, SIZES, Gesture, Tool, objects, outline, strokes, superpixels
from tests.bench.effort.page import Page, Photo
from tests.bench.effort.plans import Hand, gain_of, plans_for
from tests.bench.effort.regions import Area, Mask, Region, classes_of, largest_wrong, mean_iou

GOALS = (0.70, 0.80, 0.85, 0.90)

PATIENCE = 25
"""Gestures without a better mask, after which the tools have come to their end."""

JITTER = 0.2
"""Of the seconds of each gesture: a fifth more or less."""

_LATELY = 3
"""Gestures whose effect elsewhere tells what the next one will have, where the page learns."""


class Step(NamedTuple):
    """Seconds and gestures so far, and the mean IoU then."""

    seconds: float
    gestures: int
    quality: float


Way = list[Step]


@dataclass
class Canvas:
    """A photo that is being labelled.

    by_hand: what was painted.  shown: that, and what is proposed for the rest, which Enter would accept.
    left_out: what no tool could make better.
    """

    truth: Mask
    by_hand: Mask
    shown: Mask
    left_out: Area
    proposed: bool = False
    elsewhere: list[int] = field(default_factory=list)
    """Pixels that each gesture made right beside those that it painted, the last ones only."""

    def right(self) -> int:
        """How many pixels are labelled as they should be; those that do not count are never."""
        return int(((self.shown == self.truth) & (self.truth != 255)).sum())


def tools_for(photo: Photo, names: frozenset[str], page: Page, rng: np.random.Generator) -> list[Tool]:
    """What a photo is painted with."""
    tools: list[Tool] = []
    if "polygon" in names:
        tools.append(outline)
    if "brush" in names:
        tools.append(strokes(rng))
    if "superpixel" in names:
        image = read_image(photo.image)
        tools += [superpixels(divide(image, size), size) for size in SIZES]
    if "sam" in names:
        tools += [objects(lambda steps: page.object(photo.stem, photo.truth.shape, steps), clicks) for clicks in CLICKS]
    return tools


def way_of(photo: Photo, names: frozenset[str], page: Page, rng: np.random.Generator, most: float) -> Way:
    """Label a photo until the last goal, the end of the time (`most` seconds) or of all progress."""
    empty = np.full_like(photo.truth, 255)
    canvas = Canvas(photo.truth, empty, empty.copy(), photo.truth == 255)
    tools, hand = tools_for(photo, names, page, rng), Hand()
    seconds, way = 0.0, [Step(0.0, 0, 0.0)]
    if _propose(canvas, photo, page):  # learnt from the photos before: Enter accepts it
        seconds += KEY_S
        way.append(Step(seconds, 1, mean_iou(photo.truth, canvas.shown)))
    best, since = way[-1].quality, 0
    for number, gesture in enumerate(_gestures(canvas, tools, hand, page), len(way)):
        seconds += hand.seconds(gesture) * float(rng.uniform(1 - JITTER, 1 + JITTER))
        hand.make(gesture)
        _paint(canvas, gesture, photo, page)
        quality = mean_iou(photo.truth, canvas.shown)
        way.append(Step(seconds, number, quality))
        best, since = (quality, 0) if quality > best + 1e-4 else (best, since + 1)
        if best >= GOALS[-1] or seconds > most or since >= PATIENCE:
            break
    return way


def _gestures(canvas: Canvas, tools: Sequence[Tool], hand: Hand, page: Page) -> Iterator[Gesture]:
    """One after the other; each is painted before the next one is chosen."""
    while (region := _wanted(canvas, page)) is not None:
        plans = plans_for(region, tools, hand, canvas.truth, canvas.shown)
        if not plans:
            canvas.left_out[region.place] |= region.pixels
            continue
        plan, elsewhere = max(plans, key=lambda plan: plan.rate), _expected(canvas, page)
        if page.learns and elsewhere / min(each.seconds[0] for each in plans) > plan.rate:
            plan = max(plans, key=lambda plan: (plan.gains[0] + elsewhere) / plan.seconds[0])
            yield plan.gestures[0]
            continue
        for gesture, planned in zip(plan.gestures, plan.gains, strict=True):
            if gain_of(gesture, canvas.truth, canvas.shown) < planned / 2:
                break  # what was learnt meanwhile has made it right already
            yield gesture


def _wanted(canvas: Canvas, page: Page) -> Region | None:
    """The largest wrong region; before anything is proposed, of a class that is not painted yet: one is not enough."""
    classes = classes_of(canvas.truth)
    if page.learns and not canvas.proposed:
        others = np.setdiff1d(classes, canvas.by_hand)
        classes = others if len(others) else classes
    return largest_wrong(canvas.truth, canvas.shown, canvas.left_out, classes)


def _expected(canvas: Canvas, page: Page) -> float:
    """Pixels that a gesture makes right elsewhere, because the page learns from it: as the last ones did."""
    if not page.learns:
        return 0.0
    if not canvas.proposed:
        return canvas.truth.size / len(classes_of(canvas.truth))
    return max(0.0, float(np.mean(canvas.elsewhere or [canvas.truth.size / 100])))


def _paint(canvas: Canvas, gesture: Gesture, photo: Photo, page: Page) -> None:
    canvas.by_hand[gesture.place][gesture.pixels] = gesture.value
    canvas.shown[gesture.place][gesture.pixels] = gesture.value
    painted, was_proposed = canvas.right(), canvas.proposed
    page.save(photo.stem, canvas.by_hand)
    if _propose(canvas, photo, page) and was_proposed:
        canvas.elsewhere = [*canvas.elsewhere, canvas.right() - painted][-_LATELY:]


def _propose(canvas: Canvas, photo: Photo, page: Page) -> bool:
    """Show what the page proposes, around what was painted; whether it proposes anything."""
    proposal = page.proposal(photo.stem, canvas.truth.shape)
    if proposal is None:
        return False
    canvas.proposed = True
    canvas.shown = np.where(canvas.by_hand == 255, proposal, canvas.by_hand)
    return True
