"""What a function of Python returns goes on meaning the folder it was asked for in: a notebook may go elsewhere."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from prep.dataset.dataset import Dataset

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def anchored(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Make the folders and files that a function returns absolute, alone or as fields, and those of datasets in it.

    Its own messages and records stay in the words of its caller.
    """

    @wraps(function)
    def call(*arguments: Parameters.args, **named: Parameters.kwargs) -> Result:
        found: Result = _absolute(function(*arguments, **named))
        return found

    return call


def _absolute(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, Path):
        return value.absolute()
    if not is_dataclass(value) or isinstance(value, type):
        return value
    given = {each.name: getattr(value, each.name) for each in fields(value)}
    changed = {name: _absolute(each) for name, each in given.items() if isinstance(each, Path | Dataset)}
    return replace(value, **changed) if changed else value
