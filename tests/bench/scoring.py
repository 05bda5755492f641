"""Measures labelling one 12-megapixel image of 5 classes with windows of 512 that overlap by half.

The network is one convolution, so that what is left is the work around it. Plain way: MONAI's
sliding_window_inference (4 windows at a time) and argmax. Time is processor time of one thread, which other work on
the machine hardly changes, without the network; memory is the peak of a process of its own above what it held before.
Both look through the same 165 windows.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from prep.core.classes import ClassMap
from tests.bench.sidebyside import Comparison, require
from train.windows.predictor import Predictor
from train.windows.window_settings import Blend, WindowSettings

CLASSES = 5
CLASS_MAP = ClassMap(tuple("abcde"), tuple((index, 0, 0) for index in range(CLASSES)))
HEIGHT, WIDTH = 3024, 4032
WINDOW, OVERLAP = 512, 0.5
_CHECK_MARGIN = WINDOW


def comparisons(folder: Path) -> Iterator[Comparison]:
    """Seconds outside the network; extra memory, also for an image three times as high."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    image = picture(HEIGHT, WIDTH)
    for blend, mode in (("average", "constant"), ("gaussian", "gaussian")):
        our_way, monai_way = partial(ours, blend=blend), partial(monai, mode=mode)
        same = our_way(image, Network()) == monai_way(image, Network())
        agree = same[_CHECK_MARGIN:-_CHECK_MARGIN, _CHECK_MARGIN:-_CHECK_MARGIN].mean()
        require(agree > 0.999, f"{blend}: labels agree in {agree:.4f} of the pixels")
        yield Comparison(
            job=f"{blend} windows over 12 MP, outside the network",
            ours=partial(outside, our_way, image),
            plain={f"MONAI sliding_window_inference, {mode}": partial(outside, monai_way, image)},
            reports="s",
            rounds=5,
            goal=2.5,
        )
    for times in (1, 3):
        yield Comparison(
            job=f"extra memory, {12 * times} MP" + (", three times as high" if times > 1 else ""),
            ours=lambda times=times: extra_memory("ours", times * HEIGHT),  # type: ignore[misc]
            plain={"MONAI sliding_window_inference": lambda times=times: extra_memory("monai", times * HEIGHT)},  # type: ignore[dict-item]
            reports="MB",
            rounds=3,
            warm_up=False,
            goal=1 / 0.35,
        )
    torch.set_num_threads(threads)


class Network:
    """One convolution from 3 channels to 5 classes, which adds up its own seconds."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.layer = torch.nn.Conv2d(3, CLASSES, 3, padding=1)
        self.seconds = 0.0

    def __call__(self, x: Tensor) -> Tensor:
        """(B, 3, S, S) float32 -> (B, 5, S, S)."""
        began = time.process_time()
        with torch.inference_mode():
            result: Tensor = self.layer(x)
        self.seconds += time.process_time() - began
        return result


Scorer = Callable[[NDArray[np.uint8], Network], NDArray[np.uint8]]


def ours(image: NDArray[np.uint8], network: Network, blend: Blend = "gaussian") -> NDArray[np.uint8]:
    """Label with train.windows; making float input of the windows counts as ours."""
    windows = WindowSettings(WINDOW, OVERLAP, blend)
    return Predictor(lambda pixels: network(_input(pixels)), CLASS_MAP, windows, torch.device("cpu"))(image)


def monai(image: NDArray[np.uint8], network: Network, mode: str = "gaussian") -> NDArray[np.uint8]:
    """Label with MONAI as its tutorials do."""
    from monai.inferers import sliding_window_inference

    whole = _input(torch.from_numpy(image)[None]).contiguous()
    with torch.inference_mode():
        scores = sliding_window_inference(whole, (WINDOW, WINDOW), 4, network, overlap=OVERLAP, mode=mode)
        return scores[0].argmax(dim=0).to(torch.uint8).numpy()  # type: ignore[union-attr,index]


def _input(windows: Tensor) -> Tensor:
    return windows.permute(0, 3, 1, 2).float() / 255


def outside(scorer: Scorer, image: NDArray[np.uint8]) -> float:
    """Processor seconds of labelling the image, without those of the network."""
    network = Network()
    began = time.process_time()
    scorer(image, network)
    return time.process_time() - began - network.seconds


def extra_memory(name: str, height: int) -> float:
    """Peak memory in MB of labelling an image of this height, above what the process held before."""
    command = [sys.executable, "-m", "tests.bench.scoring", name, str(height)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def picture(height: int, width: int) -> NDArray[np.uint8]:
    """(H, W, 3) of smooth colours with some noise."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (-(-height // 64), -(-width // 64), 3)).astype(np.uint8)
    return np.ascontiguousarray(coarse.repeat(64, axis=0).repeat(64, axis=1)[:height, :width])


def _report_memory(name: str, height: int) -> None:
    torch.set_num_threads(1)
    scorer: Scorer = {"ours": ours, "monai": monai}[name]
    scorer(picture(1024, 1024), Network())  # imports, thread pools, allocator
    image = picture(height, WIDTH)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget earlier peaks
    before = memory("VmRSS")
    scorer(image, Network())
    print((memory("VmHWM") - before) / 1000)


def memory(name: str) -> int:
    """Kilobytes that /proc says this process holds (VmRSS) or held at most (VmHWM)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


if __name__ == "__main__":
    _report_memory(sys.argv[1], int(sys.argv[2]))
