"""Plain .mat files: each holds a matrix of ids (2-D, whole numbers, logical, or categorical)."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prep.classes import MAX_ID
from prep.errors import SegError
from prep.labels.ids import IdCodes
from prep.labels.matfile import load_mat
from prep.labels.reader import RawLabel

_CATEGORICAL = "categorical"


class MatrixReader(IdCodes):
    """Ids of the one matrix in a .mat file; `part` of the label names the variable where there are several."""

    name = "mat"

    def read(self, label: RawLabel) -> NDArray[np.uint32]:
        """(H, W) ids; NaN and an undefined category become 65535, which no class map names."""
        variables = {name: ids for name, value in load_mat(label.path).items() if (ids := _ids(value)) is not None}
        if label.part:
            if label.part not in variables:
                raise SegError(
                    f"{label.path}: has no label matrix {label.part!r}; its matrices: {', '.join(variables) or 'none'}"
                )
            return _checked(label.path, label.part, variables[label.part])
        if len(variables) != 1:
            found = f"{len(variables)} matrices ({', '.join(variables)})" if variables else "no 2-D matrix of ids"
            raise SegError(f"{label.path}: holds {found}; name the variable to read with --variable")
        ((name, ids),) = variables.items()
        return _checked(label.path, name, ids)


def _ids(value: Any) -> NDArray[Any] | None:  # noqa: ANN401  # whatever a .mat file holds
    """The variable as numbers (H, W), if it is a matrix; categories as 1, 2, ... as MATLAB counts them."""
    codes = getattr(value, "codes", None)
    if codes is not None:  # mat-io gives categorical arrays as pandas.Categorical-like values
        value = np.asarray(codes) + 1
    if not isinstance(value, np.ndarray) or value.ndim != 2 or min(value.shape) < 2 or value.dtype.kind not in "buif":
        return None
    return value


def _checked(path: Path, name: str, values: NDArray[Any]) -> NDArray[np.uint32]:
    numbers = values.astype(np.float64)
    numbers[np.isnan(numbers)] = MAX_ID
    if not np.isfinite(numbers).all() or (numbers != np.floor(numbers)).any():
        raise SegError(f"{path}: {name} holds numbers that are not whole, so no ids; is it the label matrix?")
    if numbers.min() < 0 or numbers.max() > MAX_ID:
        raise SegError(
            f"{path}: {name} holds ids from {numbers.min():.0f} to {numbers.max():.0f}; ids go from 0 to {MAX_ID}"
        )
    return numbers.astype(np.uint32)
