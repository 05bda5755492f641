"""Checks of files: there, whole, named by the index, of the right kind and size; each stem once."""

import os
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from prep.checking.findings import Finding
from prep.checking.sample import FileFacts, SampleFacts
from prep.core.files import is_part
from prep.core.words import counted, verb
from prep.dataset.commit import INDEX
from prep.dataset.dataset import Sample
from prep.dataset.states import mask_name
from prep.photos.record import PHOTOS_RECORD, Photo

_FOLDERS = ("images", "masks")
_TURNED_OVER = (2, 3, 4)
"""EXIF orientations that mirror a photo or turn it by 180 degrees: its size stays what it was."""


def check_files(
    root: Path, samples: Sequence[SampleFacts], photos: Mapping[str, Photo], rejected: Collection[str] = ()
) -> Iterator[Finding]:
    """All findings about files.

    rejected: stems that a person wants to be left out; the index does not name their masks, which are kept.
    """
    yield from _missing(samples)
    yield from _damaged(samples)
    yield from _strange_masks(samples)
    yield from _sizes(samples)
    yield from _alike_stems([facts.sample for facts in samples])
    yield from _incomplete([facts.sample for facts in samples], rejected)
    yield from _orphans(root, [facts.sample for facts in samples], rejected)
    yield from _orientations(samples, photos)


def _files(samples: Iterable[SampleFacts]) -> list[FileFacts]:
    return [file for facts in samples for file in (facts.image, facts.mask)]


def _missing(samples: Sequence[SampleFacts]) -> Iterator[Finding]:
    names = tuple(file.name for file in _files(samples) if file.state == "missing")
    if names:
        yield Finding(
            "error",
            "missing-file",
            f"{counted(len(names), 'file')} named in {INDEX} {verb(len(names), 'does', 'do')} not exist.",
            names,
            f"copy {verb(len(names), 'it', 'them')} back, or bring the samples in again with 'seg-prep masks convert'",
        )


def _damaged(samples: Sequence[SampleFacts]) -> Iterator[Finding]:
    for kind, files in (("image", [facts.image for facts in samples]), ("mask", [facts.mask for facts in samples])):
        names = tuple(
            f"{file.name} ({file.reason})" if file.reason else file.name for file in files if file.state == "damaged"
        )
        if names:
            yield Finding(
                "error",
                f"damaged-{kind}",
                f"{counted(len(names), kind)} cannot be read: truncated, damaged, or no image at all.",
                names,
                f"copy or convert {verb(len(names), 'it', 'them')} again",
            )


def _strange_masks(samples: Sequence[SampleFacts]) -> Iterator[Finding]:
    strange = [facts for facts in samples if facts.labels and facts.labels.strange]
    names = tuple(f"{facts.mask.name} ({facts.labels.strange})" for facts in strange if facts.labels)
    if names:
        yield Finding(
            "error",
            "strange-mask",
            f"{counted(len(names), 'mask')} {verb(len(names), 'is', 'are')} no 8-bit grey image of class indices.",
            names,
            "treat them as raw labels: move them to another folder and use 'seg-prep masks convert' on it",
        )


def _sizes(samples: Sequence[SampleFacts]) -> Iterator[Finding]:
    apart, unlike_index = [], []
    for facts in samples:
        sizes = [file.size for file in (facts.image, facts.mask) if file.state == "whole"]
        if len(set(sizes)) > 1:
            apart.append(f"{facts.stem} (image {_size(facts.image.size)}, mask {_size(facts.mask.size)})")
        elif sizes and sizes[0] != (facts.sample.width, facts.sample.height):
            listed = _size((facts.sample.width, facts.sample.height))
            unlike_index.append(f"{facts.stem} ({_size(sizes[0])}, {INDEX} says {listed})")
    if apart:
        yield Finding(
            "error",
            "size-mismatch",
            f"{counted(len(apart), 'mask')} {verb(len(apart), 'is', 'are')} of another size than the image.",
            tuple(apart),
            "find out which of the two is right; convert these samples again from photo and label",
        )
    if unlike_index:
        yield Finding(
            "error",
            "index-size",
            f"{counted(len(unlike_index), 'sample')} {verb(len(unlike_index), 'is', 'are')} "
            f"of another size than {INDEX} says.",
            tuple(unlike_index),
            "files were replaced behind the index; convert these samples again",
        )


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def _alike_stems(samples: Sequence[Sample]) -> Iterator[Finding]:
    alike = defaultdict(list)
    for sample in samples:
        alike[unicodedata.normalize("NFC", sample.stem).casefold()].append(sample.stem)
    names = tuple(" = ".join(sorted(stems)) for stems in alike.values() if len(stems) > 1)
    if names:
        yield Finding(
            "error",
            "duplicate-stem",
            f"{counted(len(names), 'stem')} {verb(len(names), 'stands', 'stand')} twice, "
            "apart only in upper and lower case or in how accents are stored.",
            names,
            "rename the photos and labels and convert them again: on Windows and macOS one file replaces the other",
        )


def _incomplete(samples: Sequence[Sample], rejected: Collection[str]) -> Iterator[Finding]:
    no_mask = tuple(s.stem for s in samples if s.image and not s.mask and s.stem not in rejected)
    no_image = tuple(sample.stem for sample in samples if not sample.image)
    if no_mask:
        has_labels = any(sample.is_labelled for sample in samples)
        yield Finding(
            "warning" if has_labels else "remark",
            "missing-mask",
            f"{counted(len(no_mask), 'image')} of {len(samples):,} {verb(len(no_mask), 'has', 'have')} no mask"
            + ("." if not has_labels else " and will not be trained on."),
            no_mask,
            "bring the masks in with 'seg-prep masks convert', or draw them with 'seg-prep annotate'",
        )
    if no_image:
        yield Finding(
            "warning",
            "missing-image",
            f"{counted(len(no_image), 'sample')} of {len(samples):,} {verb(len(no_image), 'has', 'have')} no image.",
            no_image,
            "bring the photos in with 'seg-prep masks convert --images FOLDER'",
        )


def _orphans(root: Path, samples: Sequence[Sample], rejected: Collection[str]) -> Iterator[Finding]:
    known = {name for sample in samples for name in (sample.image, sample.mask)}
    known |= {mask_name(sample) for sample in samples if sample.stem in rejected}
    orphans = [name for folder in _FOLDERS for name in _files_below(root, folder) if name not in known]
    them = verb(len(orphans), "it", "them")
    if orphans:
        yield Finding(
            "warning",
            "orphan",
            f"{counted(len(orphans), 'file')} in images/ or masks/ {verb(len(orphans), 'is', 'are')} "
            f"not named in {INDEX}; no command uses {them}.",
            tuple(orphans),
            f"delete {them}, or bring {them} in with 'seg-prep masks convert' from another folder",
        )


def _files_below(root: Path, folder: str) -> Iterator[str]:
    for parent, _, names in os.walk(root / folder):
        for name in names:
            if not is_part(name):
                yield (Path(parent) / name).relative_to(root).as_posix()


def _orientations(samples: Sequence[SampleFacts], photos: Mapping[str, Photo]) -> Iterator[Finding]:
    names = tuple(
        facts.stem
        for facts in samples
        if facts.sample.is_labelled and facts.stem in photos and photos[facts.stem].orientation in _TURNED_OVER
    )
    if names:
        yield Finding(
            "remark",
            "turned-over",
            f"{counted(len(names), 'photo')} with a mask {verb(len(names), 'is', 'are')} stored upside down or "
            f"mirrored ({PHOTOS_RECORD}), so the size of the mask cannot tell whether it was turned along.",
            names,
            "look at their overlays once, for example in the report of 'seg-prep report'",
        )
