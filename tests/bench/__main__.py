"""Runs the side-by-side benchmarks: `make bench`, or `python -m tests.bench --only masks --quick`."""

import argparse
import importlib
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2

from tests.bench.sidebyside import Comparison, Result, load, machine, measure, table

SUBJECTS = {
    "synth": "draw and write synthetic images",
    "resize": "phone photos to images of 1024 and 512 pixels: the whole command",
    "masks": "RGB masks to class indices: the lookup alone, and the whole command",
    "stats": "mean, std and class counts of a dataset",
    "patches": "cut patches, and read them as a trainer does",
    "training": "training steps against the classic loop",
    "scoring": "windows over a 12-megapixel image against MONAI",
    "windows": "kinds of weights, and the memory of a 100-megapixel image",
}
"""Each is a module of this package with `comparisons(folder: Path) -> Iterator[Comparison]`.

It is imported only when it is measured, makes its data in the empty `folder`, checks that the ways agree
(`require`), and yields one comparison after the other. A new subject is a module and a line here.
"""


def main() -> None:
    """Measure, print a table, and write every measure with --json."""
    options = _options()
    cv2.setNumThreads(1)  # every way in this process works on one core; commands decide for themselves
    where = machine()
    print(_head(where))
    started = time.monotonic()
    results: dict[str, list[Result]] = {}
    for subject in options.only or SUBJECTS:
        print(f"\n{subject}: {SUBJECTS[subject]} (load {_loads(load())})", flush=True)
        with tempfile.TemporaryDirectory(prefix=f"bench-{subject}-") as folder:
            results[subject] = [measure(each, quick=options.quick) for each in _comparisons(subject, Path(folder))]
        print(table(results[subject]), flush=True)
    seconds = time.monotonic() - started
    print(f"\n{seconds:.0f} s in total. ratio = plain / ours, the median of the rounds: above 1 ours is better.")
    if options.json:
        subjects = {name: [result.to_json() for result in found] for name, found in results.items()}
        content = {"machine": where, "quick": options.quick, "seconds": seconds, "subjects": subjects}
        options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=SUBJECTS, metavar="NAME", help=", ".join(SUBJECTS))
    parser.add_argument("--quick", action="store_true", help="two rounds instead of five or more")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every single measure")
    return parser.parse_args()


def _comparisons(subject: str, folder: Path) -> Iterator[Comparison]:
    found: Iterator[Comparison] = importlib.import_module(f"tests.bench.{subject}").comparisons(folder)
    return found


def _head(where: dict[str, object]) -> str:
    packages = where["packages"]
    assert isinstance(packages, dict)
    versions = ", ".join(f"{name} {version}" for name, version in packages.items())
    return (
        f"{where['cpu']}, {where['cores']} cores, load {_loads(load())}, {where['system']}\n"
        f"Python {where['python']}, {versions}"
    )


def _loads(values: list[float]) -> str:
    return " ".join(f"{value:.2f}" for value in values) or "unknown"


if __name__ == "__main__":
    main()
