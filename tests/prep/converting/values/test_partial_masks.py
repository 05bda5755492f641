"""Masks that say a part only: one class of several, degrees between two, the area that was labelled; and twins."""

import numpy as np
import pytest

from tests.prep.labels.layouts.downloads import Download
from tests.support import masks_of, paint, random_image, random_mask, run_error, run_ok, save

IDS = [random_mask(seed, 40, 50) for seed in range(4)]
LIST = "background,#000000\nroad,#ff0000\ncar,#00ff00\n"


def photo(download: Download, name: str, number: int) -> None:
    save(download.path / name, random_image(number, 40, 50))


def suim(download: Download) -> None:
    for number, ids in enumerate(IDS):
        split = "train_val" if number < 2 else "TEST"
        photo(download, f"{split}/images/d_r_{number}_.jpg", number)
        save(download.path / f"{split}/masks/d_r_{number}_.bmp", paint(ids))
        for raw, name in enumerate(("RO", "FV", "WR")) if number > 1 else ():
            download.part(f"TEST/masks/{name}/d_r_{number}_.bmp", ids == raw)


@pytest.mark.parametrize("source", ["", "TEST", "TEST/masks"])
def test_masks_of_one_class_below_those_of_all_are_left_out(download: Download, source: str) -> None:
    suim(download)
    download.write("names.txt", LIST)
    said = download.convert("--classes", download.path / "names.txt", source=source)
    assert "masks of one class each, below masks that hold all classes, left out: 6 masks in " in said
    prefix = "" if source else "TEST_"
    assert np.array_equal(download.masks[f"{prefix}d_r_3_"], IDS[3])
    assert len(download.masks) == (2 if source else 4)


def test_masks_of_one_class_alone_are_read_where_their_folder_is_named(download: Download) -> None:
    suim(download)
    download.write("names.txt", "background\nrobot\n")
    options = ("--images", download.path / "TEST/images", "--classes", download.path / "names.txt")
    download.convert(*options, source="TEST/masks/RO")
    assert np.array_equal(download.masks["d_r_2_"], IDS[2] == 0)


def test_a_kind_of_masks_that_some_images_lack_is_proposed_with_what_skips_the_others(download: Download) -> None:
    for number, ids in enumerate(IDS):
        photo(download, f"images/x{number}.jpg", number)
        download.mask(f"masks/x{number}_a.png", ids)
        if number:
            download.mask(f"masks/x{number}_b.png", ids * 2)
    said = download.error()
    assert "  --match '{}' '{}_a'   4 masks" in said
    assert "  --match '{}' '{}_b' --skip-unpaired   3 masks" in said
    download.write(
        "names.txt", "background\nroad,#ff0000,2\ncar,#00ff00,4\n".replace("background", "background,#000000,0")
    )
    download.convert("--match", "{}", "{}_b", "--skip-unpaired", "--classes", download.path / "names.txt")
    assert np.array_equal(download.masks["x3"], IDS[3])
    assert len(download.masks) == 3


STEPS = np.array([0, 51, 102, 153, 204, 255])
DEGREES = [random_mask(seed, 40, 50, classes=6) for seed in range(2)]


def degrees(download: Download, folder: str, listed: str = "") -> None:
    for number, ids in enumerate(DEGREES):
        photo(download, f"{folder}images/001.Bird/b{number}.jpg", number)
        download.mask(f"{folder}segmentations/001.Bird/b{number}.png", STEPS[ids])
    if listed:
        download.write(f"{folder}classes.txt", listed)


SPECIES = "".join(f"{number} {number:03}.Bird{number}\n" for number in range(1, 201))


@pytest.mark.parametrize("listed", ["", SPECIES, "background\nbird\n"])
def test_degrees_of_agreement_are_asked_about_and_the_nearer_of_black_and_white_decides(
    download: Download, listed: str
) -> None:
    degrees(download, "CUB/", listed)
    said = download.error(source="CUB")
    assert "They go from 0 to 255 in steps of 51." in said
    two, each = said.split("classes.txt and --unknown nearest:\n\n")[1].split("\n\n")[0], said.split("\n\n")[-1]
    download.write("two.txt", two)
    download.convert("--classes", download.path / "two.txt", "--unknown", "nearest", source="CUB")
    assert np.array_equal(download.masks["001.Bird_b0"], DEGREES[0] > 2)
    download.write("each.txt", each.split("\n(classes:")[0])
    download.convert("--classes", download.path / "each.txt", "--overwrite", source="CUB")
    assert np.array_equal(download.masks["001.Bird_b1"], DEGREES[1])


def test_two_names_and_degrees_of_agreement_need_nearest_only(download: Download) -> None:
    degrees(download, "", "background\nbird\n")
    said = download.convert("--unknown", "nearest")
    assert "the masks are black and white: 0 is background, 255 is bird" in said
    assert np.array_equal(download.masks["001.Bird_b0"], DEGREES[0] > 2)


def agriculture(download: Download) -> None:
    for number, ids in enumerate(IDS):
        for band in ("rgb", "nir"):
            photo(download, f"train/images/{band}/F{number}.jpg", number)
        good, field = np.ones((2, *ids.shape), bool)
        good[:7], field[:, -9:] = False, False
        download.part(f"train/masks/F{number}.png", good)
        download.part(f"train/boundaries/F{number}.png", field)
        for raw, name in ((1, "water"), (2, "weeds")):
            download.part(f"train/labels/{name}/F{number}.png", ids == raw)


AREA = np.zeros((40, 50), bool)
AREA[7:, :-9] = True


@pytest.mark.parametrize(
    ("source", "images"),
    [("train", ""), ("train/labels", ""), ("train/labels", "train/images/rgb"), ("train/labels", "train/images")],
)
def test_what_lies_outside_of_the_areas_beside_masks_of_classes_is_ignored(
    download: Download, source: str, images: str
) -> None:
    agriculture(download)
    said = download.convert(*(["--images", download.path / images] if images else []), source=source)
    assert "outside of boundaries/ and masks/, and so ignored: of 4 photos" in said
    assert ("a photo is of three colours; left out: 4 images in " in said) == (images != "train/images/rgb")
    assert download.names == ("background", "water", "weeds")
    assert [
        np.array_equal(mask, np.where(AREA, IDS[number], 255)) for number, mask in enumerate(download.masks.values())
    ] == [True] * 4


def test_areas_beside_masks_of_one_class_are_told(download: Download) -> None:
    agriculture(download)
    download.write("names.txt", "background\nweeds\n")
    options = ("--images", download.path / "train/images/rgb", "--classes", download.path / "names.txt")
    said = download.convert(*options, source="train/labels/weeds")
    assert (
        f"boundaries and {download.path / 'train/masks'} say which pixels are good; the others are not ignored" in said
    )


@pytest.mark.parametrize("source", ["", "masks"])
def test_two_masks_of_one_name_are_refused_with_both(download: Download, source: str) -> None:
    for number, ids in enumerate(IDS):
        photo(download, f"images/x{number}.jpg", number)
        download.mask(f"masks/x{number}.png", ids)
        download.mask(f"masks/x{number}.tif", (ids + 1) % 3)
    options = ("--images", download.path / "images") if source else ()
    said = download.error(*options, source=source)
    first, second = download.path / "masks/x0.png", download.path / "masks/x0.tif"
    assert f"{first} and {second} have the same stem x0; so have 4: rename one of them each, or move all .png" in said
    run_ok("resize", download.path / "images", "-o", download.path.parent / "set", "--size", 50)
    assert "have the same stem x0" in run_error(
        "masks", "convert", download.path / "masks", "-o", download.path.parent / "set"
    )


def test_two_photos_of_one_name_beside_masks_are_refused_with_both(download: Download) -> None:
    for number, ids in enumerate(IDS):
        photo(download, f"x{number}.jpg", number)
        download.mask(f"x{number}.png", ids)
    photo(download, "x2.tif", 2)
    assert f"{download.path / 'x2.jpg'} and {download.path / 'x2.tif'} have the same stem x2" in download.error()
    (download.path / "x2.tif").unlink()
    download.write("names.txt", "background\nroad\ncar\n")
    download.convert("--classes", download.path / "names.txt")
    assert all(
        np.array_equal(mask, IDS[int(stem[1:])]) for stem, mask in masks_of(download.path.parent / "set").items()
    )
