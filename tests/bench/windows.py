"""Measures what the weights of windows cost, and the memory of a process that labels an image of 100 megapixels.

The image comes as rows on demand and is never whole in memory; the network is one 1 x 1 convolution. Memory is the
peak of the whole process, Python and torch included; a tenth of the height shows that it does not grow with it.
"""

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from tests.bench.scoring import CLASS_MAP, CLASSES, HEIGHT, OVERLAP, WIDTH, WINDOW, memory, ours, outside, picture
from tests.bench.sidebyside import Comparison, require
from train.windows.predictor import Predictor
from train.windows.window_settings import WindowSettings

SIDE = 10_000
_ROWS = 500


def comparisons(folder: Path) -> Iterator[Comparison]:
    """Seconds outside the network of each kind of weights; memory of 100 megapixels and of a tenth of them."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    image = picture(HEIGHT, WIDTH)
    times = {blend: partial(outside, partial(ours, blend=blend), image) for blend in ("gaussian", "average", "spline")}
    yield Comparison(
        job="gaussian weights over 12 MP, outside the network",
        ours=times.pop("gaussian"),
        plain={f"{blend} weights": way for blend, way in times.items()},
        reports="s",
        rounds=5,
        goal=1 / 1.3,
    )
    torch.set_num_threads(threads)
    yield Comparison(
        job=f"memory of the process, {SIDE * SIDE / 1e6:.0f} MP",
        ours=lambda: whole_process(SIDE),
        plain={"a tenth as high": lambda: whole_process(SIDE // 10)},
        reports="MB",
        rounds=1,
        warm_up=False,
    )


class Synthetic:
    """An image of any height whose rows are made when they are asked for."""

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        self._pattern = picture(_ROWS, width)

    def rows(self, first: int, last: int) -> NDArray[np.uint8]:
        """(last - first, W, 3): one pattern again and again."""
        return self._pattern[np.arange(first, last) % _ROWS]


def whole_process(height: int) -> float:
    """Peak memory in MB of a process of its own that labels an image of this height, SIDE wide."""
    command = [sys.executable, "-m", "tests.bench.windows", str(height)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def _label_and_report(height: int) -> None:
    weights = torch.randn(3, CLASSES, generator=torch.Generator().manual_seed(0))

    def probabilities(windows: torch.Tensor) -> torch.Tensor:
        return (windows.float() @ weights).permute(0, 3, 1, 2)

    counts = np.zeros(CLASSES, np.int64)
    predictor = Predictor(probabilities, CLASS_MAP, WindowSettings(WINDOW, OVERLAP), torch.device("cpu"))
    for _, labels in predictor.strips(Synthetic(height, SIDE)):
        counts += np.bincount(labels.ravel(), minlength=CLASSES)
    require(counts.sum() == height * SIDE, f"{counts.sum()} pixels were labelled")
    print(memory("VmHWM") / 1000)


if __name__ == "__main__":
    _label_and_report(int(sys.argv[1]))
