"""Labels against MONAI's sliding_window_inference on the same windows."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from tests.train.windows.window_oracle import assert_best, mirrored, noise, position_dependent, predictor_of
from train.windows.blending import window_profile
from train.windows.window_settings import Blend, WindowSettings
from train.windows.windows import place_windows

WINDOW = 32
SIZES = [(96, 160), (75, 101), (20, 130), (32, 32), (9, 7)]


@pytest.fixture(scope="module")
def inference() -> Callable[..., Tensor]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own imports
        pytest.importorskip("monai", reason="MONAI is not installed (pip install 'seg-prep[bench]')")
        from monai.inferers import sliding_window_inference
    found: Callable[..., Tensor] = sliding_window_inference
    return found


def monai_scores(
    inference: Callable[..., Tensor], image: NDArray[np.uint8], mode: str, weights: Tensor | None = None
) -> tuple[NDArray[np.float32], set[tuple[int, int]]]:
    """Scores (C, H, W) of MONAI on the mirrored image, cut to the image, and where its windows began in it."""
    height, width = image.shape[:2]
    down, across = place_windows(height, WINDOW, 0.5), place_windows(width, WINDOW, 0.5)
    begun = set()

    def network(windows: Tensor, where: list[list[slice]]) -> Tensor:
        begun.update((place[2].start + down.start, place[3].start + across.start) for place in where)
        return position_dependent(windows.permute(0, 2, 3, 1).to(torch.uint8))

    whole = torch.from_numpy(mirrored(image, down, across)).permute(2, 0, 1)[None].float()
    found = inference(
        whole, (WINDOW, WINDOW), 4, network, overlap=0.5, mode=mode, roi_weight_map=weights, with_coord=True
    )
    return found[0, :, -down.start :, -across.start :][:, :height, :width].numpy(), begun


def profile(blend: Blend) -> Tensor:
    along = torch.from_numpy(window_profile(WINDOW, blend))
    return torch.outer(along, along).float()


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_windows_lie_where_monai_puts_them(inference: Callable[..., Tensor], height: int, width: int) -> None:
    _, begun = monai_scores(inference, noise(height, width), "constant")
    down, across = place_windows(height, WINDOW, 0.5), place_windows(width, WINDOW, 0.5)
    assert begun == {(top, left) for top in down.starts for left in across.starts}


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_labels_are_those_of_monai(inference: Callable[..., Tensor], height: int, width: int) -> None:
    image = noise(height, width)
    ways: list[tuple[Blend, str, Tensor | None]] = [
        ("average", "constant", None),
        ("gaussian", "gaussian", profile("gaussian")),
        ("spline", "constant", profile("spline")),
    ]
    for blend, mode, weights in ways:
        scores, _ = monai_scores(inference, image, mode, weights)
        labels = predictor_of(position_dependent, WindowSettings(WINDOW, 0.5, blend))(image)
        assert_best(labels, scores)
        assert np.mean(labels != scores.argmax(axis=0)) < 1e-3  # and ties are rare


@pytest.mark.parametrize(("height", "width"), SIZES[:2])
def test_gaussian_labels_are_those_of_monai_but_for_its_floor(
    inference: Callable[..., Tensor], height: int, width: int
) -> None:
    # MONAI raises weights below 0.001 to that; ours go on down to exp(-16). It matters along the border of the image,
    # where no window has its middle, and elsewhere next to nothing.
    image = noise(height, width)
    scores, _ = monai_scores(inference, image, "gaussian")
    labels = predictor_of(position_dependent, WindowSettings(WINDOW, 0.5, "gaussian"))(image)
    inside = (slice(WINDOW // 4, -WINDOW // 4), slice(WINDOW // 4, -WINDOW // 4))
    assert_best(labels[inside], scores[:, *inside], 5e-3)
    assert np.mean(labels[inside] != scores.argmax(axis=0)[inside]) < 5e-3
