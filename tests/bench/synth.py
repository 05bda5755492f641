"""Measures synthetic images a second: drawing alone, and drawing and writing a dataset, in one process.

The plain way is the one of the published project that this kind of image comes from: scipy.stats.truncnorm.rvs for
the background, skimage.draw for every shape on an empty picture of its own, skimage.morphology.dilation with a
disk for every line, Pillow's default PNG. It draws the same things: as many shapes, from the same ranges.
"""

import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import truncnorm
from skimage.draw import ellipse, line
from skimage.morphology import dilation, disk

from prep.core.randomness import Stream
from synth.dataset import generate
from synth.shapes import ELLIPSE, LINE, draw_sample
from tests.bench.sidebyside import Comparison, require

IMAGES = 40
WIDTH, HEIGHT, MAX_SHAPES = 200, 400, 9

Pixels = tuple[NDArray[np.intp], ...]


def comparisons(folder: Path) -> Iterator[Comparison]:
    """Drawing alone, then with writing."""
    _check_same_kind()
    yield Comparison(
        job="draw images 200 x 400",
        ours=lambda: [draw_sample(Stream(0, "bench", n), WIDTH, HEIGHT, MAX_SHAPES) for n in range(IMAGES)],
        plain={"truncnorm.rvs, skimage dilation": lambda: [plain_draw(_random(n)) for n in range(IMAGES)]},
        work=IMAGES,
        unit="images",
        rounds=5,
        goal=10,
    )
    ours, plain = folder / "ours", folder / "plain"

    def remove() -> None:
        for root in (ours, plain):
            shutil.rmtree(root, ignore_errors=True)

    yield Comparison(
        job="draw and write PNG",
        ours=lambda: generate(ours, n=IMAGES, test=0, workers=1),
        plain={"the same, Pillow's PNG": lambda: plain_generate(plain)},
        work=IMAGES,
        unit="images",
        rounds=5,
        reset=remove,
        goal=10,
    )


def plain_generate(root: Path) -> None:
    """Draw and write images/ and masks/."""
    for name in ("images", "masks"):
        (root / name).mkdir(parents=True)
    for number in range(IMAGES):
        image, mask = plain_draw(_random(number))
        Image.fromarray(image).save(root / "images" / f"image_{number:06d}.png")
        Image.fromarray(mask).save(root / "masks" / f"image_{number:06d}.png")


def plain_draw(random: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """(H, W, 3) image and (H, W) mask."""
    mean = random.uniform(0.7, 0.9)
    image = truncnorm.rvs(
        (0.6 - mean) / 0.1, (1.0 - mean) / 0.1, loc=mean, scale=0.1, size=(HEIGHT, WIDTH), random_state=random
    )
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    number = random.integers(1, MAX_SHAPES, endpoint=True)
    shapes = [(_plain_ellipse, ELLIPSE)] * number + [(_plain_line, LINE)] * number
    for draw, index in shapes:
        pixels = draw(random)
        image[pixels] = random.uniform(0.0, 0.7)
        mask[pixels] = index
    return np.stack([np.uint8(255 * image)] * 3, axis=2), mask


def _plain_ellipse(random: np.random.Generator) -> Pixels:
    empty = np.zeros((HEIGHT, WIDTH), bool)
    radius = int(random.integers(5, 19, endpoint=True))
    rows, columns = ellipse(
        random.uniform(0, HEIGHT),
        random.uniform(0, WIDTH),
        radius,
        radius * random.uniform(0.5, 2.0),
        shape=(HEIGHT, WIDTH),
        rotation=random.uniform(-math.pi, math.pi),
    )
    empty[rows, columns] = True
    return np.nonzero(empty)


def _plain_line(random: np.random.Generator) -> Pixels:
    empty = np.zeros((HEIGHT, WIDTH), bool)
    row, column = int(random.integers(HEIGHT)), int(random.integers(WIDTH))
    length, angle = random.uniform(20, WIDTH), random.uniform(0, 2 * math.pi)
    rows, columns = line(row, column, row + round(length * math.sin(angle)), column + round(length * math.cos(angle)))
    inside = (rows >= 0) & (rows < HEIGHT) & (columns >= 0) & (columns < WIDTH)
    empty[rows[inside], columns[inside]] = True
    return np.nonzero(dilation(empty, disk(int(random.integers(1, 2, endpoint=True)))))


def _random(number: int) -> np.random.Generator:
    return np.random.default_rng((0, number))


def _check_same_kind() -> None:
    """Both ways draw from the same distributions: means over 60 images differ by chance only."""
    ours = [draw_sample(Stream(0, "check", n), WIDTH, HEIGHT, MAX_SHAPES) for n in range(60)]
    plain = [plain_draw(_random(n)) for n in range(60)]
    for index, tolerance in ((LINE, 0.4), (ELLIPSE, 0.4)):
        shares = [float(np.mean([np.mean(mask == index) for _, mask in drawn])) for drawn in (ours, plain)]
        require(abs(shares[0] / shares[1] - 1) < tolerance, f"share of class {index}: {shares}")
    greys = [np.concatenate([image[..., 0][mask == 0] for image, mask in drawn]) for drawn in (ours, plain)]
    require(abs(float(greys[0].mean()) - float(greys[1].mean())) < 2, "mean of the background")
    require(abs(float(greys[0].std()) - float(greys[1].std())) < 1, "standard deviation of the background")
