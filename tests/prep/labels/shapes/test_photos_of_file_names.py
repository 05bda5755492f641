"""A photo that is lost is not replaced by one of its name elsewhere, where a label says no more than its own name."""

import json
import shlex
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.prep.labels.shapes.named_labels import FORMATS, Write, corners
from tests.support import by_stem, load, masks_of, random_image, run_error, run_ok, save

HEIGHT, WIDTH = 4, 6


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def yolo(path: Path, width: int) -> None:
    Path("raw/data.yaml").write_text("names: [road]\n")
    shares = " ".join(f"{x / WIDTH} {y / HEIGHT}" for x, y in corners(width)[:4])
    path.with_suffix(".txt").write_text(f"0 {shares}\n")


def cityscapes(path: Path, width: int) -> None:
    objects = [{"label": "road", "polygon": corners(width)[:4]}]
    content = {"imgHeight": HEIGHT, "imgWidth": WIDTH, "objects": objects}
    path.with_name(f"{path.name}_gtFine_polygons.json").write_text(json.dumps(content))


def isat(path: Path, width: int) -> None:
    info = {"description": "ISAT", "name": f"{path.name}.png", "width": WIDTH, "height": HEIGHT, "depth": 3}
    objects = [{"category": "road", "group": 1, "segmentation": corners(width)[:4], "layer": 1}]
    path.with_suffix(".json").write_text(json.dumps({"info": info, "objects": objects}))


def run_lengths(path: Path, width: int) -> None:
    """A row for each photo, in one file."""
    table = path.with_name("all.csv")
    text = table.read_text() if table.exists() else "ImageId,EncodedPixels\n"
    table.write_text(f"{text}{path.name},1 {width * HEIGHT}\n")


OF_NAMES = {**FORMATS, "cityscapes": cityscapes, "yolo": yolo}
ALL = {**OF_NAMES, "run-lengths": run_lengths}


def labels(write: Write, names: Iterable[str]) -> None:
    """The first is as wide as one pixel, the second as two ..."""
    for number, name in enumerate(names, start=1):
        path = Path("raw/labels", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, number)


def photos(*names: str) -> None:
    for number, name in enumerate(names):
        save(Path("raw/images", name), random_image(number, HEIGHT, WIDTH))


def width_of(mask: NDArray[np.uint8]) -> int:
    return int(np.count_nonzero(mask[0] == mask[0, 0]))


def photos_there() -> dict[str, str]:
    """The photo of each sample of the dataset, by its stem."""
    all_photos = [*Path("raw").rglob("*.png")]
    return {
        stem: next(
            path.as_posix() for path in all_photos if np.array_equal(load(path), load(Path("out") / sample.image))
        )
        for stem, sample in by_stem(Path("out")).items()
        if sample.image
    }


@pytest.mark.parametrize("write", ALL.values(), ids=ALL)
@pytest.mark.parametrize("options", ["raw", "raw --images raw/images", "raw/labels --images raw/images"])
@pytest.mark.parametrize("others", [["backup/a1.png"], ["augmented/a0.png", "augmented/a1.png", "augmented/a2.png"]])
def test_a_copy_in_a_folder_below_is_not_the_photo(write: Write, options: str, others: list[str]) -> None:
    photos("a0.png", "a2.png", *others)
    labels(write, ["a0", "a1", "a2"])
    said = run_ok("masks", "convert", *options.split(), "-o", "out").stdout
    assert photos_there() == {"a0": "raw/images/a0.png", "a2": "raw/images/a2.png"}
    if options == "raw" and write is yolo:  # it takes those of the same place only, and says of no other
        return
    (other,) = (f"raw/images/{each}" for each in others if "a1" in each)
    assert f"1 photo not taken, because it lies in another folder than the labels say: {other}" in said
    way = said.partition("move it into raw/images, and convert again with ")[2].partition("\n")[0]
    Path(other).rename("raw/images/a1.png")
    run_ok("masks", "convert", *options.split()[:1], *shlex.split(way), "-o", "out")
    assert photos_there() == {f"a{number}": f"raw/images/a{number}.png" for number in range(3)}


@pytest.mark.parametrize("write", OF_NAMES.values(), ids=OF_NAMES)
@pytest.mark.parametrize("options", ["raw", "raw --images raw/images", "raw/labels --images raw/images"])
@pytest.mark.parametrize(("ours", "other"), [("train", "val"), ("camA", "camB"), ("north", "south")])
def test_the_photo_of_another_folder_stays_with_its_own_label(
    write: Write, options: str, ours: str, other: str
) -> None:
    """It went to both, and the words said that two people had labelled it; YOLO gave it to the one without."""
    names = [f"{folder}/a{number}" for folder in (ours, other) for number in range(3)]
    there = [name for name in names if name != f"{ours}/a1"]
    photos(*(f"{name}.png" for name in there))
    labels(write, names)
    said = run_ok("masks", "convert", *options.split(), "-o", "out").stdout
    assert photos_there() == {name.replace("/", "_"): f"raw/images/{name}.png" for name in there}
    assert f"{ours}_a1" in said or f"{ours}/a1" in said or write is cityscapes  # it names the label without a photo
    masks = masks_of(Path("out"))
    widths = {name: number for number, name in enumerate(names, start=1) if name in there}
    assert {name: width_of(masks[name.replace("/", "_")]) for name in there} == widths


@pytest.mark.parametrize("write", [*OF_NAMES.values(), isat], ids=[*OF_NAMES, "isat"])
@pytest.mark.parametrize("other", ["val", "unlabeled"])
def test_the_labels_of_one_folder_are_of_its_photos(write: Write, other: str) -> None:
    photos("train/a0.png", "train/a2.png", *(f"{other}/a{number}.png" for number in range(3)))
    labels(write, [f"train/a{number}" for number in range(3)])
    run_ok("masks", "convert", "raw/labels/train", "--images", "raw/images", "-o", "out")
    assert photos_there() == {"a0": "raw/images/train/a0.png", "a2": "raw/images/train/a2.png"}


@pytest.mark.parametrize("write", OF_NAMES.values(), ids=OF_NAMES)
def test_where_all_photos_of_a_folder_are_lost_it_is_asked(write: Write) -> None:
    photos("camB/a0.png", "camB/a1.png")
    labels(write, ["camA/a0", "camA/a1"])
    said = run_error("masks", "convert", "raw/labels/camA", "--images", "raw/images", "-o", "out")
    assert said.startswith("2 photos not taken, because they lie in another folder than the labels say: ")
    assert said.endswith("if they are the photos, say so:\n  --images raw/images/camB")
    run_ok("masks", "convert", "raw/labels/camA", "--images", "raw/images/camB", "-o", "out")
    assert photos_there() == {"a0": "raw/images/camB/a0.png", "a1": "raw/images/camB/a1.png"}


@pytest.mark.parametrize("write", OF_NAMES.values(), ids=OF_NAMES)
def test_photos_of_one_name_may_end_otherwise_in_another_folder(write: Write) -> None:
    photos("camA/a0.png", "camA/a1.png", "camB/a0.bmp", "camB/a1.bmp")
    labels(write, [f"{folder}/a{number}" for folder in ("camA", "camB") for number in range(2)])
    run_ok("masks", "convert", "raw", "-o", "out")
    samples, masks = by_stem(Path("out")), masks_of(Path("out"))
    for number, stem in enumerate(["camA_a0", "camA_a1", "camB_a0", "camB_a1"]):
        assert np.array_equal(load(Path("out") / samples[stem].image), random_image(number, HEIGHT, WIDTH))
        assert width_of(masks[stem]) == number + 1


def test_a_folder_around_photos_and_labels_says_nothing_of_them() -> None:
    photos("a0.png", "backup/a1.png")
    labels(isat, ["a0", "a1"])
    said = run_ok("masks", "convert", "raw/labels", "--images", "raw/images", "-o", "out").stdout
    assert "raw/images/backup/a1.png (labels: images); if it is the photo, move it into raw/images," in said


def test_a_mask_of_the_name_of_a_photo_is_not_the_photo() -> None:
    photos("train/a0.png", "train/a1.png")
    labels(yolo, ["train/a0", "train/a1"])
    for number in range(2):
        save(Path(f"raw/labels/train/a{number}.png"), np.zeros((HEIGHT, WIDTH), np.uint8))
    run_ok("masks", "convert", "raw", "-o", "out")
    assert photos_there() == {f"a{number}": f"raw/images/train/a{number}.png" for number in range(2)}
