"""Named pipes among photos and labels: nobody waits for their other end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import SCRIPTS, random_image, random_mask, save

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")

_SECONDS = 120
"""Much longer than any of these commands takes."""


@pytest.mark.parametrize("name", ["pipe.jpg", "pipe.tif", "pipe.png"])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_pipe_among_photos_is_left_out(name: str, workers: int, tmp_path: Path) -> None:
    save(tmp_path / "photos" / "a.png", random_image(1))
    os.mkfifo(tmp_path / "photos" / name)
    command = ("resize", "photos", "-o", "set", "--size", "16", "--workers", str(workers))
    done = subprocess.run(
        [SCRIPTS / "seg-prep", *command], cwd=tmp_path, capture_output=True, text=True, timeout=_SECONDS
    )
    assert done.returncode == 1
    assert f"photos/{name}: no file but a pipe or a device; remove it" in done.stderr
    assert (tmp_path / "set/images/a.png").exists()


def test_a_pipe_that_is_named_is_told_as_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tif")
    command = ("resize", "pipe.tif", "-o", "set", "--size", "16")
    done = subprocess.run(
        [SCRIPTS / "seg-prep", *command], cwd=tmp_path, capture_output=True, text=True, timeout=_SECONDS
    )
    assert "pipe.tif: no file but a pipe or a device; remove it" in done.stderr
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("name", ["a.png", "x.json", "x.xml", "x.csv", "classes.txt"])
def test_a_pipe_among_labels_is_named(name: str, tmp_path: Path) -> None:
    assert f"labels/{name}: no file but a pipe or a device; remove it" in convert_with_pipe(name, tmp_path)


@pytest.mark.parametrize("name", ["x.npy", "x.mat", "x.zip", "x.tif"])
def test_nobody_waits_for_a_pipe_that_is_no_label_of_these(name: str, tmp_path: Path) -> None:
    said = convert_with_pipe(name, tmp_path)
    assert ("1 mask has no image: x." if name == "x.tif" else "which value is which class?") in said


def convert_with_pipe(name: str, folder: Path) -> str:
    """What convert says of a mask with a pipe beside it, or in its place; inspect has to end, too."""
    save(folder / "photos" / "a.png", random_image(1))
    if name != "a.png":
        save(folder / "labels" / "a.png", random_mask(1))
    (folder / "labels").mkdir(exist_ok=True)
    os.mkfifo(folder / "labels" / name)
    said = ""
    for command in (("inspect", "labels"), ("convert", "labels", "-o", "set", "--images", "photos")):
        done = subprocess.run(
            [SCRIPTS / "seg-prep", "masks", *command], cwd=folder, capture_output=True, text=True, timeout=_SECONDS
        )
        said = done.stderr
        assert "Traceback" not in said
    assert not (folder / "set").exists()
    return said
