"""masks convert of LabelMe's files: which pixels each shape covers, which class it is, and what is refused."""

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prep.dataset.dataset import Dataset
from tests.prep.labels.digits import rows
from tests.support import by_stem, load, masks_of, random_image, run_error, run_ok, run_partly, save

Shape = dict[str, object]


def shape(label: str, points: object, kind: str = "polygon", **more: object) -> Shape:
    return {"label": label, "points": points, "group_id": None, "shape_type": kind, "flags": {}, **more}


def write(path: Path, shapes: object, width: object = 6, height: object = 4, **more: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"version": "5.5.0", "shapes": shapes, "imagePath": f"{path.stem}.png", "imageData": None}
    path.write_text(json.dumps({**content, "imageHeight": height, "imageWidth": width, **more}), "utf-8")
    return path


def square(left: float, top: float, right: float, bottom: float) -> list[list[float]]:
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where the dataset goes."""
    return tmp_path / "set"


def test_shapes_are_painted_in_order_over_background(tmp_path: Path, out: Path) -> None:
    shapes = [
        shape("cat", square(0, 0, 3, 4)),
        shape("ant", [[2, 1], [5, 3]], "rectangle"),
        shape("__ignore__", [[6, 4], [5, 2]], "rectangle"),
        shape("_background_", square(0, 3, 1, 4)),
    ]
    write(tmp_path / "raw/a.json", shapes)
    save(tmp_path / "raw/a.png", random_image(0, 4, 6))
    run_ok("masks", "convert", tmp_path / "raw", "-o", out)
    # _background_ is a label, so background stands among the sorted names.
    assert Dataset.open(out).classes.names == ("ant", "background", "cat")
    assert rows(out) == ["222111", "220001", "22000.", "12211."]
    assert by_stem(out)["a"].image == "images/a.png"


@pytest.mark.parametrize("told", [(), ("--images",)])
def test_photos_without_labels_are_told(told: tuple[str, ...], tmp_path: Path, out: Path) -> None:
    write(tmp_path / "raw/a.json", [shape("cat", square(0, 0, 3, 4))])
    for stem in ("a", "c", "d"):
        save(tmp_path / f"raw/{stem}.png", random_image(0, 4, 6))
    save(tmp_path / "raw/masks/a.png", random_image(0, 4, 6))  # no photo
    result = run_ok("masks", "convert", tmp_path / "raw", "-o", out, *((*told, tmp_path / "raw") if told else ()))
    assert "photos without labels, which are left out: 2 (c.png, d.png)\n" in result.stdout
    assert [*by_stem(out)] == ["a"]


def test_numbers_right_behind_a_word_may_count_objects_too(tmp_path: Path, out: Path) -> None:
    names = ["road1", "road2", "road 3", "C3", "C4", "tree7"]
    write(tmp_path / "raw/a.json", [shape(name, square(x, 0, x + 1, 4)) for x, name in enumerate(names)])
    save(tmp_path / "raw/a.png", random_image(0, 4, 6))
    said = run_ok("masks", "convert", tmp_path / "raw", "-o", out).stdout
    assert "a class each, though they differ in a number only: road 3, road1, road2; if the numbers count" in said


def test_names_that_may_count_objects_are_told(tmp_path: Path, out: Path) -> None:
    names = ["car-1", "car-2", "road", "zone-7", "2-1", "2-2"]
    write(tmp_path / "raw/a.json", [shape(name, square(x, 0, x + 1, 4)) for x, name in enumerate(names)])
    save(tmp_path / "raw/a.png", random_image(0, 4, 6))
    said = run_ok("masks", "convert", tmp_path / "raw", "-o", out).stdout
    assert "a class each, though they differ in a number only: 2-1, 2-2, car-1, car-2; if the numbers count" in said
    assert Dataset.open(out).classes.names == ("2-1", "2-2", "car-1", "car-2", "road", "zone-7")
    assert rows(out) == ["234501"] * 4


def test_background_is_class_0_if_no_label_has_that_name(tmp_path: Path, out: Path) -> None:
    source = write(tmp_path / "a.json", [shape("cat", square(0, 0, 1, 4)), shape("ant", square(5, 0, 6, 1))])
    run_ok("masks", "convert", source, "-o", out)
    assert Dataset.open(out).classes.names == ("background", "ant", "cat")
    assert rows(out) == ["200001", "200000", "200000", "200000"]


@pytest.mark.parametrize(("becomes", "expected"), [("ignore", "0...."), ("Cat", "00000"), ("soil", "10000")])
def test_uncovered_pixels_become_what_unlabeled_says(becomes: str, expected: str, tmp_path: Path, out: Path) -> None:
    source = write(tmp_path / "a.json", [shape("cat", square(0, 0, 1, 1))], 5, 1)
    run_ok("masks", "convert", source, "-o", out, "--unlabelled", becomes)
    assert rows(out) == [expected]
    assert Dataset.open(out).classes.names == (("soil", "cat") if becomes == "soil" else ("cat",))


def test_no_background_is_made_where_shapes_cover_everything(tmp_path: Path, out: Path) -> None:
    for number in range(6):
        write(tmp_path / f"raw/{number}.json", [shape("cat", square(-1, -1, 9, 9))])
    run_ok("masks", "convert", tmp_path / "raw", "-o", out)
    assert Dataset.open(out).classes.names == ("cat",)
    write(tmp_path / "raw/5.json", [shape("cat", square(1, 0, 9, 9))])
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "two")
    assert Dataset.open(tmp_path / "two").classes.names == ("background", "cat")


def test_circle_and_mask(tmp_path: Path, out: Path) -> None:
    file = io.BytesIO()
    Image.fromarray(np.array([[0, 255, 0], [255, 255, 255]], np.uint8)).save(file, "png")
    mask = base64.b64encode(file.getvalue()).decode()
    shapes = [
        shape("disk", [[2, 2], [2, 3.6]], "circle"),
        shape("brush", [[3, 2], [5, 3]], "mask", mask=mask),
    ]
    source = write(tmp_path / "a.json", shapes)
    run_ok("masks", "convert", source, "-o", out)
    assert Dataset.open(out).classes.names == ("background", "brush", "disk")
    assert rows(out) == ["022000", "222200", "222210", "022111"]


def test_lines_and_points_are_left_out_and_counted(tmp_path: Path, out: Path) -> None:
    line = shape("wire", [[0, 0], [3, 3]], "line")
    write(tmp_path / "raw/a.json", [line, line, shape("p", [[1, 1]], "point"), shape("cat", square(0, 0, 6, 1))])
    (tmp_path / "raw/other.json").write_text("[1]")
    result = run_ok("masks", "convert", tmp_path / "raw", "-o", out)
    assert "left out, because it has no area: 2 x line\n" in result.stdout
    assert "left out, because it has no area: 1 x point\n" in result.stdout
    assert "left out, because they are not of LabelMe JSON: other.json\n" in result.stdout
    assert Dataset.open(out).classes.names == ("background", "cat")


def test_classes_beside_the_files_set_order_and_colours(tmp_path: Path, out: Path) -> None:
    source = write(tmp_path / "raw/a.json", [shape("ant", square(0, 0, 1, 4)), shape("cat", square(1, 0, 2, 4))])
    (tmp_path / "raw/classes.txt").write_text("cat,#010203\nbackground,#040506\nant,#070809\nbee,#0a0b0c\n")
    run_ok("masks", "convert", source, "-o", out)
    assert Dataset.open(out).classes.names == ("cat", "background", "ant", "bee")
    assert rows(out) == ["201111"] * 4


def test_labelmes_own_list_of_labels(tmp_path: Path, out: Path) -> None:
    source = write(tmp_path / "a.json", [shape("cat", square(0, 0, 1, 4)), shape("__ignore__", square(5, 0, 6, 4))])
    (tmp_path / "labels.txt").write_text("__ignore__\n_background_\ndog\ncat\n")
    run_ok("masks", "convert", source, "-o", out, "--classes", tmp_path / "labels.txt")
    assert Dataset.open(out).classes.names == ("background", "dog", "cat")
    assert rows(out) == ["20000."] * 4


def test_a_label_that_is_no_class_is_named(tmp_path: Path, out: Path) -> None:
    source = write(tmp_path / "a.json", [shape("elk", square(0, 0, 1, 4))])
    (tmp_path / "c.txt").write_text("background,#000000\ncat,#010203\n")
    command = ("masks", "convert", source, "-o", out, "--classes", tmp_path / "c.txt")
    said = run_error(*command)
    assert "1 value of the masks belongs to no class" in said
    assert "elk         4" in said
    assert not out.exists()
    run_ok(*command, "--unknown", "ignore")
    assert rows(out) == [".00000"] * 4


def test_more_labels_for_the_same_dataset_keep_its_classes(tmp_path: Path, out: Path) -> None:
    first = write(tmp_path / "a.json", [shape("cat", square(0, 0, 1, 4)), shape("ant", square(5, 0, 6, 4))])
    second = write(tmp_path / "b.json", [shape("cat", square(0, 0, 2, 4))])
    run_ok("masks", "convert", first, "-o", out)
    before = Dataset.open(out).classes
    run_ok("masks", "convert", second, "-o", out)
    assert Dataset.open(out).classes == before
    assert rows(out, "a") == ["200001"] * 4
    assert rows(out, "b") == ["220000"] * 4


def test_photos_are_found_by_windows_paths(tmp_path: Path, out: Path) -> None:
    write(tmp_path / "raw/day 1/x.json", [shape("cat", square(0, 0, 1, 4))], imagePath="C:\\anna\\pics\\one.png")
    save(tmp_path / "raw/day 1/pics/one.png", random_image(0, 4, 6))
    write(tmp_path / "raw/y.json", [shape("cat", square(0, 0, 1, 4))], imagePath="gone.png")
    result = run_ok("masks", "convert", tmp_path / "raw", "-o", out, "--from", "labelme")
    assert by_stem(out)["day 1_x"].image == "images/day 1_x.png"
    assert "masks without their photo (bring it in with --images): 1\n  y\n" in result.stdout


def test_a_photo_of_another_folder_is_not_taken_for_one_that_is_gone(tmp_path: Path, out: Path) -> None:
    for day in ("1", "2"):
        write(tmp_path / f"raw/{day}/a.json", [shape("cat", square(0, 0, 1, 4))])
    save(tmp_path / "raw/1/a.png", random_image(0, 4, 6))
    run_ok("masks", "convert", tmp_path / "raw", "-o", out)
    assert {stem: sample.image for stem, sample in by_stem(out).items()} == {"1_a": "images/1_a.png", "2_a": ""}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shapes": [shape("cat", [[0, 0], [float("nan"), 1], [1, 1]])]}, "not pairs of finite numbers"),
        ({"shapes": [shape("cat", [[0, 0], [10**400, 1], [1, 1]])]}, "not pairs of finite numbers"),
        ({"shapes": [shape("cat", [[0, 0, 1], [2, 2, 2], [1, 1, 1]])]}, "not pairs of finite numbers"),
        ({"shapes": [shape("cat", None)]}, "not pairs of finite numbers"),
        ({"shapes": [shape("cat", [[1, 1]], "circle")]}, "the circle 'cat' needs two points and has 1"),
        ({"shapes": [shape("cat", [[1, 1], [9, 9]], "mask", mask="####")]}, "the mask 'cat' does not fit"),
        ({"shapes": [{"points": []}]}, 'shape 1 has no "label" or no "points"'),
        ({"shapes": [shape(" ", square(0, 0, 1, 1))]}, "empty name"),
        ({"imageWidth": -6}, "said to be -6 wide and 4 high"),
        ({"imageWidth": None}, "said to be None wide and 4 high"),
        ({"imageWidth": 10**6, "imageHeight": 10**6}, "more than 400 megapixels"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(change: Shape, said: str, tmp_path: Path, out: Path) -> None:
    write(tmp_path / "raw/a.json", **{"shapes": [shape("cat", square(0, 0, 1, 1))], **change})  # type: ignore[arg-type]
    text = run_error("masks", "convert", tmp_path / "raw", "-o", out)
    assert said in text
    assert str(tmp_path / "raw") in text
    assert not out.exists()


def test_damaged_json_among_labelmes_is_left_out_and_named(tmp_path: Path, out: Path) -> None:
    write(tmp_path / "raw/a.json", [shape("cat", square(0, 0, 1, 1))])
    for content in ('{"shapes": [', "[" * 100_000, ""):
        (tmp_path / "raw/b.json").write_text(content)
        assert "b.json: " in run_partly("masks", "convert", tmp_path / "raw", "-o", out, "--overwrite")
        assert [*by_stem(out)] == ["a"]


def test_from_says_what_does_not_fit(tmp_path: Path, out: Path) -> None:
    source = write(tmp_path / "a.json", [shape("cat", square(0, 0, 1, 1))])
    assert "no COCO JSON here" in run_error("masks", "convert", source, "-o", out, "--from", "coco")
    assert "that is a file of LabelMe JSON" in run_error("masks", "convert", source, "-o", out, "--from", "ids")


def test_inspect_names_ignored_regions(tmp_path: Path) -> None:
    write(tmp_path / "raw" / "a.json", [shape("cat", square(0, 0, 3, 4)), shape("__ignore__", square(3, 0, 6, 2))])
    values = json.loads(run_ok("masks", "inspect", tmp_path / "raw", "--json").stdout)["values"]
    assert {value["value"]: value["pixels"] for value in values} == {"cat": 12, "ignore": 6, "(in no region)": 6}


def test_a_file_without_a_size_has_that_of_its_upright_photo(tmp_path: Path) -> None:
    write(tmp_path / "raw" / "a.json", [shape("road", square(0, 0, 2, 1))], None, None, imagePath="a.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    said = run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert "does not say the size of its photo, which is not beside it; say with --images FOLDER" in said
    photo = Image.fromarray(random_image(0, 3, 2))
    save(tmp_path / "photos" / "a.jpg", photo, exif=exif)
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set", "--images", tmp_path / "photos")
    assert masks_of(tmp_path / "set")["a"].tolist() == [[1, 1, 0], [0, 0, 0]]


def test_turned_rectangles_are_painted_and_what_has_no_area_is_counted(tmp_path: Path) -> None:
    shapes = [
        shape("road", square(0, 0, 2, 1), "rotation"),
        shape("car", [[0, 0], [2, 2]], "polygon"),
        shape("car", [[0, 0]], "cuboid"),
        shape("car", [[0, 0]], "point"),
    ]
    write(tmp_path / "raw" / "a.json", shapes)
    text = run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set").stdout
    assert "left out, because it has no area: 1 x polygon of 2 points" in text
    assert "left out, because it has no area: 1 x point" in text
    assert "left out, because its kind is not known: 1 x cuboid" in text
    assert masks_of(tmp_path / "set")["a"][0].tolist()[:3] == [1, 1, 0]


def test_photos_that_were_renamed_after_drawing_are_found_by_the_names_of_the_labels(tmp_path: Path, out: Path) -> None:
    for number, name in enumerate(("a", "b")):
        save(tmp_path / "raw" / f"{name}.png", random_image(number, 4, 6))
        write(tmp_path / "raw" / f"{name}.json", [shape("cat", square(0, 0, 3, 4))], imagePath=f"IMG_{number}.JPG")
    text = run_ok("masks", "convert", tmp_path / "raw", "-o", out).stdout
    assert "photos of the labels' own names are taken" in text
    assert "a.png for IMG_0.JPG, b.png for IMG_1.JPG" in text
    assert [sample.image for sample in Dataset.open(out).samples] == ["images/a.png", "images/b.png"]


def test_labels_that_are_whole_numbers_are_names(tmp_path: Path, out: Path) -> None:
    save(tmp_path / "raw" / "a.png", random_image(0, 4, 6))
    write(tmp_path / "raw" / "a.json", [shape(7, square(0, 0, 3, 4))])  # type: ignore[arg-type]
    run_ok("masks", "convert", tmp_path / "raw", "-o", out)
    assert Dataset.open(out).classes.names == ("background", "7")
    assert rows(out) == ["111000"] * 4


def test_a_name_of_two_photos_is_asked_about_and_the_answer_works(tmp_path: Path, out: Path) -> None:
    write(tmp_path / "raw/json/a.json", [shape("cat", square(0, 0, 1, 4))], imagePath="a.png")
    for folder, seed in (("north", 0), ("south", 5)):
        save(tmp_path / f"raw/{folder}/a.png", random_image(seed, 4, 6))
    said = run_error("masks", "convert", tmp_path / "raw", "-o", out)
    assert f"say which holds the right ones:\n  --images {tmp_path / 'raw/north'}\n" in said
    run_ok("masks", "convert", tmp_path / "raw", "-o", out, "--images", tmp_path / "raw/south")
    (stem,) = masks_of(out)
    assert np.array_equal(load(out / by_stem(out)[stem].image), random_image(5, 4, 6))
    assert rows(out, stem) == ["100000"] * 4


def test_photos_inside_of_label_files_are_told(tmp_path: Path, out: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(random_image(0, 4, 6)).save(buffer, "PNG")
    inner = base64.b64encode(buffer.getvalue()).decode()
    for stem in ("a", "b"):
        write(tmp_path / f"raw/{stem}.json", [shape("cat", square(0, 0, 3, 4))], imageData=inner)
    save(tmp_path / "raw/b.png", random_image(0, 4, 6))
    said = run_ok("masks", "convert", tmp_path / "raw", "-o", out).stdout
    assert "photos inside of label files (imageData) are not read: 1 (a.json)" in said
    assert "labelme_export_json a.json" in said


@pytest.mark.parametrize("kind", ["polygon", "rectangle"])
def test_points_of_the_upright_photo_with_the_size_of_the_stored_one(tmp_path: Path, out: Path, kind: str) -> None:
    """The photo is stored 16 x 12 and shown 12 x 16; one of its two files shows it, and the other is read so, too."""
    for name, (left, top, right, bottom) in {"a": (2, 9, 6, 15), "b": (1, 2, 4, 5)}.items():
        photo = Image.fromarray(random_image(0, 12, 16))
        exif = photo.getexif()
        exif[0x0112] = 6
        points = square(left, top, right, bottom) if kind == "polygon" else [[left, top], [right, bottom]]
        write(tmp_path / f"raw/{name}.json", [shape("cat", points, kind)], 16, 12, imagePath=f"{name}.jpg")
        photo.save(tmp_path / f"raw/{name}.jpg", exif=exif)
    said = run_ok("masks", "convert", tmp_path / "raw", "-o", out).stdout
    assert "width and height of 2 images are those of the photo as stored, but points lie outside them" in said
    expected = np.zeros((2, 16, 12), np.uint8)
    expected[0, 9:15, 2:6] = expected[1, 2:5, 1:4] = 1
    assert np.array_equal(masks_of(out)["a"], expected[0])
    assert np.array_equal(masks_of(out)["b"], expected[1])


def test_points_outside_the_photo_are_told(tmp_path: Path, out: Path) -> None:
    write(tmp_path / "raw/a.json", [shape("cat", square(2, 1, 6, 40)), shape("ant", square(0, 0, 2, 1))])
    save(tmp_path / "raw/a.png", random_image(0, 4, 6))
    said = run_ok("masks", "convert", tmp_path / "raw", "-o", out).stdout
    assert "25.0% of the points (2) lie outside their images, where regions are cut off; look at a.json" in said


def test_shares_of_the_photo_are_read_as_such(tmp_path: Path, out: Path) -> None:
    write(
        tmp_path / "raw/a.json", [shape("cat", square(0, 0, 0.5, 1)), shape("ant", [[0.5, 0], [1, 0.5]], "rectangle")]
    )
    save(tmp_path / "raw/a.png", random_image(0, 4, 6))
    said = run_ok("masks", "convert", tmp_path / "raw", "-o", out).stdout
    assert "all points lie between 0 and 1: read as shares of the width and height of their images" in said
    assert rows(out) == ["222111"] * 2 + ["222000"] * 2


def test_masks_that_labelme2voc_wrote_among_its_files_are_told(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The photos lie beside SegmentationClassPNG/, not in JPEGImages/ as in Pascal VOC."""
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "raw/a.png", random_image(0, 4, 6))
    save(tmp_path / "raw/SegmentationClassPNG/a.png", np.ones((4, 6), np.uint8))
    (tmp_path / "classes.txt").write_text("sky\nroad\n", "utf-8")
    run_ok("masks", "convert", "raw", "-o", "masks", "--classes", "classes.txt")
    assert rows(Path("masks")) == ["111111"] * 4
    write(tmp_path / "raw/a.json", [shape("cat", square(0, 0, 3, 4))])
    told = run_ok("masks", "convert", "raw", "-o", out).stdout
    assert "1 mask of the same photos (SegmentationClassPNG/a.png) not read" in told
    assert rows(out) == ["111000"] * 4


def test_names_that_a_class_list_spells_otherwise_are_named_and_never_ignored(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--unknown nearest` was offered, and made all of them ignored pixels."""
    monkeypatch.chdir(tmp_path)
    names = ("cat", "ant", "two words")
    write(Path("raw/a.json"), [shape(name, square(i, 0, i + 1, 4)) for i, name in enumerate(names)])
    save(Path("raw/a.png"), random_image(0, 4, 6))
    Path("list.txt").write_text("background\nCat\nANT\nTwoWords\n", "utf-8")
    said = run_error("masks", "convert", "raw", "-o", out, "--classes", "list.txt")
    assert "\n  ant, not ANT\n  cat, not Cat\n  two words, not TwoWords\n" in said
    assert "--unknown" not in said
    Path("list.txt").write_text("background\nx\ny\nz\n", "utf-8")
    assert "--unknown nearest" not in run_error("masks", "convert", "raw", "-o", out, "--classes", "list.txt")


@pytest.mark.parametrize("first", ["bg", "BG", "_background_", "__ignore__\n_background_", "__ignore__\nbg"])
def test_a_list_begins_with_the_background_whatever_it_calls_it(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """Bg became a class of its own, in no mask, beside a background that was made."""
    monkeypatch.chdir(tmp_path)
    name = first.split("\n")[-1]
    write(Path("raw/a.json"), [shape("car", square(0, 0, 4, 4)), shape(name, square(0, 0, 1, 4))])
    save(Path("raw/a.png"), random_image(0, 4, 6))
    Path("labels.txt").write_text(f"{first}\nroad\ncar\n", "utf-8")
    said = run_ok("masks", "convert", "raw", "-o", out, "--classes", "labels.txt").stdout
    assert Dataset.open(out).classes.names == ("background", "road", "car")
    assert rows(out) == ["022200"] * 4
    assert ("with which the class list begins, is taken for the background" in said) == (name.lower() == "bg")


def test_bg_is_a_class_where_no_list_begins_with_it(tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("raw/a.json"), [shape("car", square(0, 0, 4, 4)), shape("bg", square(0, 0, 1, 4))])
    save(Path("raw/a.png"), random_image(0, 4, 6))
    run_ok("masks", "convert", "raw", "-o", out)
    assert Dataset.open(out).classes.names == ("background", "bg", "car")
    run_ok("masks", "convert", "raw", "-o", out, "--overwrite")
    assert Dataset.open(out).classes.names == ("background", "bg", "car")
    for number, names in enumerate(("background\nbg\ncar", "car\nbg\nbackground", "bg\nbackground\ncar")):
        Path("labels.txt").write_text(names, "utf-8")
        run_ok("masks", "convert", "raw", "-o", f"set{number}", "--classes", "labels.txt")
        assert set(Dataset.open(Path(f"set{number}")).classes.names) == {"background", "bg", "car"}
    Path("labels.txt").write_text("bg\ncar", "utf-8")
    run_ok("masks", "convert", "raw", "-o", "own", "--classes", "labels.txt", "--unlabelled", "bg")
    assert Dataset.open(Path("own")).classes.names == ("bg", "car")
