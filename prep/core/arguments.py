"""Values that a Python user gives: checked as the commands check their options, with errors in words."""

from types import NoneType
from typing import Any, get_args

from prep.core.errors import SegError


def need_one_of(name: str, value: object, choices: Any) -> None:  # noqa: ANN401
    """SegError unless the value is one of a Literal type, or None where that may stand, too."""
    known = [each for kind in get_args(choices) for each in get_args(kind) or [kind]]
    known = [None if each is NoneType else each for each in known]
    if value not in known:
        raise SegError(f"{name}={value!r}: there is {', '.join(map(repr, known))}")


def need_number(name: str, value: float | None, low: float, high: float | None = None) -> None:
    """SegError unless the value is None or a number from `low` to `high`."""
    if value is None:
        return
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or value < low or (high is not None and value > high):
        wanted = f"{low} or more" if high is None else f"from {low} to {high}"
        raise SegError(f"{name}={value!r}: needs a number, {wanted}")
