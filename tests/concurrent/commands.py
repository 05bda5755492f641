"""The commands that write into a dataset, and processes that run them."""

import multiprocessing
import os
import shutil
import sys
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from prep.annotate.store.class_changes import WantedClass, change_classes, plan_change
from prep.annotate.store.store import AnnotationStore
from prep.cli.main import main
from prep.core.errors import SegError
from prep.dataset import lock
from prep.dataset.dataset import Dataset
from prep.geo.extra import has_geo
from prep.web.guard import Refusal
from tests.prep.annotate.store.storing import block, send
from tests.prep.cutting.vectors import box, write_geojson
from tests.rasters import colored, write_raster
from tests.support import CLASS_LIST, paint, random_image, random_mask, run_ok, save

HOME = "d"
"""Name of the dataset in each folder of a trial."""

TILED = "raw/town.tif"
"""A raster of 60 x 50 pixels, with polygons beside it."""

COMMANDS = {
    "synth": "synth --n 6 --test 2 --size 40x48 -o d --overwrite",
    "convert": "masks convert raw/more/masks -o d --images raw/more/photos --classes raw/classes.txt",
    "resize": "resize raw/new -o d --size 40 --format png",
    "resize-dataset": "resize raw/other -o d --size 36 --format png",
    "split": "split d --seed 3",
    "split-anew": "split d --ratios 50/25/25 --seed 5 --overwrite",
    "stats": "stats d",
    "patches": "patches d --size 16 --per-image 4",
    "patches-other": "patches d --size 16 --per-image 4 --seed 1",
    "report": "report d --workers 1",
    **({"tile": f"tile {TILED} -o d --size 24 --labels raw/town.geojson --attribute kind"} if has_geo() else {}),
    "annotate": "annotate",
    "classes": "classes",
}
"""Each leaves something in the index or beside it. The last two are a page that saves a stroke, or orders classes."""

STEPS = {"stats": "split d", "patches": "split d", "patches-other": "split d --seed 1", "annotate": "annotate"}
"""What a command has done if it is killed between its two commits: a split, or a mask that the index does not name."""

_PRELOADED = (
    "prep.checking.check", "prep.converting.masks", "prep.cutting.cut_rasters", "prep.patching.patches",
    "prep.exporting.export", "prep.photos.resize_dataset", "prep.reporting.report", "prep.splitting.split",
)  # fmt: skip
"""What the commands import when they begin: without that, they are at work within milliseconds."""

READERS = {"check": "check d --workers 1", "export": "masks export d --to rgb -o out --workers 1"}


def make_base(folder: Path) -> Path:
    """A dataset d of twelve labelled images and two without masks, and what the commands bring in."""
    raw = folder / "raw"
    raw.mkdir(parents=True)
    (raw / "classes.txt").write_text(CLASS_LIST, encoding="utf-8")
    for name, first, number in (("base", 0, 12), ("more", 20, 8), ("old", 40, 7)):
        for seed in range(first, first + number):
            save(raw / name / "photos" / f"{name}{seed}.png", random_image(seed))
            save(raw / name / "masks" / f"{name}{seed}.png", paint(random_mask(seed)))
    for seed in range(60, 68):
        save(raw / "new" / f"new{seed}.png", random_image(seed))
    for seed in (80, 81):
        save(raw / "bare" / f"bare{seed}.png", random_image(seed))
    for name, root in (("base", folder / HOME), ("old", raw / "other")):
        run_ok("masks", "convert", raw / name / "masks", "-o", root, "--images", raw / name / "photos",
               "--classes", raw / "classes.txt")  # fmt: skip
    if has_geo():
        write_raster(folder / TILED, colored(random_mask(90)))
        write_geojson(raw / "town.geojson", [("line", [box(3, 3, 40, 9)]), ("ellipse", [box(20, 20, 44, 30)])])
    run_ok("resize", raw / "bare", "-o", folder / HOME, "--size", 32, "--format", "png")
    return folder


def copy_base(base: Path, folder: Path) -> Path:
    """A folder of its own for a trial; raw files are shared, as nothing changes them."""
    folder.mkdir(parents=True)
    shutil.copytree(base / HOME, folder / HOME)
    (folder / "raw").symlink_to(base / "raw")
    return folder


def start(name: str, folder: Path, output: Path, wait: float, delay: float = 0.0) -> ForkServerProcess:
    """Start a command in `folder` as a process of its own; what it says goes to the file `output`.

    name: a key of COMMANDS or READERS; "stats step" is the first of the two steps of stats.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.concurrent.commands", *_PRELOADED])
    process = context.Process(target=_run, args=(name, folder, output, wait, delay))
    process.start()
    return process


def _run(name: str, folder: Path, output: Path, wait: float, delay: float) -> None:
    os.chdir(folder)
    lock.WAIT_S = wait
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)
    name, _, step = name.partition(" ")
    sys.argv = ["seg-prep", *(STEPS[name] if step else (COMMANDS | READERS)[name]).split()]
    time.sleep(delay)
    if name not in PAGES:
        main()
        return
    try:
        PAGES[name](AnnotationStore(Path(HOME)), not step)
    except (SegError, ValueError) as error:  # ValueError: synth has replaced all images
        sys.exit(f"Error: {error}")


def _save_a_stroke(store: AnnotationStore, is_named: bool) -> None:
    if not is_named:
        store._index.name_mask = lambda stem: None  # type: ignore[method-assign]
    stem = max(sample.stem for sample in Dataset.open(store.root).samples if sample.image and "bare" in sample.stem)
    _until_taken(lambda: send(store, stem, block(3, 4, 5, 6, 1), store.mask(stem).version, "one stroke"))


def _order_the_classes(store: AnnotationStore, _: bool) -> None:
    """By their names."""

    def change() -> None:
        with store.writing():
            before, _ = store.classes()
            order = sorted(range(len(before)), key=before.names.__getitem__)
            wanted = [WantedClass(now, before.names[now], before.colors[now]) for now in order]
            change_classes(Dataset.open(store.root), plan_change(before, wanted, {}))

    _until_taken(change)


def _until_taken(send_it: Callable[[], object]) -> None:
    """As the page does: what is refused while another command writes is sent again."""
    while True:
        try:
            send_it()
            return
        except Refusal as refusal:
            if refusal.status != 503:
                raise SegError(str(refusal)) from refusal


PAGES = {"annotate": _save_a_stroke, "classes": _order_the_classes}
