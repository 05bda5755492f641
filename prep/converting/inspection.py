"""Look into raw labels before converting them: every value, what it may mean, and what is odd about the files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from prep.converting.crops import Appearance, PairedLabel, SheetRow, draw_sheet, value_appearances
from prep.converting.oddities import (
    LabelFacts,
    LabelValue,
    ReadFacts,
    class_remarks,
    file_remarks,
    photo_remarks,
    unreadable,
)
from prep.converting.pairing import Pairing, pairing_of
from prep.converting.values.counted import by_grey_levels, numbered_as_maps, refuse_first_id
from prep.converting.values.meaning import meaning_of
from prep.converting.values.noise import EXACT, LOSSY, noise_among
from prep.converting.values.spelling import similar_names
from prep.converting.values.train_ids import by_held_ids
from prep.converting.values.unknown import add_up
from prep.core.classes import IGNORE_INDEX, IGNORE_NAME, ClassMap, Color, classes_text, format_list, parse_color
from prep.core.errors import SegError
from prep.core.files import read_bytes, write_bytes
from prep.core.jobs import run_jobs
from prep.core.progress import Progress, silent
from prep.core.words import counted
from prep.dataset.transaction import writing
from prep.images.finding import FoundFile, find_photos, photos_beside
from prep.images.imageio import ImageRGB, encode_png
from prep.labels.layouts.affixes import Patterns
from prep.labels.reader import LabelReader, LabelSource
from prep.labels.registry import label_source, reader_of
from prep.labels.unpacking import unpacked

_VALUES_SHOWN = 30
"""Values that are looked up in the photos: the most common that are no noise."""


@dataclass(frozen=True)
class Inspection:
    """What a label source holds: values by falling pixels, and remarks on what is odd, each with what to do.

    problems: what is wrong with each label that cannot be read, which the remarks say, too.
    """

    reader: str
    labels: int
    values: tuple[LabelValue, ...]
    remarks: tuple[str, ...]
    classes: ClassMap = field(repr=False)
    appearances: Mapping[int, Appearance] = field(default_factory=dict, repr=False)
    """What the photos show where the most common values lie, by code."""
    problems: tuple[str, ...] = ()


def inspect_labels(
    source: Path,
    *,
    photos: Path | None = None,
    classes_file: Path | None = None,
    reader: str | None = None,
    variable: str = "",
    first_id: int | None = None,
    patterns: Patterns | None = None,
    workers: int | None = None,
    progress: Progress = silent,
) -> Inspection:
    """Read all labels of a source and say what is in them; nothing is written.

    Raises SegError if there are no labels, or the class map or a photo folder that was named cannot be read.
    """
    with unpacked(source, variable=variable) as place:
        found = label_source(place, reader, variable, patterns, photos)
        return _inspected(source, place, found, photos, classes_file, first_id, patterns, workers, progress)


def _inspected(
    source: Path,
    unpacked: Path,
    found: LabelSource,
    photos: Path | None,
    classes_file: Path | None,
    first_id: int | None,
    patterns: Patterns | None,
    workers: int | None,
    progress: Progress,
) -> Inspection:
    """Read the labels of a source that was found."""
    files = _photos(source, photos, found, unpacked)
    pairing = pairing_of([file.stem for file in files], found, patterns, {file.stem: file.own_stem for file in files})
    found = replace(found, labels=tuple(label for label in found.labels if label.stem not in pairing.left_out))
    meaning = meaning_of(source, found, classes_file, first_id, None)
    classes = meaning.classes if meaning else None
    shows = first_id is None and (meaning is None or meaning.has_colors)
    has_ids = meaning is None or meaning.has_ids or first_id is not None
    chosen = reader_of(found, found.labels, classes, has_colors=shows, has_ids=has_ids)
    refuse_first_id(first_id, chosen, names_regions=found.names is not None)
    facts = run_jobs(ReadFacts(chosen.name), found.labels, workers, progress)
    if meaning:
        held = {code for each in facts for code in each.counts.codes.tolist()}
        meaning = by_grey_levels(by_held_ids(meaning, chosen, lambda: held), chosen, first_id, lambda: held)
        meaning = numbered_as_maps(meaning, chosen, first_id, lambda: held)
        classes = meaning.classes
    values = _values(facts, chosen, classes, found)
    appearances = _appearances(found, facts, files, pairing, values, chosen, workers)
    values = [
        replace(value, photo=appearances[value.code].color) if value.code in appearances else value for value in values
    ]
    remarks = [
        *file_remarks(found, facts, chosen.name),
        *class_remarks(values, chosen, classes, meaning.found if meaning else None),
        *photo_remarks(found, facts, files, pairing),
        *pairing.notes,
        *found.notes,
        *(meaning.notes if meaning else ()),
        *filter(None, [similar_names(classes, are_names=found.names is not None) if classes else ""]),
    ]
    class_map = _class_map(chosen, values, classes)
    problems = tuple(unreadable(found, facts))
    return Inspection(chosen.name, len(found.labels), tuple(values), tuple(remarks), class_map, appearances, problems)


def write_results(found: Inspection, class_map: Path | None, sheet: Path | None, *, overwrite: bool) -> None:
    """Write the class map of an inspection, and a PNG of what the photos show where each value lies, where asked.

    A class map is JSON if its name ends so, else a list to edit. Raises SegError, and writes nothing, if there are no
    photos for a sheet, or if a file exists with another content and `overwrite` is not set.
    """
    contents = {class_map: _class_map_file(class_map, found)} if class_map else {}
    if sheet:
        contents[sheet] = encode_png(_sheet(sheet, found))
    for path, content in contents.items():
        if path.exists() and not overwrite and read_bytes(path) != content:
            raise SegError(f"{path}: exists already; add --overwrite to replace it")
    for path, content in contents.items():
        with writing(path.parent, target=path):
            write_bytes(path, content)


def _class_map_file(path: Path, found: Inspection) -> bytes:
    is_json = path.suffix.lower() == ".json"
    return (classes_text(found.classes) if is_json else format_list(found.classes) + "\n").encode("utf-8")


def _sheet(path: Path, found: Inspection) -> ImageRGB:
    if not found.appearances:
        raise SegError(
            f"{path}: no photo lies under these labels, so that there is nothing to show; say with --images FOLDER "
            "where the photos are"
        )
    return draw_sheet(_sheet_rows(found))


def _values(
    facts: Sequence[LabelFacts], reader: LabelReader, classes: ClassMap | None, source: LabelSource
) -> list[LabelValue]:
    totals = add_up((label.name, each.counts) for label, each in zip(source.labels, facts, strict=True))
    pixels = totals.pixels
    total = max(1, sum(pixels.values()))
    names = _names(reader, classes, source)
    limits = LOSSY if any("jpeg" in each.oddities for each in facts) else EXACT
    noise = noise_among(pixels, names.keys(), limits) if reader.name == "rgb" else frozenset[int]()
    return [
        LabelValue(
            code,
            reader.describe(code),
            pixels[code],
            pixels[code] / total,
            totals.files[code],
            names.get(code, ""),
            code in noise,
        )
        for code in totals.by_pixels()
    ]


def _names(reader: LabelReader, classes: ClassMap | None, source: LabelSource) -> Mapping[int, str]:
    """Name of each code that a class map or the source knows."""
    if source.names is not None:
        return {**dict(enumerate(source.names, start=1)), IGNORE_INDEX: IGNORE_NAME}
    if classes is None:
        return dict.fromkeys(source.unlabelled, "never labelled")
    names = {**dict(enumerate(classes.names)), IGNORE_INDEX: IGNORE_NAME}
    known = {code: names[index] for code, index in reader.table(classes).items()}
    return {**dict.fromkeys(source.unlabelled, "never labelled"), **known}


def _photos(source: Path, given: Path | None, found: LabelSource, unpacked: Path) -> list[FoundFile]:
    if given is not None:
        return find_photos([given], without={label.at for label in found.labels})
    if found.photos:
        return found.photo_files
    return next(filter(None, map(photos_beside, dict.fromkeys((unpacked, source)))), [])


def _appearances(
    found: LabelSource,
    facts: Sequence[LabelFacts],
    photos: Sequence[FoundFile],
    pairing: Pairing,
    values: Sequence[LabelValue],
    reader: LabelReader,
    workers: int | None,
) -> dict[int, Appearance]:
    """What the photos show under the values that are shown."""
    by_stem = {file.stem: file for file in photos}
    by_label = {label.stem: (label, each.counts) for label, each in zip(found.labels, facts, strict=True)}
    pairs = []
    for image, stem in pairing.pairs:
        label, counts = by_label[stem]
        pairs.append(PairedLabel(label, by_stem[image], counts.by_code()))
    codes = [value.code for value in values if not value.is_noise][:_VALUES_SHOWN]
    return value_appearances(pairs, codes, reader, workers)


def _sheet_rows(found: Inspection) -> list[SheetRow]:
    """A row of the contact sheet for each value that is no noise, the most common first."""
    return [
        SheetRow(
            parse_color(value.value) if found.reader == "rgb" and value.value.startswith("#") else None,
            (
                value.value if found.reader == "rgb" else f"id {value.value}",
                value.name or "no class",
                f"{value.share:.2%} in {counted(value.files, 'file')}",
                f"photo there: {value.photo or '-'}",
            ),
            found.appearances.get(value.code),
        )
        for value in found.values
        if not value.is_noise
    ][:_VALUES_SHOWN]


def _class_map(reader: LabelReader, values: Sequence[LabelValue], known: ClassMap | None) -> ClassMap:
    """The class map to write: known names where there are some, made-up ones for the other values."""
    names = {value.code: value.name for value in values if value.name}
    wanted = sorted(v.code for v in values if not (v.is_noise or v.name in ("ignore", "never labelled")))[:250]
    proposed = reader.propose(wanted)
    codes = wanted[: len(proposed)]
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
            ids=() if by_color else tuple(values[0][1] for values in rows.values()),
            more_ids=() if by_color else tuple(tuple(raw for _, raw in values[1:]) for values in rows.values()),
            more_colors=tuple(tuple(color for color, _ in values[1:]) for values in rows.values()) if by_color else (),
        )
    except SegError:  # a made-up colour meets a known one
        return proposed
