"""Peak memory of predict on large rasters: python -m tests.bench.rasters FOLDER [--gigabytes 10] [--lite] [--write].

Square GeoTIFFs of three bands (tiled, LZW, BigTIFF where it must be) are made and labelled, each by the command that a
person types: by a tiny U-Net, and with --lite by a U-Net on EfficientNet-Lite0, as `seg-train plan` chooses it; both
have learned for one epoch, and how well they label is not the question. --gigabytes: one more raster, of so many on the
disk, not compressed, seen at an eighth, as by a model that has learned from pixels eight times as wide. Counted are
seconds and the peak of the process.
--write puts the table into docs/measured.md. What is in FOLDER is removed.
"""

import argparse
import math
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from tests.bench.growth import ROOT, SCRIPTS, put

PREP, TRAIN = SCRIPTS / "seg-prep", SCRIPTS / "seg-train"
MARKS = "<!-- rasters: written by python -m tests.bench.rasters FOLDER --write -->", "<!-- end of rasters -->"
NETWORKS = {
    "U-Net of width 4": ("--arch", "unet", "--width", "4"),
    "U-Net on EfficientNet-Lite0": ("--arch", "unet", "--encoder", "tu-tf_efficientnet_lite0", "--weights", "none"),
}
_BLOCK, _SEEN_AT = 1024, "0.125"


@dataclass(frozen=True)
class Peak:
    """What one prediction took: seconds from the beginning to the end, and the peak of its process in 2^20 bytes."""

    width: int
    bytes_on_disk: int
    scale: str
    network: str
    seconds: float
    megabytes: float


def main() -> None:
    """Make the rasters, predict them, print the table, and write it if asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.rasters", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gigapixels", default="1", help="sizes of rasters, with commas between; 3.4 has 10 GB")
    parser.add_argument("--gigabytes", type=float, help="one more raster, of so many on the disk, seen at an eighth")
    parser.add_argument("--lite", action="store_true", help="by the network of EfficientNet-Lite0, too")
    parser.add_argument("--write", action="store_true", help="put the table into docs/measured.md")
    options = parser.parse_args()
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    folder = options.folder.resolve()
    runs = {
        name: trained(folder / f"run{number}", NETWORKS[name])
        for number, name in enumerate([*NETWORKS][: 1 + options.lite])
    }
    sizes = [(float(size), "lzw", "1") for size in options.gigapixels.split(",") if size]
    sizes += [(options.gigabytes / 3, "none", _SEEN_AT)] if options.gigabytes else []
    peaks = []
    for size, compression, scale in sizes:
        raster, width = folder / "raster.tif", math.isqrt(round(size * 1e9))
        maker = get_context("spawn").Process(target=make_raster, args=(raster, width, compression))
        maker.start()  # the peak of a command is never told below that of the process which starts it
        maker.join()
        for name, run in runs.items():
            peaks.append(predicted(raster, width, name, run, folder / "predicted", scale))
            print(peaks[-1], flush=True)
        raster.unlink()
    text = table(peaks)
    print(text)
    if options.write:
        put(ROOT / "docs" / "measured.md", MARKS, "Rasters larger than memory", text)


def trained(folder: Path, network: Sequence[str]) -> Path:
    """The run of a network that has learned for one epoch."""
    folder.mkdir()
    subprocess.run([PREP, "synth", "--n", "20", "-o", folder / "synth"], check=True, stdout=subprocess.DEVNULL)
    fit = [TRAIN, folder / "synth", "--epochs", "1", "--size", "192", *network]
    subprocess.run(fit, check=True, stdout=subprocess.DEVNULL, cwd=folder)
    return (folder / "runs" / "latest").resolve()


def make_raster(path: Path, width: int, compression: str) -> None:
    """A square raster with structure of several sizes, which changes from tile to tile."""
    import cv2
    import rasterio
    from rasterio.windows import Window

    coarse = np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    block = np.moveaxis(cv2.resize(coarse, (_BLOCK, _BLOCK), interpolation=cv2.INTER_CUBIC), 2, 0)
    place = rasterio.Affine(0.1, 0, 399_960, 0, -0.1, 5_700_000)
    settings = {
        "driver": "GTiff",
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
        "compress": compression,
        "BIGTIFF": "IF_SAFER",
    }
    with rasterio.open(
        path,
        "w",
        width=width,
        height=width,
        count=3,
        dtype="uint8",
        crs="EPSG:32633",
        transform=place,
        photometric="rgb",
        **settings,
    ) as raster:
        for top in range(0, width, _BLOCK):
            for left in range(0, width, _BLOCK):
                high, wide = min(_BLOCK, width - top), min(_BLOCK, width - left)
                turned = np.roll(block, (top // 7, left // 5), (1, 2))[:, :high, :wide]
                raster.write(turned, window=Window(left, top, wide, high))


def predicted(raster: Path, width: int, network: str, run: Path, out: Path, scale: str) -> Peak:
    """Predict it with the command alone, in one thread; what it makes is removed."""
    command = [
        TRAIN,
        "predict",
        raster,
        "-o",
        out,
        "--run",
        run,
        "--scale",
        scale,
        "--save",
        "masks,overlays",
    ]
    environment, started = {**os.environ, "OMP_NUM_THREADS": "1"}, time.monotonic()
    with subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, env=environment) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {process.returncode}")
    shutil.rmtree(out)
    return Peak(width, raster.stat().st_size, scale, network, time.monotonic() - started, used.ru_maxrss / 1024)


def table(peaks: Sequence[Peak]) -> str:
    """One row a prediction."""
    lines = ["| raster | on the disk | seen at | network | seconds | peak |", "|---|---|---|---|---|---|"]
    for each in peaks:
        size = f"{each.width:,} x {each.width:,} | {each.bytes_on_disk / 1e9:.1f} GB | {each.scale}"
        lines.append(f"| {size} | {each.network} | {each.seconds:,.0f} | {each.megabytes:,.0f} MB |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
