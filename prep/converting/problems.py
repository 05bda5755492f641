"""Why a conversion of labels cannot go on: files that fail, and values of no class, with what they could be."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.converting.crops import PairedLabel, Seen, see_values
from prep.converting.job import LabelJob, Outcome
from prep.converting.pairing import SAME_STEM
from prep.converting.plan import Options, Plan
from prep.converting.unknown import SHOWN, UnknownValues, align, unknown_error
from prep.core.classes import IGNORE_INDEX, ClassMap, format_color
from prep.core.errors import SegError
from prep.labels.reader import LabelReader

_PROBLEMS_SHOWN = 10

_MIN_SHARE = 1e-3
"""Colours of fewer pixels are slips and blended edges rather than classes."""


def first_error(outcomes: Sequence[Outcome], plan: Plan, options: Options, root: Path) -> SegError | None:
    """What keeps the converted masks from becoming the dataset's, if anything does."""
    problems = [outcome.problem for outcome in outcomes if outcome.problem]
    if problems:
        more = len(problems) - _PROBLEMS_SHOWN
        return SegError(
            "\n".join(problems[:_PROBLEMS_SHOWN])
            + (f"\n... and {more} more files" if more > 0 else "")
            + "\nNothing was written."
        )
    unknown = unknown_values(outcomes, plan.jobs)
    pixels = np.sum([outcome.pixels for outcome in outcomes], axis=0)
    if options.unknown != "error":
        return None
    if unknown.pixels:
        seen = see_values(_paired(outcomes, plan.jobs, root), unknown.by_pixels()[:SHOWN], plan.reader)
        return _refusal(unknown, pixels, plan.reader, plan.classes, seen, _look_command(plan, options))
    held = np.flatnonzero(pixels).tolist()
    if plan.reader.name == "ids" and len(plan.classes) > 1 and held[1:] == [IGNORE_INDEX]:
        return SegError(
            f"the masks hold only the ids {plan.classes.ids[held[0]]} and 255, and 255 means ignored: one class is "
            "left. If 255 is a class, say so in the class map (name,#rrggbb,255); if it is not, add --unknown ignore"
        )
    return None


def unknown_values(outcomes: Sequence[Outcome], jobs: Sequence[LabelJob]) -> UnknownValues:
    """All values of the labels that are no class."""
    unknown = UnknownValues()
    for outcome, job in zip(outcomes, jobs, strict=True):
        unknown.add(job.label.short_name, outcome.found)
    return unknown


def _paired(outcomes: Sequence[Outcome], jobs: Sequence[LabelJob], root: Path) -> list[PairedLabel]:
    """Labels with their photos, or with the images that are there already, and the pixels of their unknown values."""
    return [
        PairedLabel(
            job.label,
            job.photo.path if job.photo else root / job.sample.image,
            dict(zip(outcome.found.codes.tolist(), outcome.found.pixels.tolist(), strict=True)),
        )
        for outcome, job in zip(outcomes, jobs, strict=True)
        if job.photo or job.sample.image
    ]


def _look_command(plan: Plan, options: Options) -> str:
    """What shows crops of the photos under every value."""
    words = ["seg-prep", "masks", "inspect", str(plan.source)]
    words += ["--images", str(plan.photos)] if plan.photos else []
    words += ["--match", *options.patterns] if options.patterns != SAME_STEM else []
    words += ["--from", options.reader] if options.reader else []
    return shlex.join([*words, "--sheet", "values.png"])


def _refusal(
    unknown: UnknownValues,
    pixels: NDArray[np.int64],
    reader: LabelReader,
    classes: ClassMap,
    seen: Mapping[int, Seen],
    look: str,
) -> SegError:
    """All unknown values in one table; and where classes do not occur, what they could be.

    pixels: (256,) of all masks by mask value.  seen: what photos show under values.  look: the command that shows it.
    """
    error = unknown_error(unknown, reader, classes, {code: one.color for code, one in seen.items()})
    if seen:
        error = SegError(
            f'{error}\n\n"photo" is the mean colour of the photos where the value lies; crops of them are shown by\n'
            f"  {look}"
        )
    absent = [index for index in range(len(classes)) if not pixels[index]]
    if reader.name != "rgb" or not absent:
        return error
    proposed = _proposed_colors(unknown.pixels, int(pixels.sum()), absent, reader, classes)
    return SegError(f"{error}{_proposal_text(proposed, reader, classes, seen)}") if proposed else error


def _proposed_colors(
    unknown: Mapping[int, int], total: int, absent: Sequence[int], reader: LabelReader, classes: ClassMap
) -> list[tuple[int, int]]:
    """(class index, code) for classes that no mask holds, by the smallest sum of colour distances.

    unknown: pixels by code.  total: pixels of all masks.  absent: indices of classes without a pixel.
    """
    from scipy.optimize import linear_sum_assignment  # a quarter of a second, for this error only

    codes = [code for code, pixels in unknown.items() if pixels >= _MIN_SHARE * total]
    distances = np.array([[reader.distance(code, classes)[index] for code in codes] for index in absent])
    if not distances.size or not np.isfinite(distances).all():
        return []
    rows, columns = linear_sum_assignment(distances)
    return [(absent[row], codes[column]) for row, column in zip(rows.tolist(), columns.tolist(), strict=True)]


def _proposal_text(
    proposed: Sequence[tuple[int, int]], reader: LabelReader, classes: ClassMap, seen: Mapping[int, Seen]
) -> str:
    """Show the proposal as a table and as the options that accept it."""
    rows = [
        [
            classes.names[index],
            format_color(classes.colors[index]),
            "->",
            reader.describe(code),
            f"(photo {seen[code].color})" if code in seen else "",
        ]
        for index, code in proposed
    ]
    options = " \\\n".join(f"  --color '{classes.names[index]}={reader.describe(code)}'" for index, code in proposed)
    return (
        f"\n\n{len(proposed)} classes of the class map occur in no mask; perhaps its colours are wrong. By nearness of "
        "mask colours alone they could be\n\n"
        f"{align(rows)}\n\n"
        "This is a guess that knows nothing of the photos and can be wrong for every class: compare it with them. The "
        "same command accepts it, or what you make of it, with\n"
        f"{options}"
    )
