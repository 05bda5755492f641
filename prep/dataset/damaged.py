"""Samples whose files cannot be read: a job over many leaves them out and lists them, or refuses to go without them."""

import os
from collections.abc import Collection, Mapping, Sequence

from prep.core.errors import SegError
from prep.core.failures import Failures, Trying, refused
from prep.core.progress import Progress, silent
from prep.core.workers import Threads
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample

_DECODED_BYTES = 1 << 30
"""Of images and masks that are decoded at once; those of one sample at least, however large they are."""


class NoneReadable(SegError):
    """Of all samples that were to be worked on, none can be read.  problems: why, of each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(str(refused(problems, "Nothing was written: no sample can be read")))
        self.problems = tuple(problems)


def leave_out(problems: Mapping[str, str], samples: int, dataset: Dataset, failures: Failures | None) -> None:
    """Leave out samples of a dataset by what is wrong with them, by stem, of so many that are worked on.

    failures: gets what is left out, and says how many may be; None where nothing may.
    Raises SegError if none may be; NoneReadable; TooManyFailed.
    """
    if not problems:
        return
    texts = [problems[stem] for stem in sorted(problems)]
    if failures is None:
        raise refused(texts, dataset.mending)
    if len(texts) == samples:
        raise NoneReadable(texts)
    failures.add_all(texts)


def any_mended(dataset: Dataset, stems: Collection[str]) -> bool:
    """Whether one of these samples, which could not be read, is in the dataset still and can be read now."""
    return any(_can_be_read(dataset, sample) for sample in dataset.samples if sample.stem in stems)


def _can_be_read(dataset: Dataset, sample: Sample) -> bool:
    try:
        if sample.mask:
            dataset.mask(sample)
        dataset.image(sample)
    except SegError:
        return False
    return True


def refuse_damaged(dataset: Dataset, samples: Sequence[Sample], progress: Progress = silent) -> None:
    """Decode images and masks of these samples; SegError that lists those that cannot be read."""

    def look(sample: Sample) -> None:
        dataset.image(sample)
        dataset.mask(sample)

    largest = max((dataset.decoded_bytes(sample) for sample in samples), default=1)
    problems = dict[str, str]()
    with Threads(max(1, min(os.cpu_count() or 1, _DECODED_BYTES // largest))) as pool:
        for done, (sample, tried) in enumerate(zip(samples, pool.map(Trying(look), samples), strict=True), start=1):
            if tried.problem:
                problems[sample.stem] = tried.problem
            progress(done, len(samples))
    leave_out(problems, len(samples), dataset, None)
