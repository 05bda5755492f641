"""A file that needs too much memory or nests too deeply is named in words, wherever that happens after decoding."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from prep.core.classes import read_classes
from prep.core.errors import SegError
from prep.images.imageio import read_image, read_mask
from tests.support import CLASS_LIST, paint, random_image, random_mask, run_error, run_prep, save

ERRORS = ((MemoryError, "needs more memory than there is; save it smaller"), (RecursionError, "nested too deeply"))


def failing(error: type[Exception]) -> Callable[..., object]:
    def fail(*_: object, **__: object) -> object:
        raise error

    return fail


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """One label, its photo (a PNG, so that it has to be encoded), and the class map."""
    save(tmp_path / "raw/labels/a.png", paint(random_mask(0)))
    save(tmp_path / "raw/photos/a.png", random_image(0))
    (tmp_path / "raw/labels/classes.txt").write_text(CLASS_LIST)
    return tmp_path / "raw"


@pytest.mark.parametrize(("error", "says"), ERRORS, ids=lambda value: getattr(value, "__name__", ""))
@pytest.mark.parametrize(
    ("place", "named"),
    [
        ("prep.labels.pixels.rgb.color_codes", "labels/a.png"),
        ("prep.converting.job.find_unknown", "labels/a.png"),
        ("prep.converting.job.place_mask", "labels/a.png"),
        ("prep.photos.photoio.resize_image", "photos/a.png"),
        ("prep.photos.photoio.to_srgb", "photos/a.png"),
        ("prep.photos.image_file.encode_png", "photos/a.png"),
        ("prep.labels.pixels.voc.voc_source", "labels"),
    ],
)
def test_convert_names_the_file(
    place: str, named: str, error: type[Exception], says: str, raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, failing(error))
    text = run_error("masks", "convert", raw / "labels", "-o", raw.parent / "set")
    assert f"{raw / named}: {says}" in text
    assert not (raw.parent / "set").exists()


@pytest.mark.parametrize("place", ["prep.photos.photoio.resize_image", "prep.photos.image_file.encode_png"])
def test_resize_leaves_out_the_photo(place: str, raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, failing(MemoryError))
    text = run_error("resize", raw / "photos", "-o", raw.parent / "set", "--size", 16, "--format", "png")
    assert f"{raw / 'photos/a.png'}: needs more memory than there is" in text


def test_inspect_names_the_file(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prep.labels.pixels.rgb.color_codes", failing(MemoryError))
    result = run_prep("masks", "inspect", raw / "labels")
    assert result.exit_code == 1
    assert f"{raw / 'labels/a.png'}: needs more memory" in result.stdout


@pytest.mark.parametrize("place", ["cv2.imdecode", "cv2.cvtColor"])
def test_prepared_images_are_named(place: str, raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, failing(MemoryError))
    with pytest.raises(SegError, match=r"a\.png: needs more memory"):
        read_image(raw / "photos/a.png")


def test_opencv_says_no_memory_in_its_own_way(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> object:
        error = cv2.error("Insufficient memory")
        error.code = cv2.Error.StsNoMem
        raise error

    save(raw / "m.png", random_mask(0).astype(np.uint8))
    monkeypatch.setattr(cv2, "imdecode", fail)
    with pytest.raises(SegError, match=r"m\.png: needs more memory"):
        read_mask(raw / "m.png")


@pytest.mark.parametrize("content", ["[" * 100_000, '{"a":' * 100_000], ids=["lists", "objects"])
def test_deep_json_is_told(content: str, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(content)
    with pytest.raises(SegError, match=rf"^{tmp_path / 'c.json'}: nested too deeply"):
        read_classes(tmp_path / "c.json")
    assert "c.json: nested too deeply" in run_error("masks", "convert", tmp_path / "c.json", "-o", tmp_path / "set")


def test_numbers_of_thousands_of_digits_are_told(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps({"names": ["a"], "ids": [1]}).replace("1", "1" * 5000))
    with pytest.raises(SegError, match=r"c\.json: holds a number of thousands of digits"):
        read_classes(tmp_path / "c.json")
