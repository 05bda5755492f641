"""The annotation page at bad moments: keys in the middle of a stroke, images on their way, classes that change."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from prep.core.classes import read_classes, write_classes
from tests.prep.annotate.page.annotating import annotating, open_page, until
from tests.prep.annotate.store.storing import on_disk, to_label
from tests.support import CLASSES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

SAVED = "editor.saver.state === 'saved' && editor.saver.clean"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return to_label(tmp_path / "d", [(48, 64)] * 3)


@pytest.fixture
def page(root: Path, browser: "Browser") -> Iterator["Page"]:
    faults: list[str] = []
    with annotating(root) as port, browser.new_context(viewport={"width": 1100, "height": 700}) as context:
        page = open_page(context, port, faults)
        page.evaluate("editor.tool.options[0].value = 8")
        yield page
    assert not faults


def middle(page: "Page", right: float = 0) -> tuple[float, float]:
    """The middle of the stage, or so many CSS pixels to the right of it."""
    box = page.locator("#stage").bounding_box()
    assert box
    return box["x"] + box["width"] / 2 + right, box["y"] + box["height"] / 2


def paint(page: "Page", right: float = 0) -> None:
    page.mouse.click(*middle(page, right))


def values(root: Path, stem: str = "s0") -> set[int]:
    """What stands in a mask on the disk."""
    mask = on_disk(root, stem)
    return set() if mask is None else {int(value) for value in np.unique(mask)}


def move_down(page: "Page", name: str) -> None:
    """Change the order of the classes with the class editor."""
    page.keyboard.press("c")
    page.get_by_label(f"Move down {name}").click()
    page.get_by_role("button", name="Save").click()
    until(page, "!document.querySelector('#class-editor[open]')")


def test_keys_do_not_end_a_stroke_but_escape_takes_it_back(page: "Page", root: Path) -> None:
    page.mouse.move(*middle(page))
    page.mouse.down()
    for key in ("e", "x", "2", "PageDown", "d", "r", "c", "n", "Control+z", "?"):
        page.keyboard.press(key)
    page.mouse.move(*middle(page, 60))
    state = "[editor.tool.constructor.id, editor.value, editor.stem, editor.mask.editing]"
    assert page.evaluate(state) == ["brush", 0, "s0", True]
    assert not page.locator("dialog[open]").count()
    page.mouse.up()
    until(page, SAVED)
    kept = on_disk(root, "s0")
    assert kept is not None
    assert (kept == 0).any()
    page.mouse.move(*middle(page, -90))
    page.mouse.down()
    for right in (-80, -60):  # saved in between, and drawn on in the same place
        page.mouse.move(*middle(page, right))
        until(page, "editor.saver.clean && editor.saver.state === 'saved'")
    page.mouse.move(*middle(page, -40))
    page.keyboard.press("Escape")
    page.mouse.move(*middle(page, 90))
    page.mouse.up()
    until(page, SAVED)
    np.testing.assert_array_equal(on_disk(root, "s0"), kept)


def test_an_image_on_its_way_is_not_marked(page: "Page") -> None:
    held: list[Route] = []
    page.route("**/s1/photo", lambda route: held.append(route))
    page.keyboard.press("d")
    until(page, "session.images.get('s0').state === 'done'")
    page.keyboard.press("d")
    page.keyboard.press("r")
    page.wait_for_timeout(200)
    assert page.evaluate("['s0', 's1', 's2'].map((stem) => session.images.get(stem).state)") == ["done", "new", "new"]
    for route in held:
        route.continue_()
    until(page, "editor.stem === 's1'")
    page.keyboard.press("d")
    until(page, "session.images.get('s1').state === 'done'")


def test_the_open_image_is_not_opened_again(page: "Page") -> None:
    paint(page)
    page.locator("#list .image").first.click()
    page.wait_for_timeout(200)
    assert page.evaluate("editor.mask.canUndo")


def test_nothing_is_accepted_on_an_image_that_is_covered(page: "Page", root: Path) -> None:
    (root / "images" / "s1.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    page.keyboard.press("PageDown")
    until(page, "!document.querySelector('#notice').hidden")
    page.evaluate("void (editor.tool.key = () => (window.taken = true))")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Enter")
    assert page.evaluate("window.taken") is None


def test_a_key_after_a_filter_was_chosen_is_a_key_of_the_page(page: "Page", root: Path) -> None:
    chosen = page.locator("#state-filter")
    chosen.click()
    chosen.select_option("new")
    page.keyboard.press("d")
    until(page, "editor.stem === 's1'")
    assert chosen.input_value() == "new"
    chosen.focus()  # by keyboard, every arrow is a choice, and the focus stays
    page.keyboard.press("ArrowDown")
    assert chosen.input_value() == "in work"
    assert page.evaluate("document.activeElement.id") == "state-filter"


def test_the_chosen_class_keeps_its_name(page: "Page", root: Path) -> None:
    move_down(page, "background")
    assert read_classes(root / "classes.json").names == ("line", "background", "ellipse")
    assert page.locator(".class[aria-checked=true] .name").inner_text() == "background"
    paint(page)
    until(page, SAVED)
    assert values(root) == {1, 255}


def test_other_names_and_colours_end_nothing(page: "Page", root: Path) -> None:
    paint(page)
    page.keyboard.press("c")
    page.get_by_label("Name of class 1").fill("ground")
    page.get_by_role("button", name="Save").click()
    until(page, "!document.querySelector('#class-editor[open]')")
    assert page.evaluate("editor.mask.canUndo")
    page.keyboard.press("2")
    paint(page, 100)
    until(page, SAVED)
    assert values(root) == {0, 1, 255}


def test_a_mask_of_old_numbers_is_never_put_over_one_of_new_numbers(page: "Page", root: Path) -> None:
    paint(page)
    until(page, SAVED)
    before = on_disk(root, "s0")
    assert before is not None
    page.route("**/s0/mask", lambda route: route.abort() if route.request.method == "GET" else route.continue_())
    move_down(page, "background")  # the mask is rewritten, but the page cannot read it again
    page.unroute_all()
    paint(page, 100)
    page.locator("dialog.conflict").wait_for()
    assert "classes were changed" in page.locator("dialog.conflict").inner_text()
    assert not page.get_by_role("button", name="Keep mine").count()
    np.testing.assert_array_equal(on_disk(root, "s0"), np.where(before == 0, np.uint8(1), before))


def test_the_class_editor_changes_the_classes_that_it_shows(page: "Page", root: Path) -> None:
    page.keyboard.press("c")
    write_classes(root / "classes.json", replace(CLASSES, names=("sky", "line", "ellipse")))
    page.evaluate("session.load()")  # as when another image is opened
    until(page, "session.classes[0].name === 'sky'")
    page.get_by_label("Name of class 2").fill("road")
    page.get_by_role("button", name="Save").click()
    until(page, "document.querySelector('.said').textContent.includes('changed elsewhere')")
    assert read_classes(root / "classes.json").names == ("sky", "line", "ellipse")


def test_keyboards_of_other_languages(page: "Page") -> None:
    named = """async (events) => {
        const { nameOf } = await import("/static/keys.js");
        return events.map((event) => nameOf(new KeyboardEvent("keydown", event)));
    }"""
    cases = {
        "[": {"key": "[", "code": "Digit8", "ctrlKey": True, "altKey": True},  # German, Windows
        "]": {"key": "]", "code": "Digit6", "altKey": True},  # German, macOS
        "ctrl+z": {"key": "я", "code": "KeyZ", "ctrlKey": True},  # Russian
        "ctrl+y": {"key": "y", "code": "KeyZ", "ctrlKey": True},  # German: as it is written
        "ctrl+shift+z": {"key": "Z", "code": "KeyZ", "ctrlKey": True, "shiftKey": True},
        "shift+o": {"key": "O", "code": "KeyO", "shiftKey": True},
        "?": {"key": "?", "code": "Minus", "shiftKey": True},
        "ö": {"key": "Ö", "code": "Semicolon"},
        "alt+d": {"key": "d", "code": "KeyD", "altKey": True},
        "ctrl+[": {"key": "[", "code": "BracketLeft", "ctrlKey": True},
    }
    assert page.evaluate(named, list(cases.values())) == list(cases)
