"""gTruth.mat files as the Image Labeler saves them, written by mat-io: scipy cannot write objects."""

import enum
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of mat-io to users of pandas 3
    import matio
    from matio.utils import MatlabEnumerationArray, MatlabOpaque

KINDS = ("Rectangle", "Line", "Scene", "Polygon", "PixelLabel")
_LABEL_TYPE = enum.Enum(  # type: ignore[misc]  # as mat-io reads MATLAB's enumeration
    "labelType", {kind: {"uint8.Data": np.array([[number]], np.uint8)} for number, kind in enumerate(KINDS)}
)

Definition = tuple[str, str, tuple[float, float, float], object]
"""Name, kind, colour (0..1), PixelLabelID."""

BOX = np.array([[3.0, 4.0, 10.0, 12.0]])
"""x, y, width, height."""


def struct(rows: Sequence[Mapping[str, object]]) -> np.ndarray:
    """A struct array (N, 1)."""
    made = np.zeros((len(rows), 1), [(name, object) for name in rows[0]])
    for number, row in enumerate(rows):
        made[number, 0] = tuple(row.values())
    return made


def cell(values: Sequence[object]) -> np.ndarray:
    """A cell array (N, 1)."""
    made = np.empty((len(values), 1), object)
    for number, value in enumerate(values):
        made[number, 0] = value
    return made


def matrix(*rows: Sequence[float]) -> np.ndarray:
    """A matrix of doubles; no rows are MATLAB's []."""
    return np.array(rows, np.float64) if rows else np.zeros((0, 0))


def write_hdf(path: Path, **variables: np.ndarray) -> Path:
    """Matrices as MATLAB saves them with -v7.3: HDF5 behind a block of 512 bytes, columns first, its class as text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in variables.items():
            is_logical = value.dtype == bool
            stored = np.ascontiguousarray(value.T.astype(np.uint8) if is_logical else value.T)
            data = file.create_dataset(name, data=stored, chunks=stored.shape, compression="gzip")
            matlab_class = "logical" if is_logical else {"float64": "double"}.get(value.dtype.name, value.dtype.name)
            data.attrs["MATLAB_class"] = np.bytes_(matlab_class)
            if is_logical:
                data.attrs["MATLAB_int_decode"] = np.int32(1)
    head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan 05 10:00:00 2026 HDF5 schema 1.00 ."
    head = head.ljust(116) + bytes(8) + b"\x00\x02IM"
    path.write_bytes(head + path.read_bytes()[len(head) :])
    return path


def write_categorical(path: Path, names: Sequence[str], codes: np.ndarray, version: str = "v7") -> Path:
    """A categorical matrix L. codes: (H, W), 0 is undefined, categories count from 1."""
    properties = {
        "categoryNames": cell(names),
        "codes": codes.astype(np.uint8),
        "isProtected": np.array([[False]]),
        "isOrdinal": np.array([[False]]),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    matio.save_to_mat(str(path), {"L": MatlabOpaque(properties=properties, classname="categorical")}, version=version)
    return path


def write_ground_truth(
    path: Path,
    photos: Sequence[str],
    definitions: Sequence[Definition],
    label_data: object,
    order: object = None,
    version: str = "v7",
) -> Path:
    """label_data: a struct array with an element a photo.  order: PolygonOrder, by default empty."""
    defined = [
        {
            "Name": name,
            "Type": MatlabEnumerationArray(np.array([[_LABEL_TYPE[kind]]], object), "labelType"),
            "LabelColor": matrix(color),
            "PixelLabelID": matrix() if raw is None else raw,
        }
        for name, kind, color, raw in definitions
    ]
    record = {
        "DataSource": struct([{"Source": cell(photos)}]),
        "LabelDefinitions": struct(defined),
        "LabelData": label_data,
        "PolygonOrder": matrix() if order is None else order,
    }
    truth = MatlabOpaque(properties={"any": struct([record])}, classname="groundTruth")
    path.parent.mkdir(parents=True, exist_ok=True)
    matio.save_to_mat(str(path), {"gTruth": truth}, version=version, saveobj_classes=["groundTruth"])
    return path
