"""What models say of images is the same on a cluster: its workers open the runs themselves."""

from pathlib import Path

import pytest

from prep.dataset.dataset import Dataset
from tests.models import run_train, train_error, write_run
from tests.support import tree


def files(folder: Path) -> dict[str, bytes]:
    """What was written, without the record of the command."""
    return {name: content for name, content in tree(folder).items() if not name.startswith("provenance")}


@pytest.fixture
def runs(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two runs that know the classes of the dataset, in the folder where commands are typed."""
    monkeypatch.chdir(tmp_path)
    return [write_run(Path("runs") / name, classes=dataset.classes) for name in ("a", "b")]


def test_scores(dataset: Dataset, runs: list[Path], cluster: Path) -> None:
    for number, named in enumerate((runs[:1], runs)):
        printed = [
            run_train("score", *named, dataset.root, "--split", "val", "--scale", "0.5", "--device", "cpu", "-o",
                      f"{way}{number}", *how).stdout.replace(f"{way}{number}", "")
            for way, how in (("here", ()), ("there", ("--cluster", cluster)))
        ]  # fmt: skip
        assert printed[0] == printed[1]
        expected = files(Path(f"here{number}"))
        assert "per_image.csv" in expected
        assert any(name.startswith("predictions/") for name in expected)
        assert files(Path(f"there{number}")) == expected


def test_a_damaged_image_ends_the_score_in_words(dataset: Dataset, runs: list[Path], cluster: Path) -> None:
    sample = dataset.of_split("val")[0]
    (dataset.root / sample.image).write_bytes(b"nothing")
    for how in ((), ("--cluster", cluster)):
        assert sample.image in train_error("score", runs[0], dataset.root, "--split", "val", *how)
