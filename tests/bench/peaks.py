"""Peak memory of every command on large photos: python -m tests.bench.peaks FOLDER [--sizes 12,100] [--write].

Three photos of each size (JPEG, and one PNG) with masks in colours go through all commands with one worker; counted is
the peak of the command and of what it starts, whichever is larger, and processor time. The network is small and has
learned for one epoch: how large photos are held is measured, not how well they are labelled. --write puts the table
into docs/measured.md. FOLDER holds the files; what is in it is removed.
"""

import argparse
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from tests.bench.growth import ROOT, SCRIPTS, Cost, measure, put

PREP, TRAIN = SCRIPTS / "seg-prep", SCRIPTS / "seg-train"
WIDTH_OF = {12: 4_000, 100: 11_600, 400: 23_200}
COLORS = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 0]], np.uint8)
MARKS = "<!-- peaks: written by python -m tests.bench.peaks FOLDER --write -->", "<!-- end of peaks -->"


def main() -> None:
    """Make the photos, run the commands, print the table, and write it if asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peaks", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", default="12,100", help=f"megapixels, of {', '.join(map(str, WIDTH_OF))}")
    parser.add_argument("--write", action="store_true", help="put the table into docs/measured.md")
    options = parser.parse_args()
    shutil.rmtree(options.folder, ignore_errors=True)
    run = trained(options.folder / "model")
    costs: dict[str, dict[int, Cost]] = {}
    for size in map(int, options.sizes.split(",")):
        root = options.folder / f"{size}"
        maker = get_context("spawn").Process(target=make_photos, args=(root, size))
        maker.start()  # the peak of a command is never told below that of the process which starts it
        maker.join()
        for name, command in commands(root, run).items():
            costs.setdefault(name, {})[size] = measure(command, root)
            print(f"{name:20} {size:5} MP {costs[name][size]}", flush=True)
        for name, (command, way, body) in pages(root, run).items():
            costs.setdefault(name, {})[size] = measure_page(command, way, body)
            print(f"{name:20} {size:5} MP {costs[name][size]}", flush=True)
    text = table(costs)
    print(text)
    if options.write:
        put(ROOT / "docs" / "measured.md", MARKS, "By the size of one photo", text)


def trained(folder: Path) -> Path:
    """The run of a small network."""
    folder.mkdir(parents=True)
    dataset = folder.absolute() / "synth"
    subprocess.run([PREP, "synth", "--n", "20", "-o", dataset], check=True, stdout=subprocess.DEVNULL)
    fit = [TRAIN, dataset, "--epochs", "1", "--arch", "unet", "--width", "8"]
    subprocess.run([*map(str, fit)], check=True, stdout=subprocess.DEVNULL, cwd=folder)
    return (folder / "runs" / "latest").resolve()


def make_photos(root: Path, megapixels: int) -> None:
    """Three photos with noise and large regions, and their masks in colours."""
    for name in ("photos", "labels", "png"):
        (root / name).mkdir(parents=True)
    width = WIDTH_OF[megapixels]
    height = megapixels * 1_000_000 // width
    for number in range(3):
        random = np.random.default_rng(number)
        field = cv2.resize(random.normal(0, 1, (9, 12)).astype(np.float32), (width, height))
        mask = np.digitize(field, (0.5, 1.2)).astype(np.uint8)
        image = cv2.resize(random.integers(0, 256, (64, 64, 3), dtype=np.uint8), (width, height))
        cv2.randn(noise := np.empty_like(image), (8, 8, 8), (6, 6, 6))
        image = cv2.add(cv2.add(image, noise), mask[..., None].repeat(3, 2) * 20)
        cv2.imwrite(str(root / "photos" / f"photo{number}.jpg"), image)
        cv2.imwrite(str(root / "labels" / f"photo{number}.png"), COLORS[mask][..., ::-1])
    cv2.imwrite(str(root / "png" / "photo.png"), image)
    (root / "classes.txt").write_text("background,#000000,0\nline,#ff0000,1\nellipse,#00ff00,2\n", encoding="utf-8")


def commands(root: Path, run: Path) -> Mapping[str, Sequence[object]]:
    """What is measured on the photos, by name, in an order in which each finds what it needs."""
    dataset, one = root / "converted-dataset", ("--workers", 1)
    pairs = (root / "labels", "--images", root / "photos", "--classes", root / "classes.txt")
    predict = (TRAIN, "predict", "--run", run, "--scale", 1)
    return {
        "resize": (PREP, "resize", root / "photos", "-o", root / "resized", "--size", 1024, *one),
        "masks inspect": (PREP, "masks", "inspect", root / "labels", *one),
        "masks convert": (PREP, "masks", "convert", *pairs, "-o", dataset, *one),
        "check": (PREP, "check", dataset, *one),
        "split": (PREP, "split", dataset, *one),
        "stats": (PREP, "stats", dataset, *one),
        "patches": (PREP, "patches", dataset, "--size", 96, "--per-image", 20, *one),
        "report": (PREP, "report", dataset, *one),
        "masks export": (PREP, "masks", "export", dataset, "--to", "rgb", "-o", root / "exported", *one),
        "predict, JPEG": (*predict, root / "photos" / "photo0.jpg", "-o", root / "predicted"),
        "predict, PNG": (*predict, root / "png" / "photo.png", "-o", root / "predicted-png"),
        "score": (TRAIN, "score", run, dataset, "--scale", 1, "-o", root / "scored"),
        "audit": (TRAIN, "audit", run, dataset, "--scale", 1, "-o", root / "audited"),
    }


def pages(root: Path, run: Path) -> Mapping[str, tuple[Sequence[object], Sequence[str], Path | None]]:
    """The command of each page, what is asked of it one after the other, and the photo that is sent."""
    image = "/api/images/photo0"
    asked = [f"{image}/photo", f"{image}/mask", f"{image}/region?tool=fill&x=9&y=9&tolerance=9"]
    limits = ("--max-megapixels", 400, "--max-upload", 400, "--max-seconds", 3600)
    serve = (TRAIN, "serve", "--run", run, "--scale", 1, "--port", 0, *limits)
    return {
        "annotate, one photo": ((PREP, "annotate", root / "converted-dataset", "--no-open", "--port", 0), asked, None),
        "serve, one photo": (serve, ["/predict"], root / "photos" / "photo0.jpg"),
    }


def measure_page(command: Sequence[object], asked: Sequence[str], photo: Path | None) -> Cost:
    """Start it, ask, and stop it: what it took until then."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        address = next(found[0] for line in process.stdout if (found := re.search(r"http://[^/ ]+", line)))
        try:
            for way in asked:
                request = urllib.request.Request(address + way, data=photo.read_bytes() if photo else None)
                request.add_header("Accept", "image/png,*/*")
                with urllib.request.urlopen(request, timeout=3600) as answer:
                    while answer.read(1 << 20):
                        pass
        finally:
            process.terminate()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def table(costs: Mapping[str, Mapping[int, Cost]]) -> str:
    """One row a command: processor seconds and peak megabytes by megapixels of one photo."""
    sizes = sorted({size for own in costs.values() for size in own})
    lines = ["| command | " + " | ".join(f"{size} MP" for size in sizes) + " |", "|---|" + "---|" * len(sizes)]
    for name, own in costs.items():
        cells = [f"{own[size].seconds:.1f} s, {own[size].megabytes:,.0f} MB" if size in own else "" for size in sizes]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
