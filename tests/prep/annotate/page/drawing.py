"""What is drawn on the page by mouse, and which pixels that is, computed in other ways."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tests.prep.annotate.page.annotating import until

if TYPE_CHECKING:
    from playwright.sync_api import Page

Point = tuple[float, float]
ROOT = Path(__file__).parents[4]


def centres(width: int, height: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y, x = np.mgrid[:height, :width] + 0.5
    return x, y


def near_segment(a: Point, b: Point, radius: float, width: int, height: int) -> NDArray[np.bool_]:
    """Pixels whose centre is at most the radius from the segment: by its nearest point."""
    x, y = centres(width, height)
    (ax, ay), (bx, by) = a, b
    length2 = (bx - ax) ** 2 + (by - ay) ** 2
    along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length2 if length2 else 0 * x
    along = np.clip(along, 0, 1)
    return np.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)) <= radius + 1e-9


def inside(points: Sequence[Point], width: int, height: int) -> NDArray[np.bool_]:
    """Pixels whose centre is inside by the even-odd rule: edges to the right of it, by the sign of an area."""
    x, y = centres(width, height)
    odd = np.zeros((height, width), bool)
    for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
        crosses = (ay <= y) != (by <= y)
        area = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        odd ^= crosses & ((area > 0) if by > ay else (area < 0))
    return odd


def on_page(page: "Page", x: float, y: float) -> Point:
    """Where a point of the image is in the window."""
    found = page.evaluate(
        """([x, y]) => {
            const at = editor.view.toScreen(x, y), stage = editor.stage.getBoundingClientRect();
            return [stage.left + at.x, stage.top + at.y];
        }""",
        [x, y],
    )
    return found[0], found[1]


def drag(page: "Page", points: Sequence[Point], *, held: bool = False, lift: bool = True) -> list[Point]:
    """Draw through points of the image; the points that the mouse really hits (whole pixels of the window)."""
    hit = []
    for place, (x, y) in enumerate(points):
        at = [round(each) for each in on_page(page, x, y)]
        page.mouse.move(*at)
        if place == 0 and not held:
            page.mouse.down()
        hit.append(image_point(page, *at))
    if lift:
        page.mouse.up()
    return hit


def image_point(page: "Page", x: float, y: float) -> Point:
    found = page.evaluate(
        """([x, y]) => {
            const stage = editor.stage.getBoundingClientRect(), { view } = editor;
            return [view.left + (x - stage.left) / view.scale, view.top + (y - stage.top) / view.scale];
        }""",
        [x, y],
    )
    return found[0], found[1]


def click(page: "Page", points: Sequence[Point]) -> list[Point]:
    return [drag(page, [point])[0] for point in points]


def saved(page: "Page") -> None:
    until(page, "editor.saver.state === 'saved' && editor.saver.clean")


@contextmanager
def command(root: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    """'seg-prep annotate' as typed, once it listens; at the end it is killed without a chance to finish anything."""
    arguments = [
        sys.executable,
        "-c",
        "from prep.cli.main import main; main()",
        "annotate",
        root,
        "--port",
        port,
        "--no-open",
    ]
    process = subprocess.Popen(list(map(str, arguments)), stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"campus at http://127.0.0.1:{port}/\n"
        yield process
    finally:
        process.kill()
        process.communicate()
