"""Pairs of images and labels by stem or by pattern."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep.converting.pairing import pair_stems
from prep.core.errors import SegError
from prep.core.words import list_some
from prep.labels.layouts.affixes import relate, suggest_patterns
from tests.support import masks_of, random_image, random_mask, run_error, run_ok, save, smooth_image

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


def write_pairs(names: dict[str, str], *, two_valued: bool = False) -> None:
    """Photos and masks of these names below raw/, each pair with pixels of its own, and a class list."""
    for number, (photo, mask) in enumerate(names.items()):
        save(Path("raw/images") / f"{photo}.png", random_image(number, 80, 90))
        save(Path("raw/masks") / f"{mask}.png", random_mask(number, 80, 90, 2 if two_valued else 3))
    Path("raw/classes.txt").write_text("background\nroad\ncar\n", encoding="utf-8")


WHOLE_NAMES = [
    {"img0": "2024-03-20_img0", "img1": "2024-03-19_img1", "img10": "2024-03-18_img10"},
    {"img0": "ben_img0", "img1": "anna_img1", "img10": "ben_img10"},
    {"img0": "task-20-img0", "img1": "task-19-img1", "img10": "task-18-img10"},
    {"img0": "3_img0", "img1": "2_img1", "img10": "1_img10"},
    {"img0": "Label_2_img0", "img1": "Label_10_img1", "img10": "Label_1_img10"},
    {"9_img0": "img0", "8_img1": "img1", "7_img10": "img10"},
    {"day2/img0": "img0", "day1/img1": "img1", "day2/img10": "img10"},
    {"2/0": "0", "1/1": "1", "0/2": "2"},
    {"train/img1": "train/3_img1", "train/img2": "train/2_img2", "val/img1": "val/1_img1"},
    {"train/img1": "train/ben_img1", "train/img2": "train/anna_img2", "val/img1": "val/ben_img1"},
]


@pytest.mark.parametrize("names", WHOLE_NAMES)
def test_names_that_hold_the_whole_name_of_one_photo_pair_and_not_in_order(
    names: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_pairs(names)
    said = run_error("masks", "convert", "raw", "-o", "wrong", "--in-order")
    assert "Leave --in-order out: names tell of each mask which image it is of" in said
    told = run_ok("masks", "convert", "raw", "-o", "set").output
    assert re.search(
        "^paired by (name|whole names, each of which stands in that of its partner alone): ", told, re.MULTILINE
    )
    made = masks_of(Path("set"))
    assert all(
        np.array_equal(made[photo.replace("/", "_")], random_mask(number, 80, 90)) for number, photo in enumerate(names)
    )


def test_numbers_of_objects_are_no_names_of_photos() -> None:
    """5_1 and 5_2 are masks of two objects on 5, also where there are photos 1 and 2."""
    assert {image for image, _ in relate(["1", "2", "5"], ["5_1", "5_2"]).found.values()} == {"5"}


@pytest.mark.parametrize("options", [(), ("--match", "{}", "anna_{}"), ("--match", "img{}", "anna_img{}")])
def test_names_in_folders_of_splits(options: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each folder holds an img1 and an anna_img1: they are of each other, and of nothing in the other folder."""
    monkeypatch.chdir(tmp_path)
    names = {f"{place}/img{number}": f"{place}/anna_img{number}" for place in ("train", "val") for number in (1, 2)}
    write_pairs(names)
    run_ok("masks", "convert", "raw", "-o", "set", *options)
    made = masks_of(Path("set"))
    assert list(made) == ["train_img1", "train_img2", "val_img1", "val_img2"]
    assert all(np.array_equal(mask, random_mask(number, 80, 90)) for number, mask in enumerate(made.values()))


def test_numbers_begin_anew_in_each_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """train/4 and val/4 are two photos: the mask of one is none of the other."""
    monkeypatch.chdir(tmp_path)
    write_pairs({"train/4": "val/4", "train/2": "train/2", "val/3": "val/3"})
    said = run_error("masks", "convert", "raw", "-o", "set")
    assert "1 image has no mask: train_4; 1 mask has no image: val_4" in said


def test_a_mask_of_val_is_of_no_photo_of_train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where no photo lies in val."""
    monkeypatch.chdir(tmp_path)
    write_pairs({"train/4": "val/4", "train/2": "train/2"})
    said = run_error("masks", "convert", "raw", "-o", "set")
    assert "1 image has no mask: train_4; 1 mask has no image: val_4" in said


def test_match_loses_no_photo_of_a_name_that_stands_in_another_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("train/1", "train/2", "val/1", "val/3")):
        save(Path(f"raw/{name}.jpg"), random_image(number, 80, 90))
    for number, name in enumerate(("train/anna_1", "train/anna_2", "val/anna_3")):
        save(Path(f"raw/{name}.png"), random_mask(number, 80, 90))
    said = run_error("masks", "convert", "raw", "-o", "set", "--match", "{}", "anna_{}")
    assert "1 image has no mask: val_1" in said


def test_masks_of_another_split_are_no_partners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_pairs({"train/img1": "train/anna_img1", "val/img2": "val/anna_img3", "train/img3": "train/anna_img4"})
    assert "3 masks have no image" in run_error("masks", "convert", "raw", "-o", "set")
    said = run_error("masks", "convert", "raw", "-o", "set", "--match", "{}", "anna_{}")
    assert "2 masks have no image: train_anna_img4, val_anna_img3" in said


def test_order_that_names_confirm_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_pairs({f"img{number}": f"img{number}_33ef{number}be" for number in range(3)})
    run_ok("masks", "convert", "raw", "-o", "set", "--in-order")
    run_ok("masks", "convert", "raw", "-o", "other")
    for made in map(masks_of, (Path("set"), Path("other"))):
        assert all(np.array_equal(made[f"img{number}"], random_mask(number, 80, 90)) for number in range(3))


@pytest.mark.parametrize(
    "names",
    [
        {"img0": "img0_color", "img1": "img1_instance"},
        {"img0": "a_img0", "img1": "b_img10"},
        {"1": "v1_a", "2": "v2_b"},
        {"1": "1_2", "2": "7_9"},
    ],
)
def test_names_of_kinds_and_parts_of_numbers_do_not_pair(
    names: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_pairs(names)
    assert "2 masks have no image" in run_error("masks", "convert", "raw", "-o", "set")


@pytest.mark.parametrize("pattern", ["{photo}_{word}", "{word}/{photo}"])
def test_masks_of_two_values_with_words_of_their_own_may_be_of_classes(
    pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = {"img0": "road", "img1": "car"}
    write_pairs({photo: pattern.format(photo=photo, word=word) for photo, word in words.items()}, two_valued=True)
    said = run_error("masks", "convert", "raw", "-o", "set")
    assert "If these are classes, save a mask of each class for each photo, black where it has none" in said
    shutil.rmtree("raw/masks")
    for number, photo in enumerate(words):
        for word in ("road", "car"):
            inside = 255 * random_mask(number, 80, 90, 2)
            save(Path("raw/masks") / word / f"{photo}.png", inside if words[photo] == word else 0 * inside)
    told = run_ok("masks", "convert", "raw", "-o", "set").output
    assert "4 masks of 2 classes (car, road) merged" in told


def test_no_line_is_offered_that_pairs_a_photo_with_the_mask_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(4):
        save(Path("raw/images") / f"img{number}.png", random_image(number, 80, 90))
        for part in (1, 2):
            save(Path("raw/masks") / f"Label_{2 * number + part}_img{number}.png", random_mask(number, 80, 90, 2))
    said = run_error("masks", "convert", "raw", "-o", "set")
    offered = [re.fullmatch(r"  --match '(.*)' '(.*?)'.*", line) for line in said.splitlines()]
    assert not any(way and "_img" in way[2] for way in offered)
    assert "--from object-masks" in said
    run_ok("masks", "convert", "raw", "-o", "set", "--from", "object-masks")
    made = masks_of(Path("set"))
    assert all(np.array_equal(made[f"img{number}"] > 0, random_mask(number, 80, 90, 2) > 0) for number in range(4))
