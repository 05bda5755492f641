"""Labels photos that arrive as bytes from anywhere: one at a time, within limits."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from prep.core.classes import format_color
from prep.core.errors import SegError
from prep.geo.pixel_size import PixelSize
from prep.images.imageio import IndexMask, encode_png
from prep.photos.photoio import encode_jpeg
from prep.web.guard import Refusal
from train.serve.decoding import LONGEST_S, DecodedPhoto, decode_upload, prepare
from train.serve.limits import Deadline, Limits, Slots
from train.windows.predictor import Predictor

_AT_ONCE = 2
"""Photos whose pixels are in memory: one is labelled while the next is decoded."""


@dataclass(frozen=True)
class Labelled:
    """What the model says about a photo.

    mask: (H, W) class indices of the upright photo.  pixels: of each class.  seconds: that labelling took.
    size: height and width at which the model saw the photo.
    pixel: how large one of the photo is on the ground, if the model goes by that and it is known.
    """

    mask: IndexMask
    pixels: tuple[int, ...]
    seconds: float
    size: tuple[int, int]
    pixel: PixelSize | None = None

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
        self._places = Slots(limits.max_requests)
        self._model = threading.Lock()
        self._stopping = False
        prepare()
        self._memory = threading.Semaphore(_AT_ONCE)

    def label(
        self, data: bytes, gone: Callable[[], bool] = lambda: False, report: Callable[[float], None] = lambda _: None
    ) -> Labelled:
        """Label the photo that `data` holds, upright and in its full size; Refusal if it cannot be.

        gone: whether nobody waits for the answer any longer; asked between windows, like the time.
        report: is told the share of the windows that are done, 0..1, as soon as it is this photo's turn.
        """
        deadline = Deadline(self.limits.max_seconds)
        with self._places.one(), self._decoded(data, deadline, gone) as photo:
            if not self._model.acquire(timeout=deadline.left):
                raise self._places.busy(f"Other photos kept the model busy for {self.limits.max_seconds:g} s.")
            try:
                return self._labelled(photo, deadline, gone, report)
            finally:
                self._model.release()

    def upright(self, data: bytes) -> bytes:
        """The photo as an upright sRGB JPEG, for browsers that cannot show its kind; Refusal if it is none."""
        with self._places.one(), self._decoded(data, Deadline(self.limits.max_seconds)) as photo:
            return encode_jpeg(photo.image)

    @contextmanager
    def until_interrupted(self) -> Iterator[None]:
        """Ctrl-C (or SIGTERM, SIGHUP) in the block ends what is being labelled; it is left when nothing is computed.

        A process that ends while it computes would end with a crash.
        """

        def interrupt(*_: object) -> None:
            self._stopping = True  # first of all: waitress waits for its threads
            raise KeyboardInterrupt

        stops = [signal.SIGINT, signal.SIGTERM]
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as of nohup
            stops.append(signal.SIGHUP)
        before = {number: signal.signal(number, interrupt) for number in stops}
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
        self, photo: DecodedPhoto, deadline: Deadline, gone: Callable[[], bool], report: Callable[[float], None]
    ) -> Labelled:
        def check(share: float) -> None:
            self._check(deadline, gone)
            report(share)

        check(0)
        started = time.monotonic()
        height, width = photo.image.shape[:2]
        placed = self.predictor.on_ground(photo.pixel)
        try:
            size = placed.scale.size(height, width)
        except SegError as error:
            raise Refusal(422, f"This photo has {error}, where 'seg-train serve' is started.") from error
        predictor = placed.watched(height, width, check)
        try:
            mask = predictor(photo.image)
        except (MemoryError, torch.OutOfMemoryError) as error:
            raise Refusal(413, "This photo needs more memory than there is; make it smaller.") from error
        counts = sum(np.bincount(row, minlength=len(predictor.classes)) for row in mask)
        return Labelled(mask, tuple(np.asarray(counts).tolist()), time.monotonic() - started, size, photo.pixel)

    @contextmanager
    def _decoded(
        self, data: bytes, deadline: Deadline, gone: Callable[[], bool] = lambda: False
    ) -> Iterator[DecodedPhoto]:
        """Hold the pixels of a photo during the block; only few at a time, and a slow one leaves room for another."""
        if not data:
            raise Refusal(400, "The request holds no photo (0 bytes). Send one as a file.")
        if not self._memory.acquire(timeout=deadline.left):
            raise self._places.busy(f"Other photos kept the model busy for {self.limits.max_seconds:g} s.")
        try:
            seconds = min(LONGEST_S, deadline.left)
            check = partial(self._check, deadline, gone)
            measures = self.predictor.scale.ground is not None
            yield decode_upload(
                data, self.limits.max_megapixels, seconds, check, self.predictor.rendering, measures=measures
            )  # fmt: skip
        finally:
            self._memory.release()

    def _check(self, deadline: Deadline, gone: Callable[[], bool]) -> None:
        """Refusal if there is no reason to go on with a photo."""
        deadline.check()
        if self._stopping:
            raise Refusal(503, "The server is being stopped.")
        if gone():
            raise Refusal(499, "The client closed the connection before its photo was labelled.")
