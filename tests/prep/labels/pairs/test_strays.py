"""Pairs by name that stand apart from all others: which are asked about, and what follows from each answer."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support import by_stem, masks_of, random_image, random_mask, run_error, run_ok, save

CONVERT = ("masks", "convert", "raw", "-o", "out")


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("raw").mkdir()
    Path("raw/classes.txt").write_text("background\nroad\ncar\n", "utf-8")


def make(photos: Sequence[str], masks: Sequence[str]) -> None:
    for number, name in enumerate(photos):
        save(Path(f"raw/images/{name}.png"), random_image(number, 80, 90))
    for number, name in enumerate(masks):
        save(Path(f"raw/masks/{name}.png"), random_mask(number, 80, 90))


def test_a_photo_in_a_folder_below_the_others_is_not_that_of_a_mask() -> None:
    """images/3.png is lost, and an augmented one has its name."""
    make(("1", "2", "augmented/3"), ("1", "2", "3"))
    said = run_error(*CONVERT)
    assert said.startswith("1 image has no mask: augmented_3; 1 mask has no image: 3. Nothing was written; ")
    run_ok(*CONVERT, "--skip-unpaired")
    assert by_stem(Path("out")).keys() == {"1", "2"}
    Path("raw/images/1.png").rename("raw/images/augmented/1.png")
    Path("raw/images/2.png").rename("raw/images/augmented/2.png")
    run_ok("masks", "convert", "raw", "-o", "all")  # where all lie there, nothing says that these are others
    assert len(by_stem(Path("all"))) == 3


STRAYS = {
    "word": (("p0", "p2", "backup/p1"), ("p0_mask", "p2_mask", "p1_mask")),
    "word before": (("image_0", "image_2", "backup/image_1"), ("mask_0", "mask_2", "mask_1")),
    "any word": (("p0", "p2", "backup/p1"), ("p0_x", "p2_x", "p1_x")),
    "unlabeled": (
        ("train/p0", "val/p2", "unlabeled/p1"),
        ("train/p0", "val/p2", "train/p1"),
    ),
    "unlabeled, word": (
        ("train/p0", "train/p2", "unlabeled/p1"),
        ("train/p0_mask", "train/p2_mask", "train/p1_mask"),
    ),
    "mask of before": (("p0", "p2", "p1"), ("p0", "p2", "old/p1")),
}


@pytest.mark.parametrize("typed", [CONVERT, ("masks", "convert", "raw/masks", "--images", "raw/images", "-o", "out")])
@pytest.mark.parametrize("names", STRAYS.values(), ids=STRAYS)
def test_a_pair_in_another_folder_than_the_others_is_asked_about(
    names: tuple[Sequence[str], Sequence[str]], typed: tuple[str, ...]
) -> None:
    make(*names)
    image, label = (files[-1].replace("/", "_") for files in names)
    said = run_error(*typed)
    assert said.startswith(f"1 image has no mask: {image}; 1 mask has no image: {label}. Nothing was written; by its")
    assert "move the mask into a folder that is called as that of its image; otherwise convert only the 2 pairs" in said
    run_ok(*typed, "--skip-unpaired")
    assert by_stem(Path("out")).keys() == {name.replace("/", "_") for name in names[0][:2]}
    mask = Path(f"raw/masks/{names[1][-1]}.png")
    moved = Path(f"raw/masks/{names[0][-1]}.png").with_name(mask.name)
    moved.parent.mkdir(exist_ok=True)
    mask.rename(moved)
    run_ok(*typed[:-1], "all")
    assert by_stem(Path("all")).keys() == {name.replace("/", "_") for name in names[0]}
    assert (masks_of(Path("all"))[image] == random_mask(2, 80, 90)).all()


def test_a_pattern_takes_no_photo_from_another_folder_than_those_of_the_others() -> None:
    make(*STRAYS["word"])
    pattern = ("--match", "{}", "{}_mask")
    assert run_error(*CONVERT, *pattern).startswith("1 image has no mask: backup_p1; 1 mask has no image: p1_mask.")
    run_ok(*CONVERT, *pattern, "--skip-unpaired")
    assert by_stem(Path("out")).keys() == {"p0", "p2"}


@pytest.mark.parametrize("word", ["_aug", "_2", "_R", "_rgb"])
@pytest.mark.parametrize("of_mask", [False, True])
def test_a_photo_or_mask_with_more_in_its_name_than_the_others_is_asked_about(word: str, of_mask: bool) -> None:
    image, label = ("p1", f"p1{word}") if of_mask else (f"p1{word}", "p1")
    make(("p0", "p2", image), ("p0", "p2", label))
    said = run_error(*CONVERT)
    assert said.startswith(f"1 image has no mask: {image}; 1 mask has no image: {label}. Nothing was written; ")
    run_ok(*CONVERT, "--skip-unpaired")
    assert by_stem(Path("out")).keys() == {"p0", "p2"}
    if (of_mask, word) != (True, "_rgb"):  # a mask of the colours of p1
        assert said.endswith(
            f"; {label} and {image} may be of one scene, and the names of most others are equal: if they belong "
            "together all the same, call the mask as its image is called; otherwise convert only the 2 pairs with "
            "--skip-unpaired"
        )
    Path(f"raw/masks/{label}.png").rename(f"raw/masks/{image}.png")
    run_ok(*CONVERT[:-1], "all")
    assert (masks_of(Path("all"))[image] == random_mask(2, 80, 90)).all()


@pytest.mark.parametrize(
    ("photos", "masks"),
    [
        (("p0", "p1", "p2"), ("p0", "p1_mask", "p2")),
        (("01", "2", "3"), ("1", "2", "3")),
        (("p0", "P1", "p2"), ("p0", "p1", "p2")),
        (("p0", "p1", "p2"), ("p0", "anna_p1", "ben_p2")),
    ],
)
def test_names_that_are_as_good_as_equal_or_mostly_unequal_pair(photos: Sequence[str], masks: Sequence[str]) -> None:
    make(photos, masks)
    run_ok(*CONVERT)
    assert len(by_stem(Path("out"))) == 3
