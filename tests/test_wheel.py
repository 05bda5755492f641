"""The wheel holds every file of the packages: templates, recipes, pages, py.typed. `make wheel` also installs it."""

import zipfile
from pathlib import Path

import pytest

from tests.wheel import CONTENTS, ROOT, build_wheel, can_build, copy_checkout, files_in_git, files_of


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not can_build():
        pytest.skip("no pip, or no setuptools of version 77 or newer, in this environment")
    if not (ROOT / ".git").exists():
        pytest.skip("no checkout of git: which files belong to the packages is not known")
    folder = tmp_path_factory.mktemp("wheel")
    return build_wheel(copy_checkout(folder / "source"), folder)


def test_the_wheel_holds_what_git_holds(wheel: Path) -> None:
    expected = files_in_git(*CONTENTS)
    assert {"prep/py.typed", "train/config/recipes/shapes.toml", "train/reporting/report.html.j2"} <= expected
    assert files_of(wheel) == expected


def test_the_wheel_names_commands_and_extras(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as content:
        read = {
            name.rpartition("/")[2]: content.read(name).decode() for name in content.namelist() if ".dist-info/" in name
        }
    assert "seg-prep = seg_prep:main" in read["entry_points.txt"]
    assert "seg-train = seg_train:main" in read["entry_points.txt"]
    assert {"Provides-Extra: matlab", "Provides-Extra: train"} <= set(read["METADATA"].splitlines())
    assert "MIT License" in read["LICENSE"]
