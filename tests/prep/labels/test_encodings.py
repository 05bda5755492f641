"""JSON files in other encodings than UTF-8: read where these are sure or told, else refused by name."""

import json
from pathlib import Path

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from tests.support import masks_of, random_image, run_error, run_ok, save

CHINESE = ("道路", "汽车")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def labelme(stem: str, names: tuple[str, str], encoding: str) -> None:
    """Twenty columns of each name of a photo of sixty."""
    save(Path(f"raw/{stem}.png"), random_image(0, 40, 60))
    shapes = [
        {"label": name, "points": [[x, 0], [x + 20, 0], [x + 20, 40], [x, 40]], "shape_type": "polygon"}
        for name, x in zip(names, (0, 20), strict=True)
    ]
    content = {"imagePath": f"{stem}.png", "imageHeight": 40, "imageWidth": 60, "shapes": shapes}
    Path(f"raw/{stem}.json").write_text(json.dumps(content, ensure_ascii=False), encoding)


@pytest.mark.parametrize("encoding", ["gbk", "utf-8", "utf-8-sig", "utf-16"])
def test_chinese_names_are_read_and_gbk_is_told(encoding: str) -> None:
    labelme("图", CHINESE, encoding)
    labelme("b", CHINESE, "utf-8")
    said = run_ok("masks", "convert", "raw", "-o", "out").stdout
    names = Dataset.open(Path("out")).classes.names
    assert sorted(names) == sorted(("background", *CHINESE))
    expected = np.array([[names.index(name) for name in (*CHINESE, "background") for _ in range(20)]] * 40)
    assert all(np.array_equal(mask, expected) for mask in masks_of(Path("out")).values())
    told = "read as GBK, which is not stated, as they are no UTF-8: 1 file (图.json); look at the names: 图, 道路, 汽车"
    assert (told in " ".join(said.split())) == (encoding == "gbk")


@pytest.mark.parametrize(
    ("names", "encoding"),
    [
        (("Straße", "Bäume"), "cp1252"),
        (("naïve", "éé"), "cp1252"),
        (("дорога", "дома"), "cp1251"),
        (("道路", "くるま"), "shift_jis"),
        (("道路", "汽車"), "big5"),
    ],
)
def test_names_in_other_encodings_are_refused_by_file(names: tuple[str, str], encoding: str) -> None:
    """GBK would read nearly all of them, as other names."""
    labelme("a", names, encoding)
    said = run_error("masks", "convert", "raw", "-o", "out")
    assert said.startswith("raw/a.json: neither UTF-8 nor GBK (byte 0x")
    assert "in line 1); save it as UTF-8" in said
    labelme("a", names, "utf-8")
    run_ok("masks", "convert", "raw", "-o", "out")
    assert {*names} < {*Dataset.open(Path("out")).classes.names}


def test_a_list_of_classes_in_gbk_is_read_and_told() -> None:
    save(Path("raw/images/a.png"), random_image(0, 40, 60))
    save(Path("raw/masks/a.png"), np.repeat(np.array([[0, 1, 2]], np.uint8), 20, axis=1).repeat(40, axis=0))
    Path("list.txt").write_text("\n".join(("背景", *CHINESE)), "gbk")
    said = run_ok("masks", "convert", "raw", "-o", "out", "--classes", "list.txt").stdout
    assert "read as GBK, which is not stated, as it is no UTF-8: list.txt; look at the names: 背景, 道路, 汽车" in said
    assert Dataset.open(Path("out")).classes.names == ("背景", *CHINESE)
