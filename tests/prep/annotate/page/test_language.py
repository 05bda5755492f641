"""The annotation page in German."""

from pathlib import Path
from typing import TYPE_CHECKING

from tests.prep.annotate.page.annotating import annotating, dataset, open_page, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser

STILL_ENGLISH = """async () => {
    const { TEXTS } = await import("/static/texts.js");
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const words = [];
    while (walker.nextNode()) words.push(walker.currentNode.data.trim());
    for (const name of ["aria-label", "placeholder", "data-tip"]) {
        words.push(...[...document.querySelectorAll(`[${name}]`)].map((each) => each.getAttribute(name)));
    }
    return words.filter((each) => each in TEXTS.de && TEXTS.de[each] !== each);
}"""

ASKED_IN_VAIN = """async () => {
    const { api } = await import("/static/api.js");
    return api.mask("nobody").catch((error) => error.message);
}"""


def test_german_where_the_browser_asks_for_it_and_english_on_demand(browser: "Browser", tmp_path: Path) -> None:
    root = dataset(tmp_path / "d", masks=1)
    faults: list[str] = []
    with annotating(root) as port, browser.new_context(locale="de-AT") as context:
        page = open_page(context, port, faults)
        assert page.evaluate("document.documentElement.lang") == "de"
        assert page.locator("#done-count").text_content() == "0 von 3 fertig"
        for key in ("p", "?"):
            page.keyboard.press(key)
        assert page.locator("#help h2").first.text_content() == "Tasten und Maus"
        assert page.evaluate(STILL_ENGLISH) == []
        assert "Strg" in page.locator("#help").inner_text()
        assert page.evaluate(ASKED_IN_VAIN) == "In diesem Datensatz ist kein Bild 'nobody'."
        page.keyboard.press("Escape")
        page.keyboard.press("c")
        until(page, "document.querySelector('#class-editor[open] .row')")
        assert page.evaluate(STILL_ENGLISH) == []
        page.keyboard.press("Escape")
        page.keyboard.press("Control+s")
        until(page, "document.querySelector('#message').textContent.startsWith('Alles ist gespeichert')")
        page.keyboard.press("?")
        with page.expect_navigation():
            page.get_by_label("Sprache").select_option("English")
        until(page, "document.documentElement.lang === 'en' && window.editor?.mask")
        assert page.locator("#done-count").text_content() == "0 of 3 done"
        page.reload()
        until(page, "document.documentElement.lang === 'en'")
    assert not faults
