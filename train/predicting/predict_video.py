"""Label every frame of a video."""

import shutil
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path

from prep.core.errors import SegError
from prep.core.files import make_folder, part_of, put_in_place
from prep.core.progress import Progress, Say, say_nothing, silent
from prep.core.words import counted
from prep.dataset.dataset_files import MASKS
from prep.images.finding import FoundFile
from prep.images.imageio import write_png
from prep.images.overlay import color_mask, overlay
from train.predicting.output_folder import OutputFolder
from train.predicting.video import Damage, VideoFile, VideoWriter
from train.windows.predictor import Predictor
from train.windows.rescaled import RescaledPhotos

VIDEO_KINDS = (MASKS, "colors", "overlays")
"""Masks as one PNG a frame; colour masks and overlays as videos."""


def predict_video(
    predictor: Predictor,
    video: FoundFile,
    folder: OutputFolder,
    kinds: Collection[str],
    *,
    progress: Progress = silent,
    note: Say = say_nothing,
) -> None:
    """Write overlays/STEM.mp4, colors/STEM.mp4 and masks/STEM/000000.png, 000001.png, ..., whichever `kinds` names.

    Frames are upright, at the times of the video. Nothing stands under its final name before all of it is whole;
    what is already there, of this model, is left as it is. Damaged frames are left out, which `note` tells.
    progress: counts frames. Raises SegError if no frame can be read.
    """
    frames, films = folder.root / MASKS / video.stem, [kind for kind in VIDEO_KINDS[1:] if kind in kinds]
    paths = {kind: folder.root / kind / f"{video.stem}.mp4" for kind in films}
    wanted = [*paths.values(), *([frames] if MASKS in kinds else [])]
    if not wanted:
        raise SegError(f"{video.path}: of a video there are only {', '.join(VIDEO_KINDS)}; add one of them to --save")
    if not folder.lacks(wanted, video.path, frames):
        return
    source = VideoFile(video.path)
    with folder.making(wanted, video.path), ExitStack() as stack:
        masks = stack.enter_context(_NewFolder(frames)) if MASKS in kinds else None
        writers = {kind: stack.enter_context(VideoWriter(path, source)) for kind, path in paths.items()}
        for number, frame in enumerate(source):
            if number == 0:
                RescaledPhotos(note).look(str(video.path), predictor.scale, *frame.image.shape[:2])
            mask = predictor(frame.image)
            if masks is not None:
                write_png(masks / f"{number:06d}.png", mask)
            if "colors" in writers:
                writers["colors"].write(color_mask(mask, predictor.classes), frame.time)
            if "overlays" in writers:
                writers["overlays"].write(overlay(frame.image, mask, predictor.classes), frame.time)
            progress(number + 1, max(source.frames, number + 1))
    if lost := _loss(source.damage):
        note(f"{video.path}: the video is damaged: {lost}; what could be read was labelled")


def _loss(damage: Damage) -> str:
    parts = [f"about {counted(damage.packets, 'frame')} missing"] if damage.packets else []
    return ", ".join([*parts, "it ends early"] if damage.ends_early else parts)


class _NewFolder:
    """A folder that appears, whole, when the block ends without an error; it replaces an older one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = part_of(path)

    def __enter__(self) -> Path:
        make_folder(self._part)
        return self._part

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                put_in_place(self._part, self._path)
        finally:
            shutil.rmtree(self._part, ignore_errors=True)
