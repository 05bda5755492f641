"""Proposals, their order and findings on the annotation page in a real browser."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from prep.annotate.audit import Findings, SuspectRow
from prep.annotate.model.proposals import Order, Proposals
from prep.core.classes import write_classes
from tests.prep.annotate.model.proposing import FakeProposer
from tests.prep.annotate.page.annotating import annotating, open_page, until
from tests.support import CLASSES, images_only, load, save

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HEIGHT, WIDTH = 60, 80
LINE, FAINT, ELLIPSE = np.s_[10:20, 10:40], np.s_[40:50, 5:20], np.s_[30:50, 50:70]
"""Regions that the model proposes on a background: a line, a line that it is not sure of, an ellipse."""


@contextmanager
def desk(
    browser: "Browser",
    root: Path,
    proposer: FakeProposer | None,
    order: Order = "name",
    findings: Findings | None = None,
) -> Iterator["Page"]:
    """The page of a server with a model."""
    faults: list[str] = []
    model = proposer and (lambda store: Proposals(store, proposer, order))
    with (
        annotating(root, 0, model, findings) as port,
        browser.new_context(viewport={"width": 1000, "height": 700}) as context,
    ):
        yield open_page(context, port, faults)
    assert not faults


def photo() -> NDArray[np.uint8]:
    """What the fake model sees regions in: by the strongest channel, as sure in percent as the blue one says."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:] = (200, 0, 50)
    image[LINE], image[FAINT], image[ELLIPSE] = (0, 200, 90), (0, 200, 30), (0, 0, 201)
    return image


def labelled(root: Path, number: int) -> Path:
    images_only(root, [(HEIGHT, WIDTH)] * number)
    write_classes(root / "classes.json", CLASSES)
    for place in range(number):
        save(root / "images" / f"s{place}.png", photo())
    return root


def point_of(page: "Page", place: tuple[slice, slice]) -> tuple[float, float]:
    """Where the middle of a region is in the window."""
    y, x = ((part.start + part.stop) / 2 for part in place)
    stage = page.locator("#stage").bounding_box()
    at = page.evaluate(f"editor.view.toScreen({x}, {y})")
    assert stage is not None
    return stage["x"] + at["x"], stage["y"] + at["y"]


def shown(page: "Page", place: tuple[slice, slice]) -> int:
    """The class that is proposed in the middle of a region; 255 = none."""
    y, x = ((part.start + part.stop) // 2 for part in place)
    return int(page.evaluate(f"editor.tool.proposal.values({y * WIDTH + x})"))


def on_disk(page: "Page", root: Path, stem: str = "s0") -> NDArray[np.uint8]:
    assert page.evaluate("editor.saver.flush()")
    return load(root / "masks" / f"{stem}.png")


PIXEL_OF_THE_BOX = """() => {
    const { view } = editor, guides = document.querySelector("#guides").getContext("2d");
    const { x, y } = view.toScreen(50, 30);
    const [left, top] = [x - 4, y + 9].map((place) => Math.round(place * view.ratio));
    return Array.from(guides.getImageData(left, top, 1, 1).data);
}"""

READY = "editor.tool.proposal.state === 'ready'"


def test_regions_are_accepted_refused_and_taken_back(browser: "Browser", tmp_path: Path) -> None:
    root = labelled(tmp_path / "campus", 2)
    with desk(browser, root, FakeProposer()) as page:
        until(page, "editor.tool.constructor.id === 'proposal'")
        until(page, READY)
        expected = np.full((HEIGHT, WIDTH), 255, np.uint8)

        page.mouse.move(*point_of(page, LINE))
        until(page, "editor.tool.proposal.lit.some(Boolean)")
        lit = np.array(page.evaluate("Array.from(editor.tool.proposal.lit)"), np.bool_).reshape(HEIGHT, WIDTH)
        expected[LINE] = 1
        np.testing.assert_array_equal(lit, expected == 1)
        page.mouse.click(*point_of(page, LINE))
        until(page, "editor.mask.canUndo")
        np.testing.assert_array_equal(on_disk(page, root), expected)
        assert (shown(page, LINE), shown(page, ELLIPSE)) == (255, 2)

        page.mouse.click(*point_of(page, ELLIPSE), button="right")
        until(page, f"editor.tool.proposal.values({40 * WIDTH + 60}) === 255")
        page.keyboard.press("Control+z")
        assert (shown(page, LINE), shown(page, ELLIPSE)) == (255, 2), "the refusal was the last step"
        page.keyboard.press("Control+z")
        assert shown(page, LINE) == 1
        page.keyboard.press("Control+Shift+z")
        page.keyboard.down("Alt")
        page.mouse.click(*point_of(page, ELLIPSE))
        page.keyboard.up("Alt")
        until(page, f"editor.tool.proposal.values({40 * WIDTH + 60}) === 255")

        page.evaluate("editor.paint(Int32Array.of(0, 0, 30, 1, 5, 9), 2)")
        page.keyboard.press("Enter")
        accepted = np.zeros((HEIGHT, WIDTH), np.uint8)
        accepted[LINE] = accepted[FAINT] = 1
        accepted[ELLIPSE] = 255
        by_hand = accepted.copy()
        by_hand[0, :30] = by_hand[1, 5:9] = 2
        np.testing.assert_array_equal(on_disk(page, root), by_hand)
        page.keyboard.press("Control+z")
        expected[0, :30] = expected[1, 5:9] = 2
        np.testing.assert_array_equal(on_disk(page, root), expected, "all that Enter did is one step")
        page.keyboard.press("Shift+Enter")
        np.testing.assert_array_equal(on_disk(page, root), accepted)


def test_what_the_model_is_not_sure_of_is_hidden_and_not_accepted(browser: "Browser", tmp_path: Path) -> None:
    root = labelled(tmp_path / "campus", 2)
    with desk(browser, root, FakeProposer(("ellipse", "line", "sky"))) as page:
        until(page, READY)
        page.locator("#option-confidence").fill("60")
        until(page, "editor.tool.proposal.least === 60")
        assert (shown(page, LINE), shown(page, FAINT), shown(page, ELLIPSE)) == (1, 255, 255)
        page.locator("#stage").focus()
        page.keyboard.press("Enter")
        expected = np.full((HEIGHT, WIDTH), 255, np.uint8)
        expected[LINE] = 1  # the background is 50 % sure, and "sky", where it sees blue, no class here
        np.testing.assert_array_equal(on_disk(page, root), expected)
        assert "The model also knows sky" in page.locator("#model-progress").text_content()


def test_a_failure_and_the_progress_stand_on_the_stage(browser: "Browser", tmp_path: Path) -> None:
    proposer = FakeProposer()
    proposer.gated, proposer.broken = True, lambda image: True
    with desk(browser, labelled(tmp_path / "campus", 1), proposer) as page:
        looking = page.locator("#looking")
        until(page, "document.querySelector('#looking').textContent.endsWith('50 %')")
        proposer.gate.release(9)
        until(page, "editor.tool.proposal.state === 'failed'")
        assert looking.text_content() == "this image is too much"
        page.keyboard.press("b")
        assert looking.is_hidden()
        page.keyboard.press("m")
        assert looking.is_visible()


def test_the_list_is_ordered_anew_when_a_person_goes_on(browser: "Browser", tmp_path: Path) -> None:
    root = labelled(tmp_path / "campus", 4)
    for place, green in enumerate((40, 20, 90, 10)):
        image = photo()
        image[..., 1] = green
        save(root / "images" / f"s{place}.png", image)
    proposer = FakeProposer()
    proposer.gated = True
    stems = "Array.from(document.querySelectorAll('#list .image'), (row) => row.dataset.stem).join(' ')"
    with desk(browser, root, proposer, "uncertainty") as page:
        until(page, "document.querySelector('#model-progress').textContent.includes('0 of 4')")
        assert page.evaluate(stems) == "s0 s1 s2 s3"
        proposer.gate.release(99)
        until(page, "Array.from(session.images.values()).every(({ uncertainty }) => uncertainty !== null)")
        assert page.evaluate(stems) == "s0 s1 s2 s3", "it does not jump under the pointer"
        page.keyboard.press("d")
        until(page, "editor.stem === 's2'")
        assert page.evaluate(stems) == "s2 s1 s3 s0", "the most uncertain first, what is done last"
        until(page, "document.querySelector('#model-progress').hidden")


def test_without_a_model_there_is_no_such_tool(browser: "Browser", tmp_path: Path) -> None:
    with desk(browser, labelled(tmp_path / "campus", 1), None) as page:
        assert page.locator("#tools button").count() > 3
        assert page.locator("[data-tool=proposal]").is_hidden()
        page.keyboard.press("m")
        assert page.evaluate("editor.tool.constructor.id") == "brush"
        assert page.locator("#findings").is_hidden()


def test_findings_are_walked_through_and_marked(browser: "Browser", tmp_path: Path) -> None:
    root = labelled(tmp_path / "campus", 2)
    marks = root / ".annotate" / "findings.json"
    listed = [
        SuspectRow("s1", 50, 30, 20, 20, "line", "ellipse", 9.0),
        SuspectRow("s0", 10, 10, 30, 10, "line", "tree", 5.0),
    ]
    with desk(browser, root, None, findings=Findings(listed, marks)) as page:
        rows, title = page.locator(".finding"), page.locator("#findings h2")
        assert rows.count() == 2
        assert title.text_content() == "Findings: 0 of 2 seen"
        page.keyboard.press("Control+ArrowDown")
        until(page, "editor.stem === 's1'")
        until(page, "editor.view.scale > 5")
        middle = page.evaluate("editor.view.toScreen(60, 40)")
        size = page.evaluate("[editor.view.width, editor.view.height]")
        assert (middle["x"], middle["y"]) == pytest.approx((size[0] / 2, size[1] / 2), abs=2)
        corner = page.evaluate(PIXEL_OF_THE_BOX)
        assert corner[3] > 200, "no box around it"
        rows.nth(0).get_by_role("button", name="Corrected").click()
        until(page, "editor.stem === 's0'")
        assert title.text_content() == "Findings: 1 of 2 seen"
        assert rows.nth(1).get_attribute("aria-current") == "true"
        page.keyboard.press("Control+ArrowUp")
        until(page, "editor.stem === 's1'")
        rows.nth(0).get_by_role("button", name="Corrected").click()
        until(page, "document.querySelector('#findings h2').textContent.includes('0 of 2')")
        rows.nth(0).get_by_role("button", name="Label was right").click()
        until(page, "editor.stem === 's0'")
        page.reload()
        until(page, "window.editor?.mask")
        assert title.text_content() == "Findings: 1 of 2 seen"
        page.keyboard.press("Control+ArrowDown")
        assert rows.nth(1).get_attribute("aria-current") == "true", "it goes on with the first that is not seen"
    assert list(json.loads(marks.read_text()).values()) == ["right"]


def test_findings_are_filtered_by_class_and_size(browser: "Browser", tmp_path: Path) -> None:
    root = labelled(tmp_path / "campus", 2)
    listed = [
        SuspectRow("s1", 50, 30, 1, 1, "line", "ellipse", 9.0),
        SuspectRow("s0", 10, 10, 30, 10, "line", "tree", 5.0),
        SuspectRow("s1", 10, 10, 30, 10, "tree", "ellipse", 4.0),
    ]
    with desk(browser, root, None, findings=Findings(listed, root / ".annotate/findings.json")) as page:
        rows, title = page.locator(".finding .what"), page.locator("#findings h2")
        rest = page.locator("#findings > .fine")
        assert rows.all_text_contents() == ["line → tree", "tree → ellipse"]
        assert rest.text_content() == "1 other is left out here."
        page.keyboard.press("Control+ArrowDown")
        until(page, "editor.stem === 's0' && editor.view.scale > 2")
        page.get_by_label("Class of the findings").select_option("ellipse")
        page.get_by_label("Size of the findings").select_option("all")
        assert rows.all_text_contents() == ["line → ellipse", "tree → ellipse"]
        assert title.text_content() == "Findings: 0 of 2 seen"
        page.reload()
        until(page, "window.editor?.mask && document.querySelectorAll('.finding').length")
        assert rows.all_text_contents() == ["line → ellipse", "tree → ellipse"], "kept"
        page.get_by_label("Class of the findings").select_option("")
        assert rows.count() == 3
        assert rest.is_hidden()
