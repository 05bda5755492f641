"""What the pages compute without a browser: the tests beside this one that node runs."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = sorted(HERE.rglob("*.test.js"))
OLDEST = 18
"""The first version of node with a test runner."""


@pytest.fixture(scope="module")
def node() -> str:
    """The program; the tests skip where there is none, or only an old one."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("no node here, which tests the pages' logic without a browser: apt-get install nodejs")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    number = re.match(r"v(\d+)", version)
    if number is None or int(number[1]) < OLDEST:
        pytest.skip(f"node {version} here has no test runner: the pages' logic is tested by node {OLDEST} or newer")
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_page_logic(file: Path, node: str) -> None:
    result = subprocess.run([node, "--test", file], cwd=HERE.parent, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stdout + result.stderr


def test_both_pages_have_such_tests() -> None:
    assert {file.relative_to(HERE).parts[0] for file in FILES} == {"prep", "train"}
