"""Large JSON files an element at a time: the same content as json gives, whatever the size of what is read at once."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prep.core.errors import SegError
from prep.labels import contents as contents_module
from prep.labels import json_stream
from prep.labels.json_stream import first_of_lists, sections
from prep.labels.registry import label_source
from prep.labels.shapes.shapes import PackedPolygon, Polygon, packed_polygon
from tests.support import masks_of, run_error, run_ok

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


def whole(path: Path) -> dict[str, Any]:
    return {key: value if not hasattr(value, "__next__") else list(value) for key, value in sections(path)}


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few signs are read at once, so that every element crosses an end."""
    monkeypatch.setattr(json_stream, "_CHUNK", 3)


@pytest.mark.usefixtures("small_steps")
@settings(max_examples=60)
@given(content=st.dictionaries(st.text(), VALUES, max_size=4), indent=st.sampled_from([None, 1]))
def test_it_is_what_json_reads(
    content: dict[str, Any], indent: int | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("json") / "a.json"
    path.write_text(json.dumps(content, indent=indent, ensure_ascii=False), "utf-8")
    assert whole(path) == content


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize(
    "text",
    ["", "[1]", "{", '{"a": [1, 2}', '{"a": [1 2]}', '{"a": [1,]}', '{"a": 1} x', '{"a": tru', '{"a" 1}', "{1: 2}"],
)
def test_damage_is_said_with_the_file(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(SegError, match=r"not valid JSON .*export it again"):
        whole(path)


def test_elements_that_nobody_takes_are_passed(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('\ufeff{"a": [[1], [2]], "b": {"c": 3}}', "utf-8")
    assert [key for key, _ in sections(path)] == ["a", "b"]


def test_lists_are_found_with_their_first_element(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"x": {"images" : [ {"id": "é"}, 2]}, "none": [], "annotations": 3}', "utf-8")
    assert first_of_lists(path, ("images", "none", "annotations")) == {"images": [{"id": "é"}], "none": []}
    path.write_text('[{"images": [1]}]')
    assert first_of_lists(path, ("images",)) == {}


SQUARE = [[0, 0, 2.25, 0, 2.25, 1, 0, 1]]
ANNOTATIONS = [
    {"id": 2, "image_id": 1, "category_id": 4, "segmentation": [[0, 0, 1, 0, 1, 1, 0, 1]]},
    {"id": 1, "image_id": 1, "category_id": 3, "segmentation": SQUARE},
    {"id": 3, "image_id": 9, "category_id": 3, "segmentation": SQUARE},
]
COCO = {
    "images": [{"id": 1, "file_name": "a.png", "width": 3, "height": 2}],
    "annotations": ANNOTATIONS,
    "categories": [{"id": 4, "name": "car"}, {"id": 3, "name": "road"}],
}


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("keys", ["images annotations categories", "annotations categories images"])
@pytest.mark.parametrize("large", [1, 1 << 20])
def test_a_large_coco_file_gives_the_same_masks(
    keys: str, large: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents_module, "_LARGE", large)
    path = tmp_path / "a.json"
    path.write_text(json.dumps({key: COCO[key] for key in keys.split()}))
    text = run_ok("masks", "convert", path, "-o", tmp_path / "set").stdout
    assert masks_of(tmp_path / "set")["a"].tolist() == [[2, 1, 0], [0, 0, 0]]
    assert "left out, because they are of an image that the file does not list: 1 (annotation 3)" in text


def test_a_large_file_whose_lists_stand_elsewhere_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents_module, "_LARGE", 1)
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"dataset": COCO}))
    assert "no COCO JSON, for it has no list of images or categories" in run_error("masks", "inspect", path)


def test_memory_stays_below_the_size_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    monkeypatch.setattr(contents_module, "_LARGE", 1)
    rings = [random.uniform(0, 1000, 200).round(2).tolist() for _ in range(2000)]
    annotations = [
        {**ANNOTATIONS[0], "id": number, "image_id": number % 50, "segmentation": [ring]}
        for number, ring in enumerate(rings)
    ]
    images = [{"id": number, "file_name": f"{number}.png", "width": 1000, "height": 1000} for number in range(50)]
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"images": images, "categories": COCO["categories"], "annotations": annotations}))
    del rings, annotations
    run_ok("masks", "inspect", path)  # what is loaded once does not count
    monkeypatch.setattr(json_stream, "_CHUNK", 1 << 16)
    tracemalloc.start()
    found = label_source(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.labels[0].regions or ()) == 40
    assert peak < path.stat().st_size


@given(st.lists(st.tuples(*[st.floats(-1e12, 1e12) | st.integers(-9999, 9999).map(lambda n: n / 100)] * 2), min_size=1))
def test_packed_corners_are_exactly_those_that_were_given(corners: list[tuple[float, float]]) -> None:
    ring = np.array(corners)
    assert np.array_equal(packed_polygon(ring).rings[0], ring)


def test_what_has_few_decimals_is_packed() -> None:
    assert isinstance(packed_polygon(np.array([[0.25, 7], [1919.99, 0.01]])), PackedPolygon)
    assert isinstance(packed_polygon(np.array([[0.1234, 7]])), PackedPolygon)
    assert isinstance(packed_polygon(np.array([[1 / 3, 7]])), Polygon)
    assert isinstance(packed_polygon(np.array([[1e308, 7]])), Polygon)
