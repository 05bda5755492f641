"""Squares of ground that samples are grouped by."""

import numpy as np
import pytest

from prep.geo.blocks import blocks_of, in_metres, larger, smaller, usual_block
from prep.geo.footprint import Footprint, degrees_of
from tests.rasters import UTM, needs_geo


@needs_geo
def test_blocks_have_their_size_on_the_ground_wherever_they_lie() -> None:
    """Counted on a line of points in metres, in UTM and in Web Mercator, where a metre is half of one at 60 degrees."""
    for crs, north, scale in (("EPSG:32633", 6_650_000.0, 1.0), ("EPSG:3857", 8_399_737.0, 2.0)):
        points = [
            Footprint(1, 1, 500_000 * scale + 50 * scale * i, north, crs, f"{scale} 0 0 -{scale}") for i in range(400)
        ]
        blocks = blocks_of(degrees_of(points), 500)
        counts = [blocks.count(name) for name in dict.fromkeys(blocks)]
        assert np.mean(counts[1:-1]) == pytest.approx(10, rel=0.02)
        rows = [
            Footprint(1, 1, 500_000 * scale, north + 50 * scale * i, crs, f"{scale} 0 0 -{scale}") for i in range(400)
        ]
        names = [name.split()[1] for name in blocks_of(degrees_of(rows), 500)]
        assert np.mean([names.count(name) for name in dict.fromkeys(names)][1:-1]) == pytest.approx(10, rel=0.02)


def test_round_sides() -> None:
    assert [in_metres(side) for side in larger(500)[:5]] == ["700m", "1km", "1.5km", "2km", "3km"]
    assert [in_metres(side) for side in smaller(500)[:4]] == ["300m", "200m", "150m", "100m"]
    assert (in_metres(larger(0.09)[0]), in_metres(123.4)) == ("0.15m", "123.4m")


@needs_geo
def test_the_usual_side_is_some_samples_long() -> None:
    """Samples of 50 m."""
    assert usual_block([Footprint.of(UTM, "EPSG:32633", x, 0, 100, 100) for x in range(0, 900, 100)]) == 300
