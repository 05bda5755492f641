"""Crops on the device, against crops of the files."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.images.imageio import write_png
from prep.patching.patches import cut_patches
from prep.splitting.split import split_dataset
from tests.train.data.stores import generator, store_of
from train.config.config import Config
from train.data.data import PixelStore, load_samples, open_patches, training_store
from train.data.streamed_store import StreamedStore

FLIPS: tuple[tuple[int, ...], ...] = ((), (0,), (1,), (0, 1))


def places(image: NDArray[np.uint8], crop: NDArray[np.uint8]) -> set[tuple[int, int, tuple[int, ...]]]:
    """Where, and in which orientation, a crop stands in an image."""
    size = crop.shape[0]
    return {
        (top, left, flip)
        for top in range(image.shape[0] - size + 1)
        for left in range(image.shape[1] - size + 1)
        for flip in FLIPS
        if np.array_equal(np.flip(image[top : top + size, left : left + size], flip), crop)
    }


def test_crops_are_parts_of_their_image_and_mask_in_every_orientation() -> None:
    random = np.random.default_rng(0)
    images = [random.integers(0, 256, (*shape, 3)).astype(np.uint8) for shape in ((9, 14), (12, 8))]
    masks = [image[..., 0] % 3 for image in images]
    store = store_of(images, masks, 6, flips=True)
    seen: set[tuple[int, int, tuple[int, ...]]] = set()
    for item in (0, 1):
        cut_images, cut_masks = store.cut(torch.full((200,), item), generator(item))
        np.testing.assert_array_equal(cut_images[..., 0].numpy() % 3, cut_masks.numpy())
        for crop in cut_images.numpy():
            found = places(images[item], crop)
            assert len(found) == 1
            seen |= found if item == 0 else set()
    assert {top for top, _, _ in seen} == set(range(4))
    assert {left for _, left, _ in seen} == set(range(9))
    assert {flip for _, _, flip in seen} == set(FLIPS)


def test_without_flips_crops_keep_their_orientation() -> None:
    image = np.random.default_rng(1).integers(0, 256, (9, 14, 3)).astype(np.uint8)
    store = store_of([image], [image[..., 0]], 6, flips=False)
    cut, _ = store.cut(torch.zeros(50, dtype=torch.long), generator())
    assert {flip for crop in cut.numpy() for _, _, flip in places(image, crop)} == {()}


@pytest.mark.parametrize("shape", [(5, 20), (1, 1), (20, 3)])
def test_images_smaller_than_the_crop_are_mirrored_and_ignored_there(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(2).integers(0, 256, (*shape, 3)).astype(np.uint8)
    mask = np.ones(shape, np.uint8)
    store = store_of([image], [mask], 8, flips=False)
    images, masks = store.cut(torch.zeros(20, dtype=torch.long), generator())
    mode = "reflect" if min(shape) > 1 else "edge"
    padded = np.pad(image, ((8, 8), (8, 8), (0, 0)), mode=mode)
    padded_mask = np.pad(mask, 8, constant_values=255)
    for crop, labels in zip(images.numpy(), masks.numpy(), strict=True):
        tops = places(padded, crop)
        assert any(
            np.array_equal(padded_mask[top : top + 8, left : left + 8], labels) for top, left, flip in tops if not flip
        )


def test_an_epoch_shows_every_patch_once_and_depends_on_the_generator_only() -> None:
    images = [np.full((4, 4, 3), number, np.uint8) for number in range(10)]
    store = store_of(images, [image[..., 0] for image in images], 4, flips=True)
    shown = [masks[:, 0, 0] for _, masks in store.batches(5, generator(7))]
    assert torch.cat(shown).bincount().tolist() == [3] * 10
    again = [masks[:, 0, 0] for _, masks in store.batches(5, generator(7))]
    other = [masks[:, 0, 0] for _, masks in store.batches(5, generator(8))]
    assert torch.equal(torch.cat(shown), torch.cat(again))
    assert not torch.equal(torch.cat(shown), torch.cat(other))
    assert len(shown) == store.steps(5) == 6
    assert len(list(store.batches(7, generator()))) == store.steps(7) == 4
    assert len(list(store.batches(99, generator()))) == store.steps(99) == 1


def test_patches_of_the_train_split_only(dataset: Dataset) -> None:
    patches = cut_patches(dataset, size=32, per_image=4)
    store = training_store(dataset, Config())
    train = {sample.stem for sample in dataset.of_split("train")}
    assert (len(store), store.size, store.flips) == (4 * len(train), 32, True)
    rows = (patches.folder / "index.csv").read_text().splitlines()[1:]
    numbers = [number for number, row in enumerate(rows) if row.split(",")[1] in train]
    masks = np.load(patches.folder / "masks.npy")[numbers]
    plain = replace(store, flips=False)
    _, cut = plain.cut(torch.arange(len(numbers)), generator())
    np.testing.assert_array_equal(cut.numpy(), masks)
    assert len(open_patches(patches.folder, "val")) == 4 * len(dataset.of_split("val"))


def test_whole_images_without_patches(dataset: Dataset) -> None:
    store = training_store(dataset, Config(crops=3))
    samples = dataset.of_split("train")
    assert (len(store), store.size) == (3 * len(samples), 96)
    whole = load_samples(dataset, samples, 64, 1)
    np.testing.assert_array_equal(whole.pixels.numpy().reshape(-1, 80, 64, 3)[3], dataset.image(samples[3]))
    np.testing.assert_array_equal(whole.labels.numpy().reshape(-1, 80, 64)[3], dataset.mask(samples[3]))


def test_patches_of_another_split_are_refused(dataset: Dataset) -> None:
    cut_patches(dataset, size=32, per_image=2)
    moved = split_dataset(dataset, seed=5, overwrite=True).dataset
    with pytest.raises(SegError, match=r"cut under another split.*seg-prep patches --size 32 --overwrite"):
        training_store(moved, Config())


def test_patches_of_masks_that_have_changed_are_refused(dataset: Dataset) -> None:
    cut_patches(dataset, size=32, per_image=2)
    training_store(dataset, Config())
    sample = dataset.of_split("train")[0]
    write_png(dataset.root / sample.mask, np.full_like(dataset.mask(sample), 255))
    with pytest.raises(SegError, match=r"or from other masks.*seg-prep patches --size 32 --overwrite"):
        training_store(dataset, Config())


def test_several_sizes_need_a_choice(dataset: Dataset) -> None:
    for size in (32, 48):
        cut_patches(dataset, size=size, per_image=2)
    with pytest.raises(SegError, match=r"several sizes \(32, 48\); choose with --size 32"):
        training_store(dataset, Config())
    assert training_store(dataset, Config(size=48)).size == 48
    shutil.rmtree(dataset.root / "patches/size48")
    shutil.copytree(dataset.root / "patches/size32", dataset.root / "patches/size32 old")  # by hand
    assert training_store(dataset, Config()).size == 32


def test_png_patches_are_refused(dataset: Dataset, tmp_path: Path) -> None:
    folder = cut_patches(dataset, size=32, per_image=2, patch_format="png").folder
    assert json.loads((folder / "settings.json").read_text())["format"] == "png"
    with pytest.raises(SegError, match="--format npy"):
        training_store(dataset, Config())


def test_images_that_do_not_fit_into_memory_are_read_again(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    for factor, kind in ((1, StreamedStore), (2, PixelStore)):
        monkeypatch.setattr("train.data.data.machine_memory", lambda memory=factor * 4 * 18 * 64 * 80: memory)
        store = training_store(dataset, Config(crops=1))
        assert type(store) is kind
        assert len(store) == 18
