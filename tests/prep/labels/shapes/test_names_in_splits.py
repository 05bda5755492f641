"""Photos of one name in the folders of several splits, and labels that name them without these folders."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import by_stem, masks_of, random_image, run_error, run_ok, run_prep, save

HEIGHT, WIDTH = 40, 60


def triangle(number: int) -> list[list[int]]:
    """Corners of a region whose place tells the photo that it is of."""
    left = 5 * number
    return [[left, 5], [left + 20, 5], [left + 20, 25]]


def labelme(folder: Path, numbers: dict[str, int]) -> None:
    for split, number in numbers.items():
        save(folder / split / "images/a.jpg", random_image(number, HEIGHT, WIDTH))
        shape = {"label": "car", "points": triangle(number), "shape_type": "polygon", "group_id": None, "flags": {}}
        content = {"version": "5.5.0", "shapes": [shape], "imagePath": "a.jpg", "imageData": None}
        path = folder / split / "labels/a.json"
        path.parent.mkdir()
        path.write_text(json.dumps({**content, "imageHeight": HEIGHT, "imageWidth": WIDTH}), "utf-8")


def coco(folder: Path, numbers: dict[str, int]) -> None:
    """As FiftyOne leaves it."""
    for split, number in numbers.items():
        save(folder / split / "data/a.jpg", random_image(number, HEIGHT, WIDTH))
        region = [value for corner in triangle(number) for value in corner]
        content = {
            "images": [{"id": 1, "file_name": "a.jpg", "width": WIDTH, "height": HEIGHT}],
            "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "segmentation": [region], "iscrowd": 0}],
            "categories": [{"id": 1, "name": "car"}],
        }
        (folder / split / "labels.json").write_text(json.dumps(content), "utf-8")


def cvat(folder: Path, numbers: dict[str, int]) -> None:
    """A project whose tasks have subsets."""
    images = []
    for split, number in numbers.items():
        save(folder / "images" / split / "a.jpg", random_image(number, HEIGHT, WIDTH))
        points = ";".join(f"{x},{y}" for x, y in triangle(number))
        images.append(
            f'<image id="{number}" name="a.jpg" subset="{split}" width="{WIDTH}" height="{HEIGHT}">'
            f'<polygon label="car" points="{points}" z_order="0"/></image>'
        )
    (folder / "annotations.xml").write_text(f"<annotations><version>1.1</version>{''.join(images)}</annotations>")


@pytest.mark.parametrize("write", [labelme, coco, cvat])
@pytest.mark.parametrize("first", [1, 2])
def test_each_label_is_of_the_photo_in_its_split(
    write: Callable[[Path, dict[str, int]], None], first: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    numbers = {"train": first, "val": 3 - first}
    write(Path("raw"), numbers)
    told = run_ok("masks", "convert", "raw", "-o", "set").stdout
    assert "the labels came divided, and stay so: 1 train, 1 val, 0 test" in told
    made = masks_of(Path("set"))
    for split, number in numbers.items():
        assert (made[f"{split}_a"] == 1).any(axis=0).nonzero()[0][0] == 5 * number
        photo = next(path for path in Path("raw").rglob("a.jpg") if split in path.parts)
        assert Path(f"set/images/{split}_a.jpg").read_bytes() == photo.read_bytes()


def test_labels_in_folders_of_no_place_are_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    labelme(Path("raw"), {"train": 1, "val": 2})
    Path("raw/train/labels/a.json").rename("raw/a.json")
    Path("raw/val/labels/a.json").unlink()
    assert "the name stands in several folders: a.jpg" in run_error("masks", "convert", "raw", "-o", "set")


def test_folders_above_the_labels_say_no_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "training").mkdir()
    monkeypatch.chdir(tmp_path / "training")
    labelme(Path("raw"), {"train": 1, "val": 2})
    for folder in ("train", "val"):
        Path("raw", folder).rename(Path("raw", {"train": "extra"}.get(folder, folder)))
    Path("raw/extra/labels").rename("raw/train")
    said = run_prep("masks", "convert", Path.cwd() / "raw", "-o", "set").output
    assert "the name stands in several folders: a.jpg" in said
    assert {stem: bool(sample.image) for stem, sample in by_stem(Path("set")).items()} == {
        "train_a": False,
        "val_a": True,
    }
