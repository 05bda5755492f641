"""Masks in which each object has a number and no class, as Cellpose writes them."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from prep.dataset.dataset import Dataset
from tests.support import masks_of, random_image, run_error, run_ok, save

CONVERT = ("masks", "convert", "raw", "-o", "out", "--overwrite")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def cells(name: str, count: int, width: int = 4) -> NDArray[np.bool_]:
    """A photo and its mask with so many objects; where they are."""
    ids = np.zeros((24, 4 * 80), np.uint16 if count > 255 else np.uint8)
    for number in range(count):
        row, column = divmod(number, 80)
        ids[row * 4 : row * 4 + 3, column * 4 : column * 4 + width - 1] = number + 1
    stem = name.partition("_")[0]
    save(Path(f"raw/{stem}.png"), random_image(0, *ids.shape))
    save(Path(f"raw/{name}.png"), ids)
    return ids > 0


@pytest.mark.parametrize("names", ["", "cell\n", "background\ncell\n", "cell,#ff0000,1\n", "names:\n  0: cell\n"])
def test_masks_of_cellpose_are_of_one_class(names: str) -> None:
    """What was offered threw all objects but the first away."""
    inside = {"a": cells("a_cp_masks", 7), "b": cells("b_cp_masks", 300), "c": cells("c_cp_masks", 255)}
    Path("list.txt").write_text(names, "utf-8")
    told = run_ok(*CONVERT, *(("--classes", "list.txt") if names else ())).stdout
    assert "masks of Cellpose (_cp_masks) number objects" in told
    assert Dataset.open(Path("out")).classes.names == ("background", "cell" if names else "object")
    assert all(np.array_equal(mask, inside[stem]) for stem, mask in masks_of(Path("out")).items())


def test_of_several_classes_it_is_asked_of_which_the_objects_of_cellpose_are() -> None:
    """As many objects as classes were read as these."""
    inside = cells("a_cp_masks", 2)
    Path("list.txt").write_text("background\ncell\nedge\n", "utf-8")
    said = run_error(*CONVERT, "--classes", "list.txt")
    assert "the masks are of objects, and nothing says of which class: the class map has cell, edge" in said
    assert said.endswith("If their numbers are those of classes, type --from ids")
    run_ok(*CONVERT, "--classes", "list.txt", "--from", "ids")
    assert Dataset.open(Path("out")).classes.names == ("background", "cell", "edge")
    Path("objects.txt").write_text(said.split("\n\n")[1], "utf-8")
    run_ok(*CONVERT, "--classes", "objects.txt")
    assert np.array_equal(masks_of(Path("out"))["a"], inside)


@pytest.mark.parametrize("names", ["cell\n", "background\ncell\n", "cell,#ff0000,1\n"])
@pytest.mark.parametrize("count", [2, 3, 7])
def test_numbers_that_count_objects_are_offered_as_such(names: str, count: int) -> None:
    inside = {"a": cells("a_mask", 2), "b": cells("b_mask", count)}
    Path("list.txt").write_text(names, "utf-8")
    said = run_error(*CONVERT, "--classes", "list.txt")
    assert "If these numbers count objects" in said
    assert "run the command again with\n  --from object-ids\n" in said
    assert ("--unknown" in said) == (count < 7)
    run_ok(*CONVERT, "--classes", "list.txt", "--from", "object-ids")
    assert Dataset.open(Path("out")).classes.names == ("background", "cell")
    assert all(np.array_equal(mask, inside[stem]) for stem, mask in masks_of(Path("out")).items())


def test_objects_in_arrays_are_told_to_be_saved_as_one() -> None:
    """It said --from object-ids, which reads no arrays."""
    for stem in "ab":
        save(Path(f"raw/{stem}.png"), random_image(0))
        array = np.zeros((24, 32), np.uint8)
        array[0, : 8 if stem == "a" else 6] = np.arange(8 if stem == "a" else 6)
        np.save(f"raw/{stem}.npy", array)
    said = run_error(*CONVERT)
    assert "save 1 for any object: np.save(path, (mask > 0).astype(np.uint8))" in said
    assert "--from object-ids" not in said
