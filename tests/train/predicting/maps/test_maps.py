"""What predict writes of rasters with a place on the earth, as GIS programs read it."""

import io
import json
import math
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.images.imageio import read_mask
from prep.images.polygons import fill_polygon, signed_area
from prep.photos.photoio import read_photo
from tests.models import CLASSES, run_train, write_run
from tests.rasters import EAST, KINDS, NORTH, UTM, colored, geo_tags, needs_geo, write_raster, write_with_holes
from tests.support import load, random_image, save, tree
from tests.train.predicting.maps.mapping import predicted
from tests.train.predicting.masks import MASKS, smooth_mask
from tests.train.windows.window_oracle import position_dependent, predictor_of
from train.cli.main import main
from train.predicting.maps.simple_rings import simple_rings
from train.predicting.output_folder import PREDICTED_FILES
from train.predicting.region_polygons import region_polygons
from train.windows.window_settings import WindowSettings

MASK = np.zeros((300, 340), np.uint8)
MASK[20:140, 30:150] = 1
MASK[60:100, 70:110] = 0
MASK[100:200, 200:260] = 2
MASK[280:, :] = 255
"""A ring of class 1, a rectangle of class 2, and a border without data."""

WITH_DATA = np.where(MASK == 255, 0, MASK)


def raster_of(path: Path, kind: str) -> NDArray[np.uint8]:
    """Write a raster of a kind, and return the mask that is expected of it."""
    has_holes = "nodata" in KINDS[kind]
    write_raster(path, colored(MASK if has_holes else WITH_DATA, kind), **KINDS[kind])
    return MASK if has_holes else WITH_DATA


@needs_geo
@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "none"])
def test_a_mask_lies_where_its_raster_lies(
    kind: str, large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import rasterio

    expected = raster_of(tmp_path / "a.tif", kind)
    if large:
        monkeypatch.setattr("prep.photos.rows.tiff_rows.LARGE_MEGAPIXELS", 0.01)
    notes = predicted(tmp_path / "a.tif", tmp_path / "out", "masks")
    told = "more bands than colours" if large and kind == "four bands" else "becomes black to white"
    assert [note for note in notes if told not in note] == []
    made = tmp_path / "out/masks/a.tif"
    assert geo_tags(made) == geo_tags(tmp_path / "a.tif")
    with rasterio.open(tmp_path / "a.tif") as raster, rasterio.open(made) as mask:
        assert (mask.crs, mask.transform) == (raster.crs, raster.transform)
        assert mask.tags().get("AREA_OR_POINT") == raster.tags().get("AREA_OR_POINT")
        assert (mask.read(1) == expected).all()
        assert (mask.read_masks(1) == np.where(expected == 255, 0, 255)).all()
        assert (mask.nodata, mask.dtypes, mask.block_shapes) == (255, ("uint8",), [(256, 256)])
        assert mask.colormap(1)[1] == (*CLASSES.colors[1], 255)
        assert mask.descriptions == ("class",)
        assert [mask.tags(1)[f"class_{index}"] for index in range(3)] == list(CLASSES.names)
        assert mask.overviews(1) == [2]
    with rasterio.open(made, overview_level=0) as smaller:
        assert (smaller.read(1) == expected[::2, ::2]).all()
    assert (load(made) == expected).all()  # Pillow gives the same numbers


@needs_geo
@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("kind", ["no data", "alpha", "mask"])
def test_pixels_without_data_have_no_class(
    kind: str, large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyogrio.raw import read

    write_with_holes(tmp_path / "a.tif", colored(np.full(MASK.shape, 2, np.uint8)), MASK != 0, kind)
    if large:
        monkeypatch.setattr("prep.photos.rows.tiff_rows.LARGE_MEGAPIXELS", 0.01)
    predicted(tmp_path / "a.tif", tmp_path / "out", "masks", "probabilities", "geopackage")
    assert (load(tmp_path / "out/masks/a.tif") == np.where(MASK == 0, 2, 255)).all()
    bands = np.moveaxis(tifffile.imread(tmp_path / "out/probabilities/a.tif"), 2, 0)
    assert (bands == [[[0]], [[0]], [[250]]] * (MASK == 0) + 255 * (MASK != 0)).all()
    pixels = read(tmp_path / "out/geopackage/a.gpkg")[3][2]
    assert sum(pixels) == (MASK == 0).sum()


@needs_geo
@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("kind", ["utm", "no data", "rotated", "world file"])
def test_probabilities_of_a_raster_are_bands_of_one(
    kind: str, large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import rasterio

    expected = raster_of(tmp_path / "a.tif", kind)
    if large:
        monkeypatch.setattr("prep.photos.rows.tiff_rows.LARGE_MEGAPIXELS", 0.01)
    unsure = predictor_of(position_dependent, WindowSettings(64))
    predicted(tmp_path / "a.tif", tmp_path / "out", "masks", "probabilities", predictor=unsure)
    beside = ["a.tfw"] if kind == "world file" else []
    assert sorted(path.name for path in (tmp_path / "out/probabilities").iterdir()) == [*beside, "a.tif"]
    made = tmp_path / "out/probabilities/a.tif"
    assert geo_tags(made) == geo_tags(tmp_path / "a.tif")
    with rasterio.open(tmp_path / "a.tif") as raster, rasterio.open(made) as scores:
        assert (scores.crs, scores.transform) == (raster.crs, raster.transform)
        assert scores.descriptions == unsure.classes.names and scores.nodata == 255
        assert scores.dtypes == ("uint8",) * 3 and scores.block_shapes == [(128, 128)] * 3
        assert scores.scales == (0.004,) * 3 and scores.offsets == (0,) * 3
        assert scores.overviews(1) == [2, 4]
        bands = scores.read()
        assert (bands[:, ::2, ::2] == scores.read(out_shape=(3, 150, 170))).all()
    assert ((bands == 255) == (expected == 255)).all()
    image = read_photo(tmp_path / "a.tif")
    exact = unsure.probabilities(image)
    here = expected != 255
    assert (bands[:, here] == np.rint(exact[:, here] * 250)).all()
    assert len(np.unique(bands)) > 50  # not labels in disguise


def test_probabilities_of_photos_are_arrays(tmp_path: Path) -> None:
    save(tmp_path / "a.png", colored(WITH_DATA))
    (tmp_path / "a.pgw").write_text("1\n0\n0\n-1\n0\n0\n")
    predicted(tmp_path / "a.png", tmp_path / "out", "probabilities")
    assert [path.name for path in (tmp_path / "out/probabilities").iterdir()] == ["a.npy"]
    assert np.load(tmp_path / "out/probabilities/a.npy").dtype == np.float16


@needs_geo
@pytest.mark.parametrize("large", [False, True])
def test_a_raster_that_breaks_off_leaves_no_probabilities(
    large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raster_of(tmp_path / "a.tif", "utm")
    if large:
        monkeypatch.setattr("prep.photos.rows.tiff_rows.LARGE_MEGAPIXELS", 0.01)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("train.predicting.maps.probability_map._write", full)
    with pytest.raises(SegError, match=r"probabilities/a.tif: no space left on the disk"):
        predicted(tmp_path / "a.tif", tmp_path / "out", "masks", "probabilities")
    assert not list((tmp_path / "out").rglob("*a.*"))


@needs_geo
def test_a_raster_without_a_place_is_a_photo(tmp_path: Path) -> None:
    raster_of(tmp_path / "a.tif", "none")
    notes = predicted(tmp_path / "a.tif", tmp_path / "out", "masks", "geojson", "geopackage")
    assert (read_mask(tmp_path / "out/masks/a.png") == WITH_DATA).all()
    assert notes == ["1 photo (a.tif) without a place on the earth: geojson is in pixels, geopackage is left out"]
    assert json.loads((tmp_path / "out/geojson/a.geojson").read_text())["coordinates"].startswith("pixels")


def test_world_files_of_photos_are_copied(tmp_path: Path) -> None:
    world, projection = b"0.5\r\n0\n0\n-0.5\n399960.25\n5699999.75\n", b'PROJCS["anything"]'
    (tmp_path / "a.jgw").write_bytes(world)
    (tmp_path / "a.prj").write_bytes(projection)
    save(tmp_path / "a.jpg", colored(WITH_DATA), quality=95, subsampling=0)
    predicted(tmp_path / "a.jpg", tmp_path / "out", "masks")
    made = tree(tmp_path / "out")
    assert {name for name in made if not name.endswith("/")} == {
        PREDICTED_FILES,
        "masks/a.png",
        "masks/a.pgw",
        "masks/a.prj",
    }
    assert (made["masks/a.pgw"], made["masks/a.prj"]) == (world, projection)
    assert (read_mask(tmp_path / "out/masks/a.png") == WITH_DATA).all()


def test_a_turned_photo_has_no_place(tmp_path: Path) -> None:
    """The world file is of the pixels as they are stored; the mask is upright."""
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    save(tmp_path / "a.jpg", random_image(1), exif=exif)
    (tmp_path / "a.jgw").write_text("1\n0\n0\n-1\n0\n0\n")
    notes = predicted(tmp_path / "a.jpg", tmp_path / "out", "masks")
    assert notes == ["1 photo (a.jpg) stored turned or mirrored: the place on the earth is left out"]
    assert [path.name for path in (tmp_path / "out/masks").iterdir()] == ["a.png"]


def filled(rings: list[list[list[float]]], transform: tuple[float, ...]) -> NDArray[np.uint8]:
    """Rings in map units as pixels of a north-up raster."""
    a, _, c, _, e, f = transform
    pixels = [np.round((np.array(ring) - (c, f)) / (a, e), 3) for ring in rings]
    mask = np.zeros(MASK.shape, np.uint8)
    fill_polygon(mask, pixels, 1)
    return mask


@needs_geo
def test_a_geopackage_has_polygons_in_map_units_with_their_area(tmp_path: Path) -> None:
    from pyogrio import read_info
    from pyogrio.raw import read

    expected = raster_of(tmp_path / "a.tif", "no data")
    assert predicted(tmp_path / "a.tif", tmp_path / "out", "geopackage") == []
    path = tmp_path / "out/geopackage/a.gpkg"
    info = read_info(path)
    assert (info["crs"], info["layer_name"], info["geometry_type"]) == ("EPSG:32633", "classes", "Polygon")
    _, _, shapes, (names, values, pixels, areas) = read(path)
    assert list(names) == ["line", "ellipse"]
    assert list(values) == [1, 2]
    assert list(pixels) == [(expected == value).sum() for value in (1, 2)]
    assert np.allclose(areas, pixels * 0.25 / 0.9997**2, rtol=2e-3)  # what UTM makes of a square metre here
    for shape, value in zip(shapes, values, strict=True):
        assert (filled(rings_of(shape), UTM) == (expected == value)).all()


def rings_of(shape: bytes) -> list[list[list[float]]]:
    """Rings of a polygon in well-known binary."""
    order, kind, number = struct.unpack_from("<BII", shape)
    assert (order, kind) == (1, 3)
    rings, at = [], 9
    for _ in range(number):
        (count,) = struct.unpack_from("<I", shape, at)
        rings.append(np.frombuffer(shape, "<f8", 2 * count, at + 4).reshape(-1, 2).tolist())
        at += 4 + 16 * count
    return rings


@needs_geo
def test_a_large_raster_gets_the_same_polygons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyogrio.raw import read

    raster_of(tmp_path / "a.tif", "no data")
    predicted(tmp_path / "a.tif", tmp_path / "small", "masks", "geopackage", "geojson", tolerance=1)
    monkeypatch.setattr("prep.photos.rows.tiff_rows.LARGE_MEGAPIXELS", 0.01)
    assert predicted(tmp_path / "a.tif", tmp_path / "large", "masks", "geopackage", "geojson", tolerance=1) == []
    small, large = (tree(tmp_path / name) for name in ("small", "large"))
    assert small["masks/a.tif"] == large["masks/a.tif"]
    small_json, large_json = (json.loads(each["geojson/a.geojson"]) for each in (small, large))
    by_class = {feature["properties"]["index"]: feature for feature in large_json["features"]}
    assert [by_class[feature["properties"]["index"]] for feature in small_json["features"]] == small_json["features"]
    shapes = [sorted(read(tmp_path / name / "geopackage/a.gpkg")[2].tolist()) for name in ("small", "large")]
    assert shapes[0] == shapes[1]


@needs_geo
@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize(
    ("kind", "metres", "pixels"),
    [("utm", 2.0, 2 / 0.50015), ("geographic", 2.0, 2 / 1.1127), ("rotated", 1.0, 1 / 0.5)],
)
def test_lines_move_by_metres(
    kind: str, metres: float, pixels: float, large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyogrio.raw import read

    mask = smooth_mask(3, 300)
    write_raster(tmp_path / "a.tif", colored(mask, kind), **KINDS[kind])
    if large:
        monkeypatch.setattr("prep.photos.rows.tiff_rows.LARGE_MEGAPIXELS", 0.01)
    found = []
    for tolerance in (f"{metres}m", pixels, 0):
        predicted(tmp_path / "a.tif", tmp_path / f"{tolerance}", "masks", "geopackage", tolerance=tolerance)
        found.append(read(tmp_path / f"{tolerance}" / "geopackage/a.gpkg")[2].tolist())
    assert found[0] == found[1] != found[2]


@needs_geo
def test_metres_are_those_where_the_line_runs() -> None:
    """Web Mercator from 60 degrees north to the south of 10: at one corner a pixel has half of what it has there."""
    from rasterio.crs import CRS

    from prep.geo.georeference import GeoReference
    from prep.geo.projection import Projection
    from train.predicting.maps.tolerance import MetresThere
    from train.predicting.region_polygons import region_polygons

    projection = Projection(GeoReference(Path("a.tif")), (1000, 0, 0, 0, -1000, 8_399_738), CRS.from_epsg(3857))
    moving = MetresThere(3000, projection)
    for row in (0, 3500, 7000):
        latitude = 2 * math.atan(math.exp((8_399_738 - 1000 * row) / 6_378_137)) - math.pi / 2
        line = np.array([(50, row), (51, row), (51, row + 1)], np.float64)
        assert moving(line) == pytest.approx(3 / math.cos(latitude), rel=0.02)
        assert moving(line) == moving(line[::-1])
    assert moving(np.array([(50.0, 0.0), (50.0, 7000.0)])) == moving(np.array([(50.0, 7000.0), (50.0, 7000.0)]))
    wavy = 40 + np.cumsum(np.random.default_rng(0).integers(-2, 3, 3000)).clip(-30, 30)
    mask = (np.arange(80) < wavy[:, None]).astype(np.uint8)
    parts = region_polygons(mask, (0, 1), pickle.loads(pickle.dumps(moving)))
    assert sum(signed_area(part.rings[0]) - sum(map(signed_area, part.rings[1:])) for part in parts) == pytest.approx(
        mask.size
    )
    (north,) = (part for part in region_polygons(mask[:500], (1,), moving) if part.pixels > 1000)
    assert len(north.rings[0]) < len(region_polygons(mask[:500], (1,), 3.0)[0].rings[0])


@needs_geo
def test_metres_of_a_photo_without_a_place_are_refused(tmp_path: Path) -> None:
    write_raster(tmp_path / "a.tif", colored(WITH_DATA), crs=None, transform=None)
    with pytest.raises(SegError, match=r"a.tif: says no place on the earth.*give pixels, for example --simplify 1"):
        predicted(tmp_path / "a.tif", tmp_path / "out", "masks", "geojson", tolerance="0.5m")
    predicted(tmp_path / "a.tif", tmp_path / "out", "masks", tolerance="0.5m")  # which has no lines
    assert (read_mask(tmp_path / "out/masks/a.png") == WITH_DATA).all()


@pytest.mark.parametrize("text", ["-1", "1km", "m", "1e400", "nan", "0.5 metres"])
def test_what_is_no_tolerance_is_a_usage_error(text: str, tmp_path: Path) -> None:
    save(tmp_path / "a.png", random_image(1))
    command = ["predict", str(tmp_path / "a.png"), "-o", str(tmp_path / "out"), f"--simplify={text}"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 2
    assert "is neither pixels like 1.5 nor metres like 0.5m" in " ".join(result.stderr.split())


@given(MASKS, st.sampled_from([0.0, 1.5]))
def test_rings_of_a_map_come_to_no_corner_twice(mask: NDArray[np.uint8], tolerance: float) -> None:
    for part in region_polygons(mask, (0, 1, 2), tolerance):
        rings = simple_rings(part.rings)
        before, after = np.zeros_like(mask), np.zeros_like(mask)
        fill_polygon(before, part.rings, 1)
        fill_polygon(after, rings, 1)
        assert (before == after).all()
        if not tolerance:
            assert all(len(np.unique(ring, axis=0)) == len(ring) for ring in rings)
            assert signed_area(rings[0]) - sum(map(signed_area, rings[1:])) == part.pixels


def test_what_a_part_encloses_at_a_corner_is_a_hole() -> None:
    mask = np.ones((5, 5), np.uint8)
    mask[1:3, 1:3] = 0
    mask[0, 0] = 0  # which meets the hole at a corner
    (part,) = region_polygons(mask, (1,))
    assert len(part.rings) == 1
    outer, hole = simple_rings(part.rings)
    assert (signed_area(outer), signed_area(hole)) == (24, 4)


@needs_geo
def test_geojson_of_a_map_is_in_degrees(tmp_path: Path) -> None:
    raster_of(tmp_path / "a.tif", "geographic")
    predicted(tmp_path / "a.tif", tmp_path / "out", "geojson")
    content = json.loads((tmp_path / "out/geojson/a.geojson").read_text())
    assert content.keys() == {"type", "image", "features"}
    assert [feature["properties"]["class"] for feature in content["features"]] == ["line", "ellipse"]
    for feature in content["features"]:
        rings, value = feature["geometry"]["coordinates"], feature["properties"]["index"]
        assert all(ring[0] == ring[-1] for ring in rings)
        turns = [np.array(ring) - ring[0] for ring in rings]
        turned = [float(ring[:-1, 0] @ ring[1:, 1] - ring[1:, 0] @ ring[:-1, 1]) for ring in turns]
        assert turned[0] > 0
        assert all(turn < 0 for turn in turned[1:])
        assert (filled(rings, KINDS["geographic"]["transform"]) == (value == WITH_DATA)).all()
        metres = math.radians(1e-5) * 6378137
        area = feature["properties"]["pixels"] * metres**2 * math.cos(math.radians(52.5))
        assert feature["properties"]["area_m2"] == pytest.approx(area, rel=5e-3)


@needs_geo
def test_geojson_of_utm_is_where_the_raster_is(tmp_path: Path) -> None:
    from rasterio.warp import transform

    raster_of(tmp_path / "a.tif", "utm")
    predicted(tmp_path / "a.tif", tmp_path / "out", "geojson")
    (_, second) = json.loads((tmp_path / "out/geojson/a.geojson").read_text())["features"]
    east, north = transform("EPSG:4326", "EPSG:32633", *np.array(second["geometry"]["coordinates"][0]).T)
    assert np.allclose([min(east), max(east)], [EAST + 100, EAST + 130], atol=0.01)
    assert np.allclose([min(north), max(north)], [NORTH - 100, NORTH - 50], atol=0.01)


@needs_geo
def test_a_map_without_polygons_is_a_whole_geopackage(tmp_path: Path) -> None:
    from pyogrio import read_info

    write_raster(tmp_path / "a.tif", colored(np.zeros((30, 40), np.uint8)))
    predicted(tmp_path / "a.tif", tmp_path / "out", "geopackage", "geojson")
    assert read_info(tmp_path / "out/geopackage/a.gpkg")["features"] == 0
    assert json.loads((tmp_path / "out/geojson/a.geojson").read_text())["features"] == []


def geotiff(path: Path, pixels: NDArray[np.generic], **options: object) -> Path:
    """A GeoTIFF without rasterio, in UTM."""
    keys = (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633)
    tags = [
        (33550, 12, 3, (0.5, 0.5, 0.0), True),
        (33922, 12, 6, (0.0, 0.0, 0.0, EAST, NORTH, 0.0), True),
        (34735, 3, len(keys), keys, True),
        (42113, 2, 0, "7", True),
    ]
    tifffile.imwrite(path, pixels, photometric="rgb", metadata=None, extratags=tags, **options)
    return path


@pytest.mark.parametrize("large", [False, True])
def test_without_the_extra_the_tags_pass_through(large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("extra", "no_data"):
        monkeypatch.setattr(f"prep.geo.{place}.has_geo", lambda: False)
    monkeypatch.setattr("train.predicting.maps.places.has_geo", lambda: False)
    monkeypatch.setattr("prep.photos.rows.tiff_rows.has_geo", lambda: False)
    if large:
        monkeypatch.setattr("prep.photos.rows.tiff_rows.LARGE_MEGAPIXELS", 0.01)
    path = geotiff(tmp_path / "a.tif", colored(MASK, "no data"))
    notes = predicted(path, tmp_path / "out", *(["masks"] if large else ["masks", "geojson", "geopackage"]))
    assert geo_tags(tmp_path / "out/masks/a.tif") == geo_tags(path)
    assert (load(tmp_path / "out/masks/a.tif") == MASK).all()
    if not large:
        assert notes == [
            "1 photo (a.tif) with a place on the earth: geojson is in pixels, geopackage is left out; "
            "pip install 'seg-prep[geo]' makes maps of them"
        ]
        content = json.loads((tmp_path / "out/geojson/a.geojson").read_text())
        assert content["coordinates"].startswith("pixels")
        assert not (tmp_path / "out/geopackage").exists()


@needs_geo
@pytest.mark.parametrize("compress", ["lzw", "jpeg", "zstd", "lerc"])
def test_rows_of_other_compressions_are_those_of_gdal(compress: str, tmp_path: Path) -> None:
    import rasterio

    from prep.photos.rows.tiff_rows import TiffRows

    options = {"photometric": "YCBCR"} if compress == "jpeg" else {}
    path = write_raster(
        tmp_path / "a.tif", colored(MASK), compress=compress, tiled=True, blockxsize=128, blockysize=128, **options
    )
    with rasterio.open(path) as raster:
        expected = np.moveaxis(raster.read(), 0, -1)
    rows = TiffRows(path)
    assert (np.concatenate([rows.rows(0, 77), rows.rows(77, 300)]) == expected).all()


@needs_geo
def test_a_valid_mask_of_a_large_raster_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import rasterio

    monkeypatch.setattr("prep.photos.rows.tiff_rows.LARGE_MEGAPIXELS", 0.01)
    path = write_raster(
        tmp_path / "a.tif", colored(WITH_DATA), compress="jpeg", photometric="YCBCR", tiled=True, blockxsize=128,
        blockysize=128,
    )  # fmt: skip
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as file:
        file.write_mask(MASK != 255)
    predicted(path, tmp_path / "out", "masks")
    found = load(tmp_path / "out/masks/a.tif")
    assert ((found == 255) == (MASK == 255)).all()
    assert (found == MASK).mean() > 0.99  # JPEG blurs borders


@needs_geo
def test_the_command_writes_maps_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    raster_of(tmp_path / "in/a.tif", "no data")
    save(tmp_path / "in/b.png", random_image(1))
    run = write_run(tmp_path / "run")
    command = ("predict", tmp_path / "in", "-o", tmp_path / "out", "--run", run, "--device", "cpu")
    result = run_train(*command, "--save", "masks,geojson,geopackage,labelme,coco,overlays")
    assert "b.png) without a place on the earth: geojson is in pixels, geopackage is left out" in result.stderr
    made = tree(tmp_path / "out")
    assert {"masks/a.tif", "masks/b.png", "geopackage/a.gpkg", "geojson/a.geojson", "geojson/b.geojson"} <= made.keys()
    assert "geopackage/b.gpkg" not in made
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.gpkg")}
    run_train(*command, "--save", "geopackage")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.gpkg")} == times


def test_overviews_need_no_more_than_a_row_of_tiles(tmp_path: Path) -> None:
    """Every strip comes once, and what is written is a file that is read from its start."""
    from prep.geo.georeference import GeoReference
    from train.predicting.maps.mask_tiff import write_map

    mask = np.random.default_rng(0).integers(0, 3, (1000, 700)).astype(np.uint8)
    strips = ((top, mask[top : top + 90]) for top in range(0, 1000, 90))
    write_map(tmp_path / "a.tif", strips, 1000, 700, GeoReference(Path("a.tif")), CLASSES)
    with tifffile.TiffFile(io.BytesIO((tmp_path / "a.tif").read_bytes())) as file:
        assert [page.asarray().shape for page in file.pages] == [(1000, 700), (500, 350), (250, 175)]
        assert all((page.asarray() == mask[:: 2**level, :: 2**level]).all() for level, page in enumerate(file.pages))
        assert [page.subfiletype for page in file.pages] == [0, 1, 1]
