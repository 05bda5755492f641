"""Large JSON files, an element at a time: memory stays with what is made of them."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from prep.core.errors import SegError
from prep.core.files import explained, open_to_read

_CHUNK = 1 << 20
_LONGEST_LINE = 1 << 26
_OVERLAP = 1 << 12
_DECODER = json.JSONDecoder()
_AFTER_VALUES = frozenset(" \t\r\n,]}:")
"""What shows that a number is whole: 1 may be the beginning of 1.5e3."""

_SPACE = re.compile(r"[ \t\r\n]*")


def json_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """What stands in each line of a file that is not empty, and its number from 1; SegError names a damaged one."""
    with explained(path), open_to_read(path) as file:
        for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), start=1):
            if line.strip():
                try:
                    yield number, json.loads(line.decode("utf-8-sig"))
                except ValueError as error:
                    raise SegError(f"{path}: line {number} is not valid JSON ({error}); export it again") from error


def first_of_lists(path: Path, keys: Sequence[str]) -> dict[str, list[Any]]:
    """Of lists of objects under these keys, wherever they stand in the file, the first element; nothing is parsed else.

    Empty if the file holds no object. For recognising a format; only reading tells where the lists stand.
    """
    with explained(path), open_to_read(path) as file:
        if not file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
            return {}
        found: dict[str, list[Any]] = {}
        for key, start in _starts(file, keys).items():
            file.seek(start)
            found[key] = _first(file.read(_CHUNK))
    return found


def _starts(file: BinaryIO, keys: Sequence[str]) -> dict[str, int]:
    """Where the list under each key begins; read in parts, for what is mapped into memory counts as memory."""
    patterns = {key: re.compile(rb'"' + re.escape(key.encode()) + rb'"\s*:\s*\[') for key in keys}
    found: dict[str, int] = {}
    file.seek(0)
    rest, place = b"", 0
    while len(found) < len(patterns) and (chunk := file.read(_CHUNK)):
        data = rest + chunk
        for key, pattern in patterns.items():
            if key not in found and (match := pattern.search(data)):
                found[key] = place + match.end()
        rest = data[-_OVERLAP:]
        place += len(data) - len(rest)
    return {key: found[key] for key in keys if key in found}


def _first(head: bytes) -> list[Any]:
    text = head.decode("utf-8", errors="ignore").lstrip()
    try:
        return [_DECODER.raw_decode(text)[0]]
    except ValueError:  # an empty list, or a very long element
        return []


def sections(path: Path) -> Iterator[tuple[str, Any]]:
    """Keys of the object that a file holds, in its order, each with an iterator over the elements of its list.

    Other values come whole. SegError if the file is damaged, which may show after some elements.
    """
    with explained(path), path.open(encoding="utf-8-sig") as file:
        yield from _sections(_Window(path, file))


class _Window:
    """The part of a file that is being read; SegError where it is damaged."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self._path = path
        self._file = file
        self._text = ""
        self._at = 0
        self._is_whole = False
        self._before = 0

    def sign(self) -> str:
        """The next sign that is no space, empty at the end of the file."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, *wanted: str) -> str:
        """Pass one of these signs."""
        sign = self.sign()
        if sign not in wanted or not sign:
            where = f"at character {self._before + self._at:,}"
            raise self.damaged(f"{' or '.join(wanted)} expected, {sign or 'the end'} found {where}")
        self._at += 1
        return sign

    def value(self) -> Any:  # noqa: ANN401  # whatever JSON holds
        """The next value, whole: read on until it is, and until what follows shows that a number is."""
        self.sign()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except ValueError as error:
                place = self._before + getattr(error, "pos", self._at)
                if not self._more():
                    raise self.damaged(f"it ends early, or is damaged, at character {place:,}") from error
                continue
            if self._text[end : end + 1] in _AFTER_VALUES or not self._more():
                self._at = end
                return value

    def _more(self) -> bool:
        """Read on, more and more of a long value; False at the end of the file."""
        if not self._is_whole:
            rest = self._text[self._at :]
            try:
                chunk = self._file.read(max(_CHUNK, len(rest)))
            except ValueError as error:  # no UTF-8
                raise self.damaged(error) from error
            self._before += self._at
            self._text, self._at, self._is_whole = rest + chunk, 0, not chunk
        return not self._is_whole

    def damaged(self, what: object) -> SegError:
        """The error for what stands here."""
        return SegError(f"{self._path}: not valid JSON ({what}); export it again")


def _sections(window: _Window) -> Iterator[tuple[str, Any]]:
    window.take("{")
    if window.sign() == "}":
        window.take("}")
    else:
        while True:
            key = window.value()
            if not isinstance(key, str):
                raise window.damaged(f"{key!r:.40} is no key")
            window.take(":")
            if window.sign() == "[":
                elements = _elements(window)
                yield key, elements
                for _ in elements:  # what nobody took
                    pass
            else:
                yield key, window.value()
            if window.take(",", "}") == "}":
                break
    if window.sign():
        raise window.damaged("something follows the end")


def _elements(window: _Window) -> Iterator[Any]:
    window.take("[")
    if window.sign() == "]":
        window.take("]")
        return
    while True:
        yield window.value()
        if window.take(",", "]") == "]":
            return
