"""Masks that are resized as photos are told; photos, scans and images of microscopes are not taken for masks."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from prep.photos import mask_look
from tests.support import random_image, run_ok, save

HEIGHT, WIDTH = 60, 80


def ids(n: int) -> Any:  # noqa: ANN401
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[10 + n : 40, 20:60] = 1
    mask[30:50, 5:15] = 2
    return mask


def resized(folder: str) -> str:
    return run_ok("resize", folder, "-o", "out", "--size", 32).stdout


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("kind", ["ids", "palette", "colours", "black and white"])
def test_masks_are_told_with_what_to_type(kind: str) -> None:
    for n in range(4):
        mask = ids(n)
        Path("my labels").mkdir(exist_ok=True)
        if kind == "palette":
            picture = Image.fromarray(mask, "P")
            picture.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
            picture.save(f"my labels/{n}.png")
        elif kind == "colours":
            save(Path(f"my labels/{n}.png"), np.array([(0, 0, 0), (255, 0, 0), (0, 255, 0)], np.uint8)[mask])
        else:
            save(Path(f"my labels/{n}.png"), mask if kind == "ids" else 255 * (mask > 0).astype(np.uint8))
    told = resized("my labels")
    assert f"these look like masks, not photos ({2 if kind == 'black and white' else 3} colours in large areas)" in told
    assert "brought onto its images by: seg-prep masks convert 'my labels' -o DATASET\n" in told


@pytest.mark.parametrize("kind", ["photo", "scan", "microscope", "dithered", "black", "mixed"])
def test_what_is_no_mask_is_not_called_one(kind: str) -> None:
    rng = np.random.default_rng(0)
    Path("d").mkdir()
    for n in range(4):
        if kind == "photo":
            save(Path(f"d/{n}.png"), random_image(n, HEIGHT, WIDTH))
        elif kind == "scan":
            save(Path(f"d/{n}.png"), 255 * (ids(n) > 0).astype(np.uint8))
        elif kind == "microscope":
            cv2.imwrite(f"d/{n}.png", ids(n).astype(np.uint16) * 1000)
        elif kind == "dithered":
            save(Path(f"d/{n}.png"), rng.choice(np.array([0, 80, 160, 255], np.uint8), (HEIGHT, WIDTH)))
        elif kind == "black":
            save(Path(f"d/{n}.png"), np.zeros((HEIGHT, WIDTH), np.uint8))
        else:
            save(Path(f"d/{n}.png"), ids(n) if n % 2 else random_image(n, HEIGHT, WIDTH))
    assert "masks" not in resized("d")


def test_of_many_photos_one_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    known = mask_look.open_image
    monkeypatch.setattr(mask_look, "open_image", lambda path, data: (opened.append(path), known(path, data))[1])
    for n in range(4):
        save(Path(f"d/{n}.png"), random_image(n, HEIGHT, WIDTH))
    resized("d")
    assert [path.name for path in opened] == ["0.png"]
