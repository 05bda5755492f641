"""What each raw label holds, and what is odd about the labels, in words, each with what to do."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prep.converting.pairing import Pairing
from prep.converting.placement import drawn_on, is_unclear
from prep.converting.values.noise import VALUES_OF_PHOTOS, look_like_photos
from prep.converting.values.unknown import NO_CODES, CodeCounts, count_codes
from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.core.files import within_limits
from prep.core.words import counted, list_some, verb
from prep.images.finding import FoundFile
from prep.labels.archive import label_bytes
from prep.labels.labelio import label_oddities
from prep.labels.reader import LabelReader, LabelSource, RawLabel, code_strips
from prep.labels.registry import reader_named
from prep.photos.photoio import open_photo

_PALETTES = {
    "rgb": ": read as colours; --from ids reads their indices",
    "ids": ", whose indices are read as ids; --from rgb reads their colours",
}
_IMAGE_FILES = ("rgb", "ids")
"""Readers of image files; the others have no header to look at."""


_JPEG_COLORS = ", whose colours are blurred at edges: convert with --unknown nearest"
_JPEG_IDS = ", whose numbers are blurred at edges: --unknown nearest mends two classes, black and white, and no more"


@dataclass(frozen=True)
class LabelFacts:
    """One label: its codes, its size, and what its header says; or what is wrong with it."""

    counts: CodeCounts
    width: int
    height: int
    oddities: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class LabelValue:
    """One value of the labels. name: of its class, "ignore", or empty if no class map knows it.

    is_noise: it looks like a blended edge or a trace of JPEG rather than a class.
    photo: mean colour of the photos where it lies, #rrggbb, of the few that hold most of it; empty without photos.
    """

    code: int
    value: str
    pixels: int
    share: float
    files: int
    name: str
    is_noise: bool
    photo: str = ""


@dataclass(frozen=True)
class ReadFacts:
    """Reads a label with the reader of this name."""

    reader: str

    def __call__(self, label: RawLabel) -> LabelFacts:
        """Read it; a problem is part of the facts."""
        try:
            with within_limits(Path(label.name)):
                counts, width, height = NO_CODES, 0, 0
                for codes in code_strips(reader_named(self.reader), label):
                    counts, width, height = counts + count_codes(codes), codes.shape[1], height + codes.shape[0]
                oddities = label_oddities(Path(label.name), label_bytes(label)) if self.reader in _IMAGE_FILES else ()
                return LabelFacts(counts, width, height, oddities)
        except SegError as error:
            return LabelFacts(NO_CODES, 0, 0, problem=str(error))


def unreadable(source: LabelSource, facts: Sequence[LabelFacts]) -> list[str]:
    """What is wrong with each label that cannot be read."""
    return [*source.damaged.values(), *(each.problem for each in facts if each.problem)]


def file_remarks(source: LabelSource, facts: Sequence[LabelFacts], reader: str) -> list[str]:
    """One remark for each label that cannot be read, for what is missing, and for each oddity of file headers."""
    texts = {
        "jpeg": ("JPEG mask", "", _JPEG_IDS if reader == "ids" else _JPEG_COLORS),
        "palette": ("palette image", "", _PALETTES.get(reader, "")),
        "alpha": (
            "mask with an alpha channel",
            "masks with an alpha channel",
            "; fully transparent pixels are a value of their own",
        ),
        "16-bit": ("16-bit mask", "", ", read as ids"),
        "32-bit": ("mask of 32 or 64 bits", "masks of 32 or 64 bits", ", whose whole numbers are read as ids"),
    }
    remarks = [f"cannot be read: {problem}" for problem in unreadable(source, facts)]
    if source.missing:
        remarks.append(f"listed but not there: {list_some(source.missing)}")
    for oddity, (one, many, text) in texts.items():
        names = [label.short_name for label, each in zip(source.labels, facts, strict=True) if oddity in each.oddities]
        if names:
            remarks.append(f"{counted(len(names), one, many)}{text} ({list_some(names)})")
    return remarks


def class_remarks(
    values: Sequence[LabelValue], reader: LabelReader, classes: ClassMap | None, beside: Path | None
) -> list[str]:
    """How values and class map agree, and which values look like noise."""
    remarks = []
    if beside is not None:
        remarks.append(f"names are from {beside}")
    if classes is not None and reader.name in (*_IMAGE_FILES, "mat", "npy"):
        seen = {value.name for value in values}
        absent = [name for name in classes.names if name not in seen]
        if absent:
            remarks.append(
                f"{len(absent):,} of {counted(len(classes), 'class', 'classes')} of the class map "
                f"{verb(len(absent), 'occurs', 'occur')} in no mask ({list_some(absent)}); are its colours or ids "
                "right?"
            )
    if reader.name == "ids" and {value.code for value in values} == {0, 255}:
        remarks.append("only 0 and 255: black and white masks; name both in the class map (name,#rrggbb,255)")
    noise = [value for value in values if value.is_noise]
    if look_like_photos({value.code: value.pixels for value in values}, sum(value.pixels for value in values)):
        remarks.append(f"{counted(len(values), 'value')}: {VALUES_OF_PHOTOS}")
    elif noise:
        share = sum(value.share for value in noise)
        remarks.append(
            f"{counted(len(noise), 'value')} ({share:.2%} of the pixels) {verb(len(noise), 'looks', 'look')} like "
            "blended edges or JPEG traces, not like classes: --unknown nearest gives them to the nearest class"
        )
    return remarks


def photo_remarks(
    found: LabelSource, facts: Sequence[LabelFacts], photos: Sequence[FoundFile], pairing: Pairing
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
        "stored": ("mask", "was", "were", "drawn on the photo before EXIF turns it; converting turns them with it"),
        "size": ("mask", "has", "have", "another size than the photo; converting brings them to the image's size"),
        "shape": ("mask", "has", "have", "another shape than the photo; converting refuses them without --stretch"),
        "over": ("photo", "is", "are", "turned over, mirrored, or square and turned by EXIF: sizes cannot say how "
                 "masks lie; converting takes them as the other turned photos show, or as upright: look at some"),
        "damaged": ("photo", "cannot", "cannot", "be read"),
    }  # fmt: skip
    remarks = [
        f"{counted(len(names), noun)} {verb(len(names), one, many)} {text} ({list_some(names)})"
        for case, (noun, one, many, text) in texts.items()
        if (names := cases[case])
    ]
    if not pairing.pairs:
        remarks.append("names of photos and masks do not pair; 'seg-prep masks convert' suggests --match")
    return remarks


def _compared(file: FoundFile, facts: LabelFacts) -> str:
    try:
        photo = open_photo(file.path, page=file.page)
    except SegError:
        return "damaged"
    drawn = drawn_on((facts.width, facts.height), photo)
    if drawn is None:
        return "shape"
    if drawn == "stored":
        return "stored"
    if (facts.width, facts.height) != photo.upright_size:
        return "size"
    return "over" if is_unclear(photo) else "same"
