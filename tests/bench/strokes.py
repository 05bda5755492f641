"""Seconds from a stroke to the proposal of the whole photo, with and without a network that trains meanwhile.

    SEG_REAL_DATA=... python -m tests.bench.strokes FOLDER [--strokes 12]

Starts `seg-prep annotate` on the campus photos (12 megapixels): most are labelled and done, so that the network has
something to learn; strokes are painted on the others through the page's own addresses, as the page asks. Two photos
with the network off, two with it on, in turns. FOLDER takes the dataset and what the network makes.
"""

import argparse
import json
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from prep.core.classes import IGNORE_INDEX
from prep.dataset.dataset import Dataset
from prep.dataset.index import write_index
from prep.dataset.states import DONE, write_states
from prep.images.imageio import IndexMask
from tests.bench.plans import campus
from tests.bench.sidebyside import load, machine

_LABELLED, _STROKE_PX = 12, 60
_LONGEST_S = 600.0


@dataclass(frozen=True)
class Answer:
    """Status, headers and body."""

    status: int
    headers: dict[str, str]
    body: bytes


class Page:
    """What the page asks of the server."""

    def __init__(self, port: int) -> None:
        self._home = f"http://127.0.0.1:{port}/api"
        self._saves = 0

    def ask(self, address: str, data: bytes | None = None, **headers: str) -> Answer:
        """Ask once; the method follows from the address."""
        method = "GET" if data is None else "PUT" if address == "network" else "POST"
        request = urllib.request.Request(f"{self._home}/{address}", data, headers, method=method)
        with urllib.request.urlopen(request) as response:
            return Answer(response.status, dict(response.headers), response.read())

    def turn(self, *, on: bool) -> None:
        """Turn the network on or off; it begins anew with each of these."""
        self.ask("network", json.dumps({"on": on}).encode())

    def state(self) -> str:
        """What the network does."""
        return str(json.loads(self.ask("network").body)["state"])

    def open(self, stem: str) -> tuple[float, float]:
        """Seconds until the photo is here, and from then until what was learnt from the others is."""
        began = time.monotonic()
        self.ask(f"images/{stem}/photo")
        opened = time.monotonic()
        self.proposal(stem)
        return opened - began, time.monotonic() - opened

    def stroke(self, stem: str, x: int, y: int, pixels: IndexMask) -> tuple[float, float | None]:
        """Seconds until it is saved, and until the proposal that knows it is here; None while there is none."""
        standing = self.ask(f"images/{stem}/mask").headers
        body = struct.pack("<4I", x, y, pixels.shape[1], pixels.shape[0]) + pixels.tobytes()
        self._saves += 1
        began = time.monotonic()
        self.ask(
            f"images/{stem}/mask", body,
            **{"X-Base-Version": standing["X-Version"], "X-Save": f"s{self._saves}",
               "X-Classes-Version": standing["X-Classes-Version"]},
        )  # fmt: skip
        saved = time.monotonic() - began
        return saved, time.monotonic() - began if self.proposal(stem) else None

    def proposal(self, stem: str) -> bool:
        """Wait for the proposal that knows all that is painted; whether there is one."""
        began = time.monotonic()
        while time.monotonic() - began < _LONGEST_S:
            answer = self.ask(f"images/{stem}/learnt")
            if answer.status == 200 and answer.headers["X-Complete"] == "1":
                return True
            if answer.status == 202 and json.loads(answer.body)["state"] == "nothing":
                return False
            time.sleep(0.01)
        raise TimeoutError(stem)


def main() -> None:
    """Measure, and print a line for each state of the network."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.strokes", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--strokes", type=int, default=12, help="on each photo")
    options = parser.parse_args()
    (options.folder / "datasets").mkdir(parents=True, exist_ok=True)
    whole = Dataset.open(campus(options.folder.resolve()))
    root = _partly_labelled(whole, options.folder / "labelled")
    print(machine(), load())
    times: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    with served(root) as page:
        for number, sample in enumerate(whole.samples[_LABELLED : _LABELLED + 5]):
            on = number % 2 == 1
            page.turn(on=on)
            while on and page.state() != "training":
                time.sleep(0.2)
            opened, ready = page.open(sample.stem)
            found = [page.stroke(sample.stem, *each) for each in _strokes(whole.mask(sample), options.strokes)]
            whole_times = [(save, proposal) for save, proposal in found if proposal is not None]
            first = f"open {opened:.2f} s, ready {ready:.2f} s later"
            print(f"{sample.stem}: network {page.state()}, {first}, {_words(whole_times)}", flush=True)
            if number:  # the first is to warm up
                times[on] += whole_times
    for on, each in times.items():
        print(f"network {'on' if on else 'off'}: {len(each)} strokes, {_words(each)}")


def _words(found: Sequence[tuple[float, float]]) -> str:
    saves, proposals = ([each[place] for each in found] for place in (0, 1))
    return f"saved in {_both(saves)}, proposal after {_both(proposals)}"


def _both(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.3f} s (p95 {np.percentile(seconds, 95):.3f})"


def _partly_labelled(whole: Dataset, root: Path) -> Path:
    """A copy of which the first photos are labelled and done, and the others have no mask."""
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(whole.root, root)
    rows = [replace(sample, split="") for sample in whole.samples[:_LABELLED]]
    for sample in whole.samples[_LABELLED:]:
        (root / sample.mask).unlink()
        rows.append(replace(sample, split="", mask=""))
    write_index(root / "index.csv", rows)
    write_states(root / "states.csv", {sample.stem: DONE for sample in whole.samples[:_LABELLED]}, {})
    return root


def _strokes(mask: IndexMask, number: int) -> Iterator[tuple[int, int, IndexMask]]:
    """Rectangles of one class each, the classes in turns, at places that are the same each time."""
    random = np.random.default_rng(0)
    values = [value for value in np.unique(mask).tolist() if value != IGNORE_INDEX]
    for each in range(number):
        value = values[each % len(values)]
        rows, columns = np.nonzero(mask == value)
        while True:
            place = int(random.integers(len(rows)))
            y, x = int(rows[place]), int(columns[place])
            part = mask[y : y + _STROKE_PX, x : x + 6 * _STROKE_PX]
            if part.size == 6 * _STROKE_PX**2 and (part == value).all():
                yield x, y, np.full(part.shape, value, np.uint8)
                break


@contextmanager
def served(root: Path) -> Iterator[Page]:
    """The command as it is typed, and what the page asks of it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [Path(sys.executable).parent / "seg-prep", "annotate", root, "--port", str(port), "--no-open"]
    with subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            page = Page(port)
            while True:
                try:
                    page.ask("dataset")
                    break
                except OSError:
                    time.sleep(0.1)
            yield page
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
