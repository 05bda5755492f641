"""All or nothing: a commit that is cut off anywhere ends, after recovery, as the whole new dataset."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from prep.core.errors import SegError
from prep.core.files import write_text
from prep.dataset.transaction import Transaction
from tests.prep.dataset.committing import (
    NEW,
    OLD,
    REMOVED,
    REPLACED,
    dying_at,
    files_of,
    fill,
    recover,
    replace_all,
    stage,
)
from tests.support import Killed, no_space

ADDED = {**OLD, "images/b.png": b"new b", "index.csv": b"new index"}


def add_some(root: Path) -> None:
    with Transaction(root, "test", {"n": 1}) as change:
        stage(change, {name: NEW[name] for name in ("classes.json", "images/b.png", "index.csv")})
        change.commit(overwrite=False, updates=("index.csv",))


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(("command", "result"), [(replace_all, REPLACED), (add_some, ADDED)], ids=["replace", "add"])
def test_death_at_every_point(
    tmp_path: Path, command: Callable[[Path], None], result: dict[str, bytes], before: bool
) -> None:
    """At each rename, unlink, mkdir and rmtree: the old dataset before the commit record, the new one after it."""
    outcomes = []
    for countdown in range(200):
        root = fill(tmp_path / f"{countdown}", OLD)
        with pytest.MonkeyPatch.context() as patch:
            stood = dying_at(
                patch, countdown, before=before, recorded=lambda root=root: any(root.glob(".unfinished-*/commit.json"))
            )
            try:
                command(root)
            except Killed:
                pass
            else:
                break
        recover(root)
        found = files_of(root)
        finished = found == result
        assert finished or found == OLD, f"neither old nor new after death at change {countdown}"
        assert finished or not stood[0], f"change {countdown}: the record stood, but the result is the old dataset"
        outcomes.append(finished)
        command(root)  # and the same command heals everything, without a trace
        assert files_of(root, hidden=True) == result
    assert len(outcomes) > 8
    assert outcomes == sorted(outcomes)  # first old, then new; nothing comes back
    assert set(outcomes) == {False, True}


def test_death_during_recovery(tmp_path: Path) -> None:
    """The commit dies, then every recovery dies one change later than the last."""
    root = fill(tmp_path / "d", OLD)
    for countdown in range(200):
        with pytest.MonkeyPatch.context() as patch:
            dying_at(patch, countdown % 7, before=True, recorded=bool)
            try:
                recover(root) if any(root.glob(".unfinished-*/commit.json")) else replace_all(root)
            except Killed:
                continue
        break
    recover(root)
    assert files_of(root) in (OLD, REPLACED)


def test_the_index_moves_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[str] = []
    real = Path.replace

    def replace(path: Path, target: Path) -> Path:
        moved.append(Path(target).name)
        return real(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    replace_all(fill(tmp_path / "d", OLD))
    assert moved[-1] == "index.csv"


def test_nothing_is_replaced_without_overwrite(tmp_path: Path) -> None:
    root = fill(tmp_path / "d", OLD)
    with (
        pytest.raises(
            SegError, match=r"already holds other results \(images/a\.png and 1 more file\); add --overwrite"
        ),
        Transaction(root, "test", {}) as change,
    ):
        stage(change, NEW)
        change.commit(overwrite=False)
    assert files_of(root, hidden=True) == OLD


def test_nothing_is_removed_without_overwrite(tmp_path: Path) -> None:
    root = fill(tmp_path / "d", OLD)
    with Transaction(root, "test", {}) as change:
        stage(change, {"images/b.png": b"new b"})
        assert change.commit(overwrite=False, remove=REMOVED) == ["images/b.png"]
    assert files_of(root, hidden=True) == {**OLD, "images/b.png": b"new b"}


@pytest.mark.parametrize("overwrite", [True, False])
def test_identical_results_are_accepted_silently(tmp_path: Path, overwrite: bool) -> None:
    root = fill(tmp_path / "d", OLD)
    times = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    with Transaction(root, "test", {}) as change:
        stage(change, {"images/a.png": b"old a", "index.csv": b"old index"})
        assert change.commit(overwrite=overwrite, remove=REMOVED) == []
    assert files_of(root, hidden=True) == OLD
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()} == {
        path: time for path, time in times.items() if path.is_file()
    }


def test_interrupted_work_goes_on_with_the_same_settings_only(tmp_path: Path) -> None:
    def begin(settings: dict[str, object]) -> bool:
        with pytest.raises(KeyboardInterrupt), Transaction(tmp_path / "d", "test", settings) as change:
            found = (change.staging / "new" / "images" / "a.png").exists()
            stage(change, {"images/a.png": b"finished"})
            write_text(change.path("images/.host-0123456789ab.part"), "half")
            raise KeyboardInterrupt
        return found

    assert [begin({"n": 1}), begin({"n": 1}), begin({"n": 2}), begin({"n": 2})] == [False, True, False, True]
    with Transaction(tmp_path / "d", "test", {"n": 2}) as change:
        assert not list(change.staging.rglob("*.part"))
        change.commit(overwrite=False)
    assert files_of(tmp_path / "d", hidden=True) == {"images/a.png": b"finished"}


def test_a_failure_before_anything_is_made_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(SegError), Transaction(tmp_path / "d", "test", {}):
        raise SegError("wrong from the start")
    assert list(tmp_path.iterdir()) == []


def test_discard_keeps_the_dataset(tmp_path: Path) -> None:
    root = fill(tmp_path / "d", OLD)
    with Transaction(root, "test", {}) as change:
        stage(change, NEW)
        change.discard()
    assert files_of(root, hidden=True) == OLD


def test_full_disk_at_the_commit_record_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = fill(tmp_path / "d", OLD)
    with pytest.raises(SegError, match="no space left on the disk"), Transaction(root, "test", {}) as change:
        stage(change, NEW)
        with monkeypatch.context() as patch:
            patch.setattr(Path, "write_bytes", no_space)
            change.commit(overwrite=True, remove=REMOVED)
    recover(root)
    assert files_of(root) == OLD
    with Transaction(root, "test", {}) as change:  # with free space, it goes on
        change.commit(overwrite=True, remove=REMOVED)
    assert files_of(root, hidden=True) == REPLACED


def test_recover_leaves_other_folders_alone(tmp_path: Path) -> None:
    recover(tmp_path / "nowhere")
    root = fill(tmp_path / "d", {**OLD, ".unfinished-synth/new/images/x.png": b"not finished"})
    recover(root)
    assert files_of(root, hidden=True) == {**OLD, ".unfinished-synth/new/images/x.png": b"not finished"}


@pytest.mark.parametrize("part", ["remove", "move"])
@pytest.mark.parametrize("name", ["../victim.txt", "images/../../victim.txt", "{outside}/victim.txt"])
def test_a_dataset_of_others_changes_nothing_outside_of_itself(tmp_path: Path, part: str, name: str) -> None:
    """A commit record that no command writes: whoever opens the dataset would write, or lose, any file."""
    root = fill(tmp_path / "d", OLD)
    fill(tmp_path, {"victim.txt": b"mine"})
    name = name.format(outside=tmp_path)
    record = {"remove": [], "move": [], part: [name]}
    fill(root / ".unfinished-x", {"commit.json": json.dumps(record).encode(), "victim.txt": b"theirs"})
    with pytest.raises(SegError, match="outside of the dataset; remove this folder"):
        recover(root)
    assert (tmp_path / "victim.txt").read_bytes() == b"mine"
