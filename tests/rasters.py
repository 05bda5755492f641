"""GeoTIFFs of every kind, small, written by rasterio: what people have, made in tests."""

import shlex
import subprocess
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from prep.geo.extra import has_geo

needs_geo = pytest.mark.skipif(not has_geo(), reason="rasterio is not installed (pip install 'seg-prep[geo]')")

TAGS = (33550, 33922, 34264, 34735, 34736, 34737)
EAST, NORTH = 399960.0, 5700000.0
UTM = (0.5, 0.0, EAST, 0.0, -0.5, NORTH)

KINDS: Mapping[str, Mapping[str, Any]] = {
    "utm": {},
    "geographic": {"crs": "EPSG:4326", "transform": (1e-5, 0.0, 13.4, 0.0, -1e-5, 52.5)},
    "rotated": {"transform": (0.4, 0.3, EAST, 0.3, -0.4, NORTH)},
    "pixel is point": {"AREA_OR_POINT": "Point"},
    "bigtiff": {"BIGTIFF": "YES"},
    "no data": {"nodata": 7},
    "sixteen bits": {"dtype": "uint16", "nodata": 0},
    "four bands": {"count": 4},
    "tiled": {"tiled": True, "blockxsize": 128, "blockysize": 128, "compress": "lzw"},
    "striped": {"compress": "deflate", "blockysize": 16},
    "world file": {"crs": None, "TFW": "YES", "PROFILE": "BASELINE"},
    "none": {"crs": None, "transform": None},
}


def write_raster(path: Path, pixels: NDArray[np.generic], **options: Any) -> Path:  # noqa: ANN401
    """Write (H, W) or (H, W, bands) as GeoTIFF; options: of rasterio and of GDAL's GTiff driver, and AREA_OR_POINT."""
    import rasterio

    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    settings: dict[str, Any] = {"crs": "EPSG:32633", "transform": UTM, **options}
    point = settings.pop("AREA_OR_POINT", None)
    settings = {name: value for name, value in settings.items() if value is not None}
    if "transform" in settings:
        settings["transform"] = rasterio.Affine(*settings["transform"])
    height, width, bands = pixels.shape
    path.parent.mkdir(parents=True, exist_ok=True)
    settings = {"dtype": str(pixels.dtype), **settings, "height": height, "width": width, "count": bands}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(path, "w", driver="GTiff", **settings) as file:
            file.write(np.moveaxis(pixels, 2, 0))
            if point:
                file.update_tags(AREA_OR_POINT=point)
    return path


def write_with_holes(path: Path, pixels: NDArray[np.uint8], empty: NDArray[np.bool_], kind: str) -> Path:
    """Write (H, W, 3) as GeoTIFF that says "no data" by that number, by an "alpha" channel, or by a "mask" page."""
    import rasterio

    if kind == "alpha":
        opacity = np.where(empty, 0, 255).astype(np.uint8)
        return write_raster(path, np.dstack([pixels, opacity]), photometric="RGB", ALPHA="YES")
    if kind == "no data":
        return write_raster(path, np.where(empty[..., None], 7, pixels).astype(np.uint8), nodata=7)
    write_raster(path, pixels)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as file:
        file.write_mask(~empty)
    return path


def colored(mask: NDArray[np.uint8], kind: str = "utm") -> NDArray[Any]:
    """Pixels of a kind of KINDS that the colour predictor labels as this mask; pixels of class 255 hold no data."""
    options = KINDS[kind]
    dtype = options.get("dtype", "uint8")
    most, nothing = 255 if dtype == "uint8" else 4000, options.get("nodata", 0)
    pixels = np.full((*mask.shape, options.get("count", 3)), 20, dtype)
    for index in range(3):
        pixels[mask == index, index] = most
    pixels[mask == 255] = nothing
    return pixels


def geo_tags(path: Path) -> dict[int, tuple[int, int, object]]:
    """Type, count and value of each geo tag of a file, as tifffile reads them."""
    with tifffile.TiffFile(path) as file:
        return {tag.code: (int(tag.dtype), tag.count, tag.value) for tag in file.pages.first.tags if tag.code in TAGS}


def rio(command: str) -> None:
    """Run a command of rasterio as it stands in an error."""
    program, *arguments = shlex.split(command)
    assert program == "rio"
    code = "from rasterio.rio.main import main_group as rio; rio()"
    subprocess.run([sys.executable, "-c", code, *arguments], check=True)
