"""Polygons of a mask in a file are those of the mask in memory."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from prep.images.polygons import fill_polygon, signed_area
from tests.models import CLASSES
from tests.rasters import needs_geo
from tests.train.predicting.masks import smooth_mask
from train.predicting.file_polygons import file_polygons
from train.predicting.maps.mask_tiff import write_mask
from train.predicting.region_polygons import RegionPolygon, region_polygons

EVERY = (0, 1, 2)


def written(path: Path, mask: NDArray[np.uint8]) -> Path:
    write_mask(path, iter([(0, mask)]), *mask.shape)
    return path


def plain(parts: list[RegionPolygon]) -> list[object]:
    return sorted((part.value, part.pixels, [ring.tolist() for ring in part.rings]) for part in parts)


@needs_geo
@pytest.mark.parametrize("tolerance", [0.0, 1.5])
@pytest.mark.parametrize("seed", range(3))
def test_smooth_parts_are_the_same(
    seed: int, tolerance: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.predicting.file_polygons._ROWS", 16)
    mask = smooth_mask(seed)
    path = written(tmp_path / "a.tif", mask)
    for values in (EVERY, CLASSES.foreground):
        found = list(file_polygons(path, values, tolerance, 3))
        assert plain(found) == plain(region_polygons(mask, values, tolerance, 3))


@needs_geo
@pytest.mark.parametrize("tolerance", [0.0, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_ragged_parts_touch_without_gaps(
    seed: int, tolerance: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.predicting.file_polygons._ROWS", 7)
    mask = np.random.default_rng(seed).integers(0, 3, (30, 40)).astype(np.uint8)
    parts = list(file_polygons(written(tmp_path / "a.tif", mask), EVERY, tolerance))
    assert sum(signed_area(part.rings[0]) - sum(map(signed_area, part.rings[1:])) for part in parts) == mask.size
    if not tolerance:
        again = np.full(mask.shape, 9, np.uint8)
        for part in parts:
            fill_polygon(again, part.rings, part.value)
        assert (again == mask).all()
