"""masks convert of the JSON and XML of services and viewers: regions with holes are painted, others counted."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from prep.images.runlengths import compress
from tests.prep.labels.rings import CORNER, FRAME, HOLE, flat, xy
from tests.support import by_stem, masks_of, random_image, run_error, run_ok, save


def shares(ring: list[list[int]]) -> list[dict[str, float]]:
    return [{"x": x / 6, "y": y / 4} for x, y in ring]


def xml_points(ring: list[list[int]]) -> str:
    return "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in ring)


def vertices(ring: list[list[int]]) -> str:
    return "".join(f'<Vertex X="{x}" Y="{y}"/>' for x, y in ring)


def coordinates(ring: list[list[int]]) -> str:
    numbered = list(enumerate(ring))
    return "".join(f'<Coordinate Order="{order}" X="{x}" Y="{y}"/>' for order, (x, y) in reversed(numbered))


THREE = [("road", FRAME), ("background", HOLE), ("car", CORNER)]
SIZE = {"width": 6, "height": 4}
ML_USE = "aiplatform.googleapis.com/ml_use"
DATAROW = {"categories": [{"name": "x"}]}

DATUMARO = {
    "info": {},
    "categories": {"label": {"labels": [{"name": "background"}, {"name": "road"}, {"name": "car"}]}},
    "items": [
        {
            "id": "a",
            "image": {"path": "a.png", "size": [4, 6]},
            "annotations": [
                {"type": "polygon", "label_id": 2, "points": flat(CORNER), "z_order": 2},
                {"type": "mask", "label_id": 0, "rle": {"size": [4, 6], "counts": [9, 2, 2, 2, 9]}, "z_order": 1},
                {"type": "polygon", "label_id": 1, "points": flat(FRAME), "z_order": 0},
                {"type": "bbox", "label_id": 2, "bbox": [0, 0, 1, 1]},
                {"type": "label", "label_id": 2},
            ],
        }
    ],
}
HASTY = {
    "export_format_version": "1.1",
    "label_classes": [],
    "images": [
        {
            "image_name": "a.png",
            **SIZE,
            "labels": [
                {"class_name": "car", "polygon": CORNER, "z_index": 3},
                {"class_name": "road", "polygon": FRAME, "z_index": 1},
                {"class_name": "background", "polygon": HOLE, "z_index": 2},
                {"class_name": "car", "polygon": None, "mask": None, "bbox": [0, 0, 1, 1]},
            ],
        }
    ],
}
DATALOOP = {
    "filename": "/a.png",
    "metadata": {"system": SIZE},
    "annotations": [
        {"type": "segment", "label": "road", "coordinates": [xy(FRAME), xy(HOLE)]},
        {"type": "segment", "label": "car", "coordinates": xy(CORNER)},
        {"type": "box", "label": "car", "coordinates": xy(CORNER)},
    ],
}
KILI_REGIONS = [
    {
        "type": "semantic",
        "categories": [{"name": "road"}],
        "boundingPoly": [{"normalizedVertices": shares(FRAME)}, {"normalizedVertices": shares(HOLE)}],
    },
    {
        "type": "polygon",
        "categories": [{"name": "car"}],
        "boundingPoly": [{"normalizedVertices": shares(CORNER)}],
    },
    {"type": "marker", "categories": [{"name": "car"}], "point": {"x": 0, "y": 0}},
]
KILI = [
    {
        "externalId": "first",
        "content": "https://x/a.png?signed=1",
        "labels": [
            {"jsonResponse": {"JOB": {"annotations": []}}},
            {"jsonResponse": {"JOB": {"annotations": KILI_REGIONS}}},
        ],
    }
]
ENCORD = [
    {
        "label_hash": "x",
        "data_units": {
            "u": {
                "data_title": "a.png",
                "labels": {
                    "objects": [
                        {
                            "name": "road",
                            "shape": "polygon",
                            "polygons": [
                                [[n / (4 if i % 2 else 6) for i, n in enumerate(flat(ring))] for ring in (FRAME, HOLE)]
                            ],
                        },
                        {
                            "name": "car",
                            "shape": "polygon",
                            "polygon": {str(i): corner for i, corner in enumerate(shares(CORNER))},
                        },
                        {"name": "car", "shape": "bounding_box", "boundingBox": {}},
                    ]
                },
            }
        },
    }
]
SCALE = [
    {
        "task_id": "x",
        "params": {"attachment": "https://x.com/b/a.png"},
        "response": {
            "annotations": [
                *({"label": label, "type": "polygon", "vertices": xy(ring)} for label, ring in THREE),
                {"label": "car", "type": "box"},
            ]
        },
    }
]
SCALABEL = [
    {
        "name": "a.png",
        "labels": [
            {
                "category": "road",
                "poly2d": [{"vertices": FRAME, "types": "LLLL", "closed": True}, {"vertices": HOLE, "types": "LLLL"}],
            },
            {"category": "car", "poly2d": [{"vertices": CORNER, "types": "LLLL", "closed": True}]},
            {"category": "car", "box2d": {"x1": 0}},
        ],
    }
]
LABELBOX = [
    {
        "Labeled Data": "https://x/a.png",
        "Label": {
            "objects": [
                *({"title": label, "polygon": xy(ring)} for label, ring in THREE),
                {"title": "car", "bbox": {"top": 0}},
            ]
        },
    }
]
VIA3 = {
    "project": {"pid": "x"},
    "config": {},
    "attribute": {"1": {"aname": "class", "type": 4, "options": {"0": "road", "1": "car", "2": "background"}}},
    "file": {"7": {"fid": "7", "fname": "a.png"}},
    "view": {"1": {"fid_list": ["7"]}},
    "metadata": {
        "1_a": {"vid": "1", "z": [], "xy": [7, *flat(FRAME)], "av": {"1": "0"}},
        "1_b": {"vid": "1", "z": [], "xy": [7, *flat(HOLE)], "av": {"1": "2"}},
        "1_c": {"vid": "1", "z": [], "xy": [7, *flat(CORNER)], "av": {"1": "1"}},
        "1_d": {"vid": "1", "z": [], "xy": [2, 0, 0, 1, 1], "av": {"1": "1"}},
    },
}
LABELME_WEB = (
    "<annotation><filename>a.png</filename>"
    + "".join(
        f"<object><name>{label}</name><deleted>0</deleted><polygon>{xml_points(ring)}</polygon></object>"
        for label, ring in THREE
    )
    + f"<object><name>car</name><deleted>1</deleted><polygon>{xml_points(FRAME)}</polygon></object>"
    + "<object><name>car</name><bndbox><xmin>0</xmin></bndbox></object></annotation>"
)
RECTLABEL = (
    "<annotation><filename>a.png</filename>"
    + "".join(
        f"<object><name>{label}</name><bndbox><xmin>1</xmin></bndbox><polygon>"
        + "".join(f"<x{n}>{x}</x{n}><y{n}>{y}</y{n}>" for n, (x, y) in enumerate(ring, start=1))
        + "</polygon></object>"
        for label, ring in THREE
    )
    + "<object><name>car</name><bndbox><xmin>0</xmin></bndbox></object></annotation>"
)
APERIO = (
    '<Annotations><Annotation Id="1" Name="road"><Regions>'
    f'<Region NegativeROA="1"><Vertices>{vertices(HOLE)}</Vertices></Region>'
    f'<Region NegativeROA="0"><Vertices>{vertices(FRAME)}</Vertices></Region></Regions></Annotation>'
    f'<Annotation Id="2" Name="car"><Regions><Region><Vertices>{vertices(CORNER)}</Vertices></Region></Regions>'
    "</Annotation></Annotations>"
)
ASAP = (
    "<ASAP_Annotations><Annotations>"
    + "".join(
        f'<Annotation Type="Polygon" PartOfGroup="{label}"><Coordinates>{coordinates(ring)}</Coordinates></Annotation>'
        for label, ring in THREE
    )
    + '<Annotation Type="Dot" PartOfGroup="car"/></Annotations></ASAP_Annotations>'
)
PAGE = (
    '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15"><Metadata/>'
    '<Page imageFilename="a.png" imageWidth="6" imageHeight="4"><Border><Coords points="0,0 6,0 6,4"/></Border>'
    + "".join(
        f'<{tag} id="r"{kind}><Coords points="{" ".join(f"{x},{y}" for x, y in ring)}"/>'
        f'<TextLine id="l"><Coords points="0,0 2,0 2,2"/></TextLine></{tag}>'
        for tag, kind, ring in (
            ("TextRegion", ' type="road"', FRAME),
            ("TextRegion", ' type="background"', HOLE),
            ("TextRegion", ' type="car"', CORNER),
        )
    )
    + '<TextRegion id="empty"/></Page></PcGts>'
)
DIFFGRAM = {
    "label_map": {"7": "road", "8": "car", "9": "background"},
    "readme": {},
    "12": {
        "file": {"id": 12, "original_filename": "a.png"},
        "image": SIZE,
        "instance_list": [
            {"type": "polygon", "label_file_id": 7, "points": xy(FRAME)},
            {"type": "polygon", "label_file_id": 9, "points": xy(HOLE)},
            {"type": "polygon", "label_file_id": 8, "points": xy(CORNER)},
            {"type": "box", "label_file_id": 8, "x_min": 0},
        ],
    },
}
PRODIGY = "".join(
    json.dumps({"image": "data:image/png;base64,AAAA", "path": path, **SIZE, "answer": answer, "spans": spans}) + "\n"
    for path, answer, spans in (
        ("/home/me/a.png", "accept", [{"label": label, "type": "polygon", "points": ring} for label, ring in THREE]),
        ("/home/me/b.png", "reject", []),
    )
)
AZURE = json.dumps(
    {
        "image_url": "azureml://subscriptions/x/paths/b/a.png",
        "image_details": {"format": "png", "width": "6px", "height": "4px"},
        "label": [
            *(
                {"label": label, "isCrowd": "false", "polygon": [[n for xy in shares(ring) for n in xy.values()]]}
                for label, ring in THREE
            ),
            {"label": "car", "topX": 0, "topY": 0, "bottomX": 1, "bottomY": 1, "isCrowd": 0},
        ],
    }
)  # fmt: skip
VERTEX = json.dumps(
    {
        "imageGcsUri": "gs://bucket/b/a.png",
        "polygonAnnotations": [
            {"displayName": label, "vertexes": [{key: n for key, n in xy.items() if n} for xy in shares(ring)]}
            for label, ring in THREE
        ],
        "polylineAnnotations": [{"displayName": "car"}],
    }
)  # fmt: skip
HASTY_MASKS = {
    **HASTY,
    "images": [
        {
            "image_name": "a.png",
            **SIZE,
            "labels": [
                {"class_name": "background", "mask": [1, 4], "bbox": [2, 1, 4, 3], "z_index": 2},
                {"class_name": "road", "mask": [1, 24], "bbox": [0, 0, 6, 4], "z_index": 1},
                {"class_name": "car", "mask": [6, 1], "bbox": [3, 2, 6, 4], "z_index": 3},
            ],
        }
    ],
}
ENCORD_MASKS = [
    {
        "label_hash": "x",
        "data_units": {
            "u": {
                "data_title": "a.png",
                "labels": {
                    "objects": [
                        {"name": label, "shape": "bitmask", "bitmask": {**box, "rleString": compress(runs)}}
                        for label, box, runs in (
                            ("road", {"top": 0, "left": 0, **SIZE}, [0, 24]),
                            ("background", {"top": 1, "left": 2, "height": 2, "width": 2}, [0, 4]),
                            ("car", {"top": 2, "left": 3, "height": 2, "width": 3}, [5, 1]),
                        )
                    ]
                },
            }
        },
    }
]  # fmt: skip
FILES: dict[str, tuple[str, Any, str]] = {
    "datumaro": ("default.json", DATUMARO, "left out, because they are no regions, bbox: 1 (car in a.png)"),
    "hasty": ("h.json", HASTY, "left out, because they are boxes: 1 (car in a.png)"),
    "dataloop": ("a.json", DATALOOP, "left out, because they are no regions, box: 1 (car in a.png)"),
    "kili": ("data.json", KILI, "labelled more than once: the last label is taken: 1 (https://x/a.png)"),
    "encord": ("l.json", ENCORD, "left out, because they are no polygons, bounding_box: 1 (car in a.png)"),
    "scale": ("t.json", SCALE, "left out, because they are no polygons, box: 1 (car in b/a.png)"),
    "scalabel": ("s.json", SCALABEL, "left out, because they are boxes or lines: 1 (car in a.png)"),
    "labelbox-json": ("e.json", LABELBOX, "left out, because they are no polygons: 1 (car in a.png)"),
    "via3": ("v.json", VIA3, "left out, because they are no regions of a photo, or have no class: 1 (car)"),
    "annotation-xml": ("a.xml", LABELME_WEB, "left out, because they are boxes: 1 (car in a.xml)"),
    "annotation-xml rectlabel": ("a.xml", RECTLABEL, "left out, because they are boxes: 1 (car in a.xml)"),
    "page-xml": ("page/a.xml", PAGE, "left out, because they have no outline: 1 (empty in a.xml)"),
    "diffgram": ("d.json", DIFFGRAM, "left out, because they are no polygons, box: 1 (car in a.png)"),
    "prodigy": ("p.jsonl", PRODIGY, "left out, because the answer is reject: 1 (/home/me/b.png)"),
    "hasty masks": ("h.json", HASTY_MASKS, ""),
    "encord masks": ("l.json", ENCORD_MASKS, ""),
    "azure": ("train_annotations.jsonl", AZURE, "left out, because they are boxes: 1 (car in x/paths/b/a.png)"),
    "azure beside": ("a.jsonl", AZURE, "left out, because they are boxes: 1 (car in "),
    "vertex": ("v.jsonl", VERTEX, "left out, because they are boxes or lines: 1 (car in b/a.png)"),
    "slide-xml": ("a.xml", APERIO, ""),
    "slide-xml asap": ("a.xml", ASAP, "left out, because they are no polygons: 1 (car in a.xml)"),
}


def write(folder: Path, name: str, content: object) -> Path:
    save(folder / "a.png", random_image(0, 4, 6))
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return folder / name


def letters(root: Path) -> list[str]:
    names = (*Dataset.open(root).classes.names, "-")
    return ["".join(names[min(value, len(names) - 1)][0] for value in row) for row in masks_of(root)["a"].tolist()]


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("whole_folder", [True, False])
def test_regions_with_holes_are_painted_and_the_rest_is_counted(form: str, whole_folder: bool, tmp_path: Path) -> None:
    name, content, said = FILES[form]
    file = write(tmp_path / "raw", name, content)
    text = run_ok("masks", "convert", tmp_path / "raw" if whole_folder else file, "-o", tmp_path / "set").stdout
    assert said in text
    assert letters(tmp_path / "set") == ["rrrrrr", "rrbbrr", "rrbbrr", "rrrrrc"]
    assert by_stem(tmp_path / "set")["a"].image == "images/a.png"
    assert f"read as {form.partition(' ')[0]}" in run_ok("masks", "inspect", file).stdout


def test_masks_of_segment_anything_are_one_class(tmp_path: Path) -> None:
    content = {
        "image": {"image_id": 1, **SIZE, "file_name": "a.png"},
        "annotations": [{"id": 1, "segmentation": {"size": [4, 6], "counts": [20, 4]}, "area": 4}],
    }
    file = write(tmp_path / "raw", "a.json", content)
    assert (
        "their masks have no class: all are one, object"
        in run_ok("masks", "convert", file, "-o", tmp_path / "set").stdout
    )
    assert letters(tmp_path / "set") == ["bbbbbo"] * 4


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("h.json", {**HASTY, "images": [{"image_name": "a.png", **SIZE, "labels": [
            {"class_name": "x", "mask": [1, 5], "bbox": [0, 0, 2, 2]}]}]},
         "x in a.png: its mask does not fit its box; export the project again, or as COCO"),
        ("v.jsonl", json.dumps({"imageGcsUri": "gs://x/a.jpg", "segmentationAnnotations": {"categoryMaskGcsUri": "g"}}),
         "line 1: has a mask in Google's storage; download the masks (categoryMaskGcsUri), and convert them with"),
        ("v.jsonl", json.dumps({"image_url": "azureml://x/a.jpg", "label": "cat"}),
         "line 1: has one label for the whole photo, and no polygons"),
        ("t.json", [{"task_id": "x", "params": {"attachment": "a.png"}, "response": {"annotations": {"labeled": {}}}}],
         "a.png is a task of Scale's semantic segmentation, whose masks lie on its server"),
        ("e.json", [{"Labeled Data": "a.png", "Label": {"objects": [{"title": "x", "instanceURI": "https://x"}]}}],
         "a.png has masks, which lie on Labelbox's server"),
        ("l.json", [{"label_hash": "x", "data_units": {"u": {"data_title": "a.mp4", "labels": {"0": {}}}}}],
         "a.mp4 is a video"),
        ("l.json", [{"label_hash": "x", "data_units": {"u": {"labels": {}}}}], "is not as encord exports it"),
        ("t.json", [{"task_id": "x", "params": {"attachment": "a.png"}, "response": {"annotations": [{}]}}],
         "is not as scale exports it (KeyError: 'label'); export it again"),
        ("v.json", {**VIA3, "attribute": {**VIA3["attribute"], "2": {"aname": "note"}}, "metadata": {
            "1": {"vid": "1", "xy": [7, *flat(FRAME)], "av": {"1": "0", "2": "x"}}}},
         "its regions have 2 attributes; say which one is the class:\n  --variable class\n  --variable note"),
        ("a.xml", "<annotation><filename>a.png</filename><object><name>x</name><bndbox/></object></annotation>",
         "1 XML file with boxes and no regions"),
        ("a.xml", "<annotation><object><name>x</name><segm><mask>m.png</mask></segm></object></annotation>",
         "is a mask in a file of its own"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(name: str, content: object, said: str, tmp_path: Path) -> None:
    file = write(tmp_path / "raw", name, content)
    assert said in run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert file.exists() and not (tmp_path / "set").exists()


def test_deep_fashion_finds_its_photos_by_folders_of_splits(tmp_path: Path) -> None:
    for split, label in (("train", "top"), ("validation", "skirt")):
        save(tmp_path / "raw" / split / "image" / "000001.jpg", random_image(0, 4, 6))
        item = {"category_name": label, "segmentation": [flat(FRAME)]}
        content = {"source": "user", "pair_id": 1, "item1": item, "item2": {"category_name": "x", "segmentation": []}}
        (tmp_path / "raw" / split / "annos").mkdir()
        (tmp_path / "raw" / split / "annos" / "000001.json").write_text(json.dumps(content))
    text = run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set").stdout
    assert "left out, because they are boxes: 2" in text
    samples = by_stem(tmp_path / "set")
    assert [(sample.split, bool(sample.image)) for sample in samples.values()] == [("train", True), ("val", True)]
    assert Dataset.open(tmp_path / "set").classes.names == ("skirt", "top")
    assert [mask.max() for mask in masks_of(tmp_path / "set").values()] == [1, 0]


def test_two_labels_of_one_photo_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "raw", "a.xml", PAGE)
    write(tmp_path / "raw", "copy.xml", PAGE)
    said = run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert "two labels are of the photo a.png; remove one of them, or rename its photo" in said
    assert "a.xml and " in said


def test_curves_of_bdd_bulge_between_their_corners(tmp_path: Path) -> None:
    curve = [[0, 0], [6, 0], [6, 6], [0, 6], [0, 0]]  # from the corner (6, 0) over two control points back to (0, 0)
    label = {"category": "road", "poly2d": [{"vertices": curve, "types": "LLCCC", "closed": True}]}
    file = write(tmp_path / "raw", "s.json", [{"name": "a.png", "labels": [label]}])
    run_ok("masks", "convert", file, "-o", tmp_path / "set")
    assert letters(tmp_path / "set") == ["rrrrrr", "rrrrrr", "rrrrrr", "brrrrb"]


def test_polygons_of_cityscapes_ignore_what_it_ignores_and_masks_beside_them_come_first(tmp_path: Path) -> None:
    objects = [{"label": "road", "polygon": FRAME}, {"label": "static", "polygon": HOLE},
               {"label": "cargroup", "polygon": CORNER}]  # fmt: skip
    for split, town in (("train", "ulm"), ("val", "bonn")):
        save(tmp_path / "raw" / "leftImg8bit" / split / town / f"{town}_1_leftImg8bit.png", random_image(0, 5, 6))
        folder = tmp_path / "raw" / "gtFine" / split / town
        folder.mkdir(parents=True)
        content = {"imgHeight": 5, "imgWidth": 6, "objects": objects}
        (folder / f"{town}_1_gtFine_polygons.json").write_text(json.dumps(content))
    text = run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set").stdout
    assert "ignored in the masks (255), as Cityscapes does: 2 (static in " in text
    assert Dataset.open(tmp_path / "set").classes.names == ("car", "road")
    assert [sample.split for sample in Dataset.open(tmp_path / "set").samples] == ["val", "train"]
    (mask, _) = masks_of(tmp_path / "set").values()
    assert mask.tolist() == [[1] * 6, [1, 1, 255, 255, 1, 1], [1, 1, 255, 255, 1, 1], [1] * 5 + [0], [255] * 6]


def test_masks_beside_polygons_of_cityscapes_come_first_where_gtfine_itself_is_named(tmp_path: Path) -> None:
    content = {"imgHeight": 5, "imgWidth": 6, "objects": [{"label": "road", "polygon": FRAME}]}
    ids = np.full((5, 6), 26, np.uint8)
    for town in ("ulm", "bonn"):
        folder = tmp_path / "raw/gtFine/train" / town
        save(folder / f"{town}_1_gtFine_labelIds.png", ids)
        (folder / f"{town}_1_gtFine_polygons.json").write_text(json.dumps(content))
        save(tmp_path / "raw/leftImg8bit/train" / town / f"{town}_1_leftImg8bit.png", random_image(0, 5, 6))
    images = tmp_path / "raw/leftImg8bit"
    run_ok("masks", "convert", tmp_path / "raw/gtFine", "-o", tmp_path / "set", "--images", images)
    car = Dataset.open(tmp_path / "set").classes.names.index("car")
    assert [np.unique(mask).tolist() for mask in masks_of(tmp_path / "set").values()] == [[car], [car]]


def test_the_only_attribute_of_a_layer_without_a_name_is_its_class(tmp_path: Path) -> None:
    """MoNuSAC; ImageScope's own attribute, Description, says nothing."""
    layers = [("Epithelial", FRAME), ("Description", CORNER)]
    text = "".join(
        f'<Annotation Id="{number}"><Attributes><Attribute Name="{name}" Value=""/></Attributes>'
        f"<Regions><Region><Vertices>{vertices(ring)}</Vertices></Region></Regions></Annotation>"
        for number, (name, ring) in enumerate(layers)
    )
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/a.xml").write_text(f"<Annotations>{text}</Annotations>")
    save(tmp_path / "raw/a.png", random_image(0))
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert set(Dataset.open(tmp_path / "set").classes.names) == {"background", "Epithelial", "object"}


def test_json_lines_of_azure_and_vertex_bring_their_splits(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save(tmp_path / "raw" / f"{name}.png", random_image(0, 4, 6))
    for name, file in (("a", "train_annotations"), ("b", "validation_annotations")):
        (tmp_path / "raw" / f"{file}.jsonl").write_text(AZURE.replace("b/a.png", f"{name}.png"))
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "azure")
    assert {stem: sample.split for stem, sample in by_stem(tmp_path / "azure").items()} == {"a": "train", "b": "val"}
    rows = [
        {**json.loads(VERTEX.replace("a.png", f"{name}.png")), "dataItemResourceLabels": {ML_USE: use}}
        for name, use in (("a", "training"), ("b", "test"))
    ]
    for file in ("train", "validation"):
        (tmp_path / "raw" / f"{file}_annotations.jsonl").unlink()
    (tmp_path / "raw" / "data.jsonl").write_text("\n".join(map(json.dumps, rows)))
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "vertex")
    assert {stem: sample.split for stem, sample in by_stem(tmp_path / "vertex").items()} == {"a": "train", "b": "test"}
