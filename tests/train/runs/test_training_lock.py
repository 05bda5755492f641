"""One training a run at a time."""

from pathlib import Path

import pytest

import prep.dataset.lock
from prep.dataset.lock import InUse
from tests.prep.dataset.holding import held_elsewhere
from tests.support import run_train, tree
from train.runs.run_files import TRAINING
from train.runs.training_lock import only_training


def test_a_run_is_trained_by_one_command_and_others_may_score_it(
    tiny_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prep.dataset.lock, "WAIT_S", 0.1)
    with held_elsewhere(tiny_run / TRAINING) as process:
        before = tree(tiny_run)
        said = f"{tiny_run}: 'seg-prep split .* process {process.pid}[)] is training this run; nothing was changed"
        with pytest.raises(InUse, match=said), only_training(tiny_run):
            pytest.fail("two train one run")
        assert tree(tiny_run) == before
        assert run_train("export", "--to", "torchscript", tiny_run, "-o", tiny_run.parent / "m.pt").exit_code == 0
    with only_training(tiny_run):
        assert (tiny_run / TRAINING).exists()
    assert not (tiny_run / TRAINING).exists()


def test_what_a_killed_training_leaves_holds_nothing_and_goes(tiny_run: Path) -> None:
    with held_elsewhere(tiny_run / TRAINING) as process:
        process.kill()
    assert (tiny_run / TRAINING / prep.dataset.lock.LOCK).exists()
    with only_training(tiny_run):
        pass
    assert not (tiny_run / TRAINING).exists()
