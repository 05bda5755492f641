"""What is odd about raw labels, in words, each with what to do."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from prep.converting.label_facts import IMAGE_FILES, Facts, Value
from prep.converting.pairing import Pairing
from prep.converting.placement import drawn_on
from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.core.words import list_some
from prep.images.finding import FoundFile
from prep.labels.reader import LabelReader, LabelSource, RawLabel
from prep.photos.photoio import open_photo
from prep.photos.record import Photo

_TURNED_OVER = (2, 3, 4)
"""EXIF orientations that keep width and height, so that a size says nothing about them."""


def problem_remarks(facts: Sequence[Facts]) -> list[str]:
    """One remark for each label that cannot be read."""
    problems = [each.problem for each in facts if each.problem]
    return [f"cannot be read: {problem}" for problem in problems]


def header_remarks(labels: Sequence[RawLabel], facts: Sequence[Facts]) -> list[str]:
    """One remark for each oddity that file headers show."""
    texts = {
        "jpeg": "JPEG masks, whose colours are blurred at edges: convert with --unknown nearest",
        "palette": "palette images: read as colours; --from ids reads their indices",
        "alpha": "masks with an alpha channel; fully transparent pixels are a value of their own",
        "16-bit": "16-bit masks, read as ids",
    }
    remarks = []
    for oddity, text in texts.items():
        names = [label.short_name for label, each in zip(labels, facts, strict=True) if oddity in each.oddities]
        if names:
            remarks.append(f"{len(names)} {text} ({list_some(names)})")
    return remarks


def class_remarks(
    values: Sequence[Value], reader: LabelReader, classes: ClassMap | None, beside: Path | None
) -> list[str]:
    """How values and class map agree, and which values look like noise."""
    remarks = []
    if beside is not None:
        remarks.append(f"names are from {beside}")
    if classes is not None and reader.name in (*IMAGE_FILES, "mat"):
        seen = {value.name for value in values}
        absent = [name for name in classes.names if name not in seen]
        if absent:
            remarks.append(
                f"{len(absent)} of {len(classes)} classes of the class map occur in no mask ({list_some(absent)}); "
                "are its colours or ids right?"
            )
    if reader.name == "ids" and {value.code for value in values} == {0, 255}:
        remarks.append("only 0 and 255: black and white masks; name both in the class map (name,#rrggbb,255)")
    noise = [value for value in values if value.is_noise]
    if noise:
        share = sum(value.share for value in noise)
        remarks.append(
            f"{len(noise)} values ({share:.2%} of the pixels) look like blended edges or JPEG traces, not "
            "like classes: --unknown nearest gives them to the nearest class"
        )
    return remarks


def photo_remarks(
    found: LabelSource, facts: Sequence[Facts], photos: Sequence[FoundFile], pairing: Pairing
) -> list[str]:
    """How the sizes of masks and photos agree, where they pair."""
    if not photos:
        return ["no photos beside these labels; --images FOLDER compares sizes and orientation"]
    by_stem = {file.stem: file for file in photos}
    by_label = {label.stem: each for label, each in zip(found.labels, facts, strict=True)}
    cases: dict[str, list[str]] = defaultdict(list)
    for image, label in pairing.pairs:
        each = by_label[label]
        if not each.problem:
            cases[_compared(by_stem[image], each)].append(image)
    texts = {
        "stored": "masks were drawn on the photo before EXIF turns it; converting turns them with it",
        "size": "masks have another size than their photo; converting brings them to the image's size",
        "shape": "masks have another shape than their photo; converting refuses them without --stretch",
        "over": "photos are turned over or mirrored by EXIF: sizes cannot say how masks lie; look at the overlays",
        "damaged": "photos cannot be read",
    }
    remarks = [f"{len(cases[case])} {text} ({list_some(cases[case])})" for case, text in texts.items() if cases[case]]
    if not pairing.pairs:
        remarks.append("names of photos and masks do not pair; 'seg-prep masks convert' suggests --match")
    return remarks


def _compared(file: FoundFile, facts: Facts) -> str:
    try:
        photo = open_photo(file.path)
    except SegError:
        return "damaged"
    seen = Photo(file.stem, file.name, photo.width, photo.height, photo.orientation, 0, 0, *photo.upright_size)
    drawn = drawn_on((facts.width, facts.height), seen)
    if drawn is None:
        return "shape"
    if drawn == "stored":
        return "stored"
    if (facts.width, facts.height) != photo.upright_size:
        return "size"
    return "over" if photo.orientation in _TURNED_OVER else "same"
