"""seg-train plan and recipes as they are typed."""

import json
import tomllib
from pathlib import Path

import pytest

from prep.dataset.dataset import Dataset
from tests.support import run_train
from train.config.recipes import find_recipe


@pytest.mark.usefixtures("laptop")
def test_plan_shows_and_writes_what_a_training_would_choose(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = run_train("plan", "--minutes", 5, "--width", 8, "-o", "mine.toml", "--device", "cpu")
    assert told.exit_code == 0, told.output
    assert "--width 8    given\n" in told.stdout
    assert "--minutes 5  given\n" in told.stdout
    assert tomllib.loads(Path("mine.toml").read_text())["width"] == 8
    assert not Path("runs").exists()
    again = run_train("plan", "-o", "mine.toml", "--device", "cpu")
    assert "mine.toml: is already there; add --overwrite" in again.stderr
    assert "call it mine.toml" in run_train("plan", "-o", "mine.txt").stderr
    answer = json.loads(run_train("plan", "--json", "--device", "cpu").stdout)
    assert answer["settings"]["minutes"]["reason"] == "the usual on a CPU; --minutes changes it"


@pytest.mark.parametrize(
    ("options", "name", "given"),
    [
        (("--recipe", "shapes", "--minutes", 2.5), "shapes", {"minutes": 2.5}),
        (("--recipe", "mini"), "mini", {}),
        (("--epochs", 3), "default", {"epochs": 3}),
    ],
)
def test_plan_shows_what_a_training_with_a_recipe_or_epochs_has(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[object, ...], name: str,
    given: dict[str, object],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    told = run_train("plan", *options, "-o", "mine.toml", "--device", "cpu").stdout
    assert find_recipe("mine.toml").config({}) == find_recipe(name).config(given)
    assert {line.split("  ")[-1].strip() for line in told.splitlines()} <= {"given", f"recipe {name}"}


def test_a_plan_of_the_defaults_says_their_length(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_train("plan", "--recipe", "default", "--device", "cpu").stdout == "--epochs 12  the usual\n"


def test_what_recipes_shows_is_a_recipe(tmp_path: Path) -> None:
    shown = run_train("recipes", "aerial")
    (tmp_path / "copy.toml").write_text(shown.stdout)
    assert find_recipe(str(tmp_path / "copy.toml")).settings == find_recipe("aerial").settings
