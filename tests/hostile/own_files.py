"""What this program writes itself, to be spoiled: a dataset with all its tables, a run, predictions, recipes."""

import functools
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import copytree

import numpy as np

import prep
from prep.annotate.store.store import AnnotationStore
from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.dataset.states import write_states
from tests.support import CLASS_LIST, paint, random_image, random_mask, run_ok, save, tree

Files = Mapping[str, bytes]

_STEMS = ("a0", "a1", "a2", "a3", "b0", "b1")
_HIDDEN = "d/.unfinished-stats"


@functools.cache
def dataset_files() -> Files:
    """A dataset with every table that there is, and patches."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed, stem in enumerate(_STEMS):
            save(folder / "photos" / f"{stem}.png", random_image(seed))
            save(folder / "labels" / f"{stem}.png", paint(random_mask(seed)))
        (folder / "labels/classes.txt").write_text(CLASS_LIST)
        run_ok("masks", "convert", folder / "labels", "--images", folder / "photos", "-o", folder / "d", "--workers", 1)
        run_ok("split", folder / "d", "--folds", 2, "--workers", 1)
        run_ok("stats", folder / "d", "--workers", 1)
        run_ok("patches", folder / "d", "--size", 16, "--per-image", 1, "--workers", 1)
        write_states(folder / "d/states.csv", {_STEMS[0]: "done", _STEMS[1]: "started"}, {_STEMS[0]: 'no, "yes"'})
        return {
            f"d/{path}": content for path, content in tree(folder / "d", provenance=True).items() if path[-1] != "/"
        }


def dataset_in_commit() -> Files:
    """The same, of which a command was killed while it moved its results in."""
    files = dict(dataset_files())
    moved = {f"{_HIDDEN}/new/{name}": files.pop(f"d/{name}") for name in ("stats.json", "index.csv")}
    record = {"remove": ["report.html"], "move": ["stats.json", "index.csv"]}
    return {**files, **moved, f"{_HIDDEN}/commit.json": json.dumps(record).encode()}


def use_dataset(raw: Path, out: Path) -> None:
    """Every reader of a dataset, one after the other, whatever became of those before."""
    root = out / "d"
    copytree(raw / "d", root, symlinks=True)
    for use in (
        lambda: prep.check(root, workers=1),
        lambda: AnnotationStore(root).close(),
        lambda: prep.stats(root, overwrite=True, workers=1),
        lambda: prep.patches(root, size=16, per_image=1, overwrite=True, workers=1),
        lambda: prep.export(root, output=out / "out", to="rgb", workers=1),
        lambda: prep.split(root, overwrite=True, workers=1),
    ):
        _try(use)


@functools.cache
def run_files() -> Files:
    """A run that was scored, with its dataset, and predictions that it made."""
    import train  # PyTorch, only where a target needs it
    from tests.models import write_run

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, content in dataset_files().items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        run = write_run(folder / "r", split_hash=Dataset.open(folder / "d").split_hash())
        settings = {"dataset_path": "../d", "arch": "unet", "encoder": None, "dataset": "d", "train_images": 1,
                    "val_images": 1, "device": "cpu", "precision_used": "32"}  # fmt: skip
        (run / "config.json").write_text(json.dumps(settings))
        train.score(run, dataset=folder / "d", device="cpu")
        (run / "history.csv").write_text("epoch,loss,val_loss,val_iou,lr,seconds\n1,0.5,0.6,0.4,0.001,1.5\n")
        train.predict(folder / "d", output=folder / "p", run=run, save=("masks", "coco"), device="cpu")
        found = {path: content for path, content in tree(folder, provenance=True).items() if path[-1] != "/"}
        kept = {path: content for path, content in found.items() if path[:2] in ("r/", "p/", "d/")}
        return {path.replace("r/score-d-test/", "r/"): content for path, content in kept.items()}


def use_run(raw: Path, out: Path) -> None:
    """Everything that reads a run or predictions."""
    import train
    from train.reporting.report import write_run_report
    from train.scoring.score_files import read_metrics

    for name in "rdp":
        copytree(raw / name, out / name, symlinks=True)
    for use in (
        lambda: train.load(out / "r", device="cpu")(np.zeros((24, 32, 3), np.uint8)),
        lambda: train.predict(out / "d", output=out / "p", run=out / "r", save=("masks", "coco"), device="cpu"),
        lambda: read_metrics(out / "r"),
        lambda: write_run_report(out / "r"),
    ):
        _try(use)


def use_recipe(raw: Path, out: Path) -> None:
    """Read recipes and pipelines of albumentations."""
    from train.config.recipes import find_recipe
    from train.data.albumentation import load_transform

    for path in sorted(raw.iterdir()):
        _try(lambda path=path: find_recipe(str(path)) if path.suffix == ".toml" else load_transform(path))


_PIPELINE = {
    "__version__": "2.0.8",
    "transform": {
        "__class_fullname__": "Compose",
        "p": 1.0,
        "transforms": [
            {"__class_fullname__": "HorizontalFlip", "p": 0.5},
            {"__class_fullname__": "OneOf", "p": 0.5, "transforms": [{"__class_fullname__": "VerticalFlip", "p": 1.0}]},
        ],
    },
}
RECIPES: tuple[Callable[[], Files], ...] = (
    lambda: {
        "r.toml": b'description = "x"\nepochs = 3\nloss = "ce + dice"\nscale = [0.8, 1.2]\nlr = 1e-3\nflips = true\n'
    },
    lambda: {"p.json": json.dumps(_PIPELINE).encode()},
    lambda: {
        "p.yaml": b"__version__: 2.0.8\ntransform:\n  __class_fullname__: Compose\n  p: 1.0\n  transforms:\n"
        b"  - __class_fullname__: HorizontalFlip\n    p: 0.5\n  - __class_fullname__: Transpose\n    p: 1.0\n"
    },
)
RECIPE_BOMBS: tuple[Callable[[], Files], ...] = (
    lambda: {
        "p.yaml": b"a: &a [x, x]\n"
        + b"".join(b"%c: &%c [*%c, *%c, *%c]\n" % (n, n, n - 1, n - 1, n - 1) for n in range(98, 122))
    },
    lambda: {"r.toml": b"a = " + b"[" * 50_000},
    lambda: {"p.json": b'{"transform":' * 50_000},
)


def _try(use: Callable[[], object]) -> None:
    try:
        use()
    except SegError as error:
        assert str(error), "a SegError without words"
