"""An encoder and a decoder of the SAM family, asked as their dialect wants it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from prep.annotate.sam.dialects import refuse_outputs
from prep.annotate.sam.files import FileRunner, OnnxFile, SamFiles
from prep.annotate.sam.frame import LOW, SQUARE_SIDE, Floats, PaddedFrame, frame_of
from prep.core.errors import SegError
from prep.core.words import counted
from prep.images.imageio import ImageRGB

Embedding = dict[str, Floats]
"""What the encoder says of a photo, by the names of the decoder's inputs."""

LabelledPoint = tuple[float, float, int]
"""x and y in the photo, and the label: 1 = in the object, 0 = not, 2 and 3 = corners of a box."""

_MEAN = np.array([123.675, 116.28, 103.53], np.float32)
_STD = np.array([58.395, 57.12, 57.375], np.float32)
"""Of ImageNet, for values 0..255, as in the papers."""

_NO_POINT = -1
"""Label of a point that stands for none."""


@dataclass(frozen=True)
class Answer:
    """logits: (h, w) over the whole square, above 0 in the object.  low: (LOW, LOW), to be sent with the next click."""

    logits: Floats
    low: Floats


class Sam:
    """Two files as a model; several threads may ask it."""

    def __init__(self, files: SamFiles) -> None:
        self.dialect = files.dialect
        self.name = files.dialect.name
        self.key = files.key
        self._encoder = files.encoder
        self._decoder = files.decoder
        self._sources = _sources(files)
        refuse_outputs(
            self.dialect, files.decoder.path, (self.dialect.masks, self.dialect.scores), files.decoder.outputs
        )
        self._run = FileRunner()
        self._room = self._sides()

    def stop(self) -> None:
        """Whatever is being computed ends with a SegError, and nothing is computed any more."""
        self._run.stop()

    def frame(self, width: int, height: int) -> PaddedFrame:
        """How a photo of this size lies in the square."""
        return frame_of(width, height, stretched=self.dialect.stretched, room=self._room)

    def encode(self, small: ImageRGB) -> Embedding:
        """What the encoder says of a photo, given as Frame.small makes it; SegError if it fails."""
        shape = self._shape()
        pixels = small.astype(np.float32)
        if len(shape) == 3:  # this file divides, pads and turns them itself
            tensor = _in_corner(pixels, *(length if isinstance(length, int) else 0 for length in shape[:2]))
        else:
            pixels = (pixels - _MEAN) / _STD if self.dialect.deviations else pixels / np.float32(255)
            tensor = _in_corner(pixels, SQUARE_SIDE, SQUARE_SIDE).transpose(2, 0, 1)[None]
        found = self._run(self._encoder, {self.dialect.encoder: tensor}, list(self._sources.values()))
        return dict(zip(self._sources, found, strict=True))

    def answer(
        self, embedding: Embedding, frame: PaddedFrame, points: Sequence[LabelledPoint], before: Floats | None
    ) -> Answer:
        """The object at these points, the best of those that are offered; SegError if that fails.

        before: (LOW, LOW) logits of the mask before; None = there is none.
        """
        dialect = self.dialect
        coordinates, labels = self._points(frame, points)
        values: dict[str, Any] = {
            **embedding,
            dialect.points: coordinates,
            dialect.labels: labels,
            "orig_im_size": np.array((SQUARE_SIDE, SQUARE_SIDE) if dialect.stretched else (frame.high, frame.wide)),
            "mask_input": (np.zeros((LOW, LOW), np.float32) if before is None else before)[None, None],
            "has_mask_input": np.array([before is not None]),
        }
        small = ["low_res_masks"] if "low_res_masks" in self._decoder.outputs else []
        masks, scores, *rest = self._run(self._decoder, values, [dialect.masks, dialect.scores, *small])
        masks = masks.reshape(-1, *masks.shape[-2:])
        if masks.size == 0 or scores.size != len(masks) or not np.isfinite(masks).all() or np.isnan(scores).any():
            raise SegError(f"{self._decoder.path}: answers no masks that can be used; try other files")
        best = int(scores.argmax())
        low = rest[0].reshape(-1, *rest[0].shape[-2:])[best] if rest else masks[best]
        return Answer(masks[best], low if low.shape == (LOW, LOW) else _low(low))

    def _points(self, frame: PaddedFrame, points: Sequence[LabelledPoint]) -> tuple[Floats, Floats]:
        """Coordinates (.., N, 2) and labels (.., N) with the padding of the dialect."""
        dialect = self.dialect
        labels = [label for _, _, label in points]
        if 2 in labels and not dialect.boxes:
            raise SegError(f"{dialect.name} takes no box: click into the object instead")
        shape = _shape_of(self._decoder, dialect.points)
        pads = dialect.padding == "always" or (dialect.padding == "without a box" and 2 not in labels)
        most = shape[-2]
        missing = most - len(labels) if isinstance(most, int) else int(pads)
        if isinstance(most, int) and missing < 0:
            raise SegError(f"{self._decoder.path}: takes {counted(most, 'point')} at a time; accept this object")
        places = [*(frame.place(x, y) for x, y, _ in points), *[(0.0, 0.0)] * missing]
        labels += [_NO_POINT] * missing
        ahead = (1,) * (len(shape) - 2)
        return np.array(places, np.float32).reshape(*ahead, -1, 2), np.array(labels, np.float32).reshape(*ahead, -1)

    def _shape(self) -> tuple[int | str | None, ...]:
        """Of the encoder's input: (h, w, 3), which only one of them may have, or (1, 3, h, w)."""
        name = self.dialect.encoder
        shape = _shape_of(self._encoder, name)
        if len(shape) == 4 or (len(shape) == 3 and name == "input_image"):
            return shape
        raise SegError(f"{self._encoder.path}: its input {name} has the shape {list(shape)}, which is unknown")

    def _sides(self) -> tuple[int, int]:
        """Width and height that a photo has at most; SegError if the encoder was made for a size that is unknown."""
        shape = self._shape()
        is_square = len(shape) == 4
        high, wide = (
            length if isinstance(length, int) else SQUARE_SIDE for length in (shape[2:] if is_square else shape[:2])
        )
        if not (0 < wide <= SQUARE_SIDE and 0 < high <= SQUARE_SIDE) or (
            is_square and (wide, high) != (SQUARE_SIDE, SQUARE_SIDE)
        ):
            raise SegError(
                f"{self._encoder.path}: sees {wide} x {high} pixels; only {SQUARE_SIDE} x {SQUARE_SIDE} is known here"
            )
        return wide, high


def _shape_of(file: OnnxFile, name: str) -> tuple[int | str | None, ...]:
    """Of an input; a name or None = any length."""
    return next(tuple(value.shape) for value in file.session.get_inputs() if value.name == name)


def _sources(files: SamFiles) -> dict[str, str]:
    """Which output of the encoder goes into which input of the decoder: the one of its name, or the only one."""
    wanted, outputs = files.dialect.embedding, files.encoder.outputs
    if len(wanted) == len(outputs) == 1:
        return {wanted[0]: outputs[0]}
    refuse_outputs(files.dialect, files.encoder.path, wanted, outputs)
    return {name: name for name in wanted}


def _in_corner(pixels: Floats, high: int, wide: int) -> Floats:
    """Pixels (h, w, 3) in the upper left corner of zeros of this size; 0 = their own."""
    square = np.zeros((high or len(pixels), wide or pixels.shape[1], 3), np.float32)
    square[: len(pixels), : pixels.shape[1]] = pixels
    return square


def _low(logits: Floats) -> Floats:
    return np.asarray(cv2.resize(logits, (LOW, LOW), interpolation=cv2.INTER_AREA), np.float32)
