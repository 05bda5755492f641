"""A label of any size takes little more memory than its own pixels: codes come in strips, as narrow as stored."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from prep.converting.job import ConvertLabel, CountCodes, LabelJob
from prep.converting.values.meaning import Meaning
from prep.converting.values.unknown import Policy
from prep.core.classes import ClassMap
from prep.dataset.index import Sample
from prep.images.imageio import read_mask
from prep.images.kinds import png_strips
from prep.labels import reader
from prep.labels.reader import RawLabel
from prep.photos.image_file import with_folders
from tests.support import paint, save

COLORS = ((0, 0, 0), (255, 0, 0), (0, 0, 255))
CLASSES = ClassMap(("background", "leaf", "stem"), COLORS, ids=(0, 1, 300))
SIDE = 2000


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def convert(path: Path, kind: str, unknown: Policy = "error") -> NDArray[np.uint8]:
    job = LabelJob(RawLabel(path, "a"), None, Sample("a", "", "", 0, 0, "", ""))
    outcome = ConvertLabel(with_folders(path.parent), kind, Meaning(CLASSES), unknown)(job)
    assert not outcome.problem
    return read_mask(path.parent / outcome.sample.mask)


def striped(dtype: type[np.unsignedinteger], values: tuple[int, ...]) -> NDArray[np.unsignedinteger]:
    return np.repeat(np.array(values, dtype)[np.arange(SIDE) % len(values)], SIDE).reshape(SIDE, SIDE)


@pytest.mark.parametrize(
    ("pixels", "kind", "most"),
    [
        (striped(np.uint8, (0, 1)), "ids", 3),
        (striped(np.uint16, (0, 1, 300)), "ids", 4),
        (paint(striped(np.uint8, (0, 1, 2)).astype(np.uint8), COLORS), "rgb", 5.5),
        (striped(np.uint8, (0, 0)), "rgb", 4),
    ],
    ids=["8-bit ids", "16-bit ids", "colours", "greys as colours"],
)
def test_bytes_a_pixel(pixels: NDArray[np.uint8], kind: str, most: float, tmp_path: Path, traced: None) -> None:
    path = save(tmp_path / "a.png", pixels)
    convert(path, kind)  # the table of all codes is made once
    del pixels
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    convert(path, kind)
    assert (tracemalloc.get_traced_memory()[1] - before) / SIDE**2 < most


@pytest.mark.parametrize("kind", ["ids", "rgb"])
def test_a_large_png_is_decoded_in_strips(
    kind: str, tmp_path: Path, traced: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the mask is the most that is held; a picture counts as large here from one pixel on."""
    codes = striped(np.uint8, (0, 1)).astype(np.uint8)
    path = save(tmp_path / "a.png", codes if kind == "ids" else paint(codes, COLORS))
    whole = convert(path, kind)
    monkeypatch.setattr(png_strips, "_LARGE", 0)
    monkeypatch.setattr(png_strips, "_STRIP_BYTES", 1 << 18)
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    assert np.array_equal(convert(path, kind), whole)
    assert (tracemalloc.get_traced_memory()[1] - before) / SIDE**2 < 3


@pytest.mark.parametrize("kind", ["ids", "rgb"])
def test_strips_give_what_the_whole_gives(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With values of no class, a different one in each strip and one in several."""
    codes = np.random.default_rng(0).integers(0, 3, (97, 31)).astype(np.uint8)
    codes[::10, 3], codes[40, 5:9] = 7, 9
    path = save(tmp_path / "a.png", codes if kind == "ids" else paint(codes, (*COLORS, *((n, n, 9) for n in range(9)))))
    whole, counts = convert(path, kind, "nearest"), CountCodes(kind)(RawLabel(path, "a"))
    monkeypatch.setattr(reader, "_STRIP_PIXELS", 100)
    assert np.array_equal(convert(path, kind, "nearest"), whole)
    assert CountCodes(kind)(RawLabel(path, "a")).by_code() == counts.by_code()
    assert counts.pixels.sum() == codes.size
    assert sorted(counts.pixels.tolist())[:2] == [4, 10]
