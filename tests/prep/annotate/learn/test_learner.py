"""What is learnt from strokes: on photos whose true masks are known."""

import threading
from pathlib import Path

import numpy as np
import pytest

import prep.annotate.learn.learner as module
from prep.annotate.app import annotate_app
from prep.annotate.learn.learner import Learner, LearntProposal
from prep.annotate.learn.pieces import painted_pieces, pieces_in, pieces_of
from prep.annotate.store.store import AnnotationStore
from prep.core.classes import ClassMap, write_classes
from prep.core.errors import SegError
from prep.images.imageio import read_image
from prep.web.guard import Refusal
from tests.prep.annotate.learn.scenes import CLASSES, accuracy, lay, paint, scene, store_of, strokes, taken
from tests.support import save, wait_until


def test_a_stroke_a_class_labels_the_photo(tmp_path: Path) -> None:
    """Also what only its texture tells apart."""
    store = store_of(tmp_path, [4])
    strokes(store, "s0", 4)
    assert accuracy(taken(Learner(store), "s0"), 4) > 0.93


def test_a_corrected_place_is_proposed_as_it_was_corrected(tmp_path: Path) -> None:
    store = store_of(tmp_path, [4])
    learner = Learner(store)
    strokes(store, "s0", 4, (0, 1))
    before = taken(learner, "s0")
    grass = scene(4)[1] == 2
    assert not (before.mask[grass] == 2).any()
    strokes(store, "s0", 4, (2,))
    assert (taken(learner, "s0").mask[grass] == 2).mean() > 0.93


def test_the_next_photo_is_proposed_without_a_stroke_and_corrected_by_its_own(tmp_path: Path) -> None:
    store = store_of(tmp_path, [4, 5, 6])
    learner = Learner(store)
    with learner.working():
        strokes(store, "s0", 4)
        taken(learner, "s0")
        assert accuracy(taken(learner, "s1", complete=True), 5) > 0.93
        paint(store, "s2", np.s_[2:10, 2:60], 1)  # sand, called stripes: this photo's own stroke outweighs those before
        assert taken(learner, "s2", complete=True).mask[2:10, 2:60].mean() > 0.9


def test_photos_painted_before_the_start_are_learnt_from(tmp_path: Path) -> None:
    strokes(store_of(tmp_path, [4, 5]), "s0", 4)
    learner = Learner(store := AnnotationStore(tmp_path))
    with learner.working():
        found = taken(learner, "s1", complete=True)
    assert accuracy(found, 5) > 0.93
    assert store.mask("s1").version == "none", "nothing is written"
    assert "learner" not in {thread.name for thread in threading.enumerate()}, "it ends with the server"


def test_the_same_strokes_give_the_same_proposal(tmp_path: Path) -> None:
    store = store_of(tmp_path, [4])
    strokes(store, "s0", 4)
    first, second = taken(Learner(store), "s0"), taken(Learner(store), "s0")
    np.testing.assert_array_equal(first.mask, second.mask)
    np.testing.assert_array_equal(first.confidence, second.confidence)


def test_nothing_is_proposed_before_two_classes_are_painted(tmp_path: Path) -> None:
    store = store_of(tmp_path, [4])
    learner = Learner(store)
    with learner.working():
        wait_until(lambda: learner.proposal("s0") == "nothing")
        strokes(store, "s0", 4, (1,))
        assert learner.proposal("s0") == "nothing"
        strokes(store, "s0", 4, (2,))
        assert set(np.unique(taken(learner, "s0").mask)) == {1, 2}, "only what was painted"


def test_a_dataset_without_classes_has_nothing_to_learn(tmp_path: Path) -> None:
    store = store_of(tmp_path, [4])
    (tmp_path / "classes.json").unlink()
    learner = Learner(store)
    with learner.working():
        wait_until(lambda: learner.proposal("s0") == "nothing")


def test_what_was_accepted_is_not_learnt_from(tmp_path: Path) -> None:
    """A wrong proposal that somebody accepted must not confirm itself; the same paint by hand counts."""
    store = store_of(tmp_path, [4])
    learner = Learner(store)
    strokes(store, "s0", 4)
    before = taken(learner, "s0")
    wrong = np.s_[2:14, 2:120]
    paint(store, "s0", wrong, 2, proposed=True)
    np.testing.assert_array_equal(taken(learner, "s0").mask, before.mask)
    paint(store, "s0", wrong, 255, proposed=True)
    paint(store, "s0", wrong, 2)
    assert (taken(learner, "s0").mask[wrong] == 2).mean() > 0.9


def test_a_photo_that_is_rejected_while_another_one_is_open_is_learnt_from_no_more(tmp_path: Path) -> None:
    store = store_of(tmp_path, [4, 5])
    strokes(store, "s0", 4)
    learner = Learner(store)
    with learner.working():
        taken(learner, "s1", complete=True)
        store.set_state("s0", "rejected")
        assert learner.proposal("s1") == "nothing"
        store.set_state("s0", "in work")
        assert isinstance(learner.proposal("s1"), LearntProposal)


def test_rejected_photos_and_classes_of_before_are_left_out(tmp_path: Path) -> None:
    store = store_of(tmp_path, [4, 5])
    learner = Learner(store)
    with learner.working():
        strokes(store, "s0", 4)
        assert taken(learner, "s1", complete=True).complete
        write_classes(tmp_path / "classes.json", ClassMap((*CLASSES.names, "new"), (*CLASSES.colors, (1, 2, 3))))
        assert accuracy(taken(learner, "s1", complete=True), 5) > 0.93, "looked at again"
        store.set_state("s0", "rejected")
        learner.proposal("s0")
        wait_until(lambda: learner.proposal("s1") == "nothing")


def test_one_damaged_photo_does_not_end_the_others(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = store_of(tmp_path, [4, 5, 6])
    learner = Learner(store)
    strokes(store, "s0", 4)
    strokes(store, "s2", 6)
    (tmp_path / "images" / "s2.png").write_bytes(b"no image")
    with learner.working():
        assert accuracy(taken(learner, "s1", complete=True), 5) > 0.93
        with pytest.raises(SegError, match="damaged"):
            while learner.proposal("s2") == "computing":
                pass
    assert not caplog.text


def test_a_replaced_photo_is_divided_anew(tmp_path: Path) -> None:
    store = store_of(tmp_path, [4])
    learner = Learner(store)
    strokes(store, "s0", 4)
    taken(learner, "s0")
    save(tmp_path / "images" / "s0.png", scene(4)[0][:, ::-1])
    strokes(store, "s0", 4)
    assert (taken(learner, "s0").mask == 2).mean() > 0.1


def test_only_the_photos_painted_last_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_OTHER_PHOTOS", 1)
    store = store_of(tmp_path, [4, 5, 6])
    learner = Learner(store)
    strokes(store, "s0", 4)
    paint(store, "s1", np.s_[0:9, 0:9], 0)
    with learner.working():
        wait_until(lambda: learner.proposal("s2") == "nothing")


def test_an_unknown_image_and_a_huge_one_are_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(tmp_path, [4])
    with pytest.raises(Refusal, match="no image 'x'"):
        Learner(store).proposal("x")
    monkeypatch.setattr(module, "MAX_LEARNT_MEGAPIXELS", 0.01)
    client = annotate_app(store, only_here=True).test_client()
    answer = client.get("/api/images/s0/learnt")
    while answer.status_code == 202:
        answer = client.get("/api/images/s0/learnt")
    assert answer.status_code == 413
    assert "PNG images of up to" in answer.json["error"]


def test_a_large_photo_is_made_smaller_and_a_jpeg_decoded_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prep.annotate.learn.pieces.WORK_PIXELS", 12_000)
    image, mask = scene(4, 720, 960)
    save(tmp_path / "a.png", image)
    pieces = pieces_in(tmp_path / "a.png", 960, 720)
    assert pieces.labels.shape == (95, 126)
    chosen, values = painted_pieces(pieces, mask, 3)
    assert len(chosen) == len(pieces.features)
    np.testing.assert_array_equal(np.unique(values), [0, 1, 2])
    decoded: list[tuple[int, ...]] = []
    save(tmp_path / "a.jpg", image)

    def kept(photo: np.ndarray, width: int, height: int) -> object:
        decoded.append(photo.shape)
        return pieces_of(photo, width, height)

    monkeypatch.setattr("prep.annotate.learn.pieces.pieces_of", kept)
    assert pieces_in(tmp_path / "a.jpg", 960, 720).labels.shape == (95, 126)
    assert decoded == [(180, 240, 3)], "two eighths are the least that reaches 126 x 95"


def test_strokes_of_one_pixel_count_on_a_large_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against all pixels one by one; the copy that is learnt from is 8 times smaller."""
    monkeypatch.setattr("prep.annotate.learn.pieces.WORK_PIXELS", 10_000)
    image, _ = scene(4, 720, 960)
    pieces = pieces_of(image, 960, 720)
    mask = np.full((720, 960), 255, np.uint8)
    mask[333, 100:900], mask[600:700, 41], mask[601:603, 41] = 1, 0, 2
    chosen, values = painted_pieces(pieces, mask, 3)
    height, width = pieces.labels.shape
    votes: dict[int, list[int]] = {}
    for y, x in np.argwhere(mask != 255):
        piece = int(pieces.labels[int((y + 0.5) * height / 720), int((x + 0.5) * width / 960)])
        votes.setdefault(piece, [0, 0, 0])[mask[y, x]] += 1
    assert dict(zip(chosen.tolist(), values.tolist(), strict=True)) == {
        piece: int(np.argmax(counts)) for piece, counts in votes.items()
    }
    monkeypatch.setattr("prep.annotate.learn.pieces._MOST_VOTES", 20_000)
    found = painted_pieces(pieces, np.zeros((720, 960), np.uint8), 3)
    assert len(found[0]) == len(pieces.features), "of a photo that is painted all over a part is enough"


def test_pieces_cover_the_photo_and_a_crack_is_not_lost(tmp_path: Path) -> None:
    image = np.full((90, 120, 3), 200, np.uint8)
    image[40:43] = 30
    mask = np.full((90, 120), 255, np.uint8)
    mask[41, 10:40] = 1
    mask[10, 10:40] = 0
    save(tmp_path / "images" / "s0.png", image)
    store = store_of(tmp_path, [1], 90, 120)
    save(tmp_path / "images" / "s0.png", image)
    lay(store, "s0", 0, 0, mask)
    found = taken(Learner(store), "s0").mask
    assert (found[41] == 1).mean() > 0.93
    assert (found[:36] == 1).mean() < 0.05
    assert (found[47:] == 1).mean() < 0.05
    pieces = pieces_of(read_image(tmp_path / "images" / "s0.png"), 120, 90)
    assert np.bincount(pieces.labels.ravel()).min() > 0


def test_the_page_gets_pixels_and_how_sure_they_are(tmp_path: Path) -> None:
    store = store_of(tmp_path, [4])
    strokes(store, "s0", 4)
    client = annotate_app(store, only_here=True, learner=(learner := Learner(store))).test_client()
    expected = taken(learner, "s0")
    answer = client.get("/api/images/s0/learnt")
    assert (answer.headers["X-Width"], answer.headers["X-Height"], answer.headers["X-Complete"]) == ("240", "180", "0")
    both = np.frombuffer(answer.data, np.uint8).reshape(2, 180, 240)
    np.testing.assert_array_equal(both, [expected.mask, expected.confidence])
    unsure = int(answer.headers["X-Unsure"])
    assert unsure <= 60
    assert (expected.confidence < unsure).mean() < 0.15, "few are marked"
    assert isinstance(expected, LearntProposal)
