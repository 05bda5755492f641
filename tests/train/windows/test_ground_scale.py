"""At which size a raster is labelled, by how large its pixels are on the ground."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep.core.errors import SegError
from prep.geo.pixel_size import PixelSize
from train.windows.ground_scale import GroundScale
from train.windows.scale import ImageScale, Rescaling

HALF_METRE = ImageScale((128,) * 3, (128,) * 3, (1.0, 1.0), None, None, True, (0.5,) * 3, (0.5,) * 3)
MIXED = replace(HALF_METRE, metres_across=(0.2, 0.3, 0.5), metres_down=(0.2, 0.3, 0.5))
DEGREES = replace(HALF_METRE, metres_across=(0.6,) * 3, metres_down=(1.1,) * 3)


def size_of(trained: ImageScale, across: float, down: float | None = None) -> tuple[int, int]:
    """Of a raster of 1,000 x 800 pixels of so many metres."""
    return Rescaling(trained, pixel=PixelSize(across, down or across)).size(800, 1000)


@pytest.mark.parametrize(
    ("trained", "pixel", "expected"),
    [
        (HALF_METRE, (0.5,), (800, 1000)), (HALF_METRE, (0.4,), (800, 1000)), (HALF_METRE, (0.625,), (800, 1000)),
        (HALF_METRE, (0.25,), (400, 500)), (HALF_METRE, (1.0,), (1600, 2000)), (HALF_METRE, (0.05,), (80, 100)),
        (HALF_METRE, (2.0,), (3200, 4000)), (HALF_METRE, (0.55, 1.1), (1760, 1100)),
        (HALF_METRE, (0.4, 0.6), (960, 800)),  # each alone is near; together they distort
        (MIXED, (0.2,), (800, 1000)), (MIXED, (0.35,), (800, 1000)), (MIXED, (0.6,), (800, 1000)),
        (MIXED, (0.1,), (400, 500)), (MIXED, (1.0,), (1600, 2000)),
        (DEGREES, (0.6, 1.1), (800, 1000)), (DEGREES, (0.55, 0.55), (400, 917)),
    ],
)  # fmt: skip
def test_pixels_become_as_large_on_the_ground_as_those_of_the_training(
    trained: ImageScale, pixel: tuple[float, ...], expected: tuple[int, int]
) -> None:
    assert size_of(trained, *pixel) == expected


@given(st.floats(0.01, 1.9), st.floats(0.01, 1.9))
def test_what_is_rescaled_has_the_size_of_the_training(across: float, down: float) -> None:
    found = GroundScale((0.5,) * 3, (0.5,) * 3).size(9000, 7000, PixelSize(across, down))
    if found != (9000, 7000):
        assert found[0] * 0.5 == pytest.approx(9000 * down, abs=0.26)
        assert found[1] * 0.5 == pytest.approx(7000 * across, abs=0.26)
    else:
        assert max(abs(math.log(each / 0.5)) for each in (across, down)) < 0.224


@pytest.mark.parametrize(("metres", "what"), [(2.1, "coarse"), (0.0049, "fine")])
def test_a_raster_that_cannot_show_what_the_model_knows_is_refused(metres: float, what: str) -> None:
    with pytest.raises(SegError, match=rf"m a pixel, and the model learned from 0\.5 m: too {what} .* --scale 1 \("):
        size_of(HALF_METRE, metres)


def test_a_scale_that_is_named_decides() -> None:
    pixel = PixelSize(0.1, 0.1)
    assert Rescaling(HALF_METRE, 1.0, pixel).size(800, 1000) == (800, 1000)
    assert Rescaling(HALF_METRE, 0.5, pixel).size(800, 1000) == (400, 500)
    assert Rescaling(HALF_METRE, "fit", pixel).size(800, 1000) == (102, 128)
    assert Rescaling(HALF_METRE, 0.5, pixel).ground is None


def test_what_is_not_known_leaves_rasters_as_they_are() -> None:
    assert Rescaling(HALF_METRE).size(800, 1000) == (800, 1000)
    unmeasured = replace(HALF_METRE, metres_across=None, metres_down=None)
    assert Rescaling(unmeasured, pixel=PixelSize(9, 9)).size(800, 1000) == (800, 1000)
    assert Rescaling(unmeasured).is_unknown and not Rescaling(HALF_METRE).is_unknown


def test_words_say_both_sizes() -> None:
    fine = Rescaling(HALF_METRE, pixel=PixelSize(0.125, 0.125))
    assert fine.words(800, 1000) == (
        "0.125 m a pixel, labelled at 0.5 m as in the training (1,000 x 800 px, labelled at 250 x 200)"
    )
    assert Rescaling(HALF_METRE, pixel=PixelSize(0.5, 0.5)).words(800, 1000) is None
    assert fine.rule == "rasters at 0.5 m a pixel, photos as they are"
    assert MIXED.ground is not None and MIXED.ground.words == "0.2 m to 0.5 m" and MIXED.ground.is_mixed
    assert DEGREES.ground is not None and DEGREES.ground.words == "0.6 x 1.1 m" and not DEGREES.ground.is_mixed


def test_a_record_comes_back_as_it_was_and_a_spoiled_one_is_refused() -> None:
    assert ImageScale.from_plain(MIXED.to_plain(), Path("model.pt")) == MIXED
    spoiled: list[dict[str, Any]] = [
        {"metres_across": None}, {"metres_down": [1, 2]}, {"metres_down": [3, 2, 1]}, {"metres_across": [0, 1, 2]},
        {"metres_across": ["1", 2, 3]}, {"metres_across": [1, 2, math.inf]}, {"metres_down": [1, math.nan, 2]},
        {"metres_down": 1.0},
    ]  # fmt: skip
    for changes in spoiled:
        with pytest.raises(SegError, match=r"model\.pt: image_scale cannot be"):
            ImageScale.from_plain({**MIXED.to_plain(), **changes}, Path("model.pt"))
