"""Regions in a temporary file: the same shapes come back, to this process and to others, and memory stays small."""

import json
import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from prep.labels.json_stream import first_of_lists
from prep.labels.left_out import LeftOut
from prep.labels.regions.coco_content import read_content
from prep.labels.shapes import region_file
from prep.labels.shapes.region_file import FiledRegions, RegionFile
from prep.labels.shapes.shapes import PackedPolygon, Polygon, Runs, packed_polygon


def equal(one: object, other: object) -> bool:
    if isinstance(one, Polygon) and isinstance(other, Polygon):
        return all(map(np.array_equal, one.rings, other.rings))
    return one == other


@pytest.mark.parametrize("block", [1, 200, 1 << 22])
def test_shapes_come_back_as_they_were(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(region_file, "_BLOCK", block)
    rng = np.random.default_rng(0)
    shapes = [
        packed_polygon(np.array([[0.25, 1], [7, 1.5], [3, 9]])),
        packed_polygon(np.array([[0.1234, 1], [7, 1.5], [3, 9]])),
        packed_polygon(rng.random((40, 2)) * np.pi),
        Runs([0, 2, 13], 3, 5),
        Runs("0213", 3, 5),
        PackedPolygon(b"\0" * 24, 7),
    ] * 3
    file = RegionFile()
    regions = FiledRegions(file)
    for number, shape in enumerate(shapes):
        regions.add(f"name{number}", file.add(shape), is_polygon=not isinstance(shape, Runs))
    expected = [(f"name{number}", shape) for number, shape in enumerate(shapes)]
    for found in (list(regions), list(regions[:]), [regions[-len(shapes) + at] for at in range(len(shapes))]):
        assert [name for name, _ in found] == [name for name, _ in expected]
        assert all(equal(*each) for each in zip([s for _, s in found], shapes, strict=True))
    elsewhere = pickle.loads(pickle.dumps(regions))
    assert isinstance(elsewhere, tuple)
    assert all(equal(*each) for each in zip([s for _, s in elsewhere], shapes, strict=True))
    assert not regions.are_polygons
    with pytest.raises(IndexError):
        regions[len(shapes)]


def test_of_many_annotations_memory_holds_where_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(region_file, "_BLOCK", 1 << 16)
    ring = np.round(np.random.default_rng(0).random(200) * 90, 2).tolist()
    annotations = [
        {"id": number, "image_id": number % 7, "category_id": 1, "segmentation": [ring]} for number in range(4000)
    ]
    images = [{"id": number, "file_name": f"{number}.jpg", "width": 90, "height": 90} for number in range(7)]
    sections = [("images", images), ("categories", [{"id": 1, "name": "a"}]), ("annotations", iter(annotations))]
    tracemalloc.start()
    try:
        content = read_content(tmp_path / "a.json", lambda: sections, LeftOut())
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert sum(len(image.regions) for image in content.images.values()) == 4000
    assert held < 1_000_000  # the corners alone take 3.2 MB
    assert content.images[3].regions[5] == ("a", packed_polygon(np.array(ring).reshape(-1, 2)))


@pytest.mark.parametrize("before", [0, 1, (1 << 20) - 12, (1 << 20) - 30, 3 << 20])
def test_lists_are_found_wherever_they_begin(tmp_path: Path, before: int) -> None:
    content = {"x": "a" * before, "images": [{"id": 1}], "y": "b" * before, "categories": [{"id": 2}]}
    (tmp_path / "a.json").write_text(json.dumps(content))
    assert first_of_lists(tmp_path / "a.json", ("categories", "images", "gone")) == {
        "categories": [{"id": 2}],
        "images": [{"id": 1}],
    }
