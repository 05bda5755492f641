"""Every command of docs/tutorials/aerial.md prints what stands there, and gives a map that lies on its raster."""

import os
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from tests.consoles import commands, matches
from tests.rasters import EAST, NORTH, needs_geo, write_raster
from tests.support import SCRIPTS

TUTORIAL = Path(__file__).parents[1] / "docs" / "tutorials" / "aerial.md"
SIZE = 768
pytestmark = needs_geo


def write_polygons(path: Path, boxes: list[tuple[int, int, int, int]], kind: str) -> None:
    """Boxes (left, top, right, bottom) in pixels of the raster as a GeoPackage in degrees."""
    from pyogrio.raw import write
    from rasterio.warp import transform

    shapes = []
    for left, top, right, bottom in boxes:
        corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])
        x, y = transform("EPSG:32633", "EPSG:4326", EAST + 0.5 * corners[:, 0], NORTH - 0.5 * corners[:, 1])
        ring = np.array([x, y]).T
        shapes.append(struct.pack("<BIII", 1, 3, 1, len(ring)) + ring.astype("<f8").tobytes())
    kinds = np.array([kind] * len(boxes), object)
    write(path, np.array(shapes, object), [kinds], ["kind"], driver="GPKG", geometry_type="Polygon", crs="EPSG:4326")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all commands of the tutorial have run: a town of twelve red roofs, of which the left half was mapped."""
    folder = tmp_path_factory.mktemp("aerial")
    rng = np.random.default_rng(0)
    pixels = rng.integers(60, 120, (SIZE, SIZE, 3)).astype(np.uint8)
    boxes = [(40 + 240 * (n % 3), 150 + 150 * (n // 3), 120 + 240 * (n % 3), 230 + 150 * (n // 3)) for n in range(12)]
    for left, top, right, bottom in boxes:
        pixels[top:bottom, left:right] = (220, 60, 50)
    pixels[:128, :512] = 0
    write_raster(folder / "town.tif", pixels, nodata=0, compress="lzw", tiled=True)
    write_polygons(folder / "roofs.gpkg", boxes, "roof")
    write_polygons(folder / "mapped.gpkg", [(0, 0, 640, SIZE)], "any")
    environment = {**os.environ, "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"}
    for command, expected in commands(TUTORIAL.read_text(encoding="utf-8")):
        result = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
        assert "Traceback" not in result.stderr
        assert matches(expected, result.stdout + result.stderr), f"$ {command}{result.stdout}{result.stderr}"
        assert result.returncode == 0, f"$ {command}{result.stdout}{result.stderr}"
    return folder


def test_the_masks_are_of_the_mapped_area(place: Path) -> None:
    dataset = Dataset.open(place / "datasets/town")
    assert dataset.classes.names == ("background", "roof")
    counts = np.sum([np.bincount(dataset.mask(s).ravel(), minlength=256) for s in dataset.samples if s.mask], axis=0)
    assert counts[1] == sum(80 * 80 for _ in range(12))
    assert counts[:2].sum() == 640 * SIZE - 128 * 512


def test_the_map_lies_on_the_raster(place: Path) -> None:
    import rasterio
    from pyogrio import read_info

    with rasterio.open(place / "town.tif") as raster, rasterio.open(place / "map/masks/town.tif") as mask:
        assert (mask.crs, mask.transform, mask.shape) == (raster.crs, raster.transform, raster.shape)
        assert (mask.read(1)[:128, :512] == 255).all()
        assert (mask.read(1)[128:] != 255).all()
    assert read_info(place / "map/geopackage/town.gpkg")["crs"] == "EPSG:32633"
    assert (place / "map/geojson/town.geojson").exists()
