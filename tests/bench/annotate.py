"""Frame times of the annotation page on a photo of 12 megapixels, in headless Chromium without a graphics card.

    python -m tests.bench.annotate [--size 1440x900] [--ratio 1]

All pixels are labelled (the worst case). Two times are told for each job, in milliseconds: from frame to frame, and
the page's own work per frame (all its scripts: events, painting into the mask, colouring, drawing commands). Without a
graphics card Chromium draws in software, on the same cores; the second time says what is left of 16.7 ms elsewhere.
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from prep.core.classes import ClassMap, write_classes
from prep.dataset.index import Sample, write_index
from tests.bench.sidebyside import load, machine
from tests.prep.annotate.page.annotating import annotating, open_page, until
from tests.support import save
from tests.web import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Page

HEIGHT, WIDTH = 3000, 4000
CLASSES = ClassMap(("sky", "tree", "road"), ((70, 130, 230), (40, 160, 70), (230, 170, 40)), ids=(0, 1, 2))

WATCH = """(() => {
    const watch = (window.watch = { frames: [], work: 0, depth: 0 });
    const timed = (handler) => function (...given) {
        const started = performance.now();
        watch.depth++;
        try {
            return handler.apply(this, given);
        } finally {
            if (--watch.depth === 0) watch.work += performance.now() - started;
        }
    };
    const frame = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (handler) => frame(timed(handler));
    const listen = EventTarget.prototype.addEventListener;
    EventTarget.prototype.addEventListener = function (type, handler, options) {
        return listen.call(this, type, typeof handler === "function" ? timed(handler) : handler, options);
    };
    let last = performance.now();
    const tick = () => {
        const now = performance.now();
        watch.frames.push([now - last, watch.work]);
        last = now;
        watch.work = 0;
        frame(tick);
    };
    frame(tick);
})()"""

STROKES = """async (number) => {
    const { Mask } = await import("/static/mask.js");
    const { capsule } = await import("/static/spans.js");
    const mask = new Mask(4000, 3000);
    const started = performance.now();
    for (let stroke = 0; stroke < number; stroke++) {
        let x = Math.random() * 4000, y = Math.random() * 3000, turn = Math.random() * 7;
        mask.begin();
        for (let step = 0; step < 60; step++) {
            turn += Math.random() - 0.5;
            const to = [x + 8 * Math.cos(turn), y + 8 * Math.sin(turn)];
            mask.fill(capsule(x, y, ...to, 20), stroke % 3);
            [x, y] = to;
        }
        mask.end();
    }
    const drawn = performance.now();
    while (mask.canUndo) mask.undo();
    return [mask.historyBytes, drawn - started, performance.now() - drawn, mask.pixels.every((value) => value === 255)];
}"""


def main() -> None:
    """Measure every job, print a table."""
    options = _options()
    width, height = map(int, options.size.split("x"))
    where = machine()
    print(f"{where['cpu']}, {where['cores']} cores, load {load()[0]:.1f}; window {options.size}, ratio {options.ratio}")
    with _page(width, height, options.ratio) as page:
        print(f"\n{'job':34} frames   from frame to frame      own work per frame      (median, p95, max in ms)")
        for name, prepare, job in _jobs(width, height):
            prepare(page)
            page.wait_for_timeout(400)
            page.evaluate("watch.frames.length = 0")
            job(page)
            _tell(name, page.evaluate("watch.frames"))
        until(page, "editor.saver.clean")
        print(f"\nmemory of the page's process: {_memory(page):.0f} MB resident")
        size, drawn, undone, same = page.evaluate(STROKES, 1000)
        assert same, "undo did not lead back"
        print(f"1,000 strokes of 480 x 40 pixels: {size / 1e6:.2f} MB of history, {drawn / 1000:.2f} ms to draw each, "
              f"{undone / 1000:.2f} ms to undo each")  # fmt: skip


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.annotate", description=__doc__)
    parser.add_argument("--size", default="1440x900", help="of the window, in CSS pixels")
    parser.add_argument("--ratio", type=float, default=1, help="device pixels per CSS pixel")
    return parser.parse_args()


@contextmanager
def _page(width: int, height: int, ratio: float) -> Iterator["Page"]:
    with tempfile.TemporaryDirectory(prefix="bench-annotate-") as folder, chromium() as browser:
        root = _dataset(Path(folder) / "photos")
        viewport = {"width": width, "height": height}
        with (
            annotating(root) as port,
            browser.new_context(viewport=viewport, device_scale_factor=ratio) as context,  # type: ignore[arg-type]
        ):
            context.add_init_script(WATCH)
            yield open_page(context, port, [])


def _dataset(root: Path) -> Path:
    """One photo of 12 megapixels as JPEG, whose every pixel is labelled in small areas."""
    generator = np.random.default_rng(0)
    coarse = generator.integers(0, 256, (150, 200, 3), np.uint8)
    photo = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    save(root / "images" / "a.jpg", photo, quality=90)
    save(root / "masks" / "a.png", np.kron(coarse[..., 0] % 3, np.ones((20, 20), np.uint8)))
    write_index(root / "index.csv", [Sample("a", "images/a.jpg", "masks/a.png", WIDTH, HEIGHT)])
    write_classes(root / "classes.json", CLASSES)
    return root


Action = Callable[["Page"], None]


def _jobs(width: int, height: int) -> Iterator[tuple[str, Action, Action]]:
    middle = (width / 2, height / 2)
    for size, scale in ((60, None), (500, None), (200, 1), (60, 8)):
        name = f"paint, brush of {size}, " + (f"{scale}:1" if scale else "whole photo")
        yield name, lambda page, size=size, scale=scale: _look(page, scale, size), lambda page: _circle(page, middle)
    yield "zoom in and out by the wheel", lambda page: _look(page, None), lambda page: _zoom(page, middle)
    for scale in (0.55, 1, 4):
        yield f"pan, {scale}:1", lambda page, scale=scale: _look(page, scale), lambda page: _pan(page, middle)
    yield "undo and redo of large strokes", lambda page: _look(page, None), _undo


def _look(page: "Page", scale: float | None, size: int = 60) -> None:
    page.evaluate(
        """([scale, size]) => {
            const { view } = editor;
            view.fit();
            if (scale) view.zoomAt(view.width / 2, view.height / 2, scale / view.device.scale);
            editor.use("brush");
            editor.tool.options[0].value = size;
            editor.choose((editor.value + 1) % 3);
        }""",
        [scale, size],
    )


def _circle(page: "Page", middle: tuple[float, float]) -> None:
    """A stroke around the middle of the window."""
    for step in range(240):
        page.mouse.move(middle[0] + 260 * np.cos(step / 12), middle[1] + 200 * np.sin(step / 9))
        if step == 0:
            page.mouse.down()
    page.mouse.up()


def _zoom(page: "Page", middle: tuple[float, float]) -> None:
    page.mouse.move(*middle)
    for step in range(160):
        page.mouse.wheel(0, -60 if step % 80 < 40 else 60)
        page.wait_for_timeout(8)


def _pan(page: "Page", middle: tuple[float, float]) -> None:
    page.mouse.move(*middle)
    page.mouse.down(button="middle")
    for step in range(240):
        page.mouse.move(middle[0] + 300 * np.sin(step / 15), middle[1] + 200 * np.sin(step / 11))
    page.mouse.up(button="middle")


def _undo(page: "Page") -> None:
    for step in range(24):
        page.evaluate("editor.undo()" if step % 8 < 4 else "editor.redo()")
        page.wait_for_timeout(40)


def _tell(name: str, frames: Sequence[tuple[float, float]]) -> None:
    apart, work = zip(*frames[1:], strict=True)
    print(f"{name:34} {len(apart):5}  {_three(apart)}  {_three(work)}", flush=True)


def _three(values: Sequence[float]) -> str:
    return f"{statistics.median(values):6.1f} {np.percentile(values, 95):6.1f} {max(values):6.1f}"


def _memory(page: "Page") -> float:
    """Resident memory of the process that holds the page (the largest renderer of this browser), in MB."""
    page.context.new_cdp_session(page).send("HeapProfiler.collectGarbage")
    renderers = [pid for pid in _descendants(os.getpid()) if b"--type=renderer" in _read(pid, "cmdline")]
    return max(int(_read(pid, "statm").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6 for pid in renderers)


def _descendants(pid: int) -> list[int]:
    children = [int(child) for task in Path(f"/proc/{pid}/task").glob("*") for child in _read(task, "children").split()]
    return [*children, *(each for child in children for each in _descendants(child))]


def _read(process: int | Path, name: str) -> bytes:
    """A file about a process or thread; nothing if it has ended."""
    try:
        return Path("/proc", str(process), name).read_bytes()
    except OSError:
        return b""


if __name__ == "__main__":
    main()
