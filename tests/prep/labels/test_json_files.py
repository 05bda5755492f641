"""JSON files of labels are parsed once a command, whoever they belong to."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prep.labels import region_labels
from prep.labels.regions import labelme
from tests.support import load, masks_of, random_image, run_ok, save

SHAPE = {"label": "tree", "points": [[0, 0], [2, 0], [2, 1], [0, 1]], "shape_type": "polygon"}
LABELME = {"shapes": [SHAPE], "imagePath": "a.png", "imageWidth": 3, "imageHeight": 2}
COCO = {
    "images": [{"id": number, "file_name": f"{number}.png", "width": 3, "height": 2} for number in (1, 2)],
    "categories": [{"id": 1, "name": "tree"}],
    "annotations": [
        {"id": number, "image_id": number, "category_id": 1, "segmentation": [[0, 0, 2, 0, 2, 1, 0, 1]]}
        for number in (1, 2)
    ],
}


def write(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each JSON file was parsed in this process."""
    counts: Counter[str] = Counter()
    original = region_labels.load_json

    def count(path: Path, *arguments: Any) -> Any:  # noqa: ANN401
        counts[path.name] += 1
        return original(path, *arguments)

    for module in ("contents", "regions.labelme"):
        monkeypatch.setattr(f"prep.labels.{module}.load_json", count)
    return counts


def test_coco_beside_json_of_others(tmp_path: Path, parsed: Counter[str]) -> None:
    write(tmp_path / "raw/coco.json", COCO)
    write(tmp_path / "raw/notes.json", {"shapes": 3})
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert parsed == {"coco.json": 1, "notes.json": 1}
    assert masks_of(tmp_path / "set")["2"].tolist() == [[1, 1, 0], [0, 0, 0]]


def test_masks_beside_json_of_others(tmp_path: Path, parsed: Counter[str]) -> None:
    for number in range(3):
        write(tmp_path / f"raw/masks/{number}.json", {"camera": number})
    save(tmp_path / "raw/masks/a.png", np.array([[0, 1]], np.uint8))
    save(tmp_path / "raw/images/a.png", random_image(0, 1, 2))
    (tmp_path / "raw/masks/classes.txt").write_text("sky,#000000\nsea,#0000ff\n")
    run_ok("masks", "convert", tmp_path / "raw/masks", "-o", tmp_path / "set")
    assert set(parsed.values()) == {1}
    assert load(tmp_path / "set/masks/a.png").tolist() == [[0, 1]]


@pytest.mark.parametrize("room", [100, 6])
def test_labelme_keeps_what_there_is_room_for(
    room: int, tmp_path: Path, parsed: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond that, files are read again, with the same masks."""
    monkeypatch.setattr(labelme, "_CORNERS_KEPT", room)
    for stem in "abc":
        write(tmp_path / f"raw/{stem}.json", {**LABELME, "imagePath": f"{stem}.png"})
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set", "--unlabelled", "ignore")
    assert all(mask.tolist() == [[0, 0, 255], [255] * 3] for mask in masks_of(tmp_path / "set").values())
    assert parsed["a.json"] == 1
    assert (parsed["c.json"] == 1) == (room == 100)


def test_workers_get_what_was_parsed(tmp_path: Path) -> None:
    write(tmp_path / "raw/coco.json", COCO)
    for workers in (1, 2):
        run_ok("masks", "convert", tmp_path / "raw/coco.json", "-o", tmp_path / f"set{workers}", "--workers", workers)
    assert load(tmp_path / "set1/masks/2.png").tolist() == load(tmp_path / "set2/masks/2.png").tolist()
