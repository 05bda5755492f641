"""Where samples lie: overlaps, and blocks of metres."""

import numpy as np
import pytest

from prep.core.errors import SegError
from prep.geo.footprint import Footprint, blocks_of, degrees_of, overlapping, pixel_sizes
from prep.images.sizing import Placement
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
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32632", "EPSG:3857"])
def test_footprints_in_different_systems_overlap_on_the_ground(crs: str) -> None:
    from rasterio.crs import CRS
    from rasterio.warp import transform_bounds

    left, bottom, right, top = transform_bounds("EPSG:32633", crs, UTM[2], UTM[5] - 150, UTM[2] + 200, UTM[5])
    width, height = 400, 300
    transform = (right - left) / width, 0.0, left, 0.0, (bottom - top) / height, top
    one = [Footprint.of(UTM, "EPSG:32633", x, 0, 100, 300) for x in range(0, 400, 100)]
    same = Footprint.of(transform, crs, 0, 0, width // 8, height)
    away = Footprint.of(transform, crs, 2 * width, 0, width, height)
    found = list(overlapping([*one, same, away], ["train"] * 4 + ["test"] * 2))
    assert found == [(0, 4)]
    own = Footprint.of(UTM, CRS.from_epsg(32633).to_wkt(), 150, 0, 20, 20)  # the same system in other words
    assert list(overlapping([*one, own], ["train"] * 4 + ["test"])) == [(1, 4)]


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


PLACES = {
    "utm": ("EPSG:32633", UTM),
    "rotated": ("EPSG:32633", ROTATED),
    "degrees": ("EPSG:4326", (1e-5, 0.0, 13.4, 0.0, -1e-5, 60.0)),
    "across the 180th meridian": ("EPSG:4326", (1e-3, 0.0, 179.98, 0.0, -1e-3, 10.0)),
    "web mercator": ("EPSG:3857", (2.0, 0.0, 1_500_000.0, 0.0, -2.0, 8_400_000.0)),
    "feet": ("EPSG:2263", (1.0, 0.0, 980_000.0, 0.0, -1.0, 200_000.0)),
    "around the pole": ("EPSG:3413", (500.0, 0.0, -20_000.0, 0.0, -500.0, 20_000.0)),
    "mirrored": ("EPSG:3035", (-0.1, 0.0, 4_321_000.0, 0.0, -0.1, 3_210_000.0)),
}


@needs_geo
@pytest.mark.parametrize("name", PLACES)
def test_the_size_of_a_pixel_is_what_a_plane_that_touches_there_says(name: str) -> None:
    """Another way: an azimuthal projection around the centre, in which distances from it are those on the ground."""
    from rasterio.warp import transform

    crs, affine = PLACES[name]
    footprint = Footprint.of(affine, crs, 0, 0, 80, 80)
    longitude, latitude = transform(crs, "EPSG:4326", [footprint.east], [footprint.north])
    plane = f"+proj=aeqd +lon_0={longitude[0]} +lat_0={latitude[0]} +datum=WGS84 +units=m"
    right, down = footprint.steps
    ends = np.add([5 * right, 5 * down], [footprint.east, footprint.north])
    x, y = transform(crs, plane, *ends.T.tolist())
    expected = np.hypot(x, y) / 5
    found = pixel_sizes([Footprint.of(UTM, "EPSG:32633", 0, 0, 9, 9), footprint])[1]
    assert (found.across, found.down) == pytest.approx(tuple(expected), rel=2e-3 if name == "web mercator" else 1e-4)


@needs_geo
def test_known_sizes_of_pixels() -> None:
    utm = pixel_sizes([Footprint.of((10, 0, 500_000, 0, -10, 5_700_000), "EPSG:32633", 0, 0, 1, 1)])[0]
    assert (utm.across, utm.down) == pytest.approx((10 / 0.9996, 10 / 0.9996), rel=1e-6)
    degrees = pixel_sizes([Footprint.of((1e-5, 0, 13, 0, -1e-5, 60), "EPSG:4326", 0, 0, 1, 1)])[0]
    assert degrees.words == "0.558 x 1.11 m"
    assert pixel_sizes([]) == []
    with pytest.raises(SegError, match=r"index.csv: .*outside of"):
        pixel_sizes([Footprint.of((1, 0, 1e9, 0, -1, 1e9), "EPSG:32633", 0, 0, 9, 9)])


@pytest.mark.parametrize("placed", [Placement(50, 30, 0, 0, 50, 30), Placement(60, 64, 5, 17, 50, 30)])
def test_a_resized_image_lies_where_it_lay(placed: Placement) -> None:
    """The corners of the part that shows the old image are those of the old one, whatever frame is around it."""
    old = Footprint.of(ROTATED, "EPSG:32633", 0, 0, 100, 90)
    new = old.resized(placed)
    a, d, b, e = map(float, new.pixel.split())
    left = placed.left - placed.width / 2
    top = placed.top - placed.height / 2
    corners = [(x, y) for y in (top, top + placed.down) for x in (left, left + placed.across)]
    found = [(new.east + a * x + b * y, new.north + d * x + e * y) for x, y in corners]
    expected = old.corners()[[0, 1, 3, 2]]
    assert np.array(found) == pytest.approx(expected, abs=1e-6)
    assert (new.width, new.height, new.crs) == (placed.width, placed.height, old.crs)
