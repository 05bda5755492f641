"""Sums that rows of windows leave to each other: whatever the place they are kept in, the result is the same."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prep.core.errors import SegError
from tests.train.windows.window_oracle import assert_best, noise, plain_scores, position_dependent, predictor_of
from train.windows import kept_sums, windows
from train.windows.image_rows import ArrayRows
from train.windows.kept_sums import SumsInFile, SumsInMemory
from train.windows.window_settings import WindowSettings


@given(
    height=st.integers(1, 80),
    width=st.integers(1, 120),
    overlap=st.sampled_from([0.0, 0.3, 0.5, 0.75]),
    columns=st.integers(1, 70),
    batch=st.integers(1, 3),
)
@settings(deadline=None, max_examples=40)
def test_parts_and_files_change_no_bit(height: int, width: int, overlap: float, columns: int, batch: int) -> None:
    image, how = noise(height, width), WindowSettings(16, overlap)
    predictor = predictor_of(position_dependent, how)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(windows._BATCH_PIXELS, "cpu", batch * 16 * 16)
        expected = predictor.probabilities(image)
        patch.setattr(windows, "_PART_COLUMNS", columns)
        patch.setattr(kept_sums, "_MEMORY_BYTES", 0)
        found, labels = predictor.probabilities(image), predictor(image)
        strips = [(top, strip.numpy().copy()) for top, strip in predictor.probability_strips(ArrayRows(image))]
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.concatenate([strip for _, strip in strips], axis=1), expected)
    assert [top for top, _ in strips] == [0, *np.cumsum([strip.shape[1] for _, strip in strips])[:-1]]
    assert_best(labels, plain_scores(image, position_dependent, 16, overlap, "gaussian"))


def test_of_a_wide_image_few_columns_are_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "_PART_COLUMNS", 64)
    monkeypatch.setitem(windows._BATCH_PIXELS, "cpu", 16 * 16)
    parts = [
        (top, left, part.shape)
        for top, left, part in predictor_of(position_dependent, WindowSettings(16)).probability_parts(
            ArrayRows(noise(20, 1000))
        )
    ]
    assert {shape[2] for _, _, shape in parts} == {64, 1000 - 15 * 64}
    assert [left for top, left, _ in parts if top == 0] == list(range(0, 1000, 64))


def test_a_large_sum_is_kept_in_a_file() -> None:
    few = kept_sums.kept_sums(3, 10, 100, torch.device("cpu"))
    many = kept_sums.kept_sums(6, 256, 25_000, torch.device("cpu"))
    assert isinstance(few, SumsInMemory) and isinstance(many, SumsInFile)
    many.close()


def test_where_nothing_can_be_kept_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    monkeypatch.setattr(kept_sums, "_MEMORY_BYTES", 0)
    with pytest.raises(SegError, match=r"gone: no such file or folder"):
        predictor_of(position_dependent, WindowSettings(16))(noise(30, 30))


def test_a_full_disk_is_told_and_nothing_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        closed = False

        def seek(self, place: int) -> None:
            pass

        def write(self, data: memoryview) -> None:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            self.closed = True

    file = Full()
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda prefix: file)
    monkeypatch.setattr(kept_sums, "_MEMORY_BYTES", 0)
    with pytest.raises(SegError, match="no space left on the disk; free some"):
        predictor_of(position_dependent, WindowSettings(16))(noise(30, 30))
    assert file.closed
