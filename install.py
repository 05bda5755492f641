"""Make .venv in this folder and install the project into it; whatever is missing is said in plain words first.

    python3 install.py                what README's commands need
    python3 install.py NAME,NAME      other extras of pyproject.toml

Needs nothing but a Python, and any Python 3: an old one looks for a newer one.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

OLDEST = (3, 11)
HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
FOR_README = "train,pretrained"

# Megabytes, measured on Linux x86-64, where PyPI's torch brings CUDA along; elsewhere torch is smaller (not measured).
DOWNLOADED, INSTALLED = (3300, 6500) if sys.platform == "linux" else (700, 2500)
DOWNLOADED_ALONE, INSTALLED_ALONE = 200, 700


def main() -> int:
    """Check, then install; the exit status."""
    if sys.version_info < OLDEST:
        newer = newer_python()
        if not newer:
            return refuse(no_python())
        return subprocess.call([newer, str(Path(__file__).resolve()), *sys.argv[1:]])
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        return refuse(no_venv())
    extras = sys.argv[1] if len(sys.argv) > 1 else FOR_README
    is_light = has_torch() or "train" not in extras.split(",")
    downloaded, installed = (DOWNLOADED_ALONE, INSTALLED_ALONE) if is_light else (DOWNLOADED, INSTALLED)
    temporary = Path(tempfile.gettempdir())
    short = too_little_space({HERE: installed, temporary: downloaded})
    if short:
        return refuse(short)
    say(f"Installing into {VENV}: up to {downloaded:,} MB to download, {installed:,} MB on the disk.")
    return install(extras, downloaded)


def install(extras: str, downloaded: int) -> int:
    """Let pip show what it does; the exit status."""
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not is_new_enough(str(python)):
        subprocess.check_call([sys.executable, "-m", "venv", "--clear", str(VENV)])
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "-c", "constraints.txt"]
    cache = existing(Path.home())
    if shutil.disk_usage(str(cache)).free < 3 * downloaded * 1_000_000:  # pip would keep every download there as well
        command.append("--no-cache-dir")
    status = subprocess.call([*command, "-e", f".[{extras}]"], cwd=str(HERE))
    return refuse("pip could not install (see above); the same command goes on.") if status else 0


def has_torch() -> bool:
    """Whether the large part is there already."""
    return any(any(VENV.glob(f"{library}/site-packages/torch")) for library in ("Lib", "lib/python*"))


def newer_python() -> str:
    """The first command of a Python that is new enough; empty if there is none."""
    return next(filter(is_new_enough, ("python3.13", "python3.12", "python3.11", "python3", "python")), "")


def is_new_enough(python: str) -> bool:
    """Whether this command is a Python that works and is new enough."""
    command = [python, "-c", f"import sys; sys.exit(sys.version_info < {OLDEST})"]
    try:
        return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def no_python() -> str:
    """What to do where every Python is too old."""
    return (
        f"Python {dotted(sys.version_info)} is too old: 3.11 or newer is needed, and no python3.11, python3.12 or "
        "python3.13 is here.\n"
        "  Debian 12, Ubuntu 24.04 and later:  sudo apt install python3 python3-venv\n"
        "  any system:                         https://www.python.org/downloads/\n"
        "If it lies elsewhere, name it: make demo PYTHON=/path/to/python3.12"
    )


def no_venv() -> str:
    """What to do where Debian has taken Python apart."""
    return (
        f"Python {dotted(sys.version_info)} ({sys.executable}) is here without its module venv.\n"
        f"  Debian and Ubuntu:  sudo apt install python{dotted(sys.version_info)}-venv\n"
        "Then type the same command again."
    )


def too_little_space(needs: "dict[Path, int]") -> str:
    """What to do where a folder's disk has less free than is needed, in megabytes; empty if all is well."""
    disks: "dict[int, list[tuple[Path, int]]]" = {}
    for folder, megabytes in needs.items():
        disks.setdefault(folder.stat().st_dev, []).append((folder, megabytes))
    for wanted in disks.values():
        free = shutil.disk_usage(str(wanted[0][0])).free // 1_000_000
        if free < sum(megabytes for _, megabytes in wanted):
            told = " and ".join(f"{megabytes:,} MB in {folder}" for folder, megabytes in wanted)
            return (
                f"Too little space: {told} are needed, {free:,} MB are free there. Make room; or, if only the folder "
                "for temporary files is short, name another one: TMPDIR=/a/large/folder make demo"
            )
    return ""


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(each for each in (folder, *folder.parents) if each.is_dir())


def dotted(version: "tuple[int, ...]") -> str:
    """3.11 of 3.11.7."""
    return ".".join(map(str, version[:2]))


def say(text: str) -> None:
    """Tell it at once, also where the output is no terminal."""
    print(text, flush=True)


def refuse(text: str) -> int:
    """Say what is wrong; the exit status."""
    print(text, file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
