"""A robot that labels photos whose masks are known, and counts gestures and seconds: what each tool of the page costs.

    python -m tests.bench.effort DATASET [--tools polygon,superpixel,learn] [--photos 6] [--seeds 1] [--most 900]

It always corrects the largest wrong region: by a polygon around it (corners by Douglas-Peucker at 3 pixels), by clicks
on superpixels of 64 pixels, or by strokes that the page learns from; the store and the learner are those of the page,
in a copy of the dataset without its masks. Costs in seconds, which nobody has measured on people here: 1.1 a corner,
1.5 a click, 2.5 and one per 300 pixels a stroke, 0.3 a key. Mean IoU is over the classes in the mask; what is
unlabelled is wrong. With learning the photos come one after the other, and later ones know the strokes of those before.
"""

import argparse
import json
import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.annotate.learn.learner import Learner, LearntProposal
from prep.annotate.regions.superpixels import divide
from prep.annotate.store.store import Store
from prep.core.classes import read_classes, write_classes
from prep.dataset.dataset import Dataset, Sample, write_index
from prep.images.imageio import read_image, read_mask
from tests.support import wait_until

GOALS = (0.70, 0.80, 0.85, 0.90)
CORNER_S, CLICK_S, STROKE_S, STROKE_PX_S, KEY_S = 1.1, 1.5, 2.5, 300.0, 0.3
PATIENCE = 25
"""Gestures without a better mask, after which a tool has come to its end."""
SUPERPIXEL = 64
RADIUS, LONGEST = 8, 240
"""Of strokes, in pixels."""

Mask = NDArray[np.uint8]
Gesture = tuple[float, Mask]
"""Its cost in seconds, and the mask that is shown after it."""


def mean_iou(truth: Mask, shown: Mask) -> float:
    """Over the classes in the mask; pixels that are ignored there (255) do not count."""
    counted = truth != 255
    pairs = np.bincount(truth[counted].astype(np.int64) * 256 + shown[counted], minlength=1 << 16).reshape(256, 256)
    hits, there = np.diag(pairs), pairs.sum(axis=1)
    return float((hits / np.maximum(there + pairs.sum(axis=0) - hits, 1))[there > 0].mean())


def largest_wrong(truth: Mask, shown: Mask, left_out: NDArray[np.bool_]) -> tuple[int, NDArray[np.bool_]] | None:
    """The class and the pixels of the largest connected region that is not what it should be."""
    best: tuple[int, int, NDArray[np.bool_]] | None = None
    for value in np.unique(truth[truth != 255]):
        wrong = ((truth == value) & (shown != value) & ~left_out).astype(np.uint8)
        _, parts, stats, _ = cv2.connectedComponentsWithStats(wrong)
        if len(stats) > 1 and (best is None or stats[1:, 4].max() > best[0]):
            place = 1 + int(stats[1:, 4].argmax())
            best = int(stats[place, 4]), int(value), np.asarray(parts == place)
    return best and (best[1], best[2])


def depth_of(region: NDArray[np.bool_]) -> NDArray[np.float32]:
    """How far each pixel of a region is from what is outside it."""
    return np.asarray(cv2.distanceTransform(np.pad(region, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1], np.float32)


def polygons(truth: Mask) -> Iterator[Gesture]:
    """Outlines of regions, the largest first."""
    shown, left_out = np.full_like(truth, 255), np.zeros(truth.shape, np.bool_)
    while found := largest_wrong(truth, shown, left_out):
        value, region = found
        outlines, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        corners = cv2.approxPolyDP(outlines[0], 3, True)
        left_out |= region  # what the outline missed of it would cost as much again
        if len(corners) < 3:
            continue
        cv2.fillPoly(shown, [corners], value)
        yield CORNER_S * len(corners) + 2 * KEY_S, shown


def superpixels(truth: Mask, image: NDArray[np.uint8]) -> Iterator[Gesture]:
    """Clicks on the deepest place of what is wrong."""
    labels, shown, before = divide(image, SUPERPIXEL), np.full_like(truth, 255), -1
    left_out = np.zeros(truth.shape, np.bool_)
    while found := largest_wrong(truth, shown, left_out):
        value, region = found
        y, x = np.unravel_index(depth_of(region).argmax(), truth.shape)
        piece = labels == labels[y, x]
        left_out |= region & piece
        shown[piece] = value
        yield CLICK_S + KEY_S * (value != before), shown
        before = value


def stroke_in(region: NDArray[np.bool_], rng: np.random.Generator) -> tuple[Mask, float]:
    """A straight stroke that begins in the deepest place and stays inside: its pixels (0, 1) and its length."""
    depth = depth_of(region)
    begin = np.array(np.unravel_index(depth.argmax(), depth.shape))
    radius = int(max(0, min(RADIUS, 0.6 * depth.max())))
    inside = np.argwhere(depth > radius)
    near = inside[np.hypot(*(inside - begin).T) <= LONGEST]
    end = begin
    for other in near[rng.permutation(len(near))[:60]]:
        way = np.linspace(begin, other, int(np.hypot(*(other - begin))) + 2).astype(int)
        if (depth[tuple(way.T)] > radius).all() and np.hypot(*(other - begin)) > np.hypot(*(end - begin)):
            end = other
    drawn = np.zeros(region.shape, np.uint8)
    cv2.line(drawn, begin[::-1].tolist(), end[::-1].tolist(), 1, 2 * radius + 1)
    return drawn, float(np.hypot(*(end - begin)))


def learning(truth: Mask, store: Store, learner: Learner, stem: str, rng: np.random.Generator) -> Iterator[Gesture]:
    """Strokes; what is shown is what Enter would accept."""
    by_hand, shown, before = np.full_like(truth, 255), np.full_like(truth, 255), -1
    learnt = proposal_of(learner, stem, truth.shape)
    if learnt is not None:
        shown = learnt
        yield KEY_S, shown
    while True:
        # Before anything is proposed, a stroke in another class: one is never enough.
        drawn_on = by_hand != 255
        found = largest_wrong(truth, shown, np.isin(truth, by_hand[drawn_on]) if learnt is None else drawn_on)
        if found is None:
            return
        value, region = found
        drawn, length = stroke_in(region, rng)
        by_hand[drawn.astype(np.bool_)] = value
        lay(store, stem, by_hand)
        learnt = proposal_of(learner, stem, truth.shape)
        shown = by_hand if learnt is None else np.where(by_hand == 255, learnt, by_hand)
        yield STROKE_S + length / STROKE_PX_S + KEY_S * (value != before), shown
        before = value


def proposal_of(learner: Learner, stem: str, shape: tuple[int, ...]) -> Mask | None:
    """What the page shows, in the size of the photo."""
    answers: list[LearntProposal | str] = []

    def there() -> bool:
        answer = learner.proposal(stem)
        answers[:] = [answer]
        return answer == "nothing" or (isinstance(answer, LearntProposal) and answer.complete)

    wait_until(there)
    (found,) = answers
    if isinstance(found, str):
        return None
    return np.asarray(cv2.resize(found.mask, shape[::-1], interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)


def lay(store: Store, stem: str, mask: Mask) -> None:
    """Save a mask as a page does."""
    body = struct.pack("<4I", 0, 0, mask.shape[1], mask.shape[0]) + mask.tobytes()
    version = store.mask(stem).version
    store.save(stem, body, base=version, save=version, classes_version=store.classes()[1])


def followed(truth: Mask, gestures: Iterator[Gesture], most: float) -> list[tuple[float, int, float]]:
    """Seconds, gestures and mean IoU after each, until the last goal, the end of the time or of all progress."""
    seconds, best, since = 0.0, 0.0, 0
    found: list[tuple[float, int, float]] = []
    for number, (cost, shown) in enumerate(gestures, 1):
        seconds += cost
        quality = mean_iou(truth, shown)
        found.append((seconds, number, quality))
        best, since = (quality, 0) if quality > best + 1e-4 else (best, since + 1)
        if quality >= GOALS[-1] or seconds > most or since >= PATIENCE:
            break
    return found


def photos_of(dataset: Path, number: int) -> list[tuple[str, Path, Mask]]:
    """Stem, image file and mask of the first photos that have both."""
    samples = [sample for sample in Dataset.open(dataset).samples if sample.image and sample.mask]
    step = max(1, len(samples) // number)
    return [(each.stem, dataset / each.image, read_mask(dataset / each.mask)) for each in samples[::step][:number]]


def bare_copy(dataset: Path, photos: list[tuple[str, Path, Mask]], folder: Path) -> Store:
    """A dataset of these photos without masks."""
    (folder / "images").mkdir(parents=True)
    rows = []
    for stem, image, mask in photos:
        (folder / "images" / image.name).write_bytes(image.read_bytes())
        rows.append(Sample(stem, f"images/{image.name}", "", mask.shape[1], mask.shape[0]))
    write_index(folder / "index.csv", rows)
    write_classes(folder / "classes.json", read_classes(dataset / "classes.json"))
    return Store(folder)


def measured(
    dataset: Path, tool: str, photos: list[tuple[str, Path, Mask]], seed: int, most: float
) -> list[list[tuple[float, int, float]]]:
    """The way of each photo with one tool."""
    if tool != "learn":
        ways: dict[str, Callable[[Path, Mask], Iterator[Gesture]]] = {
            "polygon": lambda image, truth: polygons(truth),
            "superpixel": lambda image, truth: superpixels(truth, read_image(image)),
        }
        return [followed(truth, ways[tool](image, truth), most) for _, image, truth in photos]
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as name:
        store = bare_copy(dataset, photos, Path(name) / "copy")
        learner = Learner(store)
        with learner.working():
            return [followed(truth, learning(truth, store, learner, stem, rng), most) for stem, _, truth in photos]


def reached(way: list[tuple[float, int, float]], goal: float, column: int) -> float:
    return next((step[column] for step in way if step[2] >= goal), np.inf)


def summary(ways: list[list[tuple[float, int, float]]]) -> dict[str, object]:
    """Medians over photos, None where more than half did not get there; and the best mean IoU of each."""
    told: dict[str, object] = {}
    for column, name in ((0, "seconds_to"), (1, "gestures_to")):
        medians = {f"{goal:.2f}": float(np.median([reached(way, goal, column) for way in ways])) for goal in GOALS}
        told[name] = {goal: round(value, 1) if np.isfinite(value) else None for goal, value in medians.items()}
    return {**told, "best": round(float(np.median([max(step[2] for step in way) for way in ways])), 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--tools", default="polygon,superpixel,learn")
    parser.add_argument("--photos", type=int, default=6)
    parser.add_argument(
        "--seeds", type=int, default=1, help="of the places where strokes end; the other tools have none"
    )
    parser.add_argument("--most", type=float, default=900, help="seconds after which a photo is left")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    photos = photos_of(options.dataset, options.photos)
    found = {}
    for tool in options.tools.split(","):
        seeds = range(options.seeds if tool == "learn" else 1)
        found[tool] = summary(
            [way for seed in seeds for way in measured(options.dataset, tool, photos, seed, options.most)]
        )
        if not options.json:
            print(f"{tool}: {found[tool]}", flush=True)
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
