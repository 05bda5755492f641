"""What there is to predict: photos, folders of photos, the images of a dataset, videos."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from prep.core.errors import SegError
from prep.core.failures import Failures, refused
from prep.core.folder_names import names_labels
from prep.core.progress import Say, say_nothing
from prep.core.words import counted
from prep.dataset.dataset import Dataset, is_dataset
from prep.images.finding import FoundFile, find_files, with_own_names, with_pages
from prep.images.imageio import IMAGE_SUFFIXES
from prep.packing.streamed import need_samples_here
from train.predicting.output_folder import PREDICTIONS_RECORD

VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".mts", ".3gp"})

_ARCHIVES = frozenset({".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"})

_OF_PICTURES = ("masks", "colors", "overlays", "probabilities")
"""Folders in which 'seg-train predict' writes pictures."""


@dataclass(frozen=True)
class PredictSources:
    """Photos and videos, each with a stem of its own, and what is wrong with the names of others."""

    photos: tuple[FoundFile, ...]
    videos: tuple[FoundFile, ...]
    odd: tuple[str, ...] = ()

    def __len__(self) -> int:
        """How many files were meant."""
        return len(self.photos) + len(self.videos) + len(self.odd)

    def failures(self, most: int | None) -> Failures:
        """What fails while they are predicted, those with wrong names first; SegError if these are more than `most`."""
        failures = Failures(most)
        for problem in self.odd:
            failures.add(problem)
        return failures


def find_photos_and_videos(sources: Sequence[Path], output: Path, say: Say = say_nothing) -> PredictSources:
    """Find what to predict in files, folders and datasets; of a dataset the prepared images, with or without masks.

    Folders are searched to the bottom, without those that hold labels by their name, without `output`, and without
    pictures of other predictions, which is said. Videos in them are left out: only those named themselves are meant.
    Raises SegError if there is nothing, or nothing with a name that can be shown and a stem of its own, and where what
    is named lies in `output`.
    """
    if not sources:
        raise SegError("nothing is named to predict; name photos, folders of photos, a dataset or videos")
    videos = [FoundFile(path, path.name) for path in sources if path.suffix.lower() in VIDEO_SUFFIXES]
    others = [path for path in sources if path.suffix.lower() not in VIDEO_SUFFIXES]
    _refuse_archives(others)
    _refuse_inside(others, output)
    photos = [file for path in others for file in _photos_of(path, output, say)]
    if not photos and not videos:
        raise SegError(
            f"{', '.join(map(str, sources))}: no photos here; looked for {', '.join(sorted(IMAGE_SUFFIXES))}"
        )
    try:
        (photos, odd), (videos, odd_videos) = with_own_names(photos), with_own_names(videos)
    except SegError as error:
        raise SegError(f"{error}, or predict them into different folders") from error
    problems = [*odd, *odd_videos]
    if problems and not photos and not videos:
        raise refused(problems)
    return PredictSources(tuple(photos), tuple(videos), tuple(problems))


def _refuse_archives(sources: Sequence[Path]) -> None:
    for path in sources:
        if path.suffix.lower() in _ARCHIVES and path.is_file():
            raise SegError(f"{path}: archives are not read here; unpack it, and name the folder of its photos")


def _refuse_inside(sources: Sequence[Path], output: Path) -> None:
    """SegError where photos that are named would be left out, as they lie where predictions are to be written.

    A folder of predictions may be named among others, as `*` does: it is left out when it is written again.
    """
    inside = [path for path in sources if _is_below(path, output)]
    if inside and (len(inside) == len(sources) or not (output / PREDICTIONS_RECORD).is_file()):
        what = (
            "is the folder of the photos" if os.path.realpath(inside[0]) == os.path.realpath(output) else "holds them"
        )
        raise SegError(f"{inside[0]}: -o {output} {what}; name another folder to write into")


def _photos_of(source: Path, output: Path, say: Say) -> list[FoundFile]:
    if source.is_dir() and is_dataset(source):
        dataset = Dataset.open(source)
        samples = [sample for sample in dataset.samples if sample.image]
        need_samples_here(dataset, samples, "and name that folder")
        return [FoundFile(source / sample.image, Path(sample.image).name) for sample in samples]
    found = [file for file in find_files(source, skip=names_labels) if not _is_below(file.path, output)]
    predicted = {file.path: place for file in found if (place := _predictions_of(file)) is not None}
    for place, number in Counter(predicted.values()).items():
        say(f"{place}: {counted(number, 'picture')} left out, which 'seg-train predict' made there")
    return with_pages(file for file in found if file.path not in predicted)


def _predictions_of(file: FoundFile) -> Path | None:
    """The folder of predictions, below the one that was searched, that a picture was made in."""
    folders = [file.path, *file.path.parents][: len(file.folders) + 2]
    for kind, place in pairwise(folders[1:]):
        if kind.name in _OF_PICTURES and (place / PREDICTIONS_RECORD).is_file():
            return place
    return None


def _is_below(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))  # also of links in a circle
