"""A look at all rasters before the first is cut: how many rows they have, and the range of deep ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prep.core.errors import SegError
from prep.core.words import counted, list_some
from prep.images.bands import Bands
from prep.photos.ranges import NumberCounts, Percentiles, Range, Span, format_range
from prep.photos.rendering import Rendering
from prep.photos.rows.tiff_rows import TiffRows
from prep.photos.survey import BANDS_OPTION


@dataclass(frozen=True)
class RasterSurvey:
    """What was found: the range of each kind of deep rasters, with the bands; rows of all rasters together, and
    sentences for a person.
    """

    rendering: Rendering
    rows: int
    notes: list[str]


def survey_rasters(rasters: Sequence[Path], known: Rendering, span: Span | None, bands: Bands | None) -> RasterSurvey:
    """Find the range of each kind of deep rasters: the one `known`, the one given, or what is in use in all together.

    bands: of each raster, those that are its colours.
    Raises SegError if the given one contradicts a known one.
    """
    by_share = span if isinstance(span, Percentiles) else None
    in_use: dict[str, NumberCounts] = {}
    ranges: dict[str, Range] = {}
    height, with_more = 0, list[str]()
    for path in rasters:
        try:
            rows = TiffRows(path, Rendering(known.ranges, bands))
            height += rows.height
            with_more += [path.name] if rows.bands_left_out else []
            if rows.kind in known.ranges and by_share is None:
                ranges[rows.kind] = known.ranges[rows.kind]
            elif rows.kind and span is not None and by_share is None:
                ranges[rows.kind] = span
            elif rows.kind:
                in_use.setdefault(rows.kind, NumberCounts(rows.kind)).merge(rows.in_use())
        except SegError:  # cutting it says what is wrong with it
            continue
    ranges |= {kind: numbers.range(by_share) for kind, numbers in in_use.items()}
    wanted = {kind: found if by_share else span for kind, found in ranges.items()}
    if span is not None and any(known.ranges.get(kind, wanted[kind]) != wanted[kind] for kind in ranges):
        raise SegError(f"--range {format_range(span)}: the dataset was made with another one; leave --range out")
    notes = [f"{kind} numbers: {format_range(found)} becomes black to white" for kind, found in ranges.items()]
    if with_more:
        notes.append(
            f"{counted(len(with_more), 'raster')} ({list_some(with_more)}) with more bands than colours: the first "
            f"three are taken as red, green and blue (of two the first as grey), as predict takes them{BANDS_OPTION}"
        )
    return RasterSurvey(Rendering(ranges, bands), height, notes)
