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


SQUARE = np.pad(MASK, ((0, 10), (0, 0)))


def turned_photo(stem: str, orientation: int, form: str, mask: NDArray[np.uint8] = MASK) -> None:
    """A photo that EXIF turns, and the mask of what it shows, drawn on its "upright" or on its "stored" form."""
    stored(random_image(len(stem), *mask.shape), f"raw/images/{stem}.jpg", orientation)
    save(Path(f"raw/masks/{stem}.png"), mask if form == "upright" else upright(mask, BACK[orientation]))


@pytest.mark.parametrize("orientation", [2, 3, 4])
def test_masks_of_photos_that_lie_upside_down_are_turned_as_those_of_photos_on_their_side(orientation: int) -> None:
    """A tool that takes no notice of EXIF takes none of any photo."""
    turned_photo("side", 6, "stored")
    turned_photo("over", orientation, "stored")
    turned_photo("square", 8, "stored", SQUARE)
    save(Path("raw/images/plain.jpg"), random_image(9, 30, 40))
    save(Path("raw/masks/plain.png"), MASK)
    told = run_ok("masks", "convert", "raw", "-o", "d").stdout
    masks = masks_of(Path("d"))
    assert np.array_equal(masks.pop("square"), SQUARE)
    assert masks and all(np.array_equal(mask, MASK) for mask in masks.values())
    assert "turned as EXIF turns the photo: 3 masks" in told
    assert (
        "2 photos are turned over, mirrored, or square and turned by EXIF, so that sizes do not tell how masks lie: "
        "taken as drawn on the photo before EXIF turns it, as the masks of the other turned photos are, look at "
        "images/over.jpg, images/square.jpg"
    ) in told


@pytest.mark.parametrize(
    ("forms", "said"),
    [
        (
            ["upright"],
            "drawn on the photo upright, as the masks of the other turned photos are, look at images/over.jpg",
        ),
        (
            ["upright", "stored"],
            "on the upright photo; those of the other turned photos lie both ways, look at images/",
        ),
        ([], "taken as drawn on the upright photo, look at images/over.jpg"),
    ],
)
def test_masks_are_taken_as_upright_where_others_do_not_say_otherwise(forms: list[str], said: str) -> None:
    for number, form in enumerate(forms):
        turned_photo(f"side{number}", 6, form)
    turned_photo("over", 3, "upright")
    told = run_ok("masks", "convert", "raw", "-o", "d").stdout
    assert all(np.array_equal(mask, MASK) for mask in masks_of(Path("d")).values())
    assert said in told


def test_pixels_are_counted_once_where_masks_are_turned_and_made_smaller() -> None:
    ids = np.random.default_rng(0).integers(0, 2, (30, 40)).astype(np.uint8)
    turned_photo("side", 6, "stored", ids)
    turned_photo("over", 3, "stored", ids)
    run_ok("resize", "raw/images", "-o", "d", "--size", "16")
    told = run_ok("masks", "convert", "raw/masks", "-o", "d", "--classes", "raw/classes.txt").stdout
    made = np.concatenate([mask.ravel() for mask in masks_of(Path("d")).values()])
    assert f"{np.count_nonzero(made == 1):,}" in next(row for row in told.splitlines() if row.startswith("car")).split()
