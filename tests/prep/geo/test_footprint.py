"""Where samples lie: overlaps, and blocks of metres."""

import numpy as np
import pytest

from prep.core.errors import SegError
from prep.geo.footprint import Footprint, blocks_of, degrees_of, overlapping
from tests.rasters import EAST, NORTH, UTM, needs_geo

ROTATED = (0.4, 0.3, EAST, 0.3, -0.4, NORTH)


@pytest.mark.parametrize("transform", [UTM, ROTATED])
def test_neighbours_touch_and_do_not_overlap(transform: tuple[float, ...]) -> None:
    cells = [(x, y) for y in range(0, 500, 100) for x in range(0, 500, 100)]
    footprints = [Footprint.of(transform, "EPSG:32633", x, y, 100, 100) for x, y in cells]
    splits = ["train" if number % 2 else "val" for number in range(len(cells))]
    assert list(overlapping(footprints, splits)) == []
    shifted = Footprint.of(transform, "EPSG:32633", 97, 200, 100, 100)
    pairs = sorted(pair[0] for pair in overlapping([*footprints, shifted], [*splits, "test"]))
    assert [cells[number] for number in pairs] == [(0, 200), (100, 200)]


def test_random_footprints_overlap_as_their_pixels_do() -> None:
    rng = np.random.default_rng(0)
    boxes = [(int(x), int(y), int(w), int(h)) for x, y, w, h in rng.integers((0, 0, 5, 5), (300, 300, 60, 60), (60, 4))]
    footprints = [Footprint.of(UTM, "EPSG:32633", *box) for box in boxes]
    splits = [("train", "val", "test")[number % 3] for number in range(len(boxes))]
    expected = set()
    for one in range(len(boxes)):
        for other in range(one):
            shared = [
                min(boxes[one][axis] + boxes[one][axis + 2], boxes[other][axis] + boxes[other][axis + 2])
                - max(boxes[one][axis], boxes[other][axis])
                for axis in (0, 1)
            ]
            if min(shared) > 1 and splits[one] != splits[other]:
                expected.add((other, one))
    assert {tuple(sorted(pair)) for pair in overlapping(footprints, splits)} == expected
    assert expected


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


def test_what_is_no_place_is_told() -> None:
    with pytest.raises(SegError, match=r"index.csv: the pixel '0.5' is not four numbers"):
        Footprint(1, 1, 0, 0, "EPSG:32633", "0.5").corners()


@needs_geo
def test_an_unknown_coordinate_system_is_told() -> None:
    with pytest.raises(SegError, match=r"index.csv: cannot be read"):
        degrees_of([Footprint(1, 1, 0, 0, "EPSG:1", "1 0 0 -1")])
