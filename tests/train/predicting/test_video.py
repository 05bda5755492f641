"""Videos in and out: frames, times, colours, turning, damage. Videos are made with PyAV."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.core.failures import Failures
from prep.images.finding import FoundFile
from tests.models import CLASSES, color_predictor, run_train, train_error, write_run
from tests.support import load, save, tree
from tests.train.predicting.films import TIMES, film, scene
from train.predicting.output_folder import PREDICTED_FILES, OutputFolder
from train.predicting.predict import predict_videos
from train.predicting.predict_video import predict_video
from train.predicting.video import VideoFile


def turn(path: Path, quarters: int) -> None:
    """Write a rotation (clockwise quarter turns) into the track header of an MP4 file (ISO 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 44
    cos, sin = [(1, 0), (0, 1), (-1, 0), (0, -1)][quarters]
    matrix = [cos << 16, sin << 16, 0, -sin << 16, cos << 16, 0, 0, 0, 1 << 30]
    data[place : place + 36] = struct.pack(">9i", *matrix)
    path.write_bytes(data)


def frames_of(path: Path) -> tuple[list[NDArray[np.uint8]], list[Fraction]]:
    """Frames and seconds of a video, read with PyAV alone."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        pixels = [frame.to_ndarray(format="rgb24", src_colorspace="ITU709") for frame in frames]
        return pixels, [frame.pts * frame.time_base for frame in frames]


def labelled(path: Path, *kinds: str) -> Path:
    out = path.parent / "out"
    folder = OutputFolder(out, {})
    predict_video(color_predictor(), FoundFile(path, path.name), folder, kinds)
    folder.tidy()
    return out


def close(one: NDArray[np.uint8], two: NDArray[np.uint8]) -> bool:
    """Alike away from the borders between colours, which H.264 blurs."""
    return float(np.median(np.abs(one.astype(int) - two))) <= 3


def test_frames_have_the_colours_and_times_of_the_video(tmp_path: Path) -> None:
    source = VideoFile(film(tmp_path / "a.mp4"))
    frames = list(source)
    assert source.frames == 6
    assert [frame.time * source.time_base for frame in frames] == [Fraction(time, 600) for time in TIMES]
    for number, frame in enumerate(frames):
        assert close(frame.image, scene(96, 128, number))


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_turned_videos_come_upright(quarters: int, tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    turn(path, quarters)
    frame = next(iter(VideoFile(path)))
    expected = np.rot90(scene(96, 128), -quarters)  # clockwise
    assert frame.image.shape == expected.shape
    assert close(frame.image, expected)


def test_an_overlay_video_has_the_size_rate_and_times_and_no_sound(tmp_path: Path) -> None:
    out = labelled(film(tmp_path / "a.mp4"), "overlays", "colors", "masks")
    for kind in ("overlays", "colors"):
        with av.open(str(out / kind / "a.mp4")) as container:
            (stream,) = container.streams
            assert (stream.type, stream.codec_context.name, stream.codec_context.pix_fmt) == (
                "video",
                "h264",
                "yuv420p",
            )
            assert (stream.width, stream.height) == (128, 96)
        frames, seconds = frames_of(out / kind / "a.mp4")
        assert seconds == [Fraction(time, 600) for time in TIMES]
        labels = [load(out / f"masks/a/{number:06d}.png") for number in range(6)]
        for number, (frame, mask) in enumerate(zip(frames, labels, strict=True)):
            image, colors = scene(96, 128, number), np.array(CLASSES.colors, np.uint8)[mask]
            foreground = (mask > 0)[..., None]
            overlay = np.where(foreground, image / 2 + colors / 2, image)
            assert close(frame, (colors if kind == "colors" else overlay).astype(np.uint8))
    expected = np.zeros((96, 128), int)
    expected[:48, 64:], expected[48:, :64] = 1, 2
    assert np.mean(labels[5] == expected) > 0.95
    assert len(list((out / "masks/a").iterdir())) == 6


def test_odd_sizes_get_one_more_column_and_row(tmp_path: Path) -> None:
    path = tmp_path / "odd.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=5)
        stream.width, stream.height, stream.pix_fmt = 63, 41, "bgr0"
        for number in range(3):
            frame = av.VideoFrame.from_ndarray(scene(41, 63, number), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    out = labelled(path, "overlays", "masks")
    frames, seconds = frames_of(out / "overlays/odd.mp4")
    assert frames[0].shape == (42, 64, 3)
    assert load(out / "masks/odd/000002.png").shape == (41, 63)
    assert seconds == [Fraction(number, 5) for number in range(3)]


def test_an_interruption_leaves_nothing_under_the_final_names(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")

    def stop(done: int, total: int) -> None:
        assert total == 6
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        folder = OutputFolder(tmp_path / "out", {})
        predict_video(color_predictor(), FoundFile(path, "a.mp4"), folder, ["masks", "overlays"], progress=stop)
    assert [
        path for path in (tmp_path / "out").rglob("*") if path.name not in (PREDICTED_FILES, "masks", "overlays")
    ] == []
    labelled(path, "masks", "overlays")
    before = tree(tmp_path / "out")
    assert len(before) == 2 + 1 + 6 + 1 + 1
    labelled(path, "masks", "overlays")
    assert tree(tmp_path / "out") == before
    again = OutputFolder(tmp_path / "out", {}, overwrite=True)
    predict_video(color_predictor(), FoundFile(path, "a.mp4"), again, ["masks", "overlays"])
    again.tidy()
    assert tree(tmp_path / "out") == before


def test_a_video_that_ends_early_is_labelled_as_far_as_it_goes(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", faststart=True)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2])
    notes: list[str] = []
    predict_videos(
        color_predictor(),
        [FoundFile(path, "a.mp4")],
        OutputFolder(tmp_path / "out", {}),
        ["overlays"],
        Failures(0),
        note=notes.append,
    )
    assert "a.mp4: the video is damaged: " in notes[0]
    assert "ends early" in notes[0]
    assert 1 <= len(frames_of(tmp_path / "out/overlays/a.mp4")[0]) < 6


def test_what_is_no_video_is_told(tmp_path: Path) -> None:
    whole = film(tmp_path / "a.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])  # the table of contents stood at the end
    (tmp_path / "nothing.mp4").write_bytes(b"no video")
    for name in ("cut.mp4", "nothing.mp4"):
        with pytest.raises(SegError, match=rf"{name}: damaged, cut off, or no video at all"):
            VideoFile(tmp_path / name)
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        sound = container.add_stream("aac", rate=8000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        silence.rate = 8000
        container.mux([*sound.encode(silence), *sound.encode()])
    with pytest.raises(SegError, match="holds no pictures"):
        VideoFile(tmp_path / "sound.mp4")


def test_the_command_labels_photos_and_videos_together(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    film(tmp_path / "a.mp4", 32, 48)
    save(tmp_path / "b.png", scene(20, 30))
    out = tmp_path / "out"
    command = ("predict", tmp_path / "a.mp4", tmp_path / "b.png", "-o", out, "--run", run, "--device", "cpu")
    assert run_train(*command).stdout == f"2 of 2 photos and videos -> {out}\n"
    assert (out / "overlays/a.mp4").exists()
    assert not (out / "masks/a").exists()
    assert (out / "masks/b.png").exists()
    assert "a.mp4: videos have no coco; left out" in run_train(*command, "--save", "overlays,coco").stderr
    assert "of a video there are only masks, colors, overlays" in train_error(*command, "--save", "geojson")
