"""Reads and writes video files: upright RGB frames with their times."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from prep.core.errors import SegError
from prep.core.files import explained, make_folder, part_of, put_in_place
from prep.images.imageio import ImageRGB

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

_USUAL_RATE = Fraction(25)
"""Frames a second where a file does not say."""

_HD_ROWS = 720
"""Videos from this height on are in the colours of BT.709, smaller ones of BT.601, unless they say otherwise."""

_UNSPECIFIED, _BT709, _LIMITED = 2, 1, 1
"""Codes of colour space, primaries and transfer (ITU-T H.273), and of the colour range of FFmpeg."""

_QUALITY = {"crf": "18", "preset": "veryfast"}


@dataclass(frozen=True)
class Frame:
    """An upright frame (H, W, 3) and its time since the first one, in units of the video's time base."""

    image: ImageRGB
    time: int


@dataclass
class Damage:
    """What was lost while a video was read."""

    packets: int = 0
    ends_early: bool = False


class VideoFile:
    """The first picture stream of a video file.

    rate: frames a second, on average.  time_base: seconds in a unit of time.  frames: about how many there are, 0 if
    nobody knows.  aspect: width to height of a pixel.  damage: filled while frames are read.
    Raises SegError if it is no video that can be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damage = Damage()
        with _opened(path) as container:
            stream = _picture_stream(path, container)
            self.rate = Fraction(stream.average_rate or stream.guessed_rate or _USUAL_RATE)
            self.time_base = Fraction(stream.time_base or 1 / self.rate)
            seconds = float((stream.duration or 0) * self.time_base) or (container.duration or 0) / 1e6
            self.frames = stream.frames or round(seconds * self.rate)
            self.aspect = Fraction(stream.sample_aspect_ratio or 1)

    def __iter__(self) -> Iterator[Frame]:
        """All frames that can be decoded. Raises SegError if there is none."""
        first, last = None, -1
        one = max(1, round(1 / (self.rate * self.time_base)))  # a frame's length in units of time
        with _opened(self.path) as container:
            for frame in self._decoded(container):
                time = last + one if frame.pts is None else frame.pts
                first = time if first is None else first
                last = max(time - first, last + 1)  # times that go back would be refused by every writer
                yield Frame(_upright_rgb(frame), last)
        if first is None:
            raise SegError(f"{self.path}: no frame of this video can be decoded; copy or export it again")

    def _decoded(self, container: "InputContainer") -> Iterator["VideoFrame"]:
        """Frames of all packets; those of damaged packets are skipped and counted."""
        from av import FFmpegError

        packets = container.demux(_picture_stream(self.path, container))
        number = 0
        while True:
            try:
                packet = next(packets)
            except (StopIteration, FFmpegError) as error:
                self.damage.ends_early = isinstance(error, FFmpegError)
                break
            try:
                frames = packet.decode()
            except FFmpegError:
                self.damage.packets += 1
                continue
            number += len(frames)
            yield from frames
        if number < self.frames * 0.98 and self.frames - number > 2:  # files state the number only roughly
            self.damage.ends_early = True


class VideoWriter:
    """Writes frames as H.264 in MP4, without sound; the file appears, whole, when the block ends without an error.

    Frames of odd width or height get one more column or row, a copy of the last one: H.264 halves its colours.
    """

    def __init__(self, path: Path, source: VideoFile) -> None:
        from av import open as open_video

        make_folder(path.parent)
        self._path = path
        self._part = part_of(path)
        self._source = source
        with explained(path):
            self._container = open_video(str(self._part), "w", format="mp4", options={"movflags": "faststart"})
        self._stream = self._container.add_stream("libx264", rate=source.rate, options=_QUALITY)
        self._stream.pix_fmt = "yuv420p"
        codec = self._stream.codec_context
        codec.time_base, codec.sample_aspect_ratio = source.time_base, source.aspect
        codec.colorspace = codec.color_primaries = codec.color_trc = _BT709
        codec.color_range = _LIMITED
        self._is_empty = True

    def write(self, image: ImageRGB, time: int) -> None:
        """Append a frame (H, W, 3); all have one size, and times grow."""
        from av import VideoFrame

        height, width = image.shape[:2]
        even = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        if self._is_empty:
            self._stream.height, self._stream.width = even.shape[:2]
            self._is_empty = False
        frame = VideoFrame.from_ndarray(even, format="rgb24").reformat(
            format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
        )
        frame.pts, frame.time_base = time, self._source.time_base
        with explained(self._path):
            self._container.mux(self._stream.encode(frame))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with explained(self._path):
                if error is None:
                    self._container.mux(self._stream.encode())
                self._container.close()
            if error is None:
                put_in_place(self._part, self._path)
        finally:
            self._part.unlink(missing_ok=True)


def _opened(path: Path) -> "InputContainer":
    try:
        from av import FFmpegError
        from av import open as open_video
    except ImportError as error:
        raise SegError("videos need the package av; type: pip install 'seg-prep[train]'") from error
    try:
        return open_video(str(path))
    except FFmpegError as error:
        raise SegError(
            f"{path}: damaged, cut off, or no video at all ({error.strerror}); copy or export it again"
        ) from error


def _picture_stream(path: Path, container: "InputContainer") -> "VideoStream":
    if not container.streams.video:
        raise SegError(f"{path}: holds no pictures; give a video, or photos")
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    return stream


def _upright_rgb(frame: "VideoFrame") -> ImageRGB:
    """(H, W, 3) as a player shows it: in full colours, turned by the rotation that the file states."""
    space = None
    if frame.colorspace == _UNSPECIFIED:
        space = "ITU709" if frame.height >= _HD_ROWS else "ITU601"
    pixels = frame.to_ndarray(format="rgb24", src_colorspace=space, dst_color_range="JPEG")
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90)), np.uint8)
