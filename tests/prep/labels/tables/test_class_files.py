"""Class maps as the tools write them."""

import json
import re
from pathlib import Path

import pytest

from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.labels import class_files
from prep.labels.class_files import read_class_table
from tests.support import random_image, save

RED, GREEN, GREY = (255, 0, 0), (0, 255, 0), (155, 155, 155)
EXPECTED = ClassMap(("car", "two words"), (RED, GREEN))
IGNORING = ClassMap(("car", "two words"), (RED, GREEN), ids=(0, 1), ignored=(GREY,), ignored_ids=(2,))
FROM_ONE = ClassMap(("car", "two words"), (RED, GREEN), ids=(1, 2), ignored=(GREY,), ignored_ids=(3,))

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
        ("classes.json", json.dumps(SUPERVISELY), FROM_ONE),
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
        ("classes.txt", "car;#ff0000\n\n two words; #00FF00\nignore;#9b9b9b\n", IGNORING),
        ("classes.txt", "car\t#ff0000\ntwo words\t#00ff00\n", EXPECTED),
        ("classes.txt", "car: #ff0000\ntwo words: #00ff00\n", EXPECTED),
        ("classes.txt", "car #ff0000\ntwo words #00ff00\n", EXPECTED),
        ("classes.txt", "car,ff0000\ntwo words,00ff00\nignore,9b9b9b\n", IGNORING),
        ("classes.txt", "car;ff0000\ntwo words;00ff00\n", EXPECTED),
        ("classes.txt", "car,0xff0000\ntwo words,0x00ff00\n", EXPECTED),
        (
            "classes.txt",
            "1;car;#ff0000\n2;two words;#00ff00\n",
            ClassMap(("car", "two words"), (RED, GREEN), ids=(1, 2)),
        ),
        ("classes.txt", "car;ff0000;1\ntwo words;00ff00;2\n", ClassMap(("car", "two words"), (RED, GREEN), ids=(1, 2))),
        ("classes.txt", "car;255;0;0\ntwo words;0;255;0\n", EXPECTED),
        ("classes.txt", "255;0;0;car\n0;255;0;two words\n", EXPECTED),
        (
            "classes.txt",
            "1;car;255;0;0\n2;two words;0;255;0\n",
            ClassMap(("car", "two words"), (RED, GREEN), ids=(1, 2)),
        ),
        (
            "classes.txt",
            "car;1;255;0;0\ntwo words;2;0;255;0\n",
            ClassMap(("car", "two words"), (RED, GREEN), ids=(1, 2)),
        ),
        ("classes.txt", "car (255, 0, 0)\ntwo words [0,255,0]\n", EXPECTED),
        ("colormap.txt", "1 car 255 0 0\n2 two words 0 255 0\n3 void 155 155 155\n", FROM_ONE),
        ("class_list.json", '{"#ff0000": "car", "#00ff00": "two words"}', EXPECTED),
        ("class_mapping.csv", "class_name,class_color\ncar,255 0 0\ntwo words,0 255 0\n", EXPECTED),
        (
            "config.json",
            '{"labels": [{"name": "car", "color": [255, 0, 0]}, {"name": "two words", "color": [0, 255, 0]}, '
            '{"name": "void--unlabeled", "color": [155, 155, 155]}]}',
            IGNORING,
        ),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_colors(tmp_path: Path, name: str, text: str, expected: ClassMap, encoding: str) -> None:
    table = read_class_table(write(tmp_path, name, text, encoding))
    assert table.classes == expected
    assert table.has_colors


def test_greys_in_a_column_of_colors_are_ids(tmp_path: Path) -> None:
    table = read_class_table(write(tmp_path, "class_mapping.csv", "class_name,class_color\nsky,0\ncar,127\ntree,255\n"))
    assert (table.classes.names, table.classes.ids, table.has_colors) == (("sky", "car", "tree"), (0, 127, 255), False)


def test_numbers_above_255_are_no_greys(tmp_path: Path) -> None:
    with pytest.raises(SegError, match=r"class_mapping\.csv"):
        read_class_table(write(tmp_path, "class_mapping.csv", "class_name,class_color\ncar,127\ntree,256\n"))


@pytest.mark.parametrize(
    "line",
    [
        "{n} {r} {g} 0 {name}",
        "{n},{r},{g},0,{name}",
        "{n} {r} {g} 0 255 {name}",
        '    {n}   {r}    {g}    0        1  1  1    "{name}"',
        "{n} {name} {r} {g} 0 0",
        "{name},{n},({r},{g},0)",
        "{name}, {n}, {r}, {g}, 0",
    ],
)
def test_numbers_beside_colors_are_ids(tmp_path: Path, line: str) -> None:
    rows = [(2, 255, 0, "car"), (5, 0, 255, "tree"), (7, 9, 9, "void")]
    text = "\n".join(line.format(n=n, r=r, g=g, name=name) for n, r, g, name in rows)
    table = read_class_table(write(tmp_path, "label_colors.txt", text))
    assert table.classes == ClassMap(("car", "tree"), (RED, GREEN), ids=(2, 5), ignored=((9, 9, 0),), ignored_ids=(7,))
    assert table.has_ids


def test_the_last_of_four_numbers_may_be_how_opaque_the_color_is(tmp_path: Path) -> None:
    table = read_class_table(write(tmp_path, "label_colors.txt", "255 0 0 255 car\n0 255 0 255 two words\n"))
    assert (table.classes, table.has_ids) == (EXPECTED, False)


def test_numbers_behind_spaces_are_ids_where_names_and_numbers_differ(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("background 0\ntraffic light  2\ncar\t1\n", encoding="utf-8")
    found = read_class_table(tmp_path / "c.txt")
    assert (found.classes.names, found.classes.ids) == (("background", "traffic light", "car"), (0, 2, 1))
    assert found.has_ids


@pytest.mark.parametrize("text", ["zone 1\nzone 2\n", "road 1\ncar 1\n", "road 1 7\ncar 2 8\n"])
def test_numbers_behind_spaces_that_may_be_of_the_names_are_asked_about(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.txt").write_text(text, encoding="utf-8")
    with pytest.raises(SegError, match="an id, or part of the name"):
        read_class_table(tmp_path / "c.txt")


@pytest.mark.parametrize("line", ["[{n}] {name}", "{n}|{name}", "{n} - {name}", "{name} ({n})", "{name} -> {n}"])
def test_numbers_in_brackets_and_behind_arrows_are_ids(tmp_path: Path, line: str) -> None:
    rows = [(2, "car"), (5, "two words")]
    text = "\n".join(line.format(n=n, name=name) for n, name in rows)
    table = read_class_table(write(tmp_path, "classes.txt", text))
    assert (table.classes.names, table.classes.ids) == (("car", "two words"), (2, 5))


@pytest.mark.parametrize("text", ['"car"\n"two words"\n', "car # red\ntwo words // green\n"])
def test_quotes_and_comments_are_no_part_of_a_name(tmp_path: Path, text: str) -> None:
    assert read_class_table(write(tmp_path, "classes.txt", text)).classes.names == ("car", "two words")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("car;tree;road\n", "line 1: no class map"),
        (
            "car;100000\ntree;001000\n",
            "line 1: is '100000' a colour? Then write each line as name,#rrggbb, this one as\n  car,#100000",
        ),
        ("wall,facade\ndoor,decade\n", "line 1: is 'facade' a colour?"),
        ("car,#f00\ntree,#00ff00\n", "'#f00' is not a colour; write it as #ff0000"),
        ("car tree road\n", "line 1: is 'car tree road' one name, or several?"),
        ("| id | name |\n|---|---|\n| 0 | car |\n", "line 1: no class map"),
        ("0x00 car\n0x01 tree\n", "line 1: no class map"),
        ("5 0 0 0 car\n2 255 0 0 tree\n1 0 255 3 road\n", "line 1: is the first number an id, or is the last one"),
        ("1 2 3 4 5 6 car\n", "line 1: which of these numbers are the colour of 'car'?"),
    ],
)
def test_what_is_no_list_of_names_is_refused_with_the_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SegError, match=re.escape(said)):
        read_class_table(write(tmp_path, "classes.txt", text))


@pytest.mark.parametrize("first", [0, 1, 2])
def test_names_are_counted(tmp_path: Path, first: int) -> None:
    table = read_class_table(write(tmp_path, "codes.txt", "Animal\n\n  two words \nVoid\nwall\n"), first)
    assert table.classes.names == ("Animal", "two words", "wall")
    assert table.classes.ids == (first, first + 1, first + 3)  # Void keeps its number
    assert table.classes.ignored_ids == (first + 2,)
    assert table.ignored == (("Void", first + 2),)
    assert len(set(table.classes.colors)) == 3
    assert (table.has_colors, table.has_ids) == (False, False)


@pytest.mark.parametrize("void", ["Void", "Unlabeled", "unlabelled", "__ignore__", "ignore", "dont_care", "no-data"])
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(
    ("name", "line", "separator", "start"),
    [
        ("classes.txt", "{name}", "\n", ""),
        ("label_colors.txt", "{n} 7 9 {name}", "\n", ""),
        ("labelmap.txt", "{name}:{n},7,9::", "\n", "# label:color_rgb:parts:actions\n"),
        ("class_dict_seg.csv", "{name}, {n}, 7, 9", "\n", "name, r, g, b\n"),
        ("data.yaml", "- {name}", "\n", "nc: 3\nnames:\n"),
    ],
)
def test_a_row_that_is_left_out_keeps_its_number(
    tmp_path: Path, void: str, place: int, name: str, line: str, separator: str, start: str
) -> None:
    names = ["road", "car"]
    names.insert(place, void)
    rows = [line.format(name=each, n=number) for number, each in enumerate(names)]
    classes = read_class_table(write(tmp_path, name, start + separator.join(rows) + "\n")).classes
    assert dict(zip(classes.names, classes.ids, strict=True)) == {each: names.index(each) for each in ("road", "car")}
    assert classes.ignored_ids == (place,)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_ignore_keeps_its_number_in_our_list(tmp_path: Path, place: int) -> None:
    rows = ["road,#ff0000", "car,#00ff00"]
    rows.insert(place, "ignore,#000000")
    classes = read_class_table(write(tmp_path, "classes.txt", "\n".join(rows))).classes
    assert classes.ids == tuple(number for number in range(3) if number != place)
    assert (classes.ignored, classes.ignored_ids) == (((0, 0, 0),), (place,))


def test_ignore_says_no_number_where_others_say_theirs(tmp_path: Path) -> None:
    classes = read_class_table(
        write(tmp_path, "classes.txt", "road,#ff0000,3\ncar,#00ff00,7\nignore,#000000\n")
    ).classes
    assert (classes.ids, classes.ignored_ids) == ((3, 7), ())


ENTRIES = [{"class_name": "road", "png_index": 1, "color": "#4df3ceff"}, {"class_name": "car", "png_index": 2}]


@pytest.mark.parametrize(
    ("name", "text", "ids", "rest"),
    [
        ("data.yaml", "train: a\nnames:\n  0: background\n  1: road\n  2: car\n", (0, 1, 2), False),
        ("names.txt", "nc: 3\nnames: [background, road, car]\n", (0, 1, 2), False),
        ("label_map.pbtxt", "item {\n  id: 1\n  name: 'road'\n}\nitem { name: \"car\" id: 2 }\n", (1, 2), True),
        ("a.csv", "id,name\n0,background\n1,road\n2,car\n", (0, 1, 2), False),
        ("a.csv", "name,id\nbackground,0\nroad,1\ncar,2\n", (0, 1, 2), False),
        ("a.csv", "name;id\nbackground;0\nroad;1\ncar;2\n", (0, 1, 2), False),
        ("a.csv", "0,background\n1,road\n2,car\n", (0, 1, 2), False),
        ("_classes.csv", "Pixel Value, Class\n0, background\n1, road\n2, car", (0, 1, 2), False),
        ("label_classes.json", json.dumps(ENTRIES), (1, 2), True),
        ("dataset.json", '{"labels": {"background": 0, "road": 1, "car": 2}, "numTraining": 2}', (0, 1, 2), False),
        ("dataset.json", '{"labels": {"0": "background", "1": "road", "2": "car"}}', (0, 1, 2), False),
        ("id2label.json", '{"0": "background", "1": "road", "2": "car"}', (0, 1, 2), False),
        ("config.json", '{"id2label": {"0": "background", "2": "car", "1": "road"}}', (0, 2, 1), False),
        ("categories.json", '{"categories": [{"id": 1, "name": "road"}, {"id": 5, "name": "car"}]}', (1, 5), False),
        ("list.json", '["background", "road", "car"]', (0, 1, 2), False),
        ("a.txt", "0 background\n1 road\n2 car\n", (0, 1, 2), False),
        ("a.txt", "0: background\n1: road\n2: car\n", (0, 1, 2), False),
        ("a.txt", "background=0\nroad=1\ncar=2\n", (0, 1, 2), False),
        (
            "objectInfo150.txt",
            "Idx\tRatio\tTrain\tVal\tStuff\tName\n1\t.1\t9\t9\t1\troad\n2\t.1\t9\t9\t0\tcar\n",
            (1, 2),
            False,
        ),
        ("info.json", '{"class_names": ["background", "road", "car"], "class_indexes": [0, 1, 2]}', (0, 1, 2), False),
        (
            "metadata.json",
            '{"version": "1", "default_mask_targets": {"0": "background", "1": "road", "2": "car"}}',
            (0, 1, 2),
            False,
        ),
        ("labels.txt", "__ignore__\n_background_\nroad\ncar\n", (0, 1, 2), False),
        ("a.csv", "Name,PixelLabelID\nbackground,1\nroad,2\ncar,3\n", (1, 2, 3), False),
        ("label2id.json", '{"background": 0, "road": 3, "car": 7}', (0, 3, 7), False),
        (
            "class_map.json",
            '{"0": {"name": "background"}, "3": {"name": "road"}, "7": {"name": "car"}}',
            (0, 3, 7),
            False,
        ),
        ("class_map.json", '{"background": {"id": 0}, "road": {"id": 3}, "car": {"id": 7}}', (0, 3, 7), False),
        (
            "o.json",
            '{"classes": [{"id": 0, "name": "background", "color": [0, 0, 0]}, {"id": 2, "name": "road", "color": '
            '[255, 0, 0]}, {"id": 4, "name": "car", "color": [0, 0, 9]}]}',
            (0, 2, 4),
            False,
        ),
        ("labels.yml", "- id: 0\n  name: background\n- id: 2\n  name: road\n- id: 4\n  name: car\n", (0, 2, 4), False),
        ("labels.yaml", "0: background\n1: road\n2: car\n", (0, 1, 2), False),
        (
            "kitti.yaml",
            "labels:\n  0: background\n  9: road\n  10: car\ncolor_map:\n  0: [0, 0, 0]\n",
            (0, 9, 10),
            False,
        ),
        ("colors.json", '{"background": "#000000", "road": "#ff0000", "car": "#00ff00ff"}', (0, 1, 2), False),
        ("colors.json", '{"0,0,0": "background", "(255, 0, 0)": "road", "[0,255,0]": "car"}', (0, 1, 2), False),
        (
            "l.json",
            '{"label_classes": [{"class_name": "road", "color": "#ff00004d"}, {"class_name": "car", "color": '
            '"#00ff004d"}]}',
            (0, 1),
            False,
        ),
        ("a.csv", "id,name,color\n0,background,#000000\n1,road,#000000\n2,car,#000000\n", (0, 1, 2), False),
    ],
)
def test_lists_of_other_tools(tmp_path: Path, name: str, text: str, ids: tuple[int, ...], rest: bool) -> None:
    table = read_class_table(write(tmp_path, name, text))
    by_name = dict(zip(table.classes.names, table.classes.ids, strict=True))
    assert set(by_name) <= {"background", "road", "car"}
    assert table.classes.ids == ids
    assert table.zero_is_rest == rest
    assert by_name["road"] < by_name["car"]


@pytest.mark.parametrize(
    "text",
    [
        'index,name,color\n0,background,"(0, 0, 0)"\n3,road,"[255, 128, 0]"\n7,car,"0 255 0"\n',
        "id;name;colour\n0;background;0,0,0\n3;road;255,128,0\n7;car;0,255,0\n",
        "id,name,hex\n0,background,#000000\n3,road,FF8000\n7,car,#00ff00\n",
        'id,name,color\n0,background,0x000000\n3,road,"rgb(255, 128, 0)"\n7,car,"(0,255,0)"\n',
        "id,name,r,g,b\n0,background,0,0,0\n3,road,1.0,0.502,0\n7,car,0,1,.0\n",
    ],
)
def test_colors_in_a_column_and_shares_of_white(tmp_path: Path, text: str) -> None:
    table = read_class_table(write(tmp_path, "classes.csv", text))
    assert table.classes.names == ("background", "road", "car")
    assert table.classes.ids == (0, 3, 7)
    assert table.has_colors
    assert table.classes.colors == ((0, 0, 0), (255, 128, 0), (0, 255, 0))


def test_a_colour_may_come_before_its_name(tmp_path: Path) -> None:
    text = "# of my set\n#000000 background\n#FF8000, road\n#00ff00\tcar\n"
    table = read_class_table(write(tmp_path, "legend.txt", text))
    assert table.classes.names == ("background", "road", "car")
    assert table.classes.colors == ((0, 0, 0), (255, 128, 0), (0, 255, 0))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes("фон\r\n道路\r\n".encode(encoding))
    assert read_class_table(path).classes.names == ("фон", "道路")


def test_other_encodings_are_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes("road\nдорога\n".encode("cp1251"))
    with pytest.raises(SegError, match=r"names.txt: line 2: byte 0xe4 is not UTF-8; save the file as UTF-8"):
        read_class_table(path)
    path.write_bytes("road\n".encode("utf-16-le"))
    with pytest.raises(SegError, match=r"names.txt: no text file in UTF-8"):
        read_class_table(path)


def test_supervisely_counts_from_one_or_as_the_file_beside_says(tmp_path: Path) -> None:
    meta = write(tmp_path, "meta.json", json.dumps(SUPERVISELY))
    assert read_class_table(meta).classes.ids == (1, 2)
    assert not read_class_table(meta).zero_is_rest  # Unlabeled is a row of its own
    (tmp_path / "void").mkdir()
    void = write(tmp_path / "void", "meta.json", json.dumps(SUPERVISELY).replace("Unlabeled", "Void"))
    assert read_class_table(void).zero_is_rest  # a class that somebody drew
    write(tmp_path, "obj_class_to_machine_color.json", '{"car": [7, 7, 7], "two words": [4, 4, 4]}')
    assert read_class_table(meta).classes.ids == (7, 4)
    write(tmp_path, "obj_class_to_machine_color.json", '{"car": 5, "two words": 3}')
    assert read_class_table(meta).classes.ids == (5, 3)


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
        (
            "class_dict.csv",
            f"name,r,g,b\ncar,1,2,{'9' * 5000}\n",
            "line 2: a colour is three numbers from 0 to 255, found 1,2,9",
        ),
        ("class_dict.csv", "name,r,g,b\ncar,1,2\n", "line 2: a colour is three numbers from 0 to 255, found 1,2"),
        ("class_dict.csv", "name,r,g,b\n", "holds no class"),
        ("labelmap.txt", "void:0,0,0::\n", "holds no class"),
        ("labelmap.txt", "car:1,1,1::\nbus:1,1,1::\n", "the colour #010101 stands twice"),
        ("codes.txt", "car\ncar\n", "the name car stands twice in the class map (line 1 and line 2)"),
        ("codes.txt", "car\ncar,bus\n", "line 2: no class map; write one name,#rrggbb or one name a line"),
        ("codes.txt", "0 car\n1 bus\nroad\n", "line 3: other lines have a number and a name; write each as name,id"),
        ("codes.txt", "lane 1\nlane 2\n", "line 1: is the number in 'lane 1' an id, or part of the name?"),
        ("data.yaml", "train: images\n", 'a YAML file without "names:"'),
        ("data.yaml", "names: [\n", "not valid YAML"),
        ("data.yaml", "names: [car]\nlabel_mapping: [7]\n", "label_mapping is not a list of 'value: class'"),
        ("data.yaml", "names: [car]\nlabel_mapping: {7: 1}\n", "label_mapping makes 1 of 7, which names does not have"),
        ("data.yaml", "names: [car]\nlabel_mapping: {7: true}\n", "label_mapping makes True of 7"),
        ("data.yaml", "names: [a, b]\nlabel_mapping: {7: true}\n", "label_mapping makes True of 7"),
        ("data.yaml", "names: [car]\nlabel_mapping: {7: [0]}\n", r"label_mapping makes [0] of 7"),
        ("data.yaml", "names: [car]\nlabel_mapping: {x: 0}\n", "label_mapping has 'x' in the place of a value"),
        ("dataset.json", '{"labels": {"whole": [1, 2], "core": 2}}', "regions of nnU-Net"),
        ("labels.xml", "<a/>", "an XML or HTML file"),
        ("a.csv", "name,id\nroad,x\n", "line 2: the id of a class is a whole number; found 'x'"),
        ("a.csv", "name,id\nroad\n", "line 2: expected 2 columns as in the first line"),
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
        read_class_table(write(tmp_path, name, text))


def test_a_name_with_a_comma_is_asked_for_in_a_form_that_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, "names.txt", "background\nsofa, couch\ncar\n")
    with pytest.raises(SegError, match=r"names.txt: line 2: a name with a comma") as said:
        read_class_table(path)
    advice = str(said.value).splitlines()[-1].strip()
    path.write_text(path.read_text().replace("sofa, couch", advice))
    assert read_class_table(path).classes.names == ("background", "sofa couch", "car")


def test_what_ade20k_has_beside_its_classes_is_ignored(tmp_path: Path) -> None:
    path = write(tmp_path, "objectInfo150.txt", "Idx\tRatio\tStuff\tName\n1\t.1\t1\twall\n2\t.1\t1\tcar, auto\n")
    table = read_class_table(path)
    assert (table.classes.names, table.classes.ignored_ids) == (("wall", "car, auto"), (0,))


def test_a_picture_is_no_list_of_names(tmp_path: Path) -> None:
    picture = save(tmp_path / "a.png", random_image(0))
    with pytest.raises(SegError, match=r"a\.png: "):
        read_class_table(picture)


def test_labels_mat(real_data: Path) -> None:
    classes = read_class_table(real_data / "cracks" / "labels.mat").classes
    assert (classes.names, classes.ids) == (("Background", "Crack"), (1, 2))
    assert read_class_table(real_data / "cracks" / "gTruth.mat").classes == classes


def test_a_file_of_more_lines_than_there_are_ids_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "words.txt").write_text("".join(f"word{number}\n" for number in range(70_000)))
    monkeypatch.setattr(class_files, "table_from_lines", None)
    said = "words.txt: 70,000 lines, and a class map has at most 250 classes, one a line; is it another file?"
    with pytest.raises(SegError, match=re.escape(said)):
        read_class_table(tmp_path / "words.txt")


@pytest.mark.parametrize(
    ("names", "encoding", "code"),
    [
        (("背景", "道路", "汽车"), "gbk", "GBK"),
        (("0,背景", "1,道路", "2,树木"), "gb18030", "GBK"),
        (("Hintergrund", "Straße", "Häuser", "Öl"), "cp1252", "Windows-1252"),
        (("fond", "forêt", "bâtiment", "œuvre"), "cp1252", "Windows-1252"),
        (("fondo", "montaña", "árbol"), "latin-1", "Windows-1252"),
        (("himmel", "sjö", "åker"), "cp1252", "Windows-1252"),
    ],
)
def test_lists_in_the_code_of_chinese_and_western_windows_are_read_and_told(
    tmp_path: Path, names: tuple[str, ...], encoding: str, code: str
) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes("\r\n".join(names).encode(encoding))
    table = read_class_table(path)
    assert table.classes.names == tuple(name.rpartition(",")[2] for name in names)
    (note,) = table.notes
    assert note.startswith(f"read as {code}, which is not stated, as it is no UTF-8: {path}; look at the names: ")
    assert all(name in note for name in table.classes.names if not name.isascii())


@pytest.mark.parametrize(
    ("names", "encoding"),
    [
        (("фон", "дорога", "машина"), "cp1251"),
        (("背景", "道路", "自動車", "木"), "shift_jis"),
        (("Straße", "Häuser", "Bäume"), "mac_roman"),
        (("Straße", "Häuser", "Bäume"), "cp850"),
        (("tło", "śnieg", "łódź", "żółw"), "cp1250"),
        (("pozadí", "dům", "řeka", "silnice"), "cp1250"),
        (("φόντο", "δρόμος"), "cp1253"),
        (("배경", "도로", "자동차", "나무"), "cp949"),
        (("하늘", "사람", "건물", "보행자"), "cp949"),
    ],
)
def test_lists_in_codes_that_nobody_can_tell_are_refused(tmp_path: Path, names: tuple[str, ...], encoding: str) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes("\n".join(names).encode(encoding))
    with pytest.raises(SegError, match="is not UTF-8; save the file as UTF-8"):
        read_class_table(path)


@pytest.mark.parametrize(
    "text",
    [
        "background,\nroad,\ncar,\n",
        "background,,,\r\nroad,,,\r\ncar,,,\r\n",
        "background;\nroad;\ncar;",
        '"background",\n"road",\n"car"\n',
        "background,\nroad,\ncar\n",
        "Klasse;Nummer\nbackground;0\nroad;1\ncar;2\n",
        "Nr.;Klasse\n0;background\n1;road\n2;car\n",
        "ID;Klasse;Farbe\n0;background;#000000\n1;road;#ff0000\n2;car;#00ff00\n",
        "ID;Klasse;Farbe\n0;background;schwarz\n1;road;rot\n2;car;rot\n",
        "ID;Klasse;Farbe;\n0;background;0,0,0;\n1;road;255,0,0;\n2;car;0,0,255;\n",
        "class,name\n0,background\n1,road\n2,car\n",
        "class,label\n0,background\n1,road\n2,car\n",
        "编号,类别\n0,background\n1,road\n2,car\n",
        "Numéro;Nom\n0;background\n1;road\n2;car\n",
        "Klasse;Rot;Grün;Blau\nbackground;0;0;0\nroad;255;0;0\ncar;0;0;255\n",
        "background,#000000,\nroad,#ff0000,\ncar,#0000ff,\n",
    ],
)
def test_empty_columns_and_headers_of_other_languages(tmp_path: Path, text: str) -> None:
    table = read_class_table(write(tmp_path, "list.csv", text))
    assert table.classes.names == ("background", "road", "car")
    assert table.classes.ids == (0, 1, 2)
    assert table.has_colors == ("#" in text or "255" in text)
