"""seg-prep tile: rasters and their labels become samples that keep their place."""

import json
import shlex
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import prep
from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.dataset.transaction import Transaction
from prep.images.imageio import read_image, read_mask
from prep.photos.ranges import eight_bits
from tests.prep.cutting.vectors import box, write_geojson
from tests.rasters import EAST, NORTH, colored, needs_geo, rio, write_raster, write_with_holes
from tests.support import run_error, run_ok, run_partly, run_prep, tree

pytestmark = needs_geo

MASK = np.zeros((90, 120), np.uint8)
MASK[10:40, 20:70] = 1
MASK[50:85, 60:110] = 2
MASK[:, :15] = 255
"""A strip without data on the left."""

CLASS_LIST = "background,#000000\nroof,#ff0000\nroad,#00ff00\n"


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    return write_raster(tmp_path / "town.tif", colored(MASK, "no data"), nodata=7)


def put_together(root: Path, folder: str, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The samples of a dataset in their places on the raster; 77 where there is none."""
    whole = np.full(shape, 77, np.uint8)
    for sample in Dataset.open(root).samples:
        name = sample.image if folder == "images" else sample.mask
        if not name:
            continue
        pixels = read_image(root / name) if folder == "images" else read_mask(root / name)
        assert sample.east is not None
        assert sample.north is not None
        left = round((sample.east - EAST) / 0.5 - sample.width / 2)
        top = round((NORTH - sample.north) / 0.5 - sample.height / 2)
        whole[top : top + sample.height, left : left + sample.width] = pixels
    return whole


def test_samples_put_together_are_the_raster(raster: Path, tmp_path: Path) -> None:
    root = tmp_path / "d"
    result = json.loads(run_ok("tile", raster, "-o", root, "--size", "32", "--json").stdout)
    assert (result["samples"], result["without_data"]) == (12, 0)
    assert (put_together(root, "images", (*MASK.shape, 3)) == colored(MASK, "no data")).all()
    first = Dataset.open(root).samples[0]
    assert (first.stem, first.crs, first.pixel) == ("town_r0_c0", "EPSG:32633", "0.5 0.0 0.0 -0.5")
    assert (first.east, first.north) == (EAST + 0.25 * first.width, NORTH - 0.25 * first.height)
    assert not any(sample.mask for sample in Dataset.open(root).samples)


def test_parts_without_data_are_dropped(raster: Path, tmp_path: Path) -> None:
    result = json.loads(run_ok("tile", raster, "-o", tmp_path / "d", "--size", "15", "--json").stdout)
    assert (result["samples"], result["without_data"]) == (42, 6)
    assert "town_r0_c0" not in {sample.stem for sample in Dataset.open(tmp_path / "d").samples}


@pytest.mark.parametrize("workers", [1, 3])
def test_the_result_does_not_depend_on_workers_and_goes_on(workers: int, raster: Path, tmp_path: Path) -> None:
    run_ok("tile", raster, "-o", tmp_path / "one", "--size", "32", "--workers", 1)
    run_ok("tile", raster, "-o", tmp_path / "two", "--size", "32", "--workers", workers)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert "(all there already)" in run_ok("tile", raster, "-o", tmp_path / "two", "--size", "32").stdout


def test_vector_labels_in_another_coordinate_system_are_burnt_at_pixel_centres(raster: Path, tmp_path: Path) -> None:
    """The oracle: pixels whose centre lies in the box, by arithmetic."""
    labels = write_geojson(
        tmp_path / "labels.geojson",
        [("roof", [box(20.2, 10.4, 70.4, 40.3), box(30, 20, 40, 30)]), ("road", [box(60, 50, 110, 85)])],
        "EPSG:4326",
    )
    root = tmp_path / "d"
    command = ("tile", raster, "-o", root, "--size", "40", "--labels", labels, "--attribute", "kind")
    result = json.loads(run_ok(*command, "--unlabelled", "background", "--json").stdout)
    assert "2 regions of 2 classes" in result["notes"]
    expected = np.zeros(MASK.shape, np.uint8)
    expected[10:40, 20:70] = 2
    expected[20:30, 30:40] = 0
    expected[50:85, 60:110] = 1
    expected[MASK == 255] = 255
    assert Dataset.open(root).classes.names == ("background", "road", "roof")
    assert (put_together(root, "masks", MASK.shape) == expected).all()


@pytest.mark.parametrize("suffix", ["gpkg", "shp"])
def test_layers_and_files_of_other_kinds(suffix: str, raster: Path, tmp_path: Path) -> None:
    from pyogrio.raw import write

    def polygon(*ring: list[float]) -> bytes:
        return struct.pack("<BIII", 1, 3, 1, len(ring)) + np.array(ring, "<f8").tobytes()

    path = tmp_path / f"labels.{suffix}"
    kinds = {"roof": box(20, 10, 70, 40), "road": box(60, 50, 110, 85)}
    shapes = np.array([polygon(*ring) for ring in kinds.values()], object)
    if suffix == "gpkg":
        for (name, _), shape in zip(kinds.items(), shapes, strict=True):
            write(
                path, np.array([shape], object), [], [], layer=name, driver="GPKG", geometry_type="Polygon",
                crs="EPSG:32633", append=path.exists(),
            )  # fmt: skip
    else:
        write(
            path, shapes, [np.array(list(kinds), object)], ["class"], driver="ESRI Shapefile", geometry_type="Polygon",
            crs="EPSG:32633",
        )  # fmt: skip
    (tmp_path / "classes.txt").write_text(CLASS_LIST)
    run_ok(
        "tile", raster, "-o", tmp_path / "d", "--labels", path, "--classes", tmp_path / "classes.txt", "--unlabelled",
        "background",
    )  # fmt: skip
    assert (put_together(tmp_path / "d", "masks", MASK.shape) == MASK).all()


def test_order_area_and_all_touched(raster: Path, tmp_path: Path) -> None:
    small, large = ("roof", [box(40, 20, 50, 30)]), ("road", [box(30.6, 10.6, 70.4, 60.4)])
    labels = write_geojson(tmp_path / "labels.geojson", [small, large])
    area = write_geojson(tmp_path / "area.geojson", [("any", [box(20, 5, 60, 55)])])

    def made(name: str, *options: object) -> NDArray[np.uint8]:
        command = ("tile", raster, "-o", tmp_path / name, "--labels", labels, "--attribute", "kind")
        run_ok(*command, *options)
        return put_together(tmp_path / name, "masks", MASK.shape)

    road, roof = 0, 1
    by_file = made("file")
    assert (by_file[11:60, 31:70] == road).all()
    assert (by_file == 255).sum() == MASK.size - 49 * 39
    by_size = made("size", "--order", "size")
    assert (by_size[20:30, 40:50] == roof).all()
    assert (by_size == road).sum() == 49 * 39 - 100
    assert (made("class", "--order", "class") == by_size).all()
    touched = made("touched", "--all-touched")
    assert (touched == road).sum() == 51 * 41
    within = made("area", "--area", area, "--unlabelled", "rest")
    inside = np.zeros(MASK.shape, np.bool_)
    inside[5:55, 20:60] = True
    assert ((within != 255) == inside).all()
    assert Dataset.open(tmp_path / "area").classes.names == ("rest", "road", "roof")


def test_label_rasters_are_cut_along(raster: Path, tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    numbers = np.array([9, 3, 5], np.uint16)[np.where(MASK == 255, 0, MASK)]
    write_raster(tmp_path / "masks/town.tif", numbers)
    (tmp_path / "classes.txt").write_text("background,#000000,9\nroof,#ff0000,3\nroad,#00ff00,5\n")
    command = ("tile", raster, "-o", tmp_path / "d", "--size", "50", "--labels", tmp_path / "masks")
    assert "what do its numbers mean? Name the list of classes with --classes FILE" in run_error(*command)
    run_ok(*command, "--classes", tmp_path / "classes.txt")
    assert (put_together(tmp_path / "d", "masks", MASK.shape) == MASK).all()
    (tmp_path / "classes.txt").write_text("background,#000000,9\nroof,#ff0000,3\n")
    text = run_error(*command[:3], tmp_path / "other", *command[4:], "--classes", tmp_path / "classes.txt")
    assert "masks/town.tif: holds 5, which is the number of no class" in text


def test_label_rasters_that_lie_elsewhere_are_refused(raster: Path, tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    (tmp_path / "classes.txt").write_text(CLASS_LIST)
    command = ("tile", raster, "-o", tmp_path / "d", "--labels", tmp_path / "masks", "--classes")
    assert "no labels of that name in" in run_error(*command, tmp_path / "classes.txt")
    write_raster(tmp_path / "masks/town.tif", MASK, transform=(0.5, 0, EAST + 1, 0, -0.5, NORTH))
    assert "lies elsewhere than" in run_error(*command, tmp_path / "classes.txt")
    write_raster(tmp_path / "masks/town.tif", MASK, crs="EPSG:32632")
    assert "masks/town.tif: in EPSG:32632, but " in run_error(*command, tmp_path / "classes.txt")
    write_raster(tmp_path / "masks/town.tif", MASK[:50])
    said = run_error(*command, tmp_path / "classes.txt")
    assert "120 x 50 pixels, but" in said
    rio(said.strip().splitlines()[0].rpartition("its name: ")[2])  # the advice, typed to the letter
    (tmp_path / "masks/town-warped.tif").replace(tmp_path / "masks/town.tif")
    run_ok(*command, tmp_path / "classes.txt")
    masks = put_together(tmp_path / "d", "masks", MASK.shape)
    assert (masks[:50] == np.where(MASK[:50] == 255, 255, MASK[:50])).all()


@pytest.mark.parametrize("kind", ["no data", "alpha", "mask"])
def test_pixels_without_data_are_no_label(kind: str, tmp_path: Path) -> None:
    path = write_with_holes(tmp_path / "town.tif", colored(np.where(MASK == 255, 0, MASK)), MASK == 255, kind)
    labels = write_geojson(tmp_path / "l.geojson", [("roof", [box(0, 10, 70, 40)])])
    command = ("tile", path, "-o", tmp_path / "d", "--size", 40, "--labels", labels, "--attribute", "kind")
    run_ok(*command, "--unlabelled", "background")
    expected = np.where(MASK == 255, 255, 0)
    expected[10:40, 15:70] = 1
    assert (put_together(tmp_path / "d", "masks", MASK.shape) == expected).all()


def test_deep_rasters_share_one_range(tmp_path: Path) -> None:
    for number in range(2):
        pixels = np.full((40, 40, 3), 1000 * (number + 1), np.uint16)
        pixels[0, 0] = 500
        write_raster(tmp_path / f"in/{number}.tif", pixels)
    result = json.loads(run_ok("tile", tmp_path / "in", "-o", tmp_path / "d", "--json").stdout)
    assert result["notes"] == ["uint16 numbers: 500 to 2,000 becomes black to white"]
    values = [int(sample.image[9, 9, 0]) for sample in prep.open(tmp_path / "d")]
    assert values == [round(255 * 500 / 1501), 255]
    assert json.loads((tmp_path / "d/ranges.json").read_text()) == {"uint16": [500, 2000]}


def test_deep_rasters_are_stretched_by_shares_of_all(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    every = [rng.integers(0, top, (40, 40, 3)).astype(np.uint16) for top in (1000, 4000)]
    for number, pixels in enumerate(every):
        write_raster(tmp_path / f"in/{number}.tif", pixels)
    numbers = np.sort(np.concatenate([pixels.ravel() for pixels in every]))
    low, high = int(numbers[int(len(numbers) * 0.1)]), int(numbers[int(len(numbers) * 0.9) - 1])
    command = ("tile", tmp_path / "in", "-o", tmp_path / "d", "--range", "10%:90%")
    assert f"uint16 numbers: {low:,} to {high:,} becomes black to white" in run_ok(*command).stdout
    assert json.loads((tmp_path / "d/ranges.json").read_text()) == {"uint16": [low, high]}
    shown = [sample.image for sample in prep.open(tmp_path / "d")]
    assert all((image == eight_bits(pixels, (low, high))).all() for image, pixels in zip(shown, every, strict=True))
    assert "all there already" in run_ok(*command).stdout
    write_raster(tmp_path / "later/2.tif", every[0])
    said = run_error("tile", tmp_path / "later", *command[2:])
    assert said.startswith("--range 10% to 90%: the dataset was made with another one; leave --range out")


def test_bands_beyond_the_colours_are_told(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 40, 4)).astype(np.uint8)
    write_raster(tmp_path / "infrared.tif", pixels, photometric="rgb", ALPHA="NO")
    opaque = np.where([True, True, True, False], pixels, 255).astype(np.uint8)
    write_raster(tmp_path / "opaque.tif", opaque, photometric="rgb", ALPHA="YES")
    rasters = (tmp_path / "infrared.tif", tmp_path / "opaque.tif")
    result = json.loads(run_ok("tile", *rasters, "-o", tmp_path / "d", "--json").stdout)
    (note,) = result["notes"]
    assert note.startswith("1 raster (infrared.tif) with more bands than colours: the first three are taken as red")
    assert "; --bands 4,3,2 takes others" in note
    run_ok("tile", tmp_path / "infrared.tif", "-o", tmp_path / "e", "--bands", "4,3,2")
    (sample,) = prep.open(tmp_path / "e")
    assert (sample.image == pixels[..., [3, 2, 1]]).all()


def test_a_bad_raster_leaves_nothing(raster: Path, tmp_path: Path) -> None:
    whole = write_raster(tmp_path / "bad.tif", colored(np.zeros((300, 40), np.uint8)), compress="deflate", blockysize=8)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size - 60])
    text = run_partly("tile", raster, whole, "-o", tmp_path / "d", "--size", "32")
    assert "bad.tif" in text
    assert {sample.stem[:4] for sample in Dataset.open(tmp_path / "d").samples} == {"town"}
    assert not list((tmp_path / "d/images").glob("bad*"))


def test_another_cut_replaces_the_first_only_when_told(raster: Path, tmp_path: Path) -> None:
    run_ok("tile", raster, "-o", tmp_path / "d", "--size", "15")
    before = tree(tmp_path / "d")
    text = run_error("tile", raster, "-o", tmp_path / "d", "--size", "40")
    assert "--overwrite" in text
    assert {name: content for name, content in tree(tmp_path / "d").items() if not name.startswith(".")}.keys() == (
        before.keys()
    )
    run_ok("tile", raster, "-o", tmp_path / "d", "--size", "40", "--overwrite")
    samples = Dataset.open(tmp_path / "d").samples
    assert {path.stem for path in (tmp_path / "d/images").iterdir()} == {sample.stem for sample in samples}
    assert len(samples) == 9


def test_what_does_not_fit_is_told(raster: Path, tmp_path: Path) -> None:
    labels = write_geojson(tmp_path / "labels.geojson", [("roof", [box(20, 10, 70, 40)])])
    command = ("tile", raster, "-o", tmp_path / "d")
    assert "which attribute is the class? Name it with --attribute; there are kind" in run_error(
        *command, "--labels", labels
    )
    (tmp_path / "classes.txt").write_text("background,#000000\nroad,#00ff00\n")
    named = (*command, "--labels", labels, "--attribute", "kind")
    assert "regions of roof, which is no class; there are background, road" in run_error(
        *named, "--classes", tmp_path / "classes.txt"
    )
    assert "not every layer has the attribute 'what'; there are kind" in run_error(*named[:-1], "what")
    assert "--area is about labels; name them with --labels FILE" in run_error(*command, "--area", labels)
    plain = write_raster(tmp_path / "plain.tif", colored(MASK), crs=None, transform=None)
    assert "names no place or no coordinate system" in run_error(
        "tile", plain, "-o", tmp_path / "d", "--labels", labels, "--attribute", "kind"
    )
    placed = write_raster(tmp_path / "placed.tif", colored(MASK), crs=None)
    said = run_error("tile", placed, "-o", tmp_path / "d", "--labels", labels, "--attribute", "kind")
    rio(said.splitlines()[0].rpartition("for example: ")[2])
    run_ok("tile", placed, "-o", tmp_path / "e", "--labels", labels, "--attribute", "kind")
    nothing = write_geojson(tmp_path / "empty.geojson", [])
    said = run_error("tile", raster, "-o", tmp_path / "f", "--labels", nothing, "--attribute", "kind")
    assert "empty.geojson: holds no polygon of a class; draw some, or name another file" in said
    assert not (tmp_path / "f/classes.json").exists()
    with pytest.raises(SegError, match="overlap=40: needs a whole number from 0 to below 40"):
        prep.tile(raster, output=tmp_path / "d", size=40, overlap=40)


def test_the_extra_is_named_where_it_is_missing(raster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prep.geo.extra.has_geo", lambda: False)
    assert "Rasters on the map need the extra geo; type: pip install 'seg-prep[geo]'" in run_error(
        "tile", raster, "-o", tmp_path / "d"
    )


@pytest.mark.parametrize("kind", ["rasters", "attributes"])
def test_labels_that_changed_after_an_interruption_are_cut_anew(
    kind: str, raster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the interrupted command had staged is of the old labels."""
    from pyogrio.raw import write

    labels, classes = tmp_path / "masks", tmp_path / "classes.txt"
    labels.mkdir()
    classes.write_text(CLASS_LIST)
    square = struct.pack("<BIII", 1, 3, 1, 5) + np.array(box(20, 10, 70, 40), "<f8").tobytes()

    def draw(number: int) -> Path:
        if kind == "rasters":
            write_raster(labels / "town.tif", np.where(MASK == 1, np.uint8(number), np.uint8(0)))
            return labels
        write(
            labels / "roofs.shp", np.array([square], object), [np.array([CLASS_LIST.split()[number].split(",")[0]])],
            ["class"], driver="ESRI Shapefile", geometry_type="Polygon", crs="EPSG:32633",
        )  # fmt: skip
        return labels / "roofs.shp"

    command = ("tile", raster, "-o", tmp_path / "d", "--labels", draw(1), "--classes", classes)

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Transaction, "commit", stop)
        assert run_prep(*command).stderr.endswith("Interrupted. The same command goes on where it stopped.\n")
    draw(2)
    run_ok(*command)
    found = put_together(tmp_path / "d", "masks", MASK.shape)
    assert (np.unique(found[found != 255])[-1], (found == 2).sum()) == (2, 30 * 50)


def test_one_damaged_raster_among_many_is_listed(tmp_path: Path) -> None:
    for number in range(4):
        write_raster(tmp_path / f"in/r{number}.tif", colored(MASK), compress="lzw", tiled=True)
    content = (tmp_path / "in/r2.tif").read_bytes()
    (tmp_path / "in/r2.tif").write_bytes(content[: len(content) - 300])
    text = run_partly("tile", tmp_path / "in", "-o", tmp_path / "d", "--size", "50")
    assert "r2.tif: cannot be read (" in text
    assert "See previous exception" not in text
    assert "copy it again" in text
    assert {sample.stem[:2] for sample in Dataset.open(tmp_path / "d").samples} == {"r0", "r1", "r3"}


def test_labels_that_lie_on_no_raster_are_told(raster: Path, tmp_path: Path) -> None:
    far = write_geojson(tmp_path / "far.geojson", [("roof", [box(90_020, 10, 90_070, 40)])], "EPSG:4326")
    near = write_geojson(tmp_path / "near.geojson", [("roof", [box(20, 10, 70, 40)])])
    named = ("--attribute", "kind", "--unlabelled", "background")
    said = run_ok("tile", raster, "-o", tmp_path / "a", "--labels", far, *named).stdout
    assert f"1 raster (town.tif) on which nothing of {far} lies: all of it becomes background; if something" in said
    said = run_ok("tile", raster, "-o", tmp_path / "b", "--labels", near, *named, "--area", far).stdout
    assert f"1 raster (town.tif) on which nothing of {far} lies: all of it is ignored; if something" in said
    assert "on which nothing" not in run_ok("tile", raster, "-o", tmp_path / "c", "--labels", near, *named).stdout


def test_long_lines_in_degrees_stay_straight_in_degrees(tmp_path: Path) -> None:
    """A line along a parallel is bent in UTM: by 230 m where it is 100 km long."""
    from rasterio.warp import transform

    transform_of_raster = (100.0, 0.0, 400_000.0, 0.0, -100.0, 5_900_000.0)
    raster = write_raster(tmp_path / "a.tif", np.full((300, 1000, 3), 9, np.uint8), transform=transform_of_raster)
    ring = [[13.6, 53.0], [14.9, 53.0], [14.9, 53.15], [13.6, 53.15], [13.6, 53.0]]
    feature = {
        "type": "Feature",
        "properties": {"kind": "roof"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    run_ok("tile", raster, "-o", tmp_path / "d", "--labels", tmp_path / "a.geojson", "--attribute", "kind")
    found = read_mask(tmp_path / "d/masks/a_r0_c0.png")
    y, x = np.mgrid[:300, :1000] + 0.5
    points = (400_000 + 100 * x.ravel()).tolist(), (5_900_000 - 100 * y.ravel()).tolist()
    longitude, latitude = np.array(transform("EPSG:32633", "EPSG:4326", *points)).reshape(2, 300, 1000)
    inside = (longitude > 13.6) & (longitude < 14.9) & (latitude > 53.0) & (latitude < 53.15)
    assert inside.sum() > 50_000
    assert ((found == 0) != inside).sum() < 100  # of some 2,000 pixels along its lines


def test_metres_that_are_called_degrees_are_told(raster: Path, tmp_path: Path) -> None:
    labels = write_geojson(tmp_path / "a.geojson", [("roof", [box(20, 10, 70, 40)])])
    content = json.loads(labels.read_text())
    del content["crs"]
    labels.write_text(json.dumps(content))
    said = run_error("tile", raster, "-o", tmp_path / "d", "--labels", labels, "--attribute", "kind")
    assert (
        "a.geojson: some regions lie outside of the raster's coordinate system: 399970 5699995, said to be in" in said
    )
    assert "save it with the coordinate system that its numbers are of" in said


def test_a_folder_of_polygons_is_not_taken_for_rasters(raster: Path, tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    write_geojson(tmp_path / "labels/a.geojson", [("roof", [box(20, 10, 70, 40)])])
    said = run_error("tile", raster, "-o", tmp_path / "d", "--labels", tmp_path / "labels")
    file = tmp_path / "labels/a.geojson"
    assert f"labels: holds no rasters (.tif, .tiff); name the polygons: --labels {file}" in said


@pytest.mark.parametrize("inside", ["shp", "gpkg"])
def test_a_zip_file_of_polygons_is_cut_as_convert_says(
    inside: str, raster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyogrio.raw import write

    monkeypatch.chdir(tmp_path)
    square = struct.pack("<BIII", 1, 3, 1, 5) + np.array(box(20, 10, 70, 40), "<f8").tobytes()
    write(
        tmp_path / f"roofs.{inside}", np.array([square], object), [np.array(["roof"], object)], ["kind"],
        geometry_type="Polygon", crs="EPSG:32633",
    )  # fmt: skip
    with zipfile.ZipFile("town.zip", "w") as archive:
        for path in sorted(tmp_path.glob("roofs.*")):
            archive.write(path, path.name)
            path.unlink()
    said = run_error("masks", "convert", "town.zip", "-o", "set").replace("RASTER", str(raster))
    if inside == "gpkg":
        assert "unpack it (unzip town.zip -d roofs), then cut" in said
        with zipfile.ZipFile("town.zip") as archive:
            archive.extractall("roofs")
    run_ok(*shlex.split(said.partition("together with it: seg-prep ")[2]))
    assert (put_together(tmp_path / "datasets/roofs", "masks", MASK.shape) == 0).sum() == 30 * 50


@pytest.mark.parametrize("kind", ["file", "folder", "photos", "geojson"])
def test_the_command_that_convert_names_for_polygons_of_a_map_works_as_it_stands(
    kind: str, raster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyogrio.raw import write

    monkeypatch.chdir(tmp_path)
    square = struct.pack("<BIII", 1, 3, 1, 5) + np.array(box(20, 10, 70, 40), "<f8").tobytes()
    folder = tmp_path / "my labels" if kind == "photos" else tmp_path
    folder.mkdir(exist_ok=True)
    if kind == "geojson":
        labels = write_geojson(tmp_path / "roofs.geojson", [("roof", [box(20, 10, 70, 40)])])
    else:
        labels = folder / "roofs.gpkg"
        columns = {"floors": np.array([2]), "kind": np.array(["roof"], object), "by": np.array(["me"], object)}
        write(
            labels, np.array([square], object), list(columns.values()), list(columns), driver="GPKG",
            geometry_type="Polygon", crs="EPSG:32633",
        )  # fmt: skip
    given = {"photos": (folder, "--images", raster), "folder": (tmp_path,)}.get(kind, (labels,))
    said = run_error("masks", "convert", *given, "-o", tmp_path / "set")
    command = said.strip().removesuffix(" (its attributes: kind, by)").partition("together with it: seg-prep ")[2]
    assert ("(its attributes: kind, by)" in said) == (kind != "geojson")
    run_ok(*shlex.split(command))
    found = put_together(tmp_path / "datasets/roofs", "masks", MASK.shape)
    assert (found == 0).sum() == 30 * 50
    assert Dataset.open(tmp_path / "datasets/roofs").classes.names == ("roof",)


def test_rings_without_end_or_inside_are_taken_as_meant(raster: Path, tmp_path: Path) -> None:
    """Three points that do not come back are a triangle; a hole without points is none; a line has no inside."""
    square, triangle = box(20, 10, 70, 40), box(60, 50, 110, 85)[:3]
    closed = [("a", [square]), ("b", [[*triangle, triangle[0]]])]
    odd = [("a", [square[:-1], []]), ("b", [triangle]), ("c", [square[:2]]), ("c", [])]
    for name, regions in (("closed", closed), ("odd", odd)):
        labels = write_geojson(tmp_path / f"{name}.geojson", [(kind, []) for kind, _ in regions])
        content = json.loads(labels.read_text())
        for feature, (_, rings) in zip(content["features"], regions, strict=True):
            feature["geometry"]["coordinates"] = rings
        labels.write_text(json.dumps(content))
        said = run_ok("tile", raster, "-o", tmp_path / name, "--labels", labels, "--attribute", "kind").stdout
        assert ("2 shapes left out" in said) == (name == "odd")
    masks = [put_together(tmp_path / name, "masks", MASK.shape) for name in ("closed", "odd")]
    assert np.bincount(masks[0].ravel(), minlength=2)[:2].min() > 500
    assert (masks[0] == masks[1]).all()


def test_polygons_without_attributes_are_told_what_they_lack(raster: Path, tmp_path: Path) -> None:
    labels = write_geojson(tmp_path / "bare.geojson", [("a", [box(20, 10, 70, 40)])])
    labels.write_text(labels.read_text().replace('{"kind": "a"}', "{}"))
    error = run_error("tile", raster, "-o", tmp_path / "d", "--labels", labels)
    assert error == f"{labels}: its polygons have no attribute; add one to each that says its class"
