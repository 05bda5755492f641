"""Photos that are called as those of before: an image that has a mask does not become another one without a word."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from prep.dataset.index import read_index, write_index
from prep.dataset.states import write_states
from tests.support import by_stem, load, run_error, run_ok, run_partly, save, tree

RESIZE = ("resize", "photos", "-o", "d", "--size", 80, "--overwrite")
NOTE = "1 image with a mask has other pixels now and shows the same; its mask stays as before: DSC_0001"


def scene(seed: int) -> NDArray[np.uint8]:
    """(60, 80, 3) of coloured patches with soft edges."""
    patches = np.random.default_rng(seed).integers(0, 256, (10, 13, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(patches, (80, 60), interpolation=cv2.INTER_CUBIC))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("names.txt").write_text("background\nroad\n")
    for number in (1, 2):
        save(Path(f"photos/DSC_000{number}.png"), scene(number))
        save(Path(f"labels/DSC_000{number}.png"), np.eye(60, 80, number, dtype=np.uint8))
    run_ok(*RESIZE)
    run_ok("masks", "convert", "labels", "-o", "d", "--classes", "names.txt")


@pytest.mark.parametrize("rejected", [False, True])
def test_another_photo_of_the_same_name_is_left_out(rejected: bool) -> None:
    if rejected:
        samples = read_index(Path("d/index.csv"))
        write_index(Path("d/index.csv"), [replace(each, mask="") for each in samples])
        write_states(Path("d/states.csv"), dict.fromkeys(by_stem(Path("d")), "rejected"), {})
    before = tree(Path("d"))
    save(Path("photos/DSC_0001.png"), scene(3))
    told = run_partly(*RESIZE)
    assert "photos/DSC_0001.png: shows something else than d/images/DSC_0001.png" in told
    assert "the dataset has the mask masks/DSC_0001.png; rename the photo" in told
    assert tree(Path("d")) == before


@pytest.mark.parametrize("light", [20, 235])
def test_a_photo_that_is_of_one_colour(light: int) -> None:
    save(Path("photos/DSC_0001.png"), np.full((60, 80, 3), light, np.uint8))
    assert "shows something else" in run_partly(*RESIZE)


def test_it_comes_in_under_another_name() -> None:
    save(Path("photos/DSC_0003.png"), scene(3))
    run_ok(*RESIZE)
    assert by_stem(Path("d"))["DSC_0003"].mask == ""


def test_it_comes_in_once_the_old_image_was_removed() -> None:
    save(Path("photos/DSC_0001.png"), scene(3))
    Path("d/images/DSC_0001.png").unlink()
    run_ok(*RESIZE)
    assert np.array_equal(load(Path("d/images/DSC_0001.png")), scene(3))
    assert by_stem(Path("d"))["DSC_0001"].mask == "masks/DSC_0001.png"


def test_an_image_without_a_mask_becomes_another_one() -> None:
    samples = read_index(Path("d/index.csv"))
    write_index(Path("d/index.csv"), [replace(each, mask="") for each in samples])
    save(Path("photos/DSC_0001.png"), scene(3))
    run_ok(*RESIZE)
    assert np.array_equal(load(Path("d/images/DSC_0001.png")), scene(3))


def retouched(kind: str) -> NDArray[np.uint8]:
    photo = scene(1)
    if kind == "brighter":
        return np.clip(photo * 1.4 + 20, 0, 255).astype(np.uint8)
    if kind == "grey":
        return np.repeat(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    photo[20:40, 20:40] = 128
    return photo


@pytest.mark.parametrize("kind", ["brighter", "grey", "painted"])
def test_a_retouched_photo_comes_in_and_is_told(kind: str) -> None:
    save(Path("photos/DSC_0001.png"), retouched(kind))
    assert NOTE in run_ok(*RESIZE).stdout
    assert np.array_equal(load(Path("d/images/DSC_0001.png")), retouched(kind))
    assert "other pixels" not in run_ok(*RESIZE).stdout


def test_another_quality_is_told() -> None:
    told = run_ok(*RESIZE, "--format", "jpg", "--quality", 20).stdout
    assert "2 images with a mask have other pixels now and show the same; their masks stay as before: DSC_0001" in told
    assert "other pixels" not in run_ok(*RESIZE, "--format", "jpg", "--quality", 20).stdout


def test_a_damaged_image_is_brought_back() -> None:
    Path("d/images/DSC_0001.png").write_bytes(b"damaged")
    run_ok(*RESIZE)
    assert np.array_equal(load(Path("d/images/DSC_0001.png")), scene(1))


def test_without_overwrite_it_is_told_what_is_wrong() -> None:
    Path("photos/DSC_0002.png").unlink()
    save(Path("photos/DSC_0001.png"), scene(3))
    assert "photos/DSC_0001.png: shows something else than" in run_error(*RESIZE[:-1])
