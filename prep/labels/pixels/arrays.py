"""NumPy files: each .npy, or the one array of an .npz, holds a matrix of ids.

Source of the layout: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. Nothing is unpickled.
"""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.lib import format as npy

from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.core.folder_names import names_photos
from prep.core.words import counted, options
from prep.images.finding import FoundFile
from prep.images.imageio import IMAGE_SUFFIXES, refuse_enormous
from prep.labels.archive import member_bytes, member_names
from prep.labels.contents import Contents
from prep.labels.formats import NO, PERHAPS, PROBABLE, FileFormat
from prep.labels.labelio import as_ids
from prep.labels.layouts.looks import is_photo
from prep.labels.pixels.ids import IdCodes
from prep.labels.reader import Codes, LabelSource, RawLabel

_ARRAY, _ARRAYS = ".npy", ".npz"
_MATRIX_SIDES = 2
_LOOKED_AT = 4


class ArrayReader(IdCodes):
    """Ids of a NumPy file; `part` of the label names the array of an .npz where there are several."""

    name = "npy"

    def read(self, label: RawLabel) -> Codes:
        """(H, W) ids; SegError if it is damaged, no matrix, or holds something else than whole numbers."""
        if label.path.suffix.lower() == _ARRAYS:
            member = _chosen(label)
            return _ids(f"{label.path}: {member}", label.path, member_bytes(label.path, member))
        return _ids(str(label.path), label.path, read_bytes(label.path))


def _chosen(label: RawLabel) -> str:
    """The member of an .npz to read; SegError if it is not there, or if there are several."""
    members = {name.removesuffix(_ARRAY): name for name in member_names(label.path) if name.endswith(_ARRAY)}
    listed = ", ".join(members) or "none"
    if label.part:
        if label.part not in members:
            raise SegError(f"{label.path}: has no array {label.part!r}; its arrays: {listed}")
        return members[label.part]
    if len(members) != 1:
        said = f"{label.path}: holds {counted(len(members), 'array')} ({listed})"
        raise SegError(f"{said}; add which one to read:{options('--variable', members)}" if members else said)
    return next(iter(members.values()))


def _ids(where: str, path: Path, data: bytes) -> Codes:
    kind, shape, columns_first, body = array_header(where, data)
    sides = tuple(side for side in shape if side != 1) if len(shape) > _MATRIX_SIDES else shape
    if len(sides) != _MATRIX_SIDES or min(sides) < 1:
        raise SegError(
            f"{where}: an array of the shape {shape}, not of rows and columns; save one matrix of ids a photo, "
            "for example: np.save(path, mask.astype(np.uint8))"
        )
    refuse_enormous(path, sides[1], sides[0])
    if len(body) != int(np.prod(shape, dtype=np.int64)) * kind.itemsize:
        raise SegError(f"{where}: declares {shape} of {kind} and holds {counted(len(body), 'byte')}; save it again")
    values = np.frombuffer(body, kind).reshape(sides, order="F" if columns_first else "C")
    return as_ids(where, values)


def array_header(where: str, data: bytes) -> tuple[np.dtype[Any], tuple[int, ...], bool, memoryview]:
    """Type, shape, whether columns come first, and the numbers; SegError for objects, records and what is damaged."""
    kind, shape, columns_first, body = declared_array(where, data)
    if kind.hasobject:
        raise SegError(
            f"{where}: holds Python objects, which could run any program when they are opened; save the matrix alone: "
            "np.save(path, mask.astype(np.uint8))"
        )
    if kind.kind not in "buif":
        raise SegError(f"{where}: values of type {kind}; save a matrix of whole numbers")
    return kind, shape, columns_first, body


def declared_array(where: str, data: bytes) -> tuple[np.dtype[Any], tuple[int, ...], bool, memoryview]:
    """The same of whatever is declared; SegError only for what is damaged."""
    file = io.BytesIO(data)
    try:
        version = npy.read_magic(file)
        read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
        shape, columns_first, kind = read(file)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # a parser of Python's literals on anything
        raise SegError(f"{where}: no NumPy file, or a damaged one; save it again with np.save") from error
    return kind, shape, columns_first, memoryview(data)[file.tell() :]


def _files(contents: Contents) -> list[FoundFile]:
    return [] if contents.is_zip else contents.of_suffix(_ARRAY, _ARRAYS, skip=names_photos)


def same_named_photos(contents: Contents, files: Sequence[FoundFile]) -> dict[str, Path]:
    """Images outside of photo folders that lie beside these files and are called as they are, by their stems."""
    own = {file.path.with_suffix(""): file.stem for file in files}
    images = contents.of_suffix(*IMAGE_SUFFIXES, skip=names_photos)
    return {own[image.path.with_suffix("")]: image.path for image in images if image.path.with_suffix("") in own}


def recognise_beside_photos(contents: Contents, files: Sequence[FoundFile]) -> float:
    """How sure it is that these files are the labels: probable if all images beside them are photos.

    By their names, or by their look: those of an overlay show the photo with what was drawn.
    """
    if not files:
        return NO
    if contents.variable:
        return PROBABLE
    photos = set(same_named_photos(contents, files).values())
    others = [file.path for file in contents.of_suffix(*IMAGE_SUFFIXES, skip=names_photos) if file.path not in photos]
    some = others[:: max(1, len(others) // _LOOKED_AT)]
    return PROBABLE if all(map(is_photo, some)) else PERHAPS / 2


def _recognised(contents: Contents) -> float:
    return recognise_beside_photos(contents, _files(contents))


def _opened(contents: Contents, variable: str) -> LabelSource:
    files = _files(contents)
    labels = [RawLabel(file.path, file.stem) for file in files]
    if variable:
        labels = [replace(each, part=variable) if _is_npz(each.path) else each for each in labels]
    return LabelSource(ArrayReader.name, tuple(labels), photos=same_named_photos(contents, files))


def _is_npz(path: Path) -> bool:
    return PurePosixPath(path.name).suffix.lower() == _ARRAYS


FORMAT = FileFormat(
    "npy",
    "matrices in NumPy files (.npy, .npz)",
    _recognised,
    _opened,
    (ArrayReader(),),
    rules="Whole numbers of any type, as floating-point ones too; of an .npz the one array, or --variable names it.",
)
