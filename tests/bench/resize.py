"""Measures `seg-prep resize` on 200 phone photos, the whole command with its start.

The photos are the 20 of campus under ten names each (SEG_REAL_DATA), resized to 1024 and to 512 pixels.
Plain ways: vipsthumbnail (Debian's libvips-tools), one command over all files, which knows scaled decoding and
threads; and a script with a pool of as many processes as there are cores, Pillow and LANCZOS. All write JPEG of
quality 95 without chroma subsampling.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from tests.bench.sidebyside import Comparison, require

NAMES = 10
SIZES = (1024, 512)
_GOALS = {"vipsthumbnail": 1.3, "pool: Pillow, LANCZOS": 5.0}
_MIN_PSNR = 28.0
"""The ways use other filters, so their pixels differ; another photo, or one that is turned, is far below this."""


def comparisons(folder: Path) -> Iterator[Comparison]:
    """Each size against each plain way, whose goals differ; nothing without the photos."""
    if "SEG_REAL_DATA" not in os.environ:
        print("  skipped: SEG_REAL_DATA does not say where the campus photos are")
        return
    photos = _linked(folder / "photos", Path(os.environ["SEG_REAL_DATA"]) / "campus" / "photos")
    if shutil.which("vipsthumbnail") is None:
        print("  vipsthumbnail is not installed (Debian: apt install libvips-tools): not compared with")
    for size in SIZES:
        yield from _at_size(folder / str(size), photos, size)


def _at_size(folder: Path, photos: list[Path], size: int) -> Iterator[Comparison]:
    folder.mkdir()
    ours, plain, script = folder / "ours", folder / "plain", folder / "plain.py"
    script.write_text(_SCRIPT, encoding="utf-8")
    source = str(photos[0].parent)
    command = [str(Path(sys.executable).with_name("seg-prep")), "resize", source, "-o", str(ours), "--size", str(size)]
    vips = ["vipsthumbnail", *map(str, photos), "-s", str(size), "-o", f"{plain}/%s.jpg[Q=95,strip]"]

    def reset() -> None:
        for root in (ours, plain):
            shutil.rmtree(root, ignore_errors=True)
        plain.mkdir()

    ways: dict[str, Callable[[], None]] = {}
    if shutil.which("vipsthumbnail") is not None:
        ways["vipsthumbnail"] = lambda: _run(*vips)
    ways["pool: Pillow, LANCZOS"] = lambda: _run(sys.executable, str(script), source, str(plain), str(size))
    for name, way in ways.items():
        reset()
        _run(*command)
        way()
        for photo in photos[:: len(photos) // 20]:
            same = _psnr(ours / "images" / photo.name, plain / photo.name) >= _MIN_PSNR
            require(same, f"resize and {name} give another {photo.name}")
        yield Comparison(
            job=f"{len(photos)} photos to {size}",
            ours=lambda: _run(*command),
            plain={name: way},
            work=len(photos),
            unit="photos",
            reset=reset,
            warm_up=False,
            rounds=5,
            goal=_GOALS[name],
        )


def _linked(folder: Path, photos: Path) -> list[Path]:
    folder.mkdir()
    links = []
    for number in range(NAMES):
        for photo in sorted(photos.glob("*.jpg")):
            links.append(folder / f"{number}_{photo.name}")
            links[-1].symlink_to(photo.resolve())
    return links


def _run(*arguments: str) -> None:
    subprocess.run(arguments, check=True, capture_output=True)


def _psnr(one: Path, other: Path) -> float:
    pixels = [np.asarray(Image.open(path), np.float64) for path in (one, other)]
    if pixels[0].shape != pixels[1].shape:
        return 0.0
    return float(10 * np.log10(255**2 / max(1e-9, np.mean((pixels[0] - pixels[1]) ** 2))))


_SCRIPT = """
import os
import sys
from multiprocessing import Pool
from pathlib import Path

from PIL import Image, ImageOps

source, target, size = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])


def resize(path):
    with Image.open(path) as photo:
        photo = ImageOps.exif_transpose(photo)
        scale = size / max(photo.size)
        small = photo.resize([round(side * scale) for side in photo.size], Image.Resampling.LANCZOS)
    small.save(target / path.name, quality=95, subsampling=0)


if __name__ == "__main__":
    with Pool(os.cpu_count()) as pool:
        pool.map(resize, sorted(source.glob("*.jpg")))
"""
