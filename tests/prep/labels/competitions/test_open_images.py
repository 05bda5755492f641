"""Open Images: a PNG file for each region, classes by its tables or by the names of the files."""

from pathlib import Path

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from tests.support import by_stem, masks_of, run_ok, run_partly, save, smooth_image

ONE, TWO = "0000a1b2c3d4e5f6", "0000a1b2c3d4e5f7"
CAR, CAT = "m0k4j", "m01yrx"


def region(left: int, right: int) -> np.ndarray:
    mask = np.zeros((24, 32), np.uint8)
    mask[6:18, left:right] = 255
    return mask


def name(photo: str, label: str, number: int) -> str:
    return f"{photo}_{label}_{number:08x}.png"


FILES = ((ONE, CAR, 0, 12), (ONE, CAR, 10, 16), (ONE, CAT, 16, 20), (TWO, CAT, 3, 9))


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    for photo in (ONE, TWO):
        save(folder / "images" / f"{photo}.jpg", smooth_image(48, 64))
    for number, (photo, label, left, right) in enumerate(FILES):
        save(folder / "masks" / name(photo, label, number), region(left, right))
    return folder


def expected(names: tuple[str, ...], car: str, cat: str) -> dict[str, np.ndarray]:
    """At the size of the photos, twice that of the masks."""
    made = {photo: np.zeros((24, 32), np.uint8) for photo in (ONE, TWO)}
    for photo, label, left, right in FILES:
        made[photo][region(left, right) > 0] = names.index(car if label == CAR else cat)
    return {photo: np.repeat(np.repeat(mask, 2, 0), 2, 1) for photo, mask in made.items()}


def assert_masks(target: Path, car: str, cat: str) -> None:
    names = Dataset.open(target).classes.names
    assert sorted(names) == sorted(("background", car, cat))
    found = masks_of(target)
    for photo, mask in expected(names, car, cat).items():
        stem = next(each for each in found if each.endswith(photo))
        assert np.array_equal(found[stem], mask), photo


def tables(raw: Path) -> None:
    rows = [(name(photo, label, at), photo, f"/m/{label[1:]}") for at, (photo, label, *_) in enumerate(FILES)]
    rows.append((name(TWO, CAR, 9), TWO, "/m/0k4j"))  # not downloaded
    for split, own in (("train", rows[:3]), ("validation", rows[3:])):
        text = "".join(f"{','.join(row)},b1,0.1,0.2,0.3,0.4,0.9,\n" for row in own)
        header = "MaskPath,ImageID,LabelName,BoxID,BoxXMin,BoxXMax,BoxYMin,BoxYMax,PredictedIoU,Clicks\n"
        (raw / f"{split}-annotations-object-segmentation.csv").write_text(header + text)
    (raw / "class-descriptions-boxable.csv").write_text("/m/0k4j,Car\n/m/01yrx,Cat\n")


def test_classes_and_splits_are_those_of_the_tables(raw: Path, tmp_path: Path) -> None:
    tables(raw)
    said = run_ok("masks", "convert", raw, "-o", tmp_path / "set").stdout
    assert f"regions of the tables without their file, left out: 1 ({name(TWO, CAR, 9)})" in said
    assert_masks(tmp_path / "set", "Car", "Cat")
    samples = by_stem(tmp_path / "set")
    assert {stem.rpartition("_")[2]: sample.split for stem, sample in samples.items()} == {ONE: "train", TWO: "val"}


def test_names_of_files_are_enough(raw: Path, tmp_path: Path) -> None:
    said = run_ok("masks", "convert", raw, "-o", tmp_path / "set").stdout
    assert "no class-descriptions.csv says here what /m/0k4j and the like are" in said
    assert_masks(tmp_path / "set", "/m/0k4j", "/m/01yrx")


def test_a_damaged_region_leaves_its_photo_out(raw: Path, tmp_path: Path) -> None:
    tables(raw)
    path = raw / "masks" / name(ONE, CAT, 2)
    path.write_bytes(path.read_bytes()[:40])
    assert path.name in run_partly("masks", "convert", raw, "-o", tmp_path / "set")
    assert [stem.rpartition("_")[2] for stem in by_stem(tmp_path / "set")] == [TWO]
