"""Rank regions and samples whose label a model contradicts most confidently: the first places to look for errors."""

import zlib
from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from prep.annotate.audit import AUDIT
from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.core.failures import Failures
from prep.core.files import make_folder
from prep.core.progress import Progress, silent
from prep.core.tables import write_columns
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.dataset.snapshot import Snapshot
from prep.images.imageio import ImageRGB, IndexMask, write_png
from prep.images.overlay import overlay
from train.auditing.disagreement import MaskComparison
from train.auditing.regions import Disagreement
from train.scoring.grounded import Grounded
from train.scoring.sheets import SheetBlock, captioned_sheet, painted
from train.scoring.split_scores import require_same_kind, samples_of
from train.windows.image_rows import ArrayRows
from train.windows.predictor import Predictor

SAMPLES, SHEET = "samples.csv", "audit.png"

_SHOWN = 24
"""Regions on the sheet."""

_CELL_PX, _COLUMNS = 200, 2
"""Side of a picture on the sheet, and regions beside each other."""

_CONTEXT = 0.5
"""How much of a region's size is shown around it, on each side."""

_LEAST_CROP_PX = 64


@dataclass(frozen=True)
class Suspect:
    """A region of a sample that may be labelled wrongly.

    guess: the prediction of its crop, (H, W) uint8, compressed, if it is shown.
    """

    sample: Sample
    region: Disagreement
    guess: bytes | None


@dataclass(frozen=True)
class Audit:
    """Suspects, the highest score first, of which samples, and what is wrong with those that were left out.

    before: the images and masks as they were when they were looked at.
    """

    suspects: tuple[Suspect, ...]
    samples: tuple[Sample, ...]
    problems: tuple[str, ...]
    before: Snapshot

    @property
    def ranked_samples(self) -> list[tuple[Sample, float, int]]:
        """Each sample with the sum of its regions' scores and their number, the highest sum first."""
        scores = {sample.stem: (0.0, 0) for sample in self.samples}
        for suspect in self.suspects:
            score, number = scores[suspect.sample.stem]
            scores[suspect.sample.stem] = score + suspect.region.score, number + 1
        ranked = [(sample, *scores[sample.stem]) for sample in self.samples]
        return sorted(ranked, key=lambda row: (-row[1], row[0].stem))


def audit(
    predictor: Predictor, dataset: Dataset, split: str, progress: Progress = silent, max_failed: int | None = None,
    unlearned: Mapping[str, Predictor] | None = None,
) -> Audit:  # fmt: skip
    """Compare the labels of a split ("all": of every split) with the model's class probabilities.

    unlearned: for stems of samples that it has learned, a model that has not.
    One image with its probabilities is held at a time. Samples with a damaged file, or one that was changed before it
    was read, are left out. Raises SegError if the split is empty, if these are more samples than `max_failed` or all,
    or if the dataset has other classes than the model.
    """
    require_same_kind(dataset, predictor)
    samples = samples_of(dataset, split)
    before = Snapshot(dataset, samples, "nothing was written, type the command again")
    grounded, failures, seen = Grounded(predictor, samples), Failures(max_failed), list[Sample]()
    suspects: list[Suspect] = []
    shown: list[Suspect] = []  # with their crops: those of all would fill the memory
    for done, sample in enumerate(samples, start=1):
        with failures.leaving_out():
            model = grounded.of(sample, (unlearned or {}).get(sample.stem))
            guess, regions = _compared(sample, model, dataset)
            before.need_same(done - 1)
            for region in regions:
                suspect = Suspect(sample, region, None)
                suspects.append(suspect)
                if len(shown) < _SHOWN or _order(suspect) < _order(shown[-1]):
                    insort(shown, _with_guess(suspect, guess), key=_order)
                    del shown[_SHOWN:]
            del guess  # before the next image is there
            seen.append(sample)
        progress(done, len(samples))
    suspects.sort(key=_order)
    suspects[:_SHOWN] = shown
    if not seen:
        raise SegError("\n".join([*failures.problems[:_SHOWN], "Nothing was written: no sample can be read"]))
    return Audit(tuple(suspects), tuple(seen), tuple(failures.problems), before)


def _compared(sample: Sample, predictor: Predictor, dataset: Dataset) -> tuple[IndexMask, list[Disagreement]]:
    """The prediction (H, W) of an image, and the regions in which it contradicts the mask."""
    mask = dataset.mask(sample)
    found = MaskComparison(mask, predictor.probability_strips(ArrayRows(dataset.image(sample))))
    return found.guess, list(found.disagreements)


def _with_guess(suspect: Suspect, guess: IndexMask) -> Suspect:
    crop = np.ascontiguousarray(guess[crop_of(suspect.region, *guess.shape)])
    return replace(suspect, guess=zlib.compress(crop.data, level=1))


def crop_of(region: Disagreement, height: int, width: int) -> tuple[slice, slice]:
    """The rows and columns of an image (H, W) to show of a region: its box with some of what is around it."""
    side = max(_LEAST_CROP_PX, round((1 + 2 * _CONTEXT) * max(region.height, region.width)))
    top = region.y + region.height // 2 - side // 2
    left = region.x + region.width // 2 - side // 2
    return slice(max(top, 0), min(top + side, height)), slice(max(left, 0), min(left + side, width))


def write_audit(folder: Path, found: Audit, dataset: Dataset) -> None:
    """Write audit.csv (regions), samples.csv, and audit.png: image, label and prediction of the first regions.

    Those whose labels were changed since they were looked at are not shown.
    """
    make_folder(folder)
    _write_regions(folder / AUDIT, found, dataset.classes)
    _write_samples(folder / SAMPLES, found)
    changed = found.before.changes()
    shown = [(rank, each) for rank, each in enumerate(found.suspects[:_SHOWN], 1) if each.sample.stem not in changed]
    rows = [_row(rank, suspect, dataset) for rank, suspect in shown]
    if rows:
        write_png(folder / SHEET, captioned_sheet(rows, _CELL_PX, _COLUMNS))


def _order(suspect: Suspect) -> tuple[float, str, int, int]:
    return -suspect.region.score, suspect.sample.stem, suspect.region.y, suspect.region.x


def _row(rank: int, suspect: Suspect, dataset: Dataset) -> SheetBlock:
    """One block of the sheet: image, label and prediction around a region, enlarged where they are small."""
    assert suspect.guess is not None
    region, names = suspect.region, dataset.classes.names
    text = (
        f"{rank}  {suspect.sample.stem} ({suspect.sample.split or 'no split'}) at {region.x}, {region.y}: "
        f"labelled {names[region.label]}, model says {names[region.model]}"
    )
    mask = dataset.mask(suspect.sample)
    place = crop_of(region, *mask.shape)
    image, drawn = dataset.image(suspect.sample)[place], mask[place]
    said = np.frombuffer(zlib.decompress(suspect.guess), np.uint8).reshape(drawn.shape)

    def labelled(image: ImageRGB, mask: IndexMask) -> ImageRGB:
        return overlay(image, mask, dataset.classes)

    shown = ((np.asarray, (image,)), (labelled, (image, drawn)), (labelled, (image, said)))
    pictures = [painted(paint, parts, _CELL_PX) for paint, parts in shown]
    return text, [_frame(_enlarge(picture), region, place) for picture in pictures]


def _enlarge(picture: ImageRGB) -> ImageRGB:
    """Repeat the pixels of a small crop until it fills its place on the sheet."""
    scale = max(1.0, _CELL_PX / max(picture.shape[:2]))
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def _frame(picture: ImageRGB, region: Disagreement, place: tuple[slice, slice]) -> ImageRGB:
    """Draw the region's box, as thin as the picture that is shown allows."""
    scale = picture.shape[0] / (place[0].stop - place[0].start)
    top, left = (region.y - place[0].start) * scale, (region.x - place[1].start) * scale
    line = max(1, round(max(picture.shape[:2]) / _CELL_PX))
    rows = max(0, int(top) - line), min(picture.shape[0], int(top + region.height * scale) + line)
    columns = max(0, int(left) - line), min(picture.shape[1], int(left + region.width * scale) + line)
    framed = picture.copy()
    framed[rows[0] : rows[1], columns[0] : columns[1]] = (255, 0, 255)
    inner = slice(rows[0] + line, rows[1] - line), slice(columns[0] + line, columns[1] - line)
    framed[inner] = picture[inner]
    return framed


def _write_regions(path: Path, found: Audit, classes: ClassMap) -> None:
    columns = ("rank", "stem", "split", "y", "x", "height", "width", "pixels", "label", "model", "confidence", "score")
    rows = (
        (rank, suspect.sample.stem, suspect.sample.split, region.y, region.x, region.height, region.width,
         region.pixels, classes.names[region.label], classes.names[region.model],
         round(region.confidence, 4), round(region.score, 2))
        for rank, suspect in enumerate(found.suspects, start=1)
        for region in (suspect.region,)
    )  # fmt: skip
    write_columns(path, columns, rows)


def _write_samples(path: Path, found: Audit) -> None:
    rows = (
        (rank, sample.stem, sample.split, number, round(score, 2))
        for rank, (sample, score, number) in enumerate(found.ranked_samples, start=1)
    )
    write_columns(path, ("rank", "stem", "split", "regions", "score"), rows)
