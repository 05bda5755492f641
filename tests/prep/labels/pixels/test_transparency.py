"""Alpha of raw masks: traces of brushes are no paint, and an overlay's opacity says nothing."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support import masks_of, random_image, run_error, run_ok, save

CONVERT = ("masks", "convert", "raw", "-o", "out", "--overwrite", "--classes", "list.txt")
OBJECT = np.zeros((24, 32), np.uint8)
OBJECT[5:15, 8:20] = 1
RED = np.array([255, 0, 0], np.uint8)
COLORS = np.array([[0, 0, 0], [255, 0, 0]], np.uint8)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("list.txt").write_text("background,#000000\ncar,#ff0000\n", "utf-8")


def write(stem: str, colors: NDArray[np.uint8], alpha: NDArray[np.integer] | int) -> None:
    save(Path(f"raw/images/{stem}.png"), random_image(0))
    layers = [np.broadcast_to(colors, (24, 32, 3)), np.broadcast_to(alpha, (24, 32))[..., None]]
    save(Path(f"raw/masks/{stem}.png"), np.concatenate(layers, axis=2).astype(np.uint8))


def test_a_trace_of_color_is_no_paint() -> None:
    """All of it was car: also where there is none, and an eraser left its colour everywhere."""
    write("a", RED, np.where(OBJECT, 255, 2))
    write("b", RED, 2)
    said = run_error(*CONVERT)
    assert "half-transparent" in said
    assert "#ff0000" not in said
    assert "\n\nRun the command again with\n  --unknown ignore " in said
    told = run_ok(*CONVERT, "--unknown", "background").stdout
    assert f"half-transparent: {2 * 24 * 32 - OBJECT.sum():,} pixels became background" in told
    found = masks_of(Path("out"))
    assert np.array_equal(found["a"], OBJECT)
    assert not found["b"].any()


def test_the_edge_of_a_soft_brush_is_where_it_is_half() -> None:
    alpha = np.clip(np.arange(32) * 16, 0, 255)
    write("a", RED, np.broadcast_to(alpha, (24, 32)))
    told = run_ok(*CONVERT, "--unknown", "background").stdout
    assert "transparent: 24 pixels became background" in told
    assert f"half-transparent: {24 * 7} pixels became background" in told
    assert np.array_equal(masks_of(Path("out"))["a"], np.broadcast_to(alpha >= 128, (24, 32)))


@pytest.mark.parametrize("opacity", [1, 26, 100, 127, 128])
def test_one_opacity_of_all_says_nothing(opacity: int) -> None:
    write("a", COLORS[OBJECT], opacity)
    write("b", COLORS[OBJECT * 0], opacity)
    run_ok(*CONVERT)
    found = masks_of(Path("out"))
    assert np.array_equal(found["a"], OBJECT)
    assert not found["b"].any()


@pytest.mark.parametrize("rest", [0, 2])
@pytest.mark.parametrize("opacity", [60, 100, 128])
def test_objects_of_one_opacity_are_painted(opacity: int, rest: int) -> None:
    write("a", RED, np.where(OBJECT, opacity, rest))
    run_ok(*CONVERT, "--unknown", "background")
    assert np.array_equal(masks_of(Path("out"))["a"], OBJECT)


def test_greys_with_a_trace_of_color_are_no_ids() -> None:
    Path("list.txt").write_text("background\ncar\n", "utf-8")
    write("a", np.ones(3, np.uint8), np.where(OBJECT, 255, 2))
    assert "half-transparent" in run_error(*CONVERT)


@pytest.mark.parametrize("color", [0, 255])
@pytest.mark.parametrize("opacity", [100, 255])
def test_masks_of_a_class_are_what_is_painted(color: int, opacity: int) -> None:
    write("a", np.full(3, color, np.uint8), np.where(OBJECT, opacity, 2))
    Path("raw/masks/car").mkdir()
    Path("raw/masks/a.png").rename("raw/masks/car/a.png")
    write("b", np.full(3, color, np.uint8), 2 * (opacity > 0))
    Path("raw/masks/b.png").rename("raw/masks/car/b.png")
    save(Path("raw/masks/tree/a.png"), (1 - OBJECT) * np.uint8(255))
    run_ok(*CONVERT[:-2])
    found = masks_of(Path("out"))
    assert np.array_equal(found["a"], np.where(OBJECT, 1, 2))
    assert not found["b"].any()
