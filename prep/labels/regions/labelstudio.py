"""Label Studio's JSON export: tasks with annotations, each a list of polygons, ellipses and brush strokes.

Source of the layout: https://labelstud.io/guide/export. Points are percents of the photo's width and height.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from prep.core.errors import SegError
from prep.images.finding import FoundFile
from prep.images.imageio import IMAGE_SUFFIXES
from prep.labels.contents import Contents
from prep.labels.formats import JsonFormat, only_one
from prep.labels.left_out import LeftOut
from prep.labels.reader import LabelSource
from prep.labels.region_labels import corners, image_extent, is_whole
from prep.labels.shapes.brush import Brush
from prep.labels.shapes.shapes import Polygon, RegionImage, Shape, ShapeReader, ellipse
from prep.labels.shapes.sources import notes_with_empty, photo_folder, region_source


def is_labelstudio(content: object) -> bool:
    """Whether the content of a JSON file is a list of tasks."""
    return isinstance(content, list) and bool(content) and isinstance(content[0], dict) and _is_task(content[0])


def _is_task(task: Mapping[str, Any]) -> bool:
    whole = isinstance(task.get("data"), dict) and isinstance(task.get("annotations", task.get("completions")), list)
    return whole or any(map(_is_short, task.values()))


def _is_short(values: object) -> bool:
    """Whether they are the regions of a task in the export JSON-MIN."""
    first = values[0] if isinstance(values, list) and values else None
    return isinstance(first, dict) and "original_width" in first and any(key.endswith("labels") for key in first)


def _whole(task: Mapping[str, Any]) -> Mapping[str, Any]:
    """A task of JSON-MIN as JSON has it: what is not a list is data, the lists hold values and sizes in one."""
    if "annotations" in task or "completions" in task:
        return task
    regions = [region for values in task.values() if _is_short(values) for region in values if isinstance(region, dict)]
    result = [{**region, "value": region} for region in regions]
    return {"id": task.get("id"), "data": task, "annotations": [{"result": result}]}


def _opened(contents: Contents, files: Sequence[FoundFile]) -> LabelSource:
    file = only_one(contents, files, "Label Studio")
    path, left_out = file.path, LeftOut()
    images = []
    for position, task in enumerate(contents.json(file), start=1):
        if not isinstance(task, dict) or not _is_task(task):
            left_out.add("tasks left out, because they have no data or no annotations", f"task {position}")
        elif found := _image(path, _whole(task), left_out):
            images.append(found)
    nothing = f"{path}: holds no polygons and no brush strokes"
    if not images:
        raise SegError(nothing + "".join(f"\n  {note}" for note in left_out.notes()))
    notes = notes_with_empty(nothing, images, left_out.notes())
    return region_source("labelstudio", path, images, notes=notes, root=photo_folder(contents, file), points="shares")


def _image(path: Path, task: Mapping[str, Any], left_out: LeftOut) -> RegionImage | None:
    """The photo of a task with the regions of one annotation; None if nobody annotated it."""
    task_name = f"task {task.get('id')}"
    name = _photo_name(task)
    if name is None:
        raise SegError(f"{path}: {task_name} names no photo; export it again as JSON")
    done = [each for each in task.get("annotations") or task.get("completions") or () if _is_done(each)]
    if not done:
        left_out.add("tasks left out, because nobody annotated them", task_name)
        return None
    if len(done) > 1:
        left_out.add("annotated more than once: the ground truth or else the first is taken", task_name)
    chosen = next((each for each in done if each.get("ground_truth")), done[0])
    regions: list[tuple[str, Shape]] = []
    size = (0, 0)
    for result in chosen["result"]:
        value = result.get("value") if isinstance(result, dict) else None
        label = _label(value) if isinstance(value, dict) else None
        if not isinstance(value, dict) or label is None:
            continue
        where = f"{label} in {task_name}"
        stated = [result.get(f"original_{side}") for side in ("width", "height")]
        size = image_extent(f"{path}, {where}", *stated) if all(stated) else size
        if result.get("image_rotation"):
            raise SegError(f"{path}: {task_name} was turned while it was drawn on; export it as COCO or PNG")
        shape = _shape(f"{path}, {where}", value, size)
        if shape is None:
            left_out.add("left out, because they are boxes, points or rotated ellipses", where)
        else:
            regions.append((label, shape))
    return RegionImage(name, size, tuple(regions))


def _is_done(annotation: object) -> bool:
    return (
        isinstance(annotation, dict)
        and isinstance(annotation.get("result"), list)
        and not annotation.get("was_cancelled")
    )


def _photo_name(task: Mapping[str, Any]) -> str | None:
    """The path or URL of the photo without what the server adds."""
    texts = [value for value in task["data"].values() if isinstance(value, str)]
    named = [text for text in texts if Path(_plain(text)).suffix.lower() in IMAGE_SUFFIXES]
    found = next(iter((*named, task.get("file_upload"), *texts)), None)
    return _plain(found) if isinstance(found, str) else None


def _plain(url: str) -> str:
    path = url.partition("?d=")[2] or url.partition("?")[0]
    return unquote(path.partition("&")[0])


def _label(value: Mapping[str, Any]) -> str | None:
    """The first label: of polygonlabels, brushlabels, or labels."""
    lists = [each for key, each in value.items() if key.endswith("labels") and isinstance(each, list) and each]
    return lists[0][0] if lists and isinstance(lists[0][0], str) else None


def _shape(where: str, value: Mapping[str, Any], size: tuple[int, int]) -> Shape | None:
    """What a region covers, polygons in shares of the photo; None for what is no region."""
    if "points" in value:
        return Polygon((corners(where, value["points"]) / 100,))
    if "rle" in value:
        rle = value["rle"]
        if not isinstance(rle, list) or not all(is_whole(byte) and 0 <= byte < 256 for byte in rle) or not all(size):
            raise SegError(f"{where}: its brush stroke is no list of bytes, or has no size; export it as COCO or PNG")
        return Brush(bytes(rle), *size)
    if "radiusX" in value and not value.get("rotation"):
        x, y, across, down = corners(where, [value.get(key) for key in ("x", "y", "radiusX", "radiusY")]).ravel() / 100
        return ellipse(x, y, across, down)
    return None


FORMAT = JsonFormat(
    "labelstudio",
    "Label Studio JSON and JSON-MIN",
    is_labelstudio,
    _opened,
    (ShapeReader(name="labelstudio"),),
    rules="Of several annotations of a task the ground truth is taken, or else the first. Polygons, brush strokes and "
    "ellipses are painted in the order of the file, a later one over an earlier one; boxes are left out and counted.",
)
