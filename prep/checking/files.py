"""Checks of files: there, whole, named by the index, of the right kind and size; each stem once."""

import os
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from prep.checking.findings import Finding, found
from prep.checking.sample import FileFacts, SampleFacts
from prep.core.files import is_part
from prep.dataset.dataset_files import IMAGES, INDEX, MASKS
from prep.dataset.index import Sample
from prep.dataset.states import mask_name, own_mask_name
from prep.photos.record import PhotoRecord

_TURNED_OVER = (2, 3, 4)
"""EXIF orientations that mirror a photo or turn it by 180 degrees: its size stays what it was."""


def check_files(
    root: Path, samples: Sequence[SampleFacts], photos: Mapping[str, PhotoRecord], rejected: Collection[str] = ()
) -> Iterator[Finding]:
    """All findings about files.

    rejected: stems that a person wants to be left out; the index does not name their masks, which are kept.
    """
    there = {name for folder in (IMAGES, MASKS) for name in _files_below(root, folder)}
    known = _known([facts.sample for facts in samples], rejected)
    meant = {_alike(name): name for name in there - known}
    yield from _missing(samples, meant)
    yield from _damaged(samples)
    yield from _strange_images(samples)
    yield from _strange_masks(samples)
    yield from _sizes(samples)
    yield from _alike_stems([facts.sample for facts in samples])
    yield from _incomplete([facts.sample for facts in samples], rejected)
    yield from _rejected([facts.sample for facts in samples], rejected)
    yield from found("orphan", sorted(there - known - {meant.get(_alike(name), "") for name in known - there}))
    yield from _orientations(samples, photos)


def _files(samples: Iterable[SampleFacts]) -> list[FileFacts]:
    return [file for facts in samples for file in (facts.image, facts.mask)]


def _missing(samples: Sequence[SampleFacts], meant: Mapping[str, str]) -> Iterator[Finding]:
    """meant: files that no sample names, by what their names are like."""
    missing = [file.name for file in _files(samples) if file.state == "missing"]
    near = [meant.get(_alike(name)) for name in missing]
    hints = [f" ({there} is there: correct the name in {INDEX})" if there else "" for there in near]
    return found("missing-file", [f"{name}{hint}" for name, hint in zip(missing, hints, strict=True)])


def _alike(name: str) -> str:
    """What names have in common that people and systems take for the same."""
    return unicodedata.normalize("NFC", name.replace("\\", "/").replace(" ", "")).casefold()


def _damaged(samples: Sequence[SampleFacts]) -> Iterator[Finding]:
    for kind, files in (("image", [facts.image for facts in samples]), ("mask", [facts.mask for facts in samples])):
        damaged = [file for file in files if file.state == "damaged"]
        names = [f"{file.name} ({file.reason})" if file.reason else file.name for file in damaged]
        yield from found(f"damaged-{kind}", names)


def _strange_images(samples: Sequence[SampleFacts]) -> Iterator[Finding]:
    strange = [facts.image for facts in samples if facts.image.unusual]
    return found("strange-image", [f"{file.name} ({file.unusual})" for file in strange])


def _strange_masks(samples: Sequence[SampleFacts]) -> Iterator[Finding]:
    strange = [(facts.mask.name, facts.labels.strange) for facts in samples if facts.labels and facts.labels.strange]
    return found("strange-mask", [f"{name} ({what})" for name, what in strange])


def _sizes(samples: Sequence[SampleFacts]) -> Iterator[Finding]:
    apart, unlike_index = [], []
    for facts in samples:
        sizes = [file.size for file in (facts.image, facts.mask) if file.state == "whole"]
        if len(set(sizes)) > 1:
            apart.append(f"{facts.stem} (image {_size(facts.image.size)}, mask {_size(facts.mask.size)})")
        elif sizes and sizes[0] != (facts.sample.width, facts.sample.height):
            listed = _size((facts.sample.width, facts.sample.height))
            unlike_index.append(f"{facts.stem} ({_size(sizes[0])}, {INDEX} says {listed})")
    yield from found("size-mismatch", apart)
    yield from found("index-size", unlike_index)


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def _alike_stems(samples: Sequence[Sample]) -> Iterator[Finding]:
    alike = defaultdict(list)
    for sample in samples:
        alike[unicodedata.normalize("NFC", sample.stem).casefold()].append(sample.stem)
    return found("duplicate-stem", [" = ".join(sorted(stems)) for stems in alike.values() if len(stems) > 1])


def _incomplete(samples: Sequence[Sample], rejected: Collection[str]) -> Iterator[Finding]:
    no_mask = [s.stem for s in samples if s.image and not s.mask and s.stem not in rejected]
    no_image = [sample.stem for sample in samples if not sample.image]
    has_labels, total = any(sample.is_labelled for sample in samples), f"{len(samples):,}"
    yield from found("missing-mask" if has_labels else "unlabelled", no_mask, total=total)
    yield from found("missing-image", no_image, total=total)


def _rejected(samples: Sequence[Sample], rejected: Collection[str]) -> Iterator[Finding]:
    """Rejected images that a command took back, and those of masks that would not be found again without the index."""
    named = [each for each in samples if each.stem in rejected and each.mask]
    yield from found("rejected-mask", [each.stem for each in named if each.mask == own_mask_name(each.stem)])
    others = [f"{each.stem} ({each.mask})" for each in named if each.mask != own_mask_name(each.stem)]
    yield from found("rejected-other-mask", others)


def _known(samples: Sequence[Sample], rejected: Collection[str]) -> set[str]:
    """Names of files that are some sample's."""
    known = {name for sample in samples for name in (sample.image, sample.mask) if name}
    return known | {mask_name(sample) for sample in samples if sample.stem in rejected}


def _files_below(root: Path, folder: str) -> Iterator[str]:
    for parent, _, names in os.walk(root / folder):
        for name in names:
            if not is_part(name):
                yield (Path(parent) / name).relative_to(root).as_posix()


def _orientations(samples: Sequence[SampleFacts], photos: Mapping[str, PhotoRecord]) -> Iterator[Finding]:
    known = [facts.stem for facts in samples if facts.sample.is_labelled and facts.stem in photos]
    return found("turned-over", [stem for stem in known if photos[stem].orientation in _TURNED_OVER])
