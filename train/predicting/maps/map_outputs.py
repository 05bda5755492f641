"""What predict writes of a photo with a place on the earth: a GeoTIFF or world files, polygons in map units."""

from collections.abc import Callable, Sequence
from pathlib import Path

from prep.core.classes import ClassMap
from prep.dataset.dataset_files import MASKS
from prep.geo.projection import Projection
from train.predicting.maps.map_files import MAP_SUFFIXES, map_content
from train.predicting.maps.mask_tiff import write_map
from train.predicting.maps.places import GEOJSON, GEOPACKAGE, OF_MAPS, Place
from train.predicting.outputs import Output, Predicted, make_outputs, saved
from train.predicting.region_polygons import Moving, region_polygons


def make_map_outputs(
    kinds: Sequence[str], target: Path, classes: ClassMap, tolerance: Moving, smallest: int, place: Place | None
) -> list[Output]:
    """The outputs of these kinds below the folder `target`, of a photo with this place: as of make_outputs without one.

    tolerance, smallest: in pixels, as of region_polygons.
    """
    maps: list[Output] = []
    replaced = {GEOPACKAGE}
    if place is not None and MASKS in kinds:
        maps += _masks(target / MASKS, classes, place)
        replaced |= {MASKS} if place.is_tiff else set()
    if place is not None and place.projection is not None:
        maps += _polygons(kinds, target, classes, tolerance, smallest, place.projection)
        replaced |= {GEOJSON}
    of_pixels = [kind for kind in kinds if kind not in replaced]
    return [*make_outputs(of_pixels, target, classes, tolerance, smallest), *maps]


def _masks(folder: Path, classes: ClassMap, place: Place) -> list[Output]:
    """The GeoTIFF of a TIFF, and the world file and .prj file that the photo has, for the mask."""

    def save(predicted: Predicted, path: Path) -> None:
        height, width = predicted.mask.shape
        write_map(path, iter([(0, predicted.mask)]), height, width, place.reference, classes)

    suffix = ".tif" if place.is_tiff else ".png"
    beside = place.reference.side_files(suffix)
    outputs = [Output(folder, ending, saved(lambda *_, content=content: content)) for ending, content in beside]
    return [*outputs, Output(folder, suffix, save)] if place.is_tiff else outputs


def _polygons(
    kinds: Sequence[str], target: Path, classes: ClassMap, tolerance: Moving, smallest: int, projection: Projection
) -> list[Output]:
    def saving(kind: str) -> Callable[[Predicted, Path], None]:
        def content(found: Predicted) -> bytes | memoryview:
            parts = region_polygons(found.mask, classes.foreground, tolerance, smallest)
            return map_content(kind, parts, classes, found.photo.name, projection)

        return saved(content)

    return [Output(target / kind, MAP_SUFFIXES[kind], saving(kind)) for kind in OF_MAPS if kind in kinds]
