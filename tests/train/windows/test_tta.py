"""Test-time averaging of windows, against whole images that are turned and mirrored."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from tests.train.windows.window_oracle import (
    CLASSES,
    assert_best,
    noise,
    plain_scores,
    pointwise,
    position_dependent,
    predictor_of,
)
from train.windows.blending import D4
from train.windows.window_settings import BLENDS, Blend, WindowSettings

Turn = Callable[[NDArray[np.generic]], NDArray[np.generic]]


def turns_and_back() -> Iterator[tuple[Turn, Turn]]:
    """The eight symmetries of an image (H, W, ...), and what undoes each on scores (H, W, C)."""
    for turns in range(4):
        yield (lambda a, k=turns: np.rot90(a, k)), (lambda a, k=turns: np.rot90(a, -k))
        yield (lambda a, k=turns: np.rot90(a[:, ::-1], k)), (lambda a, k=turns: np.rot90(a, -k)[:, ::-1])


@pytest.mark.parametrize("blend", BLENDS)
@pytest.mark.parametrize(("height", "width"), [(24, 40), (40, 16), (32, 32)])
def test_d4_equals_the_mean_over_turned_and_mirrored_whole_images(height: int, width: int, blend: Blend) -> None:
    # The sides are multiples of the stride, so that the windows of a turned image are the turned windows.
    image = noise(height, width)
    expected = np.zeros((height, width, CLASSES))
    for turn, back in turns_and_back():
        scores = plain_scores(np.ascontiguousarray(turn(image)), position_dependent, 16, 0.5, blend)
        expected += back(scores.transpose(1, 2, 0)) / 8
    predictor = predictor_of(position_dependent, WindowSettings(16, 0.5, blend, "d4"))
    found = predictor.probabilities(image)
    np.testing.assert_allclose(found, expected.transpose(2, 0, 1), atol=1e-5)
    labels = predictor(image)
    assert_best(labels, expected.transpose(2, 0, 1).astype(np.float32))


def test_the_network_sees_each_of_the_eight_views_of_a_batch_once() -> None:
    seen: list[Tensor] = []

    def remember(windows: Tensor) -> Tensor:
        seen.append(windows.clone())
        return position_dependent(windows)

    windows = torch.from_numpy(np.stack([noise(8, 8), noise(9, 8)[1:]]))
    D4(remember)(windows)
    views = {view[0].numpy().tobytes() for view in seen}
    assert len(seen) == len(views) == 8
    assert views == {np.ascontiguousarray(turn(windows[0].numpy())).tobytes() for turn, _ in turns_and_back()}


def test_a_network_without_orientation_gives_what_it_gave() -> None:
    windows = torch.from_numpy(noise(12, 12))[None]
    torch.testing.assert_close(D4(pointwise)(windows), pointwise(windows))


def test_scores_of_the_network_are_not_changed_in_place() -> None:
    kept = torch.rand(1, CLASSES, 8, 8)
    before = kept.clone()
    D4(lambda windows: kept)(torch.from_numpy(noise(8, 8))[None])
    assert torch.equal(kept, before)
