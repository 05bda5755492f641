"""The dataset that a network is trained on: its pixels, and what is kept from it."""

from pathlib import Path

import numpy as np
import pytest

from prep.annotate.network.choice import PhotoChoice
from prep.annotate.network.training_set import TRAINING_SIDE, Stopped, write_training_set
from prep.annotate.store.store import AnnotationStore
from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from tests.prep.annotate.learn.scenes import lay, paint
from tests.prep.annotate.network.training import SIZE, noise, noisy
from tests.support import load, no_space, save

CHOICE = PhotoChoice(("s0", "s1"), ("s2",))


def never() -> bool:
    return False


def truth(number: int) -> np.ndarray:
    return noise(number).argmax(axis=2).astype(np.uint8)


def test_what_scores_is_not_in_the_masks(tmp_path: Path) -> None:
    store, folder = noisy(tmp_path / "campus", 4, labelled=3), tmp_path / "1"
    assert write_training_set(store, CHOICE, folder, never) == CHOICE
    dataset = Dataset.open(folder / "dataset")
    assert {sample.stem: sample.split for sample in dataset.samples} == {"s0": "train", "s1": "train", "s2": "val"}
    assert dataset.classes == store.classes()[0]
    for place, sample in enumerate(dataset.samples):
        np.testing.assert_array_equal(dataset.image(sample), noise(place))
    np.testing.assert_array_equal(dataset.mask(dataset.samples[0]), truth(0))
    np.testing.assert_array_equal(load(folder / "by_hand" / "s0.png"), truth(0))
    seen, scoring = dataset.mask(dataset.samples[2]), load(folder / "held_out" / "s2.png")
    assert ((seen == 255) != (scoring == 255)).all(), "each pixel is in one of them"
    np.testing.assert_array_equal(np.minimum(seen, scoring), truth(2))
    assert 0.45 < (scoring != 255).mean() < 0.55
    assert sorted(path.name for path in folder.rglob("s2.*")) == ["s2.png"] * 3, "no mask of all of it anywhere"


def test_only_what_is_labelled_counts_and_what_was_accepted_scores_nothing(tmp_path: Path) -> None:
    store, folder = noisy(tmp_path / "campus", 4), tmp_path / "1"
    for stem in ("s0", "s1", "s2"):
        paint(store, stem, np.s_[4:8, 4:20], 1)
        lay(store, stem, 30, 20, np.full((10, 20), 2, np.uint8), proposed=True)
    write_training_set(store, CHOICE, folder, never)
    dataset = Dataset.open(folder / "dataset")
    mask, by_hand = dataset.mask(dataset.samples[0]), load(folder / "by_hand" / "s0.png")
    assert (np.count_nonzero(mask != 255), np.count_nonzero(by_hand != 255)) == (64 + 200, 64)
    held_out = load(folder / "held_out" / "s2.png")
    assert set(np.unique(held_out)) == {1, 255}
    assert np.count_nonzero(held_out == 1) >= 32, "the half of the blocks in which most was painted"


def test_large_photos_are_made_smaller(tmp_path: Path) -> None:
    store, folder = noisy(tmp_path / "campus", 3), tmp_path / "1"
    photo = np.zeros((1000, 2 * TRAINING_SIDE, 3), np.uint8)
    photo[:, TRAINING_SIDE:] = 255
    save(tmp_path / "campus" / "images" / "s0.png", photo)
    index = (tmp_path / "campus" / "index.csv").read_text().replace(f"s0.png,,{SIZE[1]},{SIZE[0]}", "s0.png,,3200,1000")
    (tmp_path / "campus" / "index.csv").write_text(index)
    store = AnnotationStore(tmp_path / "campus")
    lay(store, "s0", 0, 500, np.full((40, 2 * TRAINING_SIDE), 1, np.uint8))
    for place in (1, 2):
        lay(store, f"s{place}", 0, 0, truth(place))
    write_training_set(store, CHOICE, folder, never)
    dataset = Dataset.open(folder / "dataset")
    sample = dataset.samples[0]
    assert (sample.width, sample.height, sample.image) == (TRAINING_SIDE, 500, "images/s0.jpg")
    image, mask = dataset.image(sample), dataset.mask(sample)
    assert image[:, : TRAINING_SIDE // 2 - 16].max() < 8
    assert image[:, TRAINING_SIDE // 2 + 16 :].min() > 247
    assert (mask[250:270] == 1).all()
    assert np.count_nonzero(mask != 255) == 20 * TRAINING_SIDE, "a stroke stays, with nearly nothing around it"


def test_a_photo_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    store, folder = noisy(tmp_path / "campus", 4, labelled=3), tmp_path / "1"
    (store.root / "images" / "s1.png").write_bytes(b"no photo")
    assert write_training_set(store, CHOICE, folder, never) == PhotoChoice(("s0",), ("s2",))
    (store.root / "images" / "s2.png").unlink()
    with pytest.raises(SegError, match="No photo is left to learn from, or to score on"):
        write_training_set(store, CHOICE, folder, never)


def test_it_stops_and_says_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, folder = noisy(tmp_path / "campus", 4, labelled=3), tmp_path / "1"
    with pytest.raises(Stopped):
        write_training_set(store, CHOICE, folder, lambda: True)
    assert not (folder / "dataset" / "index.csv").exists()
    monkeypatch.setattr("pathlib.Path.write_bytes", no_space)
    with pytest.raises(SegError, match="no space left on the disk"):
        write_training_set(store, CHOICE, folder, never)
