"""Proposals of a model without torch: in the background, on the disk, over HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from prep.annotate.app import annotate_app
from prep.annotate.model import proposals as module
from prep.annotate.model.proposal_files import ProposalFiles, identity_of
from prep.annotate.model.proposals import Order, Proposals
from prep.annotate.model.proposer import Proposal, class_lookup, region_at
from prep.annotate.model.uncertainty import uncertainty
from prep.annotate.regions.spans import mask_of
from prep.annotate.store.store import AnnotationStore
from prep.core.classes import ClassMap, write_classes
from prep.core.errors import SegError
from prep.dataset.dataset_files import HIDDEN
from prep.images.imageio import read_image
from tests.prep.annotate.model.proposing import FakeProposer, expected, store_of
from tests.support import CLASSES, random_image, save, wait_until


@pytest.fixture(autouse=True)
def _slow_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LAPSE_S", 600.0)  # whoever asked is still there, however slow this machine is


@contextmanager
def proposing(store: AnnotationStore, proposer: FakeProposer, order: Order = "name") -> Iterator[Proposals]:
    found = Proposals(store, proposer, order)
    with found.working():
        yield found


def image_of(store: AnnotationStore, stem: str) -> np.ndarray:
    return read_image(store.photo_path(stem))


def taken(found: Proposals, stem: str) -> Proposal:
    """The proposal once it is there; the page asks again and again, too."""
    answers: list[Proposal] = []

    def there() -> bool:
        answer = found.proposal(stem)
        answers.extend([answer] if isinstance(answer, Proposal) else [])
        return bool(answers)

    wait_until(there)
    return answers[0]


def same(found: Proposal, other: Proposal) -> bool:
    return all(np.array_equal(vars(found)[name], vars(other)[name]) for name in vars(other))


# Classes.


def test_classes_are_found_by_name() -> None:
    lookup = class_lookup(("tree", "sky", "road"), ("road", "tree", "car"))
    assert lookup[:3].tolist() == [1, 255, 0]
    assert set(lookup[3:]) == {255}


@pytest.mark.parametrize(("dataset", "words"), [(("a", "b"), "has the classes a, b"), ((), "has no classes yet")])
def test_no_common_class_is_told_with_both_lists(dataset: tuple[str, ...], words: str) -> None:
    with pytest.raises(SegError, match=f"{words}, the model knows c, d: none in common"):
        class_lookup(("c", "d"), dataset)


def test_classes_that_the_dataset_lacks_are_told_and_propose_nothing(tmp_path: Path) -> None:
    store = store_of(tmp_path, 1)
    with proposing(store, FakeProposer(("ellipse", "sky", "background"))) as found:
        assert found.left_out == ("sky",)
        mask = expected(image_of(store, "s0")).mask
        np.testing.assert_array_equal(taken(found, "s0").mask, np.array([2, 255, 0])[mask])


def test_classes_may_change_while_people_label(tmp_path: Path) -> None:
    store = store_of(tmp_path, 1)
    with proposing(store, FakeProposer()) as found:
        before = taken(found, "s0").mask
        names = (*CLASSES.names[::-1], "new")
        write_classes(tmp_path / "classes.json", ClassMap(names, ((1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4))))
        np.testing.assert_array_equal(taken(found, "s0").mask, 2 - before)
        write_classes(tmp_path / "classes.json", ClassMap(("other",), ((1, 1, 1),)))
        with pytest.raises(SegError, match="none in common"):
            found.proposal("s0")


# Regions.

MASKS = st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(
    lambda size: st.tuples(
        arrays(np.uint8, size, elements=st.sampled_from([0, 1, 255])),
        arrays(np.uint8, size, elements=st.integers(0, 100)),
    )
)


@given(MASKS, st.data())
def test_a_region_is_what_scipy_finds(parts: tuple[np.ndarray, np.ndarray], data: st.DataObject) -> None:
    mask, confidence = parts
    y, x = data.draw(st.integers(0, mask.shape[0] - 1)), data.draw(st.integers(0, mask.shape[1] - 1))
    least = data.draw(st.sampled_from([0, 30, 60, 100]))
    found = region_at(mask, confidence, x, y, least)
    if mask[y, x] == 255 or confidence[y, x] < least:
        assert not found.any()
        return
    labels, _ = ndimage.label((mask == mask[y, x]) & (confidence >= least), np.ones((3, 3)))
    np.testing.assert_array_equal(found, labels == labels[y, x])


# On the disk.


def test_a_restart_computes_nothing_again(tmp_path: Path) -> None:
    store, proposer = store_of(tmp_path), FakeProposer()
    with proposing(store, proposer) as found:
        wait_until(lambda: found.progress() == (4, 4))
        values = [found.uncertainty(stem) for stem in ("s0", "s1", "s2", "s3")]
    assert len(proposer.asked) == 4
    with proposing(store, again := FakeProposer()) as found:
        assert same(taken(found, "s2"), expected(image_of(store, "s2")))
        wait_until(lambda: found.progress() == (4, 4))
        assert [found.uncertainty(stem) for stem in ("s0", "s1", "s2", "s3")] == values
    assert not again.asked
    assert values[1] == uncertainty(expected(image_of(store, "s1")).entropy, store.mask("s1").pixels)


def test_another_model_or_another_image_is_computed(tmp_path: Path) -> None:
    store, proposer = store_of(tmp_path, 1), FakeProposer()
    with proposing(store, proposer) as found:
        before = taken(found, "s0")
        save(tmp_path / "images" / "s0.png", random_image(77, 24, 32))
        assert same(taken(found, "s0"), expected(random_image(77, 24, 32)))
        assert not same(taken(found, "s0"), before)
    with proposing(store, other := FakeProposer(key="ffff")) as found:
        taken(found, "s0")
    assert (len(proposer.asked), len(other.asked)) == (2, 1)
    assert [path.name for path in (tmp_path / ".annotate" / "proposals").iterdir()] == ["ffff"]


@given(st.data())
def test_a_damaged_file_is_no_proposal(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("p")
    proposal = expected(random_image(1, 20, 30))
    ProposalFiles(folder, "key").write("a", "1 2", proposal)
    (path,) = (folder / "key").iterdir()
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content[: data.draw(st.sampled_from([len(content), place]))])
    found = ProposalFiles(folder, "key").read("a", "1 2")
    assert found is None or same(found, proposal)


def test_a_proposal_that_is_damaged_on_the_disk_is_computed_again(tmp_path: Path) -> None:
    store = store_of(tmp_path, 1)
    with proposing(store, FakeProposer()) as found:
        taken(found, "s0")
    (path,) = (tmp_path / ".annotate" / "proposals").glob("*/*.proposal")
    content = bytearray(path.read_bytes())
    content[content.rindex(b"IDAT") + 9] ^= 255  # in the last part: the first one, the entropy, can be read
    path.write_bytes(content)
    with proposing(store, FakeProposer()) as found:
        wait_until(lambda: found.uncertainty("s0") is not None)
        assert same(taken(found, "s0"), expected(image_of(store, "s0")))


def test_few_proposals_are_in_memory(tmp_path: Path) -> None:
    files = ProposalFiles(tmp_path, "key")
    for number in range(9):
        files.write(f"s{number}", "1 2", expected(random_image(number)))
    for path in (tmp_path / "key").iterdir():
        path.unlink()
    assert [number for number in range(9) if files.read(f"s{number}", "1 2")] == [6, 7, 8]
    assert same(files.read("s8", "1 2") or pytest.fail("lost"), expected(random_image(8)))
    assert files.read("s8", "1 3") is None


# In the background.


def test_the_open_image_comes_first_then_those_after_it(tmp_path: Path) -> None:
    store, proposer = store_of(tmp_path, 5), FakeProposer()
    store.set_state("s4", "done")
    proposer.gated = True
    with proposing(store, proposer) as found:
        wait_until(lambda: proposer.asked)
        assert found.proposal("s2") == 0.0
        wait_until(lambda: len(proposer.asked) > 1)
        proposer.gated = False
        taken(found, "s2")
        wait_until(lambda: found.progress() == (4, 4))
    order = [next(stem for stem in ("s0", "s1", "s2", "s3", "s4") if np.array_equal(image_of(store, stem), image))
             for image in proposer.asked]  # fmt: skip
    assert order == ["s0", "s2", "s3", "s0", "s1"], "s0 was left for s2, and begun again in its turn"


def test_of_the_images_that_are_asked_for_the_last_one_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Proposals(store_of(tmp_path, 4), FakeProposer())
    for stem in ("s1", "s3"):
        found.proposal(stem)
    assert found._asked_now() == ["s3", "s1"]
    monkeypatch.setattr(module, "_LAPSE_S", 0.0)
    assert found._asked_now() == [], "their pages are gone"


def test_it_goes_on_after_an_open_image_whose_proposal_is_there(tmp_path: Path) -> None:
    store, proposer = store_of(tmp_path, 6), FakeProposer()
    files = ProposalFiles(store.root / HIDDEN / module.PROPOSALS_FOLDER, proposer.key)
    files.write("s3", identity_of(store.photo_path("s3")), expected(image_of(store, "s3")))
    proposer.gated = True
    with proposing(store, proposer) as found:
        wait_until(lambda: proposer.asked)
        assert isinstance(found.proposal("s3"), Proposal)
        proposer.gate.release()
        wait_until(lambda: len(proposer.asked) == 2)
        assert np.array_equal(proposer.asked[1], image_of(store, "s4"))


def test_a_finished_image_is_proposed_only_when_it_is_opened(tmp_path: Path) -> None:
    store, proposer = store_of(tmp_path, 2), FakeProposer()
    store.set_state("s0", "rejected")
    with proposing(store, proposer) as found:
        wait_until(lambda: found.progress() == (1, 1))
        assert len(proposer.asked) == 1
        taken(found, "s0")


def test_in_the_order_of_names_it_looks_ahead_only_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AHEAD", 2)
    monkeypatch.setattr(module, "_IDLE_S", 0.02)
    store = store_of(tmp_path, 6)
    with proposing(store, first := FakeProposer()) as found:
        wait_until(lambda: found.progress() == (2, 6))
        taken(found, "s4")
        wait_until(lambda: found.progress() == (4, 6))
    assert len(first.asked) == 4
    with proposing(store, FakeProposer(), "uncertainty") as found:
        wait_until(lambda: found.progress() == (6, 6))


def test_two_pages_that_wait_for_two_images_both_get_theirs(tmp_path: Path) -> None:
    store, proposer = store_of(tmp_path, 3), FakeProposer()
    proposer.gated = True
    with proposing(store, proposer) as found:
        for _ in range(20):
            found.proposal("s1")
            found.proposal("s2")
        wait_until(lambda: found.proposal("s1") == 0.5 or found.proposal("s2") == 0.5)
        begun = len(proposer.asked)
        for _ in range(20):
            found.proposal("s1")
            found.proposal("s2")
        assert len(proposer.asked) == begun, "one took the other's place again and again"
        proposer.gated = False
        taken(found, "s1")
        taken(found, "s2")


def test_one_image_fails_in_words_and_the_others_go_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store, proposer = store_of(tmp_path, 4), FakeProposer()
    save(tmp_path / "images" / "s2.png", random_image(2, 30, 32))
    (tmp_path / "images" / "s1.png").write_bytes(b"no image")

    def broken(image: np.ndarray) -> bool:
        if np.array_equal(image, random_image(3, 24, 32)):
            raise ZeroDivisionError
        return False

    proposer.broken = broken
    with proposing(store, proposer) as found:
        wait_until(lambda: found.progress() == (4, 4))
        assert isinstance(found.proposal("s0"), Proposal)
        for stem, words in (
            ("s1", "damaged"),
            ("s2", "32 x 30 pixels, not as"),
            ("s3", "The model failed on this image"),
        ):
            with pytest.raises(SegError, match=words):
                found.proposal(stem)
    assert "ZeroDivisionError" in caplog.text


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise SegError("no space left on the disk")

    store = store_of(tmp_path, 2)
    monkeypatch.setattr("prep.annotate.model.proposal_files.write_bytes", full)
    with proposing(store, FakeProposer()) as found:
        wait_until(lambda: found.progress() == (2, 2))
        assert isinstance(taken(found, "s0"), Proposal), "it is still in memory"


def test_it_ends_at_once_while_the_model_computes(tmp_path: Path) -> None:
    proposer = FakeProposer()
    proposer.gated = True
    with proposing(store_of(tmp_path, 2), proposer):
        wait_until(lambda: proposer.asked)
    assert "proposals" not in {thread.name for thread in threading.enumerate()}
    assert len(proposer.asked) == 1


# How uncertain.


def test_an_image_is_less_uncertain_once_it_is_labelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_IDLE_S", 0.02)
    store = store_of(tmp_path, 4)
    for number, green in enumerate((10, 200, 90, 250)):
        image = np.zeros((24, 32, 3), np.uint8)
        image[..., 1] = green
        save(tmp_path / "images" / f"s{number}.png", image)
    store.set_state("s3", "done")
    with proposing(store, FakeProposer(), "uncertainty") as found:
        wait_until(lambda: found.progress() == (3, 3))
        assert found.uncertainties() == pytest.approx({"s0": 10 / 255, "s1": 200 / 255, "s2": 90 / 255})
        found.proposal("s0")
        for stem in ("s0", "s1"):
            save(tmp_path / "masks" / f"{stem}.png", np.zeros((24, 32), np.uint8))
        wait_until(lambda: found.uncertainty("s1") == 0.0)
        assert found.uncertainty("s0") == pytest.approx(10 / 255), "that of the open image changes when it is left"
        found.proposal("s2")
        wait_until(lambda: found.uncertainty("s0") == 0.0)
        assert found.uncertainty("s3") is None


# Over HTTP.


def test_the_answers_for_the_page(tmp_path: Path) -> None:
    store = store_of(tmp_path, 2)
    with proposing(store, FakeProposer(("line", "background", "sky")), "uncertainty") as found:
        client = annotate_app(store, only_here=True, model=found).test_client()
        wait_until(lambda: found.progress() == (2, 2))
        about = client.get("/api/dataset").json
        assert (about["model"], about["order"], about["findings"]) == ("fake", "uncertainty", False)
        assert about["images"]["uncertainty"] == [found.uncertainty(stem) for stem in ("s0", "s1")]
        assert client.get("/api/model").json == {
            "name": "fake", "order": "uncertainty", "left_out": ["sky"], "done": 2, "total": 2,
        }  # fmt: skip
        assert client.get("/api/model/uncertainty").json == found.uncertainties()

        proposal = taken(found, "s0")
        for path, pixels in (("", proposal.mask), ("/confidence", proposal.confidence)):
            answer = client.get(f"/api/images/s0/proposal{path}")
            assert (answer.headers["X-Width"], answer.headers["X-Height"]) == ("32", "24")
            np.testing.assert_array_equal(np.frombuffer(answer.data, np.uint8).reshape(24, 32), pixels)
            packed = client.get(f"/api/images/s0/proposal{path}", headers={"Accept-Encoding": "gzip"})
            assert packed.headers["Content-Encoding"] == "gzip"
        y, x = np.argwhere(proposal.mask == 1)[0]
        answer = client.get(f"/api/images/s0/proposal/region?x={x}&y={y}&confidence=5")
        spans = np.frombuffer(answer.data, "<i4").reshape(-1, 3)
        region = region_at(proposal.mask, proposal.confidence, int(x), int(y), 5)
        np.testing.assert_array_equal(mask_of(spans, 24, 32), region)
        for query in ("x=32&y=0", "x=0&y=24", "x=-1&y=0", "x=0", "x=0&y=0&confidence=101", "x=0&y=1e1", "x=0&y=²"):
            answer = client.get(f"/api/images/s0/proposal/region?{query}")
            assert (answer.status_code, "whole number" in answer.json["error"]) == (400, True), query
        for path in ("", "/confidence", "/region?x=0&y=0"):
            assert client.get(f"/api/images/nobody/proposal{path}").status_code == 404


def test_the_page_is_told_to_wait_or_why_not(tmp_path: Path) -> None:
    store, proposer = store_of(tmp_path, 2), FakeProposer()
    proposer.gated, proposer.broken = True, lambda image: True
    with proposing(store, proposer) as found:
        client = annotate_app(store, only_here=True, model=found).test_client()
        answer = client.get("/api/images/s1/proposal")
        assert (answer.status_code, answer.json) == (202, {"state": "waiting", "share": 0.0})
        wait_until(lambda: client.get("/api/images/s1/proposal").json == {"state": "computing", "share": 0.5})
        for path in ("/confidence", "/region?x=0&y=0"):
            assert client.get(f"/api/images/s1/proposal{path}").status_code == 202
        proposer.gate.release(9)
        wait_until(lambda: client.get("/api/images/s1/proposal").status_code == 422)
        assert client.get("/api/images/s1/proposal").json == {"error": "this image is too much"}


def test_without_a_model_there_are_no_proposals(tmp_path: Path) -> None:
    store = store_of(tmp_path, 1)
    client = annotate_app(store, only_here=True).test_client()
    for path in ("model", "model/uncertainty", "images/s0/proposal", "images/s0/proposal/region?x=0&y=0", "findings"):
        answer = client.get(f"/api/{path}")
        assert answer.status_code == 404
        assert answer.json["error"].startswith("There is no ")
    about = client.get("/api/dataset").json
    assert (about["model"], about["order"], about["findings"]) == (None, "name", False)
