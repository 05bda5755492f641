"""Masks as tiled TIFF files, written strip by strip; of a raster with a place on the earth as GeoTIFF."""

from pathlib import Path
from typing import Any

import numpy as np

from prep.core.classes import IGNORE_INDEX, ClassMap
from prep.geo.georeference import GeoReference
from train.predicting.maps.tiled_tiff import Strips, geo_tags, write_tiff

_GREATER = 257
"""A colour of 8 bits times this has 16."""


def write_mask(path: Path, strips: Strips, height: int, width: int) -> None:
    """Write a mask as a tiled TIFF with Deflate, grey, atomically."""
    write_tiff(path, strips, (height, width), {"photometric": "minisblack"})


def write_map(path: Path, strips: Strips, height: int, width: int, place: GeoReference, classes: ClassMap) -> None:
    """Write a mask as GeoTIFF, atomically: tiled, with Deflate, the geo tags of the raster as they are, the colours of
    the classes as colour table, their names, 255 as the number of pixels without data, and overviews.

    The number for no data is not that of the raster, which is a class here.
    """
    names = [(f"class_{index}", 0, "", name) for index, name in enumerate(classes.names)]
    options: dict[str, Any] = {
        "photometric": "palette",
        "colormap": np.ascontiguousarray(classes.palette().T.astype(np.uint16) * _GREATER),
        "extratags": geo_tags(place, IGNORE_INDEX, [("DESCRIPTION", 0, "description", "class"), *names]),
    }
    write_tiff(path, strips, (height, width), options, overviews=True)
