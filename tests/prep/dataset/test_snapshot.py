"""What changed of a dataset while somebody read it is named; what is not read may change."""

import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.dataset.snapshot import Snapshot


@pytest.mark.parametrize("part", ["image", "mask"])
@pytest.mark.parametrize("what", ["written", "replaced", "touched", "gone"])
def test_samples_that_changed_are_named(dataset: Dataset, part: str, what: str) -> None:
    before = Snapshot(dataset, dataset.samples[:5], "do it again")
    assert before.changes() == {}
    paths = [dataset.root / getattr(dataset.samples[number], part) for number in (1, 4, 6)]
    for path in paths:
        content, status = path.read_bytes(), path.stat()
        if what == "written":
            path.write_bytes(content + b"x")
        elif what == "replaced":  # by a file of the same size and time, as a restored copy is
            path.with_suffix(".new").write_bytes(content)
            os.utime(path.with_suffix(".new"), ns=(status.st_atime_ns, status.st_mtime_ns))
            path.with_suffix(".new").replace(path)
        elif what == "touched":
            os.utime(path, ns=(1, 1))
        else:
            path.unlink()
    said = [f"{path}: was changed after this began" for path in paths[:2]]
    assert before.changes() == {dataset.samples[1].stem: said[0], dataset.samples[4].stem: said[1]}
    before.need_same(0)
    with pytest.raises(SegError, match=f"^{re.escape(said[1])}$"):
        before.need_same(4)
    with pytest.raises(SegError, match=r"image_000001, image_000004 changed while they were counted, .*; do it again$"):
        before.refuse_change("they were counted")


def test_files_that_are_not_there_are_no_change_until_they_come(dataset: Dataset) -> None:
    mask = dataset.root / dataset.samples[0].mask
    mask.rename(mask.with_suffix(".away"))
    before = Snapshot(dataset, dataset.samples, "do it again")
    assert before.changes() == {}
    mask.with_suffix(".away").rename(mask)
    assert list(before.changes()) == [dataset.samples[0].stem]


def test_drives_that_number_files_anew_have_changed_nothing(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAT drives, and many of networks: a file that was not used for a while has another number when it is again."""
    before, stat = Snapshot(dataset, dataset.samples, "do it again"), Path.stat

    def numbered(path: Path, **named: bool) -> object:
        status = stat(path, **named)
        kept = {name: getattr(status, name) for name in dir(status) if name.startswith("st_")}
        return SimpleNamespace(**kept | {"st_ino": status.st_ino + 1})

    monkeypatch.setattr(Path, "stat", numbered)
    assert before.changes() == {}


def test_what_lies_beside_the_samples_may_change(dataset: Dataset) -> None:
    before = Snapshot(dataset, dataset.samples, "do it again")
    (dataset.root / "images" / "another.png").write_bytes(b"")
    (dataset.root / "index.csv").write_text("")
    assert before.changes() == {}


def test_other_classes_are_refused(dataset: Dataset) -> None:
    path: Path = dataset.root / "classes.json"
    path.write_text(path.read_text().replace("ellipse", "disk"))
    with pytest.raises(SegError, match=r"classes\.json changed since the dataset was opened, .*; do it again"):
        Snapshot(dataset, dataset.samples, "do it again")
