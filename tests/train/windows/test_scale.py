"""At which size a photo is labelled: the rule, and what a run records for it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prep.core.errors import SegError
from train.windows.scale import ImageScale, Rescaling, Scale, parse_scale

PHONE = ImageScale((640, 640, 640), (480, 480, 480), (4 / 3, 4 / 3), (4032, 4032, 4032))
"""Photos of a phone that `seg-prep resize` made smaller."""

ELSEWHERE = ImageScale((640, 640, 640), (480, 480, 480), (4 / 3, 4 / 3))
"""The same, made smaller by another program: nobody wrote down what the photos were."""

NATIVE = ImageScale((4000, 4032, 4032), (2268, 3024, 3024), (4 / 3, 16 / 9))
"""Photos as a camera made them."""

MANY_SIZES = ImageScale((200, 700, 3271), (150, 500, 2450), (1.2, 1.8))
TILES = ImageScale((512, 512, 512), (512, 512, 512), (1.0, 1.0))
"""Cut out of something larger."""

REFUSED = None


def size_of(trained: ImageScale, width: int, height: int, wanted: Scale = "auto") -> tuple[int, int] | None:
    """Width and height of the labelling; None if the photo is refused."""
    try:
        return Rescaling(trained, wanted).size(height, width)[::-1]
    except SegError:
        return REFUSED


@pytest.mark.parametrize(
    ("trained", "photo", "expected"),
    [
        (PHONE, (4032, 3024), (640, 480)),  # the camera of the training
        (PHONE, (3024, 4032), (480, 640)),  # upright
        (PHONE, (640, 480), (640, 480)),  # made smaller already
        (PHONE, (800, 600), (800, 600)),  # a quarter more: still as it is
        (PHONE, (801, 600), (640, 479)),
        (PHONE, (512, 384), (512, 384)),
        (PHONE, (320, 240), (640, 480)),  # a thumbnail
        (PHONE, (120, 90), REFUSED),  # too little to enlarge
        (PHONE, (1920, 1080), (640, 360)),  # a video
        (PHONE, (8064, 6048), (640, 480)),  # another camera
        (PHONE, (20_000, 15_000), REFUSED),  # no camera
        (PHONE, (12_000, 3000), REFUSED),  # a panorama shows more
        (ELSEWHERE, (4032, 3024), (640, 480)),
        (ELSEWHERE, (8064, 6048), (640, 480)),
        (ELSEWHERE, (20_000, 15_000), REFUSED),  # a mosaic
        (NATIVE, (8064, 6048), (4032, 3024)),
        (NATIVE, (20_000, 15_000), REFUSED),
        (NATIVE, (1600, 1200), (4000, 3000)),  # as messengers send them
        (MANY_SIZES, (200, 150), (200, 150)),
        (MANY_SIZES, (3271, 2450), (3271, 2450)),
        (MANY_SIZES, (4608, 3456), (3271, 2453)),
        (TILES, (512, 512), (512, 512)),
        (TILES, (600, 450), (600, 450)),
        (TILES, (4032, 3024), REFUSED),
        (TILES, (256, 256), REFUSED),
    ],
)
def test_a_photo_is_labelled_at_the_scale_of_the_training_where_that_can_be_told(
    trained: ImageScale, photo: tuple[int, int], expected: tuple[int, int] | None
) -> None:
    assert size_of(trained, *photo) == expected
    assert size_of(trained, *photo, wanted=1.0) == photo
    fitted = size_of(trained, *photo, wanted="fit")
    assert fitted == expected or expected is REFUSED
    assert fitted is not None and trained.long[0] / 1.26 <= max(fitted) <= trained.long[2] * 1.26


def test_a_refusal_names_both_ways() -> None:
    with pytest.raises(SegError) as error:
        Rescaling(PHONE).size(15_000, 20_000)
    assert str(error.value) == (
        "20,000 x 15,000 pixels, and the model learned from images of 640 px: whether this shows the same in other "
        "pixels, or more or less of it at the same detail, cannot be told; add --scale fit (as a whole at the size of "
        "those images) or --scale 1 (as it is)"
    )


def test_images_alike_in_their_short_sides_are_met_by_those() -> None:
    short = ImageScale((768, 1024, 1365), (768, 768, 768), (1.0, 16 / 9), (4000, 4032, 4032))
    assert size_of(short, 4032, 3024) == (1024, 768)
    assert size_of(short, 4032, 2268) == (1365, 768)
    assert short.words == "768 px"


def test_photos_that_were_distorted_for_the_training_are_again() -> None:
    exact = ImageScale((512, 512, 512), (512, 512, 512), (4 / 3, 4 / 3), (4032, 4032, 4032), (512, 512))
    assert size_of(exact, 4032, 3024) == (512, 512)
    assert size_of(exact, 512, 512) == (512, 512)


def test_a_factor_scales_whatever_the_training_was() -> None:
    assert size_of(PHONE, 4032, 3024, 0.5) == (2016, 1512)
    assert Rescaling(None, 0.25).size(10, 3) == (2, 1)


def test_an_older_model_labels_photos_as_they_are_and_cannot_fit_them() -> None:
    assert Rescaling(None).size(3024, 4032) == (3024, 4032)
    assert Rescaling(None).is_unknown and not Rescaling(PHONE).is_unknown
    with pytest.raises(SegError, match=r"does not say how large the images were.*give a factor.*or train it again"):
        Rescaling(None, "fit")


def test_words_say_what_is_done() -> None:
    assert Rescaling(PHONE).words(480, 640) is None
    assert (
        Rescaling(PHONE).words(3024, 4032) == "4,032 x 3,024 px, labelled at 640 x 480 (the training's images: 640 px)"
    )
    assert Rescaling(PHONE, 0.5).words(3024, 4032) == "4,032 x 3,024 px, labelled at 2,016 x 1,512 (--scale 0.5)"
    assert "(the training's images: 200 to 3,271 px)" in (Rescaling(MANY_SIZES).words(3456, 4608) or "")


OTHERS = ["", "Auto", "0", "-1", "9", "nan", "inf", True, None, [1], np.array([1, 2]), np.True_, -(10**400)]


@pytest.mark.parametrize("value", [*OTHERS, pytest.param(10**5000, id="huge")])
def test_other_scales_are_refused(value: object) -> None:
    with pytest.raises(SegError, match=r"--scale needs auto, fit, or a factor from 0\.001 to 8; got "):
        parse_scale(value)


def test_scales_are_read_as_text_and_as_numbers() -> None:
    scales = ("auto", "fit", "0.25", 1, 2.5, np.int64(2), np.float32(0.5))
    assert [parse_scale(value) for value in scales] == ["auto", "fit", 0.25, 1.0, 2.5, 2.0, 0.5]
    assert {type(parse_scale(value)) for value in scales[2:]} == {float}


@pytest.mark.parametrize(
    "changes",
    [
        {"long": [640, 640]}, {"long": [640, 600, 640]}, {"long": [0, 640, 640]}, {"short": [1.5, 2, 3]},
        {"shape": [0.5, 2]}, {"shape": [2, float("inf")]}, {"shape": ["1", 2]}, {"photos": [1, 2, 2**40]},
        {"stretched": [512]}, {"stretched": "512"}, {"more": [1]}, {"cut": 1}, {"long": None}, {"long": 640},
    ],
)  # fmt: skip
def test_a_spoiled_record_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SegError, match=r"model\.pt: image_scale cannot be .*; restore it from a copy, or train again"):
        ImageScale.from_plain({**PHONE.to_plain(), **changes}, Path("model.pt"))


def test_a_record_comes_back_as_it_was() -> None:
    for scale in (PHONE, NATIVE, ImageScale((1, 2, 3), (1, 1, 1), (1.0, 3.0), None, (4, 5)), replace(TILES, cut=True)):
        assert ImageScale.from_plain(scale.to_plain(), Path("model.pt")) == scale
    assert ImageScale.from_plain(None, Path("model.pt")) is None
    for spoiled in ("640", [640], 640):
        with pytest.raises(SegError, match="image_scale cannot be"):
            ImageScale.from_plain(spoiled, Path("model.pt"))
