"""Propose which colours of the masks are meant by classes whose own colours do not occur."""

from collections.abc import Mapping, Sequence

import numpy as np

from prep.classes import ClassMap, format_color
from prep.labels.reader import LabelReader
from prep.unknown import align

_MIN_SHARE = 1e-3
"""Colours of fewer pixels are slips and blended edges rather than classes."""


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


def proposal_text(proposed: Sequence[tuple[int, int]], reader: LabelReader, classes: ClassMap) -> str:
    """Show the proposal as a table and as the options that accept it."""
    rows = [
        [classes.names[index], format_color(classes.colors[index]), "->", reader.describe(code)]
        for index, code in proposed
    ]
    options = " \\\n".join(f"  --color '{classes.names[index]}={reader.describe(code)}'" for index, code in proposed)
    return (
        f"\n\n{len(proposed)} classes of the class map occur in no mask; perhaps its colours are wrong. By nearness of "
        "colours alone they could be\n\n"
        f"{align(rows)}\n\n"
        "This is a guess: compare it with the photos. The same command accepts it, or what you make of it, with\n"
        f"{options}"
    )
