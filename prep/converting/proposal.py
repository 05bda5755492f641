"""The refusal of values that are no class: what lies under them, and which classes could be meant."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from prep.converting.seen import Seen
from prep.converting.unknown import UnknownValues, align, unknown_error
from prep.core.classes import ClassMap, format_color
from prep.core.errors import SegError
from prep.labels.reader import LabelReader

_MIN_SHARE = 1e-3
"""Colours of fewer pixels are slips and blended edges rather than classes."""


def refusal(
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
    proposed = propose_colors(unknown.pixels, int(pixels.sum()), absent, reader, classes)
    return SegError(f"{error}{proposal_text(proposed, reader, classes, seen)}") if proposed else error


def propose_colors(
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


def proposal_text(
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
