"""Patterns that errors offer pair no mask with the photo of another name: another side, another day."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.support import masks_of, random_image, random_mask, run_error, run_ok, save


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("names.txt").write_text("background\nroad\ncar\n", encoding="utf-8")


CONVERT = ("masks", "convert", "masks", "--images", "photos", "--classes", "names.txt", "-o", "set")


def make(photos: Sequence[str], masks: Sequence[str]) -> None:
    """Photos and masks of these names, whose seeds are their places in the lists."""
    for number, name in enumerate(photos):
        save(Path(f"photos/{name}.jpg"), random_image(number, 80, 90))
    for number, name in enumerate(masks):
        save(Path(f"masks/{name}.png"), random_mask(number, 80, 90))


@pytest.mark.parametrize(
    ("photos", "masks"),
    [
        (("1_r", "2_r"), ("1_l_gt", "2_l_gt")),
        (("1_r", "2_l"), ("1_l_gt", "2_r_gt")),
        (("left_1", "left_2", "left_3"), ("right_1", "right_2", "right_9")),
        (("leftEye1", "leftEye2"), ("rightEye1_mask", "rightEye2_mask")),
        (("1OD", "2OD"), ("1OS", "2OS")),
    ],
)
def test_no_mask_of_one_side_is_paired_with_a_photo_of_the_other(photos: Sequence[str], masks: Sequence[str]) -> None:
    make(photos, masks)
    said = run_error(*CONVERT)
    assert "say with --match and two patterns" in said
    assert f"{masks[0]} is of another side than {photos[0]}" in said
    assert "--in-order" not in said


def test_sides_stay_in_names_where_masks_are_of_one_side_only() -> None:
    make(("1_l", "1_r", "2_l", "2_r"), ("1_l_gt", "2_l_gt", "3_l_gt"))
    assert run_error(*CONVERT).endswith("pair them with --match '{}' '{}_gt'")
    run_ok(*CONVERT, "--match", "{}", "{}_gt", "--skip-unpaired")
    assert [*masks_of(Path("set"))] == ["1_l", "2_l"]
    assert np.array_equal(masks_of(Path("set"))["2_l"], random_mask(1, 80, 90))


@pytest.mark.parametrize(
    ("photos", "masks"), [(("1", "2"), ("1_L", "2_L")), (("x_left", "y_left"), ("x_left_gt", "y_left_gt"))]
)
def test_a_letter_that_says_mask_and_equal_sides_pair_as_ever(photos: Sequence[str], masks: Sequence[str]) -> None:
    make(photos, masks)
    run_ok(*CONVERT)
    assert np.array_equal(masks_of(Path("set"))[photos[1]], random_mask(1, 80, 90))


@pytest.mark.parametrize(
    "masks",
    [
        ("2024-03-01_a", "2024-03-02_b", "2024-03-03_c"),
        ("2024-03-01_a", "2024-03-02_a", "2024-03-04_a"),
        ("01.03.2024_a", "02.03.2024_a", "03.03.2024_a"),
        ("2024-01-05_a", "2024-02-05_a", "2024-03-05_a"),
    ],
)
def test_no_part_of_a_date_is_the_number_of_a_photo(masks: Sequence[str]) -> None:
    make(("01", "02", "03"), masks)
    said = run_error(*CONVERT)
    assert "3 masks have no image" in said
    assert "say with --match and two patterns" in said


def test_a_number_beside_a_date_is_that_of_a_photo() -> None:
    make(("01", "02", "03"), ("2024-03-01_01_v", "2024-03-01_02_v", "2024-03-01_03_v", "2024-03-01_09_v"))
    assert run_error(*CONVERT).endswith("pair them with --match '{}' '2024-03-01_{}_v'")
    run_ok(*CONVERT, "--match", "{}", "2024-03-01_{}_v", "--skip-unpaired")
    assert np.array_equal(masks_of(Path("set"))["03"], random_mask(2, 80, 90))
    for path in Path("masks").iterdir():
        path.rename(path.with_name(path.name.replace("03-01_", "03-01T").replace("_v", "").replace("T", "_")))
    Path("masks/2024-03-01_09.png").unlink()
    run_ok(*CONVERT, "--overwrite")
    assert np.array_equal(masks_of(Path("set"))["02"], random_mask(1, 80, 90))


def test_a_photo_that_is_called_by_a_date_has_its_mask() -> None:
    make(("2024-03-01", "2024-03-02"), ("2024-03-01_mask", "2024-03-02_mask"))
    run_ok(*CONVERT)
    assert np.array_equal(masks_of(Path("set"))["2024-03-02"], random_mask(1, 80, 90))


def test_the_part_that_differs_is_offered_and_not_one_that_all_masks_have() -> None:
    make(("1", "2", "3"), ("mask_2_1", "mask_2_2", "mask_2_4"))
    said = run_error(*CONVERT)
    assert "\n  --match '{}' 'mask_2_{}' --skip-unpaired   each is of another image\n  --from object-masks " in said
    assert said.count("--match") == 1
    run_ok(*CONVERT, "--match", "{}", "mask_2_{}", "--skip-unpaired")
    assert np.array_equal(masks_of(Path("set"))["2"], random_mask(1, 80, 90))


def test_two_parts_of_which_each_is_the_number_of_a_photo_are_asked_about() -> None:
    make(("1", "2", "3"), ("mask_1_2", "mask_2_3", "mask_3_1"))
    assert run_error(*CONVERT).startswith("mask_1_2 has the names of several images in it (1, 2), and nothing says")
    for folder in ("photos", "masks"):
        inside = [*Path(folder).iterdir()]
        Path(folder, "train").mkdir()
        for path in inside:
            path.rename(Path(folder, "train", path.name))
    assert "mask_1_2 has the names of several images in it (1, 2)" in run_error(*CONVERT)


@pytest.mark.parametrize(("name", "ending"), [("{}/{}", "png"), ("{}/{}", "jpg"), ("{}/images/{}", "png")])
def test_a_mask_without_its_photo_is_named_where_patterns_are_given(name: str, ending: str) -> None:
    for number, (split, photo) in enumerate((split, photo) for split in ("train", "val") for photo in "123"):
        if (split, photo) != ("val", "2"):
            save(Path(f"raw/{name.format(split, photo)}.{ending}"), random_image(number, 80, 90))
        folder = name.format(split, "").replace("images", "masks")
        save(Path(f"raw/{folder}anna_{photo}.png"), random_mask(number, 80, 90))
    typed = ("masks", "convert", "raw", "--classes", "names.txt", "-o", "set", "--match", "{}", "anna_{}")
    said = run_error(*typed)
    assert said.startswith("1 mask has no image: val_anna_2. Nothing was written")
    done = run_ok(*typed, "--skip-unpaired").stdout
    assert "left out for want of a partner: 1\n  val_anna_2" in done
    assert [*masks_of(Path("set"))] == ["train_1", "train_2", "train_3", "val_1", "val_3"]
    assert np.array_equal(masks_of(Path("set"))["val_3"], random_mask(5, 80, 90))


def test_a_mask_in_a_folder_without_photos_is_named_and_its_folder_offered_for_no_other_split() -> None:
    for number, photo in enumerate("123"):
        save(Path(f"raw/train/{photo}.png"), random_image(number, 80, 90))
        save(Path(f"raw/train/anna_{photo}.png"), random_mask(number, 80, 90))
    save(Path("raw/val/anna_2.png"), random_mask(9, 80, 90))
    typed = ("masks", "convert", "raw", "--classes", "names.txt", "-o", "set")
    assert "raw/val --images raw/train" not in run_error(*typed)
    assert run_error(*typed, "--match", "{}", "anna_{}").startswith("1 mask has no image: val_anna_2. Nothing was")
    for number, photo in enumerate("45"):
        save(Path(f"flat/img_{photo}.png"), random_image(number, 80, 90))
        save(Path(f"flat/mask_{photo}.png"), random_mask(number, 80, 90))
    save(Path("flat/mask_6.png"), random_mask(6, 80, 90))
    said = run_error("masks", "convert", "flat", *typed[3:], "--match", "img_{}", "mask_{}")
    assert said.startswith("1 mask has no image: mask_6. Nothing was written")


def test_a_question_on_several_masks_shows_what_each_answer_pairs() -> None:
    make(("1", "2"), ("1", "2", "1_L1", "1_L2"))
    said = run_error(*CONVERT)
    assert "\n  --match '{}' '{}'   2 masks, 1 with 1\n" in said
    assert "\n  --match '{}' '{}_L2' --skip-unpaired   1 mask, 1 with 1_L2" in said
    assert (
        "left out, because --match takes others: 2 masks (1_L1, 1_L2)" in run_ok(*CONVERT, "--match", "{}", "{}").stdout
    )
    assert np.array_equal(masks_of(Path("set"))["1"], random_mask(0, 80, 90))


@pytest.mark.parametrize("added", ["_45_77", "_0_1", "_13_32", "_01_01"])
def test_numbers_that_are_no_dates_and_years_are_names(added: str) -> None:
    """A tile's place beside the number of its image, and photos of years."""
    make(("1998", "1999", "2001"), [f"{number}{added}" for number in (1998, 1999, 2001)])
    run_ok(*CONVERT)
    assert np.array_equal(masks_of(Path("set"))["1999"], random_mask(1, 80, 90))


def test_r_and_l_alone_are_raw_and_label() -> None:
    make(("1_r", "2_r"), ("1_l", "2_l"))
    assert "paired by name: 2 as '{}_r' '{}_l'" in run_ok(*CONVERT).stdout
    assert np.array_equal(masks_of(Path("set"))["2_r"], random_mask(1, 80, 90))


def test_raw_and_label_in_one_folder() -> None:
    for number in (1, 2):
        save(Path(f"raw/R_{number}.jpg"), random_image(number, 80, 90))
        save(Path(f"raw/L_{number}.png"), random_mask(number, 80, 90))
    run_ok("masks", "convert", "raw", "-o", "set", "--classes", "names.txt")
    assert np.array_equal(masks_of(Path("set"))["R_2"], random_mask(2, 80, 90))


@pytest.mark.parametrize(("day", "other"), [("20240101", "20240102"), ("a", "b")])
def test_a_pattern_of_most_names_is_offered_where_a_photo_is_of_another_day(day: str, other: str) -> None:
    make([f"{day}_1", f"{day}_2", f"{day}_4", f"{other}_3"], [f"{day}_{number}_mask" for number in (1, 2, 4, 3)])
    said = run_error(*CONVERT)
    assert said.endswith("Nothing was written; pair them with --match '{}' '{}_mask'")
    match = ("--match", "{}", "{}_mask")
    assert run_error(*CONVERT, *match).endswith("convert only the 3 pairs with --skip-unpaired")
    run_ok(*CONVERT, *match, "--skip-unpaired")
    made = masks_of(Path("set"))
    assert [*made] == [f"{day}_1", f"{day}_2", f"{day}_4"]
    assert all(np.array_equal(mask, random_mask(number, 80, 90)) for number, mask in enumerate(made.values()))
