"""A commit with something in its way, or of a stranger: told before anything is changed, and nothing outside is."""

import errno
import itertools
import json
import os
import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import prep.dataset.lock
from prep.core.errors import SegError
from prep.dataset import commit
from prep.dataset.commit import between_commits, pending
from prep.dataset.dataset import Dataset, find_dataset, is_dataset
from prep.dataset.index import read_index, write_index
from prep.dataset.provenance import record
from prep.dataset.transaction import Transaction
from tests.prep.dataset.committing import NEW, OLD, REPLACED, files_of, fill, recover, replace_all, stage
from tests.support import Killed, run_error, run_ok, run_prep, tree

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="links need a right on Windows")


pytestmark = pytest.mark.usefixtures("short_wait")


def half_moved(dataset: Dataset) -> Path:
    """As a command leaves the dataset that was killed after it moved the first of two files."""
    shutil.copytree(dataset.root / "masks", dataset.root / ".unfinished-synth-00000000" / "new" / "masks")
    staging = dataset.root / ".unfinished-synth-00000000"
    shutil.copy(dataset.root / "index.csv", staging / "new" / "index.csv")
    names = [f"masks/{path.name}" for path in sorted((staging / "new" / "masks").iterdir())]
    (staging / "commit.json").write_text(json.dumps({"remove": [], "move": [*names, "index.csv"]}))
    (staging / "new" / names[0]).replace(dataset.root / names[0])
    return staging


# In the way


def add(root: Path) -> None:
    with Transaction(root, "test", {"n": 1}) as change:
        stage(change, NEW)
        change.commit(overwrite=True)


@pytest.mark.parametrize("name", ["images/b.png", "images", "index.csv"])
def test_what_stands_in_the_way_is_told_before_anything_is_changed(tmp_path: Path, name: str) -> None:
    root = fill(tmp_path / "d", {"classes.json": b"old classes", "masks/a.png": b"old mask"})
    fill(root, {"images": b"a file"} if name == "images" else {f"{name}/mine": b"mine"})
    before = files_of(root)
    is_there, belongs = ("file", "folder") if name == "images" else ("folder", "file")
    with pytest.raises(SegError, match=rf"{name}: is a {is_there}, and a {belongs} has to be there; move it away"):
        add(root)
    assert files_of(root) == before
    shutil.move(root / name, tmp_path / "away")
    add(root)
    assert files_of(root, hidden=True) == {**NEW, "masks/a.png": b"old mask"}


def test_a_folder_in_the_place_of_a_file_is_not_to_be_overwritten(dataset: Dataset) -> None:
    (dataset.root / "stats.json").mkdir()
    for options in ([], ["--overwrite"]):
        said = run_error("stats", dataset.root, *options)
        assert said.endswith("stats.json: is a folder, and a file has to be there; move it away")
    (dataset.root / "stats.json").rmdir()
    run_ok("stats", dataset.root)


@posix_only
@pytest.mark.skipif(sys.platform != "win32" and os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_told_before_anything_is_changed(tmp_path: Path) -> None:
    root = fill(tmp_path / "d", OLD)
    (root / "images").chmod(0o500)
    try:
        with pytest.raises(SegError, match="images: permission denied"):
            replace_all(root)
        assert files_of(root) == OLD
    finally:
        (root / "images").chmod(0o700)


@posix_only
@pytest.mark.parametrize("what", ["index.csv", "patches/size8", "patches/size8/inner"])
def test_what_only_its_owner_may_take_away_is_told_before_anything_is_changed(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Of several people who share a folder: under the sticky bit, or with a folder in it that is another person's."""
    inner = dataset.root / "patches" / "size8" / "inner"
    inner.mkdir(parents=True)
    path = dataset.root / what
    if what == "patches/size8/inner":
        access = os.access
        monkeypatch.setattr(os, "access", lambda name, mode: Path(name) != inner and access(name, mode))
    else:
        path.parent.chmod(0o1777)
        monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    before = files_of(dataset.root)
    with Transaction(dataset.root, "split", {}) as change:
        change.path("index.csv").write_text("new")
        with pytest.raises(SegError, match=f"{what}: (only its owner may replace it here|permission denied)"):
            change.commit(overwrite=True, remove=["patches/size8"])
        change.discard()
    assert files_of(dataset.root) == before
    assert not pending(dataset.root)


def test_what_comes_in_the_way_later_is_named_and_the_move_goes_on_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = fill(tmp_path / "d", OLD)
    real = Path.replace

    def in_the_way(path: Path, target: Path) -> Path:
        if Path(target).name == "b.png":
            Path(target).mkdir(exist_ok=True)
        return real(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", in_the_way)
        with pytest.raises(SegError, match=r"images/b\.png: is a folder; a file is expected here"):
            replace_all(root)
    with pytest.raises(SegError, match=r"images/b\.png: is a folder"):
        recover(root)
    (root / "images" / "b.png").rmdir()
    recover(root)
    assert files_of(root, hidden=True) == REPLACED


@pytest.mark.parametrize("countdown", range(12))
def test_a_part_of_the_dataset_on_another_drive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, countdown: int
) -> None:
    """There files are copied; also when the process dies on the way, the dataset is the new one in the end."""
    root = fill(tmp_path / "d", OLD)

    moves = [0]

    def drive(path: Path) -> str:
        parts = Path(path).relative_to(root).parts
        return "images" if parts[0] == "images" else "root"

    def apart(real: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
        def move(path: Path, target: Path) -> Path:
            moves[0] += 1
            if moves[0] == countdown and pending(root):
                raise Killed
            if drive(path) != drive(target):
                raise OSError(18, "Invalid cross-device link")
            return real(path, target)

        return move

    with monkeypatch.context() as patch:
        for name in ("rename", "replace"):
            patch.setattr(Path, name, apart(getattr(Path, name)))
        try:
            replace_all(root)
        except Killed:
            recover(root)
    assert files_of(root, hidden=True) == REPLACED


def test_a_folder_that_goes_and_is_a_drive_of_its_own_is_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can move or remove it while the drive is mounted there."""
    root = fill(tmp_path / "d", {**OLD, "patches/size16/images.npy": b"old"})
    mounted = str(root / "patches")

    def busy(real: Callable[..., object]) -> Callable[..., object]:
        def change(path: object, *others: object, **options: object) -> object:
            if str(path) in (mounted, "patches") and not options.get("dir_fd"):
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
            return real(path, *others, **options)

        return change

    with monkeypatch.context() as patch, Transaction(root, "test", {"n": 1}) as change:
        patch.setattr(Path, "rename", busy(Path.rename))
        patch.setattr(os, "rmdir", busy(os.rmdir))
        stage(change, NEW)
        change.commit(overwrite=True, remove=["patches"])
    assert list((root / "patches").iterdir()) == []
    left = {name: content for name, content in OLD.items() if not name.startswith("patches/")}
    assert files_of(root, hidden=True) == {**left, **NEW}


# Strangers


@posix_only
@pytest.mark.parametrize("part", ["remove", "move"])
def test_a_link_in_a_dataset_leads_no_commit_out_of_it(tmp_path: Path, part: str) -> None:
    outside = fill(tmp_path / "outside", {"victim.txt": b"mine"})
    root = fill(tmp_path / "d", OLD)
    (root / "linked").symlink_to(outside)
    fill(root / ".unfinished-x", {
        "commit.json": json.dumps({"remove": [], "move": [], part: ["linked/victim.txt"]}).encode(),
        "new/linked/victim.txt": b"theirs",
    })  # fmt: skip
    for command in ("stats", "check"):
        run_prep(command, root)
    with pytest.raises(SegError, match="linked: is a link, and results are not written through links"):
        recover(root)
    assert tree(outside) == {"victim.txt": b"mine"}


@posix_only
@pytest.mark.parametrize("what", ["staging", "new", "folder", "file", "record"])
def test_a_link_in_a_hidden_folder_is_no_result(tmp_path: Path, what: str) -> None:
    outside = fill(tmp_path / "outside", {
        "commit.json": b'{"remove": ["masks"], "move": ["images/a.png"]}', "new/images/a.png": b"secret",
    })  # fmt: skip
    root = fill(tmp_path / "d", OLD)
    staging = root / ".unfinished-x"
    if what == "staging":
        staging.symlink_to(outside)
    else:
        shutil.copytree(outside, staging)
        path = {"new": "new", "folder": "new/images", "file": "new/images/a.png", "record": "commit.json"}[what]
        shutil.rmtree(staging / path) if (staging / path).is_dir() else (staging / path).unlink()
        (staging / path).symlink_to(outside / path)
    before = tree(tmp_path)
    with pytest.raises(SegError):
        recover(root)
    assert tree(tmp_path) == before


@posix_only
def test_part_files_elsewhere_are_not_removed_through_a_link(tmp_path: Path) -> None:
    """As after a command that was killed, which the lock file of a stranger may well say."""
    outside = fill(tmp_path / "outside", {".host-0123456789ab.part": b"mine"})
    root = fill(tmp_path / "d", {"index.csv": OLD["index.csv"], ".lock": b" {}"})
    (root / "masks").symlink_to(outside)
    recover(root)
    assert tree(outside) == {".host-0123456789ab.part": b"mine"}


@posix_only
def test_a_record_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    root = fill(tmp_path / "d", OLD)
    (root / ".unfinished-x").mkdir()
    os.mkfifo(root / ".unfinished-x" / "commit.json")
    with pytest.raises(SegError, match="is no plain file; remove it"):
        recover(root)
    assert not is_dataset(tmp_path / "elsewhere")


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "7", "{}", "[" * 100_000),
        *('{"remove": 1, "move": []}', '{"remove": [], "move": [[]]}', '{"remove": "PPP", "move": []}'),
        '{"remove": [], "move": ["\\ud800"]}',
    ],
)
def test_a_record_that_no_command_wrote(tmp_path: Path, content: str) -> None:
    root = fill(tmp_path / "d", OLD)
    fill(root / ".unfinished-x", {"commit.json": content.encode()})
    with pytest.raises(SegError, match="remove"):
        recover(root)
    assert files_of(root) == OLD
    assert is_dataset(root)


@pytest.mark.parametrize("name", [".", "", "./.", ".lock", ".unfinished-y/new", "a\0b"])
def test_a_record_of_what_is_no_result(tmp_path: Path, name: str) -> None:
    root = fill(tmp_path / "d", OLD)
    fill(root / ".unfinished-x", {"commit.json": json.dumps({"remove": [name], "move": []}).encode()})
    with pytest.raises(SegError, match="remove this folder"):
        recover(root)
    assert files_of(root) == OLD


@posix_only
def test_nobody_goes_on_in_a_hidden_folder_that_leads_elsewhere(dataset: Dataset, tmp_path: Path) -> None:
    """With the settings of the command that is typed, and a link where its results go."""
    (tmp_path / "outside").mkdir()
    settings: dict[str, object] = {"n": 1}
    with pytest.raises(KeyboardInterrupt), Transaction(dataset.root, "test", settings) as change:
        stage(change, {"patches/a": b"a"})
        raise KeyboardInterrupt
    staging = change.staging
    shutil.rmtree(staging / "new" / "patches")
    (staging / "new" / "patches").symlink_to(tmp_path / "outside")
    with Transaction(dataset.root, "test", settings) as change:
        stage(change, {"patches/a": b"a"})
    assert not list((tmp_path / "outside").iterdir())


@posix_only
def test_provenance_is_not_written_through_a_link(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "victim.txt").write_text("mine")
    (dataset.root / "provenance.jsonl").unlink(missing_ok=True)
    (dataset.root / "provenance.jsonl").symlink_to(tmp_path / "victim.txt")
    with pytest.raises(SegError, match=r"provenance\.jsonl: is a link"):
        record(dataset.root, "seg-prep test", {}, 0.0)
    assert (tmp_path / "victim.txt").read_text() == "mine"


def test_the_commands_on_a_copy_by_hard_links_are_not_noted_in_the_original(dataset: Dataset, tmp_path: Path) -> None:
    run_ok("stats", dataset.root)
    before = (dataset.root / "provenance.jsonl").read_text()
    shutil.copytree(dataset.root, tmp_path / "copy", copy_function=os.link)
    run_ok("split", tmp_path / "copy", "--overwrite")
    assert (tmp_path / "copy" / "provenance.jsonl").read_text() != before
    assert (dataset.root / "provenance.jsonl").read_text() == before


def test_an_index_that_names_files_elsewhere_removes_none_of_them(dataset: Dataset, tmp_path: Path) -> None:
    """Masks that are converted anew replace the old files, which a stranger's index could seek anywhere."""
    victim = tmp_path / "datasets" / "victim.png"
    shutil.copy(dataset.root / "images" / "image_000000.png", victim)
    samples = list(read_index(dataset.root / "index.csv"))
    samples[0] = replace(samples[0], image="../victim.png")
    write_index(dataset.root / "index.csv", samples)
    said = run_error("synth", "--n", 3, "-o", dataset.root, "--overwrite")
    assert "'../victim.png' of image_000000 lies outside of the dataset" in said
    assert victim.exists()


# Readers


def test_whoever_reads_leaves_a_half_moved_dataset_as_it_is(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half_moved(dataset)
    before = tree(dataset.root, provenance=True)
    result = run_prep("check", dataset.root)
    assert result.exit_code == 1
    assert result.stdout.startswith("error: 1 command was killed while moving results into the dataset")
    assert "1 error, 0 warnings, 0 remarks" in result.stdout
    said = run_error("masks", "export", dataset.root, "--to", "rgb", "-o", tmp_path / "out")
    assert "was killed while it moved its results in. Type it again, or any other command" in said
    monkeypatch.chdir(dataset.root.parents[1])
    assert find_dataset(None) == Path("datasets/synth")
    assert tree(dataset.root, provenance=True) == before
    run_ok("stats")
    assert not pending(dataset.root)
    run_ok("check")


def test_a_first_dataset_that_is_half_moved_is_found_by_the_next_command(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    staging = half_moved(dataset)
    shutil.move(dataset.root / "index.csv", staging / "new" / "index.csv")
    monkeypatch.chdir(dataset.root.parents[1])
    assert run_prep("check").stdout.startswith("error: 1 command was killed")
    run_ok("stats")
    assert Dataset.open(dataset.root) == dataset


def test_a_reader_waits_for_a_commit_that_is_under_way(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins in the middle of the commit, and gets the whole new dataset."""
    monkeypatch.setattr(prep.dataset.lock, "WAIT_S", 600.0)
    found: list[Dataset] = []
    reader = threading.Thread(target=lambda: found.append(Dataset.open(dataset.root)))
    real = Path.replace

    def replace(path: Path, target: Path) -> Path:
        if Path(target) == dataset.root / "classes.json":  # in the middle: the index is not there yet
            reader.start()
            reader.join(0.2)
            assert not found
        return real(path, target)

    with monkeypatch.context() as patch, Transaction(dataset.root, "test", {}) as change:
        patch.setattr(Path, "replace", replace)
        text = (dataset.root / "classes.json").read_text()
        change.path("classes.json").write_text(text.replace("ellipse", "disk"))
        write_index(change.path("index.csv"), dataset.samples[:5])
        change.commit(overwrite=True)
    reader.join(600)
    assert found[0].classes.names == ("background", "line", "disk")
    assert found[0].samples == dataset.samples[:5]


STEPS = (("record", True), ("mask", "new"), ("index", "new"), ("record", False))
"""What a commit does, one after the other."""


@pytest.mark.parametrize("order", [STEPS, (STEPS[0], STEPS[2], STEPS[1], STEPS[3])], ids=["mask first", "index first"])
def test_no_moment_of_a_commit_lets_a_reader_see_half_of_it(
    order: tuple[tuple[str, object], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every way in which the steps of a commit can fall between those of the reader."""
    moments = itertools.count()

    def reads(look: Callable[[], object]) -> Callable[..., object]:
        def at_this_moment(*_: object) -> object:
            now = next(moments)
            for step in (step for step, moment in zip(order, due, strict=True) if moment == now):
                disk.update([step])
            return look()

        return at_this_moment

    look_for_commits = reads(lambda: [Path("a commit")] if disk["record"] else [])
    look_at_index, look_at_mask = reads(lambda: disk["index"]), reads(lambda: disk["mask"])

    def wait_for_commits(*_: object) -> None:
        while look_for_commits():
            pass

    monkeypatch.setattr(commit, "pending", look_for_commits)
    monkeypatch.setattr(commit, "stamps", look_at_index)
    monkeypatch.setattr(commit, "wait_for_commits", wait_for_commits)
    seen = set()
    for due in itertools.combinations_with_replacement(range(16), len(order)):
        moments, disk = itertools.count(), {"record": False, "mask": "old", "index": "old"}
        found = between_commits(Path(), ["index"], lambda: (look_at_index(), look_at_mask(), look_at_index()))
        assert len(set(found)) == 1, (due, found)
        seen.add(found[0])
    assert seen == {"old", "new"}


def test_what_is_opened_as_it_is_tells_of_every_change_since(dataset: Dataset) -> None:
    opened, fingerprint = Dataset.open_as_it_is(dataset.root)
    assert opened == dataset
    opened.refuse_change(fingerprint)
    mask = dataset.root / dataset.samples[0].mask
    os.utime(mask, ns=(1, 1))
    with pytest.raises(SegError, match="was changed while it was read; nothing was written"):
        opened.refuse_change(fingerprint)
