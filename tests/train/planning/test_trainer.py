"""What trains beside the page of seg-prep annotate, with real networks."""

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from prep.annotate.network import network as module
from prep.annotate.network.choice import PhotoChoice
from prep.annotate.network.network import Network
from prep.annotate.network.trainer import TrainingProgress, open_trainer
from prep.annotate.network.training_set import write_training_set
from prep.annotate.store.store import AnnotationStore
from prep.core.classes import ClassMap, write_classes
from prep.dataset.index import Sample
from tests.prep.annotate.learn.scenes import CLASSES, scene, store_of, strokes
from tests.support import Killed, wait_until
from train.config.config import Config
from train.fitting import loop
from train.fitting.initial import LITE
from train.planning import trainer as trainer_module
from train.planning.trainer import RunTrainer, is_worth_keeping

SEEDS = (4, 5, 6, 7)


def painted(root: Path) -> AnnotationStore:
    """A few strokes on each photo, and a class that nobody has drawn."""
    store = store_of(root, SEEDS)
    write_classes(root / "classes.json", ClassMap((*CLASSES.names, "sea"), (*CLASSES.colors, (1, 2, 3))))
    for place, seed in enumerate(SEEDS):
        strokes(store, f"s{place}", seed)
        store.set_state(f"s{place}", "done")
    return store


def test_a_network_is_trained_beside_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = painted(tmp_path / "campus")
    monkeypatch.setattr(module, "MINUTES", 0.05)
    monkeypatch.chdir(tmp_path)
    network = Network(store, open_trainer())
    with network.working():
        network.turn(on=True)
        wait_until(lambda: network.told()["comparison"] or network.told()["failed"])
        told = network.told()
    assert told["failed"] == ""
    found = told["comparison"]
    assert isinstance(found, dict)
    assert (found["photos"], found["trained"]) == (1, 3)
    assert 0 <= found["network"] <= 1
    assert 0.8 < found["strokes"] <= 1
    assert list((store.root / ".annotate" / "network" / "1" / "runs").glob("dataset-*/model.pt"))
    assert os.listdir(tmp_path) == ["campus"], "runs/latest of the person is another one"  # noqa: PTH208


def test_a_killed_training_goes_on_and_labels_photos_of_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice, place = PhotoChoice(("s0", "s1", "s2"), ("s3",)), tmp_path / "1"
    write_training_set(painted(tmp_path / "campus"), choice, place, lambda: False)
    monkeypatch.chdir(place)
    write_last = loop.write_last

    def killed(*arguments: Any) -> None:  # noqa: ANN401
        write_last(*arguments)
        raise Killed

    told: list[TrainingProgress] = []
    trainer = RunTrainer()
    with monkeypatch.context() as patched:
        patched.setattr(loop, "write_last", killed)
        with pytest.raises(Killed):
            trainer.train(Path("dataset"), 0.1, None, told.append)
    run = trainer.train(Path("dataset"), 0.1, None, told.append)
    assert [path.name for path in Path("runs").glob("dataset-*")] == [run.name]
    assert "resumed after epoch 1\n" in (run / "log.txt").read_text("utf-8")
    assert told[-1].epoch >= 1
    assert told[-1].val_mean_iou is not None
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(trainer_module, "find_spec", lambda name: None)
    later = trainer.train(place / "dataset", 0.05, place / run, told.append)
    assert "tensors begin as in" in (later / "log.txt").read_text("utf-8")
    network = trainer.open_network(place / run)
    assert (network.name, network.classes) == ("the network", (*CLASSES.names, "sea"))
    photo = scene(9)[0]
    large = cv2.resize(photo, None, fx=12, fy=12, interpolation=cv2.INTER_NEAREST)
    found = network(np.asarray(large, np.uint8), lambda share: None, Sample("x", "x.png", "", 2880, 2160)).mask
    assert found.shape == (2160, 2880)
    same = network(photo, lambda share: None, Sample("x", "x.png", "", 240, 180)).mask
    assert (found[6::12, 6::12] == same).mean() > 0.95, "as large as what it was trained on, it shows the same"


def test_a_network_that_knows_no_photographs_gives_way_to_one_that_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_worth_keeping(Config(encoder=LITE))
    monkeypatch.setattr(trainer_module, "find_spec", lambda name: object())
    assert not is_worth_keeping(Config())
    monkeypatch.setattr(trainer_module, "find_spec", lambda name: None)
    assert is_worth_keeping(Config())
