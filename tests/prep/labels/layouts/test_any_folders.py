"""Folders whose names say nothing of photos and masks: what they hold tells."""

from pathlib import Path

import numpy as np
import pytest

from tests.support import by_stem, masks_of, random_image, run_error, run_ok, run_prep, save

CONVERT = ("masks", "convert", "raw", "-o", "out", "--classes", "classes.txt")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("classes.txt").write_text("background\nroad\ncar\n", "utf-8")


def mask(number: int) -> np.ndarray:
    """(60, 80) of large areas of 0, 1, 2."""
    made = np.zeros((60, 80), np.uint8)
    made[10 : 30 + number, 10:40] = 1
    made[35:50, 40 + number : 70] = 2
    return made


def photo(name: str, number: int = 0) -> None:
    save(Path("raw") / name, random_image(number, 60, 80))


def pair(photo_name: str, mask_name: str, number: int) -> None:
    photo(photo_name, number)
    save(Path("raw") / mask_name, mask(number))


def assert_masks(expected: dict[str, int]) -> None:
    made = masks_of(Path("out"))
    assert made.keys() == expected.keys()
    assert all(np.array_equal(made[stem], mask(number)) for stem, number in expected.items())


@pytest.mark.parametrize(
    ("test", "note"),
    [
        ("test/X/9.jpg", "1 image of the test folder without a mask left out"),
        ("test/9.jpg", "1 image in no folder of photos or of masks left out: test/9.jpg"),
    ],
)
def test_a_test_that_came_without_masks_is_left_out(test: str, note: str) -> None:
    """Which images are photos was asked, with an answer for each split alone."""
    for number, split in enumerate(("train", "train", "val")):
        pair(f"{split}/X/{number}.jpg", f"{split}/Y/{number}.png", number)
    photo(test, 9)
    said = run_ok(*CONVERT).stdout
    assert "photos are taken from X/, and masks from Y/" in said
    assert note in said
    assert_masks({"train_0": 0, "train_1": 1, "val_2": 2})
    assert [sample.split for sample in by_stem(Path("out")).values()] == ["train", "train", "val"]


@pytest.mark.parametrize("other", ["val/X/9.jpg", "site/X/9.jpg", "test/Z/9.jpg"])
def test_photos_without_masks_elsewhere_are_asked_about(other: str) -> None:
    for number in (0, 1):
        pair(f"train/X/{number}.jpg", f"train/Y/{number}.png", number)
    photo(other, 9)
    assert "raw/train/Y --images raw/train/X" in run_error(*CONVERT)


@pytest.mark.parametrize("names", [("9.jpg", "9_mask.png"), ("9.jpg", "9.png"), ("X/9.jpg", "9.png")])
def test_a_test_that_has_masks_of_its_own_is_asked_about(names: tuple[str, str]) -> None:
    for number in (0, 1):
        pair(f"train/X/{number}.jpg", f"train/Y/{number}.png", number)
    pair(f"test/{names[0]}", f"test/{names[1]}", 9)
    assert run_prep(*CONVERT).exit_code == 1


def test_a_photo_of_test_is_missed_where_others_of_test_have_masks() -> None:
    for number, split in enumerate(("train", "test")):
        pair(f"{split}/X/{number}.jpg", f"{split}/Y/{number}.png", number)
    photo("test/X/9.jpg", 9)
    assert "1 image has no mask: test_9" in run_error(*CONVERT)


@pytest.mark.parametrize("names", [("color.png", "label.png"), ("color.jpg", "gt.png"), ("rgb.png", "mask.png")])
def test_a_folder_for_each_sample_holds_the_photo_color_and_one_mask(names: tuple[str, str]) -> None:
    """Color says mask elsewhere, and each sample was offered as a set of its own."""
    for number in range(3):
        pair(*(f"s{number}/{name}" for name in names), number)
    run_ok(*CONVERT)
    stem = names[0].partition(".")[0]
    assert_masks({f"s{number}_{stem}": number for number in range(3)})


def test_a_picture_of_the_mask_called_color_is_no_photo() -> None:
    for number in range(3):
        colors = np.array([(0, 0, 0), (255, 0, 0), (0, 255, 0)], np.uint8)[mask(number)]
        save(Path(f"raw/s{number}/color.jpg"), colors)
        save(Path(f"raw/s{number}/label.png"), mask(number))
        save(Path(f"photos/s{number}.jpg"), random_image(number, 60, 80))
    assert "color" in run_error(*CONVERT, "--images", "photos")


@pytest.mark.parametrize("folders", [3, 50])
def test_samples_with_depth_and_instances_are_asked_about_by_names_that_work(folders: int) -> None:
    for number in range(folders):
        pair(f"s{number}/color.png", f"s{number}/label.png", number % 4)
        save(Path(f"raw/s{number}/instance.png"), mask(number % 4) * 7)
        save(Path(f"raw/s{number}/depth.png"), random_image(number + 70, 60, 80)[..., 0])
    said = run_error(*CONVERT)
    assert "\n  --match '{}_color' '{}_instance'\n  --match '{}_color' '{}_label'" in said
    run_ok(*CONVERT, "--match", "{}_color", "{}_label")
    assert_masks({f"s{number}_color": number % 4 for number in range(folders)})


def test_a_sample_without_a_mask_is_named() -> None:
    for number in (0, 1):
        pair(f"s{number}/color.png", f"s{number}/label.png", number)
    photo("s2/color.png", 2)
    assert "\n  --match '{}_color' '{}_label'" in run_error(*CONVERT)
    assert "1 image has no mask: s2_color." in run_error(*CONVERT, "--match", "{}_color", "{}_label")


@pytest.mark.parametrize("name", ["{0}{1}", "{0}_{1}", "{1}-{0}", "{1}{0}", "deep/{0}{1}"])
def test_a_split_and_a_word_in_the_name_of_a_folder_are_told_apart(name: str) -> None:
    for number, split in enumerate(("train", "val")):
        for turn in (0, 1):
            pair(f"{name.format(split, 'x')}/{turn}.png", f"{name.format(split, 'y')}/{turn}.png", 2 * number + turn)
    assert "photos are taken from x/, and masks from y/" in run_ok(*CONVERT).stdout
    assert_masks({f"{'deep_' * ('deep' in name)}{stem}": number for number, stem in enumerate(
        ("train_0", "train_1", "val_0", "val_1"))})  # fmt: skip
    assert {sample.split for sample in by_stem(Path("out")).values()} == {"train", "val"}


def test_no_folder_of_another_split_is_offered() -> None:
    for number, split in enumerate(("train", "val")):
        pair(f"{split}x/1.png", f"{split}y/1.png", number)
        save(Path(f"raw/{split}z/1.png"), mask(number) * 9)
    said = run_error(*CONVERT)
    assert [line.strip() for line in said.splitlines()[1:]] == [
        f"raw/{split}{word} --images raw/{split}x" for split in ("train", "val") for word in "yz"
    ]


@pytest.mark.parametrize("ending", ["_mask", "_gt"])
def test_masks_of_two_cameras_are_not_photos_of_one_and_masks_of_the_other(ending: str) -> None:
    for number, camera in enumerate(("camA", "camA", "camB", "camB")):
        pair(f"images/{camera}/p{number % 2}.jpg", f"masks/{camera}/p{number % 2}{ending}.png", number)
    run_ok("masks", "convert", "raw/masks", "--images", "raw/images", "-o", "out", "--classes", "classes.txt")
    assert_masks({"camA_p0": 0, "camA_p1": 1, "camB_p0": 2, "camB_p1": 3})


@pytest.mark.parametrize("column", ["mask_idx", "n_masks", "mask_area", "seg_count", "mask_id"])
def test_numbers_beside_names_are_no_masks_unless_the_table_says_so(column: str) -> None:
    for number in range(1, 5):
        pair(f"images/{number:03}.jpg", f"masks/{number:03}.png", number)
    rows = "".join(
        f"{number:03},{number - 1 if column.startswith('mask_i') else 5 - number}\n" for number in range(1, 5)
    )
    Path("raw/meta.csv").write_text(f"image_id,{column}\n{rows}")
    run_ok(*CONVERT)
    assert_masks({f"{number:03}": number for number in range(1, 5)})
