"""Writes the samples of arrays as files, for as long as a command reads them, and the list of what is there."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.failures import refused
from prep.core.files import explained, make_folder, write_bytes
from prep.core.words import counted, list_some
from prep.images.imageio import encode_png, refuse_enormous
from prep.labels.array_samples.roles import ArrayRole, ArraySet
from prep.labels.labelio import as_ids

LISTED = ".array-samples.json"
_MOST_SAMPLES = 200_000
_SEVERAL = 0.01
"""Channels of classes overlap in fewer pixels than this; others are no channels of classes."""
_COLORS = 3
_UNCOMPRESSED = (cv2.IMWRITE_TIFF_COMPRESSION, 1)


def write_samples(found: ArraySet, names: Sequence[str], source: Path, place: Path) -> None:
    """Write all photos and masks below a folder, and the list of them.

    names: of the classes, where a file says them.  A pair of arrays of which one is damaged, or holds no ids, is left
    out and listed as damaged.
    Raises SegError if that is so of all, or if they are too much for the disk.
    """
    _refuse_too_much(found, place)
    listed: list[dict[str, str]] = []
    notes: list[str] = []
    stems = _stems(found, source)
    damaged = dict(found.damaged)
    for (photo, mask), stem in zip(found.pairs, stems, strict=True):
        try:
            photo_files = [""] * mask.samples if photo is None else list(_photos(photo, stem, place))
            mask_files = list(_masks(mask, found.channel, stem, place, notes))
        except SegError as error:
            damaged[stem] = str(error)
            continue
        for number, (image, label) in enumerate(zip(photo_files, mask_files, strict=True), start=1):
            own = _numbered(stem, number, mask)
            listed.append({"stem": own, "mask": label, "photo": image, "split": mask.split, "stack": stem})
    if not listed:
        raise refused(list(damaged.values()))
    if found.left_out:
        notes.append(f"without a partner, or neither photos nor masks, and left out: {list_some(found.left_out)}")
    ids = found.pairs[0][1].array.is_matlab
    content = {"samples": listed, "notes": notes, "names": list(names), "first_id": int(ids), "damaged": damaged}
    write_bytes(place / LISTED, json.dumps(content).encode())


def _refuse_too_much(found: ArraySet, place: Path) -> None:
    roles = [role for pair in found.pairs for role in pair if role is not None]
    for role in roles:
        refuse_enormous(role.array.path, role.size[1], role.size[0])
    samples, total = sum(role.samples for role in roles), sum(role.array.bytes for role in roles)
    with explained(place):
        free = shutil.disk_usage(place).free
    if samples > _MOST_SAMPLES:
        raise SegError(f"{roles[0].array.path}: {counted(samples, 'sample')} in arrays; save them in several parts")
    if total > free:
        raise SegError(
            f"{roles[0].array.path}: arrays of {counted(total, 'byte')}, and {place} has {free:,} free; make room"
        )


def _stems(found: ArraySet, source: Path) -> list[str]:
    """A name for the samples of each pair: that of the file of photos, with its folders where others have it, too."""
    stems = []
    for photo, mask in found.pairs:
        named = photo or mask
        stems.append("_".join(named.key) or Path(named.name).name)
    if len(set(stems)) < len(stems):
        stems = [(photo or mask).name.replace("/", "_") for photo, mask in found.pairs]
    return stems


def _numbered(stem: str, number: int, role: ArrayRole) -> str:
    return stem if role.axis is None else f"{stem}_page{number:0{len(str(role.samples))}}"


def _photos(role: ArrayRole, stem: str, place: Path) -> Iterator[str]:
    """Write photos: of whole numbers up to 255 as 8-bit PNG, of others as TIFF."""
    is_plain = role.array.kind == np.uint8 or _are_bytes(role)
    folder = place / "photos"
    make_folder(folder)
    for number, part in enumerate(role.array.parts(role.axis), start=1):
        pixels = _bands(role, part)
        name = f"{_numbered(stem, number, role)}.{'png' if is_plain else 'tif'}"
        data = encode_png(pixels.astype(np.uint8)) if is_plain else _tiff(pixels)
        _write(folder / name, data, role)
        yield f"photos/{name}"


def _write(path: Path, data: bytes, role: ArrayRole) -> None:
    """With the time of the array's file, so that a command that goes on knows the file again."""
    write_bytes(path, data)
    with explained(role.array.path):
        changed = role.array.path.stat().st_mtime_ns
    os.utime(path, ns=(changed, changed))


def _are_bytes(role: ArrayRole) -> bool:
    """Whether all numbers are whole and from 0 to 255, and some above 1, of whatever type they are."""
    highest = 0
    for part in role.array.parts(role.axis):
        is_finite = part.dtype.kind == "f" and bool(np.isfinite(part).all())
        whole = part.dtype.kind in "iu" or (is_finite and bool((part == np.floor(part)).all()))
        if not whole or part.min() < 0 or part.max() > 255:
            return False
        highest = max(highest, int(part.max()))
    return highest > 1


def _bands(role: ArrayRole, part: NDArray[Any]) -> NDArray[Any]:
    """(H, W) or (H, W, 3) of a photo; a fourth band, which is transparency as a rule, is left out."""
    if role.channels is None:
        return np.ascontiguousarray(part)
    moved = np.moveaxis(part, role.channels, -1)
    return np.ascontiguousarray(moved[..., 0] if moved.shape[-1] == 1 else moved[..., :_COLORS])


def _tiff(pixels: NDArray[Any]) -> bytes:
    numbers = pixels if pixels.dtype == np.uint16 else pixels.astype(np.float32)
    ordered = cv2.cvtColor(numbers, cv2.COLOR_RGB2BGR) if numbers.ndim == _COLORS else numbers
    _, data = cv2.imencode(".tif", ordered, _UNCOMPRESSED)
    return data.tobytes()


def _masks(role: ArrayRole, channel: int | None, stem: str, place: Path, notes: list[str]) -> Iterator[str]:
    folder, overlapping = place / "labels", 0
    make_folder(folder)
    for number, part in enumerate(role.array.parts(role.axis), start=1):
        ids, several = _ids(role, part, channel)
        overlapping += several
        name = f"{_numbered(stem, number, role)}.png"
        _, data = cv2.imencode(".png", ids)
        _write(folder / name, data.tobytes(), role)
        yield f"labels/{name}"
    if role.channels is not None and channel is None and role.sample_shape[role.channels] > 1:
        channels = role.sample_shape[role.channels]
        notes.append(
            f"{role.array.name}: {counted(channels, 'channel')} are classes 0 to {channels - 1}; a pixel in none of "
            f"them is {channels}, a later channel lies over an earlier one ({counted(overlapping, 'pixel')})"
        )


def _ids(role: ArrayRole, part: NDArray[Any], channel: int | None) -> tuple[NDArray[Any], int]:
    """(H, W) ids of a mask, and in how many pixels channels overlap."""
    if role.channels is None:
        return as_ids(role.array.name, np.ascontiguousarray(part)), 0
    channels = np.moveaxis(part, role.channels, -1)
    if channels.shape[-1] == 1 or channel is not None:
        return as_ids(role.array.name, np.ascontiguousarray(channels[..., _of(role, channel or 0)])), 0
    if channels.dtype.kind == "f" and not np.isfinite(channels).all():
        wrong = channels[~np.isfinite(channels)]
        raise SegError(
            f"{role.array.name}: holds {wrong[0]} in {counted(wrong.size, 'place')}, and channels of classes hold 0 or "
            "1; where these stand for no class, save it again after mask[~np.isfinite(mask)] = 0"
        )
    ids = np.full(channels.shape[:-1], channels.shape[-1], np.uint8)
    times = np.count_nonzero(channels, axis=-1)
    several = int((times > 1).sum())
    if several > _SEVERAL * times.size and channels.dtype.kind == "f" and bool((channels % 1 != 0).any()):
        raise SegError(
            f"{role.array.name}: {counted(channels.shape[-1], 'channel')} of fractions, as networks predict; save the "
            f"class of each pixel: np.save(path, mask.argmax({role.channels}).astype(np.uint8))"
        )
    if several > _SEVERAL * times.size:
        own = role.array.variable or Path(role.name).name
        raise SegError(
            f"{role.array.name}: {counted(channels.shape[-1], 'channel')} that overlap, so that they are no classes; "
            f"say which of them holds the classes, from 0 on: --variable '{own}[{channels.shape[-1] - 1}]'"
        )
    for number in range(channels.shape[-1]):
        ids[channels[..., number] != 0] = number
    return ids, several


def _of(role: ArrayRole, channel: int) -> int:
    number = role.sample_shape[role.channels or 0]
    if channel >= number:
        raise SegError(f"{role.array.name}: has the channels 0 to {number - 1}; --variable says {channel}")
    return channel
