"""Files and folders of other people that are named prep, synth or train: the commands do not see them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from prep.dataset.dataset import Dataset
from tests.support import run_script, tree

ROOT = Path(__file__).parents[1]
SYNTH = ("synth", "--n", "4", "--test", "1", "--size", "32x32", "-o", "d", "--workers", "2")
BOOBY = 'raise RuntimeError("a file of the user was imported")\n'


def own_files(folder: Path) -> None:
    for name in ("prep", "synth", "train"):
        (folder / f"{name}.py").write_text(BOOBY, encoding="utf-8")


def own_packages(folder: Path) -> None:
    for name in ("prep", "synth", "train"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(BOOBY, encoding="utf-8")


def own_folders(folder: Path) -> None:
    for name in ("prep", "synth", "train"):
        (folder / name).mkdir()
        (folder / name / "0001.jpg").write_bytes(b"a photo")


def run_python(
    folder: Path, *arguments: object, path: str = "", program: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {"PYTHONPATH": path} if path else {}
    command = [program, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("make", [own_files, own_packages, own_folders])
@pytest.mark.parametrize("path", [".", f".{os.pathsep}", "/nowhere:."])
def test_the_commands_do_not_see_them(tmp_path: Path, make: object, path: str) -> None:
    make(tmp_path)
    before = tree(tmp_path)
    result = run_script("seg-prep", *SYNTH, cwd=tmp_path, env={"PYTHONPATH": path})
    assert (result.returncode, result.stderr) == (0, "")
    assert len(Dataset.open(tmp_path / "d").samples) == 5  # the workers have not seen them either
    assert {name: content for name, content in tree(tmp_path).items() if not name.startswith("d/")} == before
    result = run_script("seg-train", "recipes", "--json", cwd=tmp_path, env={"PYTHONPATH": path})
    assert (result.returncode, result.stderr) == (0, "")
    assert '"campus"' in result.stdout


@pytest.mark.parametrize("make", [own_files, own_packages, own_folders])
def test_python_m_does_not_see_them(tmp_path: Path, make: object) -> None:
    make(tmp_path)
    result = run_python(tmp_path, "-m", "seg_prep", *SYNTH)
    assert (result.returncode, result.stderr) == (0, "")
    assert len(Dataset.open(tmp_path / "d").samples) == 5
    assert (tmp_path / "d" / "provenance.jsonl").read_text(encoding="utf-8").count('"command": "seg-prep synth"') == 1
    result = run_python(tmp_path, "-m", "seg_train", "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("Usage: seg-train ")


def test_another_checkout_can_be_named(tmp_path: Path) -> None:
    """PYTHONPATH chooses the copy of ours that is used, all of it."""
    copy = tmp_path / "copy"
    for name in ("prep", "synth", "train"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("seg_prep.py", "seg_train.py"):
        shutil.copy(ROOT / name, copy / name)
    for name in ("prep/cli/synth.py", "synth/shapes.py"):
        path = copy / name
        path.write_text(path.read_text(encoding="utf-8") + f'\nprint("the copy of {name}")\n', encoding="utf-8")
    result = run_script("seg-prep", *SYNTH, cwd=tmp_path, env={"PYTHONPATH": str(copy)})
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.count("the copy of prep/cli/synth.py") == 1
    assert result.stdout.count("the copy of synth/shapes.py") in (2, 3)  # here, and in each worker that had work


def test_a_hidden_package_is_told(tmp_path: Path) -> None:
    (tmp_path / "prep.py").write_text("x = 1\n", encoding="utf-8")
    result = run_python(tmp_path, "-c", "import prep, train\ntry:\n  train.Config\nexcept ImportError as e: print(e)")
    assert result.stderr == ""
    assert result.stdout == (
        f"{tmp_path / 'prep.py'} hides the package prep of seg-prep, because Python looks there first; rename it, and "
        "start Python anew\n"
    )


SCRIPT = """
print("begins", __name__)
import prep
print(prep.stats("d", workers=2).images)
"""


@pytest.mark.parametrize("before", ["", "import multiprocessing as m; m.get_all_start_methods = lambda: ['spawn']\n"])
def test_workers_do_not_run_the_script_again(tmp_path: Path, before: str) -> None:
    """On Windows and macOS, too, a script needs no `if __name__ == "__main__"`, and neither does a notebook."""
    assert run_script("seg-prep", *SYNTH, cwd=tmp_path).returncode == 0
    (tmp_path / "count.py").write_text(before + SCRIPT, encoding="utf-8")
    result = run_python(tmp_path, "count.py")
    assert result.stderr == ""
    assert result.stdout.splitlines() == ["begins __main__", "3"]
