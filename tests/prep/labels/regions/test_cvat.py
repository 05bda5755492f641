"""masks convert of CVAT's XML: which pixels polygons, masks and ellipses cover, their order, and what is refused."""

from pathlib import Path

import pytest

from prep.dataset.dataset import Dataset
from tests.prep.labels.digits import rows
from tests.support import by_stem, random_image, run_error, run_ok, save

HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version><meta><task><labels>'
    "<label><name>road</name><color>#010203</color></label><label><name>car</name><color>#010203</color></label>"
    "</labels></task></meta>\n"
)
ROAD = '<polygon label="road" points="0.0,1.0;5.0,1.0;5.0,3.0;0.0,3.0" z_order="{}"></polygon>'
CAR = '<mask label="car" rle="1, 2, 3" left="1" top="0" width="3" height="2" z_order="{}"></mask>'


def write(tmp_path: Path, *shapes: str, head: str = HEAD) -> Path:
    """An XML file of one photo of 5 x 3 pixels, which lies beside."""
    save(tmp_path / "raw/images/a.png", random_image(0, 3, 5))
    body = f'<image id="0" name="a.png" width="5" height="3">{"".join(shapes)}</image></annotations>'
    path = tmp_path / "raw/annotations.xml"
    path.write_text(head + body)
    return path


@pytest.mark.parametrize(
    ("order", "expected"),
    [((0, 0), ["00220", "11111", "11111"]), ((1, 0), ["00220", "11111", "11111"])],
)
def test_polygons_and_masks_in_the_order_of_z(order: tuple[int, int], expected: list[str], tmp_path: Path) -> None:
    out = tmp_path / "set"
    run_ok("masks", "convert", write(tmp_path, ROAD.format(order[0]), CAR.format(order[1])).parent, "-o", out)
    assert rows(out) == expected
    assert Dataset.open(out).classes.names == ("background", "road", "car")
    assert Dataset.open(out).classes.colors[1] == (1, 2, 3)
    assert by_stem(out)["a"].image == "images/a.png"


def test_a_higher_z_lies_above(tmp_path: Path) -> None:
    whole = CAR.replace("1, 2, 3", "0, 6").replace('top="0"', 'top="1"')
    run_ok("masks", "convert", write(tmp_path, whole.format(2), ROAD.format(1)), "-o", tmp_path / "above")
    assert rows(tmp_path / "above") == ["00000", "12221", "12221"]
    run_ok("masks", "convert", write(tmp_path, whole.format(1), ROAD.format(2)), "-o", tmp_path / "below")
    assert rows(tmp_path / "below") == ["00000", "11111", "11111"]


def test_an_ellipse(tmp_path: Path) -> None:
    shape = '<ellipse label="car" cx="2.5" cy="1.5" rx="{}" ry="1.2" {}></ellipse>'
    run_ok("masks", "convert", write(tmp_path, shape.format("2.2", 'rotation="0.00"')), "-o", tmp_path / "set")
    assert rows(tmp_path / "set") == ["02220", "22222", "02220"]
    text = run_ok("masks", "convert", write(tmp_path, shape.format(2, 'rotation="30.0"'), ROAD), "-o", tmp_path / "b")
    assert "left out, because they are no regions, ellipse: 1 (car in a.png)" in text.stdout


def test_boxes_and_lines_are_left_out_and_counted(tmp_path: Path) -> None:
    box = '<box label="car" xtl="0" ytl="0" xbr="2" ybr="2"></box><tag label="car"></tag>'
    out = tmp_path / "set"
    text = run_ok("masks", "convert", write(tmp_path, box, ROAD.format(0)), "-o", out).stdout
    assert "left out, because they are no regions, box: 1 (car in a.png)" in text
    assert rows(out) == ["00000", "11111", "11111"]
    assert "holds no polygons and no masks" in run_error("masks", "convert", write(tmp_path, box), "-o", tmp_path / "x")


BOMB = '<!DOCTYPE annotations [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("shapes", "head", "said"),
    [
        (ROAD.format(0), HEAD.replace("<annotations>", BOMB + "<annotations>"), "has a document type (<!DOCTYPE ...>)"),
        (ROAD, HEAD + "<track></track>", "does not say how many frames its task has; export the task as 'CVAT for"),
        (ROAD + "<x>", HEAD, "not valid XML (mismatched tag"),
        (ROAD.replace("5.0,3.0", "5.0"), HEAD, "a.png: has a region whose points are not pairs"),
        (
            CAR.replace("1, 2, 3", "1, 2"),
            HEAD,
            "a.png: a region of 'car': the run lengths do not fill an image of 2 x 3",
        ),
        (CAR.replace("1, 2, 3", "1, x"), HEAD, "a mask of 'car' has no whole numbers as its box and runs"),
        (CAR.replace('left="1"', 'left="3"'), HEAD, "its mask reaches beyond the border of the image"),
    ],
)
def test_what_is_refused(shapes: str, head: str, said: str, tmp_path: Path) -> None:
    path = write(tmp_path, shapes, head=head)
    text = run_error("masks", "convert", path, "-o", tmp_path / "set")
    assert said in text
    assert str(path) in text
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize(
    "names", ['name="train/a.png",name="test/b.png"', 'name="a.png" subset="Train",name="b.png" subset="test"']
)
def test_folders_and_subsets_are_splits(names: str, tmp_path: Path) -> None:
    polygon = '<polygon label="road" points="0,0;3,0;3,2" z_order="0"/>'
    images = "".join(f'<image {each} width="6" height="5">{polygon}</image>' for each in names.split(","))
    (tmp_path / "annotations.xml").write_text(f"<annotations><version>1.1</version>{images}</annotations>")
    run_ok("masks", "convert", tmp_path / "annotations.xml", "-o", tmp_path / "set")
    assert {stem: sample.split for stem, sample in by_stem(tmp_path / "set").items()} == {"a": "train", "b": "test"}
