"""A browser on the page of a dataset, for the tests of the annotation page."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.prep.annotate.page.annotating import Opened, annotating, open_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def opened(browser: "Browser") -> Iterator[Opened]:
    """Opens the page of a dataset; at the end, no script may have failed."""
    faults: list[str] = []
    ends = []

    def open_dataset(root: Path) -> "Page":
        server = annotating(root)
        context = browser.new_context(viewport={"width": 1100, "height": 700})
        ends.extend([context.close, lambda: server.__exit__(None, None, None)])
        return open_page(context, server.__enter__(), faults)

    yield open_dataset
    for end in ends:
        end()
    assert not faults
