"""Rows of rasters through GDAL."""

from pathlib import Path

import numpy as np
import pytest

from prep.geo import raster
from tests.rasters import needs_geo, write_raster


@needs_geo
@pytest.mark.parametrize(
    "options", [{"tiled": True, "blockxsize": 16, "blockysize": 16}, {"blockysize": 8}, {"INTERLEAVE": "BAND"}]
)
def test_rows_are_the_same_read_a_few_columns_at_a_time(
    options: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.random.default_rng(0).integers(0, 60_000, (50, 75, 4), dtype=np.uint16)
    path = write_raster(tmp_path / "a.tif", pixels, compress="lzw", **options)
    monkeypatch.setattr(raster, "_COLUMNS", 32)
    found = raster.RasterRows(path).read(13, 41)
    assert found.dtype == np.uint16 and found.flags.c_contiguous
    np.testing.assert_array_equal(found, pixels[13:41])
    np.testing.assert_array_equal(raster.RasterRows(path).read(13, 41, [3, 1]), pixels[13:41, :, [3, 1]])
