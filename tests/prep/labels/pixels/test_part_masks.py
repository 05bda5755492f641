"""One mask a class or an object: merged by a stated order, overlaps counted, and never where a mask is more."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import prep
from prep.dataset.dataset import Dataset
from tests.support import by_stem, masks_of, random_mask, run_error, run_ok, run_prep, save, smooth_image

HEIGHT, WIDTH = 24, 32


def box(left: int, right: int, top: int = 2, bottom: int = 10) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[top:bottom, left:right] = 255
    return mask


def photo(path: Path) -> None:
    save(path, smooth_image(HEIGHT, WIDTH))


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return tmp_path / "raw"


def convert(raw: Path, *options: object, source: str = "") -> str:
    return run_ok("masks", "convert", raw / source, "-o", raw.parent / "dataset", "--overwrite", *options).stdout


def merged(raw: Path) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
    return Dataset.open(raw.parent / "dataset").classes.names, masks_of(raw.parent / "dataset")


ROAD, CAR = box(2, 12), box(8, 20)
EXPECTED = np.where(ROAD, 2, np.where(CAR, 1, 0))
"""Classes background, car, road: a later name over an earlier one."""


@pytest.mark.parametrize("name", ["masks/{}_{}.png", "masks/{}_mask_{}.png", "masks/{}-{}.tif", "masks/{1}/{0}.png"])
@pytest.mark.parametrize("value", [1, 255])
def test_one_mask_a_class(raw: Path, name: str, value: int) -> None:
    for stem in ("a", "b"):
        photo(raw / f"images/{stem}.jpg")
        save(raw / name.format(stem, "road"), np.where(ROAD, value, 0).astype(np.uint8))
    save(raw / name.format("a", "car"), np.where(CAR, value, 0).astype(np.uint8))
    said = convert(raw)
    names, masks = merged(raw)
    assert names == ("background", "car", "road")
    assert np.array_equal(masks["a"], EXPECTED)
    assert np.array_equal(masks["b"], np.where(ROAD, 2, 0))
    assert "3 masks of 2 classes (car, road) merged into one mask for each of 2 photos, a later name over" in said
    assert "32 pixels of 1 photo lie in several masks" in said
    convert(raw, "--images", raw / "images", source="masks")
    assert np.array_equal(merged(raw)[1]["a"], EXPECTED)


def test_the_order_of_a_class_list_decides_the_numbers_and_names_the_classes(raw: Path) -> None:
    photo(raw / "images/a.jpg")
    save(raw / "masks/a_road.png", ROAD)
    save(raw / "masks/a_car.png", CAR)
    (raw / "classes.txt").write_text("background\nroad\ncar\n", encoding="utf-8")
    convert(raw)
    assert merged(raw)[0] == ("background", "road", "car")
    assert np.array_equal(merged(raw)[1]["a"], np.where(ROAD, 1, np.where(CAR, 2, 0)))


def test_classes_in_split_folders_keep_the_splits(raw: Path) -> None:
    for split in ("train", "val"):
        photo(raw / f"{split}/images/a.jpg")
        save(raw / f"{split}/masks/road/a.png", ROAD)
        save(raw / f"{split}/masks/car/a.png", CAR)
    convert(raw)
    assert {stem: sample.split for stem, sample in by_stem(raw.parent / "dataset").items()} == {
        "train_a": "train",
        "val_a": "val",
    }
    assert np.array_equal(merged(raw)[1]["val_a"], EXPECTED)


def nuclei(raw: Path) -> None:
    for sample in ("0a1b", "2c3d"):
        photo(raw / f"{sample}/images/{sample}.png")
        for number, mask in enumerate((box(0, 6), box(4, 9), box(20, 30))):
            save(raw / f"{sample}/masks/{sample[::-1]}{number}f.png", mask)


def test_one_mask_an_object_in_a_folder_a_sample(raw: Path) -> None:
    nuclei(raw)
    said = convert(raw)
    names, masks = merged(raw)
    assert names == ("background", "object")
    assert sorted(masks) == ["0a1b", "2c3d"]
    assert np.array_equal(masks["0a1b"], np.where(box(0, 9) | box(20, 30), 1, 0))
    assert "6 masks of objects merged into one mask for each of 2 photos" in said
    assert "32 pixels of 2 photos lie in several masks" in said
    assert "the masks name no class: 0 is background, 1 is object; name them with --classes" in said
    (raw.parent / "names.txt").write_text("background\nnucleus\n", encoding="utf-8")
    convert(raw, "--classes", raw.parent / "names.txt")
    assert merged(raw)[0] == ("background", "nucleus")
    assert np.array_equal(merged(raw)[1]["2c3d"], masks["2c3d"])


def test_a_second_mask_of_the_same_name_is_another_object(raw: Path) -> None:
    """As in BUSI: scan (1)_mask.png and scan (1)_mask_1.png."""
    for number in (1, 2):
        photo(raw / f"benign/scan ({number}).png")
        save(raw / f"benign/scan ({number})_mask.png", box(0, 6))
    save(raw / "benign/scan (1)_mask_1.png", box(20, 30))
    convert(raw)
    masks = merged(raw)[1]
    assert np.array_equal(masks["benign_scan (1)"], np.where(box(0, 6) | box(20, 30), 1, 0))
    assert np.array_equal(masks["benign_scan (2)"], np.where(box(0, 6), 1, 0))


def test_names_that_all_samples_have_are_classes(raw: Path) -> None:
    for sample in ("s1", "s2"):
        photo(raw / f"{sample}/image/x.png")
        save(raw / f"{sample}/masks/road.png", ROAD)
        save(raw / f"{sample}/masks/car.png", CAR)
    convert(raw)
    assert merged(raw)[0] == ("background", "car", "road")
    assert np.array_equal(merged(raw)[1]["s1_x"], EXPECTED)


def test_jpeg_masks_of_a_class_have_no_blurred_edges(raw: Path) -> None:
    photo(raw / "images/a.jpg")
    save(raw / "masks/a_road.jpg", np.repeat(ROAD[..., None], 3, 2), quality=80)
    save(raw / "masks/a_car.jpg", np.repeat(box(20, 30)[..., None], 3, 2), quality=80)
    convert(raw)
    assert np.array_equal(merged(raw)[1]["a"], np.where(ROAD, 2, np.where(box(20, 30), 1, 0)))


def test_masks_of_more_values_are_of_kinds_and_asked_about(raw: Path) -> None:
    photo(raw / "images/a.jpg")
    save(raw / "masks/a_first.png", random_mask(1))
    save(raw / "masks/a_second.png", random_mask(2))
    said = run_error("masks", "convert", raw, "-o", raw.parent / "dataset")
    assert "of several kinds: which masks are meant?" in said
    said = run_error("masks", "convert", raw, "-o", raw.parent / "dataset", "--from", "object-masks")
    assert "a_first.png holds more than two values, and is no mask of one class or object. Say with --match" in said


def test_one_odd_file_among_many_is_named(raw: Path) -> None:
    for stem in "abcdefghij":
        photo(raw / f"images/{stem}.jpg")
        save(raw / f"masks/{stem}_road.png", ROAD)
        save(raw / f"masks/{stem}_car.png", CAR)
    save(raw / "masks/b_car.png", random_mask(2))
    result = run_prep("masks", "convert", raw, "-o", raw.parent / "dataset")
    assert result.exit_code == 1
    assert "b_car.png: holds more than two values, and a mask of one class or object has two" in result.stderr
    assert "b" not in merged(raw)[1]
    assert np.array_equal(merged(raw)[1]["a"], EXPECTED)


def test_masks_of_a_photo_in_two_sizes_are_refused(raw: Path) -> None:
    photo(raw / "images/a.jpg")
    save(raw / "masks/a_road.png", ROAD)
    save(raw / "masks/a_car.png", CAR[::2, ::2])
    said = run_error("masks", "convert", raw, "-o", raw.parent / "dataset")
    assert "has 32 x 24 pixels, other masks of its photo 16 x 12; export them in one size" in said


def test_two_annotators_are_no_objects(raw: Path) -> None:
    photo(raw / "images/a.jpg")
    save(raw / "masks/a_rater1.png", ROAD)
    save(raw / "masks/a_rater2.png", CAR)
    said = run_error("masks", "convert", raw, "-o", raw.parent / "dataset")
    assert "1 image and 2 masks of several kinds: which masks are meant?" in said


def test_inspect_reads_them(raw: Path) -> None:
    nuclei(raw)
    said = run_ok("masks", "inspect", raw).stdout
    assert "2 labels, read as object-masks" in said
    assert "name them with --classes" in said


def test_objects_of_voc_become_one_class(raw: Path) -> None:
    photo(raw / "JPEGImages/a.jpg")
    ids = np.zeros((HEIGHT, WIDTH), np.uint8)
    ids[2:8, 2:8], ids[2:8, 12:20], ids[2:8, 8] = 1, 2, 255
    save(raw / "SegmentationObject/a.png", ids)
    said = convert(raw)
    assert np.array_equal(merged(raw)[1]["a"], np.where(ids == 255, 255, ids > 0))
    assert "all are one class" in said
    save(raw / "SegmentationClass/a.png", np.where(ids == 2, 15, 0).astype(np.uint8))
    shutil.rmtree(raw.parent / "dataset")
    convert(raw)
    assert merged(raw)[0][15] == "person"


@pytest.mark.parametrize("name", ["masks/{}/{}.png", "masks/{}_{}.png", "masks/{}_object_{}.png"])
def test_numbered_masks_are_objects(raw: Path, name: str) -> None:
    for stem in ("a", "b"):
        photo(raw / f"images/{stem}.jpg")
        for number in range(4):
            save(raw / name.format(stem, number), box(8 * number, 8 * number + 4))
    convert(raw)
    assert merged(raw)[0] == ("background", "object")
    assert np.array_equal(merged(raw)[1]["b"], sum(box(8 * number, 8 * number + 4) for number in range(4)) > 0)


def test_folders_of_classes_beside_the_photos(raw: Path) -> None:
    photo(raw / "images/a.jpg")
    save(raw / "road/a.png", ROAD)
    save(raw / "car/a.png", CAR)
    convert(raw)
    assert np.array_equal(merged(raw)[1]["a"], EXPECTED)


def test_numbered_masks_of_a_name_are_of_that_class(raw: Path) -> None:
    photo(raw / "images/a.jpg")
    for number in range(4):
        save(raw / f"masks/a_nucleus_{number}.png", box(8 * number, 8 * number + 4))
    convert(raw)
    assert merged(raw)[0] == ("background", "nucleus")
    assert (merged(raw)[1]["a"] == 1).sum() == 4 * 4 * 8


def test_masks_of_classes_that_are_black_on_white(tmp_path: Path) -> None:
    def said(road: np.ndarray, car: np.ndarray) -> str:
        for stem in "ab":
            photo(tmp_path / "raw/images" / f"{stem}.jpg")
            save(tmp_path / "raw/masks/road" / f"{stem}.png", road)
            save(tmp_path / "raw/masks/car" / f"{stem}.png", car)
        return run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "d", "--overwrite").stdout

    road, car = (np.where(box(*sides) > 0, 0, 255).astype(np.uint8) for sides in ((1, 5), (9, 15)))
    assert "they are black on white: in each the black part is its class" in said(road, car)
    classes, mask = Dataset.open(tmp_path / "d").classes.names, masks_of(tmp_path / "d")["a"]
    assert [classes[mask[5, column]] for column in (0, 3, 12)] == ["background", "road", "car"]
    # A class that covers all of each photo, and another most of it, are white on black.
    assert "black on white" not in said(np.full_like(road, 255), car)
    classes, mask = Dataset.open(tmp_path / "d").classes.names, masks_of(tmp_path / "d")["a"]
    assert {classes[value] for value in np.unique(mask)} == {"road"}


def test_masks_of_classes_below_the_folder_of_a_photo(raw: Path) -> None:
    for stem in ("p1", "p2"):
        photo(raw / f"{stem}/{stem}.jpg")
        save(raw / f"{stem}/masks/road.png", ROAD)
        save(raw / f"{stem}/masks/car.png", CAR)
    convert(raw)
    names, masks = merged(raw)
    assert names == ("background", "car", "road")
    assert list(masks) == ["p1", "p2"]
    assert all(np.array_equal(mask, EXPECTED) for mask in masks.values())


def test_numbered_masks_below_the_folder_of_a_photo_are_objects_where_a_person_says_so(raw: Path) -> None:
    """Two may be of two people, or of two classes: without a word they are of none."""
    for stem in ("h1", "h2"):
        photo(raw / f"{stem}/images/{stem}.png")
        save(raw / f"{stem}/masks/mask_0.png", ROAD)
        save(raw / f"{stem}/masks/mask_1.png", CAR)
    run_error("masks", "convert", raw, "-o", raw.parent / "dataset")
    convert(raw, "--from", "object-masks")
    assert all(np.array_equal(mask, (ROAD | CAR) > 0) for mask in merged(raw)[1].values())


def test_numbers_behind_names_are_classes_where_a_person_says_so(raw: Path) -> None:
    for stem in ("a", "b"):
        photo(raw / f"images/{stem}.jpg")
        save(raw / f"masks/{stem}_0.png", CAR)
        save(raw / f"masks/{stem}_1.png", ROAD)
    said = run_error("masks", "convert", raw, "-o", raw.parent / "dataset")
    assert "\n  --from object-masks   each is of an object" in said
    assert "\n  --from class-masks    each is of a class" in said
    convert(raw, "--from", "class-masks")
    names, masks = merged(raw)
    assert names == ("background", "0", "1")
    assert all(np.array_equal(mask, EXPECTED) for mask in masks.values())


def objects_of_two(raw: Path, image: str) -> None:
    for sample in ("1", "2"):
        photo(raw / f"{sample}/{image.format(sample)}.png")
        for number in range(3):
            save(raw / f"{sample}/masks/{number + 1}.png", box(8 * number, 8 * number + 4))


OBJECTS = sum(box(8 * number, 8 * number + 4) for number in range(3)) > 0


@pytest.mark.parametrize("image", ["{}", "images/{}"])
def test_a_mask_of_an_object_may_have_the_name_of_its_photo(raw: Path, image: str) -> None:
    objects_of_two(raw, image)
    assert "6 masks of objects merged into one mask for each of 2 photos" in convert(raw)
    assert list(merged(raw)[1]) == ["1", "2"]
    assert all(np.array_equal(mask, OBJECTS) for mask in merged(raw)[1].values())


@pytest.mark.parametrize("split", ["", "train/"])
@pytest.mark.parametrize("options", [(), ("--from", "object-masks")])
def test_so_may_one_in_a_folder_of_its_photos_name(raw: Path, split: str, options: tuple[str, ...]) -> None:
    """photos/1/1.png and masks/1/1.png: the first object of each photo was offered as all of it."""
    for sample in ("1", "2"):
        photo(raw / f"{split}photos/{sample}/{sample}.png")
        for number in range(3):
            save(raw / f"{split}masks/{sample}/{number + 1}.png", box(8 * number, 8 * number + 4))
    assert "6 masks of objects merged into one mask for each of 2 photos" in convert(raw, *options)
    assert len(merged(raw)[1]) == 2
    assert all(np.array_equal(mask, OBJECTS) for mask in merged(raw)[1].values())


def test_masks_of_a_folder_with_one_photo_may_be_objects_or_of_lost_photos(raw: Path) -> None:
    objects_of_two(raw, "1")
    said = run_error("masks", "convert", raw, "-o", raw.parent / "dataset")
    assert said.startswith(
        "4 masks have no image: 1_2, 1_3, 2_2, 2_3. Each lies in the folder of one photo with a mask"
    )
    assert "of objects in its photo, add --from object-masks; if that of the photo's name is the mask of all" in said
    convert(raw, "--from", "object-masks")
    assert all(np.array_equal(mask, OBJECTS) for mask in merged(raw)[1].values())


def test_the_mask_of_a_photo_in_its_own_folder_is_of_all_of_it(raw: Path) -> None:
    for sample in ("1", "2"):
        photo(raw / f"{sample}/{sample}.png")
        save(raw / f"{sample}/masks/{sample}.png", ROAD)
    assert "which value is which class?" in run_error("masks", "convert", raw, "-o", raw.parent / "dataset")
    save(raw / "1/masks/3.png", CAR)
    assert "--from object-masks" in run_error("masks", "convert", raw, "-o", raw.parent / "dataset")


@pytest.mark.parametrize("image", ["{}", "images/{}"])
@pytest.mark.parametrize("options", [("--skip-unpaired",), ("--match", "{}", "{}", "--skip-unpaired")])
def test_what_a_person_says_of_pairs_goes_before_the_guess_that_numbers_count_objects(
    raw: Path, image: str, options: tuple[str, ...]
) -> None:
    """Frames whose other photos are lost."""
    objects_of_two(raw, image)
    (raw / "classes.txt").write_text("background\ncell\n", "utf-8")
    said = convert(raw, *options)
    assert "left out for want of a partner: 4\n  1_2\n  1_3\n  2_1\n  2_3" in said
    masks = merged(raw)[1]
    assert list(masks) == ["1_1", "2_2"]
    assert np.array_equal(masks["1_1"], box(0, 4) > 0)
    assert np.array_equal(masks["2_2"], box(8, 12) > 0)


@pytest.mark.parametrize("options", [("--match", "{}", "{}"), ("--from", "ids")])
def test_pairs_that_a_person_says_leave_masks_over_and_are_asked_about(raw: Path, options: tuple[str, ...]) -> None:
    objects_of_two(raw, "{}")
    (raw / "classes.txt").write_text("background\ncell\n", "utf-8")
    said = run_error("masks", "convert", raw, "-o", raw.parent / "dataset", *options)
    assert "4 masks have no image: 1_2, 1_3, 2_1, 2_3" in said
    assert "add --from object-masks" in said
    convert(raw, *options, "--skip-unpaired")
    assert np.array_equal(merged(raw)[1]["2_2"], box(8, 12) > 0)
    shutil.rmtree(raw.parent / "dataset")
    convert(raw, *options, "--from", "object-masks")
    assert all(np.array_equal(mask, OBJECTS) for mask in merged(raw)[1].values())


@pytest.mark.parametrize("sample", ["a{}", "{}"])
def test_no_reader_of_one_file_is_given_the_objects_of_a_photo(raw: Path, sample: str) -> None:
    """It took the first of each photo, and said that all were merged."""
    for number in (1, 2):
        name = sample.format(number)
        photo(raw / f"{name}/{name}.png")
        for part in (3, 4, 5):
            save(raw / f"{name}/masks/{part}.png", box(part, part + 4))
    said = run_error("masks", "convert", raw, "-o", raw.parent / "dataset", "--from", "ids")
    assert "6 masks have no image" in said


def test_photos_without_objects_are_left_out_with_all_objects_of_the_others(raw: Path) -> None:
    objects_of_two(raw, "images/{}")
    photo(raw / "7/images/7.png")
    said = run_error("masks", "convert", raw, "-o", raw.parent / "dataset")
    assert "or convert only the 2 pairs with --from object-masks --skip-unpaired" in said
    convert(raw, "--from", "object-masks", "--skip-unpaired")
    masks = merged(raw)[1]
    assert list(masks) == ["1", "2"]
    assert all(np.array_equal(mask, OBJECTS) for mask in masks.values())


def test_names_that_say_no_class_are_no_masks_of_classes(raw: Path) -> None:
    nuclei(raw)
    said = run_error("masks", "convert", raw, "-o", raw.parent / "dataset", "--from", "class-masks")
    assert "--from class-masks: of which class a mask is, no name or folder in" in said
    assert "If each is of an object, type --from object-masks" in said
    convert(raw, "--from", "object-masks")


@pytest.mark.parametrize("name", ["masks/{}/{}.png", "masks/{}_{}.png"])
@pytest.mark.parametrize("other", [("cell_0", "cell_1", "cell_2", "edge_0"), ("cell_0", "edge_0", "edge_1", "edge_2")])
def test_numbers_count_objects_of_several_kinds(raw: Path, name: str, other: tuple[str, ...]) -> None:
    for stem, parts in (("a", ("cell_0", "cell_1", "edge_0")), ("b", other)):
        photo(raw / f"images/{stem}.jpg")
        for place, part in enumerate(parts):
            save(raw / name.format(stem, part), box(2 + 6 * place, 6 + 6 * place))
    said = convert(raw)
    assert "masks of 2 classes (cell, edge) merged into one mask for each of 2 photos" in said
    assert "numbers at the ends of their names count objects; if each is a class, convert again with" in said
    names, masks = merged(raw)
    assert names == ("background", "cell", "edge")
    cells, edges = np.maximum(box(2, 6), box(8, 12)), box(14, 18)
    assert np.array_equal(masks["a"], np.where(edges, 2, np.where(cells, 1, 0)))
    shutil.rmtree(raw.parent / "dataset")
    convert(raw, "--from", "class-masks")
    assert {"cell_0", "cell_1", "edge_0"} <= {*merged(raw)[0]}


@pytest.mark.parametrize("name", ["masks/{}/{}.png", "masks/{}_{}.png"])
def test_numbers_that_count_nothing_are_asked_about(raw: Path, name: str) -> None:
    for stem, parts in (("a", ("stage_2", "stage_3", "stage_5")), ("b", ("stage_1", "tumor_1"))):
        photo(raw / f"images/{stem}.jpg")
        for place, part in enumerate(parts):
            save(raw / name.format(stem, part), box(2 + 6 * place, 6 + 6 * place))
    said = run_error("masks", "convert", raw, "-o", raw.parent / "dataset")
    assert "whether numbers at the ends of masks' names count objects or tell classes, nothing says" in said
    convert(raw, "--from", "class-masks")
    assert merged(raw)[0] == ("background", "stage_1", "stage_2", "stage_3", "stage_5", "tumor_1")
    shutil.rmtree(raw.parent / "dataset")
    convert(raw, "--from", "object-masks")
    assert np.array_equal(merged(raw)[1]["b"] > 0, np.maximum(box(2, 6), box(8, 12)) > 0)


@pytest.mark.parametrize("others", [("layer_1", "layer_2"), ("layer_1", "layer_2", "fluid_1")])
@pytest.mark.parametrize("options", [(), ("--classes", "c.txt")])
def test_two_or_those_of_all_photos_are_classes(
    raw: Path, others: tuple[str, ...], options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """layer_1 and layer_2 were objects of one class, and refused where a list states them."""
    monkeypatch.chdir(raw.parent)
    Path("c.txt").write_text("background\nlayer_1\nlayer_2\nfluid_1\n", "utf-8")
    for stem, parts in (("a", ("layer_1", "layer_2", "fluid_1")), ("b", others)):
        photo(raw / f"images/{stem}.jpg")
        for place, part in enumerate(parts):
            save(raw / f"masks/{stem}_{part}.png", box(2 + 6 * place, 6 + 6 * place))
    convert(raw, *options)
    assert sorted(merged(raw)[0][:4]) == ["background", "fluid_1", "layer_1", "layer_2"]


def test_numbers_that_are_those_of_all_photos_and_count_nothing_are_classes(raw: Path) -> None:
    for stem in ("a", "b"):
        photo(raw / f"images/{stem}.jpg")
        for place, part in enumerate(("cell_3", "cell_5", "edge_7")):
            save(raw / f"masks/{stem}/{part}.png", box(2 + 6 * place, 6 + 6 * place))
    convert(raw)
    assert merged(raw)[0] == ("background", "cell_3", "cell_5", "edge_7")


@pytest.mark.parametrize("name", ["{0}/images/{0}.jpg {0}/masks/{1}.png", "images/{0}.jpg masks/{0}_mask_{1}.png"])
def test_objects_that_are_black_on_white(raw: Path, name: str) -> None:
    picture, mask = name.split()
    for stem in ("a", "b"):
        photo(raw / picture.format(stem))
        for place in range(4):
            save(raw / mask.format(stem, place), 255 - box(2 + 5 * place, 8 + 5 * place))  # they touch
    assert "they are black on white: in each the black part is its object" in convert(raw)
    assert np.array_equal(merged(raw)[1]["b"] > 0, box(2, 23) > 0)


def test_classes_in_front_of_names_are_told_how_to_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("p0", "p1"):
        save(Path(f"images/{name}.png"), smooth_image(20, 30))
        for kind, top in (("car", 2), ("road", 10)):
            mask = np.zeros((20, 30), np.uint8)
            mask[top : top + 5] = 255
            save(Path(f"masks/{kind}_{name}.png"), mask)
    said = run_error("masks", "convert", ".", "-o", "set")
    assert "put each class into a folder of its name (car/p0 for car_p0)" in said
    for file in sorted(Path("masks").glob("*.png")):
        kind, name = file.name.split("_")
        Path("masks", kind).mkdir(exist_ok=True)
        file.rename(Path("masks", kind, name))
    run_ok("masks", "convert", ".", "-o", "set")
    assert Dataset.open(Path("set")).classes.names == ("background", "car", "road")
    assert all(mask[3, 0] == 1 and mask[11, 0] == 2 for mask in masks_of(Path("set")).values())


def test_a_further_image_of_each_folder_is_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("s0", "s1", "s2"):
        photo(Path(f"raw/{name}/image.png"))
        photo(Path(f"raw/{name}/image_nir.png"))
        save(Path(f"raw/{name}/mask.png"), box(3, 9) // 255)
    Path("classes.txt").write_text("sky\nroad\n")
    said = run_error("masks", "convert", "raw", "-o", "set")
    assert "  --match '{}_image' '{}_mask'\n" in said
    run_ok("masks", "convert", "raw", "-o", "set", "--match", "{}_image", "{}_mask", "--classes", "classes.txt")
    assert len(masks_of(Path("set"))) == 3


def test_other_masks_of_the_same_relative_path_are_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook goes to another folder, or masks are drawn again, while it is open."""
    for folder, rows in (("a", 8), ("b", 24), ("b", 12)):
        for number in range(2):
            mask = np.zeros((32, 32), np.uint8)
            mask[:rows, 16 * number :][:, :8] = 255
            save(tmp_path / folder / "masks" / "p0" / f"{number}.png", mask)
        save(tmp_path / folder / "photos" / "p0.png", smooth_image(32, 32))
        monkeypatch.chdir(tmp_path / folder)
        classes = prep.ClassMap(("background", "cell"), ((0, 0, 0), (255, 0, 0)))
        ds = prep.convert(
            "masks", output="ds", images="photos", reader="object-masks", classes=classes, overwrite=True
        ).dataset
        assert (ds[0].mask == 1).sum() == rows * 16
