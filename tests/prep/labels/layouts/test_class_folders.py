"""Folders of one class each, and photos with their masks in a folder that says photos."""

from pathlib import Path

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from tests.support import by_stem, masks_of, random_image, random_mask, run_error, run_ok, save, smooth_image

IDS = random_mask(1)
"""(24, 32) of 0, 1, 2."""

TRUTHS = "A. Set/2. All Ground Truths"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return tmp_path / "raw"


def photo(raw: Path, name: str) -> None:
    save(raw / name, smooth_image(24, 32))


def part(raw: Path, name: str, number: int, value: int = 255) -> None:
    save(raw / name, ((number == IDS) * value).astype(np.uint8))


def convert(raw: Path, *options: object, source: str = "") -> str:
    return run_ok("masks", "convert", raw / source, "-o", raw.parent / "set", *options).stdout


@pytest.mark.parametrize(
    ("photos", "masks", "names"),
    [
        ("CXR/{}.png", ("Manual/leftMask/{}.png", "Manual/rightMask/{}.png"), ("left", "right")),
        ("CXR/{}.png", ("leftMask/{}.png", "rightMask/{}.png"), ("left", "right")),
        ("left_frames/{}.png", ("truth/Clip_labels/{}.png", "truth/Shaft_labels/{}.png"), ("Clip", "Shaft")),
        (
            "A. Set/1. Original Images/a. Training/{}.jpg",
            (f"{TRUTHS}/a. Training/1. Spots/{{}}_SP.tif", f"{TRUTHS}/a. Training/2. Disc/{{}}_OD.tif"),
            ("1. Spots", "2. Disc"),
        ),
    ],
)
@pytest.mark.parametrize("source", ["", "inside"])
def test_folders_of_a_class_each_are_merged(
    raw: Path, photos: str, masks: tuple[str, str], names: tuple[str, str], source: str
) -> None:
    inside = f"{source}/" if source else ""
    for stem in ("x_1", "x_2"):
        photo(raw, inside + photos.format(stem))
        for number, name in enumerate(masks, start=1):
            part(raw, inside + name.format(stem), number, 10 * number)
    said = convert(raw)
    assert Dataset.open(raw.parent / "set").classes.names == ("background", *names)
    made = masks_of(raw.parent / "set")
    assert len(made) == 2
    assert all(np.array_equal(mask, IDS) for mask in made.values())
    assert all(sample.image for sample in by_stem(raw.parent / "set").values())
    assert f"4 masks of 2 classes ({', '.join(names)}) merged into one mask for each of 2 photos" in said


@pytest.mark.parametrize("masks", [("rater1", "rater2"), ("expert A", "expert B")])
def test_masks_of_several_people_are_not_merged(raw: Path, masks: tuple[str, str]) -> None:
    for stem in ("x_1", "x_2"):
        photo(raw, f"CXR/{stem}.png")
        for name in masks:
            part(raw, f"truth/{name}_mask/{stem}.png", 1)
    assert "2 images and 4 masks of several kinds" in run_error("masks", "convert", raw, "-o", raw.parent / "set")


def test_masks_that_lie_on_each_other_are_not_of_two_classes(raw: Path) -> None:
    for stem in ("x_1", "x_2"):
        photo(raw, f"stare-images/{stem}.ppm")
        for name in ("ah", "vk"):
            part(raw, f"labels-{name}/{stem}.{name}.ppm", 1)
    said = run_error("masks", "convert", raw, "-o", raw.parent / "set")
    assert "merged" not in said
    assert "no name here says which images are photos" in said


@pytest.mark.parametrize("folder", ["Imgs", "images/train", ""])
def test_a_photo_and_its_mask_differ_by_their_ending_in_a_folder_of_photos(raw: Path, folder: str) -> None:
    for stem in ("a", "b"):
        photo(raw, f"{folder}/{stem}.jpg".lstrip("/"))
        part(raw, f"{folder}/{stem}.png".lstrip("/"), 1)
    (raw / "classes.txt").write_text("background\nthing\n", encoding="utf-8")
    convert(raw)
    assert all(np.array_equal(mask, IDS == 1) for mask in masks_of(raw.parent / "set").values())


def test_two_photos_of_one_name_are_no_photo_and_mask(raw: Path) -> None:
    for stem in ("a", "b"):
        photo(raw, f"images/{stem}.jpg")
        photo(raw, f"images/{stem}.png")
    assert "no labels here" in run_error("masks", "convert", raw, "-o", raw.parent / "set")


def test_pictures_of_superannotate_are_told_from_their_photos(raw: Path) -> None:
    colors = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0]], np.uint8)[IDS]
    for stem in ("Frame 1", "Frame 2"):
        photo(raw, f"images/{stem}.jpg")
        save(raw / f"images/{stem}.jpg___fuse.png", colors)
        save(raw / f"images/{stem}.jpg___save.png", colors[::-1])
    (raw / "classes.txt").write_text("background,#000000\nroad,#ff0000\ncar,#00ff00\n", encoding="utf-8")
    said = convert(raw)
    assert all(np.array_equal(mask, IDS) for mask in masks_of(raw.parent / "set").values())
    assert "SuperAnnotate: fuse holds a colour a class" in said


def test_a_number_that_leaves_values_over_is_corrected(raw: Path) -> None:
    for stem in ("a", "b"):
        photo(raw, f"images/{stem}.jpg")
        save(raw / f"masks/{stem}.png", (IDS + 3).astype(np.uint8))
    (raw / "labels.txt").write_text("road\ncar\ntree\n", encoding="utf-8")
    said = run_error("masks", "convert", raw, "-o", raw.parent / "set", "--first-id", 2)
    assert "--first-id 2 makes road 2 and tree 4, and the masks hold 5, which would be of no class" in said
    assert said.splitlines()[1] == "  --first-id 3"
    convert(raw, "--first-id", 3)
    assert all(np.array_equal(mask, IDS) for mask in masks_of(raw.parent / "set").values())


@pytest.mark.parametrize(
    "names", [("{}.jpg", "{}_road.png", "{}_car.png"), ("{}/image.jpg", "{}/road.png", "{}/car.png")]
)
@pytest.mark.parametrize("folder", ["", "data/", "images/"])
def test_masks_of_a_class_each_beside_their_photo_are_merged(
    raw: Path, folder: str, names: tuple[str, str, str]
) -> None:
    for stem in ("x_1", "x_2", "x_3"):
        photo(raw, folder + names[0].format(stem))
        for number, name in enumerate(names[1:], start=1):
            if (stem, number) != ("x_3", 2):
                part(raw, folder + name.format(stem), number)
    assert "5 masks of 2 classes (car, road) merged into one mask for each of 3 photos" in convert(raw)
    assert Dataset.open(raw.parent / "set").classes.names == ("background", "car", "road")
    made = masks_of(raw.parent / "set")
    assert len(made) == 3 and all(sample.image for sample in by_stem(raw.parent / "set").values())
    for stem, mask in made.items():
        truth = np.where(IDS == 1, 2, IDS == 2)
        assert np.array_equal(mask, np.where(truth == 1, 0, truth) if "3" in stem else truth)


@pytest.mark.parametrize("kind", ["people", "more values", "few"])
def test_masks_beside_their_photo_that_may_be_no_classes_are_not_merged(raw: Path, kind: str) -> None:
    for stem in ("a",) if kind == "few" else ("a", "b"):
        photo(raw, f"{stem}.jpg")
        part(raw, f"{stem}_anna.png", 1)
        if kind == "more values":
            save(raw / f"{stem}_bert.png", IDS * 100)
        else:
            part(raw, f"{stem}_bert.png", 1 if kind == "people" else 2)
    assert "merged" not in run_error("masks", "convert", raw, "-o", raw.parent / "set")


def test_a_picture_beside_such_masks_is_left_out_and_said(raw: Path) -> None:
    for stem in ("a", "b"):
        photo(raw, f"{stem}.jpg")
        photo(raw, f"{stem}_overlay.jpg")
        part(raw, f"{stem}_road.png", 1)
        part(raw, f"{stem}_car.png", 2)
    said = convert(raw)
    assert "4 masks of 2 classes (car, road) merged" in said
    assert "left out: a_overlay.jpg, b_overlay.jpg" in said
    assert all(np.array_equal(mask, np.where(IDS, 3 - IDS, 0)) for mask in masks_of(raw.parent / "set").values())


def test_masks_that_are_called_by_numbers_in_the_folder_of_a_photo_are_of_objects(raw: Path) -> None:
    for stem, objects in (("a", 2), ("b", 1)):
        photo(raw, f"{stem}/photo.jpg")
        for number in range(objects):
            part(raw, f"{stem}/{number}.png", number + 1)
    assert "3 masks of objects merged into one mask for each of 2 photos" in convert(raw)
    made = masks_of(raw.parent / "set")
    assert np.array_equal(made["a"], IDS > 0) and np.array_equal(made["b"], IDS == 1)


def numbered(raw: Path) -> None:
    """Folders 1 and 2, each with the masks of a class."""
    for number, stem in enumerate("ab"):
        save(raw / "photos" / f"{stem}1.png", random_image(number))
        for left, folder in ((2, "1"), (20, "2")):
            mask = np.zeros((24, 32), np.uint8)
            mask[2 + number : 10, left : left + 8] = 255
            save(raw / "masks" / folder / f"{stem}1.png", mask)


def test_folders_that_are_called_by_numbers_are_asked_about_and_the_answers_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbered(tmp_path / "raw")
    monkeypatch.chdir(tmp_path)
    said = run_error("masks", "convert", "raw", "-o", "set")
    assert said.startswith("the masks lie in folders that are called by numbers (1, 2): what is each? Nothing was")
    lines = said.split("\n\n")[1]
    assert lines == "class1,#f23d3d,1\nclass2,#3d72f2,2"
    run_ok("masks", "convert", "raw", "-o", "objects", "--from", "object-masks")
    assert masks_of(Path("objects"))["a1"][5, 25] == 1
    Path("classes.txt").write_text(lines.replace("class1", "car").replace("class2", "dog"), encoding="utf-8")
    done = run_ok("masks", "convert", "raw", "-o", "set", "--classes", "classes.txt").stdout
    assert "named by numbers, which are ids of the class map: 1 is car, 2 is dog" in done
    assert Dataset.open(Path("set")).classes.names == ("background", "car", "dog")
    first, second = (masks_of(Path("set"))[stem] for stem in ("a1", "b1"))
    assert (first[5, 5], first[5, 25], first[2, 5], second[2, 5], second[20, 5]) == (1, 2, 1, 0, 0)
    run_ok("masks", "inspect", "raw", "--classes", "classes.txt")


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("background\ncar\ndog\n", "states no numbers. Nothing was written"),
        ("id,name\n0,background\n1,car\n", "has no class of number 2. Nothing was written"),
    ],
)
def test_a_list_without_the_numbers_of_folders_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listed: str, said: str
) -> None:
    numbered(tmp_path / "raw")
    monkeypatch.chdir(tmp_path)
    Path("list.csv").write_text(listed, encoding="utf-8")
    assert said in run_error("masks", "convert", "raw", "-o", "set", "--classes", "list.csv")


def test_numbered_folders_of_people_are_no_classes_whatever_a_list_states(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbered(tmp_path / "raw")
    monkeypatch.chdir(tmp_path)
    Path("list.csv").write_text("id,name\n0,background\n1,car\n2,dog\n", encoding="utf-8")
    for stem in "ab":
        Path(f"raw/masks/2/{stem}1.png").write_bytes(Path(f"raw/masks/1/{stem}1.png").read_bytes())
    said = run_error("masks", "convert", "raw", "-o", "set", "--classes", "list.csv")
    assert "which masks are meant?" in said
    assert "\n  --match '{}' '2_{}'   2 masks" in said
