"""Advice typed to the letter acts on the dataset that it was given for."""

import json
import shlex
import shutil
from pathlib import Path

import pytest

from prep.dataset.dataset import Dataset
from prep.dataset.place.advice import for_dataset
from tests.support import run_ok, run_prep, run_train

ADVICE = "run 'seg-prep stats --overwrite', or 'seg-prep split'; 'seg-prep masks convert' brings masks in"


@pytest.fixture
def away(tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another dataset than the one that is found without a name."""
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(dataset.root, Path("away", "l k"))


def test_commands_name_the_dataset_where_they_would_find_another_one(
    away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = for_dataset(away, ADVICE)
    assert named == (
        "run 'seg-prep stats 'away/l k' --overwrite', or 'seg-prep split 'away/l k''; 'seg-prep masks convert' brings "
        "masks in"
    )
    assert for_dataset(away, named) == named
    assert for_dataset(Path("datasets/synth"), ADVICE) == for_dataset(Path("away"), ADVICE) == ADVICE
    at_work = "'seg-prep split --seed 3' (since 2026-11-30, process 7) is at work"
    assert for_dataset(away, at_work) == at_work
    monkeypatch.chdir(away)
    assert for_dataset(Path(), ADVICE) == for_dataset(Path.cwd(), ADVICE) == ADVICE


def test_check_and_errors_name_the_dataset(away: Path) -> None:
    run_ok("stats", away, "--split", "all")
    lines = (away / "index.csv").read_text(encoding="utf-8").splitlines()
    (away / "index.csv").write_text("\n".join([*lines[:-1], lines[-1].replace("test", "val")]), encoding="utf-8")
    name = shlex.quote(str(away))
    assert f"-> count again with 'seg-prep stats {name} --overwrite'" in run_prep("check", away).stdout
    findings = json.loads(run_prep("check", away, "--json").stdout)["findings"]
    assert f"count again with 'seg-prep stats {name} --overwrite'" in [each["advice"] for each in findings]
    assert f"run 'seg-prep stats {name} --overwrite'" in run_train("fit", away, "--epochs", 1).stderr


def test_results_name_the_dataset(away: Path) -> None:
    assert f"in a split of {away} differs" in run_ok("split", away).stdout
    assert f" of train in {away}, " in run_ok("stats", away).stdout
