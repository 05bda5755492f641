"""Names of classes and files that are markup show as the text that they are, on the annotation page and in reports."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from prep.core.classes import ClassMap, write_classes
from prep.dataset.index import Sample, write_index
from tests.prep.annotate.page.annotating import annotating, open_page, until
from tests.support import random_image, run_ok, save

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

MARKUP = '<img src=x onerror="window.spoiled=1">'
QUOTES = "\"'><script>window.spoiled=1<'"
NAMES = ("background", MARKUP, QUOTES)
STEMS = ("'\"><img src=x onerror=window.spoiled=1>", "<svg onload=window.spoiled=1>", "{{ 7 * 7 }} &lt;b&gt;")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A dataset of such names, with masks of all classes."""
    folder = tmp_path / "<i>d"
    for number, stem in enumerate(STEMS):
        save(folder / "images" / f"{stem}.png", random_image(number, 24, 32))
        save(folder / "masks" / f"{stem}.png", np.arange(24 * 32, dtype=np.uint8).reshape(24, 32) % 3)
    samples = [Sample(stem, f"images/{stem}.png", f"masks/{stem}.png", 32, 24, "", "train") for stem in STEMS]
    write_index(folder / "index.csv", samples)
    write_classes(folder / "classes.json", ClassMap(NAMES, ((0, 0, 0), (200, 30, 30), (30, 200, 30))))
    return folder


@pytest.fixture
def context(browser: "Browser") -> Iterator["BrowserContext"]:
    with browser.new_context(viewport={"width": 1100, "height": 700}) as opened:
        yield opened


def assert_unspoiled(page: "Page") -> None:
    assert page.evaluate("window.spoiled") is None
    assert page.evaluate("document.querySelectorAll('[onerror], [onload], img[src=x]').length") == 0


def test_the_page_shows_them_and_runs_nothing(root: Path, context: "BrowserContext") -> None:
    faults: list[str] = []
    with annotating(root) as port:
        page = open_page(context, port, faults)
        assert sorted(page.locator("#list .stem").all_text_contents()) == sorted(STEMS)
        shown = page.locator("#classes").text_content() or ""
        assert all(name in shown for name in NAMES)
        for place in range(len(STEMS)):
            page.locator("#list .stem").nth(place).click()
            until(page, "window.editor?.mask")
            assert_unspoiled(page)
        page.keyboard.press("c")
        until(page, "document.querySelector('#class-editor input')")
        fields = page.locator("#class-editor input").evaluate_all("(found) => found.map((each) => each.value)")
        assert set(NAMES) <= set(fields)
        assert_unspoiled(page)
    assert not faults


def test_the_report_shows_them_and_runs_nothing(root: Path, context: "BrowserContext") -> None:
    run_ok("report", root)
    page = context.new_page()
    page.goto((root / "report.html").as_uri())
    shown = page.locator("body").text_content() or ""
    assert all(name in shown for name in (*NAMES, *STEMS))
    assert_unspoiled(page)
