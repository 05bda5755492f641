"""A film of the training: the prediction of one image, epoch by epoch."""

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.core.files import make_folder, read_bytes, write_bytes
from prep.images.imageio import ImageRGB, IndexMask, read_image, write_png
from prep.images.overlay import overlay, shrink

FILM, FRAMES = "progress.mp4", "film"
_PANEL_PX = 480
_FRAMES_A_SECOND = 4


def write_frame(run: Path, epoch: int, image: ImageRGB, truth: IndexMask, guess: IndexMask, classes: ClassMap) -> None:
    """Write the frame of an epoch: the true mask over the image, and the predicted one, with the epoch's number."""
    make_folder(run / FRAMES)
    panels = [shrink(overlay(image, mask, classes), _PANEL_PX) for mask in (truth, guess)]
    frame = np.concatenate(panels, axis=1)
    frame = np.ascontiguousarray(frame[: len(frame) // 2 * 2, : frame.shape[1] // 2 * 2])  # H.264 wants even sides
    text, place = f"epoch {epoch}", (panels[0].shape[1] + 8, 24)
    for color, thickness in (((0, 0, 0), 4), ((255, 255, 255), 1)):
        cv2.putText(frame, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.7, color, thickness, cv2.LINE_AA)
    write_png(run / FRAMES / f"epoch-{epoch:05d}.png", frame)


def write_film(run: Path) -> Path | None:
    """Join the frames to progress.mp4 (H.264); None if there are none."""
    frames = sorted((run / FRAMES).glob("epoch-*.png"))
    if not frames:
        return None
    import av  # seconds of import, only for this

    part = run / FRAMES / "part.mp4"
    try:
        with av.open(str(part), "w") as container:
            stream = container.add_stream("libx264", rate=Fraction(_FRAMES_A_SECOND))
            first = read_image(frames[0])
            stream.height, stream.width, stream.pix_fmt = first.shape[0], first.shape[1], "yuv420p"
            for path in frames:
                frame = av.VideoFrame.from_ndarray(read_image(path), format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except (av.FFmpegError, ValueError) as error:
        raise SegError(f"{run / FILM}: could not write the film ({error}); its frames are in {run / FRAMES}") from error
    write_bytes(run / FILM, read_bytes(part))
    part.unlink()
    return run / FILM
