"""Export the images and masks of a dataset to the layouts of other tools, without loss."""

import os
import zipfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.core.failures import Failures, Tried, Trying
from prep.core.files import explained, make_folder, write_bytes, write_text
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.dataset.damaged import leave_out
from prep.dataset.dataset import Dataset, is_dataset
from prep.dataset.dataset_files import IMAGES, INDEX, LABELS, MASKS, PATCHES, PHOTOS
from prep.dataset.index import BUFFER, Sample
from prep.dataset.missing import no_masks
from prep.dataset.stats import count_values
from prep.dataset.transaction import Transaction, settle, writing
from prep.exporting.coco import CocoLayout
from prep.exporting.labelme import LabelmeLayout
from prep.exporting.layout import Label, Layout
from prep.exporting.rgb import RgbLayout
from prep.exporting.voc import CvatLayout, VocLayout
from prep.exporting.yolo import YoloLayout

LAYOUTS: dict[str, Callable[[ClassMap], Layout]] = {
    "rgb": RgbLayout,
    "voc": VocLayout,
    "coco": CocoLayout,
    "labelme": LabelmeLayout,
    "cvat": CvatLayout,
    "yolo": YoloLayout,
}

_COMMAND = "masks-export"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a zip, so that the same files give the same bytes; zip knows none before."""


@dataclass(frozen=True)
class ExportSummary:
    """How many samples went out, their pixels (256,) by mask value, and stems without image or mask left out.

    problems: what is wrong with samples that cannot be read, and did not go out either.
    buffer: how many of them lie between two splits, and are in none.  placed: how many had a place on the earth.
    """

    samples: int
    pixels: NDArray[np.int64]
    left_out: tuple[str, ...]
    problems: tuple[str, ...] = ()
    buffer: int = 0
    placed: int = 0


def export_dataset(
    root: Path,
    target: Path,
    layout: str,
    *,
    overwrite: bool = False,
    workers: int | None = None,
    progress: Progress = silent,
    failures: Failures | None = None,
) -> ExportSummary:
    """Export all labelled samples of the dataset `root` to the folder, or the file ending in .zip, `target`.

    layout: a key of LAYOUTS. Images keep their bytes.
    failures: of the samples with a damaged file, which are left out; without it, they are a SegError that lists them.
    Raises SegError, and writes nothing, if there is nothing to export, if a class name has no form in this layout, or
    if something else stands at `target`.
    """
    dataset, fingerprint = Dataset.open_as_it_is(root)
    samples = [sample for sample in dataset.samples if sample.is_labelled]
    if not samples:
        raise no_masks(root)
    is_zip = target.suffix.lower() == ".zip"
    home = target.parent if is_zip else target
    chosen = LAYOUTS[layout](dataset.classes)
    _refuse_place(root, target, is_zip)
    settle(home)
    if not overwrite:
        _refuse_results(target, is_zip, {chosen.image(sample) for sample in samples})
    settings: dict[str, object] = {"dataset": fingerprint, "layout": layout, "target": target.name}
    with writing(home, target=target), Transaction(home, _COMMAND, settings) as change:
        folder = change.staging / "packed" if is_zip else change.path(".")
        try:
            labels, pixels, problems = _write(dataset, samples, chosen, folder, workers, progress)
            dataset.refuse_change(fingerprint)  # what is missing may only have made way for something else
            leave_out(problems, len(samples), dataset, failures)
            samples = [sample for sample in samples if sample.stem not in problems]
            for name, text in chosen.tables(samples, labels).items():
                make_folder((folder / name).parent)
                write_text(folder / name, text)
            dataset.refuse_change(fingerprint)
            if is_zip:
                _pack(folder, change.path(target.name))
            else:
                _refuse_strangers(target, _files(folder))
        except SegError:
            change.discard()
            raise
        change.commit(overwrite=overwrite)
    left_out = tuple(sample.stem for sample in dataset.samples if not sample.is_labelled)
    return ExportSummary(
        len(samples),
        pixels,
        left_out,
        buffer=sum(sample.split == BUFFER for sample in samples),
        placed=sum(bool(sample.crs) for sample in samples),
    )


@dataclass(frozen=True)
class _WriteSample:
    """Write image and mask of a sample below `folder`; the annotations and pixels by value come back."""

    dataset: Dataset
    layout: Layout
    folder: Path

    def __call__(self, sample: Sample) -> Tried[tuple[Label, NDArray[np.int64]]]:
        """Or why the sample cannot be read; SegError if it cannot be written."""
        read = Trying(self._read)(sample)
        if read.result is None:
            return Tried(None, read.problem)
        label, pixels = read.result
        for name, content in label.files.items():
            make_folder((self.folder / name).parent)
            write_bytes(self.folder / name, content)
        return Tried((replace(label, files={}), pixels))

    def killed(self, sample: Sample, problem: str) -> Tried[tuple[Label, NDArray[np.int64]]]:
        """As of one that cannot be read."""
        return Tried(None, problem)

    def _read(self, sample: Sample) -> tuple[Label, NDArray[np.int64]]:
        """The annotations with all files, the image among them: as it is, but no damaged one goes out."""
        if "\\" in sample.stem:
            raise SegError(
                f"{self.dataset.root / sample.image}: other tools take the \\ in its stem for a folder; change it "
                f"in {self.dataset.root / INDEX}"
            )
        content = self.dataset.content(sample.image)
        self.dataset.decoded_image(sample, content)
        mask = self.dataset.mask(sample)
        label = self.layout.label(sample, mask)
        return replace(label, files={self.layout.image(sample): content} | label.files), count_values(mask)


def _write(
    dataset: Dataset,
    samples: Sequence[Sample],
    layout: Layout,
    folder: Path,
    workers: int | None,
    progress: Progress,
) -> tuple[list[Label], NDArray[np.int64], dict[str, str]]:
    """The annotations of the samples that can be read, their pixels, and what is wrong with the others, by stem."""
    total = np.zeros(256, np.int64)

    def take(written: Tried[tuple[Label, NDArray[np.int64]]]) -> Tried[Label]:
        if written.result is None:
            return Tried(None, written.problem)
        label, pixels = written.result
        np.add(total, pixels, out=total)
        return Tried(label)

    job = _WriteSample(dataset.without_samples(), layout, folder)
    tried = run_jobs(job, samples, workers, progress, take=take)
    problems = {sample.stem: one.problem for sample, one in zip(samples, tried, strict=True) if one.problem}
    return [one.result for one in tried if one.result is not None], total, problems


def _pack(folder: Path, target: Path) -> None:
    """Zip a folder; the same files give the same bytes."""
    with explained(target), zipfile.ZipFile(target, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _LONG_AGO)
            entry.external_attr = 0o644 << 16  # without it, unpacked files may be read by nobody
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_STORED)  # images are compressed already


def _refuse_place(root: Path, target: Path, is_zip: bool) -> None:
    """SegError if `target` is the dataset or part of it, or of another kind than what is to be written."""
    inside = target.resolve().relative_to(root.resolve()).parts if _is_below(target, root) else ("",)
    if _is_below(root, target) or inside[0] in {IMAGES, MASKS, PHOTOS, LABELS, PATCHES}:
        raise SegError(f"{target}: that is where the dataset itself lies; name another folder with -o")
    if is_dataset(target):
        raise SegError(f"{target}: that is a dataset; name another folder with -o")
    if target.is_dir() if is_zip else target.is_file():
        raise SegError(f"{target}: is a {'folder' if is_zip else 'file'}; name a new folder, or a file ending in .zip")


def _refuse_results(target: Path, is_zip: bool, images: Collection[str]) -> None:
    """SegError if `target` holds something that is no export of this dataset, by the names of its images.

    What is one may be the work of this very command, that was killed when it was done; the commit compares the bytes.
    """
    if is_zip and target.is_file():
        with explained(target):
            names = zipfile.ZipFile(target).namelist() if zipfile.is_zipfile(target) else []
    else:
        names = _files(target)
        if not names:
            return
    if not any(name in images for name in names):
        raise SegError(f"{target}: already holds something; name an empty or new folder, or add --overwrite")


def _is_below(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _refuse_strangers(target: Path, written: Collection[str]) -> None:
    """SegError if a file would stay beside the export and be taken for a part of it."""
    stranger = next((name for name in _files(target) if name not in written), None)
    if stranger is not None:
        raise SegError(
            f"{target}: holds {stranger}, which is no part of this export and is never deleted; "
            "move it away, or name another folder"
        )


def _files(folder: Path) -> list[str]:
    """Posix paths of the files below a folder; hidden ones do not count."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [(Path(place) / name).relative_to(folder).as_posix() for name in names if not name.startswith(".")]
    return sorted(found)
