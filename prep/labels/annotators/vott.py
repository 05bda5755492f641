"""VoTT (Visual Object Tagging Tool): a JSON file for each photo, or one export of all.

Source of the layout: https://github.com/microsoft/VoTT (src/models/applicationState.ts).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from prep.images.finding import FoundFile
from prep.labels.annotators.photo_files import source_of, xy_corners
from prep.labels.contents import Contents
from prep.labels.formats import JsonFormat
from prep.labels.left_out import LeftOut
from prep.labels.reader import LabelSource
from prep.labels.region_labels import image_extent
from prep.labels.shapes.shapes import Polygon, RegionImage, Shape, ShapeReader


def is_vott(content: object) -> bool:
    """Whether the content of a JSON file is an asset with its regions, or holds assets."""
    if not isinstance(content, dict):
        return False
    assets = content.get("assets")
    return _is_asset(content) or (isinstance(assets, dict) and bool(assets) and all(map(_is_asset, assets.values())))


def _is_asset(content: object) -> bool:
    return (
        isinstance(content, dict)
        and isinstance(content.get("asset"), dict)
        and isinstance(content.get("regions"), list)
    )


def _opened(contents: Contents, files: Sequence[FoundFile]) -> LabelSource:
    """Each asset once: an export and the files of its assets say the same."""
    left_out = LeftOut()
    colors: dict[str, object] = {}
    assets: dict[object, tuple[FoundFile, Mapping[str, Any]]] = {}
    for file in files:
        content = contents.json(file)
        colors |= {str(tag["name"]): tag.get("color") for tag in _tags(content)}
        for each in [content] if _is_asset(content) else content["assets"].values():
            assets.setdefault(each["asset"].get("id") or each["asset"].get("name"), (file, each))
    images = []
    for file, each in assets.values():
        with left_out.leaving_out(file, "VoTT"):
            images.append(_image(file.path, each, left_out))
    return source_of("vott", contents, files[0], images, left_out, colors=colors)


def _tags(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The tags of a project, which only its export lists."""
    tags = content.get("tags")
    return [tag for tag in tags if isinstance(tag, dict) and tag.get("name")] if isinstance(tags, list) else []


def _image(path: Path, content: Mapping[str, Any], left_out: LeftOut) -> RegionImage:
    asset = content["asset"]
    name = unquote(str(asset.get("name")))
    size = asset.get("size")
    sides = (size.get("width"), size.get("height")) if isinstance(size, dict) else (None, None)
    regions: list[tuple[str, Shape]] = []
    for entry in content["regions"]:
        tags = entry.get("tags") or []
        if not tags:
            left_out.add("left out, because they have no tag", name)
        elif str(entry.get("type")).upper() != "POLYGON":
            left_out.add(f"left out, because they are no polygons, {str(entry.get('type')).lower()}", name)
        else:
            if len(tags) > 1:
                left_out.add("with several tags: the first is the class", f"{', '.join(map(str, tags))} in {name}")
            regions.append((str(tags[0]), Polygon((xy_corners(f"{path}, {name}", entry.get("points")),))))
    extent = image_extent(f"{path}, {name}", *sides) if all(sides) else (0, 0)
    return RegionImage(name, extent, tuple(regions), file=path)


FORMAT = JsonFormat(
    "vott",
    "VoTT JSON",
    is_vott,
    _opened,
    (ShapeReader(name="vott"),),
    rules="Polygons are painted in the order of the file, a later one over an earlier one; rectangles are left out and "
    "counted. Of several tags of a region the first is its class. Classes are in the order of the export's tags.",
    each_photo=True,
)
