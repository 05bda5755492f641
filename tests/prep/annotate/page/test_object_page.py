"""The object tool in a real browser: clicks, clicks beside, boxes; accepted, taken back, corrected, in two tabs."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from prep.core.classes import write_classes
from tests.prep.annotate.page.annotating import annotating, mask_of, open_page, until
from tests.prep.annotate.sam.pointing import HEIGHT, WIDTH, disc, objects_of
from tests.support import CLASSES, images_only, load, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


READY = "!document.querySelector('#object-bar').hidden && !document.querySelector('#object-bar .main').disabled"
GONE = "document.querySelector('#object-bar').hidden"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    images_only(tmp_path / "campus", [(HEIGHT, WIDTH)] * 2)
    write_classes(tmp_path / "campus" / "classes.json", CLASSES)
    return tmp_path / "campus"


@pytest.fixture
def port(root: Path, tmp_path: Path) -> Iterator[int]:
    with annotating(root, sam=objects_of(tmp_path / "model")) as port:
        yield port


@pytest.fixture
def page(browser: "Browser", port: int) -> Iterator["Page"]:
    faults: list[str] = []
    with browser.new_context(viewport={"width": 1000, "height": 700}) as context:
        page = open_page(context, port, faults)
        page.keyboard.press("a")
        page.keyboard.press("2")
        yield page
    assert not faults


def at(page: "Page", x: float, y: float) -> tuple[float, float]:
    stage = page.locator("#stage").bounding_box()
    assert stage is not None
    place = page.evaluate(f"editor.view.toScreen({x}, {y})")
    return stage["x"] + place["x"], stage["y"] + place["y"]


def click(page: "Page", x: float, y: float, button: str = "left") -> None:
    page.mouse.move(*at(page, x, y))
    page.mouse.click(*at(page, x, y), button=button)  # type: ignore[arg-type]
    until(page, READY)


def drag(page: "Page", x0: float, y0: float, x1: float, y1: float) -> None:
    page.mouse.move(*at(page, x0, y0))
    page.mouse.down()
    page.mouse.move(*at(page, (x0 + x1) / 2, (y0 + y1) / 2))
    page.mouse.move(*at(page, x1, y1))
    page.mouse.up()
    until(page, READY)


def accept(page: "Page") -> NDArray[np.uint8]:
    page.keyboard.press("Enter")
    until(page, GONE)
    return mask_of(page)


def same(mask: NDArray[np.uint8], expected: NDArray[np.bool_], value: int = 1) -> bool:
    """Nearly: a click lies on a whole pixel of the screen."""
    return bool(((mask == value) == expected).mean() > 0.985 and expected.any())


def test_a_click_is_accepted_and_saved(page: "Page", root: Path) -> None:
    click(page, 30, 25)
    assert (mask_of(page) == 255).all(), "nothing is painted before it is accepted"
    mask = accept(page)
    assert same(mask, disc(30, 25))
    assert set(np.unique(mask)) == {1, 255}
    assert page.evaluate("editor.saver.flush()")
    assert (load(root / "masks" / "s0.png") == mask).all()
    page.keyboard.press("Control+z")
    assert (mask_of(page) == 255).all()


def test_right_click_and_alt_click_mean_not_this(page: "Page") -> None:
    click(page, 30, 25)
    click(page, 36, 25, "right")
    page.keyboard.down("Alt")
    click(page, 24, 25)
    page.keyboard.up("Alt")
    assert same(accept(page), disc(30, 25) & ~disc(36, 25) & ~disc(24, 25))


def test_the_button_not_this_for_fingers(page: "Page") -> None:
    click(page, 30, 25)
    page.get_by_role("button", name="The next clicks mean: not this").click()
    click(page, 36, 25)
    page.get_by_role("button", name="Accept the object").click()
    until(page, GONE)
    assert same(mask_of(page), disc(30, 25) & ~disc(36, 25))
    click(page, 70, 40)
    assert same(accept(page), disc(30, 25) & ~disc(36, 25) | disc(70, 40)), "the next object begins with: this"


def test_a_box(page: "Page") -> None:
    drag(page, 70, 50, 40, 30)
    expected = np.zeros((HEIGHT, WIDTH), np.bool_)
    expected[30:50, 40:70] = True
    assert same(accept(page), expected)


def test_clicks_are_taken_back_one_by_one(page: "Page") -> None:
    click(page, 30, 25)
    click(page, 60, 40)
    click(page, 80, 10)
    page.keyboard.press("Control+z")
    until(page, READY)
    page.get_by_role("button", name="Take the last click back").click()
    until(page, READY)
    assert same(accept(page), disc(30, 25))
    click(page, 60, 40)
    page.keyboard.press("Backspace")
    until(page, GONE)
    page.keyboard.press("Control+z")
    assert (mask_of(page) == 255).all(), "with no click left, undo undoes the mask"


def test_escape_gives_all_clicks_up(page: "Page") -> None:
    click(page, 30, 25)
    click(page, 60, 40)
    page.keyboard.press("Escape")
    until(page, GONE)
    page.keyboard.press("Enter")
    assert (mask_of(page) == 255).all()
    click(page, 70, 40)
    assert same(accept(page), disc(70, 40))


def test_only_unlabelled(page: "Page") -> None:
    click(page, 30, 25)
    accept(page)
    page.keyboard.press("3")
    page.keyboard.press("u")
    click(page, 36, 25)
    mask = accept(page)
    assert same(mask, disc(30, 25), 1)
    assert same(mask, disc(36, 25) & ~disc(30, 25), 2)


def test_a_region_is_corrected(page: "Page") -> None:
    """A first click on the chosen class begins with its region; what is cut off becomes unlabelled, as one step."""
    drag(page, 20, 10, 70, 50)
    box = accept(page)
    page.mouse.move(*at(page, 40, 30))
    page.mouse.click(*at(page, 40, 30), button="right")
    until(page, READY)
    mask = accept(page)
    expected = np.zeros((HEIGHT, WIDTH), np.bool_)
    expected[10:50, 20:70] = True
    assert same(mask, expected & ~disc(40, 30))
    assert set(np.unique(mask)) == {1, 255}
    page.keyboard.press("Control+z")
    assert (mask_of(page) == box).all()


def test_not_this_needs_something_that_is_there(page: "Page") -> None:
    page.mouse.move(*at(page, 40, 30))
    page.mouse.click(*at(page, 40, 30), button="right")
    until(page, "document.getElementById('message').textContent === 'Click the object first.'")
    assert page.evaluate(GONE)


def test_another_image_and_another_tool_give_the_clicks_up(page: "Page") -> None:
    click(page, 30, 25)
    page.keyboard.press("PageDown")
    until(page, "editor.stem === 's1'")
    assert page.evaluate(GONE)
    click(page, 60, 40)
    page.keyboard.press("b")
    assert page.evaluate(GONE)
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    assert (mask_of(page) == 255).all()
    click(page, 60, 40)
    assert same(accept(page), disc(60, 40))


def test_two_tabs_have_their_own_clicks(page: "Page", port: int) -> None:
    other = open_page(page.context, port, [])
    other.keyboard.press("a")
    other.keyboard.press("3")
    click(page, 30, 25)
    click(other, 60, 40)
    click(page, 36, 25, "right")
    assert same(accept(page), disc(30, 25) & ~disc(36, 25))
    assert same(accept(other), disc(60, 40), 2)
    other.close()


def test_a_file_that_fails_is_told_and_the_click_goes(page: "Page", monkeypatch: pytest.MonkeyPatch) -> None:
    click(page, 30, 25)
    page.route("**/object?*", lambda route: route.fulfill(status=500, json={"error": "decoder.onnx: failed: no"}))
    page.mouse.click(*at(page, 60, 40))
    until(page, "document.getElementById('message').textContent === 'decoder.onnx: failed: no'")
    until(page, READY)
    assert same(accept(page), disc(30, 25)), "what was found before is still there"


def test_names_keys_and_help(page: "Page", browser: "Browser", root: Path) -> None:
    tool = page.get_by_role("radio", name="Object")
    assert tool.get_attribute("aria-checked") == "true"
    assert tool.get_attribute("data-keys") == "A"
    page.keyboard.press("?")
    assert page.locator("#help dt", has_text="Not this (object)").is_visible()
    assert page.locator("#help dt", has_text="Object").first.is_visible()


def test_without_files_there_is_no_such_tool(browser: "Browser", root: Path) -> None:
    faults: list[str] = []
    with annotating(root) as port, browser.new_context(viewport={"width": 1000, "height": 700}) as context:
        page = open_page(context, port, faults)
        page.keyboard.press("a")
        assert page.evaluate("editor.tool.constructor.id") == "brush"
        assert page.locator("[data-tool=object]").is_hidden()
        page.keyboard.press("?")
        assert page.locator("#help dt", has_text="bject").count() == 0
    assert not faults


def test_fingers(browser: "Browser", port: int, root: Path) -> None:
    faults: list[str] = []
    with browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True) as context:
        page = open_page(context, port, faults)
        page.keyboard.press("a")
        page.evaluate("editor.choose(1)")
        page.touchscreen.tap(*at(page, 30, 25))
        until(page, READY)
        page.get_by_role("button", name="The next clicks mean: not this").tap()
        page.touchscreen.tap(*at(page, 36, 25))
        until(page, READY)
        page.get_by_role("button", name="Accept the object").tap()
        until(page, GONE)
        assert ((mask_of(page) == 1) == (disc(30, 25) & ~disc(36, 25))).mean() > 0.97
        assert page.evaluate("editor.saver.flush()")
    assert not faults
    wait_until(lambda: (root / "masks" / "s0.png").exists())
