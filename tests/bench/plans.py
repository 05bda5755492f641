"""The plan against settings by hand, as long as each other: the tables of the plan in docs/results.md.

    SEG_REAL_DATA=... python -m tests.bench.plans FOLDER [SET ...] [--minutes 5] [--by-hand] [--seeds 1]

Types `seg-train DATASET --minutes M` for each set, and with --by-hand as well what people type who choose for
themselves; prints a Markdown table of the scores on whole test images. FOLDER takes datasets, runs and plans.json;
what is finished there is not repeated. Scores depend on what else runs meanwhile: let the machine be quiet.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

import prep
from prep.core.classes import IGNORE_INDEX
from prep.dataset.dataset import Dataset
from prep.dataset.index import write_index
from prep.images.imageio import write_png
from tests.bench.campus_polygons import NAMES, POLYGONS
from tests.bench.results import DATA, LITE, published_aerial, published_cracks, published_shapes, seg, tile_split

_PLAIN = ("--recipe", "default")
_LITE = (*_PLAIN, *LITE, "--weights", "imagenet-lite", "--lr", 1e-3)
_CROPS = (*_LITE, "--size", 256, "--batch", 8, "--crops", 4)
_CHANGES = ("--quarter-turns", "--scale", 0.7, 1.4, "--brightness", 0.2, "--contrast", 0.2)

BY_HAND: dict[str, tuple[object, ...]] = {
    "plain, 96 px": (*_PLAIN, "--size", 96, "--batch", 16, "--crops", 8),
    "plain, wide, 256 px": (*_PLAIN, "--width", 32, "--size", 256, "--batch", 8, "--crops", 4, "--loss", "ce+dice"),
    "lite, ce": (*_CROPS, "--loss", "ce"),
    "lite, ce+dice": (*_CROPS, "--loss", "ce+dice"),
    "lite, class weights": (*_CROPS, "--loss", "ce", "--class-weights"),
    "lite, ce+dice, changes": (*_CROPS, "--loss", "ce+dice", *_CHANGES),
    "lite, 512 px": (*_LITE, "--size", 512, "--batch", 4, "--crops", 1, "--loss", "ce+dice"),
    "recipe photos": ("--recipe", "photos"),
}
"""What somebody who knows the field types, without the plan."""

Protocol = Callable[[Path], Path]


def cwfid(folder: Path) -> Path:
    """Field photos of carrots and weed, 15 / 3 / 12."""
    dataset = folder / "datasets/cwfid"
    if not dataset.exists():
        classes = folder / "cwfid.txt"
        classes.write_text("soil,#000000\nweed,#ff0000\ncrop,#00ff00\n", encoding="utf-8")
        seg(folder, "seg-prep", "masks", "convert", DATA / "cwfid/annotations", "-o", dataset,
            "--images", DATA / "cwfid/images", "--classes", classes)  # fmt: skip
        seg(folder, "seg-prep", "split", dataset, "--ratios", "50/10/40", "--no-dedupe")
    return dataset


def drive(folder: Path) -> Path:
    """Retinas: the 20 of the published test half, the first observer, pixels outside the field of view ignored."""
    dataset = folder / "datasets/drive"
    if dataset.exists():
        return dataset
    raw = folder / "drive"
    for kind in ("photos", "labels"):
        (raw / kind).mkdir(parents=True, exist_ok=True)
    for half in ("training", "test"):
        there = DATA / "drive" / ("testing" if half == "test" else half)
        for photo in sorted((there / "images").iterdir()):
            number = photo.name[:2]
            (raw / "photos" / photo.name).symlink_to(photo)
            vessels, inside = (
                np.asarray(Image.open(next((there / kind).glob(f"{number}_*"))).convert("L")) > 0
                for kind in ("1st_manual", "mask")
            )
            mask = np.where(inside, vessels, IGNORE_INDEX).astype(np.uint8)
            write_png(raw / "labels" / f"{photo.stem}.png", mask)
    (raw / "classes.txt").write_text("background\nvessel\n", encoding="utf-8")
    prep.convert(raw / "labels", output=dataset, images=raw / "photos", classes=raw / "classes.txt")
    _divide(dataset, lambda stem, number: "test" if "test" in stem else "val" if number % 10 == 0 else "train")
    return dataset


def campus(folder: Path) -> Path:
    """Photos of 12 megapixels with the rough polygons of the tutorial, 12 / 4 / 4; the rest is ignored."""
    dataset = folder / "datasets/campus"
    if dataset.exists():
        return dataset
    labels = folder / "campus"
    labels.mkdir(exist_ok=True)
    for stem, polygons in POLYGONS.items():
        photo = next((DATA / "campus").rglob(f"{stem}.*"))
        width, height = Image.open(photo).size
        mask = np.full((height, width), IGNORE_INDEX, np.uint8)
        for number, corners in polygons:
            cv2.fillPoly(mask, [np.rint(np.array(corners) / 10 * (width, height)).astype(np.int32)], number)
        write_png(labels / f"{stem}.png", mask)
    (folder / "campus.txt").write_text("\n".join(NAMES) + "\n", encoding="utf-8")
    photos = next((DATA / "campus").rglob(f"{stem}.*")).parent
    prep.convert(labels, output=dataset, images=photos, classes=folder / "campus.txt", skip_unpaired=True)
    prep.split(dataset, ratios=(60, 20, 20))
    return dataset


def aerial_tile(test: int) -> Protocol:
    """Six places: this one is test, the next one validation; photos as large as they came."""

    def protocol(folder: Path) -> Path:
        dataset = folder / f"datasets/aerial-full-{test}"
        tile_split(published_aerial(folder), dataset, test)
        return dataset

    return protocol


SETS: Mapping[str, Protocol] = {
    "shapes": published_shapes,
    "cracks": published_cracks,
    "cwfid": cwfid,
    "drive": drive,
    "campus": campus,
    **{f"aerial-{test}": aerial_tile(test) for test in range(1, 7)},
}


def _divide(root: Path, split: Callable[[str, int], str]) -> None:
    """Give each sample the split that its stem and its number say."""
    samples = Dataset.open(root).samples
    write_index(
        root / "index.csv", [replace(each, split=split(each.stem, number)) for number, each in enumerate(samples)]
    )


def main() -> None:
    """Train what is missing, then print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.plans", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sets", nargs="*", choices=[*SETS, []], metavar="SET", help=", ".join(SETS))
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--by-hand", action="store_true", help="settings by hand, too")
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    folder = options.folder.resolve()
    (folder / "datasets").mkdir(parents=True, exist_ok=True)
    plans = {"plan": (), **(BY_HAND if options.by_hand else {})}
    for name in options.sets or SETS:
        dataset = SETS[name](folder)
        for settings, arguments in plans.items():
            for seed in range(options.seeds):
                train(folder, dataset, (name, settings, f"{options.minutes:g}", str(seed)), arguments)
    print(table(read_known(folder / "plans.json")))


def train(folder: Path, dataset: Path, key: tuple[str, str, str, str], arguments: tuple[object, ...]) -> None:
    """One training, unless it is known.  key: set, settings, minutes, seed.  arguments: none for the plan."""
    known = read_known(folder / "plans.json")
    if key in known:
        return
    _, _, minutes, seed = key
    began = time.monotonic()
    answer = json.loads(seg(folder, "seg-train", dataset, "--minutes", minutes, "--seed", seed, *arguments, "--json"))
    metrics = json.loads((folder / answer["run"] / "metrics.json").read_text(encoding="utf-8"))
    known[key] = {
        "mean_iou": metrics["mean_iou"],
        "iou": {entry["name"]: entry["iou"] for entry in metrics["classes"]},
        "dice": {entry["name"]: entry["dice"] for entry in metrics["classes"]},
        "seconds": time.monotonic() - began,
        "load": os.getloadavg()[1],
        "run": answer["run"],
    }
    plain = {"|".join(each): value for each, value in known.items()}
    (folder / "plans.json").write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
    print(key, known[key], flush=True)


def read_known(path: Path) -> dict[tuple[str, ...], dict[str, object]]:
    """What is finished, by set, settings, minutes and seed."""
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {tuple(key.split("|")): value for key, value in found.items()}


def table(known: Mapping[tuple[str, ...], Mapping[str, object]]) -> str:
    """One row for each set, settings and minutes: mean IoU, the mean over seeds, and the IoU of each class."""
    rows: dict[tuple[str, ...], list[Mapping[str, object]]] = {}
    for key, value in known.items():
        rows.setdefault(key[:3], []).append(value)
    lines = [
        "| set | settings | minutes | mean IoU | seeds | IoU of each class, first seed | seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    for (name, settings, minutes), found in rows.items():
        scores = [float(str(each["mean_iou"])) for each in found]
        iou = found[0]["iou"]
        assert isinstance(iou, dict)
        classes = ", ".join(f"{each} {value:.3f}" for each, value in iou.items() if value is not None)
        seconds = ", ".join(f"{float(str(each['seconds'])):.0f}" for each in found)
        lines.append(_row([name, settings, minutes, f"{statistics.mean(scores):.4f}", len(scores), classes, seconds]))
    return "\n".join(lines)


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    main()
