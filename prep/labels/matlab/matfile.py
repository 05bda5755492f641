"""Opens MATLAB files (v5 to v7.3) as plain Python values."""

import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.labels.matlab.guard import MAX_BYTES, check_declared


def load_mat(path: Path) -> dict[str, Any]:
    """Variables of a .mat file by name, as mat-io decodes them; SegError if it is damaged, or mat-io missing."""
    if find_spec("matio") is None:
        raise SegError(
            f"{path}: MATLAB files need the package mat-io, which 'seg-prep' alone does not install; "
            "type: pip install 'seg-prep[matlab]' (in a checkout: pip install -e '.[matlab]')"
        )
    data = read_bytes(path)
    if len(data) > MAX_BYTES:
        raise SegError(f"{path}: larger than {MAX_BYTES >> 20} MB; save the labels as PNG masks instead")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of mat-io and pandas, to their authors
            check_declared(data)
            import matio  # half a second, for this format only

            variables = matio.load_from_mat(str(path))
    except Exception as error:  # a parser of others on bytes of others: it raises anything
        reason = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
        raise SegError(
            f"{path}: cannot be read as a MATLAB file ({reason}); copy it again, or save it in MATLAB with "
            "save('labels.mat', 'gTruth', '-v7')"
        ) from error
    return {name: value for name, value in variables.items() if not name.startswith("__")}


def texts(value: Any) -> list[str]:  # noqa: ANN401  # whatever MATLAB nests
    """All texts in a nested cell array, in order; an empty cell gives an empty text."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "UTS" or value.dtype.kind == "O":
            return [text for part in value.ravel(order="F").tolist() for text in texts(part)] if value.size else [""]
        return [""]
    return []
