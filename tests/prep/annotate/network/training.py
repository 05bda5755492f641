"""What the tests of the network share: photos that strokes teach little about, and a trainer of another package."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from prep.annotate.network import network as module
from prep.annotate.network.network import Network
from prep.annotate.store.store import AnnotationStore
from tests.prep.annotate.learn.scenes import lay
from tests.prep.annotate.model.proposing import store_of
from tests.prep.annotate.network import fake_package
from tests.prep.annotate.network.fake_package import FakeTrainer
from tests.support import save, wait_until

SIZE = (48, 64)


@dataclass(frozen=True)
class Trainings:
    """The trainings of the fake package, in other processes.  folder: what it reads and writes."""

    folder: Path

    def end(self, how: str) -> None:
        """Let the one at work, and all later ones, end so."""
        (self.folder / "part").write_text(how)
        (self.folder / "part").replace(self.folder / "gate")

    def hold(self) -> None:
        """Let later ones wait again."""
        (self.folder / "gate").unlink()

    @property
    def log(self) -> list[str]:
        """What each did, without the numbers of the processes."""
        return [line.rpartition(" ")[0] for line in self._lines]

    @property
    def processes(self) -> list[int]:
        return [int(line.rpartition(" ")[2]) for line in self._lines]

    @property
    def _lines(self) -> list[str]:
        path = self.folder / "log.txt"
        return path.read_text().splitlines() if path.exists() else []


def install_trainer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Trainings:
    """Install the package where the process beside the page looks first."""
    site, state = folder / "site", folder / "state"
    about = site / "fake_package-1.0.dist-info"
    about.mkdir(parents=True)
    state.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-package\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[seg_prep.trainers]\nrun = fake_package:open_trainer\n")
    shutil.copy(fake_package.__file__, site)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("FAKE_TRAINER", str(state))
    monkeypatch.setattr(module, "_LOOK_S", 0.02)
    return Trainings(state)


def noise(number: int) -> np.ndarray:
    """(48, 64, 3) pixels without any neighbourhood: the strongest channel is the class."""
    return np.random.default_rng(number).integers(0, 256, (*SIZE, 3), np.uint8)


def noisy(root: Path, number: int, labelled: int = 0) -> AnnotationStore:
    """A dataset of such photos, s0, s1, ..., the first ones labelled and done."""
    store = store_of(root, number, SIZE)
    for place in range(number):
        save(root / "images" / f"s{place}.png", noise(place))
    for place in range(labelled):
        label(store, place)
    return store


def label(store: AnnotationStore, number: int, *, is_done: bool = True) -> None:
    """Paint all of a photo as it is."""
    lay(store, f"s{number}", 0, 0, noise(number).argmax(axis=2).astype(np.uint8))
    if is_done:
        store.set_state(f"s{number}", "done")


@contextmanager
def networking(store: AnnotationStore, *, on: bool = True) -> Iterator[Network]:
    """A network at work on a dataset."""
    network = Network(store, FakeTrainer())
    with network.working():
        if on:
            network.turn(on=True)
        yield network


def until_told(network: Network, holds: Callable[[dict[str, object]], object]) -> dict[str, object]:
    """Wait until what the page is told fits; returns it."""
    wait_until(lambda: holds(network.told()))
    return network.told()
