"""One damaged file among many is named, the others are converted; a file of all photos is refused with the place."""

import io
import json
import os
import struct
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from prep.dataset.dataset import Dataset
from prep.labels.registry import formats
from tests.support import load, run_error, run_ok, run_partly, run_prep, save, smooth_image

HEIGHT, WIDTH = 24, 32
STEMS = ("a1", "b2", "c3")
Write = Callable[[Path, str], Path]
"""Writes the label of a photo of this stem, and returns the file of it that is going to be damaged."""


def box(stem: str) -> tuple[int, int, int, int]:
    """The rectangle of a road: left, top, right, bottom."""
    return 4, 6, 10 + STEMS.index(stem), 16


def inside(stem: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    left, top, right, bottom = box(stem)
    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    mask[top:bottom, left:right] = True
    return mask


def ring(stem: str) -> list[list[int]]:
    left, top, right, bottom = box(stem)
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def flat(stem: str) -> list[int]:
    return [number for corner in ring(stem) for number in corner]


def xy(stem: str) -> list[dict[str, float]]:
    return [{"x": x, "y": y} for x, y in ring(stem)]


def shares(stem: str) -> list[dict[str, float]]:
    return [{"x": x / WIDTH, "y": y / HEIGHT} for x, y in ring(stem)]


def runs(stem: str) -> list[int]:
    """COCO's run lengths, down the columns."""
    values = inside(stem).T.ravel()
    ends = [*(np.flatnonzero(np.diff(values.astype(int))) + 1).tolist(), len(values)]
    return [end - start for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def in_file(name: str, content: Callable[[str], Any]) -> Write:
    def write(raw: Path, stem: str) -> Path:
        path = raw / name.format(stem)
        path.parent.mkdir(parents=True, exist_ok=True)
        value = content(stem)
        path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
        return path

    return write


def as_image(name: str, values: Callable[[str], Any]) -> Write:
    return lambda raw, stem: save(raw / name.format(stem), values(stem))


def arrays(raw: Path, stem: str) -> Path:
    path = raw / "masks" / f"{stem}.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, inside(stem).astype(np.uint8))
    return path


def matrices(raw: Path, stem: str) -> Path:
    path = raw / "masks" / f"{stem}.mat"
    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, {"L": inside(stem).astype(np.uint8)})
    return path


def roi(left: int, top: int, right: int, bottom: int) -> bytes:
    """A rectangle of ImageJ."""
    data = bytearray(64)
    struct.pack_into(">4shBx4hH", data, 0, b"Iout", 227, 1, top, left, bottom, right, 0)
    return bytes(data)


def rois(raw: Path, stem: str) -> Path:
    path = raw / f"{stem}_RoiSet.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("road.roi", roi(*box(stem)))
    return path


def parts(name: str) -> Write:
    """Two masks of a photo, of which the second one is empty."""

    def write(raw: Path, stem: str) -> Path:
        save(raw / name.format(stem, "sky", 1), np.zeros((HEIGHT, WIDTH), np.uint8))
        return save(raw / name.format(stem, "road", 0), inside(stem).astype(np.uint8) * 255)

    return write


def labelme_folder(raw: Path, stem: str) -> Path:
    save(raw / f"{stem}_json" / "img.png", smooth_image(HEIGHT, WIDTH))
    (raw / f"{stem}_json" / "label_names.txt").write_text("_background_\nroad\n")
    return save(raw / f"{stem}_json" / "label.png", inside(stem).astype(np.uint8))


def ade(raw: Path, stem: str) -> Path:
    """ADE20K: object 1 of the blue channel is a road, as the file beside the mask says."""
    (raw / f"{stem}_atr.txt").write_text("001 # 0 # 0 # road # road # \n")
    return save(raw / f"{stem}_seg.png", np.stack([inside(stem) * 10, inside(stem), inside(stem)], -1).astype(np.uint8))


def yolo(stem: str) -> str:
    return " ".join(["0", *(f"{share}" for each in shares(stem) for share in each.values())]) + "\n"


def aperio(stem: str) -> str:
    vertices = "".join(f'<Vertex X="{x}" Y="{y}"/>' for x, y in ring(stem))
    return (
        '<Annotations MicronsPerPixel="0.5"><Annotation Name="road"><Regions><Region NegativeROA="0"><Vertices>'
        f"{vertices}</Vertices></Region></Regions></Annotation></Annotations>"
    )


def asap(stem: str) -> str:
    points = "".join(f'<Coordinate Order="{at}" X="{x}" Y="{y}"/>' for at, (x, y) in enumerate(ring(stem)))
    return (
        '<ASAP_Annotations><Annotations><Annotation Name="1" Type="Polygon" PartOfGroup="road"><Coordinates>'
        f"{points}</Coordinates></Annotation></Annotations></ASAP_Annotations>"
    )


def labelme_web(stem: str) -> str:
    points = "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in ring(stem))
    return (
        f"<annotation><filename>{stem}.png</filename><object><name>road</name><polygon>{points}</polygon></object>"
        "</annotation>"
    )


def page(stem: str) -> str:
    points = " ".join(f"{x},{y}" for x, y in ring(stem))
    return (
        '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">'
        f'<Page imageFilename="{stem}.png" imageWidth="{WIDTH}" imageHeight="{HEIGHT}">'
        f'<TextRegion id="r" type="road"><Coords points="{points}"/></TextRegion></Page></PcGts>'
    )


EACH: dict[str, Write] = {
    "images": as_image("masks/{}.png", lambda stem: inside(stem).astype(np.uint8)),
    "voc": as_image("SegmentationClass/{}.png", lambda stem: inside(stem).astype(np.uint8)),
    "object-ids": as_image("SegmentationObject/{}.png", lambda stem: inside(stem).astype(np.uint8)),
    "ade20k": ade,
    "npy": arrays,
    "mat": matrices,
    "class-masks": parts("masks/{0}_{1}.png"),
    "object-masks": parts("masks/{0}/{2}.png"),
    "labelme-folders": labelme_folder,
    "supervisely-masks": as_image("masks_machine/{}.png", lambda stem: inside(stem).astype(np.uint8)),
    "labelstudio-png": lambda raw, stem: save(
        raw / f"task-{STEMS.index(stem) + 1}-annotation-1-by-1-tag-road-0.png", inside(stem).astype(np.uint8) * 255
    ),
    "labelme": in_file(
        "{}.json",
        lambda stem: {
            "shapes": [{"label": "road", "points": ring(stem), "shape_type": "polygon"}],
            "imagePath": f"{stem}.png",
            "imageWidth": WIDTH,
            "imageHeight": HEIGHT,
        },
    ),
    "yolo": in_file("labels/{}.txt", yolo),
    "supervisely": in_file(
        "ann/{}.png.json",
        lambda stem: {
            "size": {"width": WIDTH, "height": HEIGHT},
            "objects": [
                {"classTitle": "road", "geometryType": "polygon", "points": {"exterior": ring(stem), "interior": []}}
            ],
        },
    ),
    "imagej-roi": rois,
    "geojson": in_file(
        "{}.geojson",
        lambda stem: {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "geometry": {"type": "Polygon", "coordinates": [ring(stem)]},
                    "properties": {"classification": {"name": "road"}},
                }
            ],
        },
    ),
    "slide-xml": in_file("{}.xml", aperio),
    "slide-xml of ASAP": in_file("{}.xml", asap),
    "annotation-xml": in_file("{}.xml", labelme_web),
    "page-xml": in_file("{}.xml", page),
    "deep-fashion": in_file(
        "{}.json",
        lambda stem: {
            "source": "shop",
            "pair_id": 1,
            "item1": {"category_name": "road", "segmentation": [flat(stem)]},
        },
    ),
    "darwin": in_file(
        "{}.json",
        lambda stem: {
            "version": "2.0",
            "item": {"name": f"{stem}.png", "path": "/", "slots": [{"width": WIDTH, "height": HEIGHT}]},
            "annotations": [{"name": "road", "polygon": {"paths": [xy(stem)]}}],
        },
    ),
    "superannotate": in_file(
        "{}.json",
        lambda stem: {
            "metadata": {"name": f"{stem}.png", "width": WIDTH, "height": HEIGHT},
            "instances": [{"type": "polygon", "className": "road", "points": flat(stem)}],
        },
    ),
    "isat": in_file(
        "{}.json",
        lambda stem: {
            "info": {"description": "ISAT", "name": f"{stem}.png", "width": WIDTH, "height": HEIGHT},
            "objects": [{"category": "road", "segmentation": ring(stem), "layer": 1.0}],
        },
    ),
    "vott": in_file(
        "{}-asset.json",
        lambda stem: {
            "asset": {"id": stem, "name": f"{stem}.png", "size": {"width": WIDTH, "height": HEIGHT}},
            "regions": [{"type": "POLYGON", "tags": ["road"], "points": xy(stem)}],
        },
    ),
    "cityscapes-polygons": in_file(
        "gtFine/{}_gtFine_polygons.json",
        lambda stem: {
            "imgWidth": WIDTH,
            "imgHeight": HEIGHT,
            "objects": [
                {"label": "sky", "polygon": [[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]]},
                {"label": "road", "polygon": ring(stem)},
            ],
        },
    ),
    "dataloop": in_file(
        "{}.json",
        lambda stem: {
            "filename": f"/{stem}.png",
            "metadata": {"system": {"width": WIDTH, "height": HEIGHT}},
            "annotations": [{"type": "segment", "label": "road", "coordinates": [xy(stem)]}],
        },
    ),
    "kili": in_file(
        "{}.json",
        lambda stem: {
            "externalId": stem,
            "content": f"{stem}.png",
            "labels": [
                {
                    "jsonResponse": {
                        "JOB": {
                            "annotations": [
                                {
                                    "categories": [{"name": "road"}],
                                    "type": "semantic",
                                    "boundingPoly": [{"normalizedVertices": shares(stem)}],
                                }
                            ]
                        }
                    }
                }
            ],
        },
    ),
    "encord": in_file(
        "{}.json",
        lambda stem: {
            "label_hash": stem,
            "data_units": {
                stem: {
                    "data_title": f"{stem}.png",
                    "labels": {
                        "objects": [
                            {
                                "name": "road",
                                "shape": "polygon",
                                "polygon": {str(at): each for at, each in enumerate(shares(stem))},
                            }
                        ]
                    },
                }
            },
        },
    ),
    "segment-anything": in_file(
        "{}.json",
        lambda stem: {
            "image": {"file_name": f"{stem}.png", "width": WIDTH, "height": HEIGHT},
            "annotations": [{"id": 1, "segmentation": {"size": [HEIGHT, WIDTH], "counts": runs(stem)}}],
        },
    ),
}
"""Formats with a file for each photo, by the names of the registry."""

PLACES = {
    **dict.fromkeys(("voc", "object-ids"), "JPEGImages"),
    **dict.fromkeys(("supervisely-masks", "supervisely"), "img"),
    **dict.fromkeys(("images", "labelstudio-png", "yolo", "npy", "mat", "class-masks", "object-masks"), "images"),
    "cityscapes-polygons": "leftImg8bit",
}
OPTIONS = {
    **dict.fromkeys(("images", "voc", "npy", "mat", "supervisely-masks"), ("--classes", "names.txt")),
    "labelstudio-png": ("--in-order",),
}
DAMAGES: Mapping[str, Callable[[bytes], bytes]] = {
    "truncated": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "not its format": lambda data: b"\x93\x00\xff<html>not found</html>" * 4,
}


def photos(raw: Path, name: str) -> None:
    if name == "labelme-folders":
        return
    for stem in STEMS:
        save(raw / PLACES.get(name, "") / f"{stem}.png", smooth_image(HEIGHT, WIDTH))


def arguments(folder: Path, name: str, source: str = "raw") -> tuple[object, ...]:
    (folder / "names.txt").write_text("background\nroad\n")
    options = [folder / each if each == "names.txt" else each for each in OPTIONS.get(name, ())]
    return ("masks", "convert", folder / source, "-o", folder / "set", *options)


def assert_masks(folder: Path, stems: tuple[str, ...]) -> None:
    """One class lies in the rectangle, and no pixel of it elsewhere."""
    samples = Dataset.open(folder / "set").samples
    assert len(samples) == len(stems)
    for sample, stem in zip(samples, stems, strict=True):
        assert sample.image, sample
        mask = load(folder / "set" / sample.mask)
        values = np.unique(mask[inside(stem)])
        assert len(values) == 1, (stem, values)
        assert np.array_equal(mask == values[0], inside(stem)), stem


def base(name: str) -> str:
    return name.partition(" of ")[0]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", EACH)
@pytest.mark.parametrize("which", [0, 2], ids=["first", "last"])
def test_one_damaged_file_is_named_and_the_others_are_converted(
    name: str, damage: str, which: int, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    photos(raw, name)
    files = [EACH[name](raw, stem) for stem in STEMS]
    rest = tuple(stem for stem in STEMS if stem != STEMS[which])
    data = files[which].read_bytes()
    cut = data.rsplit(b" ", 1)[0] if (name, damage) == ("yolo", "truncated") else DAMAGES[damage](data)
    files[which].write_bytes(cut)
    if (name, damage) == ("yolo", "empty"):  # a photo without regions
        assert "images without a region: 1" in run_ok(*arguments(tmp_path, name)).stdout
        return
    if name == "labelstudio-png" and damage != "truncated":  # what pairs by numbers would shift
        said = run_error(*arguments(tmp_path, name))
        assert str(files[which]) in said
        assert "Without it, all that is paired in order would shift" in said
        return
    left_out = run_partly(*arguments(tmp_path, name))
    assert left_out.startswith(" left out:\n")
    assert files[which].name in left_out or files[which].parent.name in left_out, left_out
    assert len(left_out.strip().splitlines()) == 2, left_out
    assert_masks(tmp_path, rest)


@pytest.mark.parametrize("name", EACH)
def test_undamaged_files_are_all_converted(name: str, tmp_path: Path) -> None:
    photos(tmp_path / "raw", name)
    for stem in STEMS:
        EACH[name](tmp_path / "raw", stem)
    run_ok(*arguments(tmp_path, name))
    assert_masks(tmp_path, STEMS)


def test_every_format_of_a_file_each_is_here() -> None:
    one_file = {
        "array-samples",
        *("gtruth", "numbered", "coco", "cvat", "labelstudio", "pair-lists", "coco-panoptic", "via", "via-csv", "via3"),
        *("run-length-csv", "open-images", "labelbox", "labelbox-json", "datumaro", "hasty", "scale", "scalabel"),
        *("diffgram", "prodigy", "azure", "vertex"),
    }
    read = {each.name for each in formats() if not each.rules.startswith("Recognised, not read")}
    assert {base(name) for name in EACH} | one_file == read


@pytest.mark.parametrize("name", ["labelme", "slide-xml", "yolo", "imagej-roi"])
def test_a_bound_and_nothing_left(name: str, tmp_path: Path) -> None:
    photos(tmp_path / "raw", name)
    files = [EACH[name](tmp_path / "raw", stem) for stem in STEMS]
    files[0].write_bytes(b"{<?")
    said = run_error(*arguments(tmp_path, name), "--max-failed", "0")
    assert said.startswith(f"1 file cannot be used:\n{files[0]}")
    assert not (tmp_path / "set" / "index.csv").exists()
    for file in files[1:]:
        file.write_bytes(b"{<?")
    if name == "labelme":
        said = run_error(*arguments(tmp_path, name))
        assert all(str(file) in said for file in files)
    assert not (tmp_path / "set" / "index.csv").exists()


def test_inspect_names_the_damaged_file_and_reads_the_others(tmp_path: Path) -> None:
    photos(tmp_path / "raw", "labelme")
    files = [EACH["labelme"](tmp_path / "raw", stem) for stem in STEMS]
    files[1].write_text('{"shapes": [')
    result = run_prep("masks", "inspect", tmp_path / "raw")
    assert result.exit_code == 1
    said = result.stdout
    assert f"* cannot be read: {files[1]}: not valid JSON (Expecting value: line 1 column 13" in said
    assert "2 labels, read as labelme" in said


def test_a_photo_whose_label_is_damaged_is_not_filled(tmp_path: Path) -> None:
    for stem in (*STEMS, "d4"):
        save(tmp_path / "photos" / f"{stem}.png", smooth_image(HEIGHT, WIDTH))
    files = [EACH["labelme"](tmp_path / "raw", stem) for stem in STEMS]
    files[0].write_text("{")
    filled = (*arguments(tmp_path, "labelme"), "--images", tmp_path / "photos", "--without-mask", "background")
    run_partly(*filled)
    assert [sample.stem for sample in Dataset.open(tmp_path / "set").samples] == ["b2", "c3", "d4"]
    files[0].rename(tmp_path / "raw" / "of no photo.json")
    said = run_error(*filled, "--overwrite")
    assert "of no photo.json: not valid JSON" in said
    assert "--without-mask would fill that, too" in said


def test_a_damaged_photo_that_says_the_size_is_left_out(tmp_path: Path) -> None:
    photos(tmp_path / "raw", "yolo")
    for stem in STEMS:
        EACH["yolo"](tmp_path / "raw", stem)
    (tmp_path / "raw" / "images" / "a1.png").write_bytes(b"\x89PNG")
    assert "images/a1.png" in run_partly(*arguments(tmp_path, "yolo"))
    assert_masks(tmp_path, STEMS[1:])


def test_json_of_another_kind_with_the_name_of_a_photo_is_a_label_that_is_lost(tmp_path: Path) -> None:
    photos(tmp_path / "raw", "labelme")
    for stem in STEMS:
        EACH["labelme"](tmp_path / "raw", stem)
    (tmp_path / "raw" / "c3.json").write_text("{}")
    (tmp_path / "raw" / "settings.json").write_text("{}")
    result = run_partly(*arguments(tmp_path, "labelme"))
    assert "c3.json: is not of LabelMe JSON; export it again" in result
    assert_masks(tmp_path, STEMS[:2])


def coco(stems: tuple[str, ...]) -> dict[str, Any]:
    return {
        "images": [
            {"id": at, "file_name": f"{stem}.png", "width": WIDTH, "height": HEIGHT} for at, stem in enumerate(stems)
        ],
        "categories": [{"id": 1, "name": "road"}],
        "annotations": [
            {"id": at, "image_id": at, "category_id": 1, "segmentation": [flat(stem)]} for at, stem in enumerate(stems)
        ],
    }


ONE: dict[str, tuple[str, str]] = {
    "coco": (json.dumps(coco(STEMS)), "char "),
    "cvat": (
        '<?xml version="1.0"?>\n<annotations>\n<image id="0" name="a1.png" width="32" height="24">\n'
        '<polygon label="road" points="4,6;10,6;10,16"/></image></annotations>',
        "line 4, column",
    ),
    "via-csv": (
        "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes\n"
        'a1.png,1,"{}",1,0,"{""name"":""polygon"",""all_points_x"":[4,9,9],""all_points_y"":[6,6,9]}","{}"\n',
        "line 2",
    ),
    "labelbox": (
        json.dumps({"data_row": {"external_id": "a1.png"}, "media_attributes": {}, "projects": {}}) + "\n",
        "line 1",
    ),
}
SUFFIXES = {"coco": "json", "cvat": "xml", "labelbox": "ndjson"}


@pytest.mark.parametrize("name", ONE)
def test_a_truncated_file_of_all_photos_is_refused_with_the_place(name: str, tmp_path: Path) -> None:
    photos(tmp_path / "raw", name)
    text, place = ONE[name]
    (tmp_path / "raw" / f"labels.{SUFFIXES.get(name, 'csv')}").write_text(text[:-9])
    said = run_error(*arguments(tmp_path, name))
    assert "labels." in said
    assert place in said


def test_a_large_file_is_refused_with_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prep.labels.contents._LARGE", 100)
    photos(tmp_path / "raw", "coco")
    text = json.dumps(coco(STEMS))
    for cut in (len(text) - 40, len(text) - 1):
        (tmp_path / "raw" / "all.json").write_text(text[:cut])
        said = run_error(*arguments(tmp_path, "coco"))
        assert "all.json: not valid JSON" in said
        number = int(said.partition("at character ")[2].partition(")")[0].replace(",", ""))
        assert cut - 40 <= number <= cut


def test_a_damaged_file_of_one_split_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos(tmp_path / "raw", "coco")
    (tmp_path / "raw" / "train.json").write_text(json.dumps(coco(STEMS[:2])))
    (tmp_path / "raw" / "val.json").write_text(json.dumps(coco(STEMS[2:]))[:-30])
    monkeypatch.chdir(tmp_path)
    said = run_error("masks", "convert", "raw", "-o", "set")
    assert said.startswith("raw/val.json: not valid JSON (")
    assert said.endswith(
        "If it does not belong to the others, type the same command with this as SOURCE:\n  raw/train.json"
    )
    run_ok("masks", "convert", "raw/train.json", "-o", "set")
    assert_masks(tmp_path, STEMS[:2])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", ["labelme", "yolo", "geojson", "darwin", "slide-xml"])
def test_files_that_windows_wrote_are_read(name: str, encoding: str, tmp_path: Path) -> None:
    photos(tmp_path / "raw", name)
    for stem in STEMS:
        path = EACH[name](tmp_path / "raw", stem)
        path.write_text(path.read_text(encoding="utf-8"), encoding=encoding)
    run_ok(*arguments(tmp_path, name))
    assert_masks(tmp_path, STEMS)


def test_what_a_mac_leaves_in_an_unpacked_folder_is_no_label(tmp_path: Path) -> None:
    photos(tmp_path / "raw", "labelme")
    for stem in STEMS:
        EACH["labelme"](tmp_path / "raw", stem)
        (tmp_path / "raw" / f"._{stem}.json").write_bytes(b"\0\5\x16\7")
    EACH["labelme"](tmp_path / "raw" / "__MACOSX", "a1")
    (tmp_path / "raw" / ".DS_Store").write_bytes(b"x")
    run_ok(*arguments(tmp_path, "labelme"))
    assert_masks(tmp_path, STEMS)


def test_run_lengths_of_coco_may_be_written_as_10_0(tmp_path: Path) -> None:
    photos(tmp_path / "raw", "coco")
    content = coco(STEMS)
    for entry, stem in zip(content["annotations"], STEMS, strict=True):
        entry["segmentation"] = {"size": [HEIGHT, WIDTH], "counts": [float(run) for run in runs(stem)]}
    (tmp_path / "raw" / "all.json").write_text(json.dumps(content))
    assert "left out" not in run_ok(*arguments(tmp_path, "coco")).stdout
    assert_masks(tmp_path, STEMS)


def test_an_image_in_memory_is_what_the_damage_is_made_of() -> None:
    data = io.BytesIO()
    Image.fromarray(inside("a1").astype(np.uint8)).save(data, "PNG")
    assert all(spoil(data.getvalue()) != data.getvalue() for spoil in DAMAGES.values())


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ("b\x1b[31m", r"b\x1b[31m.png': the name holds characters that cannot be shown; rename the file"),
        ("b\\1", "b\\1.png: the name holds a backslash, which stands between folders on Windows; rename the file"),
    ],
)
def test_a_label_whose_name_no_file_of_a_dataset_can_have_is_left_out(tmp_path: Path, odd: str, told: str) -> None:
    for number, stem in enumerate(("a", odd, "c")):
        if stem != odd:
            save(tmp_path / "photos" / f"{stem}.png", smooth_image(HEIGHT, WIDTH))
        save(tmp_path / "masks" / f"{stem}.png", np.full((HEIGHT, WIDTH), number % 2, np.uint8))
    (tmp_path / "classes.txt").write_text("ground\nroad\n")
    names = ("--images", tmp_path / "photos", "--classes", tmp_path / "classes.txt")
    said = run_partly("masks", "convert", tmp_path / "masks", "-o", tmp_path / "set", *names)
    assert told in said
    assert [sample.stem for sample in Dataset.open(tmp_path / "set").samples] == ["a", "c"]
    said = run_error("masks", "convert", tmp_path / "masks", "-o", tmp_path / "none", *names, "--in-order")
    assert "all that is paired in order would shift" in said


def test_a_zip_with_a_member_without_a_name_is_refused(tmp_path: Path) -> None:
    """zipfile itself ends in an IndexError."""
    archive = tmp_path / "labels.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("a.png", "x")
        made.filelist[0].filename = ""
    assert f"{archive}: a damaged zip file (a member without a name)" in run_error("masks", "inspect", archive)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
@pytest.mark.parametrize("target", ["/nowhere/b", "/proc/self/mem"])
@pytest.mark.parametrize("kind", ["ids", "labelme"])
def test_a_link_that_cannot_be_read_is_left_out(tmp_path: Path, kind: str, target: str) -> None:
    """It ended the command, in a traceback."""
    if target.startswith("/proc") and not Path(target).exists():
        pytest.skip("no such files here")
    for number, stem in enumerate(("a", "b", "c")):
        save(tmp_path / f"raw/images/{stem}.png", smooth_image(HEIGHT, WIDTH))
        shapes = [{"label": "xyz"[number], "points": [[1, 1], [9, 1], [9, 9]], "shape_type": "polygon"}]
        label = {"shapes": shapes, "imagePath": f"{stem}.png", "imageHeight": HEIGHT, "imageWidth": WIDTH}
        place = tmp_path / f"raw/labels/{stem}.{'png' if kind == 'ids' else 'json'}"
        place.parent.mkdir(exist_ok=True)
        if stem == "b":
            place.symlink_to(target)
        elif kind == "ids":
            save(place, np.arange(HEIGHT * WIDTH, dtype=np.uint8).reshape(HEIGHT, WIDTH) // 7 % 3)
        else:
            place.write_text(json.dumps(label), "utf-8")
    (tmp_path / "classes.txt").write_text("x\ny\nz\n")
    classes = ("--classes", tmp_path / "classes.txt") if kind == "ids" else ()
    said = run_partly("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set", *classes)
    assert said.count(f"labels{os.sep}b.") == said.count("left out") == 1
    assert [sample.stem for sample in Dataset.open(tmp_path / "set").samples] == ["a", "c"]
