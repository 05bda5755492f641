"""A person's own script sees our types: mypy --strict accepts right uses and refuses wrong ones."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

RIGHT = """
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import prep
import synth
import train


def share(path: str | Path, index: int) -> float:
    ds = prep.open(path)
    masks: list[NDArray[np.uint8]] = [sample.mask for sample in ds if sample.is_labelled]
    return float(np.mean([mask == index for mask in masks]))


ds = synth.generate("d", n=20)
ds = prep.split(ds, ratios=(70, 15, 15)).dataset
mean: tuple[float, ...] = prep.stats(ds).mean
texts: list[str] = [finding.text for finding in prep.check(ds)]
run = train.fit(ds, train.Config(epochs=2, width=8), say=print)
model = train.load(run)
mask: NDArray[np.uint8] = model(ds["image_000001"].image)
probabilities: NDArray[np.float32] = model.probabilities(ds[0].image)
stems: list[str] = [sample.stem for sample in ds[:3]]
scores: dict[str, float] = train.score(run).iou
names: tuple[str, ...] = model.classes.names
try:
    prep.convert("labels", output="d", classes=prep.ClassMap(("a", "b"), ((0, 0, 0), (1, 1, 1))))
except prep.SegError as error:
    print(error)
"""

WRONG = {
    'prep.split("d", (70, 15, 15))': "Too many positional arguments",
    'prep.stats("d", split="training")': "incompatible type",
    'prep.open(3)': "incompatible type",
    'prep.opne("d")': 'Module has no attribute "opne"',
    'prep.open("d")[0].pixels': '"OpenSample" has no attribute "pixels"',
    'train.fit("d", train.Config(epochs="2"))': "incompatible type",
    'train.load()("photo.jpg")': "incompatible type",
    'synth.generate("d", number=3)': "Unexpected keyword argument",
}  # fmt: skip


# What stands behind our types and is in none of them; following it takes most of a minute.
CONFIG = """
[mypy]
[mypy-torch.*,torchvision.*,pandas.*,matplotlib.*,sklearn.*,onnxruntime.*,timm.*,distributed.*,pyarrow.*,fsspec.*]
follow_imports = skip
"""


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What mypy says of each script, by the name of the file."""
    folder = tmp_path_factory.mktemp("types")
    (folder / "right.py").write_text(RIGHT, encoding="utf-8")
    for number, line in enumerate(WRONG):
        (folder / f"wrong{number}.py").write_text(f"import prep, synth, train\n{line}\n", encoding="utf-8")
    names = [path.name for path in sorted(folder.glob("*.py"))]
    (folder / "mypy.ini").write_text(CONFIG, encoding="utf-8")
    options = ("--strict", "--no-error-summary", "--follow-imports=silent", "--config-file", "mypy.ini")
    command = [sys.executable, "-m", "mypy", *options, *names]
    environment = {**os.environ, "MYPYPATH": str(ROOT)}  # mypy does not find what is installed as a link to a checkout
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    return {name: [line for line in lines if line.startswith(f"{name}:")] for name in names} | {
        "others": [line for line in lines if not line.startswith(tuple(names))]
    }


def test_right_uses_are_accepted(checked: dict[str, list[str]]) -> None:
    assert checked["right.py"] == []
    assert checked["others"] == []


@pytest.mark.parametrize("line", WRONG)
def test_wrong_uses_are_refused(line: str, checked: dict[str, list[str]]) -> None:
    found = [each for each in checked[f"wrong{list(WRONG).index(line)}.py"] if ": error: " in each]
    assert WRONG[line] in found[0]
    assert all(each.split(":")[1] == "2" for each in found)


@pytest.mark.parametrize("package", ["prep", "synth", "train"])
def test_packages_say_that_they_have_types(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()
