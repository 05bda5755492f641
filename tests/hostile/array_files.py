"""Photos and masks in arrays of NumPy and MATLAB, in order, to be spoiled; and arrays that lie of their size."""

import io
from collections.abc import Mapping

import h5py
import numpy as np
from numpy.typing import NDArray
from scipy.io import savemat

from tests.support import random_image, random_mask

_PHOTOS = np.stack([random_image(seed) for seed in range(3)])
_MASKS = np.stack([random_mask(seed) for seed in range(3)])
_NAMES = np.array(["line", "ellipse"], object)
_HUGE = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1048576, 24, 32)}"


def _numpy(values: NDArray[np.generic]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def _archive(**arrays: NDArray[np.generic]) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def _mat(**variables: NDArray[np.generic]) -> bytes:
    stream = io.BytesIO()
    savemat(stream, variables, do_compression=True)
    return stream.getvalue()


def _hdf(photos: NDArray[np.generic], masks: NDArray[np.generic]) -> bytes:
    """A .mat file of version 7.3, whose sides are turned."""
    stream = io.BytesIO()
    with h5py.File(stream, "w", userblock_size=512) as file:
        for name, values in (("images", photos), ("labels", masks)):
            stored = file.create_dataset(name, data=np.ascontiguousarray(values.T), chunks=True, compression="gzip")
            stored.attrs["MATLAB_class"] = np.bytes_("uint8")
    head = b"MATLAB 7.3 MAT-file".ljust(116) + bytes(8) + b"\x00\x02IM"
    return head + stream.getvalue()[len(head) :]


_LAST = (np.moveaxis(_PHOTOS, 0, -1), np.moveaxis(_MASKS, 0, -1))

SETS: tuple[Mapping[str, bytes], ...] = (
    {"labels/images/a.npy": _numpy(_PHOTOS), "labels/masks/a.npy": _numpy(_MASKS)},
    {"labels/X_a.npy": _numpy(_PHOTOS.astype(np.float32) / 255), "labels/y_a.npy": _numpy(np.eye(3)[_MASKS])},
    {"labels/a.npz": _archive(images=_PHOTOS, masks=_MASKS, names=np.array(["background", "line", "ellipse"]))},
    {f"labels/{at}.npz": _archive(image=_PHOTOS[at], label=_MASKS[at]) for at in range(3)},
    {"labels/a.mat": _mat(images=_LAST[0], labels=_LAST[1], names=_NAMES)},
    {"labels/a.mat": _hdf(*_LAST), "labels/b.mat": _hdf(*_LAST)},
)

BOMBS: tuple[Mapping[str, bytes], ...] = (
    {
        "labels/images/a.npy": _numpy(_PHOTOS),
        "labels/masks/a.npy": b"\x93NUMPY\1\0" + len(_HUGE).to_bytes(2, "little") + _HUGE,
    },
    {"labels/a.npz": _archive(images=np.zeros((300, 400, 400), np.uint8), masks=np.full((300, 400, 400), 7, np.uint8))},
)
"""Of which no mask is made, as they are."""
