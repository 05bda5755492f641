"""The network in the background: when it is trained, when it proposes, and what ends, fails or is killed meanwhile."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from prep.annotate.model.proposer import Proposal
from prep.annotate.network import record
from prep.annotate.network.network import Network
from prep.core.classes import ClassMap, write_classes
from prep.dataset.dataset import Dataset
from tests.bench.background import background_network
from tests.prep.annotate.network.fake_package import FakeTrainer
from tests.prep.annotate.network.training import (
    Trainings,
    install_trainer,
    label,
    networking,
    noise,
    noisy,
    until_told,
)
from tests.support import no_space, tree, wait_until


@pytest.fixture
def trainings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trainings:
    return install_trainer(tmp_path / "other", monkeypatch)


def is_gone(process: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(process, 0)
        with suppress(FileNotFoundError):  # somebody else's child that nobody waits for is a zombie
            return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def test_it_takes_over_where_it_is_better_than_strokes(tmp_path: Path, trainings: Trainings) -> None:
    store = noisy(tmp_path / "campus", 6, labelled=4)
    before = {name: content for name, content in tree(store.root).items() if not name.startswith(".annotate")}
    trainings.end("good")
    own = tmp_path / "other" / "site" / "prep.py"  # where Python looks first
    own.write_text('raise RuntimeError("a file of the user was imported")\n', encoding="utf-8")
    with networking(store) as network:
        told = until_told(network, lambda told: told["run"])
        assert network.model is not None
        wait_until(lambda: isinstance(network.model.proposal("s5"), Proposal))
        found = network.model.proposal("s5")
        assert isinstance(found, Proposal)
        np.testing.assert_array_equal(found.mask, noise(5).argmax(axis=2))
        assert (told["model"], told["state"], told["next"]) == ("the network", "waiting", 6)
    comparison = told["comparison"]
    assert isinstance(comparison, dict)
    assert (comparison["network"], comparison["photos"], comparison["trained"]) == (1.0, 1, 3)
    assert 0 < comparison["strokes"] < 0.6
    after = {name: content for name, content in tree(store.root).items() if not name.startswith(".annotate")}
    assert after == before, "no split, no statistics, no runs: the dataset is only read"


def test_strokes_stay_where_it_is_not(tmp_path: Path, trainings: Trainings) -> None:
    store = noisy(tmp_path / "campus", 5, labelled=4)
    trainings.end("bad")
    with networking(store) as network:
        told = until_told(network, lambda told: told["comparison"])
        assert network.model is None
    assert told["run"] == ""
    assert told["comparison"]["network"] == 0.0  # type: ignore[index]


def test_it_shows_how_far_it_is_and_trains_again_as_labels_grow(tmp_path: Path, trainings: Trainings) -> None:
    store = noisy(tmp_path / "campus", 8, labelled=4)
    with networking(store) as network:
        told = until_told(network, lambda told: told["progress"] and told["progress"]["share"])  # type: ignore[index]
        assert told["progress"] == {"share": 0.4, "seconds_left": 72.0, "epoch": 3, "val_mean_iou": 0.5}
        trainings.end("good")
        until_told(network, lambda told: told["run"])
        trainings.hold()
        label(store, 4)
        until_told(network, lambda told: told["labelled"] == 5)
        label(store, 5)
        told = until_told(network, lambda told: told["state"] == "training")
        assert (told["labelled"], told["next"], told["model"]) == (6, 9, "the network"), "the one before proposes on"
        trainings.end("bad")
        until_told(network, lambda told: told["state"] == "waiting" and not told["run"])
        assert network.model is None
    assert trainings.log == ["began", "began with a network"]
    first, second = (store.root / ".annotate" / "network" / number / "dataset" for number in "12")
    known = {sample.stem for sample in Dataset.open(first).of_split("train")}
    assert not known & {sample.stem for sample in Dataset.open(second).of_split("val")}, "it has learnt from these"
    folders = sorted(path.name for path in (store.root / ".annotate" / "network").iterdir() if path.is_dir())
    assert folders == ["1", "2"], "at most the training before is kept"


def test_one_labelled_photo_is_too_few(tmp_path: Path, trainings: Trainings) -> None:
    """The photo at work is not counted: its first stroke would be all that it has."""
    store = noisy(tmp_path / "campus", 4, labelled=1)
    with networking(store) as network:
        until_told(network, lambda told: told["labelled"] == 1)
        label(store, 1, is_done=False)
        until_told(network, lambda told: told["labelled"] == 1)
        assert trainings.log == []
        label(store, 2, is_done=False)  # now somebody has left s1
        until_told(network, lambda told: told["state"] == "training")


def test_photos_that_are_all_held_out_wait(tmp_path: Path, trainings: Trainings) -> None:
    store = noisy(tmp_path / "campus", 4)
    for place in range(2):
        store.save(
            f"s{place}", np.array([0, 0, 8, 8], "<u4").tobytes() + bytes(64), base="none", save="x",
            classes_version=store.classes()[1],
        )  # fmt: skip
        store.set_state(f"s{place}", "done")
    with networking(store) as network:
        told = until_told(network, lambda told: told["labelled"] == 2)
        assert told["state"] == "waiting", "one class only"
    assert trainings.log == []


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("error", "there is nothing here to learn"),
        ("bug", "ValueError: a bug of the trainer"),
        ("killed", "its process was ended from outside (signal 9), perhaps as memory ran out"),
    ],
)
def test_a_training_that_fails_says_why_and_is_tried_again(
    tmp_path: Path, trainings: Trainings, how: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = noisy(tmp_path / "campus", 5, labelled=4)
    trainings.end(how)
    with networking(store) as network:
        told = until_told(network, lambda told: told["state"] == "failed")
        assert told["failed"] == words
        assert ("Traceback" in caplog.text) == (how == "bug")
        trainings.end("good")
        network.turn(on=True)
        until_told(network, lambda told: told["run"])
    assert trainings.log == ["began", "began"]


def test_switched_off_nothing_is_left_and_switched_on_it_goes_on(tmp_path: Path, trainings: Trainings) -> None:
    store = noisy(tmp_path / "campus", 5, labelled=4)
    with networking(store) as network:
        wait_until(lambda: trainings.log)
        network.turn(on=False)
        wait_until(lambda: is_gone(trainings.processes[0]))
        assert network.told()["state"] == "off"
        network.turn(on=True)
        wait_until(lambda: len(trainings.log) == 2)
        trainings.end("good")
        until_told(network, lambda told: told["run"])
        network.turn(on=False)
        wait_until(lambda: network.model is None)
        network.turn(on=True)
        wait_until(lambda: network.model is not None)
    assert trainings.log == ["began", "went on"]


def test_it_ends_with_the_server_and_goes_on_with_the_next(tmp_path: Path, trainings: Trainings) -> None:
    store = noisy(tmp_path / "campus", 5, labelled=4)
    with networking(store):
        wait_until(lambda: trainings.log)
    assert is_gone(trainings.processes[0])
    with networking(store, on=False) as network:
        wait_until(lambda: len(trainings.log) == 2)
        trainings.end("good")
        until_told(network, lambda told: told["run"])
    with networking(store, on=False) as network:
        wait_until(lambda: network.model is not None)
    assert trainings.log == ["began", "went on"]


SERVER = """
import sys, time
from pathlib import Path
from prep.annotate.network.network import Network
from prep.annotate.store.store import AnnotationStore
from tests.bench.background import background_network
from tests.prep.annotate.network.fake_package import FakeTrainer
network = Network(AnnotationStore(Path(sys.argv[1])), FakeTrainer())
with network.working():
    network.turn(on=True)
    time.sleep(600)
"""


def test_a_killed_server_leaves_no_training_and_the_next_goes_on_with_it(tmp_path: Path, trainings: Trainings) -> None:
    store = noisy(tmp_path / "campus", 5, labelled=4)
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(store.root)], cwd=Path(__file__).parents[4])
    wait_until(lambda: trainings.log)
    server.send_signal(signal.SIGKILL)
    server.wait()
    with networking(store, on=False) as network:
        wait_until(lambda: len(trainings.log) == 2)
        assert is_gone(trainings.processes[0]), "never two at once"
        trainings.end("good")
        until_told(network, lambda told: told["run"])
    assert trainings.log == ["began", "went on"]


def test_two_for_one_dataset_train_one_after_the_other(tmp_path: Path, trainings: Trainings) -> None:
    """Whatever brings two servers together: a lock that a network drive does not know, a copy of a folder."""
    store = noisy(tmp_path / "campus", 5, labelled=4)
    with networking(store) as network:
        wait_until(lambda: trainings.log)
        with networking(store, on=False) as other:
            until_told(other, lambda told: told["state"] == "training")
            assert trainings.log == ["began"]
            trainings.end("good")
            until_told(network, lambda told: told["run"])
            until_told(other, lambda told: told["run"])
    assert trainings.log == ["began", "went on"]


def test_what_the_disk_does_not_take_is_told(
    tmp_path: Path, trainings: Trainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = noisy(tmp_path / "campus", 5, labelled=4)
    trainings.end("good")
    with networking(store, on=False) as network:
        monkeypatch.setattr("prep.annotate.network.training_set.write_png", no_space)
        network.turn(on=True)
        told = until_told(network, lambda told: told["state"] == "failed")
        assert "no space left on the disk" in str(told["failed"]) or "No space left" in str(told["failed"])
        monkeypatch.undo()


def test_a_class_of_another_name_is_learnt_anew(tmp_path: Path, trainings: Trainings) -> None:
    store = noisy(tmp_path / "campus", 5, labelled=4)
    trainings.end("good")
    with networking(store) as network:
        first = until_told(network, lambda told: told["run"])
        classes = store.classes()[0]
        write_classes(store.root / "classes.json", ClassMap(("ground", *classes.names[1:]), classes.colors))
        until_told(network, lambda told: told["run"] not in ("", first["run"]))
        assert network.model is not None
        assert network.model.left_out == ()


def test_a_network_that_is_gone_is_trained_again(tmp_path: Path, trainings: Trainings) -> None:
    store = noisy(tmp_path / "campus", 5, labelled=4)
    trainings.end("good")
    with networking(store) as network:
        told = until_told(network, lambda told: told["run"])
    (store.root / ".annotate" / "network" / str(told["run"]) / "network.json").unlink()
    with networking(store, on=False) as network:
        until_told(network, lambda told: told["run"] not in ("", "1/runs/one"))


def test_a_damaged_record_is_that_of_a_network_that_is_off(tmp_path: Path) -> None:
    store = noisy(tmp_path / "campus", 2)
    folder = store.root / ".annotate" / "network"
    folder.mkdir()
    (folder / "network.json").write_text('{"is_on": 3}')
    assert record.read(folder) == record.Record()
    assert Network(store, FakeTrainer()).told()["state"] == "off"


def test_measurements_wait_for_what_is_due(tmp_path: Path, trainings: Trainings) -> None:
    store = noisy(tmp_path / "campus", 4, labelled=1)
    trainings.end("good")
    with background_network(store, FakeTrainer()) as proposals:
        assert proposals() is None, "one photo is too few"
        label(store, 1)
        found = proposals()
        assert found is not None
        label(store, 2)
        trainings.end("bad")
        assert proposals() is None
    assert trainings.log == ["began", "began with a network"]


def test_the_training_set_is_a_dataset_of_its_own(tmp_path: Path, trainings: Trainings) -> None:
    store = noisy(tmp_path / "campus", 5, labelled=4)
    with networking(store):
        wait_until(lambda: trainings.log)
        dataset = Dataset.open(store.root / ".annotate" / "network" / "1" / "dataset")
    assert [len(dataset.of_split(split)) for split in ("train", "val", "test")] == [3, 1, 0]
