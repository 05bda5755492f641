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


@pytest.mark.parametrize(
    "name", ["a.png", "x.json", "x.npy", "x.mat", "x.tif", "x.xml", "x.csv", "x.zip", "classes.txt"]
)
def test_a_pipe_among_labels_is_named(name: str, tmp_path: Path) -> None:
    save(tmp_path / "photos" / "a.png", random_image(1))
    if name != "a.png":
        save(tmp_path / "labels" / "a.png", random_mask(1))
    (tmp_path / "labels").mkdir(exist_ok=True)
    os.mkfifo(tmp_path / "labels" / name)
    for command in (("inspect", "labels"), ("convert", "labels", "-o", "set", "--images", "photos")):
        done = subprocess.run(
            [SCRIPTS / "seg-prep", "masks", *command], cwd=tmp_path, capture_output=True, text=True, timeout=_SECONDS
        )
        assert "Traceback" not in done.stderr
