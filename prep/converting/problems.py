"""What keeps a conversion from going on, in words: files that fail, ids counted wrongly, values of no class."""

import shlex
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from prep.converting.crops import Appearance, PairedLabel, value_appearances
from prep.converting.job import LabelOutcome
from prep.converting.plan import ConversionPlan
from prep.converting.values.as_many import as_many_values
from prep.converting.values.black_and_white import grey_between, two_lines
from prep.converting.values.counted import (
    first_is_missing,
    lacks_background,
    wrongly_counted,
    wrongly_stated,
)
from prep.converting.values.meaning import Meaning
from prep.converting.values.noise import VALUES_OF_PHOTOS, align, look_like_photos, proposal_text, proposed_colors
from prep.converting.values.proposal import on_steps
from prep.converting.values.unknown import CodeTotals, are_numbers, nearest_class
from prep.converting.values.ways import ways_of_two_kinds, ways_on
from prep.core.classes import IGNORE_INDEX, ClassMap, format_list
from prep.core.failures import refused
from prep.core.words import counted, list_some, verb
from prep.dataset.dataset_files import STATES
from prep.dataset.states import read_states, with_rejected_mask
from prep.images.finding import FoundFile
from prep.labels.reader import LabelReader
from prep.labels.region_labels import BACKGROUND

_VALUES_SHOWN = 20


def refuse(
    outcomes: Sequence[LabelOutcome], unknown: CodeTotals, pixels: NDArray[np.int64], plan: ConversionPlan
) -> None:
    """SegError that says what keeps the converted masks from becoming the dataset's, and what to do, if anything does.

    unknown: the codes of all labels that are no class.  pixels: (256,) of all masks by value.
    """
    problems = [outcome.problem for outcome in outcomes if outcome.problem]
    if len(problems) == len(outcomes):
        raise refused([*plan.labels.damaged.values(), *problems], "Nothing was written.")
    if problem := _first_problem(outcomes, unknown, pixels, plan):
        found = f"\n(classes: {plan.meaning.found})" if plan.meaning.found else ""
        found += f"\n({plan.meaning.notes[0]})" if plan.meaning.guessed else ""
        raise refused(problems, f"{problem}{found}")  # what is wrong with a file may be the cause


def refuse_masks_of_old_classes(outcomes: Sequence[LabelOutcome], plan: ConversionPlan) -> None:
    """SegError where the classes change and a mask of before would stay, because its label cannot be used."""
    if plan.before is None or not len(plan.before) or plan.written == plan.before:
        return
    states = read_states(plan.root / STATES)
    failed = {outcome.sample.stem: outcome.problem for outcome in outcomes if outcome.problem}
    old = [with_rejected_mask(plan.root, plan.known[stem], states) for stem in sorted(failed) if stem in plan.known]
    if left := [sample.stem for sample in old if sample.mask]:
        raise refused(
            [failed[stem] for stem in left],
            f"{plan.root}: has another class map, and {len(left):,} of its masks would stay as "
            f"{verb(len(left), 'it is', 'they are')}, with numbers of those classes ({list_some(left)}); export "
            f"{verb(len(left), 'this label', 'these labels')} again, or convert all labels into another dataset "
            "with -o",
        )


def _first_problem(
    outcomes: Sequence[LabelOutcome], unknown: CodeTotals, pixels: NDArray[np.int64], plan: ConversionPlan
) -> str:
    if question := _first_class(unknown, pixels, plan):
        return question
    if plan.options.unknown != "error":
        return ""
    if question := _first_of_matlab(pixels, plan):
        return question
    if question := _first_class(unknown, pixels, plan, lacks_background):
        return question
    if question := _first_class(unknown, pixels, plan, wrongly_counted, is_said=True):
        return question
    if unknown.pixels and (question := _values_of_names(unknown, pixels, plan)):
        return question
    if question := _first_class(unknown, pixels, plan, wrongly_stated):
        return question
    if unknown.pixels:
        return _of_no_class(outcomes, unknown, pixels, plan)
    held = np.flatnonzero(pixels).tolist()
    if plan.reader.name == "ids" and held[1:] == [IGNORE_INDEX]:
        return (
            f"the masks hold only the ids {plan.classes.ids[held[0]]} and 255, and 255 means ignored: one class is "
            "left. If 255 is a class, save these two lines as classes.txt and add --classes classes.txt:\n\n"
            f"{two_lines(plan.classes)}\n\nIf these pixels are to be left out of training and scores, "
            "add --unknown ignore"
        )
    return ""


def _first_class(
    unknown: CodeTotals,
    pixels: NDArray[np.int64],
    plan: ConversionPlan,
    ask: Callable[[Meaning, Collection[int], Collection[int]], str] = first_is_missing,
    *,
    is_said: bool = False,
) -> str:
    """What to ask where ids were counted and may begin at another one; is_said: of those that a person counted."""
    if (plan.options.first_id is not None) != is_said or plan.labels.names is not None or plan.reader.name == "rgb":
        return ""
    unlabelled = plan.labels.unlabelled
    present = [raw for raw, count in zip(plan.classes.ids, pixels, strict=False) if count and raw not in unlabelled]
    return ask(plan.meaning, present, unknown.pixels)


def _first_of_matlab(pixels: NDArray[np.int64], plan: ConversionPlan) -> str:
    """What to ask where a list was counted from 1, as 0 is unlabelled, and explains the masks counted from 0, too."""
    meaning, options = plan.meaning, plan.options
    if plan.labels.unlabelled != (0,) or plan.labels.names is not None or plan.reader.name == "rgb" or meaning.has_ids:
        return ""
    names = meaning.classes.names
    if options.first_id is not None or options.unlabelled or names[0].lower() not in (BACKGROUND, "bg"):
        return ""
    if pixels[len(names) - 1] or not pixels[IGNORE_INDEX]:
        return ""
    return (
        f"which id is the first of the class map? In MATLAB's labels 0 means that nobody labelled the pixel, and "
        f"{names[0]} would be 1; but {names[-1]} would be in no mask then. Type the same command with\n"
        f"  --first-id 0   if {names[0]} is 0\n  --first-id 1   if it is right as it is: {names[0]} is 1"
    )


def _values_of_names(unknown: CodeTotals, pixels: NDArray[np.int64], plan: ConversionPlan) -> str:
    """What to ask where a list that was counted does not explain the values of the masks.

    They may be as many as its names; a list beside the masks (CUB's species) may be of other things than their greys.
    """
    unlabelled, is_ids = plan.labels.unlabelled, plan.reader.name == "ids"
    if plan.labels.names is not None or plan.reader.name == "rgb":
        return ""
    held = {raw for raw, count in zip(plan.classes.ids, pixels, strict=False) if count and raw not in unlabelled}
    held |= unknown.pixels.keys() | ({IGNORE_INDEX} if pixels[IGNORE_INDEX] and not unlabelled else set())
    if is_ids and (question := grey_between(plan.meaning, held)):
        return question
    if plan.options.first_id is None and (question := as_many_values(plan.meaning, held, unknown.pixels)):
        return question
    question = on_steps(held) if is_ids and plan.meaning.found is not None else ""
    return question and f"which value is which class? The list does not explain the masks. {question}"


def _of_no_class(
    outcomes: Sequence[LabelOutcome], unknown: CodeTotals, pixels: NDArray[np.int64], plan: ConversionPlan
) -> str:
    """All unknown values in one table; and where classes do not occur, what they could be.

    pixels: (256,) of all masks by mask value.
    """
    reader, classes = plan.reader, plan.classes
    seen = value_appearances(_paired(outcomes, plan), unknown.by_pixels()[:_VALUES_SHOWN], reader)
    photos = look_like_photos(unknown.pixels, int(pixels.sum()))
    held = [name for name, count in zip(classes.names, pixels, strict=False) if count]
    absent = [index for index in range(len(classes)) if not pixels[index]]
    tinted = any(pixels[index] and len({*color}) > 1 for index, color in enumerate(classes.colors))
    is_said = plan.options.reader == "rgb"
    text = _table_of(
        unknown, reader, classes, seen, _how_to_add(plan), photos=photos, tinted=tinted, held=held, is_said=is_said
    )
    text += _without_background(unknown.pixels, reader, plan.meaning)
    if seen:
        text += '\n\n"photo" is the mean colour of the photos where the value lies; crops of them are shown by\n  '
        text += _inspect_command(plan)
    if reader.name == "rgb" and absent and not are_numbers(unknown.pixels, len(classes)):
        proposed = proposed_colors(unknown.pixels, int(pixels.sum()), absent, reader, classes)
        text += proposal_text(proposed, reader, classes, seen) if proposed else ""
    return text


def _table_of(
    unknown: CodeTotals,
    reader: LabelReader,
    classes: ClassMap,
    seen: Mapping[int, Appearance],
    how_to_add: str,
    *,
    photos: bool,
    tinted: bool,
    held: Collection[str],
    is_said: bool,
) -> str:
    """The unknown values, and how to go on; without a column for photos where nothing is seen in them.

    photos: whether the values are those of photos.  tinted: whether the masks have a class whose colour is no grey.
    held: names of the classes that the masks hold.  is_said: whether a person said that the masks are colours.
    """
    header = ["value", "pixels", "files", *(["photo"] if seen else []), "nearest class", "distance", "first file"]
    rows = []
    for code in unknown.by_pixels()[:_VALUES_SHOWN]:
        index, distance = nearest_class(reader, code, classes)
        near = ["-", "-"] if index == IGNORE_INDEX else [classes.names[index], f"{distance:.0f}"]
        photo = [seen[code].color if code in seen else "-"] if seen else []
        counts = [f"{unknown.pixels[code]:,}", str(unknown.files[code])]
        rows.append([reader.describe(code), *counts, *photo, *near, unknown.first[code]])
    more = len(unknown.pixels) - len(rows)
    number = len(unknown.pixels)
    values = counted(number, "value")
    ways = (
        f"{values}: {VALUES_OF_PHOTOS}."
        if photos
        else ways_of_two_kinds(unknown.pixels, reader, classes, tinted=tinted, is_said=is_said)
        or ways_on(unknown.pixels, reader, classes, how_to_add, tinted=tinted, held=held)
    )
    return (
        f"{values} of the masks {verb(number, 'belongs', 'belong')} to no class; "
        f"nothing was written. (Read as {reader.name}; --from reads them otherwise.)\n\n"
        + align([header, *rows])
        + (f"\n... and {counted(more, 'more value')}" if more else "")
        + f"\n\n{ways}"
    )


def _without_background(unknown: Mapping[int, int], reader: LabelReader, meaning: Meaning) -> str:
    """The class map with a background for black, or for 0, where it knows all else and names none."""
    classes = meaning.classes
    if {*unknown} != {0} or reader.name not in ("rgb", "ids") or BACKGROUND in map(str.lower, classes.names):
        return ""
    if classes.more_ids or classes.more_colors or (reader.name == "ids" and classes.ignored_ids):
        return ""
    colors = ((0, 0, 0), *classes.colors)
    ids, ignored = ((), classes.ignored) if reader.name == "rgb" else ((0, *classes.ids), ())
    if len(set(colors)) < len(colors) or (reader.name == "ids" and not meaning.has_ids):
        return ""
    extended = ClassMap((BACKGROUND, *classes.names), colors, ids=ids, ignored=ignored)
    return (
        f"\n\nIf {reader.describe(0)} is a background that the class map leaves out, save these lines as classes.txt "
        f"and add --classes classes.txt:\n\n{format_list(extended)}"
    )


def _how_to_add(plan: ConversionPlan) -> str:
    """How a class gets into the class map: where other masks of the dataset have that, on the page."""
    stems = {job.sample.stem for job in plan.jobs}
    if not any(sample.mask and stem not in stems for stem, sample in plan.known.items()):
        return "Add them to the class map and name it with --classes"
    page = shlex.join(["seg-prep", "annotate", str(plan.root)])
    return f"Other masks have the class map of {plan.root}: add them to it on the page of '{page}' and convert again"


def _paired(outcomes: Sequence[LabelOutcome], plan: ConversionPlan) -> list[PairedLabel]:
    """Labels with their photos, or with the images that are there already, and the pixels of their unknown values."""
    return [
        PairedLabel(
            job.label,
            job.photo or FoundFile(plan.root / job.sample.image, job.sample.image),
            outcome.unknown.by_code(),
        )
        for outcome, job in zip(outcomes, plan.jobs, strict=True)
        if job.photo or job.sample.image
    ]


def _inspect_command(plan: ConversionPlan) -> str:
    """What shows crops of the photos under every value."""
    options = plan.options
    words = ["seg-prep", "masks", "inspect", str(plan.source)]
    words += ["--images", str(plan.photos)] if plan.photos else []
    words += ["--match", *options.patterns] if options.patterns else []
    words += ["--from", options.reader] if options.reader else []
    return shlex.join([*words, "--sheet", "values.png"])
