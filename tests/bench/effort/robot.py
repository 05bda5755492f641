"""Labels one photo, and tells after which seconds and gestures its mask was how good."""

from functools import partial
from itertools import chain
from typing import NamedTuple

import numpy as np

from prep.annotate.regions.superpixels import find_superpixels
from prep.images.imageio import read_image
from tests.bench.effort.canvas import Canvas
from tests.bench.effort.correcting import corrected
from tests.bench.effort.gestures import CLICKS, SIZES, Tool, objects, outline, strokes, superpixels
from tests.bench.effort.page import Page, Photo
from tests.bench.effort.teaching import taught

JITTER = 0.2
"""Of the seconds of each gesture: a fifth more or less."""


class Step(NamedTuple):
    """Seconds and gestures so far, and the mean IoU then."""

    seconds: float
    gestures: int
    quality: float


Way = list[Step]


def tools_for(photo: Photo, names: frozenset[str], page: Page, rng: np.random.Generator) -> dict[str, list[Tool]]:
    """What a photo is painted with, by the name of the tool."""
    tools: dict[str, list[Tool]] = {}
    if "polygon" in names:
        tools["polygon"] = [outline]
    if "brush" in names:
        tools["brush"] = [strokes(rng)]
    if "superpixel" in names:
        image = read_image(photo.image)
        tools["superpixel"] = [superpixels(find_superpixels(image, size), size) for size in SIZES]
    if "sam" in names:
        tools["sam"] = [
            objects(lambda steps: page.object(photo.stem, photo.truth.shape, steps), clicks) for clicks in CLICKS
        ]
    return tools


def way_of(photo: Photo, names: frozenset[str], page: Page, rng: np.random.Generator, most: float) -> Way:
    """Label a photo until the last goal, the end of the time (`most` seconds) or of all progress."""
    tools, canvas = tools_for(photo, names, page, rng), Canvas.empty(photo.truth)
    every = list(chain.from_iterable(tools.values()))
    if page.learns:
        ways = [every, *([tools["superpixel"]] if "superpixel" in names else [])]
        if {"polygon", "brush"} <= names:
            ways.append(tools["polygon"] + tools["brush"])
        teacher = tools.get("brush", every)[0]
        moves, canvas = taught(canvas, teacher, ways, partial(page.proposal, photo.stem), most)
        page.leave(photo.stem, canvas.by_hand)
    else:
        moves = corrected(canvas, every, most)
    seconds = np.cumsum([move.seconds * float(rng.uniform(1 - JITTER, 1 + JITTER)) for move in moves])
    steps = zip(seconds.tolist(), moves, strict=True)
    return [Step(0.0, 0, 0.0), *(Step(at, number, move.quality) for number, (at, move) in enumerate(steps, 1))]
