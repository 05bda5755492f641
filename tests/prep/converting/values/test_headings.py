"""masks convert: lists of names whose first line may be the heading of a column."""

from pathlib import Path

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from tests.support import masks_of, random_image, random_mask, run_error, run_ok, save

CONVERT = ("masks", "convert", "raw", "-o", "out", "--overwrite")
NAMES = ("bg", "road", "car")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, text: str) -> None:
    """A list beside a mask of 0, 1 and 2."""
    save(Path("raw/images/a.png"), random_image(0))
    save(Path("raw/masks/a.png"), random_mask(0))
    Path("raw", name).write_text(text, "utf-8")


def names_by(rows: str) -> dict[int, str]:
    """The classes of the values of a mask, by lines that were offered, saved as was said."""
    Path("classes.txt").write_text(rows, "utf-8")
    run_ok(*CONVERT, "--classes", "classes.txt")
    names, mask = Dataset.open(Path("out")).classes.names, masks_of(Path("out"))["a"]
    return {int(raw): names[mask[random_mask(0) == raw][0]] for raw in np.unique(random_mask(0))}


@pytest.mark.parametrize("name", ["classes.csv", "classes.txt", "labels.txt"])
@pytest.mark.parametrize("first", ["class", "name", "Label", "Class Name", "label_name", "Klasse", "classes:", "3"])
def test_a_first_line_that_may_be_no_class_is_asked_about(name: str, first: str) -> None:
    """Background became "class", and road became bg, with a note that car is in no mask."""
    write(name, "\n".join((first, *NAMES)))
    said = run_error(*CONVERT)
    assert f"{name}: line 1: is {first!r} a class, or does it only stand above the names?" in said
    assert said == run_error(*CONVERT, "--classes", f"raw/{name}")
    _, without, _, with_first = said.split("\n\n")
    assert names_by(without) == dict(enumerate(NAMES))
    assert names_by(with_first) == {0: first, 1: "bg", 2: "road"}


def test_quotes_around_every_line_hide_no_heading() -> None:
    write("classes.csv", "".join(f'"{name}"\n' for name in ("name", *NAMES)))
    assert names_by(run_error(*CONVERT).split("\n\n")[1]) == dict(enumerate(NAMES))


@pytest.mark.parametrize("names", [("background", "label", "class"), ("0", "1", "2"), ("x", "y", "name")])
def test_names_of_which_the_first_is_no_heading_are_taken(names: tuple[str, ...]) -> None:
    write("classes.txt", "\n".join(names))
    run_ok(*CONVERT)
    assert Dataset.open(Path("out")).classes.names == names


@pytest.mark.parametrize("place", [0, 1])
def test_a_first_line_of_yolo_that_may_be_no_class_is_asked_about(place: int) -> None:
    """Roads became of the class "class"."""
    write("classes.txt", "class\nroad\ncar\n")
    Path("raw/masks/a.png").unlink()
    Path("raw/labels").mkdir()
    Path("raw/labels/a.txt").write_text("0 0 0 1 0 1 1 0 1\n")
    said = run_error(*CONVERT)
    assert "classes.txt: is its first line, 'class', a class, or does it only stand above the names?" in said
    Path("raw/data.yaml").write_text(said.split("\n\n")[1].splitlines()[place])
    run_ok(*CONVERT)
    (index,) = np.unique(masks_of(Path("out"))["a"])
    assert Dataset.open(Path("out")).classes.names[index] == ("road", "class")[place]
