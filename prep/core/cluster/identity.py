"""What a process runs: our code and the libraries that make bytes. Where two differ, results could, without a word."""

import hashlib
import platform
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_OURS = ("prep", "synth", "train")
_LIBRARIES = ("numpy", "scipy", "scikit-image", "opencv-python-headless", "pillow", "pillow-heif", "simplejpeg",
              "tifffile", "torch", "dask", "distributed")  # fmt: skip


@dataclass(frozen=True)
class Identity:
    """seg_prep: its version and a hash of its code.  python: without the last number.  libraries: their versions."""

    seg_prep: str
    python: str
    libraries: tuple[tuple[str, str], ...]

    def differences(self, other: "Identity") -> list[tuple[str, str, str]]:
        """(what, here, there) of whatever is not the same."""
        mine = (("seg-prep", self.seg_prep), ("Python", self.python), *self.libraries)
        theirs = (other.seg_prep, other.python, *(number for _, number in other.libraries))
        return [(name, here, there) for (name, here), there in zip(mine, theirs, strict=True) if here != there]


@cache
def identity() -> Identity:
    """Of this process."""
    python = ".".join(platform.python_version_tuple()[:2])
    return Identity(
        f"{_version('seg-prep')} (code {_code()})", python, tuple((name, _version(name)) for name in _LIBRARIES)
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _code() -> str:
    """Of all our modules: a checkout keeps the number of its version while its code changes."""
    home = Path(__file__).resolve().parents[3]
    found = hashlib.sha256()
    for package in _OURS:
        for path in sorted((home / package).rglob("*.py")):
            found.update(f"{path.relative_to(home).as_posix()}\0".encode())
            found.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return found.hexdigest()[:8]
