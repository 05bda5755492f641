"""What 1 and 10 million photos cost, by the figures of docs/measured.md: python -m tests.bench.scale [--write].

A figure for one photo of 12 megapixels is a part of what a command over three of 100 megapixels costs, less the start
of the program, behind which smaller ones hide. Hours are of machines with so many cores each, all of them busy; the
disks are taken to be no slower.
"""

import argparse
import re
from pathlib import Path

from tests.bench.peaks import MARKS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "scale.md"
BEGIN, END = "<!-- scale: written by python -m tests.bench.scale --write -->", "<!-- end of scale -->"

CORES = 32
_START = 0.4
"""Seconds of processor time to start seg-prep, which a command over many photos pays once a worker."""

_PHOTOS, _MEGAPIXELS = 3, 12
"""Of which the figures are, and as large as people have them."""

_PHOTO_MB, _IMAGE_MB = 4.0, 0.35
"""A JPEG photo of 12 megapixels; an image of 1024 pixels (JPEG, quality 95) with its mask."""


def of_a_photo(command: str, text: str) -> float:
    """Seconds of processor time that one photo of 12 megapixels costs."""
    rows = text.partition(MARKS[0])[2].partition(MARKS[1])[0]
    found = re.search(rf"^\| {command} \| [\d.]+ s, [\d,]+ MB \| ([\d.]+) s, ", rows, re.MULTILINE)
    assert found is not None, command
    return (float(found[1]) - _START) / _PHOTOS * _MEGAPIXELS / 100


def table(text: str) -> str:
    """The table of docs/scale.md."""
    rows = {
        "resize to 1024 pixels": of_a_photo("resize", text),
        "masks convert, full size": of_a_photo("masks convert", text),
        "check, full size": of_a_photo("check", text),
        "stats, full size": of_a_photo("stats", text),
    }
    lines = ["| command | a photo | 1 M on 1 machine | on 10 | 10 M on 10 machines |", "|---|---|---|---|---|"]
    for name, seconds in rows.items():
        hours = seconds * 1e6 / 3600 / CORES
        lines.append(f"| {name} | {1000 * seconds:,.1f} ms | {hours:,.1f} h | {hours / 10:,.2f} h | {hours:,.1f} h |")
    storage = ["| storage | 1 M | 10 M |", "|---|---|---|"]
    for name, megabytes in (("photos of 12 megapixels, JPEG", _PHOTO_MB), ("images of 1024 pixels, masks", _IMAGE_MB)):
        storage.append(f"| {name} | {megabytes:,.2f} TB | {10 * megabytes:,.1f} TB |")
    return "\n".join([*lines, "", *storage, "| files of a dataset, in two folders | 2 M | 20 M |"])


def written(page: str, text: str) -> str:
    """The page with the table in its place."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table(text)}\n\n{END}{after}"


def main() -> None:
    """Print the table, or write it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    text = (DOCS / "measured.md").read_text(encoding="utf-8")
    if parser.parse_args().write:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), text), encoding="utf-8")
    else:
        print(table(text))


if __name__ == "__main__":
    main()
