"""Files of one name in many folders: those that a path may be of, without comparing each path with each file."""

from collections.abc import Sequence
from pathlib import Path

from prep.labels.shapes.folders_said import as_compared


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
