"""masks convert --from class-masks where files or folders are called by numbers: ids of the class list, or names."""

from pathlib import Path

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from tests.support import masks_of, random_image, run_error, run_ok, save

LINE = np.array([[0, 0, 1, 1, 2, 2, 3, 3]] * 4, np.uint8)
CONVERT = ("masks", "convert", "raw", "-o", "out", "--from", "class-masks", "--overwrite")
LIST = ("--classes", "list.txt")


@pytest.fixture(autouse=True, params=["a1_{}.png", "{}/a1.png"])
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A photo and masks of 1, 2 and 3, called so, or in folders called so."""
    monkeypatch.chdir(tmp_path)
    for stem in ("a1", "a2"):
        save(Path(f"raw/images/{stem}.jpg"), random_image(0, 4, 8))
        for number in (1, 2, 3):
            name = request.param.format(number).replace("a1", stem)
            save(Path(f"raw/masks/{name}"), (number == LINE).astype(np.uint8) * 255)


def classes() -> tuple[str, ...]:
    return Dataset.open(Path("out")).classes.names


@pytest.mark.parametrize("first", ["0,background\n", ""])
def test_numbers_are_the_ids_that_the_list_states(first: str) -> None:
    Path("list.txt").write_text(f"{first}3,sky\n1,road\n2,car\n", "utf-8")
    said = run_ok(*CONVERT, *LIST).stdout
    assert "named by numbers, which are ids of the class map: 1 is road, 2 is car, 3 is sky" in said
    assert classes() == ("background", "sky", "road", "car")
    assert np.array_equal(masks_of(Path("out"))["a1"], np.array([0, 2, 3, 1], np.uint8)[LINE])


def test_ids_count_though_a_background_comes_before_them() -> None:
    """The class in no mask, 0, is not the background, which gets the number 0."""
    Path("list.txt").write_text("0,tree\n1,road\n2,ignore\n3,car\n", "utf-8")
    said = run_ok(*CONVERT, *LIST).stdout
    assert "1 is road, 2 is ignore, 3 is car" in said
    assert classes() == ("background", "tree", "road", "car")
    assert np.array_equal(masks_of(Path("out"))["a1"], np.array([0, 2, 255, 3], np.uint8)[LINE])


def test_without_a_list_they_are_names_and_the_note_gives_them_others() -> None:
    said = run_ok(*CONVERT).stdout
    assert "named by numbers: 1, 2, 3, which are taken for the names of classes; where they are ids, save" in said
    assert classes() == ("background", "1", "2", "3")
    assert np.array_equal(masks_of(Path("out"))["a1"], LINE)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("background\nroad\ncar\nsky\n", "states no numbers"),
        ("0,background\n1,road\n2,car\n", "has no class of number 3"),
    ],
)
def test_a_list_that_has_neither_is_refused(text: str, why: str) -> None:
    Path("list.txt").write_text(text, "utf-8")
    said = run_error(*CONVERT, *LIST)
    assert "are called by numbers (1, 2, 3): what is each? The class map" in said
    assert f"{why}. Nothing was written" in said
    Path("list.txt").write_text("1,road\n2,car\n3,sky\n", "utf-8")
    run_ok(*CONVERT, *LIST)
    assert np.array_equal(masks_of(Path("out"))["a1"], LINE)


def test_what_numbers_are_is_asked() -> None:
    """What is left of the photo a1 without its a was taken for the name of the mask 1_a1."""
    said = run_error("masks", "convert", "raw", "-o", "out")
    if Path("raw/masks/1").is_dir():
        assert "the masks lie in folders that are called by numbers (1, 2, 3): what is each? Nothing was" in said
    else:
        assert "--from class-masks    each is of a class, which the number tells" in said
    assert "--skip-unpaired" not in said
