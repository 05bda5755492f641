"""The wheel and the sdist of this checkout, built without the network, and what they should hold."""

import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONTENTS = ("prep", "synth", "train", "seg_prep.py", "seg_train.py")


def can_build() -> bool:
    """Whether this environment has pip, and a setuptools that knows licences and wheels."""
    try:
        return bool(version("pip")) and int(version("setuptools").partition(".")[0]) >= 77
    except PackageNotFoundError:
        return False


def copy_checkout(target: Path) -> Path:
    """Copy what git knows, as it is now: builds leave files behind, and would find those of earlier ones."""
    for name in files_in_git("."):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target / name)
    return target


def build_wheel(source: Path, target: Path) -> Path:
    """Build the wheel of a source folder."""
    build = ["wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation"]
    subprocess.run([sys.executable, "-m", "pip", *build, "--wheel-dir", target, source], check=True)
    return next(target.glob("*.whl"))


def build_sdist(source: Path, target: Path) -> Path:
    """Build the sdist of a source folder."""
    program = "import sys; from setuptools.build_meta import build_sdist; build_sdist(sys.argv[1])"
    subprocess.run([sys.executable, "-c", program, target], cwd=source, check=True, stdout=subprocess.DEVNULL)
    return next(target.glob("*.tar.gz"))


def files_of(wheel: Path) -> set[str]:
    """Packages and modules in a wheel, file by file."""
    with zipfile.ZipFile(wheel) as content:
        return {name for name in content.namelist() if name.partition("/")[0] in CONTENTS}


def files_in_git(*folders: str) -> set[str]:
    """Files in these folders that git knows and that are there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *folders], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
