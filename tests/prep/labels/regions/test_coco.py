"""masks convert of COCO files: which pixels each segmentation covers, which class it is, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco

from prep.dataset.dataset import Dataset
from prep.labels.registry import label_source
from tests.prep.labels.digits import rows
from tests.support import by_stem, load, masks_of, random_image, run_error, run_ok, run_prep, save

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in pycocotools

Content = dict[str, Any]


def image(number: int, name: str, width: int = 5, height: int = 3) -> Content:
    return {"id": number, "file_name": name, "width": width, "height": height}


def note(number: int, image_id: int, category: int, segmentation: object) -> Content:
    return {"id": number, "image_id": image_id, "category_id": category, "segmentation": segmentation}


def box(left: float, top: float, right: float, bottom: float) -> list[float]:
    return [left, top, right, top, right, bottom, left, bottom]


def content() -> Content:
    """Two images: polygons of two parts, plain and compressed run lengths, ids out of order."""
    region = np.zeros((3, 5), np.uint8)
    region[2, 1:4] = 1
    compressed = coco.encode(np.asfortranarray(region))
    return {
        "info": {"year": 2026},
        "images": [image(7, "a.png"), image(9, "b.png")],
        "categories": [
            {"id": 40, "name": "tree", "color": [1, 2, 3]},
            {"id": 3, "name": "soil"},
            {"id": 41, "name": "Ignore"},
        ],
        "annotations": [
            note(2, 7, 3, [box(0, 1, 2, 2)]),
            note(1, 7, 40, [box(0, 0, 1, 3), box(4, 0, 5, 3)]),
            note(5, 9, 41, {"size": [3, 5], "counts": [0, 2, 13]}),
            note(4, 9, 40, {"size": [3, 5], "counts": compressed["counts"].decode()}),
        ],
    }


def write(path: Path, data: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data), "utf-8")
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where the dataset goes."""
    return tmp_path / "set"


def test_annotations_are_painted_by_id_and_classes_are_in_the_order_of_theirs(tmp_path: Path, out: Path) -> None:
    for stem in ("a", "b"):
        save(tmp_path / f"raw/images/{stem}.png", random_image(0, 3, 5))
    run_ok("masks", "convert", write(tmp_path / "raw/instances.json", content()), "-o", out)
    classes = Dataset.open(out).classes
    assert classes.names == ("background", "soil", "tree")
    assert classes.colors[2] == (1, 2, 3)
    assert rows(out, "a") == ["20002", "11002", "20002"]
    assert rows(out, "b") == [".0000", ".0000", "02220"]
    assert {stem: sample.image for stem, sample in by_stem(out).items()} == {"a": "images/a.png", "b": "images/b.png"}


def test_a_folder_with_photos_around_the_file_is_enough(tmp_path: Path, out: Path) -> None:
    write(tmp_path / "raw/_annotations.coco.json", content())
    save(tmp_path / "raw/a.png", random_image(0, 3, 5))
    result = run_ok("masks", "convert", tmp_path / "raw", "-o", out, "--unlabelled", "ignore")
    assert Dataset.open(out).classes.names == ("soil", "tree")
    assert rows(out, "a") == ["1...1", "00..1", "1...1"]
    assert "masks without their photo (bring it in with --images): 1\n  b\n" in result.stdout


def test_photos_that_the_file_does_not_name_are_told(tmp_path: Path, out: Path) -> None:
    for name in ("a", "b", "c", "more/d"):
        save(tmp_path / f"raw/images/{name}.png", random_image(0, 3, 5))
    said = run_ok("masks", "convert", write(tmp_path / "raw/instances.json", content()), "-o", out).stdout
    assert "photos without labels, which are left out: 2 (images/c.png, images/more/d.png)\n" in said


def test_a_photo_of_another_folder_is_not_taken_for_one_that_is_gone(tmp_path: Path, out: Path) -> None:
    data = content()
    for entry, name in zip(data["images"], ("north/a.png", "south/a.png"), strict=True):
        entry["file_name"] = name
    save(tmp_path / "raw/south/a.png", random_image(0, 3, 5))
    run_ok("masks", "convert", write(tmp_path / "raw/c.json", data), "-o", out)
    images = {stem: sample.image for stem, sample in by_stem(out).items()}
    assert images == {"north_a": "", "south_a": "images/south_a.png"}


def test_a_category_background_takes_what_is_uncovered(tmp_path: Path, out: Path) -> None:
    data = content()
    data["categories"][1]["name"] = "Background"
    run_ok("masks", "convert", write(tmp_path / "c.json", data), "-o", out)
    assert Dataset.open(out).classes.names == ("Background", "tree")
    assert rows(out, "a") == ["10001", "00001", "10001"]


def test_names_pair_with_another_class_map(tmp_path: Path, out: Path) -> None:
    (tmp_path / "c.txt").write_text("tree,#010203\nbackground,#000000\nsoil,#ffffff\n")
    source = write(tmp_path / "c.json", content())
    run_ok("masks", "convert", source, "-o", out, "--classes", tmp_path / "c.txt")
    assert rows(out, "a") == ["01110", "22110", "01110"]


def test_two_categories_of_one_name_are_one_class_and_equal_colours_differ(tmp_path: Path, out: Path) -> None:
    data = content()
    data["categories"] = [{"id": number, "name": name, "color": "#010203"} for number, name in ((3, "x"), (40, "x"))]
    data["categories"].append({"id": 41, "name": "y", "color": [1, 2, 3]})
    run_ok("masks", "convert", write(tmp_path / "c.json", data), "-o", out)
    classes = Dataset.open(out).classes
    assert classes.names == ("background", "x", "y")
    assert classes.colors[1] == (1, 2, 3)
    assert len(set(classes.colors)) == 3


def test_boxes_are_left_out_and_counted(tmp_path: Path, out: Path) -> None:
    data = content()
    data["annotations"][2]["segmentation"] = []
    del data["annotations"][3]["segmentation"]
    result = run_ok("masks", "convert", write(tmp_path / "c.json", data), "-o", out)
    assert (
        "left out, because they are boxes without a region: 2 (annotation 5 of b.png, annotation 4 of b.png)"
        in result.stdout
    )
    assert "images without a region: 1" in result.stdout
    assert rows(out, "b") == ["00000"] * 3
    data["annotations"] = data["annotations"][2:]
    assert "holds only boxes" in run_error("masks", "convert", write(tmp_path / "d.json", data), "-o", tmp_path / "x")


def change(*keys: Any, value: object) -> Callable[[Content], None]:  # noqa: ANN401
    """Set a value deep inside."""

    def apply(data: Any) -> None:  # noqa: ANN401
        for key in keys[:-1]:
            data = data[key]
        data[keys[-1]] = value

    return apply


def drop(*keys: Any) -> Callable[[Content], None]:  # noqa: ANN401
    """Remove a value deep inside."""

    def apply(data: Any) -> None:  # noqa: ANN401
        for key in keys[:-1]:
            data = data[key]
        del data[keys[-1]]

    return apply


NAN = float("nan")
A2 = ["20002", "11002", "21102"]
A, B = ["20002", "11002", "20002"], [".0000", ".0000", "02220"]
NO_SOIL, NO_TREE, NO_IGNORE = ["20002"] * 3, ["00000", "11000", "00000"], ["00000", "00000", "02220"]


@pytest.mark.parametrize(
    ("spoil", "said", "a", "b"),
    [
        (change("annotations", 1, "image_id", value=8), "file does not list: 1 (annotation 1)", NO_TREE, B),
        (
            change("annotations", 0, "category_id", value=8),
            "ignored in the masks (255), because they are of a category that the file does not list: 1 (annotation 2",
            ["20002", "..002", "20002"],
            B,
        ),
        (
            change("annotations", 1, "id", value=None),
            "in the order of the file, because annotations have",
            ["20002", "21002", "20002"],
            B,
        ),
        (change("annotations", 1, value=5), "they are no annotations: 1 (entry 2)", NO_TREE, B),
        (change("annotations", 0, "segmentation", 0, 1, value=NAN), "no pairs: 1 (annotation 2 of a.png)", NO_SOIL, B),
        (change("annotations", 0, "segmentation", 0, value=[1, 2, 3]), "1 (annotation 2 of a.png)", NO_SOIL, B),
        (change("annotations", 0, "segmentation", value=box(0, 1, 2, 2)), "read as one polygon", A, B),
        (change("annotations", 0, "segmentation", value=[[0, 1], [2, 1], [2, 2], [0, 2]]), "read as one polygon", A, B),
        (change("annotations", 0, "segmentation", value=[[1, 1]]), "points or lines without area: 1", NO_SOIL, B),
        (change("annotations", 0, "segmentation", value=[[0, 0, 5, 3, 0, 0]]), "lines without area: 1", NO_SOIL, B),
        (
            change("annotations", 0, "segmentation", value=[[0, 1, 2, 1, 1e308, 1e308]]),
            "lie outside their images",
            A2,
            B,
        ),
        (change("annotations", 0, "segmentation", value=[[]]), "points or lines without area: 1", NO_SOIL, B),
        (change("annotations", 0, "segmentation", value="x"), "a segmentation is neither", NO_SOIL, B),
        (change("annotations", 2, "segmentation", "counts", value=[1]), "do not fill their image: 1", A, NO_IGNORE),
        (change("annotations", 2, "segmentation", "counts", value=7), "neither polygons nor run", A, NO_IGNORE),
        (change("annotations", 2, "segmentation", "counts", value=[0.5]), "no whole numbers: 1", A, NO_IGNORE),
        (change("annotations", 2, "segmentation", "size", value=[5, 3]), "not of the size of their", A, NO_IGNORE),
        (change("annotations", 2, "segmentation", "size", value=5), "-", A, B),
        (change("annotations", 2, "image_id", value="9"), "-", A, B),
        (change("images", 1, "id", value="9"), "-", A, B),
        (change("images", 0, "width", value=5.0), "-", A, B),
        (change("images", 0, "width", value=-5), "the photo says its size: 1 (a.png)", A, B),
        (change("images", 0, "width", value=10**9), "the photo says its size: 1 (a.png)", A, B),
        (drop("images", 0, "height"), "the photo says its size: 1 (a.png)", A, B),
        (change("categories", 2, "name", value=None), 'no "id" or no "name": 1 (category 3)', A, B),
    ],
)
def test_one_odd_entry_is_repaired_or_left_out(
    spoil: Callable[[Content], None], said: str, a: list[str], b: list[str], tmp_path: Path, out: Path
) -> None:
    data = content()
    spoil(data)
    for stem in ("a", "b"):
        save(tmp_path / f"raw/images/{stem}.png", random_image(0, 3, 5))
    text = run_ok("masks", "convert", write(tmp_path / "raw/c.json", data), "-o", out).stdout
    assert said.replace("no pairs", "their points are not pairs of finite numbers") in text + "-"
    assert (rows(out, "a"), rows(out, "b")) == (a, b)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            change("annotations", 3, "segmentation", "counts", value="oooooooooo"),
            "b.png: a region of 'tree': the compr",
        ),
        (change("images", 1, "id", value=7), "two images have the same id 7: a.png, b.png"),
        (change("images", 1, value=image(9, "a.png", 4)), "says two sizes of a.png"),
        (change("images", value=[image(7, "a.png", 0), image(9, "b.png", 0)]), "says the size of none of its images"),
        (change("categories", 0, "name", value=""), "empty name"),
        (change("categories", 0, "id", value=3), "two categories have the same id 3: tree, soil"),
        (change("categories", value={}), "of no format that is read"),
        (
            change("annotations", value=[note(1, 7, 3, [[1, 2, 3]])]),
            "holds no region that can be read; export polygons or masks\n  left out, because their points are not",
        ),
    ],
)
def test_what_is_wrong_is_said_with_the_file(
    spoil: Callable[[Content], None], said: str, tmp_path: Path, out: Path
) -> None:
    data = content()
    for each in data["annotations"][2:]:
        each["segmentation"].pop("size", None)
    spoil(data)
    source = write(tmp_path / "c.json", data)
    result = run_prep("masks", "convert", source, "-o", out)
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert result.exit_code == 1
    assert said in result.stderr
    assert str(source) in result.stderr
    assert not (out / "masks/b.png").exists()


def test_images_without_id_or_name_are_left_out(tmp_path: Path, out: Path) -> None:
    data = content()
    data["images"] += [{"id": True, "file_name": "c.png"}, image(12, ""), 5]
    text = run_ok("masks", "convert", write(tmp_path / "c.json", data), "-o", out).stdout
    assert 'no "id" or no "file_name": 3 (image 3, image 4, image 5)' in text
    assert set(masks_of(out)) == {"a", "b"}


def test_several_files_are_not_guessed_between(tmp_path: Path, out: Path) -> None:
    for name in ("train.json", "train_2.json"):
        write(tmp_path / "raw" / name, content())
    assert "holds 2 files of COCO; type the same command with one of these as SOURCE" in run_error(
        "masks", "convert", tmp_path / "raw", "-o", out
    )


def roboflow(*names: str) -> Content:
    """A file of a split: images of 5 x 3 with a road below, and the category that Roboflow adds."""
    kinds = [{"id": 0, "name": "streets", "supercategory": "none"}]
    kinds += [{"id": number, "name": name, "supercategory": "streets"} for number, name in ((1, "road"), (2, "car"))]
    return {
        "images": [image(number, name) for number, name in enumerate(names)],
        "categories": kinds,
        "annotations": [note(number, number, 1, [box(0, 2, 5, 3)]) for number, _ in enumerate(names)],
    }


def test_a_file_for_each_split_is_one_source_with_its_splits(tmp_path: Path, out: Path) -> None:
    for split, names in (("train", ("a.png", "b.png")), ("valid", ("a.png",)), ("test", ("c.png",))):
        write(tmp_path / f"raw/{split}/_annotations.coco.json", roboflow(*names))
        for number, name in enumerate(names):
            save(tmp_path / f"raw/{split}/{name}", random_image(number, 3, 5))
    found = label_source(tmp_path / "raw")
    assert found.splits == {"train_a": "train", "train_b": "train", "valid_a": "val", "test_c": "test"}
    assert found.photos["valid_a"] == tmp_path / "raw/valid/a.png"
    text = run_ok("masks", "convert", tmp_path / "raw", "-o", out).stdout
    assert "category 0 'streets' is the name of a Roboflow project, in no mask, and no class" in text
    assert Dataset.open(out).classes.names == ("background", "road", "car")
    assert rows(out, "valid_a") == ["00000", "00000", "11111"]


def test_splits_by_the_names_of_files_find_photos_in_their_folders(tmp_path: Path) -> None:
    for split in ("train2017", "val2017"):
        write(tmp_path / f"annotations/instances_{split}.json", roboflow("a.png"))
        save(tmp_path / f"{split}/a.png", random_image(0, 3, 5))
    found = label_source(tmp_path)
    assert found.splits == {"train2017_a": "train", "val2017_a": "val"}
    assert found.photos == {f"{each}_a": tmp_path / each / "a.png" for each in ("train2017", "val2017")}


def test_a_lost_photo_is_not_replaced_by_that_of_another_split(tmp_path: Path, out: Path) -> None:
    for split, names in (("train2017", ("a.png", "b.png")), ("val2017", ("c.png",))):
        write(tmp_path / f"annotations/instances_{split}.json", roboflow(*names))
    for photo in ("train2017/b.png", "val2017/a.png", "val2017/b.png", "val2017/c.png"):
        save(tmp_path / photo, random_image(0, 3, 5))
    run_ok("masks", "convert", tmp_path, "-o", out)
    assert {stem: sample.image for stem, sample in by_stem(out).items()} == {
        "a": "", "b": "images/b.png", "c": "images/c.png",
    }  # fmt: skip


def test_photos_that_were_divided_anew_are_found_and_told(tmp_path: Path, out: Path) -> None:
    write(tmp_path / "raw/a.json", roboflow("train/a.png", "train/b.png"))
    for photo in ("train/a.png", "val/b.png"):
        save(tmp_path / "raw" / photo, random_image(0, 3, 5))
    said = run_ok("masks", "convert", tmp_path / "raw", "-o", out).stdout
    assert "1 photo lies in the folder of another split than the labels name: val/b.png" in said
    assert {stem: (sample.image, sample.split) for stem, sample in by_stem(out).items()} == {
        "a": ("images/a.png", "train"), "b": ("images/b.png", "val"),
    }  # fmt: skip


def test_another_split_is_added_to_a_dataset_with_its_photos(tmp_path: Path, out: Path) -> None:
    for split, name in (("train", "a.png"), ("valid", "b.png")):
        save(tmp_path / split / name, random_image(0, 3, 5))
        run_ok("masks", "convert", write(tmp_path / split / "c.json", roboflow(name)), "-o", out)
    assert {stem: sample.image for stem, sample in by_stem(out).items()} == {"a": "images/a.png", "b": "images/b.png"}


def test_a_category_0_that_is_used_is_a_class(tmp_path: Path, out: Path) -> None:
    data = roboflow("a.png")
    data["annotations"][0]["category_id"] = 0
    run_ok("masks", "convert", write(tmp_path / "c.json", data), "-o", out)
    assert Dataset.open(out).classes.names == ("background", "streets", "road", "car")
    assert rows(out, "a") == ["00000", "00000", "11111"]


def turned_file(tmp_path: Path, orientation: int) -> Path:
    """A photo of 4 x 6 stored pixels (width x height) and a file that states 6 x 4, with points down to y = 6."""
    stored = Image.fromarray(random_image(0, 4, 6))
    exif = Image.Exif()
    exif[0x0112] = orientation
    for name in ("a", "b"):
        stored.save(tmp_path / f"{name}.jpg", exif=exif)
    data = {
        "images": [image(0, "a.jpg", 6, 4), image(1, "b.jpg", 6, 4)],
        "categories": [{"id": 1, "name": "road"}],
        "annotations": [note(0, 0, 1, [box(0, 5, 4, 6)]), note(1, 1, 1, [box(0, 1, 2, 2)])],
    }
    return write(tmp_path / "c.json", data)


def test_points_of_the_upright_photo_in_the_stored_size(tmp_path: Path, out: Path) -> None:
    data = json.loads(turned_file(tmp_path, 6).read_text())
    data["annotations"][0]["segmentation"] = [box(0, 4, 4, 6)]
    text = run_ok("masks", "convert", write(tmp_path / "c.json", data), "-o", out).stdout
    assert "width and height of 2 images are those of the photo as stored" in text
    assert rows(out, "a") == ["0000"] * 4 + ["1111"] * 2
    assert rows(out, "b") == ["0000", "1100", *["0000"] * 4]


def test_points_outside_are_told_where_the_photo_is_not_turned(tmp_path: Path, out: Path) -> None:
    text = run_ok("masks", "convert", turned_file(tmp_path, 1), "-o", out).stdout
    assert "25.0% of the points (2) lie outside their images, where regions are cut off; look at a.jpg" in text
    assert rows(out, "a") == ["000000"] * 4


def test_shares_of_the_image_are_read_as_such(tmp_path: Path, out: Path) -> None:
    data = content()
    data["annotations"] = [note(1, 7, 3, [[0, 0, 0.4, 0, 0.4, 1, 0, 1]])]
    text = run_ok("masks", "convert", write(tmp_path / "c.json", data), "-o", out).stdout
    assert "all points lie between 0 and 1: read as shares of the width and height" in text
    assert rows(out, "a") == ["11000"] * 3


def percents(*boxes: tuple[float, float, float, float], width: int = 400, height: int = 320) -> Content:
    """A COCO file of an image for each region."""
    return {
        "images": [image(number, f"{number}.png", width, height) for number in range(len(boxes))],
        "categories": [{"id": 1, "name": "soil"}],
        "annotations": [note(number, number, 1, [box(*each)]) for number, each in enumerate(boxes)],
    }


LARGE = [(5.5, 10, 50, 20), (20, 15, 95, 90), (10, 10, 30, 30), (40, 40, 60, 60), (30, 30, 80, 80), (20, 20, 40, 40)]


@pytest.mark.parametrize("size", [(400, 320), (50, 50)])
def test_percents_of_the_image_are_read_as_such(size: tuple[int, int], tmp_path: Path, out: Path) -> None:
    data = percents(*LARGE, width=size[0], height=size[1])
    text = run_ok("masks", "convert", write(tmp_path / "c.json", data), "-o", out).stdout
    assert "all points lie between 0 and 100: read as percents of the width and height" in text
    masks = masks_of(out)
    assert masks["3"].sum() == size[0] * size[1] * 0.2 * 0.2
    assert masks["3"][size[1] // 2, size[0] // 2] and not masks["3"][0, 0]


@pytest.mark.parametrize("boxes", [LARGE[1:], LARGE[:2], [(5.5, 60, 90, 70)] * 6])
def test_few_points_whole_numbers_or_a_logo_in_the_corner_are_pixels(
    boxes: list[tuple[float, float, float, float]], tmp_path: Path, out: Path
) -> None:
    text = run_ok("masks", "convert", write(tmp_path / "c.json", percents(*boxes)), "-o", out).stdout
    assert "and are read as pixels: if they are percents of the width and height, these masks are wrong" in text
    left, top, right, bottom = boxes[0]
    assert masks_of(out)["0"].sum() == pytest.approx((right - left) * (bottom - top), abs=100)


def test_points_in_small_images_are_pixels_without_a_word(tmp_path: Path, out: Path) -> None:
    data = percents(*LARGE, width=96, height=96)
    assert "between 0 and 100" not in run_ok("masks", "convert", write(tmp_path / "c.json", data), "-o", out).stdout


def test_masks_with_json_of_others_beside_are_still_masks(tmp_path: Path, out: Path) -> None:
    write(tmp_path / "raw/notes.json", {"shapes": 3})
    (tmp_path / "raw/broken.json").write_text("{")
    save(tmp_path / "raw/masks/a.png", np.array([[0, 1]], np.uint8))
    save(tmp_path / "raw/images/a.png", random_image(0, 1, 2))
    (tmp_path / "raw/classes.txt").write_text("sky,#000000\nsea,#0000ff\n")
    run_ok("masks", "convert", tmp_path / "raw", "-o", out)
    assert rows(out, "a") == ["01"]


def test_a_bow_tie_of_four_corners_is_no_line(tmp_path: Path, out: Path) -> None:
    data = content()
    data["annotations"] = [{"id": 1, "image_id": data["images"][0]["id"], "category_id": data["categories"][0]["id"]}]
    data["annotations"][0]["segmentation"] = [[0, 0, 4, 2, 4, 0, 0, 2], [0, 0, 1, 1, 2, 2], [3, 3, 3, 3, 3, 3], []]
    text = run_ok("masks", "convert", write(tmp_path / "c.json", data), "-o", out).stdout
    assert "points or lines" not in text
    assert sum(row.count("0") for row in rows(out, "a")) < 15


def test_a_file_of_one_split_alone_is_in_none_and_says_so(tmp_path: Path, out: Path) -> None:
    write(tmp_path / "raw" / "instances_val.json", content())
    text = run_ok("masks", "convert", tmp_path / "raw" / "instances_val.json", "-o", out).stdout
    assert "instances_val.json says that these labels are of the split val, which is not kept" in text
    assert {sample.split for sample in Dataset.open(out).samples} == {""}


def test_names_written_as_in_urls_find_their_photos(tmp_path: Path, out: Path) -> None:
    save(tmp_path / "raw" / "my photo é.png", random_image(0, 3, 5))
    data = {**content(), "images": [image(1, "my%20photo%20%C3%A9.png")]}
    write(tmp_path / "raw" / "a.json", {**data, "annotations": [note(1, 1, 2, [box(0, 0, 1, 1)])]})
    run_ok("masks", "convert", tmp_path / "raw", "-o", out)
    assert [sample.stem for sample in Dataset.open(out).samples] == ["my photo é"]


def test_annotations_by_their_ids_are_read_as_a_list(tmp_path: Path, out: Path) -> None:
    """LIVECell."""
    listed = content()
    listed["annotations"] = {str(each["id"]): each for each in listed["annotations"]}
    run_ok("masks", "convert", write(tmp_path / "listed.json", content()), "-o", out)
    run_ok("masks", "convert", write(tmp_path / "by_id.json", listed), "-o", tmp_path / "other")
    assert {stem: mask.tolist() for stem, mask in masks_of(out).items()} == {
        stem: mask.tolist() for stem, mask in masks_of(tmp_path / "other").items()
    }


def test_lvis_names_images_by_their_addresses(tmp_path: Path, out: Path) -> None:
    save(tmp_path / "raw" / "val2017" / "000001.jpg", random_image(0, 3, 5))
    named = {"id": 1, "coco_url": "http://images.cocodataset.org/val2017/000001.jpg", "width": 5, "height": 3}
    data = {**content(), "images": [named], "annotations": [note(1, 1, 2, [box(0, 0, 1, 1)])]}
    write(tmp_path / "raw" / "lvis_v1_val.json", data)
    run_ok("masks", "convert", tmp_path / "raw", "-o", out)
    assert [sample.image for sample in Dataset.open(out).samples] == ["images/000001.jpg"]


def test_a_name_of_two_photos_is_asked_about_and_the_answer_works(tmp_path: Path, out: Path) -> None:
    for folder, seed in (("north", 0), ("south", 5)):
        for stem in ("a", "b"):
            save(tmp_path / f"raw/{folder}/{stem}.png", random_image(seed, 3, 5))
    source = write(tmp_path / "raw/instances.json", content())
    said = run_error("masks", "convert", source, "-o", out)
    assert said.endswith(
        f"say which holds the right ones:\n  --images {tmp_path / 'raw/north'}\n  --images {tmp_path / 'raw/south'}"
    )
    assert f"because the name stands in several folders: a.png ({tmp_path / 'raw/north/a.png'}, " in said
    assert "2 photos not taken" in said
    assert not (out / "index.csv").exists()
    run_ok("masks", "convert", source, "-o", out, "--images", tmp_path / "raw/south")
    assert np.array_equal(load(out / "images/a.png"), random_image(5, 3, 5))
    assert rows(out, "a") == ["20002", "11002", "20002"]


def test_one_name_of_two_photos_among_others_is_told(tmp_path: Path, out: Path) -> None:
    for name in ("north/a.png", "south/a.png", "south/b.png"):
        save(tmp_path / "raw" / name, random_image(0, 3, 5))
    said = run_ok("masks", "convert", write(tmp_path / "raw/instances.json", content()), "-o", out).stdout
    assert "1 photo not taken, because the name stands in several folders: a.png" in said
    assert "masks without their photo (bring it in with --images): 1\n  a\n" in said
    assert by_stem(out)["b"].image == "images/b.png"


def test_of_more_categories_than_a_dataset_has_those_in_annotations_are_classes(tmp_path: Path, out: Path) -> None:
    data = content()
    data["categories"] += [{"id": 1000 + number, "name": f"c{number}"} for number in range(300)]
    text = run_ok("masks", "convert", write(tmp_path / "c.json", data), "-o", out).stdout
    assert "303 categories, of which 3 are in annotations: these are the classes" in text
    assert Dataset.open(out).classes.names == ("background", "soil", "tree")


def test_masks_of_the_same_photos_beside_are_told(tmp_path: Path, out: Path) -> None:
    write(tmp_path / "raw/c.json", content())
    for name in ("a.png", "b.png"):
        save(tmp_path / "raw/images" / name, random_image(0, 3, 5))
        save(tmp_path / "raw/masks" / name, np.zeros((3, 5), np.uint8))
    text = run_ok("masks", "convert", tmp_path / "raw", "-o", out).stdout
    folder = tmp_path / "raw/masks"
    assert f"2 masks of the same photos (masks/a.png) not read; to read these, name {folder}" in text


def test_an_image_that_is_listed_twice_may_have_annotations_once(tmp_path: Path, out: Path) -> None:
    """Two photos of one name, of two folders, were painted onto each other."""
    data = content()
    first = data["images"][0]
    data["images"].append({**first, "id": 999})
    run_ok("masks", "convert", write(tmp_path / "c.json", data), "-o", out)
    own = next(entry for entry in data["annotations"] if entry["image_id"] == first["id"])
    data["annotations"].append({**own, "id": 77, "image_id": 999})
    said = run_error("masks", "convert", write(tmp_path / "c.json", data), "-o", tmp_path / "other")
    assert f"lists 1 image twice, and has annotations of both: {first['file_name']} as {first['id']} and as 999" in said


def masks_beside(folder: Path, data: object) -> Path:
    for stem in ("a", "b"):
        save(folder / f"raw/images/{stem}.png", random_image(0, 3, 5))
        save(folder / f"raw/masks/{stem}.png", np.eye(3, 5, dtype=np.uint8))
    (folder / "list.txt").write_text("background\ncar\n")
    write(folder / "raw/annotations.json", data)
    return folder / "raw"


def test_a_file_of_images_without_annotations_does_not_stop_masks_beside_it(tmp_path: Path, out: Path) -> None:
    listed = {**content(), "annotations": []}
    raw = masks_beside(tmp_path, listed)
    run_ok("masks", "convert", raw, "-o", out, "--classes", tmp_path / "list.txt")
    assert rows(out, "a") == ["10000", "01000", "00100"]
    said = run_error("masks", "convert", raw / "annotations.json", "-o", tmp_path / "x")
    assert "annotations.json: lists images, and no annotations; export polygons or masks" in said


def test_masks_beside_a_file_of_boxes_are_offered(tmp_path: Path, out: Path) -> None:
    listed = content()
    listed["annotations"] = [{**each, "segmentation": []} for each in listed["annotations"]]
    typed = ("masks", "convert", masks_beside(tmp_path, listed), "-o", out, "--classes", tmp_path / "list.txt")
    said = run_error(*typed)
    assert "holds only boxes, no regions; export polygons or masks, or read the masks beside it" in said
    assert "with --from ids, or rgb where they are colours" in said
    run_ok(*typed, "--from", "ids")
    assert rows(out, "a") == ["10000", "01000", "00100"]
