"""Learning from strokes on the annotation page in a real browser."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from prep.annotate.model.proposals import Proposals
from prep.core.classes import write_classes
from tests.prep.annotate.learn.scenes import CLASSES, scene
from tests.prep.annotate.model.proposing import FakeProposer
from tests.prep.annotate.page.annotating import annotating, open_page, until
from tests.support import images_only, load, save

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HEIGHT, WIDTH = 180, 240
HATCHED = "document.querySelector('#learning').textContent.startsWith('Hatched')"
STROKES = "for (const [y, x, value] of [[8, 8, 0], [172, 100, 2]]) editor.paint(Int32Array.of(y, x, x + 40), value)"


def dataset(root: Path, seeds: tuple[int, ...] = (4, 5)) -> Path:
    images_only(root, [(HEIGHT, WIDTH)] * len(seeds))
    for place, seed in enumerate(seeds):
        save(root / "images" / f"s{place}.png", scene(seed)[0])
    write_classes(root / "classes.json", CLASSES)
    return root


def on_disk(page: "Page", root: Path, stem: str = "s0") -> np.ndarray:
    until(page, "editor.saver.clean")
    return load(root / "masks" / f"{stem}.png")


def test_strokes_are_learnt_from_and_the_rest_accepted(browser: "Browser", tmp_path: Path) -> None:
    root, faults = dataset(tmp_path / "campus"), []
    with annotating(root) as port, browser.new_context(viewport={"width": 1000, "height": 700}) as context:
        page = open_page(context, port, faults)
        tool = page.locator("[data-tool=proposal]")
        assert tool.is_hidden()
        page.keyboard.press("t")
        until(page, "document.querySelector('#learning').textContent.startsWith('Paint a stroke')")
        page.evaluate(STROKES)
        until(page, HATCHED)
        assert tool.is_visible()
        assert page.evaluate("editor.tool.constructor.id") == "brush", "whatever the tool is"
        page.evaluate("editor.paint(Int32Array.of(90, 0, 30), 1)")
        page.keyboard.press("Enter")
        until(page, "editor.mask.pixels.every((value) => value !== 255)")
        mask = on_disk(page, root)
        truth = scene(4)[1]
        assert (mask[8, 8:48] == 0).all()
        assert (mask[172, 100:140] == 2).all()
        assert (mask[90, :30] == 1).all(), "painted by hand, whatever is learnt"
        assert (mask[truth == 2] == 2).mean() > 0.9
        assert load(next((root / ".annotate" / "accepted").iterdir()))[172, 100] == 255, "the strokes are by hand"
        page.keyboard.press("Control+z")
        until(page, "editor.mask.pixels.some((value) => value === 255)")
        page.keyboard.press("d")
        until(page, "editor.stem === 's1'")
        until(page, HATCHED)
        page.keyboard.press("m")
        page.locator("#stage").hover(position={"x": 10, "y": 10})
        y, x = HEIGHT - 4, WIDTH // 2
        at = page.evaluate(f"editor.view.toScreen({x}, {y})")
        page.locator("#stage").click(position=at)
        until(page, "editor.mask.canUndo")
        second = on_disk(page, root, "s1")
        assert second[y, x] == 2
        assert (second != 0).all(), "one region: the sand is still to be accepted"
        page.locator("#stage").click(position=page.evaluate("editor.view.toScreen(20, 20)"), modifiers=["Control"])
        until(page, "editor.mask.pixels[20 * editor.mask.width + 20] === 0")
        page.keyboard.press("t")
        until(page, "document.querySelector('#learning').hidden")
        assert page.evaluate("editor.tool.constructor.id") == "brush"
        page.reload()
        until(page, "window.editor?.mask")
        assert not page.locator("#learn").is_checked()
    assert not faults


def test_with_a_model_the_switch_says_whose_proposals_are_shown(browser: "Browser", tmp_path: Path) -> None:
    root, faults = dataset(tmp_path / "campus", (4,)), []
    proposer = FakeProposer(CLASSES.names)
    with (
        annotating(root, 0, lambda store: Proposals(store, proposer)) as port,
        browser.new_context(viewport={"width": 1000, "height": 700}) as context,
    ):
        page = open_page(context, port, faults)
        until(page, "editor.tool.proposal.state === 'ready'")
        model = page.evaluate("Array.from(editor.tool.proposal.pixels)")
        page.evaluate(STROKES)
        page.locator("#learn").check()
        until(page, HATCHED)
        assert "Shown in place of what fake proposes." in page.locator("#learning").text_content()
        assert page.evaluate("Array.from(editor.tool.proposal.pixels)") != model
        page.locator("#learn").uncheck()
        assert page.evaluate("Array.from(editor.tool.proposal.pixels)") == model
        assert page.evaluate("editor.tool.constructor.id") == "proposal"
    assert not faults
