"""Generated data, small and seeded; real data of others where SEG_REAL_DATA names it."""

import gc
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import HealthCheck, settings

from prep.dataset.dataset import Dataset
from synth.dataset import generate
from tests.prep.core.cluster.machines import Machines, running
from tests.support import CLASS_LIST, paint, random_image, random_mask, save
from tests.web import chromium
from train.runs.checkpoint import load_model
from train.runs.device import find_accelerator
from train.windows.predictor import Predictor

if TYPE_CHECKING:
    from playwright.sync_api import Browser

STEMS = ("a", "b", "c")

# A shell lets what it starts in the background ignore Ctrl-C, and nohup a terminal that closes, which every command
# that a test starts would inherit.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Hundreds of processes are started here, and where Python may keep no bytecode each compiles all of ours again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A busy machine is no failure: examples have no time limit. The suite tries the same ones each time, so that what fails
# once does so again; `make properties` tries others, and many more.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("properties", settings.get_profile("tests"), derandomize=False, max_examples=1000)
settings.load_profile(os.environ.get("SEG_EXAMPLES", "tests"))


def pytest_collection_finish() -> None:
    """Ten thousand tests and what they import stay to the end: no search for garbage goes through them again."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """What is left is taken apart as ever."""
    gc.unfreeze()


@dataclass(frozen=True)
class Raw:
    """Three raw photos with RGB masks of 32 x 24, and the target that a conversion would make of them."""

    photos: Path
    masks: Path
    classes: Path
    target: Path

    @property
    def convert(self) -> tuple[object, ...]:
        """Arguments that convert them."""
        return ("masks", "convert", self.masks, "-o", self.target, "--images", self.photos, "--classes", self.classes)


@pytest.fixture(autouse=True)
def _no_dataset_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEG_DATASET", raising=False)


@pytest.fixture(autouse=True)
def _seeded_weights() -> None:
    torch.manual_seed(0)  # a small network with unlucky weights can be dead: every run gets the same ones


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """The system's Chromium; without one the test is skipped."""
    with chromium() as started:
        yield started


@pytest.fixture
def raw(tmp_path: Path) -> Raw:
    """Raw photos and RGB masks in tmp_path/raw; nothing converted yet."""
    folder = tmp_path / "raw"
    for seed, stem in enumerate(STEMS):
        save(folder / "photos" / f"{stem}.png", random_image(seed))
        save(folder / "masks" / f"{stem}.png", paint(random_mask(seed)))
    classes = folder / "classes.txt"
    classes.write_text(CLASS_LIST, encoding="utf-8")
    return Raw(folder / "photos", folder / "masks", classes, tmp_path / "campus")


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """20 synthetic training images (2 for validation) and 3 test images, 64 wide x 80 high."""
    return generate(tmp_path / "datasets" / "synth", n=20, test=3, width=64, height=80, workers=1)


@pytest.fixture
def tiny_run(tmp_path: Path) -> Path:
    """A run in tmp_path/runs with random weights, whose model says now this class, now that one."""
    from tests.train.serve.serving import make_tiny_run

    return make_tiny_run(tmp_path)


@pytest.fixture
def predictor(tiny_run: Path) -> Predictor:
    """The model of this run."""
    return load_model(tiny_run / "model.pt", find_accelerator("cpu"))[0]


@pytest.fixture(scope="session")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """One cluster for all tests of a process."""
    if find_spec("distributed") is None:
        pytest.skip("needs the extra cluster: pip install -e '.[cluster]'")
    with running(tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture
def cluster(machines: Machines) -> Path:
    """What --cluster takes."""
    return machines.file


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real data of others."""
    if not (named := os.environ.get("SEG_REAL_DATA")):
        pytest.skip("SEG_REAL_DATA is not set: no real data of others to test with")
    return Path(named).resolve()
