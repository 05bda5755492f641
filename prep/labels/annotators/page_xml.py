"""PAGE XML of historical documents (Transkribus, eScriptorium, LAREX): regions of a page, a file for each photo.

Source of the layout: https://github.com/PRImA-Research-Lab/PAGE-XML (pagecontent.xsd).
"""

from collections.abc import Iterator
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
from prep.labels.region_labels import corners, image_extent
from prep.labels.shapes.shapes import Polygon, RegionImage, Shape, ShapeReader
from prep.labels.text_files import parse_xml

_LOOKED_AT = 20
_REGION = "Region"
_TYPED = "TextRegion"
"""Has a type (paragraph, heading, marginalia); the others are what their element is called."""


def _files(contents: Contents) -> list[FoundFile]:
    """The XML files of pages, if one of the first is of that kind."""
    files = [] if contents.is_zip else contents.of_suffix(".xml")
    if not any(_is_page(contents, file) for file in files[:_LOOKED_AT]):
        return []
    return [file for file in files if file.path.name.lower() not in ("mets.xml", "metadata.xml")]


def _is_page(contents: Contents, file: FoundFile) -> bool:
    return b"PcGts" in contents.text_head(file)


def _opened(contents: Contents, variable: str) -> LabelSource:
    files, left_out = contents.once(_files), LeftOut()
    images = images_of("page-xml", files, lambda file: [_image(file.path, left_out)], left_out)
    return source_of("page-xml", contents, files[0], images, left_out)


def _image(path: Path, left_out: LeftOut) -> RegionImage:
    root = parse_xml(path, read_bytes(path))
    page = next((element for element in root.iter() if _tag(element) == "Page"), None)
    if page is None:
        raise SegError(f"{path}: holds no <Page>, but <{_tag(root):.40}>; export it again, or remove it")
    name = page.get("imageFilename") or f"{path.stem}.jpg"
    size = image_extent(str(path), _whole(page.get("imageWidth")), _whole(page.get("imageHeight")))
    above = path.parent.parent / name  # photos lie beside the folder page
    photo = above if path.parent.name == "page" and above.is_file() else None
    return RegionImage(name, size, tuple(_regions(path, page, left_out)), file=path, photo=photo)


def _regions(path: Path, page: Element, left_out: LeftOut) -> Iterator[tuple[str, Shape]]:
    for element in page.iter():
        tag = _tag(element)
        if not tag.endswith(_REGION):
            continue
        label = (element.get("type") or "").strip() if tag == _TYPED else ""
        points = _points(element)
        if len(points) > 2:
            yield label or tag, Polygon((corners(f"{path}, {element.get('id')}", points),))
        else:
            left_out.add("left out, because they have no outline", f"{element.get('id')} in {path.name}")


def _points(region: Element) -> list[list[str | None]]:
    """Corners of a region: points="1,2 3,4", or a Point each, as of 2010."""
    coords = next((child for child in region if _tag(child) == "Coords"), None)
    if coords is None:
        return []
    if text := coords.get("points"):
        return [list(pair.split(",")) for pair in text.split()]
    return [[point.get("x"), point.get("y")] for point in coords if _tag(point) == "Point"]


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


FORMAT = FileFormat(
    "page-xml",
    "PAGE XML of documents (Transkribus, eScriptorium)",
    lambda contents: LIKELY if contents.once(_files) else NO,
    _opened,
    (ShapeReader(name="page-xml"),),
    rules="Regions are painted in the order of the file, a later one over an earlier one; their lines and words are "
    "not. The class of a text region is its type, or else TextRegion; that of others the name of their element.",
)
