"""Each setting stands once: its option, its help, its range and its line in docs/settings.md follow from one field."""

import json
import math
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest

from prep.core.arguments import NumberRange
from prep.core.errors import SegError
from tests.support import run_train
from train.cli.fit import fit
from train.config.config import SETTINGS, Config
from train.config.settings import Setting

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"
OPTIONS = {option.name: option for option in fit.params if isinstance(option, click.Option)}


def edges(setting: Setting) -> list[float]:
    """The smallest step beyond each end of the range of a setting, or the end where that is excluded."""
    within, step = setting.within, 1 if setting.kind is int else 1e-6
    low = [] if within.low is None else [within.low if within.without_low else within.low - step]
    return low + ([] if within.high is None else [within.high if within.without_high else within.high + step])


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_has_an_option_help_and_a_line_on_the_page(name: str) -> None:
    setting, option = SETTINGS[name], OPTIONS[name]
    assert option.opts == [setting.flag]
    assert option.help == setting.help
    assert option.secondary_opts == ([f"--no-{setting.flag[2:]}"] if setting.kind is bool else [])
    assert setting.help.endswith(".") or "--" in setting.help
    assert f"| `{setting.flag}` |" in PAGE.read_text(encoding="utf-8")


def test_every_field_is_a_setting_and_every_default_is_possible() -> None:
    assert list(SETTINGS) == [field.name for field in fields(Config)]
    assert [name for name, setting in SETTINGS.items() if setting.wanted(setting.default) is not None] == []


NUMBERS = [name for name, setting in SETTINGS.items() if setting.kind in (int, float)]


@pytest.mark.parametrize("name", NUMBERS)
def test_option_and_value_have_the_same_range(name: str) -> None:
    """One step beyond the range, click refuses the option and Config the value; both name it."""
    setting = SETTINGS[name]
    assert edges(setting)
    for value in edges(setting):
        told = run_train("fit", setting.flag, value)
        assert (told.exit_code, setting.flag in told.stderr) == (2, True), told.stderr
        with pytest.raises(SegError, match=f"^{setting.flag} needs .*; got "):
            Config(**{name: value})


@pytest.mark.parametrize("name", [name for name in NUMBERS if SETTINGS[name].kind is float])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400])
def test_no_number_of_a_training_is_nan_or_infinite(name: str, value: float) -> None:
    with pytest.raises(SegError, match=f"{SETTINGS[name].flag} needs"):
        Config(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("epochs", 3.0, "--epochs needs a whole number, at least 1; got 3.0"),
        ("epochs", True, "--epochs needs a whole number, at least 1; got True"),
        ("epochs", 2**64, "--epochs needs a whole number, at least 1; got 18446744073709551616"),
        ("film", 1, "--film needs True or False; got 1"),
        ("arch", None, "--arch needs a text; got None"),
        ("best", [], "--best needs one of iou, dice, loss; got []"),
        ("optimizer", np.array([1, 2]), "--optimizer needs one of adamw, adam, sgd; got array([1, 2])"),
        ("seed", np.True_, "--seed needs a whole number, at least 0; got np.True_"),
        ("lr", np.float64("nan"), "--lr needs a number above 0; got nan"),
        ("weights", 5, "--weights needs a path (str or Path); got 5"),
        ("weights", "", "--weights needs a path (str or Path): a path has at least one character; "),
        ("augment", Path("a\0"), "--augment needs a path (str or Path): a path holds no NUL character; got 'a"),
        ("weight_decay", "0", "--weight-decay needs a number, at least 0; got '0'"),
        (
            "batch",
            1,
            "--batch needs a whole number, at least 2: batch normalisation compares the patches of a batch; got 1",
        ),
        ("scale", [1, math.nan], "--scale needs two numbers from 0.1 to 10, smallest first"),
        ("scale", [1, 11], "--scale needs two numbers from 0.1 to 10, smallest first"),
        ("scale", [[1], 1], "--scale needs two numbers from 0.1 to 10, smallest first"),
    ],
)
def test_a_value_of_another_kind_is_told(name: str, value: Any, words: str) -> None:  # noqa: ANN401
    with pytest.raises(SegError) as caught:
        Config(**{name: value})
    assert str(caught.value).startswith(words)


def test_whole_numbers_are_numbers_too_and_none_keeps_the_usual() -> None:
    config = Config(lr=1, ema=0, warm_up=None, size=None)
    assert (config.lr, config.ema, config.size) == (1, 0, None)


def test_numbers_of_numpy_become_numbers_of_python() -> None:
    given: dict[str, Any] = {
        "lr": np.logspace(-4, -2, 3)[0], "ema": np.float32(0.5), "seed": np.int64(3), "width": np.uint8(8),
        "scale": (np.float64(0.5), np.int16(2)), "rotate": Fraction(1, 2),
    }  # fmt: skip
    shown = Config(**given).to_plain()
    numbers = [shown[name] for name in ("lr", "ema", "seed", "width", "scale", "rotate")]
    assert json.dumps(numbers) == "[0.0001, 0.5, 3, 8, [0.5, 2], 0.5]"
    assert [type(number) for number in numbers] == [float, float, int, int, list, float]


def test_files_may_be_paths_and_stay_texts() -> None:
    config = Config(weights=Path("runs") / "a", augment=Path("mine.yaml"))
    assert (config.weights, config.augment) == (str(Path("runs/a")), "mine.yaml")
    assert config == Config(weights=str(Path("runs/a")), augment="mine.yaml")
    assert json.loads(json.dumps(config.to_plain()))["augment"] == "mine.yaml"


def test_ranges_in_words() -> None:
    assert str(NumberRange(1)) == "at least 1"
    assert str(NumberRange(0, without_low=True)) == "a number above 0"
    assert str(NumberRange(0, 1, without_high=True)) == "a number from 0 to below 1"
    assert str(NumberRange(0, 1, without_low=True)) == "a number from above 0 to 1"
    assert (0 in NumberRange(0), 0 in NumberRange(0, without_low=True), 1e300 in NumberRange(0)) == (
        True,
        False,
        True,
    )


@pytest.mark.parametrize("name", SETTINGS)
def test_values_of_another_type_are_refused(name: str) -> None:
    for value in (object(), b"1", {"a": 1}, *([] if SETTINGS[name].is_path else [Path("file")])):
        with pytest.raises(SegError, match=f"^{SETTINGS[name].flag} needs .*; got "):
            Config(**{name: value})


def test_settings_are_named() -> None:
    with pytest.raises(TypeError, match="takes 1 positional argument"):
        Config("unet")  # type: ignore[misc]
