"""What the tests of the annotation page share: a real server, a real browser, and what the page draws."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prep.annotate.app import annotate_app
from prep.annotate.audit import Findings
from prep.annotate.learn.learner import Learner
from prep.annotate.model.proposals import Proposals
from prep.annotate.network.network import Network
from prep.annotate.sam.objects import Objects
from prep.annotate.store.store import AnnotationStore
from prep.core.classes import write_classes
from prep.images.imageio import write_png
from prep.web.server import bind, make_server
from tests.support import CLASSES, images_only
from tests.web import running

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

Opened = Callable[[Path], "Page"]
HALF = np.repeat(np.array([[0, 1, 2, 255]], np.uint8), 24, axis=0).repeat(8, axis=1)
"""(24, 32): a quarter each of the three classes and of unlabelled pixels."""


@contextmanager
def annotating(
    root: Path,
    port: int = 0,
    model: Callable[[AnnotationStore], Proposals] | None = None,
    findings: Findings | None = None,
    sam: Callable[[AnnotationStore], Objects] | None = None,
    network: Callable[[AnnotationStore], Network] | None = None,
) -> Iterator[int]:
    """A real server for a dataset on a free port of loopback, or on this one."""
    listener = bind("127.0.0.1", port)
    store = AnnotationStore(root)
    proposals = model(store) if model else None
    learner = Learner(store)
    objects = sam(store) if sam else None
    trained = network(store) if network else None
    app = annotate_app(
        store, only_here=True, model=proposals, findings=findings, learner=learner, objects=objects, network=trained
    )
    server = make_server(app, listener)
    looking = proposals.working() if proposals else nullcontext()
    encoding = objects.encodings.working() if objects else nullcontext()
    training = trained.working() if trained else nullcontext()
    with closing(store), looking, learner.working(), encoding, training, running(server, listener) as used:
        yield used


def open_page(context: "BrowserContext", port: int, faults: list[str]) -> "Page":
    """The page with its first image; scripts that fail and requests to other machines are added to `faults`."""
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: message.type != "error" or "Failed to load resource" in message.text or
            faults.append(message.text))  # fmt: skip
    page.on("request", lambda request: re.match(rf"http://127\.0\.0\.1:{port}/", request.url) or
            faults.append(request.url))  # fmt: skip
    page.goto(f"http://127.0.0.1:{port}/")
    until(page, "window.editor?.mask")
    return page


def until(page: "Page", expression: str, seconds: float = 120) -> None:
    """Wait until a JavaScript expression holds; page.wait_for_function would break the page's rule against eval."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(f"Boolean({expression})"):
        assert time.monotonic() < deadline, f"after {seconds} s still not: {expression}"
        page.wait_for_timeout(20)


def mask_of(page: "Page") -> NDArray[np.uint8]:
    """(H, W) of the mask that is open."""
    width, height, text = page.evaluate(
        """() => {
            const { width, height, pixels } = editor.mask;
            return [width, height, Array.from(pixels, (value) => String.fromCharCode(value)).join("")];
        }"""
    )
    return np.frombuffer(text.encode("latin1"), np.uint8).reshape(height, width)


def dataset(root: Path, *, masks: int = 0, count: int = 3) -> Path:
    """Images s0, s1, ... of 32 x 24 with three classes, the first ones with the mask HALF."""
    images_only(root, [(24, 32)] * count)
    write_classes(root / "classes.json", CLASSES)
    (root / "masks").mkdir()
    for number in range(masks):
        write_png(root / f"masks/s{number}.png", HALF)
    rows = [row.split(",") for row in (root / "index.csv").read_text().splitlines()]
    for row in rows[1 : masks + 1]:
        row[2] = f"masks/{row[0]}.png"
    (root / "index.csv").write_text("".join(",".join(row) + "\n" for row in rows))
    return root
