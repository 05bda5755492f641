"""Small sets of labels as other tools leave them, converted and compared with what they show.

The sets lie outside of the repository: in the folder that SEG_CASES names, or in shared/cases beside the checkout.
"""

import os
import re
import shlex
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from numpy.typing import NDArray

from prep.dataset.dataset import Dataset
from tests.cases_expected import CASES, Case, Drawing
from tests.support import load, run_prep

BESIDE = Path(__file__).parents[2] / "shared" / "cases"
FOLDER = Path(os.environ.get("SEG_CASES") or BESIDE)
LISTS = {"LIST": "background,#000000\nroad,#ff0000\ncar,#00ff00\n", "NAMES": "background\nroad\ncar\n"}

pytestmark = pytest.mark.skipif(
    "SEG_CASES" not in os.environ and not BESIDE.is_dir(),
    reason="no sets of labels: SEG_CASES names no folder of them, and there is no shared/cases beside the checkout",
)


def draw(drawing: Drawing, names: list[str]) -> NDArray[np.uint8]:
    """Paint the mask (H, W) that a drawing stands for."""
    numbers = {**{name: number for number, name in enumerate(names)}, "ignore": 255}
    mask = np.full((drawing.height, drawing.width), numbers[drawing.rest], np.uint8)
    for name, left, top, right, bottom in drawing.rectangles:
        mask[top:bottom, left:right] = numbers[name]
    return mask


def convert(case: Case, arguments: str, folder: Path, out: Path) -> Result:
    """Type the arguments of a case in its folder."""
    typed = [str(folder / word) if word in {*LISTS, "PROPOSED"} else word for word in shlex.split(arguments)]
    return run_prep("masks", "convert", *typed, "-o", out)


def check_refusal(case: Case, result: Result, out: Path) -> None:
    """A refusal in words, and nothing made."""
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    for words in case.refusal:
        assert words in result.stderr
    assert not (out / "index.csv").exists()


def check_dataset(case: Case, out: Path) -> None:
    """The classes by name, every mask pixel by pixel, and the splits."""
    dataset = Dataset.open(out)
    names = list(dataset.classes.names)
    drawn = {name for drawing in case.drawings for name, *_ in drawing.rectangles}
    expected = drawn | {drawing.rest for drawing in case.drawings} | set(case.unused)
    assert Counter(names) == Counter(expected - {"ignore"})
    assert len(dataset.samples) == len(case.drawings)
    for sample, drawing in zip(dataset.samples, case.drawings, strict=True):
        mask = load(out / sample.mask)
        assert mask.dtype == np.uint8
        assert np.array_equal(mask, draw(drawing, names)), sample.stem
    if case.splits:
        assert [sample.split for sample in dataset.samples] == case.splits.split()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}: {case.arguments}")
def test_a_case_becomes_what_it_shows(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert FOLDER.is_dir(), f"SEG_CASES: {FOLDER} is no folder"
    if not (FOLDER / case.name).is_dir():
        pytest.skip(f"{FOLDER} has no {case.name}")
    monkeypatch.chdir(FOLDER / case.name)
    for name, text in LISTS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    out = tmp_path / "out"
    result = convert(case, case.arguments, tmp_path, out)
    if case.refusal:
        check_refusal(case, result, out)
        if not case.advice:
            return
        lines = re.findall(r"^class\d+,.*\n", result.stderr, re.MULTILINE)
        (tmp_path / "PROPOSED").write_text("".join(lines), encoding="utf-8")
        result = convert(case, f"{case.arguments} {case.advice}", tmp_path, out)
    assert result.exit_code == 0, result.output
    for words in case.notes:
        assert words in result.output
    if case.drawings:
        check_dataset(case, out)


def test_every_other_case_ends_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases that no row speaks of: what they say to convert either works or is refused, and never a traceback."""
    (tmp_path / "LIST").write_text(LISTS["LIST"], encoding="utf-8")
    assert FOLDER.is_dir(), f"SEG_CASES: {FOLDER} is no folder"
    others = {path.parent for path in FOLDER.glob("*/cmd.txt")} - {FOLDER / case.name for case in CASES}
    for folder in sorted(others):
        monkeypatch.chdir(folder)
        typed = [line for line in Path("cmd.txt").read_text(encoding="utf-8").splitlines() if "convert" in line]
        for number, line in enumerate(typed):
            if set("&|;>") & set(line):
                continue
            words = [str(tmp_path / "LIST") if word == "../_c/c.txt" else word for word in shlex.split(line)]
            at = words.index("-o") + 1
            words[at] = str(tmp_path / folder.name / str(number))
            result = run_prep(*words[1:])
            assert result.exit_code in {0, 1}, f"{folder.name}: {line}: {result.output}"
            assert result.exit_code == 0 or isinstance(result.exception, SystemExit), f"{folder.name}: {line}"
            assert result.exit_code == 0 or "Error: " in result.stderr, f"{folder.name}: {line}"
