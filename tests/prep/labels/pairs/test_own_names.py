"""Masks in folders of other splits than their photos, or in the folder of one photo: what tells their pairs."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.support import by_stem, masks_of, random_image, random_mask, run_error, run_ok, save

CONVERT = ("masks", "convert", "raw", "-o", "set", "--classes", "names.txt")
ANEW = {"images/train/f1": "masks/val/f1", "images/val/f2": "masks/train/f2"}


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("names.txt").write_text("background\nroad\ncar\n", encoding="utf-8")


def make(pairs: Mapping[str, str]) -> None:
    for number, (photo, mask) in enumerate(pairs.items()):
        save(Path(f"raw/{photo}.png"), random_image(number, 80, 90))
        save(Path(f"raw/{mask}.png"), random_mask(number, 80, 90))


def splits(*stems: str) -> dict[str, str]:
    """The split of each sample; the mask of each is that of its place among the stems."""
    made, samples = masks_of(Path("set")), by_stem(Path("set"))
    assert [*samples] == sorted(stems)
    assert all(np.array_equal(made[stem], random_mask(number, 80, 90)) for number, stem in enumerate(stems))
    return {stem: samples[stem].split for stem in stems}


@pytest.mark.parametrize(
    "typed",
    [
        CONVERT,
        (*CONVERT, "--match", "{}", "{}"),
        ("masks", "convert", "raw/masks", "--images", "raw/images", *CONVERT[3:]),
    ],
)
def test_masks_of_photos_that_were_divided_anew_are_found_by_their_names(typed: tuple[str, ...]) -> None:
    make(ANEW)
    said = run_ok(*typed).stdout
    assert "paired by names in their folders, each of which stands once: train_f1 with val_f1; 2 images in" in said
    assert "another split than the mask, as divided anew: that of the image counts" in said
    assert splits("train_f1", "val_f2") == {"train_f1": "train", "val_f2": "val"}


@pytest.mark.parametrize(
    "pairs",
    [
        {"train/images/a1": "val/masks/a1_mask", "val/images/b2": "train/masks/b2_mask"},
        {"images/train/f1": "masks/all/f1", "images/val/f2": "masks/all/f2"},
        {"images/train/1": "masks/all/1", "images/val/2": "masks/all/2"},
        {"images/train2017/f1": "masks/val2017/f1", "images/val2017/f2": "masks/train2017/f2"},
        {
            "leftImg8bit/train/bb/bb_000000_000001_leftImg8bit": "gtFine/val/bb/bb_000000_000001_gtFine_labelIds",
            "leftImg8bit/val/aa/aa_000000_000001_leftImg8bit": "gtFine/train/aa/aa_000000_000001_gtFine_labelIds",
        },
    ],
)
def test_names_with_words_more_and_folders_of_all(pairs: Mapping[str, str]) -> None:
    make(pairs)
    run_ok(*CONVERT)
    assert [*splits(*("_".join(part for part in photo.split("/") if part not in ("images", "leftImg8bit"))
                      for photo in pairs)).values()] == ["train", "val"]  # fmt: skip


def test_order_is_neither_offered_nor_taken_where_names_tell() -> None:
    make(ANEW)
    said = run_error(*CONVERT, "--in-order")
    assert said.startswith("--in-order pairs train_f2 with train_f1, and by its name it is of val_f2.")
    save(Path("raw/masks/train/f9.png"), random_mask(9, 80, 90))
    save(Path("raw/images/train/f8.png"), random_image(9, 80, 90))
    assert run_error(*CONVERT).endswith("Nothing was written; pair them with --match '{}' '{}'")
    run_ok(*CONVERT, "--match", "{}", "{}", "--skip-unpaired")
    splits("train_f1", "val_f2")


def test_mere_numbers_may_count_anew_in_each_split() -> None:
    make({"images/train/1": "masks/val/1", "images/val/2": "masks/train/2"})
    said = run_error(*CONVERT)
    assert "masks have names of images in other folders (train_2 and val_2); where these belong together" in said
    assert "--in-order" not in said and "--match" not in said
    Path("raw/masks/train/2.png").rename("raw/masks/2.png")
    Path("raw/masks/val/1.png").rename("raw/masks/train/1.png")
    Path("raw/masks/2.png").rename("raw/masks/val/2.png")
    run_ok(*CONVERT)
    splits("train_1", "val_2")


@pytest.mark.parametrize("name", ["{}", "f{}"])
def test_no_pattern_is_offered_that_pairs_photos_of_val_with_masks_of_train(name: str) -> None:
    make({f"images/val/{name.format(number)}": f"masks/train/{name.format(number)}" for number in (1, 2)})
    said = run_error(*CONVERT)
    assert "the images are of val, and the masks of train: a mask is of no image of another split" in said
    assert "--match" not in said and "--in-order" not in said
    Path("raw/images/val").rename("raw/images/train")
    run_ok(*CONVERT)
    splits(f"train_{name.format(1)}", f"train_{name.format(2)}")


def test_no_pattern_across_splits_is_offered_for_labelme() -> None:
    for number in (1, 2):
        save(Path(f"raw/images/val/{number}.png"), random_image(number, 80, 90))
        shape = {"label": "car", "shape_type": "polygon", "points": [[5, 5], [30, 5], [30, 30]]}
        content = {"shapes": [shape], "imagePath": f"{number}.png", "imageWidth": 90, "imageHeight": 80}
        Path("raw/labels/train").mkdir(parents=True, exist_ok=True)
        Path(f"raw/labels/train/{number}.json").write_text(json.dumps(content), encoding="utf-8")
    said = run_error("masks", "convert", "raw/labels", "-o", "set")
    assert "the images are of val, and the masks of train" in said
    assert "--match" not in said


@pytest.mark.parametrize("names", [("1", "1"), ("f1", "f2")])
def test_two_words_of_one_split_are_one(names: tuple[str, str]) -> None:
    make(
        {f"images/training/{names[0]}": f"masks/train/{names[0]}", f"images/valid/{names[1]}": f"masks/val/{names[1]}"}
    )
    assert "paired by names in folders of one split each: training_" in run_ok(*CONVERT).stdout
    assert [*splits(f"training_{names[0]}", f"valid_{names[1]}").values()] == ["train", "val"]


def test_valset_is_a_split() -> None:
    make({f"images/valset/{number}": f"masks/trainset/{number}" for number in (1, 2)})
    assert "the images are of val, and the masks of train" in run_error(*CONVERT)


def test_places_and_sides_are_no_splits() -> None:
    make({"images/siteA/f1": "masks/siteB/f1", "images/siteB/f2": "masks/siteA/f2"})
    assert "masks have names of images in other folders" in run_error(*CONVERT)


@pytest.mark.parametrize(
    "pairs",
    [
        {"p1/images/p1": "p1/masks/x1", "p2/images/p2": "p2/masks/x1"},
        {"1/images/1": "1/masks/1", "2/images/2": "2/masks/1", "3/images/3": "3/masks/1"},
        {"p1/p1": "p1/masks/x1", "p2/p2": "p2/masks/x1"},
        {"train/p1/images/p1": "train/p1/masks/q7", "val/p2/images/p2": "val/p2/masks/r8"},
    ],
)
def test_the_only_mask_in_the_folder_of_one_photo_is_its_own(pairs: Mapping[str, str]) -> None:
    make(pairs)
    assert "paired by folders, each of which holds one image and one mask: " in run_ok(*CONVERT).stdout
    splits(*(photo.replace("images/", "").replace("/", "_") for photo in pairs))


@pytest.mark.parametrize(
    "pairs",
    [
        {"1/images/1": "1/masks/2", "2/images/2": "2/masks/1"},
        {"train/images/a": "train/masks/x", "val/images/b": "val/masks/y"},
        {"s1/images/frame_1": "s1/masks/frame_8", "s2/images/frame_2": "s2/masks/frame_9"},
        {"s1/images/10": "s1/masks/20", "s2/images/11": "s2/masks/21"},
    ],
)
def test_a_folder_of_a_split_or_with_the_name_of_another_photo_tells_no_pair(pairs: Mapping[str, str]) -> None:
    make(pairs)
    assert "2 masks have no image" in run_error(*CONVERT)
