"""Commands over many samples: what goes to worker processes stays small, and nothing large is kept of a sample.

Counted are bytes and objects, no seconds; tests/bench/growth.py measures those.
"""

import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prep.checking.check import check_dataset
from prep.converting.masks import convert_masks
from prep.core import jobs as jobs_module
from prep.core.cluster import crews as crews_module
from prep.dataset.dataset import Dataset
from prep.dataset.stats import compute_stats
from prep.patching.patches import cut_patches
from prep.reporting.report import write_report
from prep.reporting.survey import survey
from prep.splitting.split import split_dataset
from tests.bench.bookkeeping import JOBS
from tests.bench.growth import make_set

MOST_BYTES = 20_000


class Measuring(Executor):
    """Does the work at once, here, and notes how many bytes would have gone to another process and back."""

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.returned: list[int] = []

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:  # noqa: ANN401
        self.sent.append(len(pickle.dumps((function, arguments, named))))
        future: Future[Any] = Future()
        future.set_result(function(*arguments, **named))
        self.returned.append(len(pickle.dumps(future.result())))
        return future


@pytest.fixture
def measuring(monkeypatch: pytest.MonkeyPatch) -> Measuring:
    """Worker processes are this one, and chunks as long as those of a hundred thousand samples."""
    monkeypatch.setattr(crews_module, "_CHUNKS_PER_WORKER", 1)
    pool = Measuring()

    @contextmanager
    def processes(workers: int, jobs: Sequence[object]) -> Any:  # noqa: ANN401
        yield pool

    monkeypatch.setattr(jobs_module, "processes", processes)
    return pool


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set of 400 samples."""
    return make_set(tmp_path_factory.mktemp("growth"), 400)


WORK: dict[str, Callable[[Path], object]] = {
    "check": lambda root: check_dataset(root / "dataset", 2),
    "stats": lambda root: compute_stats(Dataset.open(root / "dataset"), workers=2),
    "split": lambda root: split_dataset(Dataset.open(root / "dataset"), overwrite=True, workers=2),
    "report": lambda root: write_report(Dataset.open(root / "dataset"), [], 2),
    "patches": lambda root: cut_patches(
        Dataset.open(root / "dataset"), size=16, per_image=1, workers=2, overwrite=True
    ),
    "convert": lambda root: convert_masks(
        root / "converted",
        root / "labels",
        photos=root / "photos",
        classes_file=root / "classes.txt",
        workers=2,
        overwrite=True,
    ),
}


@pytest.mark.parametrize("name", WORK)
def test_a_chunk_of_jobs_takes_little_to_a_worker(name: str, many: Path, measuring: Measuring) -> None:
    WORK[name](many)
    assert len(measuring.sent) > 7  # several chunks
    assert max(measuring.sent) < MOST_BYTES


def test_histograms_are_added_up_in_the_worker(many: Path, measuring: Measuring) -> None:
    """One histogram comes back from a chunk, not one for each of its samples."""
    compute_stats(Dataset.open(many / "dataset"), workers=2)
    assert max(measuring.returned) < 14_000


def test_little_is_kept_of_a_counted_sample(many: Path) -> None:
    found = survey(Dataset.open(many / "dataset"), 1)
    assert len(found.counted) == 400
    for one in found.counted:
        assert one.pixels.shape == (3,)
        assert one.pixels.base is None  # no view of what is larger
    assert found.total.images == 400
    assert np.array_equal(found.total.classes[:3], np.sum([one.pixels for one in found.counted], axis=0))


@pytest.mark.parametrize("job", JOBS)
def test_what_is_measured_beside_the_network_still_runs(job: str) -> None:
    JOBS[job](20)
