"""Vector files of a map: no labels of photos; the command that cuts their raster together with them is named."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from prep.core.errors import SegError
from prep.geo.extra import has_geo
from prep.geo.vectors import text_attributes
from prep.images.finding import FoundFile
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, LabelFormat
from prep.labels.pixels.images import are_told
from prep.labels.reader import LabelReader, LabelSource

_ENDS = (".gpkg", ".shp", ".fgb")
_RASTERS = (".tif", ".tiff")
_INSTEAD = "seg-prep tile RASTER -o DATASET --labels FILE --attribute NAME"


@dataclass(frozen=True)
class MapVectors:
    """GeoPackages, Shapefiles and FlatGeobufs.

    Labels are of a photo each, and a map is of all rasters; they become masks where rasters become samples.
    """

    name: str = "vector"
    title: str = "vector files of a map"
    rules: str = f"Recognised, not read: cut their raster together with them: {_INSTEAD}."
    readers: tuple[LabelReader, ...] = field(default=(), init=False)
    requires: str = field(default="", init=False)
    writes: bool = field(default=False, init=False)

    def recognise(self, contents: Contents) -> float:
        """Sure where such files lie and images are not told to be photos and masks by their names."""
        return LIKELY if contents.of_suffix(*_ENDS) and not are_told(contents) else NO

    def open(self, contents: Contents, variable: str) -> LabelSource:
        """Refuse, with the command to type."""
        first = contents.of_suffix(*_ENDS)[0].path
        raise SegError(
            f"{contents.source}: recognised as {self.title}, which is not read here; {way_out(first, contents)}"
        )


def way_out(path: Path, contents: Contents) -> str:
    """How the polygons of a vector file become masks: the command, with what is known filled in."""
    names = _attributes(path)
    wanted = contents.variable if contents.variable in names else next(iter(names), "" if has_geo() else "NAME")
    labels, before = str(path), ""
    if contents.source.suffix.lower() == ".zip":  # the folder that it was unpacked to, which is gone by then
        archive = str(contents.source)
        labels = archive if path.suffix.lower() == ".shp" else str(Path(path.stem) / path.relative_to(archive))
        before = "" if labels == archive else f"unpack it ({shlex.join(['unzip', archive, '-d', path.stem])}), then "
    command = ["seg-prep", "tile", _raster(contents), "-o", f"datasets/{path.stem}", "--labels", labels]
    command += ["--attribute", wanted] if wanted else []
    others = f" (its attributes: {', '.join(names)})" if len(names) > 1 else ""
    return f"{before}cut the raster together with it: {shlex.join(command)}{others}"


def _raster(contents: Contents) -> str:
    """The photos that were named, or the raster beside the polygons, or the folder of several."""
    if contents.photos is not None:
        return str(contents.photos)
    beside: Sequence[FoundFile | Path] = contents.of_suffix(*_RASTERS)
    if not contents.is_folder:
        folder = contents.source.parent
        beside = sorted(path for path in folder.iterdir() if path.suffix.lower() in _RASTERS)
    paths = [each if isinstance(each, Path) else each.path for each in beside]
    return "RASTER" if not paths else str(paths[0] if len(paths) == 1 else paths[0].parent)


def _attributes(path: Path) -> list[str]:
    """Attributes of texts; none where the extra is missing or the file is damaged, which 'seg-prep tile' says."""
    try:
        return text_attributes(path) if has_geo() else []
    except SegError:
        return []


FORMAT: LabelFormat = MapVectors()
