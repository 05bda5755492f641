"""Several models as one: what their mean is, and which have none."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.photos.rendering import Rendering
from tests.models import CLASSES, color_predictor
from tests.support import random_image
from train.windows.mean_model import MeanModel, Member, mean_predictor
from train.windows.predictor import Predictor
from train.windows.scale import ImageScale, Rescaling
from train.windows.window_settings import WindowSettings

PHOTOS = ImageScale((640, 640, 640), (480, 480, 480), (1.33, 1.34))


def sharper(times: float) -> Predictor:
    """As color_predictor, with probabilities that differ more or less."""

    def model(windows: Tensor) -> Tensor:
        return (times * windows.permute(0, 3, 1, 2).float() / 255).softmax(dim=1)

    return replace(color_predictor(), model=model)


def members(*predictors: Predictor) -> list[Member]:
    return [Member(name, predictor) for name, predictor in zip("abcdefg", predictors, strict=False)]


def trained_on(scale: ImageScale | None) -> Predictor:
    return replace(color_predictor(), scale=Rescaling(scale))


def refused(*predictors: Predictor) -> str:
    with pytest.raises(SegError) as error:
        mean_predictor(members(*predictors))
    return str(error.value)


def test_the_mean_of_one_model_is_that_model() -> None:
    one = color_predictor()
    assert mean_predictor(members(one)) == one


@pytest.mark.parametrize("number", [2, 4])
def test_the_mean_of_equal_models_is_the_model_bit_for_bit(number: int) -> None:
    image = random_image(0, 50, 70)
    mean = mean_predictor(members(*[color_predictor()] * number))
    assert np.array_equal(mean.probabilities(image), color_predictor().probabilities(image))
    assert np.array_equal(mean(image), color_predictor()(image))


def test_probabilities_are_the_mean_that_numpy_computes() -> None:
    windows = torch.from_numpy(np.stack([random_image(seed, 32, 32) for seed in range(3)]))
    models = [sharper(times).model for times in (1.0, 3.0, 0.2, 7.0, 0.5)]
    expected = np.mean([model(windows).numpy() for model in models], axis=0, dtype=np.float32)
    assert np.array_equal(MeanModel(tuple(models))(windows).numpy(), expected)


def test_a_model_that_gives_its_own_memory_keeps_it() -> None:
    """The sum goes into memory of its own: a model may return the same tensor each time."""
    own = torch.full((1, 2, 4, 4), 0.25)
    found = MeanModel((lambda windows: own, lambda windows: own))(torch.zeros(1, 4, 4, 3, dtype=torch.uint8))
    assert torch.equal(found, torch.full((1, 2, 4, 4), 0.25))
    assert torch.equal(own, torch.full((1, 2, 4, 4), 0.25))


def test_windows_are_as_large_and_overlap_as_much_as_the_largest() -> None:
    small = replace(color_predictor(), windows=WindowSettings(32, 0.5))
    large = replace(color_predictor(), windows=WindowSettings(64, 0.25))
    assert mean_predictor(members(small, large)).windows == WindowSettings(64, 0.5)
    assert mean_predictor(members(small, large)).changed(window=48).windows.window == 48


def test_models_of_other_classes_have_no_mean() -> None:
    turned = ClassMap(tuple(reversed(CLASSES.names)), CLASSES.colors)
    other = ClassMap(("background", "road"), CLASSES.colors[:2])
    text = refused(color_predictor(), color_predictor(), replace(color_predictor(), classes=turned))
    assert text.startswith("a knows the classes background, line, ellipse, and c knows them in another order (ellipse")
    assert "b knows other ones (background, road)" in refused(
        color_predictor(), replace(color_predictor(), classes=other)
    )


def test_models_of_other_scales_have_a_mean_with_a_factor_only() -> None:
    larger = replace(PHOTOS, long=(1600, 1600, 1600), short=(1200, 1200, 1200))
    told = "a learned from images of 640 px, and b from images of 1,600 px: photos cannot be at the scale of both"
    assert refused(trained_on(PHOTOS), trained_on(larger)).startswith(told)
    assert "of unknown size" in refused(trained_on(PHOTOS), trained_on(None))
    assert "cut out of rasters" in refused(trained_on(PHOTOS), trained_on(replace(PHOTOS, cut=True)))
    mean = mean_predictor(members(trained_on(PHOTOS), trained_on(larger)), 0.5)
    assert mean.scale.size(1000, 800) == (500, 400)
    assert mean.scale.known == "of unknown size"


def test_models_of_nearly_one_scale_have_a_mean() -> None:
    near = replace(PHOTOS, long=(600, 640, 700), short=(450, 480, 500))
    assert mean_predictor(members(trained_on(PHOTOS), trained_on(near)), "fit").scale == Rescaling(PHOTOS, "fit")


def test_models_of_rasters_go_by_metres() -> None:
    metres = replace(PHOTOS, cut=True, metres_across=(0.5, 0.5, 0.5), metres_down=(0.5, 0.5, 0.5))
    other_cells = replace(metres, long=(2048, 2048, 2048), short=(2048, 2048, 2048))
    assert mean_predictor(members(trained_on(metres), trained_on(other_cells))).scale.trained == metres
    coarser = replace(metres, metres_across=(1.0, 1.0, 1.0), metres_down=(1.0, 1.0, 1.0))
    text = refused(trained_on(metres), trained_on(coarser))
    assert "a learned from images of 0.5 m a pixel, and b from images of 1 m a pixel" in text
    assert "cut out of rasters" in refused(trained_on(metres), trained_on(replace(PHOTOS, cut=True)))


def test_deep_photos_have_to_be_read_alike() -> None:
    one, other = (replace(color_predictor(), rendering=Rendering({"uint16": (0, top)})) for top in (4095, 65535))
    assert mean_predictor(members(one, color_predictor())).rendering.ranges == {"uint16": (0, 4095)}
    assert "a and b were trained on uint16 photos read otherwise (0 to 4095, and 0 to 65535)" in refused(one, other)
