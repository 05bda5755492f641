"""Sets whose names tell nothing: the refusal says what to type, by what the files look like, and that works."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from tests.support import load, masks_of, random_image, random_mask, run_error, run_ok, save

NAMES = "background\nroad\ncar\n"


def type_advice(said: str, tmp_path: Path, number: int = 0) -> None:
    (tmp_path / "names.txt").write_text(NAMES)
    lines = [shlex.split(line) for line in re.findall(r"^  (.*)$", said, re.MULTILINE)]
    words = [tmp_path / "raw", *lines[number]] if lines[number][0].startswith("--") else lines[number]
    run_ok("masks", "convert", *words, "-o", tmp_path / "set", "--classes", tmp_path / "names.txt")


def test_folders_that_mirror_each_other_are_told_by_their_looks(tmp_path: Path) -> None:
    for place in ("creek", "park"):
        save(tmp_path / "raw" / "drive" / "camera" / place / f"{place}_1.png", random_image(1, 80, 90))
        save(tmp_path / "raw" / "drive" / "colours" / place / f"{place}_1.png", random_mask(1, 80, 90))
    said = run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert "no name here says which images are photos and which are masks. As they look, type the same command" in said
    assert f"\n  {tmp_path}/raw/drive/colours --images {tmp_path}/raw/drive/camera" in said
    type_advice(said, tmp_path)
    assert np.array_equal(masks_of(tmp_path / "set")["creek_creek_1"], random_mask(1, 80, 90))


def test_the_nearest_folder_of_photos_is_that_of_the_masks(tmp_path: Path) -> None:
    for split in ("training", "validation"):
        save(tmp_path / "raw" / split / "camera" / "1.png", random_image(1, 80, 90))
    save(tmp_path / "raw" / "training" / "classes" / "1.png", random_mask(1, 80, 90))
    said = run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert f"{tmp_path}/raw/training/classes --images {tmp_path}/raw/training/camera" in said


@pytest.mark.parametrize(
    ("photos", "masks"),
    [
        (("siteA", "siteB"), "{}_labels"),
        (("north", "south"), "{}_masks"),
        (("2021", "2022"), "{}_gt"),
        (("day", "night"), "{}_annotations"),
        (("cam1", "cam2"), "{}_seg"),
        (("left", "right"), "{}_mask"),
    ],
)
def test_masks_are_offered_with_the_photos_of_their_folder_s_name(
    photos: tuple[str, str], masks: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number, place in enumerate(photos):
        save(Path(place) / "img0.png", random_image(number, 80, 90))
        save(Path(masks.format(place)) / "img0.png", random_mask(number, 80, 90))
    first, second = photos
    said = run_error("masks", "convert", ".", "-o", "set")
    offered = [f"{masks.format(place)} --images {place}" for place in photos]
    assert re.findall(r"^  (.*)$", said, re.MULTILINE) == offered
    Path("names.txt").write_text(NAMES)
    wrong = [masks.format(second), "-o", "set", "--classes", "names.txt"]
    told = run_ok("masks", "convert", *wrong, "--images", first).output
    assert f"{second} beside {masks.format(second)} has photos of these names, too" in told
    told = run_ok("masks", "convert", *wrong, "--images", second, "--overwrite").output
    assert "has photos of these names" not in told
    assert np.array_equal(load(Path("set/images/img0.png")), random_image(1, 80, 90))
    assert f"add where they are:\n  --images {second}" in run_error("masks", "convert", *wrong[:1], "-o", "other")


def test_where_no_name_tells_whose_masks_these_are_each_folder_of_photos_is_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number, (photos, masks) in enumerate((("alpha", "one"), ("beta", "two"))):
        save(Path(photos) / "img0.png", random_image(number, 80, 90))
        save(Path(masks) / "img0.png", random_mask(number, 80, 90))
    said = run_error("masks", "convert", ".", "-o", "set")
    assert "\n  two --images alpha\n  two --images beta" in said


def test_names_in_one_folder_are_paired_by_looks(tmp_path: Path) -> None:
    for name in ("Image_01L", "Image_02R"):
        save(tmp_path / "raw" / f"{name}.jpg", random_image(1, 80, 90))
        save(tmp_path / "raw" / f"{name}_1stHO.png", random_mask(1, 80, 90))
        save(tmp_path / "raw" / f"{name}_2ndHO.png", random_mask(2, 80, 90))
    said = run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert "--match '{}' '{}_2ndHO'" in said
    type_advice(said, tmp_path, 1)
    assert np.array_equal(masks_of(tmp_path / "set")["Image_01L"], random_mask(2, 80, 90))


@pytest.mark.parametrize("number", [6, 80])
@pytest.mark.parametrize(("photo", "mask"), [("{}", "{}_m"), ("{}_x", "{}_y"), ("um_{}", "um_lane_{}")])
def test_any_number_of_pairs_is_told_by_looks(tmp_path: Path, number: int, photo: str, mask: str) -> None:
    for place in range(number):
        save(tmp_path / "raw" / f"{photo.format(f'{place:03}')}.png", random_image(place, 80, 90))
        save(tmp_path / "raw" / f"{mask.format(f'{place:03}')}.png", random_mask(place, 80, 90))
    said = run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert f"\n  --match '{photo}' '{mask}'" in said
    type_advice(said, tmp_path)
    assert np.array_equal(masks_of(tmp_path / "set")[photo.format("005")], random_mask(5, 80, 90))


@pytest.mark.parametrize("command", ["convert", "inspect"])
def test_photos_beside_labels_of_no_format_are_no_masks(command: str, tmp_path: Path) -> None:
    save(tmp_path / "raw" / "a.png", random_image(1, 80, 90))
    (tmp_path / "raw" / "a.xyz").write_text("?")
    out = ["-o", tmp_path / "set"] if command == "convert" else []
    said = run_error("masks", command, tmp_path / "raw", *out)
    assert "the images here are photos, and no labels of a format that is read lie beside them" in said
    assert "1 .png, 1 .xyz" in said


def test_damaged_json_beside_photos_is_named(tmp_path: Path) -> None:
    save(tmp_path / "raw" / "images" / "a.png", random_image(1, 80, 90))
    (tmp_path / "raw" / "instances.json").write_text('{"images": [],}')
    assert "instances.json: not valid JSON" in run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")


def test_numbers_of_objects_are_one_class_where_a_person_says_so(tmp_path: Path) -> None:
    for number in (1, 2):
        mask = np.zeros((40, 60), np.uint16)
        mask[::4, ::5] = np.arange(120).reshape(10, 12) % (10 + number)
        save(tmp_path / "raw" / "images" / f"{number}.png", random_image(number, 40, 60))
        save(tmp_path / "raw" / "masks" / f"{number}.png", mask)
    said = run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert "add --from object-ids: then any object is 1" in said
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set", "--from", "object-ids")
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "object")
    assert masks_of(tmp_path / "set")["1"].sum() == np.count_nonzero(np.arange(120) % 11)


def test_two_folders_of_masks_are_no_objects_of_one(tmp_path: Path) -> None:
    """DRIVE: the field of view must not be merged with the vessels."""
    for split, name in (("training", "21"), ("test", "01")):
        folder = tmp_path / "raw" / split
        save(folder / "images" / f"{name}_{split}.tif", random_image(1, 40, 60))
        save(folder / "1st_manual" / f"{name}_manual1.gif", (random_mask(1, 40, 60, 2) * 255))
        save(folder / "mask" / f"{name}_{split}_mask.gif", np.full((40, 60), 255, np.uint8))
    (tmp_path / "two.txt").write_text("background,#000000\nvessel,#ffffff\n")
    text = run_ok(
        "masks", "convert", tmp_path / "raw", "-o", tmp_path / "set", "--classes", tmp_path / "two.txt"
    ).stdout
    assert "the first observer's masks are the truth" in text
    assert all(np.array_equal(mask, random_mask(1, 40, 60, 2)) for mask in masks_of(tmp_path / "set").values())


def test_some_masks_with_1_and_others_with_255_are_asked_about(tmp_path: Path) -> None:
    object_ = random_mask(1, 40, 60, 2)
    for name, white in (("a", 255), ("b", 1), ("c", 255)):
        save(tmp_path / "raw" / "images" / f"{name}.png", random_image(1, 40, 60))
        save(tmp_path / "raw" / "masks" / f"{name}.png", object_ * np.uint8(white))
    (tmp_path / "two.txt").write_text("background\nobject\n")
    convert = ("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set", "--classes")
    said = run_error(*convert, tmp_path / "two.txt")
    assert "some masks hold 0 and 1 (b.png), others 0 and 255 (a.png)" in said
    (tmp_path / "classes.json").write_text(said[said.index("{") : said.rindex("}") + 1])
    run_ok(*convert, tmp_path / "classes.json")
    assert all(np.array_equal(mask, object_) for mask in masks_of(tmp_path / "set").values())
    (tmp_path / "classes.txt").write_text(said[said.index("background,#") :].strip())
    run_ok(*convert, tmp_path / "classes.txt", "--from", "ids", "--overwrite")
    assert np.array_equal(masks_of(tmp_path / "set")["a"], object_ * np.uint8(255))
    assert np.array_equal(masks_of(tmp_path / "set")["b"], object_)


def test_names_alone_are_not_laid_on_palettes_that_differ(tmp_path: Path) -> None:
    """GIF and quantizing programs number colours as they come."""
    from PIL import Image

    mask = random_mask(1, 40, 60)
    colors = [(0, 0, 0), (255, 0, 0), (0, 255, 0)]
    for name, order in (("a", (0, 1, 2)), ("b", (2, 0, 1))):
        picture = Image.fromarray(np.array(order, np.uint8)[mask])
        picture.putpalette([part for number in range(3) for part in colors[order.index(number)]])
        save(tmp_path / "raw" / "images" / f"{name}.png", random_image(1, 40, 60))
        save(tmp_path / "raw" / "masks" / f"{name}.png", picture)
    (tmp_path / "names.txt").write_text(NAMES)
    said = run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set", "--classes", tmp_path / "names.txt")
    assert "names without colours (background, road, car), and the masks are colours" in said
    for line in ("#000000", "#ff0000", "#00ff00"):
        assert line in said


def test_masks_in_numpy_files_alone_say_where_photos_may_lie(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    np.save(tmp_path / "raw" / "a.npy", random_mask(1, 40, 60))
    (tmp_path / "names.txt").write_text(NAMES)
    command = ("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set", "--classes", tmp_path / "names.txt")
    assert "no photos beside these matrices. Say with --images FOLDER" in run_error(*command)
    save(tmp_path / "photos" / "a.png", random_image(1, 40, 60))
    run_ok(*command, "--images", tmp_path / "photos")
    assert np.array_equal(masks_of(tmp_path / "set")["a"], random_mask(1, 40, 60))
