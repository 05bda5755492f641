"""The place of rasters on the earth, as GDAL reads it."""

import math
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

from prep.core.errors import SegError
from prep.geo.extra import need_geo
from prep.geo.georeference import GEO_KEYS, companions, read_georeference, world_suffixes
from prep.geo.no_data import read_empty
from prep.geo.projection import projection_of, warping
from prep.geo.raster import read_any_tiff
from prep.photos.rows.tiff_rows import TiffRows
from tests.rasters import EAST, KINDS, NORTH, UTM, colored, geo_tags, needs_geo, write_raster
from tests.support import random_image, run_ok, save

MASK = np.zeros((40, 60), np.uint8)
MASK[10:20, 5:30] = 1
MASK[30:, 40:] = 255


@needs_geo
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("endian", ["LITTLE", "BIG"])
def test_the_transform_is_that_of_gdal(kind: str, endian: str, tmp_path: Path) -> None:
    import rasterio

    path = write_raster(tmp_path / "a.tif", colored(MASK, kind), **KINDS[kind], ENDIANNESS=endian)
    place = read_georeference(path)
    if kind == "none":
        assert place is None
        return
    assert place is not None
    with rasterio.open(path) as raster:
        assert place.transform is not None
        assert np.allclose(place.transform, raster.transform[:6], rtol=0, atol=1e-9)
        projection = projection_of(place)
        assert (projection and projection.crs) == raster.crs
    assert (place.world is not None) == (kind == "world file")
    assert place.tags.keys() == geo_tags(path).keys()


@needs_geo
def test_areas_are_those_on_the_ground() -> None:
    """One second of arc is known on the ellipsoid; UTM on its central meridian is 0.9996 of it; Web Mercator twice."""
    from rasterio.crs import CRS

    from prep.geo.georeference import GeoReference
    from prep.geo.projection import Projection

    def side(crs: str, transform: tuple[float, ...]) -> float:
        """Of a square as large as the upper left pixel."""
        projection = Projection(GeoReference(Path("a.tif")), transform, CRS.from_user_input(crs))
        corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
        return math.sqrt(projection.square_metres([projection.map_points(corners)]))

    latitude = math.radians(52.5)
    a, e2 = 6378137.0, 0.00669437999014
    w = math.sqrt(1 - e2 * math.sin(latitude) ** 2)
    exact = math.radians(1e-3) * math.sqrt(a * (1 - e2) / w**3 * a / w * math.cos(latitude))
    assert side("EPSG:4326", (1e-3, 0, 13.4, 0, -1e-3, 52.5005)) == pytest.approx(exact, rel=1e-6)
    assert side("EPSG:32633", (10, 0, 500000, 0, -10, 5700000)) == pytest.approx(10 / 0.9996, rel=1e-6)
    mercator = a * math.log(math.tan(math.pi / 4 + latitude / 2))
    assert side("EPSG:3857", (10, 0, 0, 0, -10, mercator)) == pytest.approx(10 * math.cos(latitude), rel=5e-3)


def test_world_files_are_found_and_centred(tmp_path: Path) -> None:
    assert world_suffixes(Path("a.jpg")) == (".jgw", ".jpgw", ".wld")
    photo = save(tmp_path / "a.png", random_image(1))
    assert read_georeference(photo) is None
    (tmp_path / "a.PGW").write_text("0.5\n0\n0\n-0.5\n399960.25\n5699999.75\n")
    place = read_georeference(photo)
    assert place is not None
    assert place.transform == UTM == (0.5, 0.0, EAST, 0.0, -0.5, NORTH)
    assert place.projection is None
    (tmp_path / "a.prj").write_text('PROJCS["x"]')
    assert read_georeference(photo).projection == b'PROJCS["x"]'
    for wrong in ("0.5\n0\n0\n", "0.5\n0\n0\nnan\n4\n5\n", "0\n0\n0\n0\n4\n5\n"):
        (tmp_path / "a.PGW").write_text(wrong)
        with pytest.raises(SegError, match=r"a\.png: the world file beside it \(a\.pgw\) does not hold six numbers"):
            read_georeference(photo)


def test_control_points_alone_are_a_place_without_a_transform(tmp_path: Path) -> None:
    points = (0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 9.0, 0.0, 0.0, 3.0, 2.0, 0.0)
    tags = [(33922, 12, 12, points, True), (34735, 3, 4, (1, 1, 0, 0), True)]
    tifffile.imwrite(tmp_path / "a.tif", random_image(1), photometric="rgb", extratags=tags, metadata=None)
    place = read_georeference(tmp_path / "a.tif")
    assert place is not None
    assert (place.transform, place.tags[33922], place.tags[GEO_KEYS]) == (None, points, (1, 1, 0, 0))


@needs_geo
@pytest.mark.parametrize("transform", [UTM, (0.4, 0.3, EAST, 0.3, -0.4, NORTH)])
def test_a_place_that_stands_in_the_side_file_of_gdal_alone(transform: tuple[float, ...], tmp_path: Path) -> None:
    import rasterio

    path, pixels = tmp_path / "a.png", np.moveaxis(random_image(1), 2, 0)
    kind = {"driver": "PNG", "count": 3, "height": pixels.shape[1], "width": pixels.shape[2], "dtype": "uint8"}
    with rasterio.open(path, "w", crs="EPSG:32633", transform=rasterio.Affine(*transform), **kind) as raster:
        raster.write(pixels)
    assert [each.name for each in companions(path)] == ["a.png.aux.xml"]
    place = read_georeference(path)
    assert place is not None
    assert place.transform == pytest.approx(transform, abs=1e-9)
    projection = projection_of(place)
    assert projection is not None
    assert projection.crs.to_epsg() == 32633
    for suffix, content in place.side_files(".tif"):  # which lie beside the mask, and say the same there
        (tmp_path / f"b{suffix}").write_bytes(content)
    tifffile.imwrite(tmp_path / "b.tif", random_image(1), photometric="rgb", metadata=None)
    with rasterio.open(tmp_path / "b.tif") as raster:
        assert tuple(raster.transform[:6]) == pytest.approx(transform, abs=1e-9)
    other = read_georeference(tmp_path / "b.tif")
    assert other is not None
    assert other.transform == pytest.approx(transform, abs=1e-9)
    (tmp_path / "a.pgw").write_text("1\n0\n0\n-1\n0.5\n-0.5\n")  # a world file goes before it
    with_world = read_georeference(path)
    assert with_world is not None
    assert (with_world.transform, with_world.projection) == ((1, 0, 0, 0, -1, 0), place.projection)
    (tmp_path / "a.pgw").unlink()
    (tmp_path / "a.png.aux.xml").write_text("<PAMDataset><GeoTransform>1, 2</GeoTransform></PAMDataset>")
    with pytest.raises(SegError, match=r"a\.png: the file beside it \(a\.png\.aux\.xml\) does not hold six numbers"):
        read_georeference(path)


@needs_geo
def test_a_raster_with_control_points_only_is_told_how_to_get_a_transform(tmp_path: Path) -> None:
    """The command is typed, to the letter."""
    import rasterio
    from rasterio.control import GroundControlPoint

    corners = [(0, 0), (0, 60), (40, 0), (40, 60)]
    points = [GroundControlPoint(row, column, EAST + column / 2, NORTH - row / 2) for row, column in corners]
    kind = {"driver": "GTiff", "count": 3, "height": 40, "width": 60, "dtype": "uint8"}
    with rasterio.open(tmp_path / "a b.tif", "w", gcps=points, crs="EPSG:32633", **kind) as raster:
        raster.write(np.random.default_rng(0).integers(1, 255, (3, 40, 60), np.uint8))
    place = read_georeference(tmp_path / "a b.tif")
    assert place is not None
    command = warping(place)
    assert command is not None
    said = run_ok("tile", tmp_path / "a b.tif", "-o", tmp_path / "d").output
    assert f"only control points say where it lies; cut what this makes of it: {command}" in said
    rio = [sys.executable, "-c", "from rasterio.rio.main import main_group; main_group()"]  # as the program rio does
    subprocess.run([*rio, *shlex.split(command)[1:]], check=True, capture_output=True)
    warped = read_georeference(tmp_path / "a b-warped.tif")
    assert warped is not None
    assert warping(warped) is None
    assert warped.transform == pytest.approx(UTM, abs=1e-6)
    assert projection_of(warped) is not None


@needs_geo
@pytest.mark.parametrize("kind", ["no data", "sixteen bits", "alpha", "mask", "float"])
def test_pixels_without_data_are_known(kind: str, tmp_path: Path) -> None:
    import rasterio

    path = tmp_path / "a.tif"
    if kind == "alpha":
        pixels = np.dstack([random_image(1, 40, 60), np.where(MASK == 255, 0, 255).astype(np.uint8)])
        write_raster(path, pixels, ALPHA="YES", photometric="RGB")
    elif kind == "mask":
        write_raster(path, random_image(1, 40, 60))
        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as file:
            file.write_mask(MASK != 255)
    elif kind == "float":
        pixels = np.where(MASK == 255, np.nan, 1).astype(np.float32)
        write_raster(path, pixels)
    else:
        write_raster(path, colored(MASK, kind), **KINDS[kind])
    assert (read_empty(path) == (MASK == 255)).all()


def test_near_infrared_that_the_header_calls_alpha_hides_nothing(tmp_path: Path) -> None:
    """rasterio writes four bands of 8 bits so by default; water is 0 in near infrared."""
    pixels = np.dstack([random_image(1, 40, 60), np.random.default_rng(0).integers(0, 200, (40, 60), np.uint8)])
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extrasamples=["unassalpha"])
    assert read_empty(tmp_path / "a.tif") is None
    rows = TiffRows(tmp_path / "a.tif")
    assert not rows.rows_with_empty(0, 40)[1].any()
    assert rows.bands_left_out == 1


def test_other_files_say_nothing_of_missing_data(tmp_path: Path) -> None:
    assert read_empty(save(tmp_path / "a.png", random_image(1))) is None
    assert read_empty(save(tmp_path / "a.tif", random_image(1))) is None


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prep.geo.extra.has_geo", lambda: False)
    with pytest.raises(SegError, match=r"vector labels need the extra geo; type: pip install 'seg-prep\[geo\]'"):
        need_geo("vector labels need")


@needs_geo
def test_what_gdal_cannot_read_is_told(tmp_path: Path) -> None:
    """A coordinate system that nobody knows."""
    photo = save(tmp_path / "a.png", random_image(1))
    (tmp_path / "a.pgw").write_text("1\n0\n0\n-1\n0\n0\n")
    (tmp_path / "a.prj").write_text("nonsense")
    place = read_georeference(photo)
    assert place is not None
    with pytest.raises(SegError, match=r"a\.png: cannot be read"):
        projection_of(place)


@needs_geo
@pytest.mark.parametrize("compress", ["lzw", "zstd"])
@pytest.mark.parametrize("bands", [1, 5])
def test_deep_rasters_of_any_compression_are_read(compress: str, bands: int, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (40, 60, bands)).astype(np.uint16)
    path = write_raster(tmp_path / "a.tif", pixels, compress=compress)
    found = read_any_tiff(path, path.read_bytes())
    assert (found.reshape(pixels.shape) == pixels).all()


def test_without_the_extra_the_compression_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prep.geo.raster.has_geo", lambda: False)
    pixels = np.zeros((5, 6, 7), np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack", planarconfig="contig", metadata=None)
    data = bytearray((tmp_path / "a.tif").read_bytes())
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        place = file.pages.first.tags[259].valueoffset
    data[place : place + 2] = (5).to_bytes(2, "little")
    with pytest.raises(SegError, match=r"7 bands of uint16 with a compression.* pip install 'seg-prep\[geo\]'"):
        read_any_tiff(tmp_path / "a.tif", bytes(data))
