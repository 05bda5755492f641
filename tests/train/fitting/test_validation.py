"""Validation of an epoch, what its history says in words, mean weights and the film."""

from pathlib import Path

import av
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from lightning_fabric import Fabric
from torch import nn

from prep.core.classes import IGNORE_INDEX
from prep.dataset.dataset import Dataset
from tests.support import CLASSES, random_image, random_mask
from train.fitting.film import write_film, write_frame
from train.fitting.history import Epoch, EpochScores, TrainingState, one_class_only, overfitting
from train.fitting.losses import build_loss
from train.fitting.optim import MeanWeights
from train.fitting.timing.look import Look
from train.fitting.validation import Validator, edge_to_edge
from train.runs.device import accelerator_of
from train.scoring.metrics import confusion_matrix
from train.windows.predictor import Normalizer, Predictor, TorchModel
from train.windows.window_settings import WindowSettings


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 17))
def test_patches_edge_to_edge_hold_each_pixel_once(height: int, width: int, size: int) -> None:
    mask = np.arange(height * width, dtype=np.int64).reshape(height, width)
    image = np.repeat((mask % 251).astype(np.uint8)[..., None], 3, axis=2)
    patches, masks = edge_to_edge(image, np.ones((height, width), np.uint8), size)
    assert patches.shape == (len(masks), size, size, 3)
    assert int((masks == 1).sum()) == height * width
    assert int((masks == IGNORE_INDEX).sum()) == masks.numel() - height * width
    across = -(-width // size)
    for number in range(len(masks)):
        top, left = number // across * size, number % across * size
        inside = image[top : top + size, left : left + size]
        assert np.array_equal(patches[number, : inside.shape[0], : inside.shape[1]].numpy(), inside)


@pytest.mark.parametrize("weights", [None, torch.tensor([0.1, 3.0, 1.0])])
def test_validation_is_the_loss_and_the_confusion_of_whole_images(
    dataset: Dataset, weights: torch.Tensor | None
) -> None:
    """A network without surroundings: windows and patches then change nothing, and the whole image is the oracle."""
    torch.manual_seed(3)
    network, fabric = nn.Conv2d(3, 3, 1), Fabric(accelerator="cpu", devices=1)
    model = TorchModel(network, Normalizer((0.5,) * 3, (0.2,) * 3), accelerator_of(fabric))
    predictor = Predictor(model, dataset.classes, WindowSettings(32), torch.device("cpu"))
    loss = build_loss("ce", weights)
    samples = dataset.of_split("val")
    found = Validator(predictor, model, loss, dataset, samples, size=24, batch=4, fabric=fabric)()
    confusion, total, pixels = np.zeros((3, 3), np.int64), 0.0, 0.0
    for sample in samples:
        image, mask = dataset.image(sample), dataset.mask(sample)
        logits = model.logits(torch.from_numpy(image)[None])
        confusion += confusion_matrix(mask, logits[0].argmax(0).numpy().astype(np.uint8), 3)
        pixel_weights = np.ones(3) if weights is None else weights.numpy()
        amount = pixel_weights[mask].sum()
        total += float(loss(logits, torch.from_numpy(mask)[None])) * amount
        pixels += amount
    assert np.array_equal(found.confusion, confusion)
    assert found.loss == pytest.approx(total / pixels, rel=1e-5)


def test_a_class_that_the_validation_masks_lack_is_told_once() -> None:
    state = TrainingState()
    confusion = np.array([[90, 5, 5], [5, 90, 5], [0, 0, 0]])
    (told,) = state.new_warnings(confusion, CLASSES)
    assert told.startswith(f"the validation masks hold no pixel of {CLASSES.names[2]}; 10 pixels (5.00%) taken for it")
    (told,) = TrainingState(look=Look(1, pixels=400)).new_warnings(confusion, CLASSES)
    assert told.startswith("the middles of validation masks hold no pixel of ")
    assert state.new_warnings(confusion, CLASSES) == []


def test_a_model_that_says_one_class_only_is_told() -> None:
    collapsed = np.array([[50, 0, 0], [7, 0, 0], [3, 0, 0]])
    assert "labels every validation pixel as background" in str(one_class_only(collapsed, CLASSES))
    assert one_class_only(collapsed * [[1], [0], [0]], CLASSES) is None  # nothing else is there
    assert one_class_only(collapsed + np.diag([0, 1, 0]), CLASSES) is None


def _row(epoch: int, loss: float, val_loss: float | None) -> Epoch:
    part = EpochScores(0.5, 0.5, 0.5, [0.5] * 3, [0.5] * 3)
    return Epoch(epoch, epoch, 0.1, loss, 1.0, part, val_loss, part if val_loss is not None else None)


def test_validation_that_gets_worse_while_training_gets_better_is_told() -> None:
    rising = [_row(n, 1 / n, 0.5 + abs(n - 4) / 10) for n in range(1, 12)]
    assert "since epoch 4 validation gets worse (loss 0.5000 -> 1.2000)" in str(overfitting(rising))
    assert overfitting(rising[:8]) is None  # four validations after the best may be chance
    assert overfitting([_row(n, 1.0, 0.5 + abs(n - 4) / 10) for n in range(1, 12)]) is None  # training is no better
    assert overfitting([_row(n, 1 / n, 1 / n) for n in range(1, 12)]) is None
    assert overfitting([_row(n, 1 / n, None) for n in range(1, 12)]) is None


def test_mean_weights_forget_the_beginning_and_follow_buffers() -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2))
    mean = MeanWeights(network, 0.9)
    with torch.no_grad():
        network[0].weight.fill_(5.0)
        network[1].running_mean.fill_(7.0)
    values = []
    for step in range(1, 200):
        mean.update(network, step)
        values.append(float(mean.network[0].weight[0, 0]))  # type: ignore[index]
    assert values == sorted(values)
    assert values[0] > 3
    assert values[-1] == pytest.approx(5.0, abs=1e-4)
    assert float(mean.network[1].running_mean[0]) == pytest.approx(7.0)  # type: ignore[index]


def test_the_film_has_a_frame_for_each_epoch_in_order(tmp_path: Path) -> None:
    for epoch in (2, 1, 10):
        write_frame(
            tmp_path, epoch, random_image(0, 33, 41), random_mask(0, 33, 41), random_mask(epoch, 33, 41), CLASSES
        )
    film = write_film(tmp_path)
    assert film == tmp_path / "progress.mp4"
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert (stream.codec_context.name, stream.average_rate, len(frames)) == ("h264", 4, 3)
    stills = [np.asarray(frame) for frame in frames]
    assert stills[0].shape[0] % 2 == 0
    assert np.abs(stills[0].astype(int) - stills[2]).mean() > 1
    assert [path.name for path in sorted((tmp_path / "film").iterdir())] == [
        "epoch-00001.png", "epoch-00002.png", "epoch-00010.png",
    ]  # fmt: skip


def test_without_frames_there_is_no_film(tmp_path: Path) -> None:
    assert write_film(tmp_path) is None
