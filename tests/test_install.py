"""install.py says in plain words what is missing, and what to type."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The module, which would install into a folder of the test; pip never runs."""
    spec = importlib.util.spec_from_file_location("install", ROOT / "install.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "install", lambda extras, downloaded: 0)
    monkeypatch.setattr(sys, "argv", ["install.py"])
    return module


def command(folder: Path, name: str, version: tuple[int, int]) -> None:
    """A command that answers as a Python of this version would when it is asked for it."""
    (folder / name).write_text(
        f"#!/bin/sh\ncase $2 in *version_info*) exit {int(version < (3, 11))};; esac\necho ran $@\n"
    )
    (folder / name).chmod(0o755)


@pytest.mark.skipif(os.name == "nt", reason="the made-up Pythons are shell scripts")
def test_an_old_python_finds_a_newer_one(
    install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    command(tmp_path, "python3", (3, 10))
    assert install.main() == 1
    said = capfd.readouterr().err
    assert "Python 3.10 is too old: 3.11 or newer is needed" in said
    assert "apt install python3 python3-venv" in said
    assert "make demo PYTHON=" in said

    command(tmp_path, "python3.12", (3, 12))
    monkeypatch.setattr(sys, "argv", ["install.py", "train,dev"])
    assert install.main() == 0
    assert capfd.readouterr().out == f"ran {ROOT / 'install.py'} train,dev\n"


def test_a_command_that_is_there_and_fails_is_no_python(install: ModuleType, tmp_path: Path) -> None:
    """As the placeholders that version managers and Windows put on the path."""
    broken = tmp_path / "python3.13"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    assert not install.is_new_enough(str(broken))
    assert not install.is_new_enough(str(tmp_path / "nowhere"))
    assert install.is_new_enough(sys.executable)


@pytest.mark.parametrize("old", ["python3.6", "python3.8", "python3.10"])
def test_every_python_3_can_read_it(old: str) -> None:
    python = shutil.which(old)
    if not python or subprocess.run([python, "--version"], capture_output=True).returncode:
        pytest.skip(f"no {old} here")
    program = "compile(open('install.py', encoding='utf-8').read(), 'install.py', 'exec')"
    assert subprocess.run([python, "-c", program], cwd=ROOT, capture_output=True, text=True).stderr == ""


def test_debians_python_without_venv(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else found(name))
    assert install.main() == 1
    assert f"sudo apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv" in capsys.readouterr().err


@pytest.mark.parametrize(("free", "arguments", "status"), [(6000, [], 1), (6000, ["dev"], 0), (99_000, [], 0)])
def test_disk_space(
    install: ModuleType,
    free: int,
    arguments: list[str],
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["install.py", *arguments])
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(0, 0, free * 1_000_000))
    assert install.main() == status
    out, err = capsys.readouterr()
    if status:
        assert "Too little space" in err
        assert "6,000 MB are free there" in err
        assert "TMPDIR=" in err
    else:
        assert out.startswith(f"Installing into {install.VENV}: ")


def test_only_the_first_installation_needs_room_for_torch(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    (install.VENV / "lib/python3.12/site-packages/torch").mkdir(parents=True)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(0, 0, 2_000_000_000))
    assert install.main() == 0


def test_one_disk_for_both_folders_needs_the_sum(
    install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(0, 0, 150_000_000))
    assert install.too_little_space({tmp_path: 100}) == ""
    said = install.too_little_space({tmp_path: 100, tmp_path / "other": 100})
    assert f"100 MB in {tmp_path} and 100 MB in {tmp_path / 'other'} are needed, 150 MB are free" in said


def test_the_demo_needs_no_tools_of_developers() -> None:
    """What `make demo` types, and that `make test` brings the rest."""
    if not shutil.which("make"):
        pytest.skip("no make here")
    typed = {
        target: subprocess.run(
            ["make", "--no-print-directory", "--always-make", "--dry-run", target],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for target in ("demo", "test")
    }
    assert typed["demo"].splitlines()[0] == "python3 install.py"
    assert "install.py train,pretrained,tensorboard,export,geo,cloud,cluster,dev\n" in typed["test"]
    assert [line.split()[0] for line in typed["demo"].splitlines()[2:]] == [
        ".venv/bin/seg-prep",
        ".venv/bin/seg-prep",
        ".venv/bin/seg-train",
    ]
