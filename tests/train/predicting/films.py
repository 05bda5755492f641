"""Videos of a few frames, made with PyAV."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

COLORS = np.array([(230, 20, 30), (30, 220, 40), (20, 30, 230), (210, 180, 20)], np.uint8)
TIMES = (0, 20, 40, 100, 120, 140)
"""In 600ths of a second: 30 frames a second with a gap."""


def scene(height: int, width: int, number: int = 0) -> NDArray[np.uint8]:
    """Four areas of different colours; a white bar moves down by a sixth a frame."""
    image = np.empty((height, width, 3), np.uint8)
    image[: height // 2, : width // 2], image[: height // 2, width // 2 :] = COLORS[0], COLORS[1]
    image[height // 2 :, : width // 2], image[height // 2 :, width // 2 :] = COLORS[2], COLORS[3]
    image[number * height // 6 : (number + 1) * height // 6, width // 4 : width // 4 + 8] = 255
    return image


def film(path: Path, height: int = 96, width: int = 128, **options: object) -> Path:
    """A video of six frames in H.264 (BT.601, as FFmpeg makes small ones) with a sound track."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options={"movflags": "faststart"} if options.get("faststart") else {}) as container:
        stream = container.add_stream("libx264", rate=Fraction(30), options={"crf": "5", "g": "1"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 600)
        sound = container.add_stream("aac", rate=8000)
        for number, time in enumerate(TIMES):
            frame = av.VideoFrame.from_ndarray(scene(height, width, number), format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = time, Fraction(1, 600)
            container.mux(stream.encode(frame))
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        silence.rate = 8000
        container.mux(sound.encode(silence))
        container.mux([*sound.encode(), *stream.encode()])
    return path
