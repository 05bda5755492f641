"""Measures RGB masks to class indices: the lookup alone in megapixels a second, and the whole command with its start.

Plain ways: a comparison with each colour (np.all), np.unique with inverse on the packed colours, and a 24-bit table
in plain numpy. The plain script reads with Pillow, compares, and writes with Pillow; like the command with
`--unknown ignore`, it leaves 255 where no colour fits.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prep.core.classes import IGNORE_INDEX, ClassMap, format_list, write_classes
from prep.dataset.index import Sample, write_index
from prep.images.imageio import read_mask
from prep.labels.pixels.rgb import RgbReader, color_codes
from prep.labels.reader import Lookup
from tests.bench.pictures import CLASSES, blob_mask, color_mask, write_color_masks
from tests.bench.sidebyside import Comparison, require

MASKS = 40
_LOOKUP_MASKS = 4
_AERIAL = ClassMap(CLASSES.names, CLASSES.colors)
_SHAPES = ClassMap(("background", "line", "ellipse"), ((0, 0, 0), (255, 0, 0), (0, 255, 0)))

Convert = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


def comparisons(folder: Path) -> Iterator[Comparison]:
    """The lookup, the command on blobs, and the command on real masks if SEG_REAL_DATA names them."""
    yield _lookup_alone()
    yield _command(
        "whole command, 40 masks of 0.8 MP", folder / "blobs", write_color_masks(folder / "labels", MASKS), CLASSES
    )
    if "SEG_REAL_DATA" in os.environ:
        real = Path(os.environ["SEG_REAL_DATA"])
        aerial = _gathered(folder / "aerial-labels", sorted((real / "aerial").glob("*/masks/*.png")))
        yield _command(f"whole command, {len(aerial)} aerial masks", folder / "aerial", aerial, _AERIAL)
        shapes = _gathered(folder / "shapes-labels", sorted((real / "shapes" / "masks").glob("*.png")))
        yield _command(f"whole command, {len(shapes)} masks of shapes", folder / "shapes", shapes, _SHAPES)


def _lookup_alone() -> Comparison:
    colors = [color_mask(blob_mask(seed)) for seed in range(_LOOKUP_MASKS)]
    reader = RgbReader()
    lookup = Lookup(reader.size, reader.table(CLASSES))
    table = _numpy_table(CLASSES)

    def over_all(convert: Convert) -> Callable[[], list[NDArray[np.uint8]]]:
        return lambda: [convert(each) for each in colors]

    ways = {
        "np.all per class": over_all(lambda each: plain_np_all(each, CLASSES)),
        "np.unique with inverse": over_all(lambda each: plain_unique(each, CLASSES)),
        "24-bit table in numpy": over_all(lambda each: table[_packed(each)]),
    }
    ours = over_all(lambda each: lookup(color_codes(each)))
    for name, way in ways.items():
        require(all(map(np.array_equal, ours(), way())), f"lookup and {name} give other masks")
    return Comparison(
        job="lookup alone, 6 classes",
        ours=ours,
        plain=ways,
        work=sum(each.shape[0] * each.shape[1] for each in colors) / 1e6,
        unit="MP",
        rounds=15,
    )


def plain_np_all(colors: NDArray[np.uint8], classes: ClassMap) -> NDArray[np.uint8]:
    """(H, W, 3) colours -> (H, W) class indices, 255 where no colour fits."""
    mask = np.full(colors.shape[:2], IGNORE_INDEX, np.uint8)
    for index, color in enumerate(classes.colors):
        mask[np.all(colors == color, axis=2)] = index
    return mask


def plain_unique(colors: NDArray[np.uint8], classes: ClassMap) -> NDArray[np.uint8]:
    """The same by the distinct colours of the mask."""
    known = {int(_packed(np.array(color, np.uint8))): index for index, color in enumerate(classes.colors)}
    values, inverse = np.unique(_packed(colors), return_inverse=True)
    indices = np.array([known.get(int(value), IGNORE_INDEX) for value in values], np.uint8)
    return indices[inverse].reshape(colors.shape[:2])


def _packed(colors: NDArray[np.uint8]) -> NDArray[np.uint32]:
    red, green, blue = (colors[..., channel].astype(np.uint32) for channel in range(3))
    packed: NDArray[np.uint32] = (red << 16) | (green << 8) | blue
    return packed


def _numpy_table(classes: ClassMap) -> NDArray[np.uint8]:
    table = np.full(1 << 24, IGNORE_INDEX, np.uint8)
    for index, color in enumerate(classes.colors):
        table[_packed(np.array(color, np.uint8))] = index
    return table


def _command(job: str, folder: Path, labels: Sequence[Path], classes: ClassMap) -> Comparison:
    """`seg-prep masks convert` into a dataset that has its images, against a plain script; both as new processes."""
    folder.mkdir()
    list_, script = folder / "classes.txt", folder / "plain.py"
    list_.write_text(format_list(classes) + "\n", encoding="utf-8")
    script.write_text(_SCRIPT, encoding="utf-8")
    samples = [_sample(path) for path in labels]
    ours, alone, plain = folder / "ours", folder / "alone", folder / "plain"
    command = [str(Path(sys.executable).with_name("seg-prep")), "masks", "convert", str(labels[0].parent)]
    options = ["--classes", str(list_), "--unknown", "ignore"]

    def reset() -> None:
        for root in (ours, alone, plain):
            shutil.rmtree(root, ignore_errors=True)
            root.mkdir()
        for root in (ours, alone):
            write_classes(root / "classes.json", classes)
            write_index(root / "index.csv", samples)

    def run(*arguments: str) -> None:
        subprocess.run(arguments, check=True, capture_output=True)

    def run_plain() -> None:
        run(sys.executable, str(script), str(labels[0].parent), str(plain), str(list_))

    reset()
    run(*command, "-o", str(ours), *options)
    run_plain()
    for path in labels:
        same = np.array_equal(read_mask(ours / "masks" / path.name), np.asarray(Image.open(plain / path.name)))
        require(same, f"command and plain script give another {path.name}")
    return Comparison(
        job=job,
        ours=lambda: run(*command, "-o", str(ours), *options),
        plain={"script: Pillow, np.all": run_plain},
        work=sum(sample.width * sample.height for sample in samples) / 1e6,
        unit="MP",
        reset=reset,
        warm_up=False,
        rounds=5,
    )


def _sample(label: Path) -> Sample:
    with Image.open(label) as opened:
        width, height = opened.size
    return Sample(label.stem, f"images/{label.stem}.png", "", width, height)  # convert does not read the image


def _gathered(folder: Path, paths: Sequence[Path]) -> list[Path]:
    """Copies in one folder, named by their number: tiles use the same names."""
    folder.mkdir()
    return [Path(shutil.copy(path, folder / f"mask_{number:03d}.png")) for number, path in enumerate(paths)]


_SCRIPT = """
import sys
from pathlib import Path

import numpy as np
from PIL import Image

source, target, classes = map(Path, sys.argv[1:])
rows = [line.split(",") for line in classes.read_text().splitlines()]
colors = [tuple(bytes.fromhex(row[1].lstrip("#"))) for row in rows]
for path in sorted(source.glob("*.png")):
    rgb = np.array(Image.open(path).convert("RGB"))
    mask = np.full(rgb.shape[:2], 255, np.uint8)
    for index, color in enumerate(colors):
        mask[np.all(rgb == color, axis=2)] = index
    Image.fromarray(mask).save(target / path.name)
"""
