"""Words of the page about a run."""

import pytest

from train.reporting.report import _in_words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "–"),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (0.003, "0.003"),
        ("unet", "unet"),
        ([], "–"),
        ([0.6, 1.6], "0.6, 1.6"),
        ([[[[[[[[[[[[[[[[[[[[["deep"]]]]]]]]]]]]]]]]]]]]], "…"),
        ({"long": [32, 32], "metres_across": None, "cut": False}, "long 32, 32; metres across –; cut no"),
    ],
)
def test_settings_are_told_in_words(value: object, words: str) -> None:
    assert _in_words(value) == words
