"""Class maps: our JSON, plain lists, and every way to get them wrong."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep.core.classes import (
    ClassMap,
    distinct_color,
    format_color,
    format_list,
    parse_color,
    read_classes,
    write_classes,
)
from prep.core.errors import SegError

COLORS = st.tuples(*[st.integers(0, 255)] * 3)
NAMES = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters=",#"), min_size=1).filter(
    lambda name: name.lower() not in ("ignore", "name")
)


@st.composite
def class_maps(draw: st.DrawFn) -> ClassMap:
    names = draw(st.lists(NAMES, min_size=1, max_size=8, unique=True))
    colors = draw(st.lists(COLORS, min_size=len(names), max_size=len(names) + 2, unique=True))
    ids = draw(st.lists(st.integers(0, 65535), min_size=len(names), max_size=len(names), unique=True))
    return ClassMap(tuple(names), tuple(colors[: len(names)]), ids=tuple(ids), ignored=tuple(colors[len(names) :]))


@st.composite
def class_maps_with_more(draw: st.DrawFn) -> ClassMap:
    """Each class has one to three ids and colours."""
    counts = draw(st.lists(st.integers(1, 3), min_size=1, max_size=5))
    ids = iter(draw(st.lists(st.integers(0, 65535), min_size=15, max_size=15, unique=True)))
    colors = iter(draw(st.lists(COLORS, min_size=15, max_size=15, unique=True)))
    all_ids = [tuple(next(ids) for _ in range(count)) for count in counts]
    all_colors = [tuple(next(colors) for _ in range(count)) for count in reversed(counts)]
    return ClassMap(
        tuple(f"class {number}" for number in range(len(counts))),
        tuple(values[0] for values in all_colors),
        ids=tuple(values[0] for values in all_ids),
        more_ids=tuple(values[1:] for values in all_ids),
        more_colors=tuple(values[1:] for values in all_colors),
    )


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "classes.txt"
    path.write_text(text, encoding="utf-8")
    return path


@given(COLORS)
def test_colors_round_trip(color: tuple[int, int, int]) -> None:
    assert parse_color(format_color(color)) == color


def test_color_channels_are_in_order() -> None:
    assert parse_color("#ff8000") == parse_color(" FF8000 ") == (255, 128, 0)
    assert format_color((255, 128, 0)) == "#ff8000"


@pytest.mark.parametrize("text", ["red", "#ff80", "#ff80000", "ff,80,00", ""])
def test_bad_color_is_told(text: str) -> None:
    with pytest.raises(SegError, match="is not a colour; write it as #rrggbb"):
        parse_color(text)


@given(classes=class_maps() | class_maps_with_more())
def test_json_round_trip(tmp_path_factory: pytest.TempPathFactory, classes: ClassMap) -> None:
    path = tmp_path_factory.mktemp("classes") / "classes.json"
    write_classes(path, classes)
    assert read_classes(path) == classes


@given(classes=class_maps())
def test_list_round_trip(tmp_path_factory: pytest.TempPathFactory, classes: ClassMap) -> None:
    path = tmp_path_factory.mktemp("classes") / "classes.txt"
    path.write_text(format_list(classes), encoding="utf-8")
    again = read_classes(path)
    assert replace(again, ignored_ids=()) == classes
    assert set(again.ignored_ids) <= set(range(len(classes), len(classes) + len(classes.ignored)))  # lines are counted


def test_json_form(tmp_path: Path) -> None:
    write_classes(
        tmp_path / "classes.json",
        ClassMap(("bg", "Straße"), ((0, 0, 0), (255, 128, 0)), ids=(1, 2), ignored=((9, 9, 9),)),
    )
    assert json.loads((tmp_path / "classes.json").read_text(encoding="utf-8")) == {
        "ignore_index": 255,
        "classes": [
            {"index": 0, "name": "bg", "color": "#000000", "id": 1},
            {"index": 1, "name": "Straße", "color": "#ff8000", "id": 2},
        ],
        "ignored_colors": ["#090909"],
    }


def test_plain_list(tmp_path: Path) -> None:
    text = "\ufeffname,color\n# a comment\nbackground,#000000\r\n\nroad , 6EC1E4 , 7\nignore,#9b9b9b\n"
    assert read_classes(written(tmp_path, text)) == ClassMap(
        ("background", "road"), ((0, 0, 0), (0x6E, 0xC1, 0xE4)), ids=(0, 7), ignored=((0x9B, 0x9B, 0x9B),)
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,#000000\nb,#000000\n", "the colour #000000 stands twice"),
        ("a,#000000\nignore,#000000\n", "the colour #000000 stands twice"),
        ("a,#000000\na,#ffffff\n", "the name a stands twice"),
        ("a,#000000,4\nb,#ffffff,4\n", "the id 4 stands twice"),
        ("a,#000000\nb;#ffffff\n", "line 2: expected name,#rrggbb"),
        ("a,black\n", "'black' is not a colour"),
        (",#000000\n", "empty name"),
        ("\n", "holds no class"),
        ("".join(f"c{n},#{n:06x}\n" for n in range(251)), "this one has 251"),
        ('{"classes": [', "not valid JSON"),
        ('{"classes": 3}', "expected {"),
        ('{"classes": [{"title": "Water", "color": "#50E3C2"}]}', 'class 0 needs "name" and "color"'),
        ('{"classes": [{"index": 1, "name": "a", "color": "#000000"}]}', "has index 1; expected 0"),
        ('{"classes": [{"name": "a", "color": "#000000", "id": "x"}]}', "id that is no whole number"),
        ('{"ignore_index": 0, "classes": [{"name": "a", "color": "#000000"}]}', "ignore index is always 255; found 0"),
        (
            '{"classes": [{"name": "a", "color": "#010203"}, {"name": "b", "color": "#010203"}]}',
            "the colour #010203 stands twice",
        ),
        ("a,#000000,70000\n", "70000"),
        ('{"classes": [{"name": "a", "color": "#000000", "id": -1}]}', "-1"),
        ('{"classes": [{"name": "a", "color": "#000000"}], "ignored_colors": 5}', "ignored_colors"),
    ],
)
def test_what_is_wrong_is_told_with_the_file(tmp_path: Path, text: str, says: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(SegError) as caught:
        read_classes(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert says in str(caught.value)


def test_no_text_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "classes.txt"
    path.write_bytes(b"Stra\xdfe,#000000\n")
    with pytest.raises(SegError, match="not a text file in UTF-8"):
        read_classes(path)


def test_foreground_leaves_out_the_background() -> None:
    assert ClassMap(("Background", "x"), ((0, 0, 0), (1, 1, 1))).foreground == (1,)
    assert ClassMap(("x", "y"), ((0, 0, 0), (1, 1, 1))).foreground == (0, 1)


def test_palette_by_mask_value() -> None:
    palette = ClassMap(("a", "b"), ((1, 2, 3), (4, 5, 6))).palette()
    assert palette[[0, 1, 2, 255]].tolist() == [[1, 2, 3], [4, 5, 6], [0, 0, 0], [128, 128, 128]]


def test_made_up_colors_differ() -> None:
    assert len({distinct_color(number) for number in range(40)}) == 40


def test_values_of_several_ids_and_colors() -> None:
    red, green, blue = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    classes = ClassMap(("a", "b"), (red, green), ids=(4, 5), more_ids=((6, 7), ()), more_colors=((), (blue,)))
    assert classes.index_of_id() == {4: 0, 5: 1, 6: 0, 7: 0}
    assert classes.index_of_color() == {red: 0, green: 1, blue: 1}
    assert classes.to_json()["classes"] == [
        {"index": 0, "name": "a", "color": "#ff0000", "id": 4, "more_ids": [6, 7]},
        {"index": 1, "name": "b", "color": "#00ff00", "id": 5, "more_colors": ["#0000ff"]},
    ]
    assert ClassMap(("a",), (red,), more_ids=((),), more_colors=((),)) == ClassMap(("a",), (red,))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"more_ids": ((5,), ())}, "the id 5 stands twice"),
        ({"more_ids": ((6, 6), ())}, "the id 6 stands twice"),
        ({"more_ids": ((70_000,), ())}, "class 'a' has the id 70000"),
        ({"more_ids": ((6,),)}, "given for all classes or for none"),
        ({"more_colors": ((), ((0, 0, 1),))}, "the colour #000001 stands twice"),
    ],
)
def test_bad_further_values(more: dict[str, tuple[tuple[int, ...], ...]], said: str) -> None:
    with pytest.raises(SegError, match=said):
        ClassMap(("a", "b"), ((0, 0, 1), (0, 0, 2)), ids=(4, 5), **more)


@pytest.mark.parametrize(
    "entry",
    ['"more_ids": 3', '"more_ids": ["3"]', '"more_colors": [1]', '"more_colors": "#000000"', '"more_ids": [1.5]'],
)
def test_bad_further_values_in_json(tmp_path: Path, entry: str) -> None:
    path = written(tmp_path, f'{{"classes": [{{"name": "a", "color": "#ffffff", {entry}}}]}}')
    with pytest.raises(SegError, match=r"class 'a' has \"more_\w+\" that is no list of"):
        read_classes(path)


def test_a_list_without_a_class_is_told(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("ignore,#000000\n")
    with pytest.raises(SegError, match=r"classes\.txt: holds no class"):
        read_classes(tmp_path / "classes.txt")


@pytest.mark.parametrize("color", [(0.0, 1.0, 0.0), (300, 0, 0), (-1, 0, 0), (0, 0), (0, 0, 0, 255)])
def test_colors_are_three_whole_numbers(color: tuple[int, ...]) -> None:
    with pytest.raises(SegError, match="a colour is three whole numbers from 0 to 255"):
        ClassMap(("a", "b"), ((9, 9, 9), color))  # type: ignore[arg-type]


def test_lists_and_arrays_make_the_map_that_tuples_make() -> None:
    made = ClassMap(("a", "b"), ((1, 2, 3), (4, 5, 6)), ids=(7, 8), ignored=((9, 9, 9),), more_ids=((), (5,)))
    rows: Any = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
    rest: Any = {"ignored": [[9, 9, 9]], "more_ids": [[], [np.int64(5)]]}
    for ids in ([7, 8], np.array([7, 8]), [np.int64(7), np.uint16(8)], range(7, 9)):
        other = ClassMap(["a", "b"], rows, ids=ids, **rest)  # type: ignore[arg-type]
        assert other == made
        assert hash(other) == hash(made)
        assert json.dumps(other.to_json()) == json.dumps(made.to_json())


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"names": "ab"}, "names='ab': needs a list of which each is a text"),
    ({"names": ("a", 1)}, "names=('a', 1): needs a list of which each is a text"),
    ({"names": {"a": 1, "b": 2}}, "names={'a': 1, 'b': 2}: needs a list of which each is a text"),
    ({"names": None}, "names=None: needs a list of which each is a text"),
    ({"colors": 5}, "colors=5: needs a list of which each is a list"),
    ({"colors": None}, "colors=None: needs a list of which each is a list"),
    ({"colors": ("#ff0000", "#00ff00")}, "colors=('#ff0000', '#00ff00'): needs a list of which each is a list"),
    ({"ids": (1.5, 2)}, "ids=(1.5, 2): needs a list of which each is a whole number"),
    ({"ids": ("x", 2)}, "ids=('x', 2): needs a list of which each is a whole number"),
    ({"ids": (True, False)}, "ids=(True, False): needs a list of which each is a whole number"),
    ({"ignored_ids": 7}, "ignored_ids=7: needs a list of which each is a whole number"),
    ({"more_ids": (7, 8)}, "more_ids=(7, 8): needs a list of which each is a list of which each is a whole number"),
]


@pytest.mark.parametrize(("wrong", "says"), WRONG)
def test_values_of_other_types_are_refused_by_name(wrong: dict[str, Any], says: str) -> None:
    right: dict[str, Any] = {"names": ("a", "b"), "colors": ((1, 2, 3), (4, 5, 6))}
    with pytest.raises(SegError, match=f"^{re.escape(says)}"):
        ClassMap(**{**right, **wrong})


def test_what_follows_the_colours_is_given_by_name() -> None:
    with pytest.raises(TypeError, match="positional"):
        ClassMap(("a",), ((1, 2, 3),), (4,))  # type: ignore[misc]
