"""XML of slide viewers: Aperio ImageScope (MoNuSeg) and ASAP, a file for each photo of the same name.

Sources of the layouts: https://monuseg.grand-challenge.org/Data/ and https://github.com/computationalpathologygroup/ASAP.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.images.finding import FoundFile
from prep.labels.annotators.photo_files import images_of, source_of
from prep.labels.contents import Contents
from prep.labels.formats import LIKELY, NO, FileFormat
from prep.labels.left_out import LeftOut
from prep.labels.reader import LabelSource
from prep.labels.region_labels import BACKGROUND, corners
from prep.labels.shapes.named_photos import NamedPhotos
from prep.labels.shapes.shapes import Polygon, RegionImage, Shape, ShapeReader
from prep.labels.shapes.sources import photo_folder
from prep.labels.text_files import parse_xml

_ROOTS = ("Annotations", "ASAP_Annotations")
_LOOKED_AT = 20
_DESCRIPTION = "Description"
"""The attribute that ImageScope gives to every layer."""
_UNNAMED = "object"
_OUTLINES = ("Polygon", "Spline", "Rectangle")


def _files(contents: Contents) -> list[FoundFile]:
    """The XML files, if one of the first is of such a viewer."""
    files = [] if contents.is_zip else contents.of_suffix(".xml")
    heads = (contents.text_head(file) for file in files[:_LOOKED_AT])
    return files if any(f"<{tag}".encode() in head for head in heads for tag in _ROOTS) else []


def _opened(contents: Contents, variable: str) -> LabelSource:
    files, left_out = contents.once(_files), LeftOut()
    photos = NamedPhotos(photo_folder(contents, files[0]))
    images = images_of("slide-xml", files, lambda file: [_image(file.path, photos, left_out)], left_out)
    found = source_of("slide-xml", contents, files[0], images, left_out, among=photos.there)
    return replace(found, notes=(*found.notes, *photos.notes()))


def _image(path: Path, photos: NamedPhotos, left_out: LeftOut) -> RegionImage:
    root = parse_xml(path, read_bytes(path))
    if root.tag not in _ROOTS:
        raise SegError(f"{path}: holds no annotations of a slide, but <{root.tag:.40}>; export it again, or remove it")
    regions = _of_asap(path, root, left_out) if root.tag == "ASAP_Annotations" else _of_aperio(path, root)
    name = photos.name_of(path, path.stem) or f"{path.stem}.tif"
    return RegionImage(name, (0, 0), tuple(regions), file=path)


def _of_aperio(path: Path, root: Element) -> Iterator[tuple[str, Shape]]:
    """The regions of each annotation, and then what is cut out of them (NegativeROA)."""
    for annotation in root.iter("Annotation"):
        label = _layer(annotation)
        regions = sorted(annotation.iter("Region"), key=lambda region: region.get("NegativeROA") == "1")
        for region in regions:
            points = [[vertex.get("X"), vertex.get("Y")] for vertex in region.iter("Vertex")]
            name = BACKGROUND if region.get("NegativeROA") == "1" else label
            if len(points) > 2:
                yield name, Polygon((corners(f"{path}, {label}", points),))


def _layer(annotation: Element) -> str:
    """The name of a layer, or that of its only attribute, in which MoNuSAC has the class."""
    if name := (annotation.get("Name") or "").strip():
        return name
    names = [(each.get("Name") or "").strip() for each in annotation.iterfind("Attributes/Attribute")]
    return names[0] if len(names) == 1 and names[0] not in ("", _DESCRIPTION) else _UNNAMED


def _of_asap(path: Path, root: Element, left_out: LeftOut) -> Iterator[tuple[str, Shape]]:
    for annotation in root.iter("Annotation"):
        group = (annotation.get("PartOfGroup") or "").strip()
        label = _UNNAMED if group in ("", "None") else group
        if annotation.get("Type") not in _OUTLINES:
            left_out.add("left out, because they are no polygons", f"{label} in {path.name}")
            continue
        points = sorted(annotation.iter("Coordinate"), key=lambda point: float(point.get("Order") or 0))
        yield label, Polygon((corners(f"{path}, {label}", [[each.get("X"), each.get("Y")] for each in points]),))


FORMAT = FileFormat(
    "slide-xml",
    "XML of Aperio ImageScope (MoNuSeg) and ASAP",
    lambda contents: LIKELY if contents.once(_files) else NO,
    _opened,
    (ShapeReader(name="slide-xml"),),
    rules="Regions are painted in the order of the file, a later one over an earlier one; Aperio's negative regions "
    "are cut out of those of their layer. The class is the name of the layer (Aperio; MoNuSAC: of its attribute) or of "
    "the group (ASAP), object where it has none. The photo is that of the file's name; sizes are those of the photos.",
)
