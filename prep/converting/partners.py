"""Which photo belongs to which label, and where the photos are."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from prep.converting.pairing import SAME_STEM, Pairing, Patterns, pair_in_order, pair_stems, suggest_patterns
from prep.core.errors import SegError
from prep.core.words import counted, list_some, natural_key, verb
from prep.dataset.dataset import Dataset
from prep.dataset.dataset_files import LABELS, PHOTOS
from prep.images.finding import FoundFile, find_photos, photos_beside, refuse_equal_stems
from prep.labels.reader import LabelSource


def photos_to_bring(
    root: Path, source: Path, given: Path | None, labels: LabelSource, before: Dataset | None
) -> list[FoundFile] | None:
    """The raw photos to bring in; None if the dataset has its images already."""
    if given is not None:
        return find_photos([given])
    if before is not None and any(sample.image for sample in before.samples):
        return None
    if labels.photos:
        return [FoundFile(path, f"{stem}{path.suffix}") for stem, path in sorted(labels.photos.items())]
    if (root / PHOTOS).is_dir():
        return find_photos([root / PHOTOS])
    if beside := photos_beside(source):
        refuse_equal_stems(beside)
        return beside
    if labels.names_photos:
        return []
    raise SegError(f"{root}: has no folder {PHOTOS}/; say with --images FOLDER where the {PHOTOS} are")


def pair_labels(
    images: Sequence[str],
    labels: LabelSource,
    patterns: Patterns,
    before: Dataset | None,
    *,
    in_order: bool,
    skip_unpaired: bool,
) -> tuple[Pairing, list[str]]:
    """Pair, and refuse what is left over, unless it may be skipped or has a mask already; and notes on how."""
    stems = [label.stem for label in labels.labels]
    if in_order:
        return _in_order(images, stems)
    pairing = pair_stems(images, stems, patterns)
    if labels.names_photos and (pairing.pairs or not images):
        return pairing, []
    if labels.in_order and not pairing.pairs and patterns == SAME_STEM:
        return _in_order(images, stems)
    labelled = {sample.stem for sample in before.samples if sample.is_labelled} if before else set()
    alone = tuple(stem for stem in pairing.images_alone if stem not in labelled)
    pairing = replace(pairing, images_alone=alone)
    if pairing.pairs and (skip_unpaired or not (alone or pairing.labels_alone)):
        return pairing, []
    parts = []
    if alone:
        parts.append(f"{counted(len(alone), 'image')} {verb(len(alone), 'has', 'have')} no mask: {list_some(alone)}")
    if masks := len(pairing.labels_alone):
        parts.append(
            f"{counted(masks, 'mask')} {verb(masks, 'has', 'have')} no image: {list_some(pairing.labels_alone)}"
        )
    suggestion = suggest_patterns(images, stems, len(pairing.pairs))
    if suggestion is not None:
        remedy = f"pair them with --match '{suggestion[0]}' '{suggestion[1]}'"
    elif pairing.pairs:
        remedy = f"rename or remove them, or convert only the {len(pairing.pairs)} pairs with --skip-unpaired"
    else:
        remedy = (
            "say with --match 'IMAGE_{}' 'MASK_{}' which part of the names they share, or with --in-order that the "
            "first image belongs to the first mask and so on"
        )
    raise SegError("; ".join(parts) + f". Nothing was written; {remedy}")


def default_folder(root: Path, folder: str) -> Path:
    """The dataset's own folder of raw files; SegError says how to name another."""
    path = root / folder
    if not path.is_dir():
        option = "SOURCE" if folder == LABELS else "--images FOLDER"
        raise SegError(f"{root}: has no folder {folder}/; say with {option} where the {folder} are")
    return path


def _in_order(images: Sequence[str], labels: Sequence[str]) -> tuple[Pairing, list[str]]:
    pairing = pair_in_order(images, labels)
    ordered = sorted(pairing.pairs, key=lambda pair: natural_key(pair[0]))
    (first_image, first_label), (last_image, last_label) = ordered[0], ordered[-1]
    note = f"paired in order: {first_image} with {first_label} ... {last_image} with {last_label}; look at some"
    return pairing, [note]
