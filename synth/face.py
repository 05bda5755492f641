"""What `import synth` offers: the work of 'seg-prep synth' as a function."""

from pathlib import Path

from prep.core.arguments import FROM_0, FROM_1, NumberRange, checked
from prep.core.progress import Progress, silent
from prep.dataset.dataset import Dataset
from prep.dataset.place.anchored import anchored
from prep.dataset.provenance import recorded
from synth.dataset import generate as generate_dataset

_SIDES = NumberRange(32, 99_999)


@anchored
@checked(n=FROM_1, test=FROM_0, width=_SIDES, height=_SIDES, max_shapes=FROM_1)
@recorded(lambda given, _: Path(given["root"]))
def generate(
    root: str | Path,
    *,
    n: int = 100,
    test: int = 10,
    width: int = 200,
    height: int = 400,
    max_shapes: int = 9,
    seed: int = 0,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Dataset:
    """Write n training images (one of ten for validation) and `test` test images as the dataset `root`.

    n, test: from 1, and from 0.  width, height: of each image, 32 to 99,999 pixels.
    max_shapes: lines, and ellipses, in an image: from 1 to this many.
    seed: another one, from 0, draws other images. An image depends on it, its split's name and its number only: image
    17 is the same for every n.
    workers: processes; None is all cores.  progress: called with (done, in all).
    Samples of `root` that were not drawn here stay as they are.
    Raises SegError if `root` holds other results and `overwrite` is not set, or photos of the same stems.

        ds = synth.generate("datasets/synth", n=100)
    """
    return generate_dataset(
        Path(root), n=n, test=test, width=width, height=height, max_shapes=max_shapes, seed=seed, workers=workers,
        overwrite=overwrite, progress=progress,
    )  # fmt: skip
