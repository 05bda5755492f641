"""Labels that state no sizes, on photos that EXIF turns: ImageJ shows them as they are stored, others upright."""

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prep.images.resample import upright
from tests.support import masks_of, run_ok, smooth_image

BACK = {1: 1, 6: 8, 8: 6}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("raw/images").mkdir(parents=True)


def photo(orientation: int) -> None:
    """60 high and 80 wide as a person sees it."""
    said = Image.Exif()
    said[0x0112] = orientation
    Image.fromarray(upright(smooth_image(60, 80), BACK[orientation])).save("raw/images/a.jpg", exif=said, quality=95)


def truth(orientation: int) -> np.ndarray:
    """A rectangle on the photo as it is stored, and all around it, as it is shown."""
    stored = np.zeros((60, 80) if orientation == 1 else (80, 60), np.uint8)
    stored[4:14, 10:50] = 1
    return upright(stored, orientation)


@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_rois_of_imagej_lie_on_what_is_stored(orientation: int) -> None:
    photo(orientation)
    header = bytearray(64)
    header[:4] = b"Iout"
    struct.pack_into(
        ">hBBhhhhH", header, 4, 228, 1, 0, 4, 10, 14, 50, 0
    )  # version, rectangle, top, left, bottom, right
    with zipfile.ZipFile("raw/images/a.zip", "w") as file:
        file.writestr("cell.roi", bytes(header))
    said = run_ok("masks", "convert", "raw", "-o", "d").stdout
    assert np.array_equal(masks_of(Path("d"))["a"], truth(orientation))
    told = (
        "these labels state no sizes, and 1 photo is turned by EXIF: taken as drawn on it as they are stored, without"
    )
    assert (told in said) == (orientation != 1)


@pytest.mark.parametrize("orientation", [1, 6])
def test_shares_are_of_the_upright_photo_and_that_is_told(orientation: int) -> None:
    photo(orientation)
    Path("raw/labels").mkdir()
    Path("raw/labels/a.txt").write_text("0 0.25 0.25 0.75 0.25 0.75 0.5 0.25 0.5\n")
    Path("raw/data.yaml").write_text("names: [car]\n")
    said = run_ok("masks", "convert", "raw", "-o", "d").stdout
    mask = masks_of(Path("d"))["a"]
    assert (mask.shape, int(mask.sum()), mask[20, 40], mask[40, 40]) == ((60, 80), 15 * 40, 1, 0)
    assert ("taken as drawn on it upright, as EXIF says; look at a.jpg" in said) == (orientation != 1)
