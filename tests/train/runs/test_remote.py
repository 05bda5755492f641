"""What models say of images is the same on a cluster: its workers open the runs themselves."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from tests.models import run_train, train_error, write_run
from tests.support import Killed, random_image, save, tree
from train.cli.main import main
from train.predicting import remote_photos
from train.predicting.label_photo import label_photo
from train.predicting.remote_photos import LabelPhotos, RemotePhotoJob
from train.runs.members import Members
from train.runs.remote import remote_members


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


EVERYTHING = "masks,colors,overlays,geojson,coco,labelme,probabilities"


def predicted(name: str, run: Path, *how: object, rc: int = 0) -> tuple[dict[str, bytes], str]:
    result = CliRunner().invoke(
        main, [str(each) for each in ("predict", "photos", "-o", name, "--run", run, "--save", EVERYTHING,
                                      "--device", "cpu", *how)]
    )  # fmt: skip
    assert result.exit_code == rc, result.output
    return files(Path(name)), result.output.replace(name, "")


def test_predictions(runs: list[Path], cluster: Path) -> None:
    for seed in range(5):
        save(Path("photos") / f"p{seed}.png", random_image(seed, 70 + seed, 90))
    save(Path("photos") / "deep.png", (np.arange(60 * 50, dtype=np.uint16) * 3).reshape(60, 50))
    expected, said = predicted("here", runs[0])
    assert len(expected) > 6 * 7
    found, told = predicted("there", runs[0], "--cluster", cluster)
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []
    assert told == said
    made = {path: path.stat().st_mtime_ns for path in Path("there/masks").iterdir()}
    Path("there/masks/p3.png").unlink()
    again, _ = predicted("there", runs[0], "--cluster", cluster)
    assert again == expected
    kept = [path for path, time in made.items() if path.stat().st_mtime_ns == time]
    assert len(kept) == len(made) - 1, "only what is missing is made again"


def test_a_photo_that_cannot_be_read_is_left_out(runs: list[Path], cluster: Path) -> None:
    for seed in range(4):
        save(Path("photos") / f"p{seed}.png", random_image(seed, 40, 50))
    Path("photos/p1.png").write_bytes(Path("photos/p1.png").read_bytes()[:300])
    expected, said = predicted("here", runs[0], rc=1)
    found, told = predicted("there", runs[0], "--cluster", cluster, rc=1)
    assert "p1.png" in told
    assert told == said
    assert found == expected
    assert not any("p1" in name for name in found)


def test_a_photo_that_kills_workers_is_named_and_the_others_are_labelled(runs: list[Path], cluster: Path) -> None:
    for name in ("p0", "poison", "p2"):
        save(Path("photos") / f"{name}.png", random_image(0, 40, 50))
    found, told = predicted("there", runs[0], "--cluster", cluster, rc=1)
    assert "photos/poison.png: several workers of the cluster died" in told
    assert {name for name in found if name.startswith("masks/") and name.endswith(".png")} == {
        "masks/p0.png",
        "masks/p2.png",
    }


def test_a_run_that_is_replaced_meanwhile_is_told(runs: list[Path]) -> None:
    model = replace(remote_members(Members((runs[0],), None), "cpu", 1.0), identities=("a 0123456789abcdef",))
    with pytest.raises(SegError, match="was replaced while its model was at work"):
        model.open()


def test_workers_of_a_command_that_was_killed_change_nothing_of_the_next_one(
    runs: list[Path], cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(Path("photos") / "p.tif", random_image(0, 60, 70))
    Path("photos/p.tfw").write_text("1\n0\n0\n-1\n0\n0\n")
    other, _ = predicted("alone", runs[1])
    sent: list[tuple[LabelPhotos, RemotePhotoJob]] = []

    def send(work: LabelPhotos, jobs: list[RemotePhotoJob], **_: object) -> None:
        sent.append((work, jobs[0]))
        raise Killed

    def while_another_predicts(*arguments: Any) -> None:  # noqa: ANN401
        predicted("out", runs[1], "--overwrite")
        label_photo(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(remote_photos, "run_jobs", send)
        patched.setattr("shutil.rmtree", lambda *_, **__: None)
        with pytest.raises(Killed):
            predicted("out", runs[0], "--cluster", cluster)
    work, job = sent[0]
    with monkeypatch.context() as patched:
        patched.setattr(remote_photos, "label_photo", while_another_predicts)
        assert not work(job).problem, "its photo was at work"
    found = files(Path("out"))
    assert {name: data for name, data in found.items() if not name.startswith(".unfinished-predict-")} == other
    assert predicted("out", runs[1])[0] == other, "nothing is left over"
    assert "no such file" in work(job).problem, "its photo was not begun yet"
    assert files(Path("out")) == other
