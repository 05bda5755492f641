"""masks convert of tools with a JSON file for each photo: Darwin, SuperAnnotate, ISAT, VoTT, Labelbox; and GeoJSON."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from tests.prep.labels.rings import CORNER, FRAME, HOLE, flat, xy
from tests.support import by_stem, masks_of, random_image, run_error, run_ok, save


def closed(ring: list[list[int]]) -> list[list[int]]:
    return [*ring, ring[0]]


DARWIN2: dict[str, Any] = {
    "version": "2.0",
    "item": {"name": "a.png", "path": "/", "slots": [{"slot_name": "0", "width": 6, "height": 4}]},
    "annotations": [
        {"name": "road", "polygon": {"paths": [xy(FRAME), xy(HOLE)]}},
        {"name": "car", "polygon": {"paths": [xy(CORNER)]}, "bounding_box": {"x": 0}},
        {"name": "car", "bounding_box": {"x": 0, "y": 0, "w": 1, "h": 1}},
    ],
}
DARWIN1 = {
    "dataset": "x",
    "image": {"width": 6, "height": 4, "filename": "a.png"},
    "annotations": [
        {"name": "road", "polygon": {"path": xy(FRAME), "additional_paths": [xy(HOLE)]}},
        {"name": "car", "polygon": {"path": xy(CORNER)}},
        {"name": "car", "line": {"path": xy(CORNER)}},
    ],
}
DARWIN_MASKS = {
    **DARWIN2,
    "annotations": [
        {"id": "m1", "name": "road", "mask": {}},
        {"id": "m2", "name": "car", "mask": {}},
        {"name": "car", "tag": {}},
        {
            "name": "__raster_layer__",
            "raster_layer": {
                "dense_rle": [1, 8, 0, 2, 1, 4, 0, 2, 1, 7, 2, 1],
                "mask_annotation_ids_mapping": {"m1": 1, "m2": 2},
                "total_pixels": 24,
            },
        },
    ],
}
SUPERANNOTATE = {
    "metadata": {"name": "a.png", "width": 6, "height": 4},
    "instances": [
        {"type": "polygon", "className": "road", "points": flat(FRAME), "exclude": [flat(HOLE)]},
        {"type": "polygon", "className": "car", "points": flat(CORNER), "exclude": []},
        {"type": "bbox", "className": "car", "points": {"x1": 0, "x2": 1, "y1": 0, "y2": 1}},
    ],
}
ISAT = {
    "info": {"description": "ISAT", "folder": "", "name": "a.png", "width": 6, "height": 4, "depth": 3},
    "objects": [
        {"category": "car", "group": 2, "segmentation": CORNER, "layer": 3.0},
        {"category": "__background__", "group": 1, "segmentation": HOLE, "layer": 2.0},
        {"category": "road", "group": 1, "segmentation": FRAME, "layer": 1.0},
    ],
}
VOTT = {
    "asset": {"id": "1", "name": "a.png", "path": "file:/C:/a.png", "size": {"width": 6, "height": 4}},
    "regions": [
        {
            "type": "POLYGON",
            "tags": ["road"],
            "points": xy([*closed(FRAME), *closed(HOLE)]),
        },
        {"type": "POLYGON", "tags": ["car", "old"], "points": xy(CORNER)},
        {"type": "RECTANGLE", "tags": ["car"], "points": xy(CORNER)},
    ],
}
LABELBOX = {
    "data_row": {"id": "x", "external_id": "a.png", "row_data": "https://x"},
    "media_attributes": {"width": 6, "height": 4},
    "projects": {
        "p": {
            "labels": [
                {
                    "annotations": {
                        "objects": [
                            {"name": "road", "polygon": xy(FRAME)},
                            {"name": "background", "polygon": xy(HOLE)},
                            {"name": "car", "polygon": xy(CORNER)},
                            {"name": "car", "bounding_box": {"top": 0}},
                        ]
                    }
                }
            ]
        }
    },
}
QUPATH = [
    {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [closed(FRAME), closed(HOLE)]},
        "properties": {"objectType": "annotation", "classification": {"name": "road", "color": [1, 2, 3]}},
    },
    {
        "type": "Feature",
        "geometry": {"type": "MultiPolygon", "coordinates": [[closed(CORNER)]]},
        "properties": {"classification": {"name": "car"}},
    },
    {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 1]}, "properties": {}},
]
GEOJSON = {"type": "FeatureCollection", "features": QUPATH}
FILES: dict[str, tuple[str, object, str]] = {
    "darwin": ("a.json", DARWIN2, "left out, because they are no polygons and no masks: 1 (car in a.png)"),
    "darwin-1": ("a.json", DARWIN1, "left out, because they are no polygons and no masks: 1 (car in a.png)"),
    "darwin-masks": ("a.json", DARWIN_MASKS, "left out, because they are no polygons and no masks: 1 (car in a.png)"),
    "superannotate": ("a.png___objects.json", SUPERANNOTATE, "no polygons, bbox: 1 (car in a.png)"),
    "isat": ("a.json", ISAT, ""),
    "vott": ("a-asset.json", VOTT, "left out, because they are no polygons, rectangle: 1 (a.png)"),
    "vott-export": (
        "export.json",
        {"name": "x", "assets": {"1": VOTT}},
        "with several tags: the first is the class: 1",
    ),
    "labelbox": ("export.ndjson", LABELBOX, "left out, because they are no polygons: 1 (car in a.png)"),
    "geojson": ("a.geojson", GEOJSON, "left out, because they are no polygons, Point: 1 (3 of a.geojson)"),
    "geojson-list": ("a.png.json", QUPATH, "left out, because they are no polygons, Point: 1"),
}


def write(folder: Path, name: str, content: object, photo: str = "a.png") -> Path:
    save(folder / photo, random_image(0, 4, 6))
    (folder / name).write_text(json.dumps(content))
    return folder / name


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("whole_folder", [True, False])
def test_regions_with_holes_are_painted_and_the_rest_is_counted(form: str, whole_folder: bool, tmp_path: Path) -> None:
    name, content, said = FILES[form]
    file = write(tmp_path / "raw", name, content)
    text = run_ok("masks", "convert", tmp_path / "raw" if whole_folder else file, "-o", tmp_path / "set").stdout
    assert said in text
    names = Dataset.open(tmp_path / "set").classes.names
    mask = masks_of(tmp_path / "set")["a"]
    letters = ["".join(names[value][0] for value in row) for row in mask.tolist()]
    assert letters == ["rrrrrr", "rrbbrr", "rrbbrr", "rrrrrc"]
    assert by_stem(tmp_path / "set")["a"].image == "images/a.png"
    assert f"read as {form.partition('-')[0]}" in run_ok("masks", "inspect", file).stdout


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", {**DARWIN2, "item": {**DARWIN2["item"], "slots": [{}, {}]}}, "its item has 2 slots"),
        ("a.json", {**DARWIN2, "annotations": [{"name": "x", "mask": {}, "id": "m"}]}, "is in no raster layer"),
        (
            "a.json",
            {**DARWIN2, "annotations": [{"name": "x", "polygon": {"paths": [[1]]}}]},
            "a polygon without points",
        ),
        ("a.json", {**SUPERANNOTATE, "instances": [{"className": "x", "parts": []}]}, "is of a pixel project"),
        ("a.json", {**ISAT, "objects": [{"segmentation": FRAME}]}, "has an object without 'category'"),
        ("a.geojson", {**GEOJSON, "crs": {"type": "name"}}, "its coordinates are places on the ground"),
        ("a.geojson", {"type": "FeatureCollection", "features": [{}]}, "feature 1: has no geometry"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, content: object, said: str, tmp_path: Path) -> None:
    file = write(tmp_path / "raw", name, content)
    error = run_error("masks", "convert", file, "-o", tmp_path / "set")
    assert said in error
    assert str(file) in error


def test_masks_on_the_server_of_labelbox_are_refused(tmp_path: Path) -> None:
    objects = [{"name": "road", "mask": {"url": "https://x"}}]
    row = {**LABELBOX, "projects": {"p": {"labels": [{"annotations": {"objects": objects}}]}}}
    file = write(tmp_path / "raw", "export.ndjson", row)
    said = run_error("masks", "convert", file, "-o", tmp_path / "set")
    assert f"{file}, line 1: a.png has masks, which lie on Labelbox's server" in said


def test_degrees_are_no_pixels(tmp_path: Path) -> None:
    ring = [[11.5 + x / 1e4, 48.1 + y / 1e4] for x, y in closed(FRAME)]
    feature = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": {"class": "x"}}
    file = write(tmp_path / "raw", "a.geojson", {"type": "FeatureCollection", "features": [feature]})
    assert "places on the ground" in run_error("masks", "convert", file, "-o", tmp_path / "set")


def test_another_property_may_be_the_class(tmp_path: Path) -> None:
    features = [{**QUPATH[0], "properties": {"class": "x", "kind": "road"}}]
    file = write(tmp_path / "raw", "a.geojson", {"type": "FeatureCollection", "features": features})
    run_ok("masks", "convert", file, "-o", tmp_path / "set", "--variable", "kind")
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "road")
    said = run_error("masks", "convert", file, "-o", tmp_path / "other", "--variable", "sort")
    assert "has no property 'sort'; it has class, kind" in said


def test_the_tags_of_an_export_of_vott_are_the_classes_in_their_order(tmp_path: Path) -> None:
    tags = [{"name": "tree", "color": "#5db300"}, {"name": "road", "color": "#e81123"}, {"name": "unused"}]
    file = write(tmp_path / "raw", "export.json", {"name": "x", "tags": tags, "assets": {"1": VOTT}})
    run_ok("masks", "convert", file, "-o", tmp_path / "set")
    classes = Dataset.open(tmp_path / "set").classes
    assert classes.names == ("background", "tree", "road", "unused", "car")
    assert classes.colors[1:3] == ((0x5D, 0xB3, 0), (0xE8, 0x11, 0x23))


def test_the_class_list_of_superannotate_lies_in_a_folder_of_its_own(tmp_path: Path) -> None:
    write(tmp_path / "raw", "a.png___objects.json", SUPERANNOTATE)
    (tmp_path / "raw/classes").mkdir()
    listed = [{"id": 7, "name": "road", "color": "#ff0000"}, {"id": 8, "name": "car", "color": "#00ff00"}]
    (tmp_path / "raw/classes/classes.json").write_text(json.dumps(listed))
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "road", "car")


def test_photos_of_other_names_are_named_where_they_were_looked_for(tmp_path: Path) -> None:
    write(tmp_path / "raw", "objects.geojson", GEOJSON, photo="slide.tif")
    for more in ([], ["--images", tmp_path / "raw"]):
        said = run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set", *more)
        assert (
            "the photos there have other names (slide.tif). If one of them is the photo, give both the same name"
            in said
        )
    (tmp_path / "raw/slide.tif").rename(tmp_path / "raw/objects.tif")
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")


@pytest.mark.parametrize("layout", [("{}/a.png", "{}/{}"), ("images/{}/a.png", "annotations/{}/{}")])
@pytest.mark.parametrize("case", ["darwin", "superannotate", "isat"])
def test_folders_of_splits_are_kept_and_photos_of_equal_names_told_apart(
    layout: tuple[str, str], case: str, tmp_path: Path
) -> None:
    name, content, _ = FILES[case]
    for number, split in enumerate(("train", "valid", "test")):
        save(tmp_path / "raw" / layout[0].format(split), random_image(number, 4, 6))
        file = tmp_path / "raw" / layout[1].format(split, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content))
    said = run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set").stdout
    assert "the labels came divided, and stay so: 1 train, 1 val, 1 test" in said
    assert {stem: sample.split for stem, sample in by_stem(tmp_path / "set").items()} == {
        "train_a": "train",
        "valid_a": "val",
        "test_a": "test",
    }
    for number, stem in enumerate(("train_a", "valid_a", "test_a")):
        image = Dataset.open(tmp_path / "set").image(by_stem(tmp_path / "set")[stem])
        assert np.array_equal(image, random_image(number, 4, 6))


def test_a_class_of_qupath_may_have_several_names(tmp_path: Path) -> None:
    """As QuPath writes Tumor: Positive; the name of the annotation is no class."""
    classes = [{"names": ["Tumor", "Positive"]}, {"names": ["Stroma"]}]
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [closed(ring)]},
            "properties": {"objectType": "annotation", "name": "Region 1", "classification": each},
        }
        for ring, each in zip((FRAME, CORNER), classes, strict=True)
    ]
    write(tmp_path / "raw", "a.geojson", {"type": "FeatureCollection", "features": features})
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert Dataset.open(tmp_path / "set").classes.names == ("Stroma", "Tumor: Positive")
