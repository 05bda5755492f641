"""The machine that the parts run on, and how they start our commands with the packages that are there."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BASE = ("torch", "numpy", "cv2", "PIL", "click", "rich", "simplejpeg", "filelock", "jinja2")
TRAINING = (*BASE, "lightning_fabric", "matplotlib", "scipy", "skimage")
ENCODERS = (*TRAINING, "segmentation_models_pytorch")
_PATIENCE = 3600.0

_ASK = """import json, torch
names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
print(json.dumps([torch.__version__, names]))"""


@dataclass(frozen=True)
class Machine:
    """folder: where everything is written.  gpus: their number.  name: torch, Python and devices, for people."""

    folder: Path
    device: str
    quick: bool
    gpus: int
    name: str

    def run(self, *arguments: object, seconds: float = 300, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run this Python with these arguments in the folder; RuntimeError with the last line if it fails."""
        command = [sys.executable, *map(str, arguments)]
        seconds = _PATIENCE if self.quick else seconds  # a busy machine is no failure
        try:
            result = subprocess.run(
                command, cwd=self.folder, env=environment(self.folder), capture_output=True, text=True,
                timeout=seconds, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(f"not done after {seconds:.0f} s: {' '.join(command[1:5])}") from error
        if check and result.returncode:
            last = (result.stderr.strip() or result.stdout.strip() or "no word").splitlines()[-1]
            raise RuntimeError(f"exit code {result.returncode}: {last}")
        return result

    def train(self, *arguments: object, seconds: float = 300) -> subprocess.CompletedProcess[str]:
        """Run seg-train."""
        return self.run("-m", "seg_train", *arguments, "--device", self.device, seconds=seconds)

    def probe(self, name: str, *arguments: object) -> dict[str, Any]:
        """Run a function of tests.gpu.probes; what it found."""
        result = self.run("-m", "tests.gpu.probes", name, self.device, *arguments)
        found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
        return found

    def dataset(self) -> Path:
        """Synthetic shapes, drawn when they are first asked for."""
        root = self.folder / "datasets" / "synth"
        if not root.exists():
            size, number = ("96x64", 20) if self.quick else ("800x600", 100)
            self.run("-m", "seg_prep", "synth", "--n", number, "--size", size, "-o", root, "--workers", 1)
        return root


def open_machine(folder: Path, device: str, *, quick: bool) -> Machine | str:
    """The machine, or why nothing can be measured on it."""
    if missing := missing_packages(BASE):
        return f"{sys.executable} lacks {', '.join(missing)}, without which no part runs"
    _write_version(folder)
    result = subprocess.run([sys.executable, "-c", _ASK], capture_output=True, text=True, check=False)
    if result.returncode:
        return f"torch cannot be imported: {result.stderr.strip().splitlines()[-1]}"
    torch_version, names = json.loads(result.stdout)
    if device == "cuda" and not names:
        return f"torch {torch_version} sees no NVIDIA GPU here; --device cpu --quick tries the parts without one"
    used = names if device == "cuda" else [f"{os.cpu_count()} CPU cores"]
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    return Machine(folder, device, quick, len(names), f"{', '.join(used)}; torch {torch_version}, {python}")


def missing_packages(names: Sequence[str]) -> list[str]:
    """Which of these this Python does not have."""
    return [name for name in names if find_spec(name) is None]


def environment(folder: Path) -> dict[str, str]:
    """Variables of what a part starts: our source is found, and nothing is downloaded."""
    paths = [str(ROOT), str(folder / "site"), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "HF_HUB_OFFLINE": "1"}


def _write_version(folder: Path) -> None:
    """A checkout that nobody installed does not know its own version, which results are signed with."""
    try:
        version("seg-prep")
    except PackageNotFoundError:
        number = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
        home = folder / "site" / f"seg_prep-{number}.dist-info"
        home.mkdir(parents=True)
        (home / "METADATA").write_text(f"Metadata-Version: 2.1\nName: seg-prep\nVersion: {number}\n", encoding="utf-8")
