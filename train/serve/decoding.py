"""Decodes photos of anybody in a process of their own: it ends with its time, whatever a photo makes of a decoder."""

import json
import math
import multiprocessing
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from PIL.Image import Image

from prep.core.errors import SegError
from prep.core.workers import follow_parent, worker_context
from prep.geo.extra import has_geo
from prep.geo.pixel_size import PixelSize
from prep.geo.projection import pixel_size_in
from prep.images.imageio import ImageRGB, open_image
from prep.images.tiff_pages import TIFF_STARTS
from prep.images.tiff_pixels import tiff_layout
from prep.photos.photoio import decode_photo, parse_photo
from prep.photos.rendering import OWN_RANGES, Rendering
from prep.web.guard import Refusal

ACCEPTED = frozenset({"JPEG", "MPO", "PNG", "TIFF", "BMP", "WEBP", "HEIF", "AVIF"})
"""Kinds of photos that are labelled; files of others (GIF, PPM) are images, but nobody photographs so."""

LONGEST_S = 30.0
"""Seconds for one photo: 64 megapixels take about two."""

_ASKED_EVERY_S = 0.25

_NAME = Path("This photo")
"""Stands for the photo in errors: whatever name a client gave it is never looked at."""


@dataclass(frozen=True)
class DecodedPhoto:
    """A photo, upright (H, W, 3) in sRGB.  pixel: how large one is on the ground, if that was asked for and known."""

    image: ImageRGB
    pixel: PixelSize | None = None


def prepare() -> None:
    """Let the first photo wait no longer than the others, where processes can be forked from one that is ready."""
    if "forkserver" in multiprocessing.get_all_start_methods():
        multiprocessing.get_context("forkserver").set_forkserver_preload(["seg_prep", __name__])


def decode_upload(
    data: bytes,
    max_megapixels: float,
    seconds: float = LONGEST_S,
    check: Callable[[], None] = lambda: None,
    rendering: Rendering = OWN_RANGES,
    *,
    measures: bool = False,
) -> DecodedPhoto:
    """The photo that `data` holds; Refusal if it is none, too large, or takes too long.

    seconds: after which its process is killed.  check: is asked meanwhile; what it raises ends it, too.
    rendering: that of the training.  measures: whether to find how large pixels are on the ground.
    """
    context = worker_context()
    ours, theirs = context.Pipe()
    process = context.Process(target=_answer, args=(theirs, max_megapixels, rendering, measures), daemon=True)  # type: ignore[attr-defined]
    process.start()
    theirs.close()
    end = time.monotonic() + seconds
    try:
        ours.send_bytes(data)
        while not ours.poll(_ASKED_EVERY_S):
            check()
            if time.monotonic() > end:
                raise Refusal(
                    422, f"This photo is not decoded within {seconds:.3g} s. Save it anew, as a plain JPEG or PNG."
                )
        return _received(ours)
    except (EOFError, ConnectionError) as error:
        raise Refusal(
            413, "This photo needs more memory than there is, or breaks its decoder; save it anew."
        ) from error
    finally:
        process.kill()
        process.join()
        ours.close()


def _received(connection: Connection) -> DecodedPhoto:
    told = json.loads(connection.recv_bytes())
    if "status" in told:
        raise Refusal(told["status"], told["text"])
    pixels = np.empty(told["shape"], np.uint8)
    connection.recv_bytes_into(pixels.data.cast("B"))
    return DecodedPhoto(pixels, PixelSize(*told["pixel"]) if told["pixel"] else None)


def _answer(connection: Connection, max_megapixels: float, rendering: Rendering, measures: bool) -> None:
    """In the process of its own: take the bytes, send a header as JSON and the pixels, or a refusal."""
    follow_parent()
    with suppress(EOFError, ConnectionError):  # nobody waits any longer
        try:
            data = connection.recv_bytes()
            pixels = _decoded(data, max_megapixels, rendering)
            pixel = _measured(data) if measures and has_geo() else None
        except Refusal as refusal:
            connection.send_bytes(json.dumps({"status": refusal.status, "text": str(refusal)}).encode())
            return
        told = {"shape": pixels.shape, "pixel": pixel and (pixel.across, pixel.down)}
        connection.send_bytes(json.dumps(told).encode())
        connection.send_bytes(np.ascontiguousarray(pixels).data.cast("B"))


def _decoded(data: bytes, max_megapixels: float, rendering: Rendering) -> ImageRGB:
    try:
        layout = tiff_layout(_NAME, data) if data[:4] in TIFF_STARTS else None  # Pillow does not open all of them
        if layout is None:
            _check_kind(header := open_image(_NAME, data, math.inf))
            _check_size(*header.size, max_megapixels)
        else:
            _check_size(layout.width, layout.height, max_megapixels)
        photo = parse_photo(_NAME, data, math.inf)
    except SegError as error:
        raise Refusal(
            422, "This file is no photo, or it is damaged. Send a JPEG, HEIC, PNG, TIFF, WebP or BMP file."
        ) from error
    try:
        return decode_photo(photo, *photo.upright_size, rendering)
    except SegError as error:
        raise Refusal(422, str(error)) from error


def _measured(data: bytes) -> PixelSize | None:
    try:
        return pixel_size_in(_NAME, data)
    except SegError as error:
        raise Refusal(422, f"{error}.") from error


def _check_kind(header: Image) -> None:
    """Refuse what is no photo before any pixel is decoded."""
    if header.format not in ACCEPTED:
        raise Refusal(415, f"Files of the kind {header.format} are not read here. Save the photo as JPEG or PNG.")


def _check_size(width: int, height: int, max_megapixels: float) -> None:
    """Refuse what is too large before any pixel is decoded."""
    megapixels = width * height / 1e6
    if megapixels > max_megapixels:
        raise Refusal(
            413,
            f"This photo has {megapixels:,.1f} megapixels ({width} x {height}), the limit here is "
            f"{max_megapixels:g}. Make it smaller, or let the server run with a higher --max-megapixels.",
        )
