"""Trainings of seconds, typed in the folder of a dataset."""

from pathlib import Path

import pandas as pd

from tests.support import run_train

TINY = ("--width", 4, "--size", 32, "--crops", 4, "--batch", 8, "--device", "cpu", "--epochs", 2)


def train(*arguments: object) -> Path:
    result = run_train(*TINY, *arguments)
    assert result.exit_code == 0, result.output
    return Path("runs/latest").resolve()


def history_of(run: Path) -> pd.DataFrame:
    return pd.read_csv(run / "history.csv").drop(columns="seconds")
