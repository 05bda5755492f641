"""What the annotation page shows and guards: classes that are hidden, alone or locked, and how the photo looks."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from prep.core.classes import write_classes
from tests.prep.annotate.page.annotating import HALF, Opened, dataset, mask_of, until
from tests.support import CLASSES, images_only

if TYPE_CHECKING:
    from playwright.sync_api import Page

ALPHA = """([x, y]) => {
    const canvas = document.querySelector("#overlay"), { scale, x: left, y: top } = editor.view.device;
    return canvas.getContext("2d").getImageData(left + (x + 0.5) * scale, top + (y + 0.5) * scale, 1, 1).data[3];
}"""


def shown(page: "Page") -> list[bool]:
    """Which of the three classes of HALF the overlay shows."""
    until(page, "editor.canvases.idle")
    return [page.evaluate(ALPHA, [x, 12]) > 0 for x in (4, 12, 20)]


def test_classes_are_hidden_shown_alone_and_back_again(tmp_path: Path, opened: Opened) -> None:
    page = opened(dataset(tmp_path / "d", masks=1))
    assert shown(page) == [True, True, True]
    page.keyboard.press("2")
    page.keyboard.press("i")
    assert shown(page) == [True, False, True]
    page.keyboard.press("3")
    page.keyboard.press("Shift+I")
    assert shown(page) == [False, False, True]
    page.keyboard.press("Shift+I")
    assert shown(page) == [True, False, True]
    page.reload()
    until(page, "window.editor?.mask")
    assert shown(page) == [True, False, True], "kept"
    page.keyboard.press("2")
    page.locator("#stage").click()  # nobody paints what nobody sees
    assert shown(page) == [True, True, True]
    page.keyboard.press("Control+z")
    page.get_by_role("button", name="Hide background").click(modifiers=["Shift"])
    assert shown(page) == [True, False, False]


def test_a_locked_class_is_not_painted_over_by_tools_erasers_or_proposals(tmp_path: Path, opened: Opened) -> None:
    page = opened(dataset(tmp_path / "d", masks=1))
    page.keyboard.press("2")
    page.keyboard.press("k")
    page.reload()
    until(page, "window.editor?.mask")
    line = HALF == 1
    everything = "Int32Array.from(Array.from({ length: 24 }, (_, y) => [y, 0, 32]).flat())"
    page.evaluate(f"editor.paint({everything}, 2)")
    np.testing.assert_array_equal(mask_of(page), np.where(line, 1, 2))
    page.evaluate(f"editor.accept([[0, {everything}]], null)")
    np.testing.assert_array_equal(mask_of(page), np.where(line, 1, 0))
    page.evaluate(f"editor.paint({everything}, 255)")
    np.testing.assert_array_equal(mask_of(page), np.where(line, 1, 255))
    steps = page.evaluate("editor.mask.steps")
    page.evaluate("editor.paint(Int32Array.of(3, 9, 12), 0)")
    assert page.locator("#message").text_content() == "All of that is of a locked class, so nothing changed."
    assert page.evaluate("editor.mask.steps") == steps
    page.get_by_role("button", name="Unlock line").click()
    page.evaluate("editor.paint(Int32Array.of(3, 9, 12), 0)")
    assert mask_of(page)[3, 10] == 0


def test_light_changes_the_view_alone_and_is_kept(tmp_path: Path, opened: Opened) -> None:
    page = opened(dataset(tmp_path / "d", masks=1))
    pixels = "Array.from(document.querySelector('#photo').getContext('2d').getImageData(0, 0, 300, 200).data)"
    until(page, "editor.canvases.idle")
    before = page.evaluate(pixels), mask_of(page)
    page.get_by_text("Light of the photo").click()
    page.locator("#brightness").fill("150")
    page.locator("#contrast").fill("80")
    look = "getComputedStyle(document.querySelector('#photo')).filter"
    assert page.evaluate(look) == "brightness(1.5) contrast(0.8)"
    assert (page.evaluate(pixels), mask_of(page).tolist()) == (before[0], before[1].tolist())
    assert page.evaluate("[editor.mask.canUndo, editor.saver.clean]") == [False, True]
    page.reload()
    until(page, "window.editor?.mask")
    assert page.evaluate(look) == "brightness(1.5) contrast(0.8)"
    page.get_by_role("button", name="As it is").click()
    assert page.evaluate(look) == "none"


def test_tools_start_at_a_size_that_fits_the_photo(tmp_path: Path, opened: Opened) -> None:
    root = tmp_path / "d"
    images_only(root, [(400, 800), (100, 160)])
    write_classes(root / "classes.json", CLASSES)
    page = opened(root)
    sizes = "['brush', 'eraser', 'superpixel'].map((name) => editor.tools.get(name).options[0].value)"
    assert page.evaluate(sizes) == [20, 20, 50]
    assert page.locator("#option-size").input_value() == "20"
    page.keyboard.press("]")
    page.keyboard.press("PageDown")
    until(page, "editor.stem === 's1'")
    assert page.evaluate(sizes) == [24, 4, 10], "what a person chose stays"
    page.reload()
    until(page, "window.editor?.mask")
    assert page.evaluate(sizes) == [24, 4, 10]
