"""CVAT for video 1.1: tracks of shapes on numbered frames, and which photos these frames are.

Source of the layout: https://docs.cvat.ai/docs/manual/advanced/xml_format/. Shapes between key frames are written out.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

from prep.core.errors import SegError
from prep.core.folder_names import names_labels
from prep.core.words import counted, list_some, natural_key, verb
from prep.images.finding import find_files
from prep.labels.left_out import LeftOut
from prep.labels.region_labels import image_extent
from prep.labels.shapes.cvat_shapes import REGIONS, regions_in_order, whole_number
from prep.labels.shapes.shapes import RegionImage

_OTHERWISE = "export the task as 'CVAT for images 1.1', which names its images"

_OWN_NAME = re.compile(r"frame_(\d{6,})")


def frames_of(path: Path, root: Element, folder: Path, left_out: LeftOut) -> list[RegionImage]:
    """The frames with a photo below a folder, or all where none is there; SegError if it is unclear which is which."""
    steps = _steps(path, root)
    shown, cut = _shown(path, root, steps)
    photos = _photos(path, folder, steps, left_out)
    images = []
    for frame in steps:
        name = _name(frame)
        if frame in cut:
            left_out.add("frames left out, because a track is cut there (deleted frames, or not interpolated)", name)
        elif photos and frame not in photos:
            left_out.add("frames left out, because their photos are not there", name)
        else:
            photo = photos.get(frame)
            called = photo.name if photo is not None else f"{name}.PNG"
            regions = regions_in_order(path, called, shown.get(frame, ()), left_out)
            images.append(RegionImage(called, _size(path, root), regions, photo=photo))
    if not images:
        raise SegError(f"{path}: no frame is left" + "".join(f"\n  {note}" for note in left_out.notes()))
    return images


def _name(frame: int) -> str:
    return f"frame_{frame:06d}"


def _size(path: Path, root: Element) -> tuple[int, int]:
    """Of the video, which a task of images does not have."""
    said = next(root.iter("original_size"), None)
    return (
        image_extent(str(path), *(whole_number(said.findtext(side)) for side in ("width", "height")))
        if said
        else (0, 0)
    )


def _steps(path: Path, root: Element) -> range:
    """The frames of the task, by their numbers in the video."""
    tasks = [each for each in root.iter() if each.tag in ("task", "job") and each.find("size") is not None]
    if len(tasks) > 1:
        raise SegError(f"{path}: holds the tracks of {counted(len(tasks), 'task')}; export each task by itself")
    texts = [tasks[0].findtext(key) if tasks else None for key in ("size", "start_frame", "frame_filter")]
    size, start = whole_number(texts[0]), whole_number(texts[1]) or 0
    step = whole_number((texts[2] or "").partition("step=")[2]) or 1
    if size is None or size < 1 or size > 1_000_000 or min(start, step - 1) < 0:
        raise SegError(f"{path}: does not say how many frames its task has; {_OTHERWISE}")
    return range(start, start + size * step, step)


def _shown(path: Path, root: Element, steps: range) -> tuple[dict[int, list[tuple[str, Element]]], set[int]]:
    """By frame the shapes that lie on it, with their labels; and the frames in which a track is cut."""
    shown: dict[int, list[tuple[str, Element]]] = {}
    cut: set[int] = set()
    for track in root.iter("track"):
        shapes = [(_frame(path, element, steps), element) for element in track if element.get("frame") is not None]
        shapes.sort(key=lambda shape: shape[0])
        for frame, element in shapes:
            if element.get("outside") != "1":
                shown.setdefault(frame, []).append((track.get("label") or "", element))
        cut.update(_missing(shapes, steps))
    return shown, cut


def _frame(path: Path, element: Element, steps: range) -> int:
    frame = whole_number(element.get("frame"))
    if frame is None or frame not in steps:
        raise SegError(
            f"{path}: has a {element.tag} on frame {element.get('frame')!r:.40}, which is none of its task "
            f"({steps[0]} to {steps[-1]} in steps of {steps.step}); {_OTHERWISE}"
        )
    return frame


def _missing(shapes: Sequence[tuple[int, Element]], steps: range) -> Iterator[int]:
    """Frames between two of a track, and behind its last, on which CVAT would have written where it is.

    CVAT ends the track of a single frame without a word where that frame is the last but one.
    """
    if not shapes:
        return
    last = shapes[-1][0]
    end = steps[-1] if last < steps[-1] - steps.step else last
    ends = [*[frame for frame, _ in shapes[1:]], end + steps.step]
    for (frame, element), following in zip(shapes, ends, strict=True):
        if element.tag in REGIONS and element.get("outside") != "1":
            yield from range(frame + steps.step, following, steps.step)


def _photos(path: Path, folder: Path, steps: range, left_out: LeftOut) -> dict[int, Path]:
    """The photo of each frame that has one: by the name that CVAT gives it, or in order where there are as many."""
    files = find_files(folder, skip=lambda name: names_labels(name) or "mask" in name.lower())
    own = [(int(match[1]), file.path) for file in files if (match := _OWN_NAME.fullmatch(file.path.stem))]
    named = dict(own)
    if own and len(named) == len(own) and all(frame in steps for frame in named):
        return named
    ordered = sorted(files, key=lambda file: file.name)
    if len(files) == len(steps) and ordered == sorted(files, key=lambda file: natural_key(file.name)):
        for file in ordered:
            left_out.add(f"photos taken in the order of their names as frame {steps[0]} and the following", file.name)
        return {frame: file.path for frame, file in zip(steps, ordered, strict=True)}
    if not files:
        return {}
    raise SegError(
        f"{path}: it is unclear which of its {counted(len(steps), 'frame')} the {counted(len(files), 'photo')} below "
        f"{folder} {verb(len(files), 'is', 'are')} ({list_some([file.name for file in files])}); call each "
        f"{_name(steps[0])}, {_name(steps[0] + steps.step)}, ..., by the number of its frame, or {_OTHERWISE}"
    )
