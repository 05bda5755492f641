"""The watch sees whoever leaves the folder of the results."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.watch import touching


@pytest.fixture
def base(tmp_path: Path) -> Path:
    for name in ("raw", "out/deep", "home"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("raw/a", "out/deep/b", "home/secret"):
        (tmp_path / name).write_text("x")
    return tmp_path


@pytest.mark.parametrize(
    ("act", "seen"),
    [
        (lambda base: (base / "home/secret").read_text(), "read home/secret"),
        (lambda base: (base / "raw/../home/secret").read_text(), "read home/secret"),
        (lambda base: (base / "home/new").write_text("x"), "open home/new"),
        (lambda base: (base / "raw/a").open("r+").close(), "open raw/a"),
        (lambda base: os.close(os.open(base / "home/new", os.O_CREAT | os.O_WRONLY)), "open home/new"),
        (lambda base: (base / "out/../home/new").mkdir(), "os.mkdir home/new"),
        (lambda base: (base / "out/deep/b").rename(base / "home/b"), "os.rename home/b"),
        (lambda base: (base / "raw/a").unlink(), "os.remove raw/a"),
        (lambda base: (base / "home/link").symlink_to(base / "raw"), "os.symlink home/link"),
        (lambda base: (base / "home/secret").chmod(0o600), "os.chmod home/secret"),
        (lambda base: subprocess.run(["true"], check=True), "subprocess.Popen ('true', ['true'])"),
        (lambda base: (base / "raw/a").read_text(), ""),
        (lambda base: (base / "out/new").write_text("x"), ""),
        (lambda base: (base / "out/link").symlink_to(base / "raw"), ""),
        (lambda base: shutil.rmtree(base / "out/deep"), ""),
        (lambda base: Path(__file__).read_text(), ""),
    ],
)
def test_what_is_seen(act: Callable[[Path], object], seen: str, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(base / "home")
    with touching(base / "out", base, [base / "raw"]) as touched:
        act(base)
    assert [each.replace(f"{base.resolve()}/", "") for each in touched] == ([seen] if seen else [])


def test_folders_by_descriptor(base: Path) -> None:
    """As shutil.rmtree removes what lies in a folder."""
    with touching(base / "out", base, [base / "raw"]) as touched:
        shutil.rmtree(base / "home")
    names = [each.replace(f"{base.resolve()}/", "") for each in touched]
    assert names == ["read home", "os.remove home/secret", "os.rmdir home"]
