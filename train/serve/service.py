"""Labels photos that arrive as bytes from anywhere: one at a time, within limits."""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL.Image import Image

from prep.core.classes import format_color
from prep.core.errors import SegError
from prep.images.imageio import ImageRGB, IndexMask, encode_png, open_picture
from prep.photos.photoio import RawPhoto, decode_photo, encode_jpeg, parse_photo
from prep.web.guard import Refusal
from train.serve.limits import Deadline, Limits, Places
from train.windows.predictor import Predictor

FORMATS = frozenset({"JPEG", "MPO", "PNG", "TIFF", "BMP", "WEBP", "HEIF", "AVIF"})
"""Kinds of photos that are labelled; files of others (GIF, PPM) are images, but nobody photographs so."""

_NAME = Path("This photo")
"""Stands for the photo in errors: whatever name a client gave it is never looked at."""


@dataclass(frozen=True)
class Labelled:
    """What the model says about a photo.

    mask: (H, W) class indices of the upright photo.  pixels: of each class.  seconds: that labelling took.
    """

    mask: IndexMask
    pixels: tuple[int, ...]
    seconds: float

    @property
    def png(self) -> bytes:
        """The mask as an 8-bit grey PNG of class indices."""
        return encode_png(self.mask)


class Service:
    """One model, and the rules by which requests from several threads share it.

    name: of the model, as people know it.
    """

    def __init__(self, predictor: Predictor, name: str, limits: Limits) -> None:
        self.predictor = predictor
        self.name = name
        self.limits = limits
        self._places = Places(limits.max_requests)
        self._model = threading.Lock()
        self._stopping = False
        self._decoder = threading.Lock()  # many large photos at once would take too much memory

    def label(
        self, data: bytes, gone: Callable[[], bool] = lambda: False, report: Callable[[float], None] = lambda _: None
    ) -> Labelled:
        """Label the photo that `data` holds, upright and in its full size; Refusal if it cannot be.

        gone: whether nobody waits for the answer any longer; asked between windows, like the time.
        report: is told the share of the windows that are done, 0..1, as soon as it is this photo's turn.
        """
        deadline = Deadline(self.limits.max_seconds)
        with self._places.one():
            photo = self._open(data)
            if not self._model.acquire(timeout=deadline.left):
                raise self._places.busy(f"Other photos kept the model busy for {self.limits.max_seconds:g} s.")
            try:
                return self._labelled(photo, deadline, gone, report)
            finally:
                self._model.release()

    def upright(self, data: bytes) -> bytes:
        """The photo as an upright sRGB JPEG, for browsers that cannot show its kind; Refusal if it is none."""
        with self._places.one():
            return encode_jpeg(self._pixels(self._open(data)))

    @contextmanager
    def until_interrupted(self) -> Iterator[None]:
        """Ctrl-C or SIGTERM during the block ends what is being labelled; it is left when the network computes nothing.

        A process that ends while it computes would end with a crash.
        """

        def interrupt(*_: object) -> None:
            self._stopping = True  # first of all: waitress waits for its threads
            raise KeyboardInterrupt

        before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            with self._model:
                for number, handler in before.items():
                    signal.signal(number, handler)

    def classes(self) -> list[dict[str, object]]:
        """Index, name and colour of each class, as plain data."""
        known = self.predictor.classes
        return [
            {"index": index, "name": name, "color": format_color(color)}
            for index, (name, color) in enumerate(zip(known.names, known.colors, strict=True))
        ]

    def _labelled(
        self, photo: RawPhoto, deadline: Deadline, gone: Callable[[], bool], report: Callable[[float], None]
    ) -> Labelled:
        width, height = photo.upright_size

        def check(share: float) -> None:
            deadline.check()
            if self._stopping:
                raise Refusal(503, "The server is being stopped.")
            if gone():
                raise Refusal(499, "The client closed the connection before its photo was labelled.")
            report(share)

        check(0)
        started = time.monotonic()
        predictor = self.predictor.watched(height, width, check)
        try:
            mask = predictor(self._pixels(photo))  # decoded here, so that one photo at a time takes memory
        except (MemoryError, torch.OutOfMemoryError) as error:
            raise Refusal(413, "This photo needs more memory than there is; make it smaller.") from error
        counts = sum(np.bincount(row, minlength=len(predictor.classes)) for row in mask)
        return Labelled(mask, tuple(np.asarray(counts).tolist()), time.monotonic() - started)

    def _open(self, data: bytes) -> RawPhoto:
        """Read the header, and refuse what is no photo or too large before any pixel is decoded."""
        if not data:
            raise Refusal(400, "The request holds no photo (0 bytes). Send one as a file.")
        with self._decoder:
            try:
                self._check(open_picture(_NAME, data, math.inf))
                return parse_photo(_NAME, data, math.inf)  # of some kinds, this decodes the pixels already
            except SegError as error:
                raise Refusal(
                    422, "This file is no photo, or it is damaged. Send a JPEG, HEIC, PNG, TIFF, WebP or BMP file."
                ) from error

    def _check(self, header: Image) -> None:
        if header.format not in FORMATS:
            raise Refusal(415, f"Files of the kind {header.format} are not read here. Save the photo as JPEG or PNG.")
        megapixels = header.width * header.height / 1e6
        if megapixels > self.limits.max_megapixels:
            raise Refusal(
                413,
                f"This photo has {megapixels:,.1f} megapixels ({header.width} x {header.height}), the limit here is "
                f"{self.limits.max_megapixels:g}. Make it smaller, or let the server run with a higher "
                "--max-megapixels.",
            )

    def _pixels(self, photo: RawPhoto) -> ImageRGB:
        with self._decoder:
            try:
                return decode_photo(photo, *photo.upright_size)
            except SegError as error:
                raise Refusal(422, str(error)) from error
