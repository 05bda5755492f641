"""masks convert with lists that number their classes twice, by id and by train id."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from tests.support import masks_of, random_image, random_mask, run_error, run_ok, save

IDS = random_mask(3, classes=4)
LIST = "name,id,train_id\nbackground,0,0\nroad,1,3\nbuilding,2,1\ntree,3,2\n"
CITYSCAPES = (
    "name,id,trainId,category,color\nunlabeled,0,255,void,#000000\nroad,7,0,flat,#804080\nbridge,15,255,built,#966464\n"
    "car,26,1,vehicle,#00008e\nlicense plate,-1,-1,vehicle,#0000e6\n"
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "images/a.png", random_image(0))


def masks(values: list[int]) -> None:
    save(Path("masks/a.png"), np.array(values, np.uint8)[IDS])


def result() -> tuple[tuple[str, ...], np.ndarray]:
    """The names of the classes, and the mask as indices of these."""
    return Dataset.open(Path("set")).classes.names, masks_of(Path("set"))["a"]


@pytest.mark.parametrize(("answer", "values"), [("ids.csv", [0, 1, 2, 3]), ("train_ids.csv", [0, 3, 1, 2])])
def test_where_both_explain_the_masks_it_is_asked_and_both_answers_work(answer: str, values: list[int]) -> None:
    """Train ids were read as ids, without a word."""
    Path("classes.csv").write_text(LIST)
    masks(values)
    said = run_error("masks", "convert", ".", "-o", "set")
    assert "do the masks hold, the id or the train id? Both have all their values (0, 1, 2, 3)" in said
    (text,) = re.findall(rf"--classes {answer}:\n\n(.+?)(?:\n\n|$)", said, re.DOTALL)
    Path(answer).write_text(text)
    run_ok("masks", "convert", ".", "-o", "set", "--classes", answer)
    names, mask = result()
    assert [names[index] for index in mask[0]] == [["background", "road", "building", "tree"][raw] for raw in IDS[0]]


@pytest.mark.parametrize(
    ("values", "kind", "names", "becomes"),
    [
        ([0, 7, 15, 26], "ids", ("road", "bridge", "car", "license plate"), [255, 0, 1, 2]),
        ([255, 0, 255, 1], "train ids", ("road", "car"), [255, 0, 255, 1]),
    ],
)
@pytest.mark.parametrize("form", ["csv", "json"])
def test_the_values_of_the_masks_tell_which_it_is(
    values: list[int], kind: str, names: tuple[str, ...], becomes: list[int], form: str
) -> None:
    rows = list(csv.DictReader(CITYSCAPES.splitlines()))
    Path(f"classes.{form}").write_text(CITYSCAPES if form == "csv" else json.dumps({"classes": rows}))
    masks(values)
    assert f"by their values, the masks hold {kind} (" in run_ok("masks", "convert", ".", "-o", "set").stdout
    assert result()[0] == names
    assert np.array_equal(result()[1], np.array(becomes, np.uint8)[IDS])


def test_classes_that_share_a_train_id_are_one() -> None:
    Path("classes.csv").write_text("name,id,train_id\nsky,7,0\ncar,11,1\nbus,12,1\ntree,13,2\n")
    masks([0, 1, 1, 2])
    run_ok("masks", "convert", ".", "-o", "set")
    assert result()[0] == ("sky", "car+bus", "tree")
    assert np.array_equal(result()[1], np.array([0, 1, 1, 2], np.uint8)[IDS])


def test_a_list_of_train_ids_alone() -> None:
    Path("classes.csv").write_text("name,train_id\nsky,1\nroad,0\npole,\ntree,3.0\n")
    masks([0, 1, 255, 3])
    run_ok("masks", "convert", ".", "-o", "set")
    assert result()[0] == ("road", "sky", "tree")
    assert np.array_equal(result()[1], np.array([0, 1, 255, 2], np.uint8)[IDS])


def test_a_second_batch_holds_what_the_first_one_did() -> None:
    Path("classes.csv").write_text(CITYSCAPES)
    masks([255, 0, 255, 1])
    run_ok("masks", "convert", ".", "-o", "set")
    save(Path("more/images/b.png"), random_image(1))
    save(Path("more/masks/b.png"), np.array([0, 0, 1, 1], np.uint8)[IDS])
    Path("more/classes.csv").write_text(CITYSCAPES)
    assert "taken as train ids, as those of the dataset" in run_ok("masks", "convert", "more", "-o", "set").stdout
    assert np.array_equal(masks_of(Path("set"))["b"], np.array([0, 0, 1, 1], np.uint8)[IDS])


def test_inspecting_names_the_values_by_the_ids_that_they_are() -> None:
    Path("classes.csv").write_text(CITYSCAPES)
    masks([255, 0, 255, 1])
    text = run_ok("masks", "inspect", ".").stdout
    assert "road" in text
    assert "car" in text
