"""Who reads the labels of a conversion, and what their values mean."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from prep.converting.job import HasUncovered
from prep.converting.options import ConvertOptions
from prep.converting.sources import Sources
from prep.converting.values.black_and_white import with_white_as_second
from prep.converting.values.counted import (
    by_grey_levels,
    note_on_counting,
    numbered_as_maps,
    refuse_first_id,
    values_of_set,
)
from prep.converting.values.lossy import refuse_lossy_ids
from prep.converting.values.meaning import (
    Meaning,
    meaning_of,
    needs_background,
    recolored,
    with_first_as_background,
    with_region_names,
    with_unlabelled,
)
from prep.converting.values.more_labels import as_listed
from prep.converting.values.numbered_masks import by_number, refuse_unsaid_folders
from prep.converting.values.object_masks import of_one_class
from prep.converting.values.proposal import Lists, no_meaning
from prep.converting.values.spelling import counted_objects, named_alike, similar_names
from prep.converting.values.train_ids import by_held_ids
from prep.converting.values.unknown import replacement
from prep.core.classes import IGNORE_INDEX, IGNORE_NAME
from prep.core.jobs import run_jobs
from prep.core.progress import Progress
from prep.core.words import list_some
from prep.dataset.dataset_files import CLASSES
from prep.labels.class_files import long_list
from prep.labels.pixels.part_masks import ClassMaskReader
from prep.labels.reader import LabelReader, LabelSource, RawLabel
from prep.labels.region_labels import BACKGROUND, UNCOVERED, RegionCodes
from prep.labels.registry import reader_of
from prep.labels.tables.beside import note_on_lists, passed_over, tables_beside
from prep.labels.tables.order import refuse_other_numbers

_LOOKED_AT_FIRST = 4


def reader_and_meaning(
    found: Sources,
    labels: Sequence[RawLabel],
    classes_file: Path | None,
    options: ConvertOptions,
    workers: int | None,
    progress: Progress,
) -> tuple[LabelReader, Meaning]:
    """Decide both for the labels that are going to be converted; SegError lists their values if nothing tells.

    classes_file: a class map that was named.  workers: as of `run_jobs`, where values have to be looked at first.
    """
    meaning = _stated(found, classes_file, options)
    has_colors = meaning is None or meaning.has_colors
    shows = has_colors and options.first_id is None  # who says how rows are counted means ids, where masks hold some
    has_ids = meaning is None or meaning.has_ids or options.first_id is not None
    reader = reader_of(found.labels, labels, meaning.classes if meaning else None, has_colors=shows, has_ids=has_ids)
    if meaning is None or (reader.name == "rgb" and not has_colors):
        values = values_of_set(reader, labels, workers, progress)
        source = found.source
        lists = Lists(long_list(source), tables_beside(source), passed_over(source), found.labels.notes)
        raise no_meaning(values, reader, meaning, labels, lists, found.labels.unlabelled)
    refuse_first_id(options.first_id, reader, names_regions=found.labels.names is not None)
    kept = found.before.classes if found.before and found.keeps_masks_beside(labels) else None
    meaning = of_one_class(meaning, reader, kept, partial(found.numbers_of_classes, options))
    held = partial(_held, reader, labels, workers, progress)
    meaning = by_grey_levels(by_held_ids(meaning, reader, held), reader, options.first_id, held)
    meaning = with_white_as_second(meaning, reader, labels, workers, progress)
    meaning = numbered_as_maps(meaning, reader, options.first_id, held)
    lossy = refuse_lossy_ids(meaning, reader, labels, options.reader)
    says_rest = _says_rest(meaning, reader, found.labels)
    is_listed = classes_file is not None or meaning.found is not None
    is_before = found.before is not None and meaning.classes is found.before.classes
    if not (is_listed or is_before or options.reader == found.labels.reader):
        refuse_unsaid_folders(found.labels, meaning)
    meaning = _with_rest(meaning, reader, found.labels, labels, options, workers, is_listed=is_listed)
    if options.unknown != "error":
        replacement(options.unknown, reader, meaning.classes)  # fails here, before any work, if there is no such class
    notes = _notes(meaning, reader, found.source, labels, options.first_id, progress)
    if options.unlabelled and not says_rest:
        notes.append(f"--unlabelled {options.unlabelled} changes nothing: these masks give every pixel a value")
    return reader, replace(meaning, notes=(*meaning.notes, *([lossy] if lossy else []), *notes))


def _held(reader: LabelReader, labels: Sequence[RawLabel], workers: int | None, progress: Progress) -> Collection[int]:
    """Every code of these labels."""
    return values_of_set(reader, labels, workers, progress).pixels


def _stated(found: Sources, classes_file: Path | None, options: ConvertOptions) -> Meaning | None:
    """What a person, the labels, the dataset or a file beside the labels say, in the colours that a person named."""
    before = found.before.classes if found.before else None
    meaning = meaning_of(found.source, found.labels, classes_file, options.first_id, before)
    if meaning is not None and meaning.classes is before and classes_file is None and found.labels.names is None:
        meaning = as_listed(before, found.root / CLASSES, found.source)
    if meaning is None or not options.colors:
        return meaning
    return replace(meaning, classes=recolored(meaning.classes, options.colors), has_colors=True)


def _with_rest(
    meaning: Meaning,
    reader: LabelReader,
    source: LabelSource,
    labels: Sequence[RawLabel],
    options: ConvertOptions,
    workers: int | None,
    *,
    is_listed: bool,
) -> Meaning:
    """Say also what pixels mean that no region covers, or that nobody labelled.

    is_listed: whether a file that a person named, or that lies beside the labels, says the classes.
    """
    if source.names is not None:
        listed = meaning.classes.names
        begun = with_first_as_background(meaning) if is_listed and not options.unlabelled else meaning
        unsure = begun is not meaning or needs_background(meaning, options.unlabelled)
        covered = unsure and _all_covered(reader, labels, workers)
        meaning = meaning if covered else begun  # of an export all lies in regions, and bg is one
        called, note = _called_otherwise(meaning, source, source.names, options)
        changed = zip(listed, meaning.classes.names, strict=True)
        called = {**called, **{before: after for before, after in changed if before != after}}
        meaning = replace(meaning, notes=(*meaning.notes, note)) if note else meaning
        return with_region_names(meaning, source.names, options.unlabelled, called, covered=covered)
    if reader.name != "rgb" and source.unlabelled:
        return with_unlabelled(meaning, source.unlabelled, options.unlabelled or IGNORE_NAME)
    if _has_rest(meaning, reader) and not _all_covered(reader, labels, workers):
        return with_unlabelled(meaning, (UNCOVERED,), options.unlabelled or BACKGROUND)
    return meaning


def _called_otherwise(
    meaning: Meaning, source: LabelSource, names: Sequence[str], options: ConvertOptions
) -> tuple[Mapping[str, str], str]:
    """What the class map calls names of the labels that are ids, or spelt otherwise; and what a person should know."""
    found, note = by_number(source, meaning)
    if note:
        return found, note
    are_masks = source.reader == ClassMaskReader.name
    if options.unknown != "nearest" and not are_masks:
        return {}, ""
    left_out = {name for name, _ in meaning.ignored}
    alike = counted_objects if options.unknown == "nearest" else named_alike
    spelt = alike([name for name in names if name not in left_out], meaning.classes.names)
    shown = list_some([f"{name} as {known}" for name, known in spelt.items()])
    return spelt, f"read in another spelling: {shown}" if spelt else ""


def _says_rest(meaning: Meaning, reader: LabelReader, source: LabelSource) -> bool:
    """Whether these labels can leave pixels in no region, or unlabelled."""
    return source.names is not None or (reader.name != "rgb" and bool(source.unlabelled)) or _has_rest(meaning, reader)


def _has_rest(meaning: Meaning, reader: LabelReader) -> bool:
    """Whether id 0, or black, means pixels of no class by the rules of the tool that wrote the class map."""
    return meaning.zero_is_rest and UNCOVERED not in reader.table(meaning.classes)


def _all_covered(reader: LabelReader, labels: Sequence[RawLabel], workers: int | None) -> bool:
    """Whether every pixel lies in a region: as a rule, the first labels say that it does not."""
    uncovered = HasUncovered(reader.name)
    first, rest = labels[:_LOOKED_AT_FIRST], labels[_LOOKED_AT_FIRST:]
    return not any(map(uncovered, first)) and not any(run_jobs(uncovered, rest, workers))


def _notes(
    meaning: Meaning,
    reader: LabelReader,
    source: Path,
    labels: Sequence[RawLabel],
    first_id: int | None,
    progress: Progress,
) -> list[str]:
    """How a list was counted, names that are hard to tell apart, lists beside the labels that were not taken."""
    counted = note_on_counting(meaning, reader, first_id)
    if counted and meaning.found is not None:
        numbers = dict(zip(meaning.classes.names, meaning.classes.ids, strict=True))
        refuse_other_numbers(meaning.found, numbers, tables_beside(source))
    said = [counted, similar_names(meaning.classes, are_names=isinstance(reader, RegionCodes))]
    if meaning.guessed and (beside := tables_beside(source)):
        held = values_of_set(reader, labels[:_LOOKED_AT_FIRST], 1, progress).pixels
        table = reader.table(meaning.classes)
        classes = sum(table.get(code, 0) != IGNORE_INDEX for code in held)
        said.append(note_on_lists(beside, classes, {label.stem for label in labels}))
    return [note for note in said if note]
