"""Running statistics counted anew, against those of the crops in numpy."""

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from prep.dataset.dataset import Dataset
from prep.images.imageio import write_png
from train.config.config import Config
from train.data.data import PixelStore
from train.data.streamed_store import StreamedStore
from train.fitting.normalising.running_statistics import Recount, count_anew, undistorted, usual_recount
from train.fitting.timing.costs import Costs
from train.windows.accelerator import Accelerator

SIZE = 7
CPU = Accelerator(torch.device("cpu"), bfloat16=False)
COSTS = Costs(window=1e-6, read=1e-8, count=1e-8, compare=2e-7, show=3e-7, back=1e-7, figure=0.5)


def places(number: int, height: int = 20, width: int = 30) -> NDArray[np.uint8]:
    """An image each of whose pixels tells its row, its column, and the number of the image."""
    rows, columns = np.mgrid[:height, :width].astype(np.uint8)
    return np.stack([rows, columns, np.full_like(rows, number)], axis=-1)


def store_of(images: list[NDArray[np.uint8]], crops: int = 3) -> PixelStore:
    """A store whose settings distort whatever they can, and whose pipeline cannot be called."""
    height, width, _ = images[0].shape
    distorting: Any = Config(rotate=30, scale=(0.5, 2), brightness=0.5, noise=0.5, quarter_turns=True)
    pipeline: Any = "none that could be called"
    return PixelStore(
        torch.from_numpy(np.concatenate([image.reshape(-1, 3) for image in images])),
        torch.zeros(len(images) * height * width, dtype=torch.uint8),
        torch.arange(len(images)) * height * width, torch.full((len(images),), height),
        torch.full((len(images),), width), SIZE, crops, True, config=distorting, transform=pipeline,
    )  # fmt: skip


def test_crops_are_pieces_of_the_images_and_follow_from_the_seed() -> None:
    images = [places(number) for number in range(4)]
    store = store_of(images)
    recount = Recount(batches=5, batch=4, size=SIZE)  # more than the 12 crops of an epoch
    batches = [batch.numpy() for batch in undistorted(store, recount, seed=1)]
    assert [batch.shape for batch in batches] == [(4, SIZE, SIZE, 3)] * 5
    for crop in itertools.chain.from_iterable(batches):
        row, column, number = crop[0, 0]
        assert np.array_equal(crop, images[number][row : row + SIZE, column : column + SIZE])
    for epoch in (batches[:3],):  # each image three times
        assert np.array_equal(np.bincount([crop[0, 0, 2] for batch in epoch for crop in batch]), [3] * 4)
    again, others = (list(undistorted(store, recount, seed)) for seed in (1, 2))
    assert all(np.array_equal(one, other) for one, other in zip(batches, again, strict=True))
    assert not all(np.array_equal(one, other) for one, other in zip(batches, others, strict=True))


def test_images_that_are_read_again_in_each_epoch_are_cut_the_same_way(dataset: Dataset) -> None:
    samples = dataset.of_split("train")
    for number, sample in enumerate(samples):
        write_png(dataset.root / sample.image, places(number, sample.height, sample.width))
    store = StreamedStore(dataset, samples, SIZE, 2, "", Config(rotate=30, noise=0.5))
    recount = usual_recount(nn.BatchNorm2d(3), store, 16)
    pixels = sum(sample.height * sample.width for sample in samples)
    assert recount == Recount(6 * 2 * len(samples) // 8, 8, SIZE, read=pixels)
    batches = [batch.numpy() for batch in undistorted(store, recount, seed=1)]
    assert len(batches) == recount.batches
    for crop in itertools.chain.from_iterable(batches):
        row, column, number = crop[0, 0]
        assert np.array_equal(crop, places(number, 80, 64)[row : row + SIZE, column : column + SIZE])


def spoiled(norm: nn.BatchNorm2d) -> nn.BatchNorm2d:
    """Statistics that are wrong, of so many batches."""
    torch.nn.init.constant_(norm.running_mean, 17.0)  # type: ignore[arg-type]
    torch.nn.init.constant_(norm.running_var, 0.25)  # type: ignore[arg-type]
    norm.num_batches_tracked += 1000  # type: ignore[operator]
    return norm


def test_statistics_are_the_means_over_the_crops() -> None:
    """The second layer sees what the first one gives with the statistics of each batch; dropout does nothing."""
    first, second = spoiled(nn.BatchNorm2d(3, momentum=0.02)), spoiled(nn.BatchNorm2d(3))
    network = nn.Sequential(first, nn.Dropout(0.9), nn.ReLU(), second)
    with torch.no_grad():
        first.weight.copy_(torch.tensor([1.0, 2.0, 3.0]))
        first.bias.copy_(torch.tensor([0.5, 0.0, -1.0]))
    before = {name: weight.clone() for name, weight in network.named_parameters()}
    store = store_of([places(number, 9 + 3, 11) for number in range(4)])
    recount = Recount(batches=7, batch=4, size=SIZE)
    batches = [batch.permute(0, 3, 1, 2).float() for batch in undistorted(store, recount, seed=1)]
    count_anew(network, batches, CPU)

    def moments(values: list[NDArray[np.float64]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return (
            np.mean([each.mean((0, 2, 3)) for each in values], axis=0),
            np.mean([each.var((0, 2, 3), ddof=1) for each in values], axis=0),
        )

    seen = [batch.numpy().astype(np.float64) for batch in batches]
    shown = []
    for each in seen:
        deviation = np.sqrt(each.var((0, 2, 3)) + first.eps)[:, None, None]
        factor, shift = np.array([1.0, 2, 3])[:, None, None], np.array([0.5, 0, -1])[:, None, None]
        shown.append(np.maximum((each - each.mean((0, 2, 3))[:, None, None]) / deviation * factor + shift, 0))
    for norm, values in ((first, seen), (second, shown)):
        mean, variance = moments(values)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        np.testing.assert_allclose(norm.running_mean.numpy(), mean, rtol=1e-4)
        np.testing.assert_allclose(norm.running_var.numpy(), variance, rtol=1e-4)
        assert norm.num_batches_tracked == 7
    assert not any(module.training for module in network.modules())
    assert all(torch.equal(weight, before[name]) for name, weight in network.named_parameters())
    assert all(weight.grad is None for weight in network.parameters())


def test_layers_whose_statistics_a_training_holds_fixed_stay() -> None:
    fixed, follower = spoiled(nn.BatchNorm2d(3, momentum=0.0)), spoiled(nn.BatchNorm2d(3))
    count_anew(nn.Sequential(fixed, follower), [torch.randn(2, 3, 5, 5)], CPU)
    assert fixed.running_mean is not None
    assert follower.running_mean is not None
    assert fixed.running_mean.tolist() == [17.0] * 3
    assert max(follower.running_mean.abs().tolist()) < 100
    assert follower.running_mean.tolist() != [17.0] * 3


@pytest.mark.parametrize(
    "norm",
    [nn.GroupNorm(3, 3), nn.LayerNorm([3, 5, 5]), nn.BatchNorm2d(3, momentum=0.0),
     nn.BatchNorm2d(3, track_running_stats=False)],
)  # fmt: skip
def test_without_statistics_that_follow_there_is_nothing_to_count(norm: nn.Module) -> None:
    assert usual_recount(nn.Sequential(norm), store_of([places(0)]), 16) is None


@pytest.mark.parametrize(
    ("images", "crops", "batch", "found"),
    [
        (4, 100, 16, (60, 8)),  # 480 crops
        (4, 100, 6, (80, 6)),
        (4, 10, 16, (30, 8)),  # of six epochs
        (3, 1, 16, (6, 3)),  # fewer crops than a batch
        (1, 1, 16, (6, 1)),
    ],
)
def test_as_many_crops_as_are_enough_and_not_more_than_two_epochs_cost(
    images: int, crops: int, batch: int, found: tuple[int, int]
) -> None:
    store = store_of([places(number) for number in range(images)], crops)
    recount = usual_recount(nn.BatchNorm2d(3), store, batch)
    assert recount == Recount(*found, SIZE)
    assert len(list(undistorted(store, recount, 0))) == found[0]


def test_minutes_make_the_batches_fewer() -> None:
    recount = Recount(batches=60, batch=8, size=250)
    assert recount.seconds(COSTS) == pytest.approx(60 * 0.6)  # half a million pixels, and their mean and variance
    assert recount.within(100, COSTS) == recount
    assert recount.within(18.1, COSTS) == replace(recount, batches=30)
    assert recount.within(0.0, COSTS) == replace(recount, batches=10)
    assert replace(recount, batches=5).within(0.0, COSTS).batches == 5
    assert replace(recount, read=10**8).seconds(COSTS) == pytest.approx(36 + 1)
    assert [recount.over(batches).batches for batches in (0, 12)] == [60, 12]
