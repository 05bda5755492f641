"""Paths inside label files that lead out of their folder: nothing there is read, and nothing is written."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from prep.images.finding import FoundFile
from prep.labels.layouts.division import divide
from tests.hostile.watch import touching
from tests.prep.labels.matlab.matlab_files import struct, write_ground_truth
from tests.support import by_stem, masks_of, random_image, random_mask, run_prep, save

CLIMBING = (
    "../../secret.png",
    "photos/../../../secret.png",
    "{base}/secret.png",
    r"C:\..\..\secret.png",
    r"..\..\secret.png",
    "//server/share/../../secret.png",
    r"\\server\..\..\secret.png",
    "/etc/passwd",
)
HEIGHT, WIDTH = random_mask(0).shape


@pytest.fixture(params=CLIMBING)
def foreign(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A path to a picture outside of tmp_path/in/raw, of the size that fits."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # of modules that are loaded late
    save(tmp_path / "secret.png", random_image(0))
    (tmp_path / "in/raw").mkdir(parents=True)
    return str(request.param).format(base=tmp_path)


def convert(base: Path, source: Path) -> str:
    """Convert into base/out and return what is said, having touched nothing else."""
    before = sorted(base.rglob("*"))
    with touching(base / "out", base, [base / "in/raw"]) as touched:
        result = run_prep("masks", "convert", source, "-o", base / "out", "--workers", 1)
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    assert touched == []
    assert [path for path in sorted(base.rglob("*")) if not path.is_relative_to(base / "out")] == before
    return result.output


def no_image_came_in(base: Path) -> bool:
    samples = by_stem(base / "out").values()
    return bool(samples) and not any(sample.image for sample in samples) and len(masks_of(base / "out")) == 1


def test_labelme(foreign: str, tmp_path: Path) -> None:
    shape = {"label": "a", "points": [[0, 0], [9, 0], [9, 9]], "shape_type": "polygon"}
    content = {"shapes": [shape], "imagePath": foreign, "imageWidth": WIDTH, "imageHeight": HEIGHT}
    (tmp_path / "in/raw/a.json").write_text(json.dumps(content))
    convert(tmp_path, tmp_path / "in/raw")
    assert no_image_came_in(tmp_path)


def test_coco(foreign: str, tmp_path: Path) -> None:
    content = {
        "images": [{"id": 1, "file_name": foreign, "width": WIDTH, "height": HEIGHT}],
        "categories": [{"id": 1, "name": "a"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "segmentation": [[0, 0, 9, 0, 9, 9]]}],
    }
    (tmp_path / "in/raw/coco.json").write_text(json.dumps(content))
    convert(tmp_path, tmp_path / "in/raw/coco.json")
    assert no_image_came_in(tmp_path)


def write_truth(tmp_path: Path, photos: list[str], labels: list[str]) -> None:
    two, one = (np.array([[number]]) for number in (2.0, 1.0))
    definitions = [("two", "PixelLabel", (0.0, 1.0, 0.0), two), ("one", "PixelLabel", (1.0, 0.0, 0.0), one)]
    data = struct([{"PixelLabelData": label} for label in labels])
    write_ground_truth(tmp_path / "in/raw/gTruth.mat", photos, definitions, data)


def test_photo_of_ground_truth(foreign: str, tmp_path: Path) -> None:
    save(tmp_path / "in/raw/Label_1.png", random_mask(0))
    write_truth(tmp_path, [foreign], [r"C:\x\Label_1.png"])
    convert(tmp_path, tmp_path / "in/raw")
    assert no_image_came_in(tmp_path)


def test_label_of_ground_truth(foreign: str, tmp_path: Path) -> None:
    save(tmp_path / "in/raw/a.png", random_image(0))
    write_truth(tmp_path, ["a.png"], [foreign])
    assert "none of the label files" in convert(tmp_path, tmp_path / "in/raw")
    assert not (tmp_path / "out").exists()


def test_the_watch_would_see_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with a finder that follows the path: the tests above can fail."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    secret = save(tmp_path / "secret.png", random_image(0))
    save(tmp_path / "in/raw/Label_1.png", random_mask(0))
    write_truth(tmp_path, ["secret.png"], ["Label_1.png"])
    found = {"Label_1.png": tmp_path / "in/raw/Label_1.png", "secret.png": secret}
    monkeypatch.setattr("prep.labels.rerooting.Rerooting.find_all", lambda _, paths, *__: [found[p] for p in paths])
    with pytest.raises(AssertionError, match=r"read .*secret\.png"):
        convert(tmp_path, tmp_path / "in/raw")


def test_masks_that_are_looked_at_are_no_files_outside_of_a_zip(tmp_path: Path) -> None:
    save(tmp_path / "outside.png", random_mask(0))
    climbing = [FoundFile(tmp_path / "a.zip" / ".." / "outside.png", f"{folder}/outside.png") for folder in ("x", "y")]
    (tmp_path / "out").mkdir()
    with touching(tmp_path / "out", tmp_path, []) as touched:
        divide(climbing)
    assert touched == []
