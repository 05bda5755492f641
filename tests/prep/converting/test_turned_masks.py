"""Masks whose own files say how they are shown: EXIF in a PNG, a TIFF in which 0 is white."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from prep.images.resample import upright
from tests.support import masks_of, random_image, run_error, run_ok, save, smooth_image

MASK = np.pad(np.ones((9, 20), np.uint8), ((3, 18), (4, 16)))
"""30 x 40, and no two of its eight orientations are alike."""

BACK = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
"""The orientation that undoes another."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("raw/images").mkdir(parents=True)
    Path("raw/masks").mkdir()
    Path("raw/classes.txt").write_text("background\ncar\n")


def stored(pixels: NDArray[np.uint8], name: str, orientation: int, exif: int | None = None) -> None:
    """Write what is shown as these pixels by a program that obeys EXIF, or says something else there."""
    said = Image.Exif()
    said[0x0112] = orientation if exif is None else exif
    turned = upright(pixels, BACK[orientation])
    Image.fromarray(turned).save(name, exif=said, **({"quality": 95} if name.endswith("jpg") else {}))


def mask_made() -> NDArray[np.uint8]:
    run_ok("masks", "convert", "raw", "-o", "d", "--overwrite")
    return masks_of(Path("d"))["a"]


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_mask_is_turned_as_its_own_file_says(orientation: int) -> None:
    save(Path("raw/images/a.jpg"), smooth_image(30, 40))
    stored(MASK, "raw/masks/a.png", orientation)
    told = run_ok("masks", "convert", "raw", "-o", "d").stdout
    assert np.array_equal(masks_of(Path("d"))["a"], MASK)
    assert "turned as EXIF of their own files says: 1 mask (a); look at some" in told


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_mask_that_has_the_orientation_of_its_photo_is_turned_with_it(orientation: int) -> None:
    stored(smooth_image(30, 40), "raw/images/a.jpg", orientation)
    stored(MASK, "raw/masks/a.png", orientation)
    told = run_ok("masks", "convert", "raw", "-o", "d").stdout
    assert np.array_equal(masks_of(Path("d"))["a"], MASK)
    assert "turned as EXIF turns the photo: 1 mask" in told and "sizes do not tell" not in told


@pytest.mark.parametrize("orientation", [6, 8])
def test_exif_that_was_copied_onto_a_mask_that_lies_upright_changes_nothing(orientation: int) -> None:
    stored(smooth_image(30, 40), "raw/images/a.jpg", orientation)
    stored(MASK, "raw/masks/a.png", 1, exif=orientation)
    assert np.array_equal(mask_made(), MASK)


def test_a_mask_that_fits_in_no_way_is_refused_by_its_own_shape() -> None:
    save(Path("raw/images/a.jpg"), smooth_image(30, 40))
    stored(np.zeros((11, 40), np.uint8) + np.arange(40, dtype=np.uint8) % 2, "raw/masks/a.png", 3)
    assert "40 x 11 pixels, but its photo images/a.jpg has 40 x 30" in run_error("masks", "convert", "raw", "-o", "d")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("value", [1, 255])
def test_numbers_of_a_tiff_in_which_zero_is_white_are_those_that_are_stored(dtype: type, value: int) -> None:
    """ImageJ writes masks so, with its inverting table; 255 is inside."""
    save(Path("raw/images/a.png"), smooth_image(30, 40))
    tifffile.imwrite("raw/masks/a.tif", (MASK * value).astype(dtype), photometric="miniswhite")
    assert np.array_equal(mask_made(), MASK)


def test_true_is_inside_where_tifffile_wrote_an_array_of_truths() -> None:
    """It says that 0 is white, and stores 1 for True."""
    save(Path("raw/images/a.png"), smooth_image(30, 40))
    tifffile.imwrite("raw/masks/a.tif", MASK.astype(bool))
    assert np.array_equal(mask_made(), MASK)


def test_true_is_inside_on_each_page(tmp_path: Path) -> None:
    """The first page alone says that tifffile wrote the file."""
    pages = np.stack([MASK, MASK[::-1], MASK[:, ::-1]])
    tifffile.imwrite("raw/images/a.tif", np.stack([random_image(seed, 30, 40) for seed in range(3)]), photometric="rgb")
    tifffile.imwrite("raw/masks/a.tif", pages.astype(bool))
    Path("raw/classes.txt").write_text("background\nroad\n", "utf-8")
    run_ok("masks", "convert", "raw", "-o", "d")
    assert all(np.array_equal(mask, page) for mask, page in zip(masks_of(Path("d")).values(), pages, strict=True))
