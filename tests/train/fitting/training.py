"""Trainings of seconds, typed in the folder of a dataset."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tests.support import run_train

TINY = ("--width", 4, "--size", 32, "--crops", 4, "--batch", 8, "--device", "cpu", "--epochs", 2)


def tiny(arguments: Sequence[object]) -> tuple[object, ...]:
    """TINY; --width is of the plain network alone."""
    return TINY[2:] if {"--encoder", "campus"} & {*arguments} else TINY


def train(*arguments: object) -> Path:
    result = run_train(*tiny(arguments), *arguments)
    assert result.exit_code == 0, result.output
    return Path("runs/latest").resolve()


def history_of(run: Path) -> pd.DataFrame:
    return pd.read_csv(run / "history.csv").drop(columns="seconds")
