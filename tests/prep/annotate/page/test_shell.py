"""The annotation page around the stage, in a real browser: list, palette, class editor, keys, and what it says."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from prep.core.classes import read_classes, write_classes
from prep.images.imageio import read_mask, write_png
from tests.prep.annotate.page.annotating import HALF, Opened, dataset, until
from tests.support import CLASSES, images_only

if TYPE_CHECKING:
    from playwright.sync_api import Page


def states(root: Path) -> dict[str, str]:
    with (root / "states.csv").open(newline="") as file:
        return dict(row for row in csv.reader(file) if row[0] != "stem")


def names_in(page: "Page") -> list[str]:
    return page.locator("#list .stem").all_text_contents()


def test_a_dataset_without_classes_begins_with_the_class_editor(tmp_path: Path, opened: Opened) -> None:
    root = tmp_path / "d"
    images_only(root, [(24, 32)])
    page = opened(root)
    until(page, "document.activeElement.matches('#class-editor input')")
    page.get_by_role("button", name="Later").click()
    page.locator("#stage").click()  # with no class to paint, nothing is painted: it asks for one
    until(page, "document.activeElement.matches('#class-editor input')")
    assert page.evaluate("[editor.value, editor.mask.canUndo, editor.saver.state]") == [255, False, "saved"]
    page.get_by_role("button", name="Later").click()
    page.get_by_role("button", name="Name the classes").click()
    until(page, "document.activeElement.matches('#class-editor input')")
    page.keyboard.press("Enter")
    assert page.locator(".said").inner_text() == "Give every class a name."
    for name in ("road", "sky", "sky", ""):  # Enter goes on to the next one, and at last saves
        page.keyboard.type(name)
        page.keyboard.press("Enter")
    assert page.locator(".said").inner_text() == "Two classes are called sky."
    page.keyboard.type("tree")  # the second one has the focus and is selected
    page.keyboard.press("Control+Enter")
    until(page, "!document.querySelector('dialog[open]')")
    assert read_classes(root / "classes.json").names == ("road", "sky", "tree")
    assert page.locator("#classes .name").all_inner_texts() == ["road", "sky", "tree", "Unlabelled"]
    assert page.evaluate("editor.value") == 0
    page.keyboard.press("2")
    page.locator("#stage").click()
    until(page, "editor.saver.state === 'saved' && editor.mask.canUndo")
    assert 1 in read_mask(root / "masks/s0.png")


def test_order_and_removal_of_classes(tmp_path: Path, opened: Opened) -> None:
    root = dataset(tmp_path / "d", masks=2)
    (root / "stats.json").write_text("{}")
    page = opened(root)
    for key in ("1", *"[[[[[["):
        page.keyboard.press(key)
    page.locator("#stage").click()  # a stroke of the old numbers, which cannot be undone later
    until(page, "editor.saver.state === 'saved' && editor.mask.canUndo")
    before = [read_mask(root / f"masks/s{number}.png") for number in range(2)]
    line = sum(int((mask == 1).sum()) for mask in before)
    page.keyboard.press("c")
    page.get_by_label("Move up ellipse").click()
    page.get_by_label("Move up ellipse").click()
    page.get_by_label("Remove line").click()
    until(page, "document.querySelector('.said').textContent.startsWith('Saving rewrites up to 2 masks')")
    page.get_by_role("button", name="Save").click()
    question = page.get_by_label(f"2 images have {line} px of line. They become")
    question.wait_for()
    assert [read_mask(root / f"masks/s{number}.png").tolist() for number in range(2)] == [m.tolist() for m in before]
    assert page.get_by_role("button", name="Save").is_disabled()
    assert question.locator("option").all_inner_texts() == ["choose …", "ellipse", "background", "unlabelled"]
    question.select_option("background")
    page.get_by_role("button", name="Save").click()
    until(page, "!document.querySelector('dialog[open]')")
    new = {0: 1, 1: 1, 2: 0, 255: 255}
    for number, mask in enumerate(before):
        expected = [[new[value] for value in row] for row in mask.tolist()]
        assert read_mask(root / f"masks/s{number}.png").tolist() == expected
    assert read_classes(root / "classes.json").names == ("ellipse", "background")
    assert not (root / "stats.json").exists()
    until(page, "document.querySelector('#message').textContent === '2 masks have the new classes.'")
    until(page, "!editor.mask.canUndo && editor.mask.pixels[0] === 1")
    assert page.locator(".class[aria-checked=true] .name").inner_text() == "background"  # chosen as before
    page.keyboard.press("1")
    page.locator("#stage").click()  # and labelling goes on with the new numbers
    until(page, "editor.saver.state === 'saved' && editor.mask.canUndo")


def test_done_filters_and_the_place_that_is_kept(tmp_path: Path, opened: Opened) -> None:
    root = dataset(tmp_path / "d", masks=1, count=4)
    page = opened(root)
    page.keyboard.press("d")
    until(page, "editor.stem === 's1'")
    page.keyboard.press("r")
    until(page, "editor.stem === 's2'")
    assert states(root) == {"s0": "done", "s1": "rejected"}
    assert page.locator("#done-count").inner_text() == "1 of 3 done"
    assert page.locator("#rest-count").inner_text() == "1 rejected"
    page.locator("#state-filter").select_option(label="Done (1)")
    assert names_in(page) == ["s0", "s2"]  # the open one stays in sight
    page.locator("#state-filter").select_option("")
    page.locator("#class-filter").select_option(label="line (1)")
    assert names_in(page) == ["s0", "s2"]
    page.locator("#find").fill("nothing")
    assert page.locator("#no-match").is_visible()
    page.locator("#find").fill("")
    page.get_by_text("s0", exact=True).click()
    until(page, "editor.stem === 's0'")
    assert names_in(page) == ["s0"]
    for key in ("p", "3", "u", "o"):
        page.keyboard.press(key)
    page.reload()
    until(page, "window.editor?.stem === 's0'")
    kept = page.evaluate(
        "[editor.tool.constructor.id, editor.value, editor.only, document.querySelector('#opacity').value]"
    )
    assert kept == ["polygon", 2, 255, "60"]
    assert names_in(page) == ["s0"]
    assert page.locator("#class-filter").input_value() == "1"
    assert page.locator("#list [data-stem=s0] .about").inner_text().startswith("Done · ")
    assert page.get_by_role("button", name="Done: take it back").is_visible()
    page.keyboard.press("d")  # pressed again, it is taken back
    until(page, "session.images.get('s0').state === 'in work'")


def test_keys_reach_the_page_only_when_they_are_meant_for_it(tmp_path: Path, opened: Opened) -> None:
    page = opened(dataset(tmp_path / "d"))
    page.locator("#find").click()
    page.keyboard.type("pexd")
    assert page.evaluate("[editor.tool.constructor.id, editor.value]") == ["brush", 0]
    assert page.locator("#find").input_value() == "pexd"
    page.keyboard.press("Escape")
    page.keyboard.press("p")  # Escape gives the keys back to the page
    assert page.evaluate("[editor.tool.constructor.id, document.querySelector('#find').value]") == ["polygon", ""]
    page.keyboard.press("b")
    page.locator("#find").fill("2")
    page.keyboard.press("Enter")  # opens what was found
    until(page, "editor.stem === 's2'")
    page.keyboard.press("l")
    assert page.evaluate("[editor.tool.constructor.id, document.querySelector('#find').value]") == ["lasso", "2"]
    page.keyboard.press("b")
    page.locator("#find").click()
    page.keyboard.press("Escape")
    page.locator("#fit").click()
    page.keyboard.press("q")
    assert not page.locator("#panel").is_visible()
    page.keyboard.press("q")
    page.keyboard.press("Space")
    page.keyboard.down("h")
    assert not page.locator("#overlay").is_visible()
    page.keyboard.up("h")
    assert page.locator("#overlay").is_visible()
    size = page.evaluate("editor.tool.options[0].value")
    page.keyboard.press("]")
    assert page.evaluate("editor.tool.options[0].value") > size
    page.keyboard.press("x")
    assert page.locator(".class[aria-checked=true] .name").inner_text() == "Unlabelled"
    page.keyboard.press("?")
    told = page.locator("#help").inner_text()
    shown = "[...document.querySelectorAll('.tool:not([hidden])')]"
    tools = page.evaluate(f"{shown}.map((tool) => [tool.ariaLabel, tool.dataset.keys])")
    assert all(title in told for title, _ in tools)
    assert len({key for _, key in tools}) == len(tools)
    page.keyboard.press("Escape")
    acting = """async () => {
        const { actionOf } = await import("/static/keys.js");
        const tools = [...editor.tools.values()].map((tool) => tool.constructor);
        const keys = [..."n1xuc[]+-fzho?dqikjtv", ...tools.map(({ key }) => key), "PageDown", "PageUp", "ArrowLeft"];
        return keys.filter((key) => !actionOf(new KeyboardEvent("keydown", { key }), tools));
    }"""
    assert page.evaluate(acting) == []
    nameless = """[...document.querySelectorAll("button, input, select")].filter((element) => !(element.ariaLabel
        || element.textContent.trim() || element.labels?.length)).map((element) => element.outerHTML)"""
    assert page.evaluate(nameless) == []


FOCUSED = """() => {
    const { ariaLabel, id, labels, textContent } = document.activeElement;
    return ariaLabel || labels?.[0]?.textContent.trim() || textContent.trim() || id;
}"""


def test_tab_reaches_tools_and_classes_by_name(tmp_path: Path, opened: Opened) -> None:
    page = opened(dataset(tmp_path / "d", masks=1))
    until(page, "document.activeElement.id === 'stage'")
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
    assert reached[:2] == ["Brush", "Size []"]
    assert reached[2] == "Edit the classes"
    assert reached[3].startswith("1background")
    assert reached[4:6] == ["Hide background; with Shift, show it alone", "Lock background: no tool changes it"]
    assert [words[:12] for words in reached[6:9]] == ["Only unlabel", "Learn from s", "NoteJ"]
    page.locator(".tool[aria-checked=true]").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("editor.tool.constructor.id") == "eraser"
    page.locator(".class[aria-checked=true]").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("editor.value") == 1


def test_keys_can_be_changed_and_changed_back(tmp_path: Path, opened: Opened) -> None:
    page = opened(dataset(tmp_path / "d"))
    page.keyboard.press("?")
    said = page.locator("#help footer p")

    def choose(what: str, key: str) -> None:
        page.get_by_role("button", name=what).click()
        page.keyboard.press(key)

    choose("Polygon: P", "k")
    assert said.text_content() == "K is taken: Lock, or unlock. Choose another key, or change that one first."
    choose("Polygon: P", "Control+p")
    assert said.text_content() == "This key has to stay what it is. Choose a letter or a sign."
    choose("Polygon: P", "Escape")
    choose("Polygon: P", ";")
    choose("Photo alone, while held: H", ",")
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    assert page.evaluate("editor.tool.constructor.id") == "brush"
    page.keyboard.press(";")
    assert page.evaluate("editor.tool.constructor.id") == "polygon"
    assert page.locator("#options h2 kbd").text_content() == ";"
    assert page.locator("#alone kbd").text_content() == "hold ,"
    page.reload()
    until(page, "window.editor?.mask")
    page.keyboard.press("b")
    page.keyboard.press(";")
    assert page.evaluate("editor.tool.constructor.id") == "polygon", "kept"
    page.keyboard.down(",")
    assert not page.locator("#overlay").is_visible()
    page.keyboard.up(",")
    assert page.locator("#overlay").is_visible()
    page.keyboard.press("?")
    page.get_by_role("button", name="The usual keys again").click()
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.keyboard.press("p")
    assert page.evaluate("editor.tool.constructor.id") == "polygon"


def test_an_image_that_cannot_be_read_is_told_and_can_be_rejected(tmp_path: Path, opened: Opened) -> None:
    root = dataset(tmp_path / "d")
    (root / "images/s1.png").write_bytes((root / "images/s1.png").read_bytes()[:60])
    page = opened(root)
    page.keyboard.press("PageDown")
    until(page, "!document.querySelector('#notice').hidden")
    assert "s1 cannot be opened" in page.locator("#notice").inner_text()
    page.locator("#reject").click()
    until(page, "editor.stem === 's2'")
    assert states(root) == {"s1": "rejected"}
    assert page.locator("#notice").is_hidden()


def test_the_mask_of_the_image_before_is_copied_where_nothing_is_labelled(tmp_path: Path, opened: Opened) -> None:
    root = tmp_path / "d"
    images_only(root, [(24, 32), (24, 32), (24, 33)])
    write_classes(root / "classes.json", CLASSES)
    (root / "masks").mkdir()
    write_png(root / "masks/s0.png", HALF)
    page = opened(root)
    message = page.locator("#message")
    page.keyboard.press("v")
    until(page, "document.querySelector('#message').textContent.startsWith('There is no image before')")
    page.keyboard.press("PageDown")
    until(page, "editor.stem === 's1'")
    page.evaluate("editor.paint(Int32Array.of(0, 0, 10), 2)")
    page.keyboard.press("v")
    until(page, "document.querySelector('#message').textContent.startsWith('Copied from s0')")
    page.keyboard.press("Control+s")
    until(page, "document.querySelector('#message').textContent.startsWith('All is saved')")
    expected = HALF.copy()
    expected[0, :10] = 2
    np.testing.assert_array_equal(read_mask(root / "masks/s1.png"), expected)
    page.keyboard.press("Control+z")
    page.keyboard.press("PageDown")
    until(page, "editor.stem === 's2'")
    page.keyboard.press("v")
    until(page, "document.querySelector('#message').textContent.includes('not copied')")
    assert message.text_content() == "The mask of s1 has 32 x 24 pixels, this image 33 x 24: not copied."
    copied = read_mask(root / "masks/s1.png")
    assert (copied[0, :10] == 2).all()
    assert (copied[1:] == 255).all(), "undone as one step"
