"""Labels that two people drew on the same photos are not two samples of each: refused, and one folder can be named."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.support import masks_of, random_image, run_error, run_ok, save

PEOPLE = ("anna", "ben")
SHARED = "several labels are of one photo: 3 photos (raw/images/p0.jpg, raw/images/p1.jpg, raw/images/p2.jpg)"


def corners(number: int) -> list[tuple[int, int]]:
    """A square, a few pixels further right for the second person."""
    left = 10 + 5 * number
    return [(left, 10), (40, 10), (40, 50), (left, 50)]


def labelme(stem: str, number: int) -> tuple[str, str]:
    shape = {"label": "cat", "points": corners(number), "shape_type": "polygon"}
    about = {"imagePath": f"../images/{stem}.jpg", "imageData": None, "imageHeight": 60, "imageWidth": 80}
    return ".json", json.dumps({"shapes": [shape], **about})


def voc(stem: str, number: int) -> tuple[str, str]:
    points = "".join(f"<x{n}>{x}</x{n}><y{n}>{y}</y{n}>" for n, (x, y) in enumerate(corners(number), 1))
    size = "<size><width>80</width><height>60</height><depth>3</depth></size>"
    named = f"<filename>{stem}.jpg</filename>{size}<object><name>cat</name><polygon>{points}</polygon></object>"
    return ".xml", f"<annotation>{named}</annotation>"


def yolo(stem: str, number: int) -> tuple[str, str]:
    return ".txt", " ".join(["0", *(f"{x / 80} {y / 60}" for x, y in corners(number))]) + "\n"


@pytest.mark.parametrize("write", [labelme, voc, yolo])
def test_files_of_two_people_are_refused_and_one_folder_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: object
) -> None:
    monkeypatch.chdir(tmp_path)
    for stem in ("p0", "p1", "p2"):
        save(Path("raw/images") / f"{stem}.jpg", random_image(0, 60, 80))
        for number, person in enumerate(PEOPLE):
            ending, text = write(stem, number)  # type: ignore[operator]
            Path("raw", person).mkdir(exist_ok=True)
            Path("raw", person, stem + ending).write_text(text)
    Path("raw/data.yaml").write_text("names: [cat]\n")
    images = ("--images", "raw/images") if write is yolo else ()  # whose labels say of no photo which it is
    assert SHARED in run_error("masks", "convert", "raw", *images, "-o", "d")
    assert not Path("d").exists()
    run_ok("masks", "convert", "raw/ben", "--images", "raw/images", "-o", "d")
    masks = masks_of(Path("d"))
    assert masks.keys() == {"p0", "p1", "p2"}
    assert all(mask[30, 16] != mask[30, 12] == mask[0, 0] for mask in masks.values())  # ben's begin at 15


def test_masks_in_folders_of_two_people_are_told_from_those_of_classes(tmp_path: Path) -> None:
    def said(second: tuple[slice, slice]) -> str:
        for person, place in zip(PEOPLE, ((slice(10, 50), slice(10, 40)), second), strict=True):
            mask = np.zeros((60, 80), np.uint8)
            mask[place] = 255
            for stem in ("p0", "p1"):
                save(tmp_path / "raw" / person / f"{stem}.png", mask)
                save(tmp_path / "raw/images" / f"{stem}.jpg", random_image(0, 60, 80))
        return run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "d", "--overwrite").stdout

    assert "which is most of what anna, ben cover: if these are folders of people" in said(np.s_[10:50, 15:40])
    assert "which is most" not in said(np.s_[10:50, 35:70])  # classes that touch
