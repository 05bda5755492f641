"""The network that is trained in the background, on the annotation page in a real browser."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from prep.annotate.network.network import Network
from tests.prep.annotate.network.fake_package import FakeTrainer
from tests.prep.annotate.network.training import install_trainer, noise, noisy
from tests.prep.annotate.page.annotating import annotating, open_page, until
from tests.support import load

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def starts(selector: str, words: str) -> str:
    return f"document.querySelector('{selector}').textContent.startsWith('{words}')"


def test_a_network_is_trained_takes_over_and_is_accepted(
    browser: "Browser", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainings = install_trainer(tmp_path / "other", monkeypatch)
    root, faults = noisy(tmp_path / "campus", 6, labelled=4).root, []
    with (
        annotating(root, network=lambda store: Network(store, FakeTrainer())) as port,
        browser.new_context(viewport={"width": 1000, "height": 700}) as context,
    ):
        page = open_page(context, port, faults)
        until(page, "document.querySelector('#order').options.length === 2")
        page.keyboard.press("t")
        page.get_by_text("Train a network").click()
        until(page, starts("#training", "Training: epoch 4, val mIoU 0.50, 72 s left."))
        assert page.locator("#trained i").evaluate("(bar) => bar.style.width") == "40%"
        page.reload()
        until(page, starts("#training", "Training: epoch 4"))
        assert page.locator("#train").is_checked()
        trainings.end("error")
        until(page, starts("#training", "The training failed: there is nothing here to learn"))
        trainings.end("good")
        page.get_by_role("button", name="Try again").click()
        until(page, starts("#verdict", "Mean IoU on 1 held-out photo: network 1.00, strokes 0."))
        until(page, starts("#learning", "Hatched: proposed by the network."))
        assert page.locator("#train-again").is_hidden()
        assert "The network proposes." in page.locator("#message").text_content()
        assert page.evaluate("[...document.querySelector('#order').options].map(({ value }) => value)").count(
            "uncertainty"
        )
        page.evaluate("editor.paint(Int32Array.of(0, 0, 64), 2)")
        page.keyboard.press("Enter")
        until(page, "editor.mask.pixels.every((value) => value !== 255) && editor.saver.clean")
        stem = page.evaluate("editor.stem")
        expected = noise(int(stem[1:])).argmax(axis=2)
        expected[0] = 2
        np.testing.assert_array_equal(load(root / "masks" / f"{stem}.png"), expected, "by hand is never overwritten")
        page.get_by_role("radio", name="Strokes").click()
        until(page, "!document.querySelector('#learning').textContent.includes('by the network')")
        page.reload()
        until(page, "document.querySelector('#proposes [aria-checked=true]')?.textContent === 'Strokes'")
        page.get_by_text("Train a network").click()
        until(page, "document.querySelector('#proposes').hidden && session.dataset.model === null")
    assert not faults


def test_the_switch_is_not_there_where_nothing_trains(browser: "Browser", tmp_path: Path) -> None:
    root, faults = noisy(tmp_path / "campus", 2).root, []
    with annotating(root) as port, browser.new_context() as context:
        page = open_page(context, port, faults)
        assert page.get_by_text("Learn from strokes").is_visible()
        assert page.get_by_text("Train a network").is_hidden()
    assert not faults
