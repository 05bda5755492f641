"""A run as the page of seg-prep annotate needs it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from prep.annotate.model.uncertainty import block_means
from prep.core.errors import SegError
from prep.images.imageio import ImageRGB
from tests.models import CLASSES, color_predictor, write_run
from tests.support import smooth_image
from tests.train.serve.serving import sample_of
from train.runs.checkpoint import load_model
from train.runs.device import find_accelerator
from train.runs.runs import mark_latest
from train.serve.proposer import RunProposer, open_run


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    """How many threads torch uses belongs to the whole process."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def quiet(share: float) -> None:
    assert 0 <= share <= 1


def test_it_says_what_the_probabilities_say(tmp_path: Path) -> None:
    run = write_run(tmp_path / "runs" / "r")
    image = smooth_image(70, 90)
    found = open_run(run, print)(image, quiet, sample_of(image))
    predictor, _ = load_model(run / "model.pt", find_accelerator("cpu"))
    probabilities = predictor.probabilities(image).astype(np.float64)
    np.testing.assert_array_equal(found.mask, probabilities.argmax(axis=0))
    percent = 100 * probabilities.max(axis=0)
    assert np.abs(found.confidence - np.floor(percent))[np.abs(percent - np.rint(percent)) > 1e-3].max() == 0
    entropy = -(probabilities * np.log(probabilities)).sum(axis=0) / np.log(3)
    assert 0.05 < entropy.mean() < 0.99
    blocks = block_means(np.round(255 * entropy).astype(np.uint8))
    assert np.abs(found.entropy.astype(int) - blocks).max() <= 1


def test_probabilities_of_zero_and_one_are_certain() -> None:
    image = np.zeros((20, 40, 3), np.uint8)
    image[:, :20, 1] = 255
    image[:, 20:] = 128
    found = RunProposer(color_predictor(), "colours", "key")(image, quiet, sample_of(image))
    assert (found.mask[:, :20] == 1).all()
    assert (found.confidence[:, :20] == 100).all()
    assert set(np.unique(found.confidence[:, 20:])) == {33}
    assert found.entropy[0].tolist() == [0, 191, 255], "a third of 16 columns, then equal probabilities"


def test_it_reports_its_share_and_ends_where_the_report_raises(tmp_path: Path) -> None:
    shares: list[float] = []
    proposer = open_run(write_run(tmp_path / "runs" / "r"), print)
    image: ImageRGB = smooth_image(700, 40)
    proposer(image, shares.append, sample_of(image))
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert len(shares) > 10

    def enough(share: float) -> None:
        if share > 0.3:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        proposer(image, enough, sample_of(image))


def test_too_little_memory_is_told_in_words() -> None:
    def model(windows: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError

    from dataclasses import replace

    proposer = RunProposer(replace(color_predictor(), model=model), "large", "key")
    with pytest.raises(SegError, match="more memory for this image than there is"):
        proposer(smooth_image(40, 40), quiet, sample_of(smooth_image(40, 40)))


def test_runs_are_found_as_predict_finds_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    with pytest.raises(SegError, match=r"no run under \./runs"):
        open_run(Path("latest"), print)
    named = open_run(write_run(tmp_path / "runs" / "first"), print)
    assert torch.get_num_threads() == 3, "a core is left to the page"
    mark_latest(Path("runs/first"))
    latest = open_run(Path("latest"), print)
    assert (latest.name, latest.key, latest.classes) == ("first", named.key, CLASSES.names)
    torch.manual_seed(1)
    other = open_run(write_run(tmp_path / "runs" / "second"), print)
    assert other.key != named.key
    assert other.key.isalnum()
