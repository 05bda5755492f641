"""What lies inside structs and cells of a .mat file, by the names that MATLAB has for it: groundTruth{1}.Segmentation.

BSDS 500, for one, keeps several people's segmentations of a photo so.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np

_MOST_PARTS = 10_000
"""Inside structs and cells of one file; a container of more is no list of masks, and is passed over."""


def variables_in(variables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The variables of a file, then what is inside of them, each with its name; containers themselves are left out.

    Cells and elements of struct arrays are counted from 1 in the order of MATLAB, down the columns.
    """
    left = _MOST_PARTS
    for variable in variables.items():
        waiting = [variable]
        while waiting:
            name, value = waiting.pop()
            inner = list(islice(_inside(name, value), left + 1))
            if len(inner) > left:
                continue
            left -= len(inner)
            waiting += reversed(inner)
            if not inner:
                yield name, value


def _inside(name: str, value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  # whatever a .mat file holds
    """The fields of a struct, or of each struct of an array; the cells of a cell array; nothing of anything else."""
    if not isinstance(value, np.ndarray):
        return
    if value.dtype.names:
        for number, element in enumerate(value.ravel(order="F"), start=1):
            place = f"{name}({number})" if value.size > 1 else name
            yield from ((f"{place}.{field}", element[field]) for field in value.dtype.names)
    elif value.dtype == object:
        yield from ((f"{name}{{{number}}}", cell) for number, cell in enumerate(value.ravel(order="F"), start=1))
