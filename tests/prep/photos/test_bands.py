"""Which bands are red, green and blue: chosen once for a set, recorded with it, followed by what reads photos."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

import prep
from prep.core.errors import SegError
from prep.geo.no_data import read_empty
from prep.images.bands import parse_bands
from prep.photos.photoio import read_photo
from prep.photos.ranges import eight_bits
from prep.photos.rendering import Rendering, read_rendering
from prep.photos.rows.tiff_rows import TiffRows
from tests.rasters import needs_geo, write_raster
from tests.support import load, random_image, run_error, run_ok, run_partly, run_prep, save

RNG = np.random.default_rng(3)
CHOSEN = (4, 3, 2)
NUMBERS = [3, 2, 1]


def bands_of(count: int, dtype: str = "uint8", height: int = 40, width: int = 50) -> NDArray[Any]:
    return RNG.integers(1, 256 if dtype == "uint8" else 4000, (height, width, count)).astype(dtype)


def write_tiff(path: Path, pixels: NDArray[Any], **options: Any) -> Path:  # noqa: ANN401
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = np.moveaxis(pixels, 2, 0) if options.get("planarconfig") == "separate" else pixels
    tifffile.imwrite(path, stored, metadata=None, **{"photometric": "minisblack", "planarconfig": "contig", **options})
    return path


STORED: dict[str, dict[str, Any]] = {
    "plain": {},
    "tiles": {"tile": (16, 16), "compression": "zlib"},
    "planes": {"planarconfig": "separate", "compression": "zlib", "rowsperstrip": 7},
    "plane tiles": {"planarconfig": "separate", "tile": (16, 16)},
}


@pytest.mark.parametrize("stored", STORED)
@pytest.mark.parametrize(("count", "dtype"), [(4, "uint8"), (5, "uint8"), (12, "uint16"), (4, "float32")])
def test_whole_and_by_rows(stored: str, count: int, dtype: str, tmp_path: Path) -> None:
    pixels = bands_of(count, dtype)
    path = write_tiff(tmp_path / "a.tif", pixels, **STORED[stored])
    ranges = {} if dtype == "uint8" else {dtype: (0.0, 3000.0)}
    rendering = Rendering(ranges, CHOSEN)
    expected = eight_bits(pixels[..., NUMBERS], ranges[dtype]) if ranges else pixels[..., NUMBERS]
    np.testing.assert_array_equal(read_photo(path, rendering), expected)
    rows = TiffRows(path, rendering)
    np.testing.assert_array_equal(np.concatenate([rows.rows(0, 11), rows.rows(11, 40)]), expected)


def test_resize_records_them_and_uses_them_again(tmp_path: Path) -> None:
    first, second = bands_of(5, "uint16"), bands_of(4, "uint16")
    write_tiff(tmp_path / "one/a.tif", first)
    write_tiff(tmp_path / "two/b.tif", second)
    save(tmp_path / "two/c.png", random_image(0, 40, 50))
    run_ok("resize", tmp_path / "one", "-o", tmp_path / "d", "--size", 50, "--bands", "4,3,2")
    used = first[..., NUMBERS]
    span = [int(used.min()), int(used.max())]
    assert json.loads((tmp_path / "d/ranges.json").read_text()) == {"bands": [4, 3, 2], "uint16": span}
    np.testing.assert_array_equal(load(tmp_path / "d/images/a.png"), eight_bits(used, (span[0], span[1])))
    said = run_ok("resize", tmp_path / "two", "-o", tmp_path / "d", "--size", 50).output
    assert "1 photo other than TIFF (c.png): taken as they are, as if bands 4,3,2 were" in said
    np.testing.assert_array_equal(
        load(tmp_path / "d/images/b.png"), eight_bits(second[..., NUMBERS], (span[0], span[1]))
    )
    np.testing.assert_array_equal(load(tmp_path / "d/images/c.png"), random_image(0, 40, 50))


def test_a_set_has_one_choice(tmp_path: Path) -> None:
    write_tiff(tmp_path / "p/a.tif", bands_of(5))
    run_ok("resize", tmp_path / "p", "-o", tmp_path / "d", "--size", 50, "--bands", "4,3,2")
    run_ok("resize", tmp_path / "p", "-o", tmp_path / "plain", "--size", 50)
    other = run_error("resize", tmp_path / "p", "-o", tmp_path / "d", "--size", 50, "--bands", "1,2,3")
    assert other.startswith("--bands 1,2,3: the dataset was made with bands 4,3,2; leave --bands out, or name another")
    later = run_error("resize", tmp_path / "p", "-o", tmp_path / "plain", "--size", 50, "--bands", "4,3,2")
    assert later.startswith("--bands 4,3,2: the dataset was made with the first three bands; leave --bands out")
    joined = run_error("resize", tmp_path / "d", "-o", tmp_path / "plain", "--size", 25)
    assert "its red, green and blue are the first three bands, those of" in joined
    run_ok("resize", tmp_path / "d", "-o", tmp_path / "small", "--size", 25)
    assert read_rendering(tmp_path / "small/ranges.json") == Rendering({}, CHOSEN)
    again = run_error("resize", tmp_path / "d", "-o", tmp_path / "e", "--size", 25, "--bands", "4,3,2")
    assert "is a dataset, whose images are 8 bits of three colours; leave --bands out" in again


def test_a_file_that_lacks_a_band_is_named(tmp_path: Path) -> None:
    write_tiff(tmp_path / "p/a.tif", bands_of(4))
    write_tiff(tmp_path / "p/rgb.tif", bands_of(3), photometric="rgb")
    tifffile.imwrite(
        tmp_path / "p/palette.tif", bands_of(1)[..., 0], photometric="palette", colormap=np.zeros((3, 256), "u2")
    )
    said = run_partly("resize", tmp_path / "p", "-o", tmp_path / "d", "--size", 50, "--bands", "4,3,2")
    assert "rgb.tif: has 3 bands, but bands 4,3,2 are to be red, green and blue" in said
    assert "palette.tif: its colours are stored in a way (TIFF's photometric interpretation 3)" in said
    assert [path.name for path in (tmp_path / "d/images").iterdir()] == ["a.png"]


def test_masks_convert_brings_photos_in_by_them(tmp_path: Path) -> None:
    pixels = bands_of(4)
    write_tiff(tmp_path / "photos/a.tif", pixels)
    save(tmp_path / "labels/a.png", (pixels[..., 0] > 99).astype(np.uint8))
    (tmp_path / "classes.txt").write_text("no,#000000\nyes,#ff0000\n")
    command = ("masks", "convert", tmp_path / "labels", "-o", tmp_path / "d", "--images", tmp_path / "photos")
    run_ok(*command, "--classes", tmp_path / "classes.txt", "--bands", "4,3,2")
    np.testing.assert_array_equal(load(tmp_path / "d/images/a.png"), pixels[..., NUMBERS])
    assert read_rendering(tmp_path / "d/ranges.json").bands == CHOSEN


def test_opacity_counts_unless_it_is_chosen(tmp_path: Path) -> None:
    """GDAL calls a fourth band of 8 bits opacity unless told otherwise; so it is where it is all or nothing."""
    pixels = bands_of(4)
    pixels[..., 3], pixels[:5, :, 3] = 255, 0
    path = write_tiff(tmp_path / "a.tif", pixels, photometric="rgb", extrasamples=["unassalpha"])
    expected = np.zeros((40, 50), np.bool_)
    expected[:5] = True
    np.testing.assert_array_equal(read_empty(path, (3, 2, 1)), expected)
    np.testing.assert_array_equal(TiffRows(path, Rendering({}, (3, 2, 1))).rows_with_empty(0, 40)[1], expected)
    assert read_empty(path, CHOSEN) is None
    assert not TiffRows(path, Rendering({}, CHOSEN)).rows_with_empty(0, 40)[1].any()


@needs_geo
@pytest.mark.parametrize("compress", ["deflate", "lzw"])
def test_tile_takes_them(compress: str, tmp_path: Path) -> None:
    pixels = bands_of(5, "uint16")
    raster = write_raster(tmp_path / "scene.tif", pixels, compress=compress, nodata=0)
    said = run_ok("tile", raster, "-o", tmp_path / "d", "--bands", "4,3,2", "--range", "0:3000").stdout
    assert "more bands than colours" not in said
    expected = eight_bits(pixels[..., NUMBERS], (0, 3000), 0)
    np.testing.assert_array_equal(load(tmp_path / "d/images/scene_r0_c0.png"), expected)
    small = write_raster(tmp_path / "small.tif", bands_of(3, "uint16"))
    wrong = run_error("tile", small, "-o", tmp_path / "d")
    assert "small.tif: has 3 bands, but bands 4,3,2 are to be red, green and blue, as --bands, the dataset or" in wrong
    first = run_ok("tile", raster, "-o", tmp_path / "plain").stdout
    assert "the first three are taken as red, green and blue" in first
    assert "--bands 4,3,2 takes others" in first


@needs_geo
def test_the_python_face_says_the_same(tmp_path: Path) -> None:
    raster = write_raster(tmp_path / "scene.tif", bands_of(5))
    prep.tile(raster, output=tmp_path / "d", bands=[5, 5, 5])
    assert read_rendering(tmp_path / "d/ranges.json") == Rendering({}, (5, 5, 5))
    prep.resize(raster, output=tmp_path / "e", size=50, bands=(4, 3, 2))
    assert read_rendering(tmp_path / "e/ranges.json") == Rendering({}, CHOSEN)
    for wrong in ([4, 3], [0, 1, 2], ["4", "3", "2"], [True, 2, 3]):
        with pytest.raises(SegError, match=r"^bands[ =]"):
            prep.tile(raster, output=tmp_path / "f", bands=wrong)


@pytest.mark.parametrize("text", ["4,3", "4,3,2,1", "0,1,2", "a,b,c", "4;3;2", "", "-1,2,3"])
def test_what_is_no_choice(text: str, tmp_path: Path) -> None:
    with pytest.raises(SegError):
        parse_bands(text)
    write_tiff(tmp_path / "p/a.tif", bands_of(4))
    result = run_prep("resize", tmp_path / "p", "-o", tmp_path / "d", f"--bands={text}")
    assert result.exit_code == 2
    assert "Invalid value for '--bands'" in result.output


@pytest.mark.parametrize("bands", ["432", [4, 3], [4, 3, 2.0], [0, 1, 2], None])
def test_a_damaged_record_is_told(bands: object, tmp_path: Path) -> None:
    (tmp_path / "ranges.json").write_text(json.dumps({"bands": bands}))
    with pytest.raises(SegError, match=re.escape(str(tmp_path / "ranges.json"))):
        read_rendering(tmp_path / "ranges.json")
