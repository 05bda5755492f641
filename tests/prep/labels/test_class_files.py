"""Class maps as the tools write them."""

import json
import re
from pathlib import Path

import pytest

from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.labels.class_files import has_names_only, read_definitions
from tests.support import random_image, save

RED, GREEN, GREY = (255, 0, 0), (0, 255, 0), (155, 155, 155)
EXPECTED = ClassMap(("car", "two words"), (RED, GREEN))
IGNORING = ClassMap(("car", "two words"), (RED, GREEN), ignored=(GREY,))

SUPERVISELY = {
    "classes": [
        {"title": "car", "shape": "polygon", "color": "#FF0000"},
        {"title": "two words", "shape": "bitmap", "color": "#00FF00"},
        {"title": "Unlabeled", "shape": "polygon", "color": "#9B9B9B"},
    ],
    "tags": [],
}


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("classes.json", json.dumps(SUPERVISELY), IGNORING),
        (
            "labelmap.txt",
            "# label:color_rgb:parts:actions\ncar:255,0,0::\ntwo words:0,255,0:wheel,door:\nignored:155,155,155::\n",
            IGNORING,
        ),
        ("label_colors.txt", "255 0 0\tcar\n0 255 0\t\ttwo words\n155 155 155\tVoid\n", IGNORING),
        ("label_colors.txt", "car 255 0 0\ntwo words 0 255 0\n", EXPECTED),
        ("label_colors.txt", "255, 0, 0, car\r\n0, 255, 0, two words\r\n", EXPECTED),
        ("class_dict.csv", "name,r,g,b\ncar,255,0,0\n\ntwo words,0,255,0\nunlabelled,155,155,155\n", IGNORING),
        ("class_dict.csv", 'name, r, g, b\n"car", 255, 0, 0\ntwo words , 0, 255, 0\n', EXPECTED),
        ("classes.txt", "car,#ff0000\ntwo words,#00ff00\nignore,#9b9b9b\n", IGNORING),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_colors(tmp_path: Path, name: str, text: str, expected: ClassMap, encoding: str) -> None:
    path = write(tmp_path, name, text, encoding)
    assert read_definitions(path) == expected
    assert not has_names_only(path)


@pytest.mark.parametrize("first", [0, 1, 2])
def test_names_are_counted(tmp_path: Path, first: int) -> None:
    path = write(tmp_path, "codes.txt", "Animal\n\n  two words \nVoid\n")
    classes = read_definitions(path, first)
    assert classes.names == ("Animal", "two words", "Void")  # an id has to be counted even if it means nothing
    assert classes.ids == (first, first + 1, first + 2)
    assert len(set(classes.colors)) == 3
    assert has_names_only(path)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "labelmap.txt",
            "car:255,0,0::\nnonsense\n",
            "line 2: expected a name and three numbers 0..255, found 'nonsense'",
        ),
        ("labelmap.txt", "car:256,0,0::\n", "line 1: a colour is three numbers from 0 to 255, found 256,0,0"),
        ("label_colors.txt", "0 300 0 car\n", "line 1: a colour is three numbers from 0 to 255, found 0,300,0"),
        ("class_dict.csv", "name,r,g,b\ncar,1,2\n", "line 2: a colour is three numbers from 0 to 255, found 1,2"),
        ("class_dict.csv", "name,r,g,b\n", "holds no class"),
        ("labelmap.txt", "void:0,0,0::\n", "holds no class"),
        ("labelmap.txt", "car:1,1,1::\nbus:1,1,1::\n", "the colour #010101 stands twice"),
        ("codes.txt", "car\ncar\n", "the name car stands twice"),
        ("codes.txt", "car,bus\n", "no class map; write one name,#rrggbb or one name a line"),
        ("codes.txt", "\n", "holds no class; write one name,#rrggbb a line"),
        ("classes.json", '{"classes": [{"title": "car"}]}', 'class 0 needs "title" and "color": {"title": "car"}'),
        ("classes.json", '{"classes": [{"title": "car", "color": "red"}]}', "'red' is not a colour"),
        ("classes.json", '{"classes": [', "not valid JSON"),
        ("classes.json", "[" * 100_000, "not valid JSON|nested too deeply|no class map"),
        ("classes.json", '{"a":' * 100_000, "not valid JSON|nested too deeply"),
    ],
)
def test_errors_name_file_and_line(tmp_path: Path, name: str, text: str, said: str) -> None:
    pattern = said if "|" in said else re.escape(said)
    with pytest.raises(SegError, match=rf"{re.escape(name)}: .*(?:{pattern})"):
        read_definitions(write(tmp_path, name, text))


def test_a_picture_is_no_list_of_names(tmp_path: Path) -> None:
    picture = save(tmp_path / "a.png", random_image(0))
    with pytest.raises(SegError, match=r"a\.png: "):
        read_definitions(picture)


def test_labels_mat(real_data: Path) -> None:
    classes = read_definitions(real_data / "cracks" / "labels.mat")
    assert (classes.names, classes.ids) == (("Background", "Crack"), (1, 2))
    assert read_definitions(real_data / "cracks" / "gTruth.mat") == classes
