"""Masks of one class: what is inside, however a program stores it."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from prep.labels.pixels.binary import inside_of

INSIDE = np.zeros((24, 32), bool)
INSIDE[4:9, 7:20] = True


def layer(color: tuple[int, int, int], *, opaque: bool) -> NDArray[np.uint8]:
    """The object in a colour, with nothing around it, or black."""
    pixels = np.zeros((*INSIDE.shape, 4), np.uint8)
    pixels[INSIDE, :3] = color
    pixels[..., 3] = np.where(INSIDE | opaque, 255, 0)
    return pixels


@pytest.mark.parametrize(
    ("color", "opaque"),
    [((255, 255, 255), False), ((255, 0, 0), False), ((0, 0, 0), False), ((255, 255, 255), True), ((0, 0, 255), True)],
)
def test_layers_of_drawing_programs(tmp_path: Path, color: tuple[int, int, int], opaque: bool) -> None:
    """Black ink on nothing, too."""
    Image.fromarray(layer(color, opaque=opaque)).save(tmp_path / "a.png")
    assert np.array_equal(inside_of(tmp_path / "a.png"), INSIDE)


@pytest.mark.parametrize("opaque", [True, False])
def test_an_empty_layer_has_nothing_inside(tmp_path: Path, opaque: bool) -> None:
    pixels = np.zeros((*INSIDE.shape, 4), np.uint8)
    pixels[..., 3] = 255 * opaque
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert not inside_of(tmp_path / "a.png").any()
