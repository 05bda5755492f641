"""How the stored numbers of photos become the colours of images: one way for all photos of a set."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prep.core.errors import SegError
from prep.core.files import write_text
from prep.core.jsonio import read_json
from prep.dataset.dataset_files import RANGES
from prep.images.bands import Bands, checked_bands, format_bands
from prep.photos.ranges import Ranges, format_range, ranges_from_plain

_BANDS = "bands"
"""Beside the kinds of numbers, in ranges.json and in models."""

_REMEDY = "restore the file, or bring the photos into a new dataset"


@dataclass(frozen=True)
class Rendering:
    """Which numbers of deep photos become black and white, by kind, and which bands are red, green and blue.

    bands: None takes the first three, of one or two the first as grey. Of files other than TIFF nothing is chosen.
    """

    ranges: Ranges = field(default_factory=dict)
    bands: Bands | None = None

    @classmethod
    def from_plain(cls, content: object, path: Path) -> "Rendering":
        """Read what to_plain gave; SegError for anything else."""
        if not isinstance(content, Mapping) or _BANDS not in content:
            return cls(ranges_from_plain(content, path))
        numbers = content[_BANDS]
        try:
            bands = checked_bands(numbers if isinstance(numbers, list | tuple) else [])
        except SegError as error:
            raise SegError(f"{path}: {error}; {_REMEDY}") from error
        return cls(ranges_from_plain({kind: span for kind, span in content.items() if kind != _BANDS}, path), bands)

    def to_plain(self) -> dict[str, Any]:
        """Plain data: two numbers for each kind, and three for the bands where some were chosen."""
        plain: dict[str, Any] = {kind: list(span) for kind, span in sorted(self.ranges.items())}
        return plain | ({} if self.bands is None else {_BANDS: list(self.bands)})

    def to_text(self) -> str:
        """The same as JSON."""
        return json.dumps(self.to_plain(), indent=2) + "\n"

    def joined(self, other: "Rendering", ours: str, theirs: str) -> "Rendering":
        """That of two sets together; SegError where they contradict each other. ours, theirs: names of the sets."""
        for kind in self.ranges.keys() & other.ranges.keys():
            if self.ranges[kind] != other.ranges[kind]:
                raise SegError(
                    f"{ours}: its {kind} photos were made with the range {format_range(self.ranges[kind])}, those of "
                    f"{theirs} with {format_range(other.ranges[kind])}; name another dataset with -o"
                )
        if self.bands != other.bands:
            raise SegError(
                f"{ours}: its red, green and blue are {_words(self.bands)}, those of {theirs} "
                f"{_words(other.bands)}; name another dataset with -o"
            )
        return Rendering({**self.ranges, **other.ranges}, self.bands)


OWN_RANGES = Rendering()
"""No range for a set: each deep photo has its own. The first bands are its colours."""


def bands_of_set(given: Bands | None, known: Rendering, source: str, *, has_images: bool) -> Bands | None:
    """The bands that are the colours of photos that join a set: those given, else those known to `source`.

    SegError if others are given than those that its images were made of.
    """
    if given is None or given == known.bands:
        return known.bands
    if known.bands is not None or has_images:
        raise SegError(
            f"--bands {format_bands(given)}: {source} was made with {_words(known.bands)}; leave --bands out, or name "
            "another dataset with -o"
        )
    return given


def read_rendering(path: Path) -> Rendering:
    """Read ranges.json; that of no set if there is no such file. SegError if it is none of ours."""
    return Rendering.from_plain(read_json(path, remedy=_REMEDY), path) if path.exists() else OWN_RANGES


def write_rendering(path: Path, rendering: Rendering) -> None:
    """Write ranges.json atomically."""
    write_text(path, rendering.to_text())


def _words(bands: Bands | None) -> str:
    return format_bands(bands) if bands is None else f"bands {format_bands(bands)}"


def need_bands(root: Path, learned: Bands | None) -> None:
    """SegError if the images of a dataset show other bands than those that a model learned from."""
    theirs = read_rendering(root / RANGES).bands
    if theirs != learned:
        raise SegError(
            f"{root}: its images show {format_bands(theirs)} as red, green and blue, but the model learned "
            f"from {format_bands(learned)}; name a run of such images with --run, or make the dataset anew with --bands"
        )
