"""The annotation page under fingers and a pen, in the window of a phone."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from prep.core.classes import write_classes
from tests.prep.annotate.page.annotating import annotating, mask_of, open_page, until
from tests.support import CLASSES, images_only

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page

WIDTH, HEIGHT = 400, 300
IN_THE_WAY = """() => {
    const shown = [...document.querySelectorAll("#top button, #save, #name")].filter((each) => each.checkVisibility());
    const boxes = shown.map((each) => [each.id, each.getBoundingClientRect()]);
    const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
    const bar = document.querySelector("#top").getBoundingClientRect();
    const others = (one, at) => boxes.slice(at + 1).filter(([, two]) => !apart(one, two));
    const over = boxes.flatMap(([id, one], at) => others(one, at).map(([other]) => [id, other]));
    const out = boxes.filter(([, box]) => box.left < 0 || box.right > innerWidth || box.bottom > bar.bottom + 1);
    return [over, out.map(([id]) => id)];
}"""


@pytest.fixture
def phone(browser: "Browser", tmp_path: Path) -> Iterator["Page"]:
    root = tmp_path / "campus"
    images_only(root, [(HEIGHT, WIDTH)] * 2)
    write_classes(root / "classes.json", CLASSES)
    faults: list[str] = []
    size = {"width": 390, "height": 844}
    with annotating(root) as port, browser.new_context(viewport=size, has_touch=True, is_mobile=True) as context:
        yield open_page(context, port, faults)
    assert not faults


def spot(page: "Page", x: float, y: float) -> tuple[float, float]:
    """Where a point of the image is in the window."""
    at = page.evaluate(
        """([x, y]) => {
            const at = editor.view.toScreen(x, y), stage = editor.stage.getBoundingClientRect();
            return [stage.left + at.x, stage.top + at.y];
        }""",
        [x, y],
    )
    return at[0], at[1]


def finger(page: "Page", *path: tuple[float, float]) -> None:
    """One finger, put down, moved through places of the window and lifted."""
    session = page.context.new_cdp_session(page)
    for place, (x, y) in enumerate(path):
        kind = "touchMove" if place else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def pen(session: "CDPSession", at: tuple[float, float], pressure: float) -> None:
    """A pen that touches one place."""
    what = {"x": at[0], "y": at[1], "button": "left", "clickCount": 1, "pointerType": "pen", "force": pressure}
    for kind in ("mousePressed", "mouseReleased"):
        session.send("Input.dispatchMouseEvent", {**what, "type": kind})


def test_no_control_of_the_top_bar_lies_over_another(phone: "Page") -> None:
    assert phone.evaluate(IN_THE_WAY) == [[], []]
    phone.set_viewport_size({"width": 844, "height": 390})
    assert phone.evaluate(IN_THE_WAY)[0] == []
    phone.set_viewport_size({"width": 1024, "height": 700})
    assert phone.evaluate(IN_THE_WAY)[0] == []


def test_one_side_at_a_time_and_a_chosen_image_closes_the_list(phone: "Page") -> None:
    phone.locator("#toggle-panel").tap()
    assert phone.locator("#panel").is_visible()
    phone.locator("#toggle-images").tap()
    assert not phone.locator("#panel").is_visible()
    phone.locator("#list [data-stem=s1]").tap()
    until(phone, "editor.stem === 's1'")
    assert not phone.locator("#images").is_visible()


def test_one_finger_draws_or_moves_as_the_tool_says(phone: "Page") -> None:
    start, end = spot(phone, 100, 100), spot(phone, 200, 150)
    finger(phone, start, end)
    until(phone, "editor.mask.canUndo && editor.saver.clean")
    painted = mask_of(phone)
    assert painted[100, 100] == painted[125, 150] == painted[150, 200] == 0
    phone.evaluate("editor.use('move')")
    left = phone.evaluate("editor.view.left")
    finger(phone, start, end)
    assert phone.evaluate("editor.view.left") == pytest.approx(left - 100, abs=2)
    np.testing.assert_array_equal(mask_of(phone), painted)


def test_a_pen_presses_only_where_that_is_wanted_and_fingers_then_move(phone: "Page") -> None:
    phone.locator("#toggle-panel").tap()
    assert not phone.get_by_label("Pen pressure").is_visible()
    phone.evaluate("editor.tool.options[0].value = 40")
    session = phone.context.new_cdp_session(phone)
    pen(session, spot(phone, 60, 200), 0.5)
    full = mask_of(phone)[:, :120] == 0
    assert int(full[:, :].any(0).sum()) == 40
    phone.get_by_label("Pen pressure").check()
    pen(session, spot(phone, 160, 200), 0.5)
    assert int((mask_of(phone)[:, 121:] == 0).any(0).sum()) == pytest.approx(20, abs=1)
    before, left = mask_of(phone), phone.evaluate("editor.view.left")
    finger(phone, spot(phone, 50, 50), spot(phone, 90, 60))
    np.testing.assert_array_equal(mask_of(phone), before)
    assert phone.evaluate("editor.view.left") < left
