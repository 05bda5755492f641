"""Pictures of the annotation page for docs/tutorials/annotate.md, over drawn scenes (scenery.py of its tests).

    python -m tests.bench.annotate_pictures FOLDER

FOLDER takes dataset, run and pictures; what is there already is not made again.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from prep.core.classes import write_classes
from prep.dataset.dataset_files import STATES
from prep.dataset.index import Sample, write_index
from prep.dataset.states import DONE, write_states
from prep.images.imageio import write_png
from tests.bench.labelling import open_image, page_of, seg
from tests.prep.annotate.page.annotating import until
from tests.prep.annotate.page.scenery import CLASSES, scene

if TYPE_CHECKING:
    from playwright.sync_api import Page

SIZE = 1200, 900
SCENES, LABELLED = 24, 10
QUALITY = 82


def make_dataset(root: Path) -> None:
    """24 scenes; ten of them are labelled and done."""
    samples, states = [], {}
    for seed in range(SCENES):
        stem = f"campus-{seed + 1:02}"
        image, mask = scene(seed, *SIZE)
        (root / "images").mkdir(parents=True, exist_ok=True)
        (root / "masks").mkdir(exist_ok=True)
        Image.fromarray(image).save(root / f"images/{stem}.jpg", quality=92)
        labelled = seed < LABELLED
        if labelled:
            write_png(root / f"masks/{stem}.png", mask)
            states[stem] = DONE
        samples.append(Sample(stem, f"images/{stem}.jpg", f"masks/{stem}.png" if labelled else "", *SIZE))
    write_classes(root / "classes.json", CLASSES)
    write_states(root / STATES, states, {})
    write_index(root / "index.csv", samples)


def at(page: "Page", x: float, y: float) -> tuple[float, float]:
    """Where a place of the image, in shares of its width and height, is on the screen."""
    left, top = page.evaluate(
        """([x, y]) => {
            const box = editor.stage.getBoundingClientRect();
            const at = editor.view.toScreen(x * editor.mask.width, y * editor.mask.height);
            return [box.left + at.x, box.top + at.y];
        }""",
        [x, y],
    )
    return left, top


def stroke(page: "Page", *places: tuple[float, float]) -> None:
    page.mouse.move(*at(page, *places[0]))
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*at(page, *place), steps=12)
    page.mouse.up()


def painting(page: "Page") -> None:
    """A brush over grass, and a polygon around a building."""
    open_image(page, "campus-11")
    truth = scene(10, *SIZE)[1]
    page.keyboard.press("4")
    page.keyboard.press("b")
    for _ in range(6):
        page.keyboard.press("]")
    stroke(page, (0.06, 0.94), (0.9, 0.92), (0.9, 0.84), (0.1, 0.82))
    page.keyboard.press("1")
    stroke(page, (0.08, 0.1), (0.92, 0.08), (0.9, 0.2), (0.1, 0.22))
    page.keyboard.press("p")
    page.keyboard.press("2")
    rows, columns = np.nonzero(truth == 1)
    left, right, top, bottom = columns.min(), columns.max(), rows.min(), rows.max()
    corners = [(left, bottom), (left, top), (right, top), (right, bottom)]
    for x, y in corners[:3]:
        page.mouse.click(*at(page, x / SIZE[0], y / SIZE[1]))
    page.mouse.move(*at(page, corners[3][0] / SIZE[0], corners[3][1] / SIZE[1]))


def superpixels(page: "Page") -> None:
    """Superpixels clicked together to a tree."""
    open_image(page, "campus-12")
    page.keyboard.press("s")
    page.keyboard.press("3")
    rows, columns = np.nonzero(scene(11, *SIZE)[1] == 2)
    chosen = np.linspace(0, len(rows) - 1, 9).astype(int)[1:-1]
    page.mouse.move(*at(page, columns[chosen[0]] / SIZE[0], rows[chosen[0]] / SIZE[1]))
    page.wait_for_timeout(4000)  # the first superpixel of an image takes a moment
    for place in chosen:
        page.mouse.click(*at(page, columns[place] / SIZE[0], rows[place] / SIZE[1]))
        page.wait_for_timeout(400)


def classes(page: "Page") -> None:
    """The class editor, asking what becomes of the pixels of a class."""
    open_image(page, "campus-05")
    page.keyboard.press("c")
    page.locator("#class-editor [data-part=remove]").nth(2).click()
    page.locator("#class-editor").get_by_role("button", name="Save").click()
    page.wait_for_timeout(500)


def proposal(page: "Page") -> None:
    """What the model proposes for an image, one region accepted."""
    until(page, "document.querySelector('#model-progress').hidden", 600)
    open_image(page, "campus-16")
    page.keyboard.press("m")
    until(page, "editor.tool.proposal?.state === 'ready'", 120)
    page.mouse.click(*at(page, 0.5, 0.9))
    page.wait_for_timeout(800)
    page.mouse.move(*at(page, 0.5, 0.06))
    page.wait_for_timeout(800)


def main() -> None:
    """Make the dataset, the run and the pictures."""
    folder = Path(sys.argv[1]).resolve()
    root = folder / "datasets/campus"
    if not (root / "index.csv").exists():
        make_dataset(root)
    if not (folder / "runs/latest").exists():
        seg(folder, "seg-prep", "split", root)
        seg(folder, "seg-train", root, "--size", 128, "--crops", 40, "--epochs", 12, "--minutes", 4)
    pictures: dict[str, tuple[Callable[[Page], None], tuple[object, ...]]] = {
        "painting": (painting, ()),
        "superpixels": (superpixels, ()),
        "classes": (classes, ()),
        "proposal": (proposal, ("--model", "latest", "--order", "uncertainty")),
    }
    for name, (act, options) in pictures.items():
        if not (folder / f"{name}.jpg").exists():
            with page_of(folder, *options) as page:
                act(page)
                page.wait_for_timeout(300)
                page.screenshot(path=folder / f"{name}.jpg", type="jpeg", quality=QUALITY)


if __name__ == "__main__":
    main()
