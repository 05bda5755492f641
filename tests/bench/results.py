"""The trainings of docs/results.md, typed as a person would; finished ones are not repeated.

    SEG_REAL_DATA=... python -m tests.bench.results FOLDER [shapes|cracks|aerial|rocks ...]

FOLDER takes the datasets, the runs and results.json. The last column of each table is time on whatever else ran beside
it; scores do not depend on that: every training has a fixed number of steps.
"""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

DATA = Path(os.environ.get("SEG_REAL_DATA", ""))
LITE = ("--encoder", "tu-tf_efficientnet_lite0")
AERIAL_COLORS = {"Water": "#e2a929", "Land (unpaved area)": "#8429f6", "Road": "#6ec1e4", "Building": "#3c1098",
                 "Vegetation": "#fedd3a"}  # fmt: skip
CRACKS = ("--size", 96, "--crops", 2, "--batch", 8, "--epochs", 4, "--lr", 1e-3, "--quarter-turns",
          "--brightness", 0.15, "--contrast", 0.15)  # fmt: skip
AERIAL = ("--size", 96, "--crops", 16, "--batch", 8, "--epochs", 4, "--lr", 1e-3, "--quarter-turns",
          "--scale", 0.8, 1.25, "--brightness", 0.15, "--contrast", 0.15, "--loss", "dice+focal")  # fmt: skip


def seg(folder: Path, *arguments: object) -> str:
    """Type a command in the folder; show it, and what it says."""
    command = [str(argument) for argument in arguments]
    print("$", " ".join(command), flush=True)
    tool = Path(sys.executable).parent / command[0]
    done = subprocess.run([tool, *command[1:]], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def shapes(folder: Path) -> dict[str, tuple[object, ...]]:
    """100 synthetic images of the published project; the settings of the README."""
    return {"plain U-Net, 18 epochs": (published_shapes(folder), "--epochs", 18)}


def published_shapes(folder: Path) -> Path:
    """The dataset of them, split, with patches."""
    dataset = folder / "datasets/shapes"
    if not dataset.exists():
        classes = folder / "shapes.txt"
        classes.write_text("background,#000000\nline,#ff0000\nellipse,#00ff00\n")
        found = sorted(path for path in (DATA / "shapes").iterdir() if path.is_dir())
        images = next(path for path in found if "im" in path.name.lower())
        masks = next(path for path in found if "mask" in path.name.lower())
        seg(folder, "seg-prep", "masks", "convert", masks, "-o", dataset, "--images", images, "--classes", classes,
            "--match", "Img_{}", "Mask_{}")  # fmt: skip
        seg(folder, "seg-prep", "split", dataset)
        seg(folder, "seg-prep", "patches", dataset, "--size", 96, "--per-image", 20)
    return dataset


def cracks(folder: Path) -> dict[str, tuple[object, ...]]:
    """The 337 photos of cracks: losses of the plain U-Net, then an encoder with and without ImageNet."""
    dataset = published_cracks(folder)
    plain = (dataset, *CRACKS)
    runs: dict[str, tuple[object, ...]] = {
        "plain U-Net, ce": plain,
        "plain U-Net, class weights": (*plain, "--class-weights"),
        "plain U-Net, ce+dice": (*plain, "--loss", "ce+dice"),
    }
    return {**runs, **_with_and_without_imagenet((dataset, *CRACKS, "--loss", "ce+dice"))}


def published_cracks(folder: Path) -> Path:
    """The dataset of them, split."""
    dataset = folder / "datasets/cracks"
    if not dataset.exists():
        seg(folder, "seg-prep", "masks", "convert", DATA / "cracks/gTruth.mat", "-o", dataset)
        seg(folder, "seg-prep", "split", dataset)
    return dataset


def aerial(folder: Path) -> dict[str, tuple[object, ...]]:
    """Six places: each is test once, the next one validation; the first split with three seeds, with and without."""
    small = folder / "datasets/aerial"
    if not small.exists():
        seg(folder, "seg-prep", "resize", published_aerial(folder), "-o", small, "--size", 512)
    for test in range(1, 7):
        tile_split(small, folder / f"datasets/aerial-{test}", test)
    runs = _with_and_without_imagenet((folder / "datasets/aerial-1", *AERIAL))
    others = {f"test is tile {test}": (folder / f"datasets/aerial-{test}", *AERIAL, *LITE, "--weights", "imagenet-lite")
              for test in range(2, 7)}  # fmt: skip
    return {**runs, **others}


def published_aerial(folder: Path) -> Path:
    """The dataset of all six places, in the size that they came in."""
    dataset = folder / "datasets/aerial-full"
    if not dataset.exists():
        colors = [word for name, color in AERIAL_COLORS.items() for word in ("--color", f"{name}={color}")]
        seg(folder, "seg-prep", "masks", "convert", DATA / "aerial", "-o", dataset, "--unknown", "ignore", *colors)
    return dataset


def rocks(folder: Path) -> dict[str, tuple[object, ...]]:
    """Four images: it trains and predicts, nothing is claimed."""
    dataset = folder / "datasets/rocks"
    if not dataset.exists():
        archive = next((DATA / "rocks").glob("*.zip"))
        seg(folder, "seg-prep", "masks", "convert", archive, "-o", dataset)
        seg(folder, "seg-prep", "split", dataset, "--ratios", "50/25/25")
    return {"recipe rocks": (dataset, "--recipe", "rocks", "--weights", "none", "--epochs", 2, "--crops", 4)}


def _with_and_without_imagenet(settings: tuple[object, ...]) -> dict[str, tuple[object, ...]]:
    return {
        f"{weights}, seed {seed}": (*settings, *LITE, "--weights", weights, "--seed", seed)
        for seed in range(3)
        for weights in ("imagenet-lite", "none")
    }


def tile_split(source: Path, target: Path, test: int) -> None:
    """A dataset of the same files whose split is by tile."""
    if target.exists():
        return
    target.mkdir()
    for path in source.iterdir():
        if path.name != "index.csv":
            (target / path.name).symlink_to(path.resolve())
    with (source / "index.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        tile = int(row["stem"].removeprefix("Tile ")[0])
        row["split"] = {test: "test", test % 6 + 1: "val"}.get(tile, "train")
    with (target / "index.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


TABLES = {"shapes": shapes, "cracks": cracks, "aerial": aerial, "rocks": rocks}


def main(folder: Path, names: Sequence[str]) -> None:
    """Run what is missing, then print the tables."""
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / "results.json"
    known = json.loads(record.read_text()) if record.exists() else {}
    for name in names or TABLES:
        for label, arguments in TABLES[name](folder.resolve()).items():
            if f"{name}: {label}" in known:
                continue
            began = time.monotonic()
            answer = json.loads(seg(folder, "seg-train", *arguments, "--json"))
            run = folder / answer["run"]
            metrics = json.loads((run / "metrics.json").read_text())
            known[f"{name}: {label}"] = {
                "mean_iou": metrics["mean_iou"], "pixel_accuracy": metrics["pixel_accuracy"],
                "iou": {entry["name"]: entry["iou"] for entry in metrics["classes"]},
                "seconds": time.monotonic() - began, "run": run.name,
                "command": " ".join(str(part) for part in ("seg-train", *arguments)),
            }  # fmt: skip
            record.write_text(json.dumps(known, indent=2))
            print(label, known[f"{name}: {label}"], flush=True)
    for name, result in known.items():
        classes = ", ".join(f"{key} {value:.3f}" for key, value in result["iou"].items() if value is not None)
        print(f"| {name} | {result['mean_iou']:.4f} | {classes} | {result['seconds']:.0f} s |")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
