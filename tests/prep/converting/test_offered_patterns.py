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
