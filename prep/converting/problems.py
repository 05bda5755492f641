"""What keeps a conversion from going on, in words: files that fail, ids counted wrongly, values of no class."""

import math
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from prep.converting.crops import Appearance, PairedLabel, value_appearances
from prep.converting.job import LabelOutcome
from prep.converting.plan import ConversionPlan
from prep.converting.values.black_and_white import as_many_with_white, grey_between, two_lines
from prep.converting.values.counted import (
    as_many_values,
    first_is_missing,
    lacks_background,
    wrongly_counted,
    wrongly_stated,
)
from prep.converting.values.meaning import Meaning
from prep.converting.values.noise import VALUES_OF_PHOTOS, align, look_like_photos, proposal_text, proposed_colors
from prep.converting.values.proposal import on_steps
from prep.converting.values.unknown import CodeTotals, are_numbers, nearest_class
from prep.core.classes import IGNORE_INDEX, ClassMap, format_color, format_list
from prep.core.failures import refused
from prep.core.words import counted, lines, verb
from prep.images.finding import FoundFile
from prep.labels.pixels.ids import instance_readers
from prep.labels.pixels.rgb import TRANSPARENT
from prep.labels.reader import LabelReader
from prep.labels.region_labels import BACKGROUND

_VALUES_SHOWN = 20

_BLENDS, _STEP = 3, 8
"""So many unknown values may be those of blurred edges, between ids that lie so far apart."""

_NEAR = 100
"""Colours that differ by more in RGB (0 to 441) are seldom one that slipped."""

_MANY, _SLIPPED, _MOST = 16, 40, 0.8
"""A lossy file has more colours than classes have, and most of its pixels are hardly off."""

_ON_TRANSPARENT = (
    "\nIf what is transparent is the background, call its class background in the class map, and add --unknown "
    "background"
)


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
    if unknown.pixels and (question := _steps(unknown, pixels, plan)):
        return question
    if question := _first_class(unknown, pixels, plan, as_many_values):
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


def _steps(unknown: CodeTotals, pixels: NDArray[np.int64], plan: ConversionPlan) -> str:
    """What to ask where a list beside the masks (CUB's species) does not explain their equal steps of grey."""
    if plan.reader.name != "ids":
        return ""
    held = {raw for raw, count in zip(plan.classes.ids, pixels, strict=False) if count}
    held |= unknown.pixels.keys() | ({IGNORE_INDEX} if pixels[IGNORE_INDEX] else set())
    if question := as_many_with_white(plan.meaning, held):
        return question
    if plan.meaning.found is None:
        return ""
    if question := grey_between(plan.meaning, held):
        return question
    question = on_steps(held)
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
    fits = bool(pixels[: len(classes)].any())
    absent = [index for index in range(len(classes)) if not pixels[index]]
    tinted = any(pixels[index] and len({*color}) > 1 for index, color in enumerate(classes.colors))
    is_said = plan.options.reader == "rgb"
    text = _table_of(
        unknown, reader, classes, seen, _how_to_add(plan), photos=photos, tinted=tinted, fits=fits, is_said=is_said
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
    fits: bool,
    is_said: bool,
) -> str:
    """The unknown values, and how to go on; without a column for photos where nothing is seen in them.

    photos: whether the values are those of photos.  tinted: whether the masks have a class whose colour is no grey.
    fits: whether any value of the masks is a class.  is_said: whether a person said that the masks are colours.
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
        else _ways_of_two_kinds(unknown.pixels, reader, classes, tinted=tinted, is_said=is_said)
        or _ways_on(unknown.pixels, reader, classes, how_to_add, tinted=tinted, fits=fits)
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
    return (
        f"\n\nIf {reader.describe(0)} is a background that the class map leaves out, save these lines as classes.txt "
        f"and add --classes classes.txt:\n\n{format_list(ClassMap((BACKGROUND, *classes.names), colors, ids, ignored))}"
    )


def _ways_of_two_kinds(
    unknown: Mapping[int, int], reader: LabelReader, classes: ClassMap, *, tinted: bool, is_said: bool
) -> str:
    """What to type where some masks seem to hold ids and others colours; empty where nothing looks so."""
    if reader.name != "rgb" or is_said or not tinted or {*unknown} == {0}:
        return ""
    if not are_numbers(unknown, len(classes)):
        return ""
    return (
        "All of them are greys below the number of classes, as ids are, and other masks hold colours. Run the command "
        "twice, with each of these: either run leaves the masks of the other kind out and names them, and adds its own "
        "to the dataset\n  --from ids\n  --from rgb"
    )


def _how_to_add(plan: ConversionPlan) -> str:
    """How a class gets into the class map: where other masks of the dataset have that, on the page."""
    stems = {job.sample.stem for job in plan.jobs}
    if not any(sample.mask and stem not in stems for stem, sample in plan.known.items()):
        return "Add them to the class map and name it with --classes"
    page = shlex.join(["seg-prep", "annotate", str(plan.root)])
    return f"Other masks have the class map of {plan.root}: add them to it on the page of '{page}' and convert again"


def _ways_on(
    unknown: Mapping[int, int], reader: LabelReader, classes: ClassMap, how_to_add: str, *, tinted: bool, fits: bool
) -> str:
    """What to type where values belong to no class; where none does, leaving them out would leave nothing."""
    if reader.name == "rgb" and not tinted and are_numbers(unknown, len(classes)):
        return "All of them are greys below the number of classes, as ids are. Run the command again with\n  --from ids"
    if reader.name == "ids" and (ways := instance_readers(unknown, classes.index_of_id())):
        listed = lines([f"--from {way}   class x {way.removeprefix('ids-')} + object" for way in ways])
        return f"All of them look like a class and the number of an object in one. Run the command again with{listed}"
    if otherwise := _written_otherwise([reader.describe(code) for code in unknown], classes.names):
        return (
            "The class map has them in other spelling only: write there as the labels do, and name it with --classes"
            + lines([f"{here}, not {there}" for there, here in otherwise.items()])
        )
    offers_nearest = _may_blend(unknown, reader, classes) or _near_share(unknown, reader, classes, _NEAR) == 1
    if reader.name == "ids" and not fits and not offers_nearest:
        return (
            "No value of the masks is in the class map: it is of other masks, or its numbers are others. Write one "
            "that says which value is which class, a line each, and name it with --classes:"
            f"\n  {classes.names[0]},{format_color(classes.colors[0])},VALUE"
        )
    is_compressed = offers_nearest and len(unknown) > _MANY and _near_share(unknown, reader, classes, _SLIPPED) > _MOST
    nearest = "\n  --unknown nearest     they become the nearest class of the table (for anti-aliased and JPEG masks)"
    ignore = "\n  --unknown ignore      they become 255: left out of training and scores"
    return (
        f"{how_to_add}, or run the command again with"
        + (nearest if is_compressed else "")
        + (f"{ignore}, parts of objects among them" if is_compressed else ignore)
        + (nearest if offers_nearest and not is_compressed else "")
        + (
            "\n  --unknown background  they become the class named background"
            if "background" in map(str.lower, classes.names)
            else _ON_TRANSPARENT
            if reader.name == "rgb" and TRANSPARENT in unknown
            else ""
        )
    )


def _written_otherwise(values: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """The unknown name for each class that differs from it in case or spaces only, if that is so of all of them."""
    of_class = {_spelt_plainly(name): name for name in names}
    found = {of_class[plain]: value for value in values if (plain := _spelt_plainly(value)) in of_class}
    return found if len(found) == len(values) else {}


def _spelt_plainly(name: str) -> str:
    return "".join(name.split()).casefold()


def _may_blend(unknown: Mapping[int, int], reader: LabelReader, classes: ClassMap) -> bool:
    """Whether unknown values may be those of blurred edges; between ids of which one follows the other lies nothing.

    And names have no neighbours.
    """
    if len(unknown) < _BLENDS or all(map(math.isinf, reader.distance(next(iter(unknown)), classes))):
        return False
    ids = sorted(classes.index_of_id())
    is_apart = len(ids) > 1 and all(after - before >= _STEP for before, after in pairwise(ids))
    return reader.name != "ids" or is_apart


def _near_share(unknown: Mapping[int, int], reader: LabelReader, classes: ClassMap, distance: float) -> float:
    """Share of the pixels whose colour is nearer than this to that of a class, 0..1; ids have no neighbours."""
    if reader.name != "rgb":
        return 0.0
    near = sum(pixels for code, pixels in unknown.items() if nearest_class(reader, code, classes)[1] < distance)
    return near / sum(unknown.values())


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
