"""Generate a whole dataset of synthetic lines and ellipses."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prep.core.classes import write_classes
from prep.core.errors import SegError
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.core.randomness import Stream
from prep.core.words import counted, list_some, verb
from prep.dataset.dataset import Dataset, is_dataset, writes
from prep.dataset.dataset_files import CLASSES, DERIVED, IMAGES, INDEX, MASKS, PHOTOS_RECORD, STATES
from prep.dataset.index import Sample, write_index
from prep.dataset.states import read_states, with_rejected_mask, without_rejected_mask
from prep.dataset.transaction import Transaction
from prep.images.imageio import write_png
from prep.photos.record import read_records
from synth.shapes import SHAPE_CLASSES, draw_sample

VALIDATION_EVERY = 10
"""One of ten training images is for validation: those numbered 1, 11, 21, ..."""

_DRAWN = re.compile(r"(image|test)_\d{6,}")


@dataclass(frozen=True)
class _Job:
    sample: Sample
    number: int
    seed: int
    max_shapes: int
    image: Path
    mask: Path


@writes
def generate(
    root: Path,
    *,
    n: int = 100,
    test: int = 10,
    width: int = 200,
    height: int = 400,
    max_shapes: int = 9,
    seed: int = 0,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Dataset:
    """Write n training images (one of ten for validation) and `test` test images as the dataset `root`.

    width, height: of each image, in pixels.  max_shapes: lines, and ellipses, in an image: from 1 to this many.
    An image depends on the seed, its split's name and its number only: image 17 is the same for every n.
    Samples of `root` that were not drawn here stay as they are.
    Raises SegError if `root` holds other results and `overwrite` is not set, or photos of the same stems.
    """
    before = Dataset.open(root) if is_dataset(root) else None
    raw = [name for name in (IMAGES, MASKS) if (root / name).exists()]
    if before is None and raw:
        raise SegError(f"{root}: has a folder {raw[0]}/ but is no dataset; name another folder with -o")
    if before is not None and before.classes != SHAPE_CLASSES:
        raise SegError(f"{root}: holds a dataset of other classes; name another folder with -o")
    states = read_states(root / STATES)
    drawn = [with_rejected_mask(root, sample, states) for sample in drawn_samples(before)] if before else []
    replaced = [name for sample in drawn for name in (sample.image, sample.mask) if name]
    others = list(before.without({sample.stem for sample in drawn}).samples) if before else []
    settings: dict[str, object] = {
        "n": n,
        "test": test,
        "size": [width, height],
        "max_shapes": max_shapes,
        "seed": seed,
    }
    with Transaction(root, "synth", settings) as change:
        numbered = [
            _sample(kind, number, width, height)
            for kind, count in (("image", n), ("test", test))
            for number in range(count)
        ]
        _refuse_taken_stems(root, [sample.stem for sample, _ in numbered], others)
        jobs = [
            _Job(sample, number, seed, max_shapes, change.path(sample.image), change.path(sample.mask))
            for sample, number in numbered
        ]
        run_jobs(_draw, jobs, workers, progress)
        write_classes(change.path(CLASSES), SHAPE_CLASSES)
        write_index(change.path(INDEX), [*(without_rejected_mask(job.sample, states) for job in jobs), *others])
        change.commit(overwrite=overwrite, remove=(*DERIVED, *replaced))
    return Dataset.open(root)


def drawn_samples(dataset: Dataset) -> list[Sample]:
    """The samples of a dataset that were drawn here: photos that joined them have other names, or are in photos.csv."""
    photos = read_records(dataset.root / PHOTOS_RECORD)
    return [each for each in dataset.samples if _DRAWN.fullmatch(each.stem) and each.stem not in photos]


def _refuse_taken_stems(root: Path, stems: Sequence[str], others: Sequence[Sample]) -> None:
    """SegError if a sample that was not drawn here has one of these stems."""
    taken = sorted({sample.stem for sample in others}.intersection(stems))
    if taken:
        raise SegError(
            f"{root}: {counted(len(taken), 'sample')} called as those that are drawn {verb(len(taken), 'is', 'are')} "
            f"of photos ({list_some(taken)}), and would be lost; name another folder with -o"
        )


def _sample(kind: str, number: int, width: int, height: int) -> tuple[Sample, int]:
    stem = f"{kind}_{number:06d}"
    split = "test" if kind == "test" else "val" if number % VALIDATION_EVERY == 1 else "train"
    return Sample(stem, f"{IMAGES}/{stem}.png", f"{MASKS}/{stem}.png", width, height, split=split), number


def _draw(job: _Job) -> None:
    if job.image.exists() and job.mask.exists():  # finished before an interruption
        return
    kind = job.sample.stem.split("_")[0]
    stream = Stream(job.seed, "synth", kind, job.number)
    image, mask = draw_sample(stream, job.sample.width, job.sample.height, job.max_shapes)
    write_png(job.image, image)
    write_png(job.mask, mask)
