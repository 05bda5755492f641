"""Cost of every command by the number of samples: python -m tests.bench.growth FOLDER [--sizes 1000,10000] [--write].

Samples are of 64 x 64 pixels, so that what grows with their number is not hidden behind their pixels. Each command runs
alone with one worker; counted are processor time (user and system) and peak memory of the command and its children.
The exponent is that of the cost beyond what a set of ten samples takes: 1 is linear. --write puts the table into
docs/measured.md. FOLDER keeps the sets (two files a sample) and the costs for the next run, which adds to them or
replaces them; what the commands make is removed.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from prep.core.classes import ClassMap, write_classes
from prep.dataset.index import Sample, write_index

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(sys.executable).parent
CLASSES = ClassMap(("background", "line", "ellipse"), ((0, 0, 0), (255, 0, 0), (0, 255, 0)))
SIDE, FEW = 64, 10
PER_FOLDER = 1000

MARKS = "<!-- growth: written by python -m tests.bench.growth FOLDER --write -->", "<!-- end of growth -->"


@dataclass(frozen=True)
class Cost:
    """Processor seconds, and peak memory in MB, of a command and what it starts."""

    seconds: float
    megabytes: float


def main() -> None:
    """Make the sets, measure, print the table, and write it if asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.growth", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", default="1000,10000", help="numbers of samples, with commas between")
    parser.add_argument("--only", action="append", metavar="COMMAND", help="one of the commands; may be given again")
    parser.add_argument("--write", action="store_true", help="put the table into docs/measured.md")
    options = parser.parse_args()
    sizes = [FEW, *map(int, options.sizes.split(","))]
    known = options.folder / "costs.json"
    costs = read_costs(known)
    for size in sizes:
        root = make_set(options.folder, size)
        for name, command in commands(root, size).items():
            if not options.only or name in options.only:
                costs.setdefault(name, {})[size] = measure(command, root)
                print(f"{name:10} {size:8,} {costs[name][size]}", flush=True)
                write_costs(known, costs)
    text = table(costs)
    print(text)
    if options.write:
        put(ROOT / "docs" / "measured.md", MARKS, "By the number of samples", text)


def read_costs(path: Path) -> dict[str, dict[int, Cost]]:
    """Costs by command and number of samples, of this run and those before."""
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {name: {int(size): Cost(*each) for size, each in own.items()} for name, own in found.items()}


def write_costs(path: Path, costs: Mapping[str, Mapping[int, Cost]]) -> None:
    """Keep the costs for later runs."""
    plain = {name: {size: (each.seconds, each.megabytes) for size, each in own.items()} for name, own in costs.items()}
    path.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


def make_set(folder: Path, size: int) -> Path:
    """A dataset of so many different images, and the same files as raw photos and labels beside it."""
    root = folder / f"{size}"
    if (root / "dataset" / "index.csv").exists():
        return root
    for name in ("dataset/images", "dataset/masks", "photos", "labels"):
        (root / name).mkdir(parents=True, exist_ok=True)
    samples = []
    for number in range(size):
        stem = f"IMG_{number:07d}"
        image, mask = sample(number)
        for path, raw, pixels in (
            (root / "dataset" / "images" / f"{stem}.png", root / "photos" / f"{stem}.png", image),
            (root / "dataset" / "masks" / f"{stem}.png", root / "labels" / f"{stem}.png", mask),
        ):
            path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
            raw.unlink(missing_ok=True)
            os.link(path, raw)
        split = ("train", "train", "train", "val", "test")[number % 5]
        samples.append(Sample(stem, f"images/{stem}.png", f"masks/{stem}.png", SIDE, SIDE, split=split))
    write_classes(root / "dataset" / "classes.json", CLASSES)
    (root / "classes.txt").write_text("background,#000000,0\nline,#ff0000,1\nellipse,#00ff00,2\n", encoding="utf-8")
    write_index(root / "dataset" / "index.csv", samples)
    return root


def sample(number: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture with structure of several sizes, as photos have, and a mask with regions of two classes."""
    random = np.random.default_rng(number)
    image = np.full((SIDE, SIDE), 128, np.float32)
    for side in (3, 6, 12, 24):
        noise = random.normal(0, 150 / side, (side, side)).astype(np.float32)
        image += cv2.resize(noise, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    field = cv2.resize(random.normal(0, 1, (6, 6)), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    mask = np.digitize(field, (0.6, 1.2)).astype(np.uint8)
    picture = np.stack([image, image + 20 * mask, image * 0.9], axis=2)
    return np.clip(picture, 0, 255).astype(np.uint8), mask


def commands(root: Path, size: int) -> Mapping[str, Sequence[object]]:
    """What is measured on a set, by name."""
    prep, dataset = SCRIPTS / "seg-prep", root / "dataset"
    convert = (
        root / "labels",
        "-o",
        root / "converted",
        "--images",
        root / "photos",
        "--classes",
        root / "classes.txt",
    )
    return {
        "check": (prep, "check", dataset, "--workers", 1),
        "split": (prep, "split", dataset, "--overwrite", "--workers", 1),
        "stats": (prep, "stats", dataset, "--overwrite", "--workers", 1),
        "report": (prep, "report", dataset, "--workers", 1),
        "patches": (prep, "patches", dataset, "--size", 32, "--per-image", 4, "--overwrite", "--workers", 1),
        "convert": (prep, "masks", "convert", *convert, "--workers", 1),
        "pack": (prep, "pack", dataset, "-o", root / "packed", "--workers", 1),
        "unpack": (prep, "unpack", root / "packed", "-o", root / "unpacked", "--workers", 1),
        "score": (sys.executable, "-m", "tests.bench.bookkeeping", "score", size),
        "audit": (sys.executable, "-m", "tests.bench.bookkeeping", "audit", size),
        "plan": (sys.executable, "-m", "tests.bench.bookkeeping", "plan", size),
    }


def measure(command: Sequence[object], root: Path) -> Cost:
    """Run it alone; what it makes beside the dataset's own files is removed."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, cwd=ROOT, env=environment) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1 if {"check", "report"} & {*command} else 0):  # which end with 1 where they find
        raise SystemExit(f"{' '.join(map(str, command))} ended with {process.returncode}")
    for name in ("converted", "dataset/patches", "unpacked", *(("packed",) if "unpack" in command else ())):
        shutil.rmtree(root / name, ignore_errors=True)
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def exponent(costs: Mapping[int, Cost], first: int, last: int) -> float:
    """Growth of the cost beyond that of a few samples."""
    begin = costs[FEW].seconds
    low, high = (max(costs[size].seconds - begin, 1e-3) for size in (first, last))
    return math.log(high / low) / math.log(last / first)


def table(costs: Mapping[str, Mapping[int, Cost]]) -> str:
    """One row a command: seconds and megabytes by number of samples, and the exponent of the marginal cost."""
    return "\n".join(_rows(costs, sorted({size for own in costs.values() for size in own if size > FEW})))


def _rows(costs: Mapping[str, Mapping[int, Cost]], sizes: Sequence[int]) -> Iterator[str]:
    yield "| command | " + " | ".join(f"{size:,} samples" for size in sizes) + " | exponent |"
    yield "|---|" + "---|" * (len(sizes) + 1)
    for name, found in costs.items():
        own = [size for size in sizes if size in found]
        cells = [
            f"{found[size].seconds:.1f} s, {found[size].megabytes:.0f} MB" if size in found else "" for size in sizes
        ]
        growth = f"{exponent(found, own[0], own[-1]):.2f}" if len(own) > 1 else ""
        yield f"| {name} | " + " | ".join(cells) + f" | {growth} |"


def put(path: Path, marks: tuple[str, str], heading: str, text: str) -> None:
    """Put a table between its two marks, or under a heading of its own at the end where they are not there yet."""
    begin, end = marks
    before, _, rest = path.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(end)[2]
    date = time.strftime("%Y-%m-%d")
    heading = "" if rest else f"\n## {heading}\n\n"
    path.write_text(
        f"{before}{heading}{begin}\n\nMeasured {date}.\n\n{text}\n\n{end}{after or chr(10)}", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
