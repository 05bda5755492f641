"""Which pixels were accepted from a proposal: kept beside the masks, and never believed against them."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from prep.annotate.store.class_changes import WantedClass, change_classes, plan_change
from prep.annotate.store.store import AnnotationStore
from prep.converting.masks import convert_masks
from prep.core.classes import ClassMap, write_classes
from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from tests.prep.annotate.learn.scenes import lay, paint
from tests.prep.annotate.store.storing import SIZES, died, to_label
from tests.support import Killed, save


def opened(tmp_path: Path) -> AnnotationStore:
    return AnnotationStore(to_label(tmp_path / "campus"))


def files(store: AnnotationStore) -> list[Path]:
    return list((store.root / ".annotate" / "accepted").glob("*"))


def test_strokes_alone_write_nothing(tmp_path: Path) -> None:
    store = opened(tmp_path)
    paint(store, "s0", np.s_[2:4, 2:9], 1)
    np.testing.assert_array_equal(store.by_hand("s0"), store.mask("s0").pixels)
    assert not files(store)


def test_accepted_pixels_are_not_by_hand_until_a_stroke_covers_them(tmp_path: Path) -> None:
    store = opened(tmp_path)
    paint(store, "s0", np.s_[2:6, 2:9], 1)
    expected = store.by_hand("s0").copy()
    lay(
        store,
        "s0",
        0,
        0,
        np.where(store.mask("s0").pixels == 255, 2, store.mask("s0").pixels).astype(np.uint8),
        proposed=True,
    )
    np.testing.assert_array_equal(store.by_hand("s0"), expected)
    for value in (0, 2):  # another class, then the one that was accepted
        paint(store, "s0", np.s_[10:12, 2:9], value)
        expected[10:12, 2:9] = value
        np.testing.assert_array_equal(store.by_hand("s0"), expected)
    np.testing.assert_array_equal(AnnotationStore(store.root).by_hand("s0"), expected, "after a restart")


def test_taken_back_and_done_again(tmp_path: Path) -> None:
    store = opened(tmp_path)
    box = np.s_[2:6, 2:9]
    for value in (1, 255, 1):
        paint(store, "s0", box, value, proposed=True)
        assert (store.by_hand("s0") == 255).all()
    paint(store, "s0", box, 255, proposed=True)
    paint(store, "s0", box, 1)
    assert (store.by_hand("s0")[box] == 1).all(), "painted by hand after the proposal was taken back"


def test_what_another_program_writes_is_by_hand(tmp_path: Path) -> None:
    store = opened(tmp_path)
    paint(store, "s0", np.s_[2:6, 2:9], 1, proposed=True)
    save(store.root / "masks" / "s0.png", np.full((24, 32), 2, np.uint8))
    assert (store.by_hand("s0") == 2).all()


@pytest.mark.parametrize("content", [b"", b"no image", None])
def test_a_damaged_file_counts_as_none_and_is_replaced(tmp_path: Path, content: bytes | None) -> None:
    store = opened(tmp_path)
    paint(store, "s0", np.s_[2:6, 2:9], 1, proposed=True)
    (path,) = files(store)
    if content is None:
        save(path, np.zeros((3, 4), np.uint8))  # of an image that was cut since
    else:
        path.write_bytes(content)
    again = AnnotationStore(store.root)
    assert (again.by_hand("s0")[2:6, 2:9] == 1).all()
    paint(again, "s0", np.s_[10:12, 2:9], 2, proposed=True)
    assert (AnnotationStore(store.root).by_hand("s0")[10:12] == 255).all()


def test_a_death_between_the_two_files_leaves_what_was_painted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is written before the mask: what the mask does not say yet was not accepted."""
    store = opened(tmp_path)
    paint(store, "s0", np.s_[2:6, 2:9], 1)

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("prep.annotate.store.store.write_bytes", die)
        with pytest.raises(Killed):
            paint(store, "s0", np.s_[8:12, 2:9], 2, proposed=True)
    assert files(store)
    again = AnnotationStore(store.root)
    expected = np.full((24, 32), 255)
    expected[2:6, 2:9] = 1
    np.testing.assert_array_equal(again.by_hand("s0"), expected)
    paint(again, "s0", np.s_[8:12, 2:9], 2, proposed=True)
    np.testing.assert_array_equal(again.by_hand("s0"), expected)
    assert (again.mask("s0").pixels[8:12, 2:9] == 2).all()


def half_accepted(tmp_path: Path) -> AnnotationStore:
    """A photo whose upper half was accepted as class 2, and the lower half painted as class 1."""
    store = opened(tmp_path)
    paint(store, "s0", np.s_[0:12, 0:32], 2, proposed=True)
    paint(store, "s0", np.s_[12:24, 0:32], 1)
    return store


def change(store: AnnotationStore, order: Sequence[int], pixels: dict[int, int]) -> None:
    """Keep these classes, in this order, as the class editor does."""
    before = store.classes()[0]
    wanted = [WantedClass(now, before.names[now], before.colors[now]) for now in order]
    with store.writing():
        change_classes(Dataset.open(store.root), plan_change(before, wanted, pixels), workers=1)


@pytest.mark.parametrize(
    ("order", "pixels", "painted"),
    [
        ([1, 2, 0], {}, 0),
        ([0, 2], {1: 1}, 1),  # what was painted joins the class of what was accepted
        ([0, 1], {2: 1}, 1),  # and the other way round
        ([0, 2], {1: 255}, 255),
    ],
)
def test_other_classes_leave_what_was_accepted_as_it_is(
    tmp_path: Path, order: list[int], pixels: dict[int, int], painted: int
) -> None:
    store = half_accepted(tmp_path)
    expected = np.repeat(np.array([[255], [painted]], np.uint8), 12, axis=0).repeat(32, axis=1)
    before = store.by_hand("s0")
    change(store, order, pixels)
    np.testing.assert_array_equal(store.by_hand("s0"), expected)
    np.testing.assert_array_equal(AnnotationStore(store.root).by_hand("s0"), expected, "after a restart")
    assert (before[:12] == 255).all()


def test_names_and_a_damaged_file_are_left_alone_by_a_change_of_classes(tmp_path: Path) -> None:
    store = half_accepted(tmp_path)
    (path,) = files(store)
    content = path.read_bytes()
    change(store, [0, 1, 2], {})
    assert path.read_bytes() == content
    path.write_bytes(b"no image")
    change(store, [1, 2, 0], {})
    assert path.read_bytes() == b"no image"


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_wherever_a_change_of_classes_dies_what_was_accepted_is_not_by_hand(tmp_path: Path, before: bool) -> None:
    outcomes = []
    for countdown in range(200):
        store = half_accepted(tmp_path / f"{countdown}")
        if not died(countdown, partial(change, store, [2, 1, 0], {}), before=before):
            break
        again = AnnotationStore(store.root)
        by_hand = again.by_hand("s0")
        outcomes.append(again.classes()[0].names[0])
        assert (by_hand[:12] == 255).all()
        assert (by_hand[12:] == 1).all()
        store.close()
        again.close()
    assert len(set(outcomes)) == 2, "old classes, then new ones"


def test_labels_of_other_classes_that_are_converted_are_by_hand(tmp_path: Path) -> None:
    """A number that was accepted may mean another class then."""
    store = half_accepted(tmp_path)
    labels = tmp_path / "labels"
    labels.mkdir()
    for stem, (height, width) in zip(("s0", "s1"), SIZES, strict=True):
        save(labels / f"{stem}.png", np.full((height, width), 2, np.uint8))
    listed = tmp_path / "other.json"
    write_classes(listed, ClassMap(("a", "b", "c"), ((1, 1, 1), (2, 2, 2), (3, 3, 3))))
    convert_masks(store.root, labels, classes_file=listed, overwrite=True)
    assert (store.by_hand("s0") == 2).all()


def test_without_room_on_the_disk_nothing_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise SegError("no space left on the disk")

    store = opened(tmp_path)
    monkeypatch.setattr("prep.annotate.store.accepted.write_bytes", full)
    with pytest.raises(SegError, match="no space"):
        paint(store, "s0", np.s_[2:6, 2:9], 1, proposed=True)
    assert store.mask("s0").version == "none"
