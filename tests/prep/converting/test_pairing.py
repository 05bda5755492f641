"""Pairs of images and labels by stem or by pattern."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep.converting.pairing import pair_stems
from prep.core.errors import SegError
from prep.core.words import list_some
from prep.labels.layouts.affixes import suggest_patterns
from tests.support import masks_of, random_mask, run_error, run_ok, save, smooth_image

STEMS = st.lists(st.text("abc_-. ü0123", min_size=1, max_size=6), min_size=1, max_size=12, unique=True)


def test_by_equal_stems() -> None:
    pairing = pair_stems(["b", "a", "x"], ["a", "b", "y", "z"])
    assert pairing.pairs == (("a", "a"), ("b", "b"))
    assert (pairing.images_alone, pairing.labels_alone) == (("x",), ("y", "z"))


def test_by_patterns() -> None:
    pairing = pair_stems(["Img_1", "Img_10", "photo"], ["Mask_10", "Mask_1", "Mask_2"], ("Img_{}", "Mask_{}"))
    assert pairing.pairs == (("Img_1", "Mask_1"), ("Img_10", "Mask_10"))
    assert (pairing.images_alone, pairing.labels_alone) == (("photo",), ("Mask_2",))


def test_pattern_is_no_regular_expression() -> None:
    assert pair_stems(["a.b+1", "axb1"], ["m(1)"], ("a.b+{}", "m({})")).pairs == (("a.b+1", "m(1)"),)


@pytest.mark.parametrize("pattern", ["Img_", "{}_{}", ""])
def test_pattern_needs_one_gap(pattern: str) -> None:
    with pytest.raises(SegError, match=r"--match .*a pattern needs one \{\}"):
        pair_stems(["a"], ["b"], (pattern, "{}"))


@pytest.mark.parametrize(
    ("images", "labels", "expected"),
    [
        (["Img_1", "Img_10"], ["Mask_1", "Mask_10"], ("Img_{}", "Mask_{}")),
        (["Img_1"], ["Mask_1"], ("Img_{}", "Mask_{}")),
        (["1", "2"], ["1_mask", "2_mask"], ("{}", "{}_mask")),
        (["101", "102"], ["Label_101", "Label_102"], ("{}", "Label_{}")),
        (["a_img", "b_img"], ["a_gt", "b_gt"], ("{}_img", "{}_gt")),
    ],
)
def test_patterns_are_suggested(images: list[str], labels: list[str], expected: tuple[str, str]) -> None:
    assert suggest_patterns(images, labels) == expected


@given(STEMS, STEMS)
def test_nothing_is_lost(images: list[str], labels: list[str]) -> None:
    pairing = pair_stems(images, labels)
    assert sorted([image for image, _ in pairing.pairs] + list(pairing.images_alone)) == sorted(images)
    assert sorted([label for _, label in pairing.pairs] + list(pairing.labels_alone)) == sorted(labels)
    assert all(image == label for image, label in pairing.pairs)
    assert not set(pairing.images_alone) & set(pairing.labels_alone)


@given(STEMS)
def test_a_suggestion_pairs_what_belongs_together(stems: list[str]) -> None:
    images, labels = [f"I-{stem}" for stem in stems], [f"M-{stem}" for stem in stems]
    pairs = pair_stems(images, labels, suggest_patterns(images, labels)).pairs
    assert all(image[2:] == label[2:] for image, label in pairs)


def test_long_lists_are_cut() -> None:
    assert list_some(["a", "b"]) == "a, b"
    assert list_some(list("abcdefg")) == "a, b, c, d, e and 2 more"


@pytest.mark.parametrize("names", [("img_{}", "mask_{}"), ("{}", "{}")])
def test_numbers_that_begin_elsewhere_are_not_paired_as_they_stand(names: tuple[str, str], tmp_path: Path) -> None:
    for number in range(3):
        save(tmp_path / "raw/images" / f"{names[0].format(number + 9)}.jpg", smooth_image(24, 32))
        save(tmp_path / "raw/masks" / f"{names[1].format(number + 8)}.png", random_mask(number))
    (tmp_path / "raw/classes.txt").write_text("background\nroad\ncar\n", encoding="utf-8")
    said = run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert "their numbers begin at another one" in said
    assert "--match" not in said
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set", "--in-order")
    made = masks_of(tmp_path / "set")
    assert all(np.array_equal(made[names[0].format(number + 9)], random_mask(number)) for number in range(3))
