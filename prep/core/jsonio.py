"""Our own JSON files: whatever we did not write so is refused in words."""

import json
import math
import re
import sys
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from prep.core.errors import SegError
from prep.core.files import explained, read_bytes, refuse_special_file
from prep.core.words import counted

_Record = TypeVar("_Record")

_LARGEST = 64 << 20
"""Bytes; ours have some kilobytes, and a file of other people's could fill the memory."""

_HIGHEST = 10**18

_HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")
"""Half of a character beyond the first 65,536: JSON may have it alone, and no file can hold such a text."""


def read_json(path: Path, *, remedy: str, largest: int = _LARGEST, names_files: bool = False) -> object:
    """Read a file of at most `largest` bytes; SegError that names it and `remedy` if it is no JSON, or too deep.

    names_files: whether its texts may be names of files with bytes that are no text, as Python writes them (PEP 383).
    """
    refuse_special_file(path)
    with explained(path):
        size = path.stat().st_size
    if size > largest:
        raise SegError(f"{path}: {size / 1e6:,.0f} MB, and we write far less; {remedy}")
    try:
        data = read_bytes(path)
        content = json.loads(data, parse_constant=_refuse_constant)
        if _HALF_CHARACTER.search(data):
            text = json.dumps(content, ensure_ascii=False)
            text.encode("utf-8", "surrogateescape" if names_files else "strict")  # UnicodeEncodeError is a ValueError
        return content
    except RecursionError as error:
        raise SegError(f"{path}: nested too deeply; {remedy}") from error
    except ValueError as error:  # also bytes that are no text
        why = "a number of thousands of digits" if "set_int_max_str_digits" in str(error) else error
        raise SegError(f"{path}: not valid JSON ({why}); {remedy}") from error


def read_record(path: Path, kind: type[_Record], *, remedy: str, null_is_nan: bool = False) -> _Record:
    """Read a dataclass: an entry for each field, of its type; those with a default may be missing.

    null_is_nan: whether numbers that are not defined were written as null.
    SegError as read_json, and where an entry is missing, not known, or of another type.
    """
    content = read_json(path, remedy=remedy)
    try:
        return cast(_Record, _value(kind, content, "the file", null_is_nan))
    except ValueError as error:
        raise SegError(f"{path}: {error}; {remedy}") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _value(kind: object, value: object, name: str, null_is_nan: bool) -> object:
    """The value as a field of this type has it; ValueError if it is another one."""
    if isinstance(kind, UnionType):  # X | None
        return None if value is None else _value(get_args(kind)[0], value, name, null_is_nan)
    if get_origin(kind) is tuple and isinstance(value, list):
        entry, *more = get_args(kind)
        if more != [Ellipsis] and len(value) != 1 + len(more):
            raise ValueError(f"{name} has {counted(1 + len(more), 'entry', 'entries')}; found {len(value)}")
        return tuple(_value(entry, each, name, null_is_nan) for each in value)
    if isinstance(kind, type) and is_dataclass(kind) and isinstance(value, dict):
        return _record(kind, value, name, null_is_nan)
    if kind is float and value is None and null_is_nan:
        return math.nan
    if kind is float and type(value) in (int, float) and abs(cast(float, value)) <= sys.float_info.max:
        return float(cast(float, value))
    fits = value in get_args(kind) if get_origin(kind) is Literal else type(value) is kind
    if not fits or kind is float or (isinstance(value, int) and abs(value) > _HIGHEST):
        raise ValueError(f"{name} cannot be {json.dumps(value):.80}")
    return value


def _record(kind: type[_Record], value: dict[str, object], name: str, null_is_nan: bool) -> _Record:
    known = {field.name: field.default is MISSING for field in fields(kind)}  # type: ignore[arg-type]
    missing = [entry for entry, is_needed in known.items() if is_needed and entry not in value]
    strange = [entry for entry in value if entry not in known]
    if missing or strange:
        raise ValueError(f"{name} has {'no' if missing else 'an'} entry {(missing + strange)[0]!r:.80}")
    types = get_type_hints(kind)
    return kind(**{entry: _value(types[entry], own, entry, null_is_nan) for entry, own in value.items()})


def or_null(value: float) -> float | None:
    """A number as JSON has it: None for NaN, which JSON does not know."""
    return None if math.isnan(value) else value
