"""A look at all rasters before the first is cut: how many rows they have, and the range of deep ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prep.core.errors import SegError
from prep.photos.ranges import InUse, Range, Ranges, format_range
from prep.photos.tiff_rows import TiffRows


@dataclass(frozen=True)
class RasterSurvey:
    """What was found: the range of each kind of deep rasters, rows of all rasters together, sentences for a person."""

    ranges: Ranges
    rows: int
    notes: list[str]


def survey_rasters(rasters: Sequence[Path], known: Ranges, span: Range | None) -> RasterSurvey:
    """Find the range of each kind of deep rasters: the one `known`, the one given, or what is in use in all together.

    Raises SegError if the given one contradicts a known one.
    """
    in_use: dict[str, InUse] = {}
    ranges: dict[str, Range] = {}
    height = 0
    for path in rasters:
        try:
            rows = TiffRows(path, known)
            height += rows.height
            if rows.kind in known:
                ranges[rows.kind] = known[rows.kind]
            elif rows.kind and span is not None:
                ranges[rows.kind] = span
            elif rows.kind:
                in_use.setdefault(rows.kind, InUse(rows.kind)).merge(rows.in_use())
        except SegError:  # cutting it says what is wrong with it
            continue
    ranges |= {kind: numbers.range() for kind, numbers in in_use.items()}
    if span is not None and any(found != span for found in ranges.values()):
        raise SegError(f"--range {format_range(span)}: the dataset was made with another one; leave --range out")
    notes = [f"{kind} numbers: {format_range(found)} becomes black to white" for kind, found in ranges.items()]
    return RasterSurvey(ranges, height, notes)
