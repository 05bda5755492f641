"""From unlabelled campus photos to a second model, as docs/tutorials/annotate.md tells it, with a real browser.

    SEG_REAL_DATA=... python -m tests.bench.labelling FOLDER [--minutes 5]

Ten photos get rough polygons, a model is trained on them, proposes masks for the five photos it is least sure of, which
are accepted and corrected; a second model is trained on all fifteen. Both label the five photos that are left, and are
compared with rough polygons of those. FOLDER takes everything; what is finished there is not repeated.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.dataset.dataset import Dataset
from prep.dataset.states import DONE, read_states
from prep.images.imageio import read_mask
from tests.bench.campus_polygons import FIRST, NAMES, POLYGONS, Corners
from tests.prep.annotate.page.annotating import open_page, until
from tests.web import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Page

TRAINING = ("--recipe", "photos")
ON_SCREEN = """(corners) => corners.map(([x, y]) => {
    const { view, stage, mask } = window.editor, box = stage.getBoundingClientRect();
    const at = view.toScreen(x * mask.width, y * mask.height);
    return [box.left + at.x, box.top + at.y];
})"""


def seg(folder: Path, *arguments: object) -> str:
    """Type a command in the folder; show it, and what it says."""
    command = [str(argument) for argument in arguments]
    print("$", " ".join(command), flush=True)
    done = subprocess.run(
        [Path(sys.executable).parent / command[0], *command[1:]], cwd=folder, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(done.stderr)
    print(done.stdout, flush=True)
    return done.stdout


@contextmanager
def page_of(folder: Path, *options: object) -> Iterator["Page"]:
    """The page of 'seg-prep annotate' in a browser, and afterwards neither."""
    command = ["seg-prep", "annotate", "datasets/campus", "--port", "0", "--no-open", *map(str, options)]
    print("$", " ".join(command), flush=True)
    server = subprocess.Popen(
        [Path(sys.executable).parent / command[0], *command[1:]], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline().rstrip("/\n").rpartition(":")[2])
        with chromium() as browser, browser.new_context(viewport={"width": 1440, "height": 900}) as context:
            faults: list[str] = []
            yield open_page(context, port, faults)
            assert not faults, faults
    finally:
        server.terminate()
        server.wait()


def name_classes(page: "Page") -> None:
    """Fill in the class editor that a dataset without classes begins with."""
    editor = page.locator("#class-editor")
    for number, name in enumerate(NAMES):
        while editor.locator("[data-part=name]").count() <= number:
            page.locator("#add-class").click()
        editor.locator("[data-part=name]").nth(number).fill(name)
    editor.get_by_role("button", name="Begin").click()
    editor.wait_for(state="hidden")


def open_image(page: "Page", stem: str) -> None:
    """Find an image by its name, and open it."""
    page.locator("#find").fill(stem)
    page.locator(f'.image[data-stem="{stem}"]').click()
    page.locator("#find").fill("")
    page.locator("#stage").focus()
    until(page, f"editor.stem === {json.dumps(stem)} && editor.ready")


def draw(page: "Page", stem: str) -> None:
    """Draw the rough polygons of an image with the polygon tool."""
    for value, corners in POLYGONS[stem]:
        page.keyboard.press("p")
        page.keyboard.press(str(value + 1))
        for x, y in page.evaluate(ON_SCREEN, [[a / 10, b / 10] for a, b in corners]):
            page.mouse.click(x, y)
        page.keyboard.press("Enter")


def finish(page: "Page", stem: str) -> None:
    """Press D and wait until it is noted."""
    page.keyboard.press("d")
    until(page, f"session.images.get({json.dumps(stem)}).state === 'done'")


def label_first(folder: Path) -> None:
    """Ten photos by hand."""
    with page_of(folder) as page:
        if page.locator("#class-editor").is_visible():
            name_classes(page)
        for stem in FIRST:
            open_image(page, stem)
            draw(page, stem)
            finish(page, stem)


def label_next(folder: Path, number: int) -> list[str]:
    """As many photos as said, those that the model is least sure of: accept its proposals, correct them."""
    stems = []
    with page_of(folder, "--model", "latest", "--order", "uncertainty") as page:
        until(page, "document.querySelector('#model-progress').hidden", 600)
        page.keyboard.press("n")
        page.wait_for_timeout(2000)  # as a person would, until the next image is there
        for _ in range(number):  # D goes on to the next one by itself
            until(page, "editor.ready && session.images.get(editor.stem).state === 'new'")
            stem = page.evaluate("window.editor.stem")
            page.keyboard.press("m")
            until(page, "window.editor.tool.proposal?.state === 'ready'", 120)
            page.keyboard.press("Enter")
            draw(page, stem)
            finish(page, stem)
            until(page, f"editor.stem !== {json.dumps(stem)}")
            stems.append(stem)
    return stems


def rough_truth(stem: str, height: int, width: int) -> NDArray[np.uint8]:
    """The polygons of an image as a mask (H, W); 255 elsewhere."""
    mask = np.full((height, width), 255, np.uint8)
    for value, corners in POLYGONS[stem]:
        cv2.fillPoly(mask, [_pixels(corners, height, width)], value)
    return mask


def _pixels(corners: Corners, height: int, width: int) -> NDArray[np.int32]:
    return np.round(np.array(corners) / 10 * [width, height]).astype(np.int32)


def compare(folder: Path, run: Path, stems: Sequence[str]) -> dict[str, float]:
    """IoU of each class on these photos, over the pixels of their rough polygons."""
    output = folder / f"predicted-{run.name}"
    if not output.exists():
        images = [sample.image for sample in Dataset.open(folder / "datasets/campus").samples if sample.stem in stems]
        seg(folder, "seg-train", "predict", "--run", run, "-o", output, *(f"datasets/campus/{name}" for name in images))
    matrix = np.zeros((len(NAMES), len(NAMES)), np.int64)
    for stem in stems:
        guess = read_mask(output / f"masks/{stem}.png")
        truth = rough_truth(stem, *guess.shape)
        known = truth != 255
        np.add.at(matrix, (truth[known], guess[known]), 1)
    hits = np.diag(matrix)
    iou = hits / (matrix.sum(0) + matrix.sum(1) - hits)
    return {**dict(zip(NAMES, iou.tolist(), strict=True)), "accuracy": hits.sum() / matrix.sum()}


def train(folder: Path, name: str, minutes: float) -> Path:
    """Split anew and train; the run's folder."""
    note = folder / f"{name}.txt"
    if not note.exists():
        seg(folder, "seg-prep", "split", "datasets/campus")  # what has a split keeps it
        seg(folder, "seg-train", "datasets/campus", *TRAINING, "--minutes", minutes)
        note.write_text(str((folder / "runs/latest").resolve()))
    return Path(note.read_text())


def main() -> None:
    """Go through all of it, and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=5)
    given = parser.parse_args()
    folder, dataset = given.folder.resolve(), given.folder.resolve() / "datasets/campus"
    folder.mkdir(parents=True, exist_ok=True)
    if not dataset.exists():
        photos = Path(os.environ["SEG_REAL_DATA"]) / "campus/photos"
        seg(folder, "seg-prep", "resize", photos, "-o", dataset, "--size", 1024)
    started = time.monotonic()
    done = [stem for stem, state in read_states(dataset / "states.csv").items() if state == DONE]
    if not done:
        label_first(folder)
        print(f"ten photos labelled in {time.monotonic() - started:.0f} s by a script", flush=True)
    first = train(folder, "first", given.minutes)
    if missing := len(FIRST) + 5 - max(len(done), len(FIRST)):
        print("labelled next:", ", ".join(label_next(folder, missing)), flush=True)
    second = train(folder, "second", given.minutes)
    states = read_states(dataset / "states.csv")
    left = sorted(stem for stem in POLYGONS if states.get(stem) != DONE)
    for run in (first, second):
        print(run.name, "on", ", ".join(left), compare(folder, run, left), flush=True)


if __name__ == "__main__":
    main()
