"""Where samples lie, and how large their pixels are on the ground."""

import numpy as np
import pytest

from prep.core.errors import SegError
from prep.geo.footprint import Footprint, degrees_of, pixel_sizes
from prep.images.sizing import Placement
from tests.rasters import EAST, NORTH, UTM, needs_geo

ROTATED = (0.4, 0.3, EAST, 0.3, -0.4, NORTH)


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
