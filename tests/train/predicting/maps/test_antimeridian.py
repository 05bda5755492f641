"""GeoJSON across the 180th meridian: cut there, as RFC 7946 (3.1.9) wants it, and the same pixels when it is read."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.geo.georeference import GeoReference
from prep.geo.projection import Projection
from prep.images.imageio import read_mask
from tests.rasters import colored, needs_geo, write_raster
from tests.support import load, run_ok
from tests.train.predicting.maps.mapping import predicted
from tests.train.predicting.masks import MASKS
from train.predicting.maps.antimeridian import degree_polygons
from train.predicting.maps.map_files import map_polygons
from train.predicting.region_polygons import region_polygons

pytestmark = needs_geo

MASK = np.zeros((120, 200), np.uint8)
MASK[10:110, 10:190] = 1
MASK[20:40, 90:110] = 0
MASK[50:60, 20:40] = 2
MASK[70:90, 130:150] = 0
MASK[100:105, 95:150] = 0
MASK[2:6, 2:8] = 2
MASK[112:118, 80:120] = 2
for step in range(30):
    MASK[70 + step, 60 : 90 + step] = 2
"""Rings with holes on either side of the line, and across it."""

ACROSS = {
    "UTM 1": ("EPSG:32601", (99, 0, 157000, 0, -99, 20000)),
    "UTM 60": ("EPSG:32760", (2, 0, 674_115, 0, -2, 3_500_590)),
    "UTM 1, turned": ("EPSG:32601", (60, 30, 256_000, 30, -60, 5_000_000)),
    "degrees": ("EPSG:4326", (1e-3, 0, 179.9, 0, -1e-3, 60.0)),
    "degrees in the west": ("EPSG:4326", (1e-3, 0, -180.1, 0, -1e-3, -10.0)),
    "Web Mercator": ("EPSG:3857", (10, 0, 20037508.34 - 950, 0, -10, 8_000_000)),
    "a system of the Pacific": ("EPSG:3832", (10, 0, 3339584.72 - 1000, 0, -10, -2_000_000)),
    "the Antarctic": ("EPSG:3031", (25_000, 0, -2_500_000, 0, -25_000, -300_000)),
}


def features(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text())["features"]
    return found


def polygons(feature: dict[str, Any]) -> list[list[list[list[float]]]]:
    geometry = feature["geometry"]
    parts: list[list[list[list[float]]]] = geometry["coordinates"]
    return parts if geometry["type"] == "MultiPolygon" else [parts]  # type: ignore[list-item]


@pytest.mark.parametrize("place", ACROSS)
def test_a_map_across_the_180th_meridian_comes_back_the_same(place: str, tmp_path: Path) -> None:
    crs, transform = ACROSS[place]
    raster = write_raster(tmp_path / "a.tif", colored(MASK), crs=crs, transform=transform)
    predicted(raster, tmp_path / "out", "masks", "geojson")
    assert (load(tmp_path / "out/masks/a.tif") == MASK).all()
    labels = tmp_path / "out/geojson/a.geojson"
    cut = [feature for feature in features(labels) if feature["geometry"]["type"] == "MultiPolygon"]
    assert cut
    for feature in features(labels):
        for part in polygons(feature):
            assert all(ring[0] == ring[-1] for ring in part)
            outer = np.array(part[0])
            assert np.ptp(outer[:, 0]) < 180
            assert np.abs(outer[:, 0]).max() <= 180
            for number, ring in enumerate(part):
                x, y = (np.array(ring) - ring[0]).T
                assert (x[:-1] @ y[1:] > y[:-1] @ x[1:]) == (number == 0)
    numbers = tmp_path / "numbers.txt"
    numbers.write_text("0,#000000\n1,#ff0000\n2,#00ff00\n")
    run_ok(
        "tile", raster, "-o", tmp_path / "d", "--labels", labels, "--attribute", "index", "--unlabelled", "0",
        "--classes", numbers,
    )  # fmt: skip
    (sample,) = Dataset.open(tmp_path / "d").samples
    back = read_mask(tmp_path / "d" / sample.mask)
    assert (back == MASK).all()


@given(MASKS, st.sampled_from([0.0, 1.5]), st.integers(-8, 0))
def test_parts_cover_what_the_whole_covers(mask: NDArray[np.uint8], tolerance: float, west: int) -> None:
    """At every corner of pixels, also where rings touch the meridian, fold or vanish."""
    from rasterio.crs import CRS

    place = GeoReference(Path("a.tif"))
    projection = Projection(place, (1e-3, 0, 180 + west / 1000, 0, -1e-3, 10), CRS.from_epsg(4326))
    for polygon in region_polygons(mask, [1, 2], tolerance):
        (whole,) = map_polygons([polygon], projection)
        parts = degree_polygons(whole.rings, projection)
        sizes = [sum(signed(ring) for ring in part) for part in parts]
        assert all(np.ptp(part[0][:, 0]) < 1 for part in parts)
        assert sum(sizes) == pytest.approx(sum(map(signed, whole.rings)), abs=1e-9)


def signed(ring: NDArray[np.float64]) -> float:
    x, y = (ring - ring[0]).T
    return float(x[:-1] @ y[1:] - y[:-1] @ x[1:]) / 2


def test_parts_have_their_own_holes() -> None:
    from rasterio.crs import CRS

    mask = np.zeros((20, 40), np.uint8)
    mask[2:18, 2:38] = 1
    mask[5:8, 5:8], mask[5:8, 30:33], mask[12:14, 15:25] = 0, 0, 0
    projection = Projection(GeoReference(Path("a.tif")), (1e-3, 0, 179.98, 0, -1e-3, 10), CRS.from_epsg(4326))
    (whole,) = map_polygons(region_polygons(mask, [1]), projection)
    west, east = degree_polygons(whole.rings, projection)
    assert [len(west), len(east)] == [2, 2]
    assert [round(each[1][:, 0].min(), 6) for each in (west, east)] == [179.985, -179.99]
    assert west[0][:, 0].max() == 180
    assert east[0][:, 0].min() == -180


def test_what_touches_the_meridian_is_not_cut(tmp_path: Path) -> None:
    mask = np.zeros((20, 40), np.uint8)
    mask[5:10, 10:20], mask[12:15, 20:30] = 1, 2
    write_raster(tmp_path / "a.tif", colored(mask), crs="EPSG:4326", transform=(0.01, 0, 179.8, 0, -0.01, 10))
    predicted(tmp_path / "a.tif", tmp_path / "out", "geojson")
    west, east = features(tmp_path / "out/geojson/a.geojson")
    assert [each["geometry"]["type"] for each in (west, east)] == ["Polygon", "Polygon"]
    assert max(x for x, _ in polygons(west)[0][0]) == 180
    assert min(x for x, _ in polygons(east)[0][0]) == -180


def test_a_map_of_the_earth_stays_in_one_piece(tmp_path: Path) -> None:
    mask = np.zeros((18, 36), np.uint8)
    mask[3:9] = 1
    for crs, step, west in (("EPSG:4326", 10.0, -180.0), ("EPSG:3857", 20037508.3427892 / 18, -20037508.3427892)):
        north = 90.0 if crs == "EPSG:4326" else step * 9
        write_raster(tmp_path / "a.tif", colored(mask), crs=crs, transform=(step, 0, west, 0, -step, north))
        predicted(tmp_path / "a.tif", tmp_path / crs[5:], "geojson")
        (feature,) = features(tmp_path / crs[5:] / "geojson/a.geojson")
        ((ring,),) = polygons(feature)
        assert [min(x for x, _ in ring), max(x for x, _ in ring)] == [-180, 180]


def test_a_polygon_around_a_pole_is_named(tmp_path: Path) -> None:
    write_raster(tmp_path / "a.tif", colored(MASK), crs="EPSG:3031", transform=(25_000, 0, -700_000, 0, -25_000, 2e6))
    predicted(tmp_path / "a.tif", tmp_path / "out", "geopackage")
    with pytest.raises(SegError, match=r"a\.tif: a polygon lies around a pole; save geopackage instead of geojson"):
        predicted(tmp_path / "a.tif", tmp_path / "out", "geojson")
