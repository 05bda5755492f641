"""Class probabilities of whole images as NumPy files."""

from pathlib import Path

import numpy as np
import pytest
import torch

from prep.core.errors import SegError
from tests.train.windows.window_oracle import CLASSES, noise, plain_scores, position_dependent, predictor_of
from train.windows import probability_file
from train.windows.image_rows import ArrayRows
from train.windows.probability_file import numpy_file
from train.windows.window_settings import WindowSettings

PREDICTOR = predictor_of(position_dependent, WindowSettings(16))


@pytest.mark.parametrize(("height", "width"), [(5, 7), (50, 33)])
def test_file_holds_the_probabilities_of_every_pixel(tmp_path: Path, height: int, width: int) -> None:
    image = noise(height, width)
    list(PREDICTOR.strips(ArrayRows(image), numpy_file(tmp_path / "p.npy")))
    found = np.load(tmp_path / "p.npy", mmap_mode="r")
    assert found.dtype == np.float16 and found.shape == (CLASSES, height, width)
    expected = plain_scores(image, position_dependent, 16, 0.5, "gaussian")
    np.testing.assert_allclose(PREDICTOR.probabilities(image), expected, atol=1e-6)
    np.testing.assert_array_equal(found, PREDICTOR.probabilities(image).astype(np.float16))
    np.testing.assert_allclose(found.sum(axis=0, dtype=np.float64), 1, atol=1.5e-3)
    assert [path.name for path in tmp_path.iterdir()] == ["p.npy"]


def test_labels_and_probabilities_come_from_one_pass(tmp_path: Path) -> None:
    image = noise(50, 33)
    seen = 0

    def counted(windows: torch.Tensor) -> torch.Tensor:
        nonlocal seen
        seen += len(windows)
        return position_dependent(windows)

    plain = predictor_of(counted, WindowSettings(16))
    labels = plain(image)
    once, seen = seen, 0
    strips = list(plain.strips(ArrayRows(image), numpy_file(tmp_path / "p.npy")))
    assert seen == once
    np.testing.assert_array_equal(np.concatenate([strip for _, strip in strips]), labels)
    np.testing.assert_array_equal(plain.probabilities(image).argmax(axis=0), labels)
    np.testing.assert_array_equal(np.load(tmp_path / "p.npy"), plain.probabilities(image).astype(np.float16))


def test_an_unfinished_pass_leaves_the_older_file(tmp_path: Path) -> None:
    path = tmp_path / "p.npy"
    path.write_bytes(b"older")
    strips = PREDICTOR.strips(ArrayRows(noise(50, 33)), numpy_file(path))
    next(strips)
    del strips
    assert path.read_bytes() == b"older"
    assert [found.name for found in tmp_path.iterdir()] == ["p.npy"]


def test_what_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(SegError, match=r"missing/p\.npy: no such file or folder"):
        list(PREDICTOR.strips(ArrayRows(noise(5, 7)), numpy_file(tmp_path / "missing" / "p.npy")))


def test_an_error_of_the_image_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    class Broken:
        height, width = 50, 33

        def rows(self, first: int, last: int) -> np.ndarray:
            raise OSError(2, "the image is gone")

    with pytest.raises(OSError, match="the image is gone"):
        list(PREDICTOR.strips(Broken(), numpy_file(tmp_path / "p.npy")))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's disk that is always full")
def test_a_full_disk_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = tmp_path / "part"
    part.symlink_to("/dev/full")
    monkeypatch.setattr(probability_file, "part_of", lambda path: part)
    with pytest.raises(SegError, match=r"p\.npy: no space left on the disk"):
        list(PREDICTOR.strips(ArrayRows(noise(20, 33)), numpy_file(tmp_path / "p.npy")))
    assert list(tmp_path.iterdir()) == []
