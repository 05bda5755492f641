"""seg-prep masks export: every layout is read back by a small reader of its own, which shares no code with it."""

import json
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from matplotlib.path import Path as Curve
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco

from prep.core.classes import ClassMap, write_classes
from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample, write_index
from prep.exporting.export import LAYOUTS, export_dataset
from prep.exporting.labelme import painting_order
from tests.support import load, masks_of, random_image, run_error, run_ok, run_partly, run_prep, save, tree

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in pycocotools

Mask = NDArray[np.uint8]
Table = list[tuple[str, tuple[int, ...]]]

CLASSES = ClassMap(("road", "Grün 2", "background"), ((224, 224, 192), (0, 0, 0), (128, 128, 128)), ids=(3, 9, 0))
"""Colours that others would take for ignored pixels, background not first, ids of their own."""

MASKS = arrays.arrays(
    np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.sampled_from([0, 1, 2, 255])
)


def make_dataset(root: Path, masks: dict[str, Mask], splits: dict[str, str] | None = None) -> Dataset:
    samples = []
    for number, (stem, mask) in enumerate(masks.items()):
        suffix = ".jpg" if number == 1 else ".png"
        save(root / "images" / f"{stem}{suffix}", random_image(number, *mask.shape))
        save(root / "masks" / f"{stem}.png", mask)
        height, width = mask.shape
        split = (splits or {}).get(stem, "")
        samples.append(Sample(stem, f"images/{stem}{suffix}", f"masks/{stem}.png", width, height, "", split))
    write_classes(root / "classes.json", CLASSES)
    write_index(root / "index.csv", samples)
    return Dataset.open(root)


@pytest.fixture
def campus(tmp_path: Path) -> Dataset:
    """Four samples of unlike sizes, every class and ignored pixels among them."""
    random = np.random.default_rng(5)
    shapes = {"a": (20, 31), "b c": (16, 16), "d.2": (33, 7), "é": (1, 5)}
    masks = {stem: np.array([0, 1, 2, 255], np.uint8)[random.integers(0, 4, shape)] for stem, shape in shapes.items()}
    return make_dataset(tmp_path / "campus", masks, {"a": "train", "b c": "val", "d.2": "test", "é": "train"})


# Readers.


def read_class_list(folder: Path) -> Table:
    lines = [line.split(",") for line in (folder / "classes.txt").read_text("utf-8").splitlines()]
    return [(line[0], tuple(bytes.fromhex(line[1][1:]))) for line in lines]


def read_rgb(folder: Path) -> tuple[Table, dict[str, Mask]]:
    table = read_class_list(folder)
    return table, {path.stem: of_colors(load(path), table) for path in (folder / "masks").iterdir()}


def read_labelmap(folder: Path) -> Table:
    comment, *lines = (folder / "labelmap.txt").read_text("utf-8").splitlines()
    assert comment == "# label:color_rgb:parts:actions"
    rows = [line.split(":") for line in lines]
    assert all(row[2:] == ["", ""] for row in rows)
    return [(row[0], tuple(map(int, row[1].split(",")))) for row in rows]


def read_voc(folder: Path) -> tuple[Table, dict[str, Mask]]:
    table, masks = read_labelmap(folder), {}
    for path in (folder / "SegmentationClass").iterdir():
        with Image.open(path) as picture:
            assert picture.mode == "P"
            masks[path.stem] = np.asarray(picture)
            assert (of_colors(np.asarray(picture.convert("RGB")), table) == masks[path.stem]).all()
    return table, masks


def read_cvat(folder: Path) -> tuple[Table, dict[str, Mask]]:
    table = read_labelmap(folder)
    masks = {path.stem: of_colors(load(path), table) for path in (folder / "SegmentationClass").iterdir()}
    assert sorted((folder / "ImageSets/Segmentation/default.txt").read_text("utf-8").splitlines()) == sorted(masks)
    return table, masks


def read_coco(folder: Path) -> tuple[Table, dict[str, Mask]]:
    content = json.loads((folder / "annotations.json").read_text("utf-8"))
    table = [(category["name"], tuple(category["color"])) for category in content["categories"]]
    assert [category["id"] for category in content["categories"]] == list(range(1, len(table) + 1))
    assert [entry["id"] for entry in content["annotations"]] == list(range(1, len(content["annotations"]) + 1))
    masks = {}
    for image in content["images"]:
        assert load(folder / "images" / image["file_name"]).shape[:2] == (image["height"], image["width"])
        mask = np.full((image["height"], image["width"]), 77, np.uint8)
        for entry in (entry for entry in content["annotations"] if entry["image_id"] == image["id"]):
            code = entry["segmentation"]
            assert entry["iscrowd"] == 1
            assert entry["area"] == coco.area(code)
            assert entry["bbox"] == coco.toBbox(code).tolist()
            index = entry["category_id"] - 1
            mask[coco.decode(code).astype(bool)] = 255 if table[index][0] == "ignore" else index
        masks[Path(image["file_name"]).stem] = mask
    return table, masks


def read_labelme(folder: Path) -> tuple[Table, dict[str, Mask]]:
    table = read_class_list(folder)
    values = {name: index for index, (name, _) in enumerate(table)} | {"ignore": 255}
    masks = {}
    for path in folder.glob("*.json"):
        content = json.loads(path.read_text("utf-8"))
        height, width = content["imageHeight"], content["imageWidth"]
        assert load(folder / content["imagePath"]).shape == (height, width, 3)
        assert content["imageData"] is None
        assert all(shape["shape_type"] == "polygon" for shape in content["shapes"])
        polygons = [(values[shape["label"]], np.array(shape["points"])) for shape in content["shapes"]]
        masks[path.stem] = painted(polygons, (height, width))
    return table, masks


def painted(polygons: list[tuple[int, NDArray[np.int64]]], shape: tuple[int, int]) -> Mask:
    down, across = np.mgrid[0 : shape[0], 0 : shape[1]] + 0.5
    mask = np.full(shape, 77, np.uint8)
    for value, corners in polygons:
        inside = Curve(corners).contains_points(np.stack([across.ravel(), down.ravel()], axis=1))
        mask[inside.reshape(shape)] = value
    return mask


def of_colors(pixels: Mask, table: Table) -> Mask:
    """Indices of an RGB mask; 77 where a colour is in no line of the table."""
    assert pixels.ndim == 3
    mask = np.full(pixels.shape[:2], 77, np.uint8)
    for index, (name, color) in enumerate(table):
        mask[(pixels == np.array(color)).all(axis=2)] = 255 if name == "ignore" else index
    return mask


READERS = {"rgb": read_rgb, "voc": read_voc, "coco": read_coco, "labelme": read_labelme, "cvat": read_cvat}
IMAGES = {"rgb": "images", "voc": "JPEGImages", "coco": "images", "labelme": ".", "cvat": "JPEGImages"}


def test_every_layout_has_a_reader() -> None:
    assert READERS.keys() | {"yolo"} == LAYOUTS.keys()  # which keeps no colours: test_yolo.py


# What goes out.


@pytest.mark.parametrize("layout", READERS)
def test_masks_classes_and_images_come_back(layout: str, campus: Dataset, tmp_path: Path) -> None:
    expected = masks_of(campus.root)
    before = tree(campus.root)
    out = tmp_path / "out"
    result = run_ok("masks", "export", campus.root, "--to", layout, "-o", out)
    assert result.stdout.splitlines()[-1] == f"4 samples -> {out} ({layout})"
    table, masks = READERS[layout](out)
    *classes, (ignore, color) = table
    assert classes == list(zip(CLASSES.names, CLASSES.colors, strict=True))
    assert ignore == "ignore"
    assert color not in CLASSES.colors
    assert masks.keys() == expected.keys()
    for stem, mask in masks.items():
        assert (mask == expected[stem]).all(), stem
    for sample in campus.samples:
        image = campus.root / sample.image
        assert (out / IMAGES[layout] / image.name).read_bytes() == image.read_bytes()
    assert not [path for path in out.rglob("*") if path.name.startswith(".")]
    assert tree(campus.root) == before


@pytest.mark.parametrize("layout", READERS)
@given(masks=st.lists(MASKS, min_size=1, max_size=3))
def test_any_masks_come_back(layout: str, masks: list[Mask], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("any")
    named = {f"m{number}": mask for number, mask in enumerate(masks)}
    result = export_dataset(make_dataset(folder / "set", named).root, folder / "out", layout, workers=1)
    read = READERS[layout](folder / "out")[1]
    assert read.keys() == named.keys()
    assert all((read[stem] == mask).all() for stem, mask in named.items())
    assert result.pixels.tolist() == np.bincount(np.concatenate([m.ravel() for m in masks]), minlength=256).tolist()


@given(MASKS)
def test_polygons_painted_in_order_give_the_mask(mask: Mask) -> None:
    order = [(value, ring.astype(np.int64)) for value, ring in painting_order(mask)]
    assert (painted(order, mask.shape) == mask).all()


def test_rgb_masks_convert_back_to_the_same_dataset(campus: Dataset, tmp_path: Path) -> None:
    out, again = tmp_path / "out", tmp_path / "again"
    run_ok("masks", "export", campus.root, "--to", "rgb", "-o", out)
    run_ok("masks", "convert", out / "masks", "-o", again, "--images", out / "images", "--classes", out / "classes.txt")
    back = Dataset.open(again).classes
    assert (back.names, back.colors, back.ids) == (CLASSES.names, CLASSES.colors, CLASSES.ids)
    expected, masks = masks_of(campus.root), masks_of(again)
    assert masks.keys() == expected.keys()
    assert all((masks[stem] == expected[stem]).all() for stem in masks)


def test_ignored_pixels_take_the_colour_that_the_class_map_has_for_them(tmp_path: Path) -> None:
    root = make_dataset(tmp_path / "set", {"a": np.array([[0, 255]], np.uint8)}).root
    write_classes(root / "classes.json", ClassMap(("sky",), ((9, 9, 9),), ignored=((1, 2, 3), (4, 5, 6))))
    export_dataset(root, tmp_path / "out", "rgb")
    assert load(tmp_path / "out/masks/a.png").tolist() == [[[9, 9, 9], [1, 2, 3]]]
    assert (tmp_path / "out/classes.txt").read_text() == "sky,#090909\nignore,#010203\nignore,#040506\n"


def test_voc_lists_follow_the_split_and_void_has_its_colour(dataset: Dataset, tmp_path: Path) -> None:
    export_dataset(dataset.root, tmp_path / "out", "voc")
    lists = {path.stem: path.read_text().split() for path in (tmp_path / "out/ImageSets/Segmentation").iterdir()}
    split = {name: [sample.stem for sample in dataset.of_split(name)] for name in ("train", "val", "test")}
    assert lists == {**split, "trainval": sorted(split["train"] + split["val"])}
    assert (tmp_path / "out/labelmap.txt").read_text() == (
        "# label:color_rgb:parts:actions\nbackground:0,0,0::\nline:255,0,0::\nellipse:0,255,0::\nignore:224,224,192::\n"
    )
    with Image.open(tmp_path / "out/SegmentationClass/test_000000.png") as picture:
        assert picture.getpalette()[-3:] == [224, 224, 192]


def test_without_a_split_all_samples_stand_in_trainval(tmp_path: Path) -> None:
    root = make_dataset(tmp_path / "set", {"a": np.zeros((2, 2), np.uint8)}).root
    export_dataset(root, tmp_path / "out", "voc")
    assert [path.name for path in (tmp_path / "out/ImageSets/Segmentation").iterdir()] == ["trainval.txt"]


def test_a_zip_holds_what_the_folder_holds(campus: Dataset, tmp_path: Path) -> None:
    folder, packed = tmp_path / "out", tmp_path / "new" / "out.zip"
    run_ok("masks", "export", campus.root, "--to", "cvat", "-o", folder)
    run_ok("masks", "export", campus.root, "--to", "cvat", "-o", packed)
    with zipfile.ZipFile(packed) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    assert content == {name: data for name, data in tree(folder).items() if not name.endswith("/")}
    assert [path.name for path in packed.parent.iterdir()] == ["out.zip"]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_same_bytes_for_any_workers(layout: str, name: str, campus: Dataset, tmp_path: Path) -> None:
    for workers, place in ((1, "one"), (None, "two")):
        export_dataset(campus.root, tmp_path / place / name, layout, workers=workers)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_samples_without_mask_are_left_out_and_counted(campus: Dataset, tmp_path: Path) -> None:
    samples = [*campus.samples, Sample("z", "images/z.png", "", 3, 3), Sample("y", "", "masks/y.png", 3, 3)]
    write_index(campus.root / "index.csv", samples)
    result = run_ok("masks", "export", campus.root, "--to", "coco", "-o", tmp_path / "out")
    assert "left out for want of an image or a mask: 2 (y ...)" in result.stdout
    out = tmp_path / "json"
    answer = json.loads(run_ok("masks", "export", campus.root, "--to", "coco", "-o", out, "--json").stdout)
    counts = np.sum([np.bincount(mask.ravel(), minlength=256) for mask in masks_of_labelled(campus)], axis=0)
    assert answer["left_out"] == ["y", "z"]
    assert answer["exported"] == 4
    assert answer["pixels"] == [[name, counts[value]] for name, value in zip(ROWS, (0, 1, 2, 255), strict=True)]


ROWS = (*CLASSES.names, "ignore")


def masks_of_labelled(dataset: Dataset) -> Iterator[Mask]:
    return (load(dataset.root / sample.mask) for sample in dataset.of_split())


# What is refused.


def test_a_folder_with_content_is_refused(campus: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "out"
    save(out / "notes.png", np.zeros((2, 2), np.uint8))
    before = tree(tmp_path)
    command = ("masks", "export", campus.root, "--to", "voc", "-o", out)
    assert run_error(*command) == f"{out}: already holds something; name an empty or new folder, or add --overwrite"
    assert "holds notes.png, which is no part of this export" in run_error(*command, "--overwrite")
    assert tree(tmp_path) == before


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_overwrite_replaces_an_earlier_export(name: str, campus: Dataset, tmp_path: Path) -> None:
    out = tmp_path / name
    command = ("masks", "export", campus.root, "--to", "cvat", "-o", out)
    run_ok(*command)
    save(campus.root / "masks" / "a.png", np.full((20, 31), 1, np.uint8))
    assert "already holds other results" in run_error(*command)
    run_ok(*command, "--overwrite")
    if name == "out.zip":
        zipfile.ZipFile(out).extractall(tmp_path / "unpacked")
        out = tmp_path / "unpacked"
    assert (read_cvat(out)[1]["a"] == 1).all()


@pytest.mark.parametrize("place", ["", "images", "masks/new", "..", "labels"])
def test_the_dataset_itself_is_no_target(place: str, campus: Dataset, tmp_path: Path) -> None:
    before = tree(tmp_path)
    said = run_error("masks", "export", campus.root, "--to", "rgb", "-o", campus.root / place, "--overwrite")
    assert "that is where the dataset itself lies" in said
    assert tree(tmp_path) == before


def test_another_dataset_is_no_target(campus: Dataset, tmp_path: Path) -> None:
    other = make_dataset(tmp_path / "other", {"a": np.zeros((2, 2), np.uint8)}).root
    assert "that is a dataset" in run_error("masks", "export", campus.root, "--to", "rgb", "-o", other, "--overwrite")


def test_files_and_folders_do_not_replace_each_other(campus: Dataset, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder.zip").mkdir()
    for name, kind in (("file", "file"), ("folder.zip", "folder")):
        said = run_error("masks", "export", campus.root, "--to", "rgb", "-o", tmp_path / name, "--overwrite")
        assert f"{name}: is a {kind}" in said


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_a_bad_mask_is_left_out(layout: str, name: str, campus: Dataset, tmp_path: Path) -> None:
    save(campus.root / "masks" / "é.png", np.full((1, 5), 40, np.uint8))
    said = run_partly("masks", "export", campus.root, "--to", layout, "-o", tmp_path / name)
    assert "é.png: holds the value 40" in said
    written = zipfile.ZipFile(tmp_path / name).namelist() if name == "out.zip" else tree(tmp_path / name)
    assert any("b c" in each for each in written)
    assert not any("é" in each for each in written)


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
def test_a_stem_that_other_tools_take_for_a_folder_is_left_out(campus: Dataset, tmp_path: Path) -> None:
    """COCO and YOLO brought the sample 'back\\slash' back as 'slash'."""
    first, *others = campus.samples
    write_index(campus.root / "index.csv", [replace(first, stem="back\\slash"), *others])
    said = run_partly("masks", "export", campus.root, "--to", "coco", "-o", tmp_path / "made")
    assert f"{campus.root / first.image}: other tools take the \\ in its stem for a folder; change it in" in said


def test_where_all_masks_are_bad_nothing_is_written(campus: Dataset, tmp_path: Path) -> None:
    for path in (campus.root / "masks").iterdir():
        path.write_bytes(b"broken")
    before = tree(tmp_path)
    assert "no sample can be read" in run_error("masks", "export", campus.root, "--to", "rgb", "-o", tmp_path / "out")
    assert tree(tmp_path) == before


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_an_interrupted_export_is_made_whole_by_the_next(name: str, campus: Dataset, tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    target = tmp_path / "there" / name
    with pytest.raises(KeyboardInterrupt):
        export_dataset(campus.root, target, "voc", workers=1, progress=interrupt)
    assert not [path for path in tmp_path.glob("there/**/*") if path.is_file() and ".unfinished" not in str(path)]
    export_dataset(campus.root, target, "voc", workers=1)
    export_dataset(campus.root, tmp_path / "other" / name, "voc", workers=1)
    assert tree(tmp_path / "there") == tree(tmp_path / "other")


def test_nothing_to_export(tmp_path: Path) -> None:
    write_index(tmp_path / "index.csv", [Sample("a", "images/a.png", "", 2, 2)])
    said = run_error("masks", "export", tmp_path, "--to", "rgb", "-o", tmp_path / "out")
    assert "no sample has a mask yet; bring masks in with" in said


@pytest.mark.parametrize(
    ("layout", "name"),
    [
        *((layout, "Ignore") for layout in READERS),
        ("rgb", "car, red"),
        ("labelme", "name"),
        ("rgb", "#1"),
        ("voc", "a:b"),
        ("cvat", " a"),
        ("voc", "a\u200bb"),
        ("rgb", "a\u00adb"),
    ],
)
def test_names_that_would_come_back_as_others_are_refused(layout: str, name: str) -> None:
    with pytest.raises(SegError, match=r"the class name .* rename it in classes\.json"):
        LAYOUTS[layout](ClassMap(("sky", name), ((0, 0, 0), (1, 1, 1))))


@pytest.mark.parametrize(("layout", "read"), [("rgb", read_class_list), ("voc", read_labelmap)])
@given(name=st.text(min_size=1).filter(lambda name: bool(name.strip())))
def test_any_other_name_comes_back(
    layout: str, read: Callable[[Path], Table], name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    try:
        texts = LAYOUTS[layout](ClassMap((name,), ((7, 8, 9),))).tables([], [])
    except SegError:
        return
    folder = tmp_path_factory.mktemp("names")
    for file, text in texts.items():
        (folder / file).write_text(text, "utf-8")
    first, ignore = read(folder)
    assert first == (name, (7, 8, 9))
    assert ignore[0] == "ignore"


def test_an_unknown_layout_is_a_usage_error(campus: Dataset, tmp_path: Path) -> None:
    result = run_prep("masks", "export", campus.root, "--to", "polygons", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "Usage:" in result.stderr


def test_a_zip_that_may_not_be_written_is_named(
    campus: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def closed(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("prep.dataset.lock._open", closed)
    assert run_error("masks", "export", campus.root, "--to", "rgb", "-o", "out.zip").startswith("out.zip: permission")


@pytest.mark.parametrize(
    ("layout", "where"),
    [
        ("voc", "in the list buffer.txt, and in no other"),
        ("yolo", "in images/buffer, "),
        ("coco", "not to be told from the others"),
    ],
)
def test_what_a_layout_does_not_say_of_the_split_is_told(
    layout: str, where: str, campus: Dataset, tmp_path: Path
) -> None:
    first, *others = campus.samples
    assert "buffer" not in run_ok("masks", "export", campus.root, "--to", layout, "-o", tmp_path / "before").stdout
    apart = replace(first, split="buffer", east=1.5, north=2.5, crs="EPSG:32632", pixel="1 0 0 -1")
    write_index(campus.root / "index.csv", [apart, *others])
    said = run_ok("masks", "export", campus.root, "--to", layout, "-o", tmp_path / "out").stdout
    assert f"1 sample in buffer, next to another split on the ground: {where}" in said
    assert "places of 1 sample on the earth are not kept: divide the dataset itself by place" in said


@pytest.mark.parametrize("layout", ["voc", "yolo"])
def test_samples_between_splits_come_back_as_such(layout: str, dataset: Dataset, tmp_path: Path) -> None:
    """And stay so when the others are divided anew, since nobody knows any more what they lie next to."""
    samples = [replace(each, split="buffer") if number < 5 else each for number, each in enumerate(dataset.samples)]
    write_index(dataset.root / "index.csv", samples)
    again = tmp_path / "again"
    run_ok("masks", "export", dataset.root, "--to", layout, "-o", tmp_path / "out")
    told = run_ok("masks", "convert", tmp_path / "out", "-o", again)
    assert (", 5 buffer; " in told.stdout) or layout == "voc"
    for more in ((), ("--overwrite",)):
        run_ok("split", again, *more)
        splits = {sample.stem: sample.split for sample in Dataset.open(again).samples}
        assert [splits[sample.stem] for sample in samples[:5]] == ["buffer"] * 5
        assert "buffer" not in [splits[sample.stem] for sample in samples[5:]]
