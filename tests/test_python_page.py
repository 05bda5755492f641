"""Every block of docs/python.md runs, in order, in an empty folder, and gives what the page promises."""

import re
import subprocess
import sys
from inspect import isfunction, signature
from pathlib import Path
from typing import get_type_hints

import click
import pytest

import prep
import train
from tests.commands import COMMANDS
from tests.support import load

PAGE = Path(__file__).parents[1] / "docs" / "python.md"


def blocks(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A folder in which all blocks have run as cells of a notebook do, and the lines that they printed."""
    folder = tmp_path_factory.mktemp("notebook")
    program = (
        "import sys\nspace = {'__name__': '__main__'}\nfor cell in sys.stdin.read().split('\\0'): exec(cell, space)"
    )
    cells = "\0".join(blocks(PAGE.read_text(encoding="utf-8")))
    result = subprocess.run([sys.executable, "-c", program], input=cells, cwd=folder, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    return folder, result.stdout.splitlines()


def test_the_page_is_read_right() -> None:
    assert len(blocks(PAGE.read_text(encoding="utf-8"))) == 8
    assert blocks("```python\na\n```\n\n```console\nb\n```\n\n```python\nc\n\nd\n```\n") == ["a\n", "c\n\nd\n"]


def test_it_makes_a_dataset_and_a_run(place: tuple[Path, list[str]]) -> None:
    folder, _ = place
    ds = prep.open(folder / "datasets" / "leaves")
    assert (len(ds), ds.classes.names) == (24, ("background", "leaf"))
    assert {name: len(ds.split(name)) for name in ("train", "val", "test")} == {"train": 17, "val": 4, "test": 3}
    for sample in ds:
        assert (load(folder / "labels" / f"{sample.stem}.png")[..., 1] // 255 == sample.mask).all()
    assert len(list((folder / "predictions" / "masks").iterdir())) == 24
    assert len(list((folder / "runs").glob("leaves-*/model.pt"))) == 1


def test_it_prints_what_it_says(place: tuple[Path, list[str]]) -> None:
    _, lines = place
    assert "24 masks; ()" in lines
    assert "24 samples, 17 to train with" in lines
    assert len([line for line in lines if re.fullmatch(r"\d\d \(120, 160, 3\) \d+% leaf", line)]) == 3
    assert len([line for line in lines if line.startswith("epoch")]) == 4
    assert "(120, 160) (2, 120, 160) ('background', 'leaf')" in lines
    assert "24 photos labelled; ()" in lines
    [score] = [float(line.split()[-1]) for line in lines if line.startswith("mean IoU of the test images:")]
    assert score > 0.8  # a network that learned nothing labels all as background: 0.4


def test_options_of_another_name_than_the_argument_are_on_the_page() -> None:
    names = ("resize", "tile", "masks convert", "check", "split", "stats", "patches", "report", "masks export", "pack")
    text, missing = PAGE.read_text(encoding="utf-8"), []
    for name in (*names, "unpack"):
        arguments = signature(getattr(prep, name.split()[-1])).parameters
        for option in COMMANDS[f"seg-prep {name}"].params:
            if isinstance(option, click.Option) and not option.hidden:
                flag = next(opt for opt in option.opts if opt.startswith("--"))
                known = {*arguments, "json", "seed"}  # of these a seed is taken where nothing is random, too
                if flag[2:].replace("-", "_") not in known and f"`{flag}" not in text:
                    missing.append((name, flag))
    assert missing == []
    assert "`-o FOLDER` is `output`" in text


def test_commands_without_a_function_are_on_the_page() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    said = re.search(r"Only as commands there are (.*?), the settings of", text)
    assert said
    functions = {*prep.__all__, *train.__all__, "synth"}
    leaves = {name for name in COMMANDS if not any(other.startswith(f"{name} ") for other in COMMANDS)}
    assert set(re.findall(r"[a-z]+(?=`)", said[1])) == {name.split()[-1] for name in leaves} - functions


def test_the_page_says_where_damaged_files_stand() -> None:
    """Of each function that leaves them out, up to `max_failed`."""
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    others = {"prep.stats": "left_out", "train.score": "metrics.left_out", "train.audit": "audit.problems"}
    for package in (prep, train):
        for name in package.__all__:
            function = getattr(package, name)
            if isfunction(function) and "max_failed" in signature(function).parameters:
                path = others.get(f"{package.__name__}.{name}", "problems")
                assert f"`{path}`" in text
                kind = get_type_hints(function)["return"]
                for part in path.split("."):
                    kind = get_type_hints(kind)[part]
                assert kind == tuple[str, ...]
    assert all(f"of `{function}` in `{path}`" in text for function, path in others.items())


def test_the_page_says_what_hides_the_packages() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert "`import seg_prep; seg_prep.take_own_packages()`" in text
