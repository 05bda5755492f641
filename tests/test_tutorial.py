"""Every command of docs/tutorials/real-labels.md prints what stands there, and makes what it promises."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from prep.photos.record import read_records
from tests.consoles import commands, matches
from tests.support import SCRIPTS, load

TUTORIAL = Path(__file__).parents[1] / "docs" / "tutorials" / "real-labels.md"


@pytest.fixture(scope="module")
def place(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all commands of the tutorial have run."""
    folder = tmp_path_factory.mktemp("tutorial")
    for data in real_data.iterdir():
        (folder / data.name).symlink_to(data)
    environment = {**os.environ, "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"}
    for command, expected in commands(TUTORIAL.read_text(encoding="utf-8")):
        result = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
        assert "Traceback" not in result.stderr
        assert matches(expected, result.stdout + result.stderr), f"$ {command}{result.stdout}{result.stderr}"
        assert result.returncode == expected.startswith("Error: "), command
    return folder / "datasets"


def test_the_tutorial_is_read_right() -> None:
    found = list(commands("```console\n$ a \\\n  b\n1\n\n2\n$ c\n```\n\n```python\n$ d\n```\n"))
    assert found == [("a \\\n  b\n", "1\n\n2\n"), ("c\n", "")]
    assert len(list(commands(TUTORIAL.read_text(encoding="utf-8")))) == 17
    assert matches("a\n...\nc d\n", "a\nb\nb\nc d\n")
    assert not matches("a.c\n", "abc\n")


def values(files: Iterator[Path]) -> np.ndarray:
    return np.sum([np.bincount(load(file).ravel(), minlength=256) for file in files], axis=0)


def test_cracks(place: Path, real_data: Path) -> None:
    dataset = Dataset.open(place / "cracks")
    assert len(dataset.samples) == 337
    assert dataset.classes.names == ("Background", "Crack")
    raw = values((real_data / "cracks" / "PixelLabelData_4").glob("*.png"))
    made = values((place / "cracks" / "masks").glob("*.png"))
    assert made[[0, 1, 255]].tolist() == raw[[1, 2, 0]].tolist()
    assert (made[255], made.sum()) == (1_790_698, raw.sum())


def test_satellite(place: Path) -> None:
    samples = Dataset.open(place / "satellite").samples
    assert [(sample.image, sample.width, sample.height) for sample in samples] == [("", 2288, 1552)] * 3


def test_breadboard(place: Path, real_data: Path) -> None:
    dataset = Dataset.open(place / "breadboard")
    names = (real_data / "breadboard" / "codes.txt").read_text(encoding="utf-8").split()
    assert dataset.classes.names == tuple(names)
    assert len(dataset.samples) == 20
    for sample in dataset.samples:
        raw = load(real_data / "breadboard" / "PixelLabelData" / f"Label_{int(sample.stem)}.png").astype(int)
        assert np.array_equal(dataset.mask(sample), np.where(raw == 0, 255, raw - 2))


def test_aerial(place: Path) -> None:
    dataset = Dataset.open(place / "aerial")
    assert dataset.classes.names == ("Water", "Land (unpaved area)", "Road", "Building", "Vegetation")
    assert len(dataset.samples) == 54
    assert all(sample.image for sample in dataset.samples)


def test_aerial_and_breadboard_sheets(place: Path) -> None:
    """A row of crops for each of 7 colours, and for each of 14 ids; 190 pixels a row."""
    assert [load(place.parent / name).shape[0] for name in ("values.png", "parts.png")] == [1340, 2670]


def test_campus_report(place: Path) -> None:
    page = (place / "campus" / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg;base64,") == 20
    assert "1 image is an exact copy of another one." in page


def test_rocks(place: Path) -> None:
    dataset = Dataset.open(place / "rocks")
    assert [(sample.stem, sample.width, sample.height) for sample in dataset.samples] == [
        (stem, 1600, 1066) for stem in "1234"
    ]


def test_cookies(place: Path) -> None:
    assert {
        (photo.width, photo.height, photo.orientation) for photo in read_records(place / "cookies/photos.csv").values()
    } == {(4032, 2268, 6)}
    images = sorted((place / "cookies" / "images").iterdir())
    assert [load(image).shape for image in images] == [(1024, 576, 3)] * 5


def test_campus(place: Path) -> None:
    sizes = {load(image).shape for image in (place / "campus" / "images").iterdir()}
    assert all(max(size) == 1024 for size in sizes)
    assert len(Dataset.open(place / "campus").samples) == 20
