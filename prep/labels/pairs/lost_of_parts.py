"""Photos that are lost, by the names of the masks of their classes or objects: road/p1.png and car/p1.png are of p1."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from prep.images.finding import FoundFile

_BREAK = re.compile(r"[ _\-.]+")
Affix = tuple[str, str]
"""What stands before and behind the stem of a photo in that of its mask, one of them empty."""


def lost_photos(photos: Sequence[FoundFile], masks: Sequence[FoundFile]) -> list[FoundFile]:
    """The photos of masks that are called as those of photos are, and have none; empty where most photos would be lost.

    Empty too where a mask has the name of a photo: then one mask is all of a photo, or nobody knows.
    """
    stems = {file.stem for file in photos}
    if any(file.stem in stems for file in masks):
        return []
    known = {file.stem: affix for file in masks if (affix := _affix(file.stem, stems))}
    affixes = set(known.values())
    lost = {own for file in masks if file.stem not in known for own in _without(file.stem, affixes)}
    return [FoundFile(Path(stem), f"{stem}.x") for stem in sorted(lost)] if len(lost) <= len(stems) else []


def _pieces(stem: str) -> Iterator[tuple[str, Affix]]:
    """The beginnings and ends of a stem, the longest ones first, each with what is left of it."""
    breaks = list(_BREAK.finditer(stem))
    own = [(stem[: found.start()], ("", stem[found.start() :])) for found in breaks]
    own += [(stem[found.end() :], (stem[: found.end()], "")) for found in breaks]
    yield from sorted(own, key=lambda piece: -len(piece[0]))


def _affix(stem: str, photos: set[str]) -> Affix | None:
    return next((affix for piece, affix in _pieces(stem) if piece in photos), None)


def _without(stem: str, affixes: set[Affix]) -> list[str]:
    """What is left of a stem without the affix that it has; nothing where it has none."""
    return [piece for piece, affix in _pieces(stem) if piece and affix in affixes][:1]
