"""Look into raw labels before converting them: every value, what it may mean, and what is odd about the files."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from prep.converting.crops import PairedLabel, Seen, SheetRow, see_values
from prep.converting.meaning import class_map_of
from prep.converting.noise import EXACT, LOSSY, noise_among
from prep.converting.oddities import (
    Facts,
    FactsOf,
    Value,
    class_remarks,
    header_remarks,
    photo_remarks,
    problem_remarks,
)
from prep.converting.pairing import SAME_STEM, Pairing, Patterns, pair_in_order, pair_stems
from prep.core.classes import IGNORE_INDEX, ClassMap, Color, parse_color
from prep.core.errors import SegError
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.core.words import list_some
from prep.images.finding import FoundFile, find_photos, photos_beside
from prep.labels.pixels.images import choose_reader
from prep.labels.reader import LabelReader, LabelSource
from prep.labels.registry import look, reader_named

VALUES_SEEN = 30
"""Values that are looked up in the photos: the most common that are no noise."""


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
    facts = run_jobs(FactsOf(chosen.name), found.labels, workers, progress)
    values = _values(facts, chosen, classes, found)
    files = _photos(source, photos, found)
    pairing = _pairing(found, files, patterns)
    seen = _seen(found, facts, files, pairing, values, chosen, workers)
    values = [replace(value, photo=seen[value.code].color) if value.code in seen else value for value in values]
    remarks = [
        *problem_remarks(facts),
        *(f"listed but not there: {list_some(found.missing)}" for _ in [0] if found.missing),
        *header_remarks(found.labels, facts),
        *class_remarks(values, chosen, classes, meaning.found if meaning else None),
        *photo_remarks(found, facts, files, pairing),
        *found.notes,
    ]
    real = sorted(value.code for value in values if not value.is_noise and value.name != "ignore")
    return Inspection(
        chosen.name, len(found.labels), tuple(values), tuple(remarks), _class_map(chosen, real, values, classes), seen
    )


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
