"""What a label file holds and cannot be used: one line a reason, with the first names and how many there are."""

from prep.core.words import list_some


class LeftOut:
    """Collects what is left out, or repaired, while a label file is read."""

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}

    def add(self, reason: str, name: str) -> None:
        """One thing; reason: how its line begins."""
        self._found.setdefault(reason, []).append(name)

    def notes(self) -> tuple[str, ...]:
        """The lines, in the order in which the reasons came up."""
        return tuple(f"{reason}: {len(names):,} ({list_some(names)})" for reason, names in self._found.items())

    def __len__(self) -> int:
        return sum(map(len, self._found.values()))
