"""Values that a Python user gives: checked as the commands check their options, with errors in words."""

import math
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from inspect import signature
from numbers import Integral, Real
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from prep.core.errors import SegError
from prep.core.words import NO_PATH, is_url, without_secrets

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

A_PATH = "a path (str or Path)"
"""In words that follow "needs"."""

_WORDS = {NoneType: "None", bool: "True or False", int: "a whole number", float: "a number", str: "a text"}


@dataclass(frozen=True)
class NumberRange:
    """Numbers from low to high, each of them inside unless it is said to be excluded; never NaN or infinite."""

    low: float | None = None
    high: float | None = None
    without_low: bool = False
    without_high: bool = False

    def __contains__(self, value: float) -> bool:
        """Whether a number is inside."""
        too_low = self.low is not None and (value < self.low or (self.without_low and value == self.low))
        too_high = self.high is not None and (value > self.high or (self.without_high and value == self.high))
        return not too_low and not too_high and -math.inf < value < math.inf

    def __str__(self) -> str:
        """In words that follow "needs"."""
        if self.high is None:
            return f"a number above {self.low}" if self.without_low else f"at least {self.low:,}"
        low, high = "above " * self.without_low, "below " * self.without_high
        return f"a number from {low}{self.low:,} to {high}{self.high:,}"


ANY_NUMBER = NumberRange()
POSITIVE = NumberRange(0, without_low=True)
FROM_0, FROM_1 = NumberRange(0), NumberRange(1)
UP_TO_1 = NumberRange(0, 1)
BELOW_1 = NumberRange(0, 1, without_high=True)

_RANGES = {"workers": FROM_1, "max_failed": FROM_0, "seed": FROM_0}
"""Of arguments that mean the same wherever they stand."""

Check = NumberRange | Callable[[Any], object]


def checked(**checks: Check) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Refuse arguments that are not as a function's annotations say, with SegError, before it begins.

    Numbers of NumPy reach it as Python's own.
    checks: the ranges of its numbers; or of an argument what refuses it, in words of its own, in place of that.
    """
    known: dict[str, Check] = {**_RANGES, **checks}

    def decorate(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        names = tuple(signature(function).parameters)
        hints = cache(lambda: get_type_hints(function))  # where it is called first: some names are not there yet

        @wraps(function)
        def call(*arguments: Parameters.args, **named: Parameters.kwargs) -> Result:
            given = {name: python_numbers(value) for name, value in named.items()}
            first = tuple(map(python_numbers, arguments))
            for name, value in (*zip(names, first, strict=False), *given.items()):
                check = known.get(name)
                if check is not None and not isinstance(check, NumberRange):
                    check(value)
                elif name in hints():  # others are a TypeError of Python's
                    need(name, value, hints()[name], check)
            return function(*first, **given)  # type: ignore[arg-type]

        return call

    return decorate


def python_numbers(value: object) -> object:
    """A number of NumPy, which JSON and checkpoints do not take, as an int or a float; those of lists and tuples, too.

    Everything else, and a number too large for a float, stays what it is.
    """
    if isinstance(value, tuple) and hasattr(value, "_make"):
        return value._make(map(python_numbers, value))
    if type(value) in (list, tuple):
        return type(value)(map(python_numbers, value))  # type: ignore[call-arg,call-overload]
    if isinstance(value, bool) or not isinstance(value, Real):
        return value
    try:
        return int(value) if isinstance(value, Integral) else float(value)
    except OverflowError:
        return value


def need(name: str, value: object, hint: Any, within: NumberRange | None = None) -> None:  # noqa: ANN401
    """SegError unless a value is of this type, down to what is in it, and a number inside of a range."""
    outside = within is not None and isinstance(value, int | float) and value not in within
    if fits_type(value, hint) and not outside:
        return
    for each in value if isinstance(value, list | tuple) else ():  # of several the one that is wrong
        for kind in _kinds(hint):
            if _is_several(kind) and _is_choice(get_args(kind)[0]):
                need(name, each, get_args(kind)[0])
    for each in value if isinstance(value, list | tuple) else (value,):
        if _takes_paths(hint) and isinstance(each, str | Path) and (refusal := refusal_of_path(each)):
            raise SegError(f"{name}={without_secrets(shown_value(value))}: {refusal}")
    if _is_choice(hint):
        raise SegError(f"{name}={shown_value(value)}: there is {type_words(hint, within)}")
    raise SegError(f"{name}={shown_value(value)}: needs {type_words(hint, within)}")


def need_place(name: str) -> Callable[[Any], None]:
    """What refuses an argument of this name unless it is a path or a URL."""

    def check(value: object) -> None:
        need(name, Path(value) if isinstance(value, str) and is_url(value) else value, str | Path)

    return check


def fits_type(value: object, hint: Any) -> bool:  # noqa: ANN401
    """Whether a value is of a type, down to what is in it: no True for a number, no NaN, and none of 309 digits."""
    kind, parts = get_origin(hint), get_args(hint)
    if kind in (Union, UnionType):
        if Path in parts and isinstance(value, str | Path):
            return refusal_of_path(value) is None
        return any(fits_type(value, part) for part in parts)
    if kind is Literal:
        return any(type(value) is type(part) and value == part for part in parts)
    if kind is tuple:
        is_row = isinstance(value, list | tuple) and len(value) == len(parts)
        return is_row and all(map(fits_type, value, parts))  # type: ignore[call-overload]
    if kind is Callable:
        return callable(value)
    if kind is not None:
        return (
            isinstance(value, kind)
            and not isinstance(value, str | bytes)
            and all(fits_type(e, parts[0]) for e in value)
        )
    if hint in (int, float):
        is_number = isinstance(value, int if hint is int else (int, float)) and not isinstance(value, bool)
        return is_number and abs(value) <= sys.float_info.max  # type: ignore[arg-type]
    return isinstance(value, hint)


def refusal_of_path(path: str | Path) -> str | None:
    """Why no file or folder can have this name; None if one can."""
    if path == "":
        return 'a path has at least one character; the working folder is "."'
    if isinstance(path, str) and is_url(path) and not os.path.lexists(path):
        return NO_PATH
    return "a path holds no NUL character" if "\0" in str(path) else None


def shown_value(value: object) -> str:
    """A value for an error, however long it is: Python refuses to write numbers of more than 4,300 digits."""
    try:
        return f"{value!r:.200}"
    except ValueError:
        return "a number of thousands of digits"


def type_words(hint: Any, within: NumberRange | None = None) -> str:  # noqa: ANN401
    """A type, and the range of its numbers, in words that follow "needs"."""
    kinds = _kinds(hint)
    if len(kinds) > 1:
        texts = [A_PATH] if Path in kinds and str in kinds else []
        texts += [type_words(kind, within) for kind in kinds if not (texts and kind in (str, Path))]
        joint = ", " if _is_choice(hint) else ", or " if within or any("," in text for text in texts) else " or "
        return joint.join(texts)
    if get_origin(hint) is Literal:
        return ", ".join(map(repr, get_args(hint)))
    if get_origin(hint) is tuple:
        return f"({', '.join(map(type_words, get_args(hint)))})"
    if get_origin(hint) is Callable:
        return "a function"
    if _is_several(hint):
        return f"a list of which each is {type_words(get_args(hint)[0])}"
    if hint in (int, float) and within is not None:
        text = str(within)
        return text.replace("a number", _WORDS[hint], 1) if "a number" in text else f"{_WORDS[hint]}, {text}"
    return _WORDS.get(hint, f"a {hint.__name__}")


def _kinds(hint: Any) -> tuple[Any, ...]:  # noqa: ANN401
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _takes_paths(hint: Any) -> bool:  # noqa: ANN401
    """Whether it is a path, or several."""
    return any(kind is Path or (_is_several(kind) and Path in _kinds(get_args(kind)[0])) for kind in _kinds(hint))


def _is_choice(hint: Any) -> bool:  # noqa: ANN401
    """Whether it is one of some words, or None."""
    return all(kind is NoneType or get_origin(kind) is Literal for kind in _kinds(hint))


def _is_several(hint: Any) -> bool:  # noqa: ANN401
    return get_origin(hint) not in (None, tuple, Callable, Literal)
