"""What is measured, part by part; each starts processes of its own, so that none spoils the memory of the next."""

import json
import time
from collections.abc import Callable, Sequence

from tests.gpu.machine import BASE, ENCODERS, ROOT, TRAINING, Machine, missing_packages
from tests.gpu.table import FAILED, OK, SKIPPED, Row

_SMALL = ("--arch", "unet", "--width", 8, "--depth", 2, "--size", 32)
"""Of --quick: the smallest training."""


def suite(machine: Machine) -> list[Row]:
    """The tests that need a GPU."""
    if machine.device == "cpu":
        return [Row("tests", "need an NVIDIA GPU", SKIPPED, 0.0)]
    began = time.monotonic()
    result = machine.run(
        "-m", "pytest", "-q", "-m", "gpu", "-c", ROOT / "pyproject.toml", ROOT / "tests" / "train", check=False
    )
    last = (result.stdout.strip() or result.stderr.strip() or "no word").splitlines()[-1]
    return [Row("tests", last, OK if result.returncode == 0 else FAILED, time.monotonic() - began)]


def recipes(machine: Machine) -> list[Row]:
    """Images a second of each recipe, and the share of the rate of a matrix product."""
    names = sorted(path.stem for path in (ROOT / "train" / "config" / "recipes").glob("*.toml"))
    lacks = missing_packages(ENCODERS)
    rows = []
    for name in ["shapes"] if machine.quick else names:
        if lacks and name not in ("shapes", "mini"):
            rows.append(Row(f"recipe {name}", f"needs {', '.join(lacks)}", SKIPPED, 0.0))
        else:
            rows.append(_speed(machine, f"recipe {name}", "--recipe", name, "--weights", "none"))
    return rows


def compiled(machine: Machine) -> list[Row]:
    """The default network by torch.compile."""
    if machine.quick:
        return [Row("--compile", "takes too long for --quick", SKIPPED, 0.0)]
    return [_speed(machine, "plain", "--epochs", 1), _speed(machine, "--compile", "--compile", "--epochs", 1)]


def plan(machine: Machine) -> list[Row]:
    """Three minutes of the plan, and the speed of what it chose."""
    minutes, began = (0.05 if machine.quick else 3), time.monotonic()
    settings = _SMALL if machine.quick else ()
    machine.train(machine.dataset(), "--minutes", minutes, *settings, seconds=120 * max(minutes, 2))
    took = time.monotonic() - began
    run = machine.folder / "runs" / "latest"
    iou = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["mean_iou"]
    is_good = machine.quick or (iou >= 0.9 and took <= 1.05 * 60 * minutes + 20)
    row = Row("plan", f"--minutes {minutes}: mean IoU {iou:.3f}", OK if is_good else FAILED, took)
    recipe = run / "plan.toml"
    return [row, _speed(machine, "speed of the plan", "--recipe", recipe)] if recipe.exists() else [row]


def out_of_memory(machine: Machine) -> list[Row]:
    """A batch that does not fit goes on in pieces."""
    began = time.monotonic()
    found = machine.probe("out_of_memory", machine.dataset(), *(["quick"] if machine.quick else []))
    return [Row("out of memory", found["said"], OK if found["halved"] else FAILED, time.monotonic() - began)]


def windows(machine: Machine) -> list[Row]:
    """An image of 100 megapixels, labelled by windows."""
    began = time.monotonic()
    found = machine.probe("windows", 1 if machine.quick else 100)
    text = (
        f"{found['megapixels']} megapixels in {found['seconds']:.1f} s, {found['gib']:.2f} GiB on the device; "
        f"{found['differ']:.4%} of the pixels of a crop are labelled otherwise by the CPU"
    )
    is_good = found["gib"] < 4 and found["differ"] < 0.01
    return [Row("windows", text, OK if is_good else FAILED, time.monotonic() - began)]


def several(machine: Machine) -> list[Row]:
    """Two processes, each with a GPU of its own."""
    if machine.device == "cpu" or machine.gpus < 2:
        return [Row("two GPUs (NCCL)", f"there {'is' if machine.gpus == 1 else 'are'} {machine.gpus}", SKIPPED, 0.0)]
    began = time.monotonic()
    machine.train(machine.dataset(), "--epochs", 2, "--devices", 2)
    rows = (machine.folder / "runs" / "latest" / "history.csv").read_text(encoding="utf-8").splitlines()
    return [Row("two GPUs (NCCL)", f"{len(rows) - 1} epochs of 2", OK if len(rows) == 3 else FAILED, _since(began))]


def resume(machine: Machine) -> list[Row]:
    """A training that was interrupted and went on, beside one that was not, and that one beside itself."""
    began = time.monotonic()
    found = machine.probe("resume", machine.dataset())
    again, resumed = found["again"], found["resumed"]
    # What a GPU adds up in any order differs from run to run; a resumed run may differ ten times as much, and no more.
    is_good = resumed == 0 if machine.device == "cpu" else resumed <= 10 * again or resumed == 0
    words = "bit-identical" if resumed == 0 else f"largest difference of a weight {resumed:.2g}"
    text = f"{words}; the same training twice: {again:.2g}"
    return [Row("resume", text, OK if is_good else FAILED, time.monotonic() - began)]


def _since(began: float) -> float:
    return time.monotonic() - began


def _speed(machine: Machine, name: str, *settings: object) -> Row:
    began, small = time.monotonic(), (*_SMALL, "--batch", 4) if machine.quick else ()
    steps = 1 if machine.quick else 20
    try:
        result = machine.train("bench", machine.dataset(), *settings, *small, "--steps", steps, "--json")
    except RuntimeError as error:
        return Row(name, str(error), FAILED, _since(began))
    found = json.loads(result.stdout)
    text = (
        f"{found['images_per_second']:,.1f} images/s, {found['training_gflops']:,.0f} GFLOP/s "
        f"({found['training_share']:.1%} of {found['matrix_gflops']:,.0f} in {found['precision']}); "
        f"12 megapixels in {found['labelling_seconds']:.2f} s"
    )
    return Row(name, text, OK, _since(began))


PARTS: dict[str, tuple[Sequence[str], Callable[[Machine], list[Row]]]] = {
    "tests": ((*TRAINING, "pytest", "hypothesis"), suite),
    "recipes": (TRAINING, recipes),
    "compile": (TRAINING, compiled),
    "memory": (TRAINING, out_of_memory),
    "windows": (BASE, windows),
    "several": (TRAINING, several),
    "resume": (TRAINING, resume),
    "plan": (TRAINING, plan),
}
"""Which packages each part needs, and what does it; the longest comes last."""
