"""Every command that writes, and the folder that it starts in."""

import io
import json
import os
import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import torch

from prep.annotate.network import child
from prep.annotate.network.choice import PhotoChoice
from prep.annotate.network.training_set import write_training_set
from prep.dataset.dataset import Dataset
from prep.geo.extra import has_geo
from tests.concurrent.commands import TILED
from tests.concurrent.commands import make_base as make_dataset
from tests.models import write_run
from tests.prep.annotate.network.training import noisy
from tests.support import run_ok, tree
from tests.train.predicting.films import film
from train.config import plan
from train.planning import planner

COMMANDS = {
    "synth": "seg-prep synth --n 3 --test 1 --size 40x48 -o new --workers 1",
    "synth-overwrite": "seg-prep synth --n 3 --test 1 --size 40x48 -o d --workers 1 --overwrite",
    "convert": "seg-prep masks convert raw/more/masks -o d --images raw/more/photos --classes raw/classes.txt "
    "--workers 1",
    "inspect": "seg-prep masks inspect raw/more/masks --images raw/more/photos --write new.txt --sheet values.png",
    "resize": "seg-prep resize raw/new -o d --size 40 --format png --workers 1",
    "resize-dataset": "seg-prep resize raw/other -o small --size 16 --workers 1",
    "split": "seg-prep split d --seed 3 --folds 3 --workers 1",
    "split-anew": "seg-prep split divided --seed 5 --overwrite --workers 1",
    "stats": "seg-prep stats d --workers 1",
    "stats-overwrite": "seg-prep stats divided --split val --overwrite --workers 1",
    "patches": "seg-prep patches divided --size 16 --per-image 2 --workers 1",
    "patches-png": "seg-prep patches d --size 16 --per-image 1 --format png --workers 1",
    "report": "seg-prep report divided --workers 1",
    "export": "seg-prep masks export divided --to voc -o out --workers 1",
    "export-zip": "seg-prep masks export divided --to cvat -o out.zip --workers 1",
    "pack": "seg-prep pack divided -o packed --shard-size 66kB --workers 1",
    "unpack": "seg-prep unpack shards -o back --workers 1",
    "score": "seg-train score runs/tiny --device cpu",
    "score-into": "seg-train score runs/tiny divided --split all -o scores --device cpu",
    "audit": "seg-train audit runs/tiny --split test -o found --device cpu",
    "predict": "seg-train predict raw/new --run runs/tiny -o out --device cpu --save masks,coco,probabilities",
    "predict-anew": "seg-train predict raw/new --run runs/tiny -o before --device cpu --save masks --overwrite",
    "predict-video": "seg-train predict clip.mp4 --run runs/tiny -o out --device cpu --save masks,overlays",
    "model": "seg-train export runs/tiny --to torchscript",
}
CLUSTERED = ("convert", "resize", "resize-dataset", "split", "stats", "patches", "patches-png", "report", "export",
             "score-into", "predict")  # fmt: skip
"""These take --cluster."""

IN_THE_BACKGROUND = ("encode",)
"""Something writes there when it has time: a write may not come, and then the last of them are not reached."""

_TINY = "--width 4 --size 16 --crops 1 --batch 2 --epochs 1 --device cpu"
TRAININGS = {"train": f"seg-train divided {_TINY}", "folds": f"seg-train divided {_TINY} --folds 2"}
"""These go on with --resume."""

COMMANDS |= TRAININGS
COMMANDS["train-network"] = "train-network learnt/1"
"""The process that trains beside `annotate --train-network`; the server starts it again with the same words."""

TRAINED = {**dict.fromkeys(TRAININGS, "divided"), "train-network": "learnt/1/dataset"}
"""The dataset of each training."""

if find_spec("onnxruntime") and find_spec("onnx"):
    COMMANDS["encode"] = "seg-prep annotate d --sam sam --prepare"
if has_geo():
    COMMANDS |= {
        "tile": f"seg-prep tile {TILED} -o d --size 24 --labels raw/town.geojson --attribute kind --workers 1",
        "tile-anew": f"seg-prep tile {TILED} -o town --size 20 --workers 1 --overwrite",
        "predict-map": f"seg-train predict {TILED} --run runs/tiny -o out --device cpu --save masks,geojson,geopackage",
    }


def train_network(words: list[str], prog_name: str) -> None:
    """Be that process: its plan is of two epochs, in place of minutes that are enough for more on a faster machine."""
    chosen = {"width": 4, "size": 16, "crops": 1, "batch": 2, "epochs": 2}
    fixed = plan.Plan(prog_name, tuple(plan.Choice(name, value, "") for name, value in chosen.items()))
    planner.planner = lambda given, say: lambda dataset, stats, fabric, bar: fixed
    os.nice = lambda increment: increment
    standing, _ = os.pipe()  # the server lives as long as this process
    os.dup2(standing, 0)
    sys.argv = [prog_name, *words, "2"]
    child.main()


def make_base(folder: Path) -> Path:
    """Datasets d (not split) and divided (split), raw files, two runs, a video, predictions of the second run, and
    what a network learns from beside the page of a third dataset."""
    make_dataset(folder)
    shutil.copytree(folder / "d", folder / "divided")
    run_ok("split", folder / "divided", "--workers", 1)
    run_ok("pack", folder / "divided", "-o", folder / "shards", "--shard-size", "66kB")
    film(folder / "clip.mp4", 32, 48)
    if "encode" in COMMANDS:
        from tests.prep.annotate.sam.onnx_files import write_pair

        write_pair(folder / "sam", "huggingface")
    write_training_set(
        noisy(folder / "labelled", 4, labelled=4), PhotoChoice(("s0", "s1", "s2"), ("s3",)), folder / "learnt" / "1",
        lambda: False,
    )  # fmt: skip
    if has_geo():
        run_ok("tile", folder / TILED, "-o", folder / "town", "--size", 30)
    opened = Dataset.open(folder / "divided")
    for name in ("tiny", "other"):
        run = write_run(folder / "runs" / name, split_hash=opened.split_hash())
        settings = {"dataset_path": "divided", "arch": "unet", "encoder": None, "dataset": "divided",
                    "train_images": 1, "val_images": 1, "device": "cpu", "precision_used": "32"}  # fmt: skip
        (run / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


_OF_THIS_COPY = ("said.txt", ".annotate/contents.json")
"""What a command says, and what it remembers of files by their numbers on this disk."""

_CLOCKED = (
    "config.json",
    "history.csv",
    "last.pt",
    "log.txt",
    "report.html",
    "folds.json",
    "latest",
    "test/metrics.json",
)
"""Files of a training with times or paths in them."""


def content(folder: Path) -> dict[str, bytes]:
    """Every file and folder, hidden ones too, but what is another in each copy of the base.

    Of the latest run, if it is new: what does not depend on the clock, and the weights of its models.
    """
    found = {}
    for name, data in tree(folder).items():
        run = re.match(r"(.*\bruns)/((divided|dataset)-[0-9-]+|latest)", name)
        if run is None and not name.endswith(_OF_THIS_COPY):
            found[name] = data
        if run is not None and run[2] == _latest(folder / run[1]) and not name.endswith(_CLOCKED):
            found[f"{run[1]}/new{name[run.end() :]}"] = _weights(data) if name.endswith("model.pt") else data
    return found


def _latest(runs: Path) -> str:
    return (runs / "latest").resolve().name


def _weights(checkpoint: bytes) -> bytes:
    weights = torch.load(io.BytesIO(checkpoint), weights_only=True)["weights"]
    return b"".join(name.encode() + value.numpy().tobytes() for name, value in weights.items())
