"""Real images of others: what their README counted is what our commands count."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from prep.dataset.dataset import Dataset
from prep.photos.photoio import read_photo
from tests.support import by_stem, load, masks_of, run_error, run_ok, save, tree

AERIAL = "building,#3C1098\nland,#8429F6\nroad,#6EC1E4\nvegetation,#FEDD3A\nwater,#E2A929\nignore,#9B9B9B\n"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_shapes(real_data: Path, tmp_path: Path) -> None:
    classes = write(tmp_path / "classes.txt", "background,#000000\nline,#ff0000\nellipse,#00ff00\n")
    folder, root = real_data / "shapes", tmp_path / "shapes"
    convert = ["masks", "convert", folder / "masks", "-o", root, "--images", folder / "images", "--classes", classes]
    data = json.loads(run_ok(*convert, "--json").stdout)
    assert any("100 as 'Img_{}' 'Mask_{}'" in note for note in data["notes"])
    pixels = np.array([data["pixels"][name] for name in ("background", "line", "ellipse", "ignore")])
    assert data["converted"] == 100
    assert pixels.sum() == 100 * 200 * 400
    assert (100 * pixels / pixels.sum()).round(1).tolist() == [93.8, 2.2, 4.0, 0.0]
    painted = load(folder / "masks" / "Mask_17.png")[..., :3]
    expected = np.where(np.all(painted == (255, 0, 0), -1), 1, np.where(np.all(painted == (0, 255, 0), -1), 2, 0))
    assert np.array_equal(masks_of(root)["Img_17"], expected)
    data = json.loads(run_ok("split", root, "--json").stdout)
    assert (data["train"], data["val"], data["test"]) == (80, 10, 10)


def test_aerial_black_pixels_are_unknown(real_data: Path, tmp_path: Path) -> None:
    """All tiles side by side, names made different; the colours are those of the masks."""
    photos, labels, black = tmp_path / "photos", tmp_path / "labels", []
    for folder in (photos, labels):
        folder.mkdir()
    for mask in sorted(real_data.glob("aerial/Tile */masks/*.png")):
        stem = f"{mask.parents[1].name}_{mask.stem}"
        (labels / f"{stem}.png").symlink_to(mask)
        (photos / f"{stem}.jpg").symlink_to(mask.parents[1] / "images" / f"{mask.stem}.jpg")
        with Image.open(mask) as picture:
            black.append(int(np.all(np.asarray(picture.convert("RGB")) == 0, axis=-1).sum()))
    classes = write(tmp_path / "classes.txt", AERIAL)
    convert = ["masks", "convert", labels, "-o", tmp_path / "d", "--images", photos, "--classes", classes]
    said = run_error(*convert)
    row = next(line.split() for line in said.splitlines() if line.startswith("#000000"))
    assert row[1:3] == [f"{sum(black):,}", str(sum(count > 0 for count in black))]
    assert row[2] == "5"
    assert not (tmp_path / "d").exists()
    data = json.loads(run_ok(*convert, "--unknown", "ignore", "--json").stdout)
    assert ["#000000", sum(black), "ignore"] in data["replaced"]
    assert data["converted"] == 54
    data = json.loads(run_ok("split", tmp_path / "d", "--group-by", r"Tile \d", "--json").stdout)
    assert data["groups"] == {"train": 4, "val": 1, "test": 1}


def test_aerial_class_file_of_its_tool_is_told(real_data: Path, tmp_path: Path) -> None:
    tile, classes = real_data / "aerial" / "Tile 1", real_data / "aerial" / "classes.json"
    arguments = ["-o", tmp_path / "d", "--images", tile / "images", "--classes", classes]
    said = run_error("masks", "convert", tile / "masks", *arguments)
    assert "5 classes of the class map occur in no mask" in said
    assert said.count("--color '") == 5


def test_cracks_ids_with_never_labelled_pixels(real_data: Path, tmp_path: Path) -> None:
    """Ids 1 and 2; 0 was never labelled and is ignored."""
    labels = sorted((real_data / "cracks" / "PixelLabelData_4").glob("*.png"))[:40]
    for label in labels:
        ids = load(label)
        save(tmp_path / "photos" / f"{label.stem}.png", np.repeat(ids[..., None], 3, axis=2))
        (tmp_path / "labels").mkdir(exist_ok=True)
        (tmp_path / "labels" / label.name).symlink_to(label)
    zeros = sum(int((load(label) == 0).sum()) for label in labels)
    assert zeros > 0
    classes = write(tmp_path / "classes.txt", "background,#000000,1\ncrack,#ff0000,2\n")
    convert = ["masks", "convert", tmp_path / "labels", "-o", tmp_path / "d", "--images", tmp_path / "photos"]
    data = json.loads(run_ok(*convert, "--classes", classes, "--json").stdout)
    assert data["pixels"]["ignore"] == zeros
    for label in labels:
        ids = load(label).astype(int)
        assert np.array_equal(masks_of_one(tmp_path / "d", label.stem), np.where(ids == 0, 255, ids - 1))


def masks_of_one(root: Path, stem: str) -> NDArray[np.uint8]:
    return load(root / "masks" / f"{stem}.png")


def test_cookies_come_in_upright(real_data: Path, tmp_path: Path) -> None:
    """Stored 4032 x 2268 with EXIF orientation 6."""
    photo = min((real_data / "cookies" / "photos").glob("*.jpg"))
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / photo.name).symlink_to(photo)
    save(tmp_path / "labels" / f"{photo.stem}.png", np.zeros((4032, 2268), np.uint8))
    classes = write(tmp_path / "classes.txt", "cookie,#000000\n")
    arguments = ["-o", tmp_path / "d", "--images", tmp_path / "photos", "--classes", classes]
    run_ok("masks", "convert", tmp_path / "labels", *arguments)
    sample = by_stem(tmp_path / "d")[photo.stem]
    assert (sample.width, sample.height) == (2268, 4032)
    image = Dataset.open(tmp_path / "d").image(sample)
    with Image.open(photo) as stored:
        upright = np.rot90(np.asarray(stored.convert("RGB")), -1)
    assert np.abs(image.astype(int) - upright).mean() < 3
    assert b"Exif" not in tree(tmp_path / "d")[sample.image]


def test_campus_photos_become_srgb(real_data: Path) -> None:
    """Their ICC profile is not sRGB's; grey stays grey and the size stays."""
    photo = min((real_data / "campus" / "photos").glob("*.jpg"))
    with Image.open(photo) as stored:
        assert stored.info["icc_profile"]
        assert read_photo(photo).shape == (stored.height, stored.width, 3)


def test_breadboard_ids(real_data: Path, tmp_path: Path) -> None:
    """Ids 0-15 in masks of many sizes, without a class map: one is proposed that works."""
    labels = real_data / "breadboard" / "PixelLabelData"
    for label in sorted(labels.glob("*.png")):
        save(tmp_path / "photos" / f"{label.stem}.png", np.zeros((*load(label).shape[:2], 3), np.uint8))
    convert = ["masks", "convert", labels, "-o", tmp_path / "d", "--images", tmp_path / "photos"]
    proposed = tmp_path / "classes.txt"
    empty = write(tmp_path / "empty.txt", "nothing,#000000,999\n")  # codes.txt beside the masks is not looked at
    run_ok("masks", "inspect", labels, "--classes", empty, "--write", proposed)
    run_ok(*convert, "--classes", proposed, "--unlabelled", "ignore")
    ids = np.array(Dataset.open(tmp_path / "d").classes.ids, np.uint8)  # 1 and 14 never occur
    for stem, mask in masks_of(tmp_path / "d").items():
        raw = load(labels / f"{stem}.png")
        assert np.array_equal(np.where(mask == 255, 0, ids[np.minimum(mask, len(ids) - 1)]), raw)


@pytest.mark.parametrize("folder", ["campus", "cookies"])
def test_photos_without_labels_are_told(real_data: Path, tmp_path: Path, folder: str) -> None:
    (tmp_path / "labels").mkdir()
    arguments = ["-o", tmp_path / "d", "--images", real_data / folder / "photos"]
    assert f"{tmp_path / 'labels'}: no labels here" in run_error("masks", "convert", tmp_path / "labels", *arguments)
