"""masks convert of CVAT for video: on which frames a track lies, and which photos these frames are."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from prep.core.words import counted
from prep.dataset.dataset import Dataset
from tests.support import masks_of, random_image, run_error, run_ok, save

SIZE = "<original_size><width>5</width><height>3</height></original_size>"
LABELS = "<labels><label><name>road</name></label><label><name>car</name></label></labels>"
TOP = "0.0,0.0;5.0,0.0;5.0,1.0;0.0,1.0"


def polygon(frame: int, *, outside: int = 0, points: str = TOP, z: int = 0) -> str:
    return (
        f'<polygon frame="{frame}" keyframe="0" outside="{outside}" occluded="0" points="{points}" z_order="{z}">'
        '<attribute name="a">b</attribute></polygon>'
    )


def write(
    folder: Path,
    *tracks: str,
    photos: Sequence[str] = (),
    frames: int = 4,
    start: int = 0,
    step: str = "",
    size: str = SIZE,
) -> Path:
    """A task as CVAT exports it: annotations.xml, and photos of 5 x 3 pixels in images/."""
    for number, name in enumerate(photos):
        save(folder / "images" / name, random_image(number, 3, 5))
    body = "".join(
        f'<track id="{number}" label="{("road", "car")[number]}">{shapes}</track>'
        for number, shapes in enumerate(tracks)
    )
    meta = f"<size>{frames}</size><mode>interpolation</mode><start_frame>{start}</start_frame>"
    meta += f"<stop_frame>9</stop_frame><frame_filter>{step}</frame_filter>{LABELS}{size}"
    path = folder / "annotations.xml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>'
        f"<meta><task>{meta}</task></meta>{body}</annotations>"
    )
    return path


def rows(root: Path) -> dict[str, list[str]]:
    """The rows of each mask as digits."""
    return {stem: ["".join(map(str, row)) for row in mask.tolist()] for stem, mask in sorted(masks_of(root).items())}


NONE, ROAD = ["00000"] * 3, ["11111", "00000", "00000"]
FRAMES = [f"frame_{number:06d}.PNG" for number in range(4)]


def test_a_track_lies_on_its_frames_but_where_it_is_outside(tmp_path: Path) -> None:
    road = polygon(0) + polygon(1) + polygon(2, outside=1)
    car = (
        '<mask frame="1" outside="0" rle="0, 2" left="0" top="0" width="1" height="2" z_order="1"></mask>'
        '<mask frame="2" outside="1" rle="0, 2" left="0" top="0" width="1" height="2" z_order="1"></mask>'
    )
    write(tmp_path / "raw", road, car, photos=FRAMES)
    text = run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set").stdout
    assert rows(tmp_path / "set") == {
        "frame_000000": ROAD,
        "frame_000001": ["21111", "20000", "00000"],
        "frame_000002": NONE,
        "frame_000003": NONE,
    }
    assert "images without a region: 2" in text
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "road", "car")


def test_frames_are_numbered_as_in_the_video(tmp_path: Path) -> None:
    photos = ["frame_000010.PNG", "frame_000015.PNG"]
    write(tmp_path / "raw", polygon(15), photos=photos, frames=2, start=10, step="step=5")
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert rows(tmp_path / "set") == {"frame_000010": NONE, "frame_000015": ROAD}
    write(tmp_path / "odd", polygon(12), frames=2, start=10, step="step=5")
    said = run_error("masks", "convert", tmp_path / "odd", "-o", tmp_path / "x")
    assert "has a polygon on frame '12', which is none of its task (10 to 15 in steps of 5)" in said


def test_photos_of_other_names_are_the_frames_in_order(tmp_path: Path) -> None:
    write(tmp_path / "raw", polygon(0) + polygon(1, outside=1), photos=["v1.png", "v2.png"], frames=2, size="")
    text = run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set").stdout
    assert rows(tmp_path / "set") == {"v1": ROAD, "v2": NONE}
    assert (
        "photos taken in the order of their names as frame 0 and the following: 2 (images/v1.png, images/v2.png)"
        in text
    )


def test_photos_that_ffmpeg_numbered_from_1_are_not_taken_by_their_numbers(tmp_path: Path) -> None:
    names = ["frame_000001.png", "frame_000002.png"]
    write(tmp_path / "raw", polygon(0) + polygon(1, outside=1), photos=names, frames=2)
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert rows(tmp_path / "set") == {"frame_000001": ROAD, "frame_000002": NONE}


@pytest.mark.parametrize("names", [["9.png", "10.png", "11.png", "12.png"], ["a.png", "b.png"], ["frame_000007.png"]])
def test_photos_that_may_be_any_frames_are_asked_about(names: list[str], tmp_path: Path) -> None:
    write(tmp_path / "raw", polygon(0), photos=names)
    said = run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert f"it is unclear which of its 4 frames the {counted(len(names), 'photo')} below" in said
    assert "call each frame_000000, frame_000001, ..., by the number of its frame, or export the task as" in said


def test_frames_without_a_photo_or_in_a_gap_of_a_track_are_left_out(tmp_path: Path) -> None:
    write(tmp_path / "raw", polygon(0) + polygon(2) + polygon(3, outside=1), photos=FRAMES[:3])
    text = run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set").stdout
    assert rows(tmp_path / "set") == {"frame_000000": ROAD, "frame_000002": ROAD}
    assert "because a track is cut there (deleted frames, or not interpolated): 1 (frame_000001)" in text
    assert "frames left out, because their photos are not there: 1 (frame_000003)" in text


def test_a_track_that_never_ends_is_cut_behind_its_last_frame(tmp_path: Path) -> None:
    write(tmp_path / "raw", polygon(0), photos=FRAMES)
    assert (
        "(frame_000001, frame_000002, frame_000003)"
        in run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set").stdout
    )
    assert rows(tmp_path / "set") == {"frame_000000": ROAD}
    write(tmp_path / "last", polygon(2), photos=FRAMES)  # CVAT writes no end for the last frame but one
    run_ok("masks", "convert", tmp_path / "last", "-o", tmp_path / "whole")
    assert rows(tmp_path / "whole") == {**dict.fromkeys([name[:12] for name in FRAMES], NONE), "frame_000002": ROAD}


def test_without_photos_the_size_of_the_video_counts(tmp_path: Path) -> None:
    write(tmp_path / "raw", polygon(0) + polygon(1, outside=1))
    run_ok("masks", "convert", tmp_path / "raw/annotations.xml", "-o", tmp_path / "set")
    assert rows(tmp_path / "set") == dict(zip([name[:12] for name in FRAMES], [ROAD, NONE, NONE, NONE], strict=True))


def test_boxes_of_tracks_are_counted_and_several_tasks_refused(tmp_path: Path) -> None:
    box = '<box frame="0" outside="0" xtl="0" ytl="0" xbr="2" ybr="2"></box>'
    path = write(tmp_path / "raw", polygon(3), box, photos=FRAMES)
    text = run_ok("masks", "convert", path, "-o", tmp_path / "set", "--images", tmp_path / "raw/images").stdout
    assert "left out, because they are no regions, box: 1 (car in frame_000000.PNG)" in text
    path.write_text(path.read_text().replace("</task>", "</task><task><size>4</size></task>"))
    said = run_error("masks", "convert", path, "-o", tmp_path / "x")
    assert "holds the tracks of 2 tasks; export each task by itself" in said


def test_images_of_a_dataset_that_count_from_1_are_asked_about(tmp_path: Path) -> None:
    road = polygon(0) + polygon(1, outside=1)
    path = write(tmp_path / "raw", road, frames=3)
    for number in (1, 2, 3):
        save(tmp_path / "photos" / f"frame_{number:06d}.png", random_image(number, 3, 5))
    run_ok("resize", tmp_path / "photos", "-o", tmp_path / "set", "--size", 64)
    said = run_error("masks", "convert", path, "-o", tmp_path / "set")
    assert "their numbers begin at another one" in said and "add --in-order" in said
    run_ok("masks", "convert", path, "-o", tmp_path / "set", "--in-order")
    assert rows(tmp_path / "set") == {"frame_000001": ROAD, "frame_000002": NONE, "frame_000003": NONE}
