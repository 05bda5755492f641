"""Nothing that a person drew is lost or half-written, whatever dies, and whoever else writes."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from prep.annotate.model.proposal_files import ProposalFiles
from prep.annotate.sam.embedding_files import EmbeddingFiles
from prep.annotate.store import mask_counts
from prep.annotate.store import store as module
from prep.annotate.store.store import AnnotationStore, Conflict
from prep.annotate.store.versions import SaveNotes
from prep.checking.check import check_dataset
from prep.core.classes import ClassMap, write_classes
from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.dataset.index import read_index, write_index
from prep.dataset.states import read_states
from prep.images.imageio import write_png
from prep.web.guard import Refusal
from tests.prep.annotate.store.storing import block, died, files_of, named_mask, on_disk, send, to_label
from tests.support import CLASSES, no_space, random_image, random_mask, run_error, wait_until

BEFORE = pytest.mark.parametrize("before", [True, False], ids=["before", "after"])


def expected(*blocks: tuple[int, int, int, int, int], size: tuple[int, int] = (24, 32)) -> np.ndarray:
    mask = np.full(size, 255, np.uint8)
    for x, y, width, height, value in blocks:
        mask[y : y + height, x : x + width] = value
    return mask


FIRST, SECOND = (2, 3, 8, 9, 1), (6, 6, 20, 4, 2)


def put_mask(root: Path, stem: str, mask: np.ndarray) -> None:
    """Write a mask as another command does."""
    (root / "masks").mkdir(parents=True, exist_ok=True)
    write_png(root / "masks" / f"{stem}.png", mask)


# What a save does.


def test_a_save_is_on_the_disk_when_it_is_answered(tmp_path: Path) -> None:
    root = to_label(tmp_path / "d")
    store = AnnotationStore(root)
    entry = send(store, "s0", block(*FIRST), "none", "one")
    np.testing.assert_array_equal(on_disk(root, "s0"), expected(FIRST))
    assert (entry.state, entry.classes, entry.labelled) == ("in work", [1], pytest.approx(72 / 768))
    assert named_mask(root, "s0") == "masks/s0.png"
    assert named_mask(root, "s1") == ""
    assert read_states(root / "states.csv") == {"s0": "in work"}
    send(store, "s0", block(*SECOND), entry.version or "", "two")
    np.testing.assert_array_equal(on_disk(root, "s0"), expected(FIRST, SECOND))
    np.testing.assert_array_equal(store.mask("s0").pixels, expected(FIRST, SECOND))
    np.testing.assert_array_equal(Dataset.open(root).mask(Dataset.open(root).samples[0]), expected(FIRST, SECOND))


def test_of_two_pages_the_second_is_refused(tmp_path: Path) -> None:
    root = to_label(tmp_path / "d")
    store = AnnotationStore(root)
    send(store, "s0", block(*FIRST), "none", "one")
    before = files_of(root)
    with pytest.raises(Conflict, match="changed elsewhere") as conflict:
        send(store, "s0", block(*SECOND), "none", "other page")
    assert (conflict.value.kind, conflict.value.status) == ("mask", 409)
    assert files_of(root) == before


def test_a_save_whose_answer_was_lost_is_answered_as_done(tmp_path: Path) -> None:
    root = to_label(tmp_path / "d")
    first = send(AnnotationStore(root), "s0", block(*FIRST), "none", "one")
    for store in (AnnotationStore(root), AnnotationStore(root)):  # also by another server
        assert send(store, "s0", block(*FIRST), "none", "one") == first
    send(store, "s0", block(*SECOND), first.version or "", "two")
    with pytest.raises(Conflict):  # somebody went on: it is no longer the last save
        send(store, "s0", block(*FIRST), "none", "one")
    np.testing.assert_array_equal(on_disk(root, "s0"), expected(FIRST, SECOND))


def test_a_mask_that_another_command_changed_is_not_overwritten(tmp_path: Path) -> None:
    root = to_label(tmp_path / "d")
    store = AnnotationStore(root)
    base = send(store, "s0", block(*FIRST), "none", "one").version or ""
    put_mask(root, "s0", random_mask(1))
    for save in ("one", "two"):  # and it is not taken for a save of ours that was repeated
        with pytest.raises(Conflict):
            send(store, "s0", block(*SECOND), base, save)
    np.testing.assert_array_equal(on_disk(root, "s0"), random_mask(1))
    entry = send(store, "s0", block(*SECOND), store.mask("s0").version, "three")
    assert entry.classes == [0, 1, 2]


def test_a_mask_that_changes_while_a_save_is_encoded_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = to_label(tmp_path / "d")
    store = AnnotationStore(root)
    base = send(store, "s0", block(*FIRST), "none", "one").version or ""

    def slow(pixels: np.ndarray) -> bytes:
        put_mask(root, "s0", random_mask(1))
        return real(pixels)

    real = module.encode_png
    monkeypatch.setattr(module, "encode_png", slow)
    with pytest.raises(Conflict):
        send(store, "s0", block(*SECOND), base, "two")
    np.testing.assert_array_equal(on_disk(root, "s0"), random_mask(1))


def test_values_of_other_classes_are_refused(tmp_path: Path) -> None:
    root = to_label(tmp_path / "d")
    store = AnnotationStore(root)
    version = store.classes()[1]
    write_classes(root / "classes.json", ClassMap(("other", "classes"), CLASSES.colors[:2]))
    before = files_of(root)
    with pytest.raises(Conflict) as conflict:
        store.save("s0", block(*FIRST), base="none", save="one", classes_version=version)
    assert conflict.value.kind == "classes"
    with pytest.raises(Refusal, match=r"The value 2 is no class \(only 0 to 1 are\)"):
        send(store, "s0", block(*SECOND), "none", "one")
    assert files_of(root) == before


@pytest.mark.skipif(sys.platform == "win32", reason="whole paths are that long there")
def test_a_name_as_long_as_a_file_name_can_be(tmp_path: Path) -> None:
    root, stem = to_label(tmp_path / "d"), "x" * 251
    (root / "images" / "s1.png").rename(root / "images" / f"{stem}.png")
    first, second = read_index(root / "index.csv")
    write_index(root / "index.csv", [first, replace(second, stem=stem, image=f"images/{stem}.png")])
    entry = send(AnnotationStore(root), stem, block(*FIRST), "none", "one")
    again = AnnotationStore(root)
    assert send(again, stem, block(*FIRST), "none", "one") == entry, "the answer was lost"
    write_index(root / "index.csv", [first, replace(second, stem=stem, image=f"images/{stem}.png")])
    assert again.sample(stem).mask == f"masks/{stem}.png", "the index was not written any more"


def test_nothing_is_saved_on_a_photo_of_another_size_that_took_the_place_of_an_image(tmp_path: Path) -> None:
    root = to_label(tmp_path / "d")
    store, path = AnnotationStore(root), root / "images" / "s0.png"
    stored = send(store, "s0", block(*FIRST), "none", "one").version
    content, mask = path.read_bytes(), on_disk(root, "s0")
    write_png(path, random_image(7, 30, 90))
    words = r"s0\.png: 90 x 30 pixels, but index\.csv says 32 x 24; nothing is saved on it\. Put the photo back"
    for action in (lambda: store.mask("s0"), lambda: send(store, "s0", block(*FIRST), stored or "", "two")):
        with pytest.raises(SegError, match=words):
            action()
    np.testing.assert_array_equal(on_disk(root, "s0"), mask)
    path.write_bytes(content[:50])  # being copied
    assert store.mask("s0").version == stored
    path.write_bytes(content)
    assert send(store, "s0", block(0, 0, 3, 3, 2), stored or "", "two").version != stored


def test_without_classes_nothing_is_saved(tmp_path: Path) -> None:
    root = to_label(tmp_path / "d")
    (root / "classes.json").unlink()
    store = AnnotationStore(root)
    assert store.classes() == (ClassMap((), ()), "none")
    for value in (0, 255):
        with pytest.raises(Refusal, match="no classes yet"):
            send(store, "s0", block(0, 0, 1, 1, value), "none", "one")
    assert not (root / "masks").exists()


def test_a_mask_at_work_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = to_label(tmp_path / "d", [(24, 32)] * 6)
    decoded: list[Path] = []
    real = module.decode_mask
    monkeypatch.setattr(module, "decode_mask", lambda path, data: decoded.append(path) or real(path, data))
    for number in range(6):
        put_mask(root, f"s{number}", random_mask(number))
    store = AnnotationStore(root)
    for number in range(6):
        for save in range(3):
            send(store, f"s{number}", block(save, 0, 1, 1, save), store.mask(f"s{number}").version, f"{number} {save}")
    assert len(decoded) == 6
    store.mask("s0")
    assert len(decoded) == 7  # only a few stay in memory


# States.


def test_a_rejected_image_is_left_out_and_comes_back(tmp_path: Path) -> None:
    root = to_label(tmp_path / "d")
    store = AnnotationStore(root)
    base = send(store, "s0", block(*FIRST), "none", "one").version or ""
    assert store.set_state("s0", "rejected").state == "rejected"
    assert named_mask(root, "s0") == ""
    assert not Dataset.open(root).of_split()
    np.testing.assert_array_equal(store.mask("s0").pixels, expected(FIRST))
    assert send(store, "s0", block(*SECOND), base, "two").state == "rejected"  # its mask may still be changed
    assert named_mask(root, "s0") == ""
    for state in ("done", "rejected", "new"):
        assert store.set_state("s0", state).state == state
    assert named_mask(root, "s0") == "masks/s0.png"
    np.testing.assert_array_equal(on_disk(root, "s0"), expected(FIRST, SECOND))
    assert read_states(root / "states.csv") == {}
    assert store.set_state("s1", "rejected").classes == []
    store.set_state("s1", "done")
    assert named_mask(root, "s1") == ""  # it has none


def test_a_save_comes_after_a_command_that_was_killed_while_it_moved_files(tmp_path: Path) -> None:
    """Whoever writes next finishes that: after the save, it would put the other mask over the one of a person."""
    root = to_label(tmp_path / "d")
    store = AnnotationStore(root)
    unfinished = root / ".unfinished-masks-convert"
    put_mask(unfinished / "new", "s0", np.zeros((24, 32), np.uint8))
    (unfinished / "commit.json").write_text('{"remove": [], "move": ["masks/s0.png"]}')
    with pytest.raises(Conflict):
        send(store, "s0", block(*FIRST), "none", "one")
    assert (on_disk(root, "s0") == 0).all()


def test_a_rejected_mask_keeps_the_classes_from_changing_behind_it(tmp_path: Path) -> None:
    """It could come back, and its numbers would mean something else."""
    root = to_label(tmp_path / "d")
    store = AnnotationStore(root)
    send(store, "s0", block(*FIRST), "none", "one")
    store.set_state("s0", "rejected")
    store.close()
    (tmp_path / "labels").mkdir()
    write_png(tmp_path / "labels" / "s1.png", np.zeros((40, 30), np.uint8))
    (tmp_path / "classes.txt").write_text("sky,#0000ff\nroad,#808080\n")
    arguments = ["masks", "convert", tmp_path / "labels", "-o", root, "--classes", tmp_path / "classes.txt"]
    told = run_error(*arguments, "--skip-unpaired", "--overwrite")
    assert "1 of its masks is not among these (s0)" in told
    assert Dataset.open(root).classes == CLASSES


def test_a_mask_of_another_name_is_used_and_not_lost(tmp_path: Path) -> None:
    root = to_label(tmp_path / "d")
    put_mask(root, "other", random_mask(1))
    samples = read_index(root / "index.csv")
    write_index(root / "index.csv", [replace(samples[0], mask="masks/other.png"), *samples[1:]])
    store = AnnotationStore(root)
    send(store, "s0", block(*FIRST), store.mask("s0").version, "one")
    changed = random_mask(1)
    changed[3:12, 2:10] = 1
    np.testing.assert_array_equal(on_disk(root, "other"), changed)
    with pytest.raises(Refusal, match=r"Rename it to masks/s0\.png, also in index\.csv"):
        store.set_state("s0", "rejected")
    assert (store.entry("s0").state, named_mask(root, "s0")) == ("in work", "masks/other.png")


def test_unknown_states_and_images_are_refused(tmp_path: Path) -> None:
    store = AnnotationStore(to_label(tmp_path / "d"))
    with pytest.raises(Refusal, match="'finished' is no state of an image; use new, in work, done, rejected"):
        store.set_state("s0", "finished")
    with pytest.raises(Refusal, match="no image 's9'"):
        store.set_state("s9", "done")
    with pytest.raises(Refusal, match="no image 's9'"):
        send(store, "s9", block(*FIRST), "none", "one")


def test_what_is_touched_and_undone_is_not_labelled(tmp_path: Path) -> None:
    """Its mask would hold ignored pixels only, and count as a training image."""
    root = to_label(tmp_path / "d")
    store = AnnotationStore(root)
    before = read_index(root / "index.csv")
    untouched = store.entry("s1")
    painted = send(store, "s0", block(3, 4, 5, 6, 1), "none", "one")
    assert named_mask(root, "s0") == "masks/s0.png"
    undone = send(store, "s0", block(3, 4, 5, 6, 255), painted.version or "", "two")
    assert read_index(root / "index.csv") == before
    assert on_disk(root, "s0") is None
    assert (undone.version, undone.labelled, undone.classes) == (
        untouched.version,
        untouched.labelled,
        untouched.classes,
    )
    assert send(store, "s0", block(3, 4, 5, 6, 255), painted.version or "", "two") == undone, "its answer was lost"
    redone = send(store, "s0", block(3, 4, 5, 6, 1), undone.version or "", "three")
    assert redone.version == painted.version
    assert named_mask(AnnotationStore(root).root, "s0") == "masks/s0.png"


# Death.


@BEFORE
@pytest.mark.parametrize("begun", ["untouched", "labelled", "rejected"])
def test_death_at_every_point_of_a_save(tmp_path: Path, begun: str, before: bool) -> None:
    """Old mask or new mask, never half; the records fit it after reopening; the same save again makes the new one."""
    outcomes = []
    for countdown in range(100):
        root = to_label(tmp_path / f"{countdown}")
        store = AnnotationStore(root)
        base = "none"
        if begun != "untouched":
            base = send(store, "s0", block(*FIRST), base, "one").version or ""
        if begun == "rejected":
            store.set_state("s0", "rejected")
        old = on_disk(root, "s0")
        new = expected(SECOND) if old is None else expected(FIRST, SECOND)
        if not died(
            countdown, lambda store=store, base=base: send(store, "s0", block(*SECOND), base, "two"), before=before
        ):
            break
        again = AnnotationStore(root)
        found = on_disk(root, "s0")
        is_new = found is not None and np.array_equal(found, new)
        assert is_new or (old is None and found is None) or np.array_equal(found, old)
        assert not list(root.rglob("*.part"))
        assert named_mask(root, "s0") == ("" if found is None or begun == "rejected" else "masks/s0.png")
        state = again.entry("s0").state
        assert state in {"untouched": ("new", "in work")}.get(
            begun, ("rejected" if begun == "rejected" else "in work",)
        )
        assert state != "new" or not is_new
        if is_new:  # a page that knows nothing of it is refused
            with pytest.raises(Conflict):
                send(again, "s0", block(0, 0, 1, 1, 0), base, "other page")
        entry = send(again, "s0", block(*SECOND), base, "two")
        np.testing.assert_array_equal(on_disk(root, "s0"), new)
        assert entry.version == again.mask("s0").version
        assert named_mask(root, "s0") == ("" if begun == "rejected" else "masks/s0.png")
        outcomes.append(is_new)
    assert len(outcomes) >= 4
    assert outcomes == sorted(outcomes)  # first old, then new; nothing comes back
    assert outcomes[0] is False
    assert before or outcomes[-1]


@BEFORE
def test_death_at_every_point_of_a_save_that_leaves_nothing(tmp_path: Path, before: bool) -> None:
    outcomes = []
    for countdown in range(100):
        root = to_label(tmp_path / f"{countdown}")
        store = AnnotationStore(root)
        base = send(store, "s0", block(*FIRST), "none", "one").version or ""
        erased = block(0, 0, 32, 24, 255)
        erase = partial(send, store, "s0", erased, base, "two")
        if not died(countdown, erase, before=before):
            break
        again = AnnotationStore(root)
        found = on_disk(root, "s0")
        assert found is None or np.array_equal(found, expected(FIRST))
        assert named_mask(root, "s0") == ("" if found is None else "masks/s0.png")
        assert send(again, "s0", erased, base, "two").version == "none"
        assert (on_disk(root, "s0"), named_mask(root, "s0")) == (None, "")
        outcomes.append(found is None)
    assert len(outcomes) >= 3
    assert outcomes == sorted(outcomes)
    assert outcomes[0] is False


@BEFORE
@pytest.mark.parametrize(("old", "new"), [("in work", "rejected"), ("rejected", "done"), ("done", "new")])
def test_death_at_every_point_of_a_change_of_state(tmp_path: Path, old: str, new: str, before: bool) -> None:
    outcomes = []
    for countdown in range(100):
        root = to_label(tmp_path / f"{countdown}")
        store = AnnotationStore(root)
        send(store, "s0", block(*FIRST), "none", "one")
        store.set_state("s0", old)
        if not died(countdown, partial(store.set_state, "s0", new), before=before):
            break
        state = AnnotationStore(root).entry("s0").state
        assert state in (old, new)
        assert named_mask(root, "s0") == ("" if state == "rejected" else "masks/s0.png")
        np.testing.assert_array_equal(on_disk(root, "s0"), expected(FIRST))
        outcomes.append(state == new)
        assert AnnotationStore(root).set_state("s0", new).state == new
    assert outcomes == sorted(outcomes)
    assert len(outcomes) >= 2


CHILD = """
import sys
from pathlib import Path
from prep.annotate.store.store import AnnotationStore
from tests.prep.annotate.store.storing import block, send
root, number = Path(sys.argv[1]), int(sys.argv[2])
store = AnnotationStore(root)
version = store.mask("s0").version
while True:
    body = block(number % 32, number // 32 % 24, 1, 1, number % 3)
    version = send(store, "s0", body, version, f"save {number}").version
    print(number, version, flush=True)
    number += 1
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_kill_9_in_a_loop_of_saves(tmp_path: Path) -> None:
    """What was answered is there; of the save at work all or nothing; sent again, it is there, once."""
    root = to_label(tmp_path / "d")
    number, version, mask = 0, "none", np.full((24, 32), 255, np.uint8)

    def paint(save: int) -> None:
        mask[save // 32 % 24, save % 32] = save % 3

    for kill in range(3):
        command = [sys.executable, "-c", CHILD, str(root), str(number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[4]) as process:
            assert process.stdout
            lines = [process.stdout.readline() for _ in range(5 + kill)]
            time.sleep(kill * 0.0017)
            process.kill()
            lines += process.stdout.readlines()
        answers = [line.split() for line in lines if line.endswith("\n")]
        for answer, _ in answers:
            assert int(answer) == number
            paint(number)
            number += 1
        version = answers[-1][1]
        found = on_disk(root, "s0")
        at_work = mask.copy()
        at_work[number // 32 % 24, number % 32] = number % 3
        assert np.array_equal(found, mask) or np.array_equal(found, at_work)
        body = block(number % 32, number // 32 % 24, 1, 1, number % 3)
        store = AnnotationStore(root)
        entry = send(store, "s0", body, version, f"save {number}")
        paint(number)
        number += 1
        np.testing.assert_array_equal(on_disk(root, "s0"), mask)
        assert named_mask(root, "s0") == "masks/s0.png"
        assert entry.version == store.mask("s0").version
        store.close()
    assert not [finding for finding in check_dataset(root, 1) if finding.severity == "error"]


def test_a_full_disk_is_told_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = to_label(tmp_path / "d")
    store = AnnotationStore(root)
    base = send(store, "s0", block(*FIRST), "none", "one").version or ""
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", no_space)
        with pytest.raises(SegError, match="no space left on the disk"):
            send(store, "s0", block(*SECOND), base, "two")
    np.testing.assert_array_equal(on_disk(root, "s0"), expected(FIRST))
    np.testing.assert_array_equal(store.mask("s0").pixels, expected(FIRST))
    send(store, "s0", block(*SECOND), base, "two")
    np.testing.assert_array_equal(on_disk(root, "s0"), expected(FIRST, SECOND))


def test_closing_finishes_the_save_at_work_and_refuses_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = to_label(tmp_path / "d")
    store = AnnotationStore(root)
    entered = threading.Event()

    def slow(pixels: np.ndarray) -> bytes:
        entered.set()
        time.sleep(0.2)
        return real(pixels)

    real = module.encode_png
    monkeypatch.setattr(module, "encode_png", slow)
    thread = threading.Thread(target=send, args=(store, "s0", block(*FIRST), "none", "one"))
    thread.start()
    entered.wait()
    store.close()
    np.testing.assert_array_equal(on_disk(root, "s0"), expected(FIRST))
    thread.join()
    with pytest.raises(Refusal, match="stopping") as refusal:
        send(store, "s0", block(*SECOND), store.mask("s0").version, "two")
    assert refusal.value.status == 503
    np.testing.assert_array_equal(on_disk(root, "s0"), expected(FIRST))


# Others at the same dataset.


def test_what_other_commands_wrote_into_the_index_is_kept(tmp_path: Path) -> None:
    root = to_label(tmp_path / "d")
    store = AnnotationStore(root)
    stale = read_index(root / "index.csv")
    send(store, "s0", block(*FIRST), "none", "one")
    store.set_state("s1", "done")
    write_index(root / "index.csv", [replace(sample, group="g", split="val") for sample in stale])  # lost our mask
    send(store, "s1", block(*FIRST), "none", "two")
    samples = {sample.stem: sample for sample in read_index(root / "index.csv")}
    assert [(s.mask, s.group, s.split) for s in samples.values()] == [
        ("masks/s0.png", "g", "val"),
        ("masks/s1.png", "g", "val"),
    ]
    assert store.entry("s0").split == "val"


@pytest.mark.parametrize("pause", [0.0, 0.02])
def test_saves_of_many_threads_are_done_one_after_the_other(tmp_path: Path, pause: float) -> None:
    """Each thread reads, paints its own row and saves, again after a conflict: every row is there in the end."""
    root = to_label(tmp_path / "d")
    store = AnnotationStore(root)

    def label(row: int) -> None:
        while True:
            version = store.mask("s0").version
            time.sleep(pause * (row % 2))
            try:
                send(store, "s0", block(0, row, 32, 1, row % 3), version, f"row {row}")
            except Conflict:
                continue
            return

    threads = [threading.Thread(target=label, args=(row,)) for row in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(on_disk(root, "s0"), expected(*[(0, row, 32, 1, row % 3) for row in range(8)]))


# What the list says.


def test_masks_are_counted_once_and_again_when_a_mask_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[str] = []
    real = mask_counts.count_mask
    monkeypatch.setattr(mask_counts, "count_mask", lambda version, mask: counted.append(version) or real(version, mask))
    root = to_label(tmp_path / "d")
    put_mask(root, "s0", np.where(np.arange(768).reshape(24, 32) < 192, 2, 255).astype(np.uint8))
    store = AnnotationStore(root)
    assert store.entry("s0").classes in (None, [2])  # not yet, or already
    wait_until(lambda: store.entry("s0").classes == [2])
    assert store.entry("s0").labelled == 0.25
    assert store.entry("s1").labelled == 0.0
    store.close()
    store = AnnotationStore(root)
    assert (store.entry("s0").labelled, len(counted)) == (0.25, 1)
    put_mask(root, "s0", random_mask(1))
    wait_until(lambda: store.entry("s0").classes == [0, 1, 2])
    (root / "masks" / "s0.png").write_bytes(b"damaged")
    wait_until(lambda: store.entry("s0").classes is None and store.entry("s0").version)
    assert store.entry("s0").labelled is None
    store.close()
    (root / ".annotate" / "contents.json").write_text('{"masks/s0.png": 1}')
    AnnotationStore(root).close()  # and a cache of nonsense is no matter


def test_a_save_is_known_however_late_the_mask_before_it_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the thread counts of the old file comes after what the save knows of the new one."""
    read, go_on = threading.Event(), threading.Event()
    real = mask_counts.read_bytes

    def slow(path: Path) -> bytes:
        data = real(path)
        read.set()
        assert go_on.wait(60)
        return data

    monkeypatch.setattr(mask_counts, "read_bytes", slow)
    root = to_label(tmp_path / "d")
    put_mask(root, "s0", random_mask(0))
    store = AnnotationStore(root)
    assert store.entry("s0").version is None  # now it is counted
    assert read.wait(60)
    saved = send(store, "s0", block(0, 0, 32, 24, 2), store.mask("s0").version, "a save")
    go_on.set()
    store.close()  # waits for the thread
    assert saved.classes == [2]
    assert store.entry("s0") == saved


def test_a_mask_that_cannot_be_read_is_tried_again_only_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    real = mask_counts.read_bytes
    monkeypatch.setattr(mask_counts, "read_bytes", lambda path: tried.append(path.stem) or real(path))
    root = to_label(tmp_path / "d")
    put_mask(root, "s1", random_mask(1, 40, 30))
    (root / "masks" / "s0.png").touch()
    store = AnnotationStore(root)
    for _ in range(2):
        assert store.entry("s0").version is None
        put_mask(root, "s1", random_mask(2, 40, 30))
        wait_until(lambda: store.entry("s1").labelled is not None)  # the thread has gone on to what was asked for later
    assert tried.count("s0") == 1
    put_mask(root, "s0", random_mask(0))
    wait_until(lambda: store.entry("s0").labelled == 1.0)
    store.close()


def test_masks_that_do_not_fit_are_told_in_words(tmp_path: Path) -> None:
    root = to_label(tmp_path / "d")
    store = AnnotationStore(root)
    put_mask(root, "s0", random_mask(0, 10, 20))
    with pytest.raises(SegError, match=r"s0.png: 20 x 10 pixels, but its image has 32 x 24; move this mask away"):
        store.mask("s0")
    put_mask(root, "s0", np.full((24, 32), 7, np.uint8))
    with pytest.raises(SegError, match=r"s0.png: holds the value 7, but classes.json has only the classes 0 to 2"):
        store.mask("s0")
    (root / "masks" / "s0.png").write_bytes(b"not a PNG")
    with pytest.raises(SegError, match="truncated or damaged"):
        store.mask("s0")
    assert AnnotationStore(root).entry("s0").state == "new"  # nothing of it keeps the dataset from opening
    assert named_mask(root, "s0") == ""


def test_a_dataset_without_images_is_told(tmp_path: Path) -> None:
    write_index(tmp_path / "index.csv", [])
    with pytest.raises(SegError, match="no images to label; bring photos in with 'seg-prep resize PHOTOS -o"):
        AnnotationStore(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fsync of folders")
def test_a_save_waits_for_the_disk_before_and_after_the_mask_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut could leave an empty file under the name of a mask."""
    root = to_label(tmp_path / "d")
    steps: list[tuple[str, Path]] = []
    real_open, real_sync, real_replace = os.open, os.fsync, Path.replace
    opened: dict[int, Path] = {}

    def remember(path: Path, *arguments: int) -> int:
        descriptor = real_open(path, *arguments)
        opened[descriptor] = Path(path)
        return descriptor

    monkeypatch.setattr(os, "open", remember)
    monkeypatch.setattr(os, "fsync", lambda number: steps.append(("fsync", opened[number])) or real_sync(number))
    monkeypatch.setattr(Path, "replace", lambda path, to: steps.append(("rename", path)) or real_replace(path, to))
    send(AnnotationStore(root), "s0", block(*FIRST), "none", "one")
    mask = [(step, path.suffix or path.name) for step, path in steps if "masks" in path.parts]
    assert mask == [("fsync", ".part"), ("rename", ".part"), ("fsync", "masks")]


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes in folders there")
def test_a_pipe_in_the_place_of_a_hidden_file_is_not_waited_for(tmp_path: Path) -> None:
    """Of a dataset that somebody else made: the page would stand still, with the lock of its store."""
    notes, counts = SaveNotes(tmp_path / "saves"), tmp_path / "counts.json"
    proposals, embeddings = ProposalFiles(tmp_path / "a", "key"), EmbeddingFiles(tmp_path / "b", "key")
    (tmp_path / "saves").mkdir()
    for path in (notes._path("x"), counts, proposals._path("x"), embeddings._path("x")):
        os.mkfifo(path)
    assert not notes.made("x", "save", "version")
    assert mask_counts._read_cache(counts) == {}
    assert proposals.read("x", "image") is None
    assert (embeddings.read("x", "image"), embeddings.size("x", "image")) == (None, 0)
