"""Small whole files of LabelMe and COCO, to be spoiled by tests/hostile; and files that are bombs by nature."""

import base64
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PIL import Image

from prep.images.runlengths import compress, encode_runs
from tests.support import random_mask, smooth_image

_REGION = random_mask(0) == 1
_HEIGHT, _WIDTH = _REGION.shape
_FAR = (1e308, -1e308, 1e15)

Load = Callable[[], Mapping[str, bytes]]


def _picture(kind: str, pixels: Any) -> bytes:  # noqa: ANN401
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


_PHOTO = _picture("JPEG", smooth_image())


def _shape(label: str, kind: str, points: object, **more: object) -> dict[str, object]:
    return {"label": label, "points": points, "group_id": None, "shape_type": kind, "flags": {}, **more}


def _mask(png: bytes) -> dict[str, object]:
    return _shape("line", "mask", [[2, 3], [6, 5]], mask=base64.b64encode(png).decode())


_SHAPES = (
    _shape("line", "polygon", [[1.5, 2], [20, 3.25], [9, 17]]),
    _shape("ellipse", "rectangle", [[25, 20], [12, 4]]),
    _shape("line", "circle", [[16, 12], [16, 18]]),
    _mask(_picture("PNG", np.full((3, 5), 255, np.uint8))),
    _shape("ignore", "polygon", [[0, 0], [4, 0], [4, 4], [0, 4]]),
    _shape("pole", "line", [[0, 0], [4, 4]]),
)


def _labelme(shapes: object = _SHAPES, path: object = "pictures/a.jpg", **more: object) -> Load:
    content = {"version": "5.5.0", "flags": {}, "shapes": shapes, "imagePath": path, "imageData": None}
    content |= {"imageHeight": _HEIGHT, "imageWidth": _WIDTH, **more}
    return lambda: {"labels/a.json": json.dumps(content).encode(), "labels/pictures/a.jpg": _PHOTO}


def _coco(segmentations: tuple[object, ...], name: str = "pictures/a.jpg", **more: object) -> Load:
    content = {
        "images": [
            {"id": number, "file_name": each, "width": _WIDTH, "height": _HEIGHT, **more}
            for number, each in ((1, name), (2, "gone.jpg"))
        ],
        "categories": [{"id": 3, "name": "line", "color": [1, 2, 3]}, {"id": 4, "name": "ellipse"}],
        "annotations": [
            {"id": number, "image_id": 1, "category_id": 3 + number % 2, "segmentation": each, "iscrowd": 0}
            for number, each in enumerate(segmentations, start=1)
        ],
    }
    return lambda: {"labels/coco.json": json.dumps(content).encode(), "labels/images/pictures/a.jpg": _PHOTO}


def _runs(counts: object, size: object = (_HEIGHT, _WIDTH)) -> dict[str, object]:
    return {"size": size, "counts": counts}


_POLYGONS = [[1.5, 2, 20, 3.25, 9, 17], [0, 0, 4, 0, 4, 4]]
_RUNS = encode_runs(_REGION)

CLIMBING = (
    "../../sentinel.png",
    "../../../home/sentinel.png",
    "/etc/passwd",
    r"C:\..\..\sentinel.png",
    "//server/share/../../sentinel.png",
    "pictures/../../../sentinel.png",
)

LABELME_SEEDS: tuple[Load, ...] = (
    _labelme(),
    _labelme(imageData=base64.b64encode(_PHOTO).decode()),
    lambda: {**_labelme()(), "labels/b.json": _labelme(path=r"C:\x\b.jpg")()["labels/a.json"]},
)

COCO_SEEDS: tuple[Load, ...] = (
    _coco((_POLYGONS, _runs(_RUNS), _runs(compress(_RUNS)), [])),
    _coco((_POLYGONS,) * 3),
)


def labelme_bombs(pictures: tuple[bytes, ...]) -> tuple[Load, ...]:
    """pictures: PNG files that declare enormous sizes, for the masks of shapes."""
    return (
        *(_labelme(path=path) for path in CLIMBING),
        *(_labelme(imageWidth=10**9, imageHeight=side) for side in (10**9, 1)),
        *(_labelme([_mask(picture)]) for picture in pictures),
        _labelme(imageData=base64.b64encode(pictures[-1]).decode() * 100),
        *(_labelme([_shape("a", kind, [[-far, far], [far, -far], [3, far]])])
          for kind in ("polygon", "rectangle", "circle", "mask") for far in _FAR),
        _labelme([_shape("a", "polygon", [[0, 0], [31, 23]] * 50_000)]),
        lambda: {"labels/a.json": b'{"shapes":' + b"[" * 200_000},
    )  # fmt: skip


def coco_bombs() -> tuple[Load, ...]:
    """Run lengths that fill more than any image, and images that nobody took."""
    return (
        *(_coco((_POLYGONS,), path) for path in CLIMBING),
        *(_coco((_POLYGONS,), width=10**9, height=side) for side in (10**9, 1)),
        *(_coco((_runs(counts),)) for counts in ([10**9], [-1, 769], [2**63, 2**63], [0] * 10**6, [float("nan")])),
        *(_coco((_runs(text),)) for text in ("o" * 10**6, "0" * 10**6, "\ud800", "P?" * 10**5)),
        _coco((_runs([10**18], (10**9, 10**9)),), width=10**9, height=10**9),
        *(_coco(([[far, -far, -far, far, 3, far]],)) for far in _FAR),
        _coco(([[0, 0, 31, 23] * 50_000],)),
        lambda: {"labels/coco.json": b'{"images":' + b'{"a":' * 200_000},
    )
