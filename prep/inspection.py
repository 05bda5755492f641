"""Look into raw labels before converting them: every value, what it may mean, and what is odd about the files."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.classes import IGNORE_INDEX, ClassMap, Color, parse_color
from prep.errors import SegError
from prep.executor import run_jobs
from prep.files import within_limits
from prep.finding import FoundFile, find_photos, photos_beside
from prep.imageio import open_picture
from prep.labelling import class_map_of
from prep.labels.choice import choose_reader, look, reader_named
from prep.labels.content import content_of
from prep.labels.reader import LabelReader, LabelSource, RawLabel, read_codes
from prep.noise import EXACT, LOSSY, noise_among
from prep.pairing import SAME_STEM, Pairing, Patterns, list_some, pair_in_order, pair_stems
from prep.photoio import open_photo
from prep.photos import Photo
from prep.placement import drawn_on
from prep.progress import Progress, silent
from prep.seen import PairedLabel, Seen, see_values
from prep.value_sheet import SheetRow

VALUES_SEEN = 30
"""Values that are looked up in the photos: the most common that are no noise."""

_FILES = ("rgb", "ids")
"""Readers of image files; the others have no header to look at."""

_TURNED_OVER = (2, 3, 4)
"""EXIF orientations that keep width and height, so that a size says nothing about them."""


@dataclass(frozen=True)
class Facts:
    """One label: its values with their pixels, both (N,), its size, and what its header says; or what is wrong."""

    codes: NDArray[np.uint32]
    pixels: NDArray[np.int64]
    width: int
    height: int
    oddities: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Value:
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
class Inspection:
    """What a label source holds: values by falling pixels, and remarks on what is odd, each with what to do."""

    reader: str
    labels: int
    values: tuple[Value, ...]
    remarks: tuple[str, ...]
    classes: ClassMap = field(repr=False)
    seen: Mapping[int, Seen] = field(default_factory=dict, repr=False)
    """What the photos show where the most common values lie, by code."""


def inspect_labels(
    source: Path,
    *,
    photos: Path | None = None,
    classes_file: Path | None = None,
    reader: str | None = None,
    variable: str = "",
    first_id: int | None = None,
    patterns: Patterns = SAME_STEM,
    workers: int | None = None,
    progress: Progress = silent,
) -> Inspection:
    """Read all labels of a source and say what is in them; nothing is written.

    Raises SegError if there are no labels, or the class map or a photo folder that was named cannot be read.
    """
    found = look(source, reader, variable)
    meaning = class_map_of(source, found, classes_file, first_id, None)
    classes = meaning.classes if meaning else None
    chosen = reader_named(found.reader, found.names) if found.reader else choose_reader(found.labels, classes)
    facts = run_jobs(_Look(chosen.name), found.labels, workers, progress)
    values = _values(facts, chosen, classes, found)
    files = _photos(source, photos, found)
    pairing = _pairing(found, files, patterns)
    seen = _seen(found, facts, files, pairing, values, chosen, workers)
    values = [replace(value, photo=seen[value.code].color) if value.code in seen else value for value in values]
    remarks = [
        *_problems(facts),
        *(f"listed but not there: {list_some(found.missing)}" for _ in [0] if found.missing),
        *_header_remarks(found.labels, facts),
        *_class_remarks(values, chosen, classes, meaning.found if meaning else None),
        *_photo_remarks(found, facts, files, pairing),
        *found.notes,
    ]
    real = sorted(value.code for value in values if not value.is_noise and value.name != "ignore")
    return Inspection(
        chosen.name, len(found.labels), tuple(values), tuple(remarks), _class_map(chosen, real, values, classes), seen
    )


@dataclass(frozen=True)
class _Look:
    reader: str

    def __call__(self, label: RawLabel) -> Facts:
        try:
            with within_limits(Path(label.name)):
                values = read_codes(reader_named(self.reader), label)
                codes, pixels = np.unique(values, return_counts=True)
                oddities = _oddities(label) if self.reader in _FILES else ()
        except SegError as error:
            return Facts(np.zeros(0, np.uint32), np.zeros(0, np.int64), 0, 0, problem=str(error))
        return Facts(codes, pixels.astype(np.int64), values.shape[1], values.shape[0], oddities)


def _oddities(label: RawLabel) -> tuple[str, ...]:
    picture = open_picture(Path(label.name), content_of(label))
    odd = []
    if picture.format in ("JPEG", "MPO"):
        odd.append("jpeg")
    if picture.mode in ("P", "PA"):
        odd.append("palette")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        odd.append("alpha")
    if picture.mode.startswith("I"):
        odd.append("16-bit")
    return tuple(odd)


def _values(facts: Sequence[Facts], reader: LabelReader, classes: ClassMap | None, source: LabelSource) -> list[Value]:
    pixels: dict[int, int] = defaultdict(int)
    files: dict[int, int] = defaultdict(int)
    for each in facts:
        for code, count in zip(each.codes.tolist(), each.pixels.tolist(), strict=True):
            pixels[code] += count
            files[code] += 1
    total = max(1, sum(pixels.values()))
    names = _names(reader, classes, source)
    limits = LOSSY if any("jpeg" in each.oddities for each in facts) else EXACT
    noise = noise_among(pixels, names.keys(), limits) if reader.name == "rgb" else frozenset[int]()
    return [
        Value(
            code,
            reader.describe(code),
            pixels[code],
            pixels[code] / total,
            files[code],
            names.get(code, ""),
            code in noise,
        )
        for code in sorted(pixels, key=lambda code: (-pixels[code], code))
    ]


def _names(reader: LabelReader, classes: ClassMap | None, source: LabelSource) -> Mapping[int, str]:
    """Name of each code that a class map or the source knows."""
    if source.names is not None:
        return dict(enumerate(source.names, start=1))
    if classes is None:
        return dict.fromkeys(source.unlabelled, "never labelled")
    names = {**dict(enumerate(classes.names)), IGNORE_INDEX: "ignore"}
    known = {code: names[index] for code, index in reader.table(classes).items()}
    return {**dict.fromkeys(source.unlabelled, "never labelled"), **known}


def _problems(facts: Sequence[Facts]) -> list[str]:
    problems = [each.problem for each in facts if each.problem]
    return [f"cannot be read: {problem}" for problem in problems]


def _header_remarks(labels: Sequence[RawLabel], facts: Sequence[Facts]) -> list[str]:
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


def _class_remarks(
    values: Sequence[Value], reader: LabelReader, classes: ClassMap | None, beside: Path | None
) -> list[str]:
    remarks = []
    if beside is not None:
        remarks.append(f"names are from {beside}")
    if classes is not None and reader.name in (*_FILES, "mat"):
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


def _photos(source: Path, given: Path | None, found: LabelSource) -> list[FoundFile]:
    if given is not None:
        return find_photos([given])
    if found.photos:
        return [FoundFile(path, f"{stem}{path.suffix}") for stem, path in sorted(found.photos.items())]
    return photos_beside(source)


def _pairing(found: LabelSource, photos: Sequence[FoundFile], patterns: Patterns) -> Pairing:
    stems = [label.stem for label in found.labels]
    pairing = pair_stems([file.stem for file in photos], stems, patterns)
    if not pairing.pairs and found.in_order and len(photos) == len(stems):
        return pair_in_order([file.stem for file in photos], stems)
    return pairing


def _seen(
    found: LabelSource,
    facts: Sequence[Facts],
    photos: Sequence[FoundFile],
    pairing: Pairing,
    values: Sequence[Value],
    reader: LabelReader,
    workers: int | None,
) -> dict[int, Seen]:
    """What the photos show under the values that are shown."""
    by_stem = {file.stem: file.path for file in photos}
    by_label = {label.stem: (label, each) for label, each in zip(found.labels, facts, strict=True)}
    pairs = []
    for image, stem in pairing.pairs:
        label, each = by_label[stem]
        counts = dict(zip(each.codes.tolist(), each.pixels.tolist(), strict=True))
        pairs.append(PairedLabel(label, by_stem[image], counts))
    codes = [value.code for value in values if not value.is_noise][:VALUES_SEEN]
    return see_values(pairs, codes, reader, workers)


def _photo_remarks(
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


def sheet_rows(found: Inspection) -> list[SheetRow]:
    """A row of the contact sheet for each value that is no noise, the most common first."""
    return [
        SheetRow(
            parse_color(value.value) if found.reader == "rgb" and value.value.startswith("#") else None,
            (
                value.value if found.reader == "rgb" else f"id {value.value}",
                value.name or "no class",
                f"{value.share:.2%} in {value.files} files",
                f"photo there: {value.photo or '-'}",
            ),
            found.seen.get(value.code),
        )
        for value in found.values
        if not value.is_noise
    ][:VALUES_SEEN]


def _class_map(reader: LabelReader, codes: Sequence[int], values: Sequence[Value], known: ClassMap | None) -> ClassMap:
    """The class map to write: known names where there are some, made-up ones for the other values."""
    names = {value.code: value.name for value in values if value.name}
    proposed = reader.propose([code for code in codes if names.get(code) != "never labelled"][:250])
    codes = [code for code in codes if names.get(code) != "never labelled"][: len(proposed)]
    colors = dict(zip(known.names, known.colors, strict=True)) if known and reader.name != "rgb" else {}
    rows: dict[str, list[tuple[Color, int]]] = {}
    for code, made_up, color, raw in zip(codes, proposed.names, proposed.colors, proposed.ids, strict=True):
        name = names.get(code, made_up)
        if code not in names and made_up in names.values():  # all made up is at least consistent
            return proposed
        rows.setdefault(name, []).append((colors.get(name, color), raw))
    by_color = reader.name == "rgb"
    try:
        return ClassMap(
            tuple(rows),
            tuple(values[0][0] for values in rows.values()),
            () if by_color else tuple(values[0][1] for values in rows.values()),
            more_ids=() if by_color else tuple(tuple(raw for _, raw in values[1:]) for values in rows.values()),
            more_colors=tuple(tuple(color for color, _ in values[1:]) for values in rows.values()) if by_color else (),
        )
    except SegError:  # a made-up colour meets a known one
        return proposed
