"""GeoJSON in pixels, as QuPath and predict write it: a file of polygons for each photo.

Source of the layout: RFC 7946; https://qupath.readthedocs.io/en/stable/docs/advanced/exporting_annotations.html.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from prep.core.errors import SegError
from prep.images.finding import FoundFile
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.annotators.photo_files import apart, images_of
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, FileFormat
from prep.labels.left_out import LeftOut
from prep.labels.reader import LabelSource
from prep.labels.region_labels import corners, image_extent
from prep.labels.regions.map_vectors import way_out
from prep.labels.shapes.named_photos import NamedPhotos
from prep.labels.shapes.shapes import Polygon, RegionImage, Shape, ShapeReader
from prep.labels.shapes.sources import notes_with_empty, photo_folder, region_source

_CLASS_KEYS = ("classification", "class", "label", "category", "name")
_UNNAMED = "object"


def _files(contents: Contents) -> list[FoundFile]:
    """Those with the ending, and JSON files that begin as GeoJSON does; QuPath once wrote a list of features."""
    named = contents.of_suffix(".geojson")
    begins = [file for file in contents.of_suffix(".json") if _begins_so(contents.head(file, 1024))]
    return [*named, *begins]


def _begins_so(head: bytes) -> bool:
    text = b"".join(head.split())
    return b'"type":"FeatureCollection"' in text or text.startswith(b'[{"type":"Feature"')


def _opened(contents: Contents, variable: str) -> LabelSource:
    files = _files(contents)
    photos = NamedPhotos(photo_folder(contents, files[0]))
    left_out = LeftOut()
    images = images_of("GeoJSON", files, lambda file: [_image(file, contents, variable, photos, left_out)], left_out)
    notes = [*left_out.notes(), *photos.notes()]
    return region_source(
        "geojson",
        contents.source,
        apart(images, contents.source),
        notes=notes_with_empty(f"{contents.source}: holds no polygons", images, notes),
        among=photos.there,
        damaged=left_out.damaged,
        sizes=contents.sizes,
    )


def _image(file: FoundFile, contents: Contents, variable: str, photos: NamedPhotos, left_out: LeftOut) -> RegionImage:
    path, content = file.path, contents.json(file)
    collection = content if isinstance(content, dict) else {"features": content}
    if "crs" in collection:
        raise _on_the_ground(path, contents)
    features = collection.get("features") if collection.get("type") != "Feature" else [collection]
    if not isinstance(features, list):
        raise SegError(f"{path}: holds no features; export it again as a FeatureCollection")
    regions: list[tuple[str, Shape]] = []
    for number, feature in enumerate(features, start=1):
        where = f"{path}, feature {number}"
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        if not isinstance(geometry, dict):
            raise SegError(f"{where}: has no geometry; export it again")
        polygons = list(_polygons(where, geometry))
        if not polygons:
            left_out.add(f"left out, because they are no polygons, {geometry.get('type')}", f"{number} of {path.name}")
        label = _class(where, feature.get("properties") or {}, variable)
        if label is None and polygons:
            left_out.add(f"without a class, and so of the class {_UNNAMED!r}", f"{number} of {path.name}")
        regions += [(label or _UNNAMED, polygon) for polygon in polygons]
    image = RegionImage(path.stem, (0, 0), tuple(regions))
    if len(points := image.points()) and (np.ptp(points, axis=0) < 1).all():
        raise _on_the_ground(path, contents)
    return _with_name(path, image, collection, photos)


def _with_name(path: Path, image: RegionImage, said_of: Mapping[str, Any], photos: NamedPhotos) -> RegionImage:
    """The size, and what the photo is called: as our own files say, or as the file is (a.geojson, a.jpg.geojson)."""
    said = said_of.get("image")
    name = said if isinstance(said, str) else path.stem
    stem = Path(name).stem if Path(name).suffix.lower() in IMAGE_SUFFIXES else name
    sides = said_of.get("width"), said_of.get("height")
    size = image_extent(str(path), *sides) if all(sides) else (0, 0)
    if there := photos.name_of(path, stem):
        name = PurePosixPath(name).with_name(there).as_posix()
    return RegionImage(name, size, image.regions, file=path)


def _on_the_ground(path: Path, contents: Contents) -> SegError:
    return SegError(
        f"{path}: its coordinates are places on the ground (degrees or metres), not pixels of a photo; "
        f"{way_out(path, contents)}"
    )


def _polygons(where: str, geometry: Mapping[str, Any]) -> Iterator[Polygon]:
    kind = geometry.get("type")
    if kind == "GeometryCollection":
        for part in geometry.get("geometries") or ():
            yield from _polygons(where, part)
    elif kind in ("Polygon", "MultiPolygon"):
        found = geometry.get("coordinates")
        for rings in [found] if kind == "Polygon" else found or ():
            if not isinstance(rings, list):
                raise SegError(f"{where}: has a polygon without coordinates; export it again")
            yield Polygon(tuple(corners(where, ring) for ring in rings))


def _class(where: str, properties: Mapping[str, Any], variable: str) -> str | None:
    """What a property says: the one that --variable names, or the first of those that are usual; None without one."""
    if variable:
        if variable not in properties:
            raise SegError(f"{where}: has no property {variable!r}; it has {', '.join(properties) or 'none'}")
        return _text(properties[variable])
    return next((text for key in _CLASS_KEYS if (text := _text(properties.get(key)))), None)


def _text(value: object) -> str | None:
    if isinstance(value, dict):  # QuPath's classification: a name, or those of a class and what it derives from
        names = value.get("names")
        value = ": ".join(map(str, names)) if isinstance(names, list) else value.get("name")
    return str(value).strip() or None if isinstance(value, str | int) else None


FORMAT = FileFormat(
    "geojson",
    "GeoJSON in pixels (QuPath)",
    lambda contents: LIKELY if _files(contents) else NO,
    _opened,
    (ShapeReader(name="geojson"),),
    rules="Polygons with their holes are painted in the order of the file, a later one over an earlier one; points and "
    "lines are left out and counted. The class is QuPath's classification, or the property class, label, category or "
    "name, or the one that --variable says. The photo is that of the file's name. Coordinates on the ground are "
    "refused.",
)
