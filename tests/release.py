"""The wheel and the sdist, each installed into an empty environment and tried outside the checkout: `make wheel`.

    python -m tests.release [--base SITE-PACKAGES]

An environment with the wheel alone shows what `seg-prep` weighs and that preparation runs without torch; two more, with
the extra `train` of the wheel and of the sdist, run the README's four commands. `--base` lends the packages of another
environment instead of installing them: minutes instead of gigabytes, but proves less.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import cv2
import numpy as np

from tests.wheel import CONTENTS, ROOT, build_sdist, build_wheel, copy_checkout, files_in_git, files_of

MAX_ALONE_MB = 500
"""Of 2**20 bytes, as in docs/measured.md."""


class Environment:
    """A virtual environment in a folder, and commands typed in another one."""

    def __init__(self, folder: Path, base: Path | None) -> None:
        venv.create(folder, with_pip=True)
        self.bin = folder / ("Scripts" if os.name == "nt" else "bin")
        self.folder = folder
        self.empty = self.megabytes()
        if base:
            (next(folder.glob("lib/*/site-packages")) / "zz-base.pth").write_text(f"{base}\n", encoding="utf-8")

    def megabytes(self) -> float:
        """Size of all files in megabytes of 2**20 bytes."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if not path.is_symlink()) / 2**20

    def install(self, what: str) -> None:
        """Let pip install something, at the tested versions."""
        started = time.monotonic()
        pip = [self.bin / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-c", ROOT / "constraints.txt", what], check=True)
        added, seconds = self.megabytes() - self.empty, time.monotonic() - started
        print(f"{what}: {added:,.0f} MB more than an empty environment, {seconds:.0f} s", flush=True)

    def type(self, folder: Path, command: str, status: int = 0) -> str:
        """Run a command as a person types it in a folder; show it, and what it says."""
        name, *words = command.split()
        print(f"$ {command}", flush=True)
        env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SEG_"))}
        done = subprocess.run([self.bin / name, *words], cwd=folder, env=env, capture_output=True, text=True)
        said = done.stdout + done.stderr
        assert done.returncode == status, said
        assert "Traceback" not in said, said
        print(done.stdout or done.stderr, flush=True)
        return said


def make_labels(folder: Path) -> None:
    """Four photos of the size that the model learns, RGB masks of another program, and their class list."""
    rng = np.random.default_rng(0)
    for kind in ("photos", "labels"):
        (folder / kind).mkdir(parents=True)
    for number in range(4):
        cv2.imwrite(str(folder / f"photos/{number}.jpg"), rng.integers(0, 256, (200, 400, 3), np.uint8))
        mask = np.zeros((200, 400, 3), np.uint8)
        mask[20 * number :, 80:240] = (0, 0, 255)
        cv2.imwrite(str(folder / f"labels/{number}.png"), mask)
    (folder / "classes.txt").write_text("background,#000000\nthing,#ff0000\n", encoding="utf-8")


def try_alone(environment: Environment, folder: Path) -> None:
    """Labels, checks and the page, without torch."""
    make_labels(folder)
    environment.type(folder, "seg-prep masks convert labels -o datasets/own --images photos --classes classes.txt")
    environment.type(folder, "seg-prep check datasets/own")
    environment.type(folder, "seg-prep split datasets/own")
    environment.type(folder, "seg-prep report datasets/own")
    environment.type(folder, "seg-prep annotate -h")


def try_readme(environment: Environment, folder: Path) -> None:
    """The four commands, and what needs files of the packages: recipes, both report pages, py.typed."""
    folder.mkdir()
    environment.type(folder, "seg-prep synth --n 100")
    environment.type(folder, "seg-prep patches --size 96 --per-image 20")
    said = environment.type(folder, "seg-train")
    assert float(said.partition("test mean IoU ")[2].partition(",")[0]) > 0.9, said
    make_labels(folder / "raw")
    environment.type(
        folder, "seg-prep masks convert raw/labels -o datasets/own --images raw/photos --classes raw/classes.txt"
    )
    environment.type(folder, "seg-train recipes")
    environment.type(folder, "seg-train predict raw/photos -o predictions")
    for made in ("runs/latest/report.html", "datasets/own/masks/3.png", "predictions/masks/3.png"):
        assert (folder / made).is_file(), made


def main() -> None:
    """Build, install, try; raises at the first thing that is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, help="site-packages of an environment whose packages are lent")
    base = parser.parse_args().base
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = copy_checkout(folder / "source")
        wheel, sdist = build_wheel(source, folder / "dist"), build_sdist(source, folder / "dist")
        assert files_of(wheel) == files_in_git(*CONTENTS)
        print(f"{wheel.name} {wheel.stat().st_size:,} bytes, {sdist.name} {sdist.stat().st_size:,} bytes", flush=True)

        alone = Environment(folder / "alone", None)
        alone.install(str(wheel))
        assert alone.megabytes() - alone.empty < MAX_ALONE_MB, "seg-prep alone became too large"
        try_alone(alone, folder / "work-alone")
        assert "pip install 'seg-prep[train]'" in alone.type(folder, "seg-train", status=1)

        for kind, built in (("wheel", wheel), ("sdist", sdist)):
            whole = Environment(folder / f"whole-{kind}", base)
            whole.install(f"{built}[train]")
            try_readme(whole, folder / f"work-{kind}")
    print(f"wheel and sdist are all right on Python {sys.version.partition(' ')[0]}")


if __name__ == "__main__":
    main()
