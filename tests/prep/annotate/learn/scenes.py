"""What the tests of learning share: photos of known textures, and strokes on them."""

import struct
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.annotate.learn.learner import Learner, LearntProposal
from prep.annotate.store.store import AnnotationStore
from prep.core.classes import ClassMap, write_classes
from tests.support import images_only, save, wait_until

CLASSES = ClassMap(("sand", "stripes", "grass"), ((200, 180, 120), (90, 90, 220), (40, 160, 60)))


def scene(seed: int, height: int = 180, width: int = 240) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A photo with a disc of stripes and a band of grass on sand, and its mask; each seed puts them elsewhere.

    Sand and stripes have the same mean colour: only their texture tells them apart.
    """
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), np.uint8)
    centre = int(rng.integers(width // 4, 3 * width // 4)), int(rng.integers(height // 3, height // 2))
    cv2.circle(mask, centre, height // 4, 1, -1)
    mask[int(rng.integers(3 * height // 4, 5 * height // 6)) :] = 2
    stripes = 25 * np.sign(np.sin(np.arange(width) * 0.9))
    light = np.where(mask == 1, stripes, rng.normal(0, 4, (height, width)))
    color = np.array([(150, 140, 120), (150, 140, 120), (70, 130, 60)])[mask]
    image = color + light[..., None] + rng.normal(0, 3, (height, width, 3))
    return image.clip(0, 255).astype(np.uint8), mask


def store_of(root: Path, seeds: Sequence[int] = (1, 2, 3), height: int = 180, width: int = 240) -> AnnotationStore:
    """A dataset of such photos, s0, s1, ..., that nobody has labelled."""
    images_only(root, [(height, width)] * len(seeds))
    for place, seed in enumerate(seeds):
        save(root / "images" / f"s{place}.png", scene(seed, height, width)[0])
    write_classes(root / "classes.json", CLASSES)
    return AnnotationStore(root)


def paint(store: AnnotationStore, stem: str, box: tuple[slice, slice], value: int, *, proposed: bool = False) -> None:
    """Save a stroke as a page does."""
    rows, columns = box
    pixels = np.full((rows.stop - rows.start, columns.stop - columns.start), value, np.uint8)
    lay(store, stem, columns.start, rows.start, pixels, proposed=proposed)


def lay(
    store: AnnotationStore, stem: str, x: int, y: int, pixels: NDArray[np.uint8], *, proposed: bool = False
) -> None:
    """Save these pixels as a page does."""
    body = struct.pack("<4I", x, y, pixels.shape[1], pixels.shape[0]) + pixels.tobytes()
    version = store.mask(stem).version
    number = f"{stem} {version} {x} {y} {int(pixels[0, 0])} {proposed}"
    store.save(stem, body, base=version, save=number, classes_version=store.classes()[1], proposed=proposed)


def strokes(store: AnnotationStore, stem: str, seed: int, classes: Sequence[int] = (0, 1, 2)) -> None:
    """One stroke of 24 x 6 pixels in the middle of each class."""
    truth = scene(seed)[1]
    for value in classes:
        inside = cv2.distanceTransform(np.pad(truth == value, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
        y, x = (int(place) for place in np.unravel_index(inside.argmax(), inside.shape))
        box = np.s_[y - 3 : y + 3, max(0, x - 12) : min(truth.shape[1], x + 12)]
        assert (truth[box] == value).all()
        paint(store, stem, box, value)


def taken(learner: Learner, stem: str, *, complete: bool = False) -> LearntProposal:
    """The proposal once it is there; the page asks again and again, too."""
    answers: list[LearntProposal] = []

    def there() -> bool:
        answer = learner.proposal(stem)
        answers.extend([answer] if isinstance(answer, LearntProposal) and (answer.complete or not complete) else [])
        return bool(answers)

    wait_until(there)
    return answers[0]


def accuracy(found: LearntProposal, seed: int) -> float:
    """Share of the pixels of a scene that are proposed as they are."""
    truth = scene(seed)[1]
    assert found.mask.shape == truth.shape
    return float((found.mask == truth).mean())
