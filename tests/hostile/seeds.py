"""Files that readers read, small and whole, to be spoiled by tests/hostile; and files that are bombs by nature."""

import io
import json
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.io import savemat

from prep.converting.masks import convert_masks
from prep.core.errors import SegError
from prep.images.sizing import Target as Fit
from prep.labels.class_files import read_class_table
from prep.photos.image_file import FULL_SIZE, ImageOptions, image_file, place_photo
from prep.photos.photoio import open_photo
from prep.photos.resize import resize_photos
from tests.hostile import array_files
from tests.hostile.json_files import COCO_SEEDS, LABELME_SEEDS, coco_bombs, labelme_bombs
from tests.hostile.own_files import (
    RECIPE_BOMBS,
    RECIPES,
    dataset_files,
    dataset_in_commit,
    run_files,
    use_dataset,
    use_recipe,
    use_run,
)
from tests.hostile.science_files import LABEL_BOMBS, LABELS, PHOTOS, deflate_bomb
from tests.prep.labels.matlab.matlab_files import cell, write_ground_truth
from tests.prep.labels.matlab.matlab_files import struct as struct_array
from tests.support import CLASS_LIST, paint, random_mask, smooth_image

Files = Mapping[str, bytes]
"""Content by path below the folder of raw files."""

_CLIMBING = (
    "../../escaped.png",
    "/tmp/h-escaped.png",
    "a/../../../SegmentationClass/escaped.png",
    "..\\..\\escaped.png",
)
_MASK = random_mask(0)


@dataclass(frozen=True)
class Target:
    """A reader under attack: what it reads (one of `seeds`, spoiled, or one of `bombs` as it is), and how to call it.

    read: takes the folder of the raw files and the folder where results may be written.
    victims: ends of the names of files that are spoiled most; empty is the first file.
    imports: modules that it needs; what they take and start is not counted.
    """

    seeds: tuple[Callable[[], Files], ...]
    bombs: tuple[Callable[[], Files], ...]
    read: Callable[[Path, Path], object]
    victims: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()


def picture(pixels: NDArray[np.generic], kind: str, **options: object) -> bytes:
    """The pixels as an image file of this kind."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def _palette() -> bytes:
    image = Image.fromarray(_MASK).convert("P")
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


_PHOTO = picture(smooth_image(), "JPEG")
_LIST = {"classes.txt": CLASS_LIST.encode()}
_ID_LIST = {"classes.txt": b"background,#000000,0\nline,#ff0000,1\nellipse,#00ff00,2\n"}


def _labelled(name: str, label: bytes, classes: Files = _LIST) -> Callable[[], Files]:
    return lambda: {f"labels/{name}": label, "photos/a.jpg": _PHOTO, **classes}


def _mat(**variables: object) -> bytes:
    stream = io.BytesIO()
    savemat(stream, variables, do_compression=bool(variables.pop("compress", True)))
    return stream.getvalue()


def _mat4() -> bytes:
    stream = io.BytesIO()
    savemat(stream, {"labels": _MASK}, format="4")
    return stream.getvalue()


def hdf(shape: tuple[int, int]) -> bytes:
    """A .mat file of version 7.3; shapes other than the mask's declare pixels that are not there."""
    stream = io.BytesIO()
    with h5py.File(stream, "w", userblock_size=512) as file:
        whole = shape == _MASK.shape
        data = file.create_dataset("labels", shape, np.uint8, data=_MASK if whole else None, chunks=(8, 8))
        data.attrs["MATLAB_class"] = np.bytes_("uint8")
    head = b"MATLAB 7.3 MAT-file".ljust(116) + bytes(8) + b"\x00\x02IM"
    return head + stream.getvalue()[len(head) :]


def _polygons(version: str) -> Files:
    """A gTruth.mat of polygons with its photo."""
    ring = np.array([[2.3, 1.4], [28.6, 3.2], [25.1, 20.7]])
    data = struct_array([{"sky": cell([ring, ring + 3])}])
    order = struct_array([{"sky": np.array([[2.0], [1.0]])}])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gTruth.mat"
        write_ground_truth(path, ["C:\\x\\a.jpg"], [("sky", "Polygon", (0.0, 0.0, 1.0), None)], data, order, version)
        return {"labels/gTruth.mat": path.read_bytes(), "labels/a.jpg": _PHOTO}


def mat_bomb() -> bytes:
    """A compressed variable that unpacks to 1 GiB of zeros."""
    head = struct.pack("<IIIIII", 14, 1 << 30, 6, 8, 9, 0)
    head += struct.pack("<IIii", 5, 8, 1 << 14, 1 << 16)
    packer = zlib.compressobj(1)
    packed = packer.compress(head + struct.pack("<HH4s", 1, 4, b"bomb") + struct.pack("<II", 2, 1 << 30))
    packed += b"".join(packer.compress(bytes(1 << 20)) for _ in range(1 << 10)) + packer.flush()
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + struct.pack("<II", 15, len(packed)) + packed


def deep_mat(depth: int = 30_000) -> bytes:
    """Cells in cells in cells."""
    cell = b""
    for _ in range(depth):
        head = struct.pack("<IIII", 6, 8, 1, 0) + struct.pack("<IIii", 5, 8, 1, 1) + struct.pack("<II", 1, 0)
        cell = struct.pack("<II", 14, len(head) + len(cell)) + head + cell
        if len(cell) > 1 << 21:
            break
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + cell


def enormous_cell() -> bytes:
    """A cell array, and a text, that declare 2^40 elements and hold none."""
    head = struct.pack("<IIii", 5, 8, 1 << 20, 1 << 20) + struct.pack("<HH4s", 1, 4, b"cell")
    elements = [struct.pack("<IIII", 6, 8, kind, 0) + head for kind in (1, 4)]
    return (
        b"MATLAB 5.0 MAT-file".ljust(124)
        + b"\x00\x01IM"
        + b"".join(struct.pack("<II", 14, len(body)) + body for body in elements)
    )


def _archive(names: tuple[str, ...], content: bytes, *, lie: bool = False) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(name, content)
        file.writestr(
            "labelmap.txt", "# label:color_rgb:parts:actions\nbackground:0,0,0::\nline:255,0,0::\nellipse:0,255,0::"
        )
    data = stream.getvalue()
    return data.replace(struct.pack("<I", len(content)), struct.pack("<I", 100)) if lie else data


def _zip_files(names: tuple[str, ...], content: bytes, **options: bool) -> Callable[[], Files]:
    return lambda: {"labels.zip": _archive(names, content, **options), "photos/a.jpg": _PHOTO}


def _real(*names: str) -> tuple[Callable[[], Files], ...]:
    """Small real files of others, where SEG_REAL_DATA names their folder."""
    folder = os.environ.get("SEG_REAL_DATA")
    paths = [Path(folder) / name for name in names] if folder else []
    return tuple(
        lambda path=path: {
            f"labels/{path.name}": path.read_bytes(),
            "labels/PixelLabelData/Label_1.png": picture(_MASK // 3 + 1, "PNG"),
        }
        for path in paths
        if path.is_file()
    )


def _enormous_png(side: int) -> bytes:
    header = b"IHDR" + struct.pack(">II", side, side) + b"\x08\x02\0\0\0"
    chunks = [header, b"IDAT" + zlib.compress(bytes(1 << 16)), b"IEND"]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    )


def _convert(raw: Path, out: Path) -> None:
    labels = next((path for path in (raw / "labels", raw / "labels.zip") if path.exists()), raw)
    photos = raw / "photos" if (raw / "photos").is_dir() else None
    classes = raw / "classes.txt" if (raw / "classes.txt").exists() else None
    convert_masks(out / "set", labels, photos=photos, classes_file=classes, workers=1)


def _define(raw: Path, out: Path) -> None:
    for path in sorted(raw.iterdir()):
        read_class_table(path)


def _photos(raw: Path, out: Path) -> None:
    for path in sorted(raw.iterdir()):
        try:
            photo = open_photo(path)
            image_file(photo, "p", place_photo(photo, FULL_SIZE), FULL_SIZE, out)
        except SegError:
            continue
    resize_photos([raw], out / "set", ImageOptions(Fit("long", 16, 16)), workers=1)


_RGB = paint(_MASK)
_ALPHA = np.dstack([_RGB, np.full(_MASK.shape, 255, np.uint8)])
_IMAGE = smooth_image()
_KINDS = (("jpg", "JPEG"), ("png", "PNG"), ("tif", "TIFF"), ("bmp", "BMP"), ("webp", "WEBP"), ("jpg", "MPO"))
_BOMB_PNGS = tuple(_enormous_png(side) for side in (19_000, 32_000, 200_000))

_OF_RUNS = ("train.face", "train.predicting.predict", "train.reporting.report", "segmentation_models_pytorch")
"""The last brings torchvision, at whose import PyTorch makes a folder for its compiler among temporary files."""

TARGETS: dict[str, Target] = {
    "rgb": Target(
        (
            *(_labelled("a.png", picture(pixels, "PNG")) for pixels in (_RGB, _ALPHA)),
            *(_labelled(f"a.{kind}", picture(_RGB, kind)) for kind in ("bmp", "tiff")),
            _labelled("a.webp", picture(_RGB, "WEBP", lossless=True)),
            _labelled("a.png", _palette()),
        ),
        tuple(_labelled("a.png", bomb) for bomb in _BOMB_PNGS),
        _convert,
    ),
    "ids": Target(
        (
            *(_labelled(f"a.{kind}", picture(_MASK, kind), _ID_LIST) for kind in ("png", "bmp", "tiff")),
            _labelled("a.png", picture(_MASK.astype(np.uint16), "PNG"), _ID_LIST),
            _labelled("a.png", _palette(), _ID_LIST),
        ),
        tuple(_labelled("a.png", bomb, _ID_LIST) for bomb in _BOMB_PNGS),
        _convert,
    ),
    "science": Target(
        tuple(_labelled(name, content, _ID_LIST) for name, content in LABELS),
        tuple(_labelled(name, content, _ID_LIST) for name, content in LABEL_BOMBS),
        _convert,
    ),
    "arrays": Target(
        tuple((lambda files=files: {**files, **_ID_LIST}) for files in array_files.SETS),
        tuple((lambda files=files: {**files, **_ID_LIST}) for files in array_files.BOMBS),
        _convert,
        victims=(".npy", ".npz", ".mat"),
        imports=("matio",),
    ),
    "deep": Target(
        tuple((lambda name=name, content=content: {name: content}) for name, content in PHOTOS),
        (lambda: {"a.tif": deflate_bomb()},),
        lambda raw, out: resize_photos([raw], out / "set", ImageOptions(Fit("long", 16, 16)), workers=1),
    ),
    "mat": Target(
        (
            *(_labelled("a.mat", _mat(labels=_MASK, compress=packed), _ID_LIST) for packed in (True, False)),
            _labelled(
                "a.mat",
                _mat(labels=_MASK.astype(float), more=np.array([["x", "yy"]], object), compress=False),
                _ID_LIST,
            ),
            _labelled("a.mat", _mat4(), _ID_LIST),
            _labelled("a.mat", hdf(_MASK.shape), _ID_LIST),
        ),
        (
            *(
                _labelled("a.mat", _mat(labels=np.where(_MASK == 2, bad, _MASK.astype(float))), _ID_LIST)
                for bad in (np.nan, np.inf, -1, 1e300, 0.5)
            ),
            lambda: _labelled("a.mat", mat_bomb(), _ID_LIST)(),
            lambda: _labelled("a.mat", deep_mat(), _ID_LIST)(),
            lambda: _labelled("a.mat", enormous_cell(), _ID_LIST)(),
            lambda: _labelled("a.mat", hdf((1 << 17, 1 << 17)), _ID_LIST)(),
        ),
        _convert,
    ),
    "gtruth": Target(
        (
            *_real("satellite/gTruth.mat", "cracks/gTruth.mat"),
            lambda: {"labels/Label_1.png": picture(_MASK, "PNG"), "photos/a.jpg": _PHOTO, **_ID_LIST},
            *((lambda version=version: _polygons(version)) for version in ("v7", "v7.3")),
        ),
        (),
        _convert,
    ),
    "cvat": Target(
        (
            _zip_files(("SegmentationClass/a.png",), picture(_RGB, "PNG")),
            lambda: {
                "labels/SegmentationClass/a.png": picture(_RGB, "PNG"),
                "labels/JPEGImages/a.jpg": _PHOTO,
                "labels/labelmap.txt": b"# label:color_rgb:parts:actions\nbackground:0,0,0::\nline:255,0,0::\nellipse:0,255,0::\n",  # noqa: E501
            },
        ),
        (
            *(_zip_files((name,), picture(_RGB, "PNG")) for name in _CLIMBING),
            _zip_files(_CLIMBING, picture(_RGB, "PNG")),
            lambda: _zip_files(("SegmentationClass/a.png",), bytes(1 << 29))(),
            lambda: _zip_files(("SegmentationClass/a.png",), bytes(1 << 29), lie=True)(),
            *(_zip_files(("SegmentationClass/a.png",), bomb) for bomb in _BOMB_PNGS),
        ),
        _convert,
    ),
    "definitions": Target(
        (
            lambda: dict(_LIST),
            lambda: {
                "labelmap.txt": b"# label:color_rgb:parts:actions\nbackground:0,0,0::\nline:255,0,0::\nellipse:0,255,0::\n"  # noqa: E501
            },
            lambda: {"class_dict.csv": b"name,r,g,b\nline,255,0,0\nland,0,255,0\n"},
            lambda: {"codes.txt": b"line\nland\n"},
            lambda: {
                "classes.json": json.dumps({"classes": [{"title": "Land", "color": "#8429F6"}]}).encode(),
            },
            *((lambda load=load: {"labels.mat": next(iter(load().values()))}) for load in _real("cracks/labels.mat")),
        ),
        (lambda: {"classes.json": b'{"classes":' + b"[" * 200_000}, lambda: {"classes.txt": b"a,#" + b"1" * 5_000}),
        _define,
    ),
    "labelme": Target(LABELME_SEEDS, labelme_bombs(_BOMB_PNGS), _convert),
    "coco": Target(COCO_SEEDS, coco_bombs(), _convert),
    "photos": Target(
        tuple((lambda kind=kind: {f"a.{kind[0]}": picture(_IMAGE, kind[1])}) for kind in _KINDS),
        tuple((lambda bomb=bomb: {"a.png": bomb}) for bomb in _BOMB_PNGS),
        _photos,
    ),
    "dataset": Target(
        (lambda: dict(dataset_files()), dataset_in_commit), (), use_dataset, (".csv", ".json", ".npy", ".jsonl")
    ),
    "run": Target((lambda: dict(run_files()),), (), use_run, (".pt", ".csv", ".json"), _OF_RUNS),
    "recipes": Target(RECIPES, RECIPE_BOMBS, use_recipe, imports=("albumentations",)),
}
