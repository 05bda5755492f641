"""What several tests use: run the commands, take snapshots of folders, write raw files."""

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from click.testing import CliRunner, Result
from numpy.typing import NDArray
from PIL import Image

from prep.cli.main import main
from prep.core.classes import ClassMap
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample, write_index

SCRIPTS = Path(sys.executable).parent
COLORS = ((0, 0, 0), (255, 0, 0), (0, 255, 0))
CLASSES = ClassMap(("background", "line", "ellipse"), COLORS)
CLASS_LIST = "background,#000000\nline,#ff0000\nellipse,#00ff00\n"


class Killed(BaseException):
    """The process dies here."""


def run_prep(*arguments: object) -> Result:
    """Run seg-prep in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def run_train(*arguments: object) -> Result:
    """Run seg-train in this process."""
    from train.cli.main import main as train_main

    return CliRunner().invoke(train_main, [str(argument) for argument in arguments])


def run_ok(*arguments: object) -> Result:
    """Run seg-prep in this process; it has to succeed."""
    result = run_prep(*arguments)
    assert result.exit_code == 0, result.output or repr(result.exception)
    return result


def run_error(*arguments: object) -> str:
    """Run seg-prep in this process; it has to fail in words, without a traceback. Returns what it says."""
    result = run_prep(*arguments)
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("Error: ")
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    return result.stderr.removeprefix("Error: ").removesuffix("\n")


def run_partly(*arguments: object) -> str:
    """Run seg-prep in this process; it has to leave files out and make the others. Returns what was left out."""
    result = run_prep(*arguments)
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert result.exit_code == 1, result.output
    assert result.stdout != ""
    return result.stderr[result.stderr.index(" left out:\n") :]


def run_script(
    name: str, *arguments: object, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run an installed script as a person does."""
    command = [str(SCRIPTS / name), *map(str, arguments)]
    environment = {**os.environ, **(env or {})}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def tree(folder: Path, *, provenance: bool = False) -> dict[str, bytes]:
    """Every file below a folder with its content, hidden files too; folders as names with a slash."""
    return {
        path.relative_to(folder).as_posix() + ("/" if path.is_dir() else ""): b""
        if path.is_dir()
        else path.read_bytes()
        if path.exists()
        else b"dangling link"
        for path in sorted(folder.rglob("*"))
        if provenance or path.name != "provenance.jsonl"
    }


def random_mask(seed: int, height: int = 24, width: int = 32, classes: int = 3) -> NDArray[np.uint8]:
    """(H, W) of random classes; every class stands at least once."""
    mask = np.random.default_rng(seed).integers(0, classes, (height, width)).astype(np.uint8)
    mask.ravel()[:classes] = range(classes)
    return mask


def random_image(seed: int, height: int = 24, width: int = 32) -> NDArray[np.uint8]:
    """(H, W, 3) of random pixels."""
    return np.random.default_rng(1000 + seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def smooth_image(height: int = 24, width: int = 32) -> NDArray[np.uint8]:
    """(H, W, 3): a ramp that JPEG keeps nearly as it is, different at each corner."""
    down, across = np.mgrid[0:height, 0:width]
    return np.stack([down * 255 // height, across * 255 // width, (down + across) * 255 // (height + width)], 2).astype(
        np.uint8
    )


def paint(mask: NDArray[np.uint8], colors: Sequence[tuple[int, int, int]] = COLORS) -> NDArray[np.uint8]:
    """(H, W) classes -> (H, W, 3) colours."""
    return np.array(colors, np.uint8)[mask]


def save(path: Path, pixels: NDArray[np.generic] | Image.Image, **options: object) -> Path:
    """Write an image with Pillow, which the product does not use for writing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(np.asarray(pixels))
    picture.save(path, **options)
    return path


def load(path: Path) -> NDArray[np.uint8]:
    """Read the pixels of an image as they are, with Pillow."""
    with Image.open(path) as picture:
        return np.asarray(picture)


def masks_of(root: Path) -> dict[str, NDArray[np.uint8]]:
    """The masks of a dataset by stem, read through its index."""
    return {sample.stem: load(root / sample.mask) for sample in Dataset.open(root).samples if sample.mask}


def by_stem(root: Path) -> dict[str, Sample]:
    """The samples of a dataset by stem."""
    return {sample.stem: sample for sample in Dataset.open(root).samples}


def no_space(*_: object) -> None:
    """Fail as a full disk does."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def images_only(root: Path, sizes: Sequence[tuple[int, int]]) -> Dataset:
    """Make a dataset of random images s0, s1, ... of these (height, width), without masks."""
    samples = []
    for number, (height, width) in enumerate(sizes):
        save(root / "images" / f"s{number}.png", random_image(number, height, width))
        samples.append(Sample(f"s{number}", f"images/s{number}.png", "", width, height))
    write_index(root / "index.csv", samples)
    return Dataset.open(root)


def wait_until(holds: Callable[[], object]) -> None:
    """Wait until something holds; fail if it does not, on the slowest of machines."""
    until = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.005)
