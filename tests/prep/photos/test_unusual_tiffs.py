"""TIFFs that Pillow and OpenCV refuse, or read wrong without a word: unwritten tiles, odd numbers of bits, WebP."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from prep.labels.labelio import decode_label_colors, decode_label_ids
from prep.photos.photoio import read_photo
from prep.photos.rows.tiff_rows import TiffRows
from tests.rasters import needs_geo, write_raster
from tests.support import load, run_error, run_ok

pytestmark = needs_geo


def write_sparse(path: Path, no_data: int, compress: str) -> NDArray[np.uint8]:
    """A tiled raster of which GDAL wrote one tile only; its pixels as rasterio reads them, (H, W, 3)."""
    import rasterio
    from rasterio.windows import Window

    options = {"tiled": True, "blockxsize": 64, "blockysize": 64, "SPARSE_OK": "TRUE", "compress": compress}
    with rasterio.open(
        path, "w", driver="GTiff", width=200, height=150, count=3, dtype="uint8", nodata=no_data, crs="EPSG:32633",
        transform=rasterio.Affine(0.5, 0, 4e5, 0, -0.5, 58e5), **options,
    ) as file:  # fmt: skip
        file.write(np.full((3, 64, 64), 90, np.uint8), window=Window(64, 64, 64, 64))
    with rasterio.open(path) as file:
        return np.moveaxis(file.read(), 0, -1)


@pytest.mark.parametrize("compress", ["none", "deflate", "lzw", "webp", "jpeg"])
@pytest.mark.parametrize("no_data", [0, 255])
def test_tiles_that_were_never_written_hold_no_data(no_data: int, compress: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    pixels = write_sparse(path, no_data, compress)
    assert (read_photo(path) == pixels).all()
    shown, empty = TiffRows(path).rows_with_empty(0, 150)
    assert (shown == pixels).all()
    assert (empty == (pixels == no_data).all(axis=2)).all()
    run_ok("tile", path, "-o", tmp_path / "set", "--size", 50)
    assert {each.name for each in (tmp_path / "set/images").iterdir()} == {
        f"a_r{row}_c{column}.png" for row in (1, 2) for column in (1, 2)
    }


@pytest.mark.parametrize("compress", ["none", "lzw"])
def test_a_sparse_label_is_read_as_gdal_reads_it(compress: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    pixels = write_sparse(path, 255, compress)
    assert (decode_label_ids(path, path.read_bytes()) == pixels[..., 0]).all()
    assert (decode_label_colors(path, path.read_bytes())[0] == pixels).all()


@pytest.mark.parametrize("bits", [10, 12, 14])
@pytest.mark.parametrize("compress", ["none", "lzw"])
def test_numbers_of_odd_bits_are_brought_to_eight(bits: int, compress: str, tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 2**bits - 1, 256).round().astype(np.uint16), (40, 1))
    path = write_raster(tmp_path / "a.tif", ramp, nbits=bits, compress=compress)
    expected = np.tile(np.arange(256), (40, 1))
    run_ok("resize", path, "-o", tmp_path / "set", "--size", 256)
    for found in (load(tmp_path / "set/images/a.png"), TiffRows(path).rows(0, 40)):
        assert np.abs(found.reshape(40, 256, -1)[..., 0].astype(int) - expected).max() <= 1


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("compress", ["none", "lzw"])
def test_all_ones_of_few_bits_are_white(bits: int, compress: str, tmp_path: Path) -> None:
    numbers = np.random.default_rng(0).integers(0, 2**bits, (40, 64)).astype(np.uint8)
    path = write_raster(tmp_path / "a.tif", numbers, nbits=bits, compress=compress)
    expected = numbers * (255 // (2**bits - 1))
    assert (TiffRows(path).rows(0, 40)[..., 0] == expected).all()
    assert (read_photo(path)[..., 0] == expected).all()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"nbits": 12, "dtype": "uint16"}, "3 bands of uint16 with numbers of 12 bits"),
        ({"compress": "webp"}, "3 bands of uint8 with a compression"),
    ],
)
def test_without_the_extra_what_is_missing_is_told(
    options: dict[str, object], text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_raster(tmp_path / "a.tif", np.full((40, 64, 3), 9, str(options.pop("dtype", "uint8"))), **options)
    monkeypatch.setattr("prep.geo.raster.has_geo", lambda: False)
    error = run_error("resize", path, "-o", tmp_path / "set", "--size", 64)
    assert text in error
    assert "pip install 'seg-prep[geo]'" in error
