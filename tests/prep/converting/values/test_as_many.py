"""masks convert: lists of as many names as the masks hold values, which no counting gives."""

from pathlib import Path

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from tests.support import masks_of, random_image, random_mask, run_error, run_ok, save

CONVERT = ("masks", "convert", "raw", "-o", "out", "--overwrite", "--classes")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def asked(values: tuple[int, ...], names: str) -> str:
    """What is said of a mask of these values and a list of these names."""
    save(Path("raw/images/a.png"), random_image(0))
    save(Path("raw/masks/a.png"), np.array(values, np.uint8)[random_mask(0, classes=len(values))])
    Path("list.txt").write_text(names, "utf-8")
    return run_error(*CONVERT, "list.txt")


def assert_typed(rows: str, names: tuple[str, ...], expected: tuple[int, ...], *more: str) -> None:
    """Lines that were offered, saved, give these names, and of the values, in their order, these indices."""
    Path("typed.txt").write_text(rows, "utf-8")
    run_ok(*CONVERT, "typed.txt", *more)
    assert Dataset.open(Path("out")).classes.names == names
    mask = masks_of(Path("out"))["a"]
    assert np.array_equal(mask, np.array(expected, np.uint8)[random_mask(0, classes=len(expected))])


@pytest.mark.parametrize("values", [(0, 85, 170, 255), (0, 50, 100, 255)])
def test_white_may_be_the_last_class_beside_a_background_that_is_not_listed(values: tuple[int, ...]) -> None:
    """The lines made the background road, road car, and car tree, and 255 was not said."""
    said = asked(values, "road\ncar\ntree\n")
    assert f"the masks hold the values {', '.join(map(str, values))}, which no counting gives" in said
    assert "If 0 is a background that the list leaves out, and 255 is tree, save these lines" in said
    assert "If 0 is road, and 255 is to be left out of training and scores, save these instead" in said
    _, with_white, _, without = said.split("\n\n")
    assert_typed(with_white, ("background", "road", "car", "tree"), (0, 1, 2, 3))
    assert_typed(without, ("road", "car", "tree"), (0, 1, 2, 255))


@pytest.mark.parametrize("path", ["list.txt", "raw/classes.txt"])
def test_two_names_for_black_grey_and_white_can_be_three_things(path: str) -> None:
    said = asked((0, 128, 255), "disc\ncup\n")
    if path != "list.txt":
        Path("list.txt").rename(path)
        said = run_error(*CONVERT[:-1])
    _, edges, _, ignored, _, background = said.partition("\n(classes: ")[0].split("\n\n")
    assert_typed(edges, ("disc", "cup"), (0, 255, 1), "--unknown", "ignore")
    assert_typed(ignored, ("disc", "cup"), (0, 1, 255), "--from", "ids")
    assert_typed(background, ("background", "disc", "cup"), (0, 1, 2), "--from", "ids")


def test_white_that_can_only_be_left_out_is_said() -> None:
    said = asked((0, 85, 170, 255), "background\nroad\ncar\n")
    assert "the masks hold the values 0, 85, 170, 255, which no counting gives" in said
    assert "in this order, and 255 is to be left out of training and scores, save these lines" in said
    assert_typed(said.split("\n\n")[1], ("background", "road", "car"), (0, 1, 2, 255))


def test_many_values_are_all_shown() -> None:
    said = asked((0, 51, 102, 153, 204, 255), "a\nb\nc\nd\ne\n")
    assert "the masks hold the values 0, 51, 102, 153, 204, 255, which no counting gives" in said
    assert_typed(said.split("\n\n")[1], ("background", "a", "b", "c", "d", "e"), (0, 1, 2, 3, 4, 5))


@pytest.mark.parametrize("values", [(0, 1, 2, 4), (0, 2, 3, 4), (0, 2)])
def test_a_gap_below_the_number_of_names_may_be_of_the_list(values: tuple[int, ...]) -> None:
    """Only a background in front was offered, which shifted the names, or to leave the last class out."""
    names = ("sky", "road", "car", "tree")[: len(values)]
    said = asked(values, "\n".join(names))
    assert f"the masks hold the values {', '.join(map(str, values))}" in said
    assert "If each name has its value in this order, save these instead" in said
    assert_typed(said.split("\n\n")[3], names, tuple(range(len(values))))
