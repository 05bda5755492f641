"""Which run is meant."""

import errno
import os
import re
import shutil
from pathlib import Path

import pytest

from prep.core.errors import SegError
from prep.core.files import part_of
from tests.models import run_train, train_error, write_run
from tests.support import random_image, save
from train.runs.runs import find_run, mark_latest, named_weights, new_run

OLDER, LATEST = Path("runs/b-2026-01-01-000000"), Path("runs/a-2026-01-02-000000")


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs; a is the latest, though files of b are newer."""
    monkeypatch.chdir(tmp_path)
    for run in (LATEST, OLDER):
        write_run(run)
    mark_latest(LATEST)
    os.utime(OLDER / "model.pt", (2**32, 2**32))


@pytest.fixture(params=["link", "file"])
def marked(request: pytest.FixtureRequest, runs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is on systems with links, and on Windows without."""
    if request.param == "file":

        def refused(*_: object, **__: object) -> None:
            raise OSError("no links here")

        Path("runs/latest").unlink()
        monkeypatch.setattr(Path, "symlink_to", refused)
        mark_latest(LATEST)
        assert Path("runs/latest").is_file()


@pytest.mark.usefixtures("runs")
def test_the_link_of_a_training_that_was_killed_meanwhile_goes() -> None:
    killed = part_of(Path("runs/latest"))
    killed.symlink_to(OLDER.name)
    mark_latest(LATEST)
    assert not killed.is_symlink()
    assert (OLDER / "model.pt").exists()
    assert find_run(None, lambda line: None) == LATEST


@pytest.mark.usefixtures("marked")
@pytest.mark.parametrize("named", [None, "latest", "runs/latest"])
def test_without_a_name_the_latest_run_is_meant_and_told(named: str | None) -> None:
    told: list[str] = []
    assert find_run(None if named is None else Path(named), told.append) == LATEST
    assert told == [f"latest run: {LATEST}"]


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("named", [OLDER, OLDER / "model.pt", OLDER / "last.pt"])
def test_a_run_that_is_named_needs_no_words(named: Path) -> None:
    assert find_run(named, pytest.fail) == OLDER


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(("typed", "meant"), [("latst", "latest"), (f"{OLDER}0", OLDER.name)])
def test_the_run_that_may_be_meant_is_told(typed: str, meant: str) -> None:
    with pytest.raises(SegError, match=rf"not a run with a model\.pt \(did you mean {re.escape(meant)}\?\)"):
        find_run(Path(typed), pytest.fail)


@pytest.mark.usefixtures("runs")
def test_an_exported_model_is_no_run() -> None:
    for name in ("model.torchscript", "model.onnx"):
        (OLDER / name).write_bytes(b"x")
        with pytest.raises(SegError) as error:
            find_run(OLDER / name, pytest.fail)
        assert str(error.value).startswith(f"{OLDER / name}: a file, and no run; name the folder of the run: {OLDER}. ")
    shutil.move(OLDER / "model.torchscript", "leaves.pt")
    assert "leaves.pt: a file, and no run; name the folder of the run, which holds a model.pt. Of" in train_error(
        "score", "leaves.pt"
    )


@pytest.mark.usefixtures("runs")
def test_a_folder_called_latest_is_that_folder() -> None:
    write_run(Path("latest"))
    assert find_run(Path("latest"), pytest.fail) == Path("latest")


@pytest.mark.usefixtures("marked")
def test_a_latest_run_that_is_gone_or_not_marked_is_no_other_run() -> None:
    shutil.rmtree(LATEST)
    gone = f"runs/latest: leads to {LATEST.name}, which is not there; name the run that you mean, for example {OLDER}"
    with pytest.raises(SegError, match=f"^{re.escape(gone)}$"):
        find_run(None, pytest.fail)
    Path("runs/latest").unlink()
    missing = f"runs/latest: is not there; name the run that you mean, for example {OLDER}"
    with pytest.raises(SegError, match=f"^{re.escape(missing)}$"):
        find_run(None, pytest.fail)
    shutil.rmtree(OLDER)
    with pytest.raises(SegError, match=r"^no run under \./runs; train one with 'seg-train', or name one as RUN$"):
        find_run(None, pytest.fail)


@pytest.mark.usefixtures("runs")
def test_an_older_run_is_not_resumed_in_place_of_the_latest() -> None:
    (OLDER / "last.pt").touch()
    error = train_error("--resume")
    assert f"{LATEST}: the latest run has no last.pt: it was interrupted before its first epoch was over" in error
    assert f"or name another run, for example {OLDER}" in error
    assert find_run(OLDER, pytest.fail, "last.pt") == OLDER


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    "command",
    [
        ["export", "--to", "torchscript"],
        ["export", "latest", "--to", "torchscript"],
        ["predict", "photo.png", "-o", "out"],
        ["predict", "photo.png", "-o", "out", "--run", "latest"],
    ],
    ids=" ".join,
)
def test_commands_tell_which_run_is_the_latest(command: list[str]) -> None:
    save(Path("photo.png"), random_image(0))
    done = run_train(*command)
    assert f"latest run: {LATEST}\n" in done.stderr
    assert OLDER.name not in done.output


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("command", [["score"], ["audit"], ["score", OLDER, "--compare", "latest"]], ids=str)
def test_commands_that_find_no_dataset_have_told_the_run_before(command: list[object]) -> None:
    error = train_error(*command)
    assert error.startswith(f"latest run: {LATEST}\n")
    assert "does not say which dataset it was trained on" in error


@pytest.mark.usefixtures("runs")
def test_weights_of_the_latest_run_are_named_in_full() -> None:
    told: list[str] = []
    assert named_weights("latest", told.append) == f"{LATEST}/model.pt"
    assert told == [f"latest run: {LATEST}"]
    for weights in ("none", "imagenet", f"{OLDER}/model.pt"):
        assert named_weights(weights, pytest.fail) == weights


def test_a_folder_of_runs_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    make = Path.mkdir

    def refused(self: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        if self.parent == Path("runs"):
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        make(self, mode, parents, exist_ok)

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(SegError, match=r"^runs/synth-[-0-9]+: permission denied; choose another folder"):
        new_run(Path("datasets/synth"))


def test_a_latest_that_leads_to_itself_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("runs").mkdir()
    Path("runs/latest").symlink_to("latest")
    with pytest.raises(
        SegError, match=r"^runs/latest: leads to latest, which is not there; name the run that you mean$"
    ):
        find_run(None, pytest.fail)
