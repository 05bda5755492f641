"""Files of one name in many folders: those that a path may be of, without comparing each path with each file."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain, islice, takewhile
from pathlib import Path

from prep.labels.shapes.folders_said import Said, are_siblings, as_compared, said_by, uncounted

_FEW = 100
"""Files in so few places are passed over one by one; those in none of more are listed once."""
_TWO = 2

_Kinds = dict[tuple[str, tuple[str, ...]], dict[str, list[Path]]]
"""Files by their split and the folders next to them that say no place (so close the path of another place may come),
and those of a kind by their innermost place without its numbers."""


class PathEnds:
    """Finds, of files of one name, those whose paths have the longest end in common with another path."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files: dict[tuple[str, ...], Sequence[Path]] = {(): files}
        self._divided: set[tuple[str, ...]] = set()

    def closest(self, parts: Sequence[str]) -> Sequence[Path]:
        """All of them: several where none comes closer than the others. parts: of a path of that name."""
        end: tuple[str, ...] = ()
        for part in reversed(parts):
            if len(self._files[end]) == 1:
                break
            self._divide(end)
            longer = (*end, as_compared(part))
            if longer not in self._files:
                break
            end = longer
        return self._files[end]

    def _divide(self, end: tuple[str, ...]) -> None:
        """Files with an end in common by the part before it, once, when it is first asked for."""
        if end in self._divided:
            return
        self._divided.add(end)
        longer: dict[tuple[str, ...], list[Path]] = {}
        for file in self._files[end]:
            before = file.parts[-1 - len(end) : len(file.parts) - len(end)]
            longer.setdefault((*end, *map(as_compared, before)), []).append(file)
        longer.pop(end, None)  # a path that has no more parts
        self._files.update(longer)


class Namesakes:
    """Files of one name by the places that their folders say.

    Most say a place of their own, which is not among those of a path, nor that of the path among theirs: then it is all
    one which of them it is, and two of a kind tell that it is none of them alone.

    said_of: what a folder says.
    """

    def __init__(self, files: Sequence[Path], said_of: Callable[[Path], Said]) -> None:
        self._files, self._said_of = files, said_of
        self._innermost: dict[str, list[Path]] = defaultdict(list)
        self._at: dict[str, list[Path]] = defaultdict(list)
        self._kinds: _Kinds = defaultdict(lambda: defaultdict(list))
        for file in files:
            said = said_of(file.parent)
            self._innermost[_innermost(said)].append(file)
            self._kinds[(said.split, _without_places(file))][uncounted(_innermost(said))].append(file)
            for place in {*said.places}:
                self._at[place].append(file)
        self._outside: tuple[Collection[str], _Kinds] = ((), self._kinds)

    def near(self, said: Said) -> Collection[Path]:
        """Files that each stand in their own way to a path of which the folders say this."""
        if not said.places:
            return self._files
        listed = (self._innermost.get(place, ()) for place in ("", *said.places))
        return dict.fromkeys(chain(self._at.get(_innermost(said), ()), *listed))

    def elsewhere(self, said: Said, near: Collection[Path], named: Collection[str]) -> Iterator[Path]:
        """Up to two of each kind of the others, in no folder of another split, nor of a place that paths name.

        Nor of one that is counted as that of the path is.
        """
        if len(named) > _FEW and self._outside[0] is not named:
            kinds = {
                kind: {alike: [file for file in files if self._is_outside(file, named)] for alike, files in by.items()}
                for kind, by in self._kinds.items()
            }
            self._outside = named, kinds
        place = _innermost(said)
        for (split, _), by in (self._outside[1] if len(named) > _FEW else self._kinds).items():
            if not said.split or split in ("", said.split):
                others = (
                    file
                    for alike, files in by.items()
                    if alike != uncounted(place)
                    for file in files
                    if file not in near and self._is_outside(file, named) and not are_siblings(place, self._place(file))
                )
                yield from islice(others, _TWO)

    def _is_outside(self, file: Path, named: Collection[str]) -> bool:
        return self._place(file) not in named

    def _place(self, file: Path) -> str:
        return _innermost(self._said_of(file.parent))


def _innermost(said: Said) -> str:
    return said.places[-1] if said.places else ""


def _without_places(file: Path) -> tuple[str, ...]:
    """The folders next to a file that say no place: images of s1/images/a.jpg."""
    return tuple(takewhile(lambda folder: not said_by([folder]).places, reversed(file.parts[:-1])))
