"""The page in a real browser: what a person sees, does and downloads."""

import base64
import io
import json
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pillow_heif
import pytest
from numpy.typing import NDArray
from PIL import Image

from prep.images.overlay import color_mask, overlay
from prep.photos.photoio import read_photo
from tests.support import random_image, random_mask, save, smooth_image
from tests.train.serve.serving import CLASSES, decoded, service_of, serving, slowed
from train.windows.predictor import Predictor

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SHOWN = np.array([[0, 0, 0, 0], [230, 80, 60, 255], [20, 160, 90, 255]], np.uint8)
"""Colour and opacity of the classes on the mask's canvas: the background is not shown at first."""

READ_CANVAS = """(canvas) => {
    const { width, height } = canvas;
    return [width, height, Array.from(canvas.getContext('2d').getImageData(0, 0, width, height).data)];
}"""
MAKE_TRANSFER = """([name, base64]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    return transfer;
}"""

DISPATCH = """(transfer, name) => document.querySelector("main").dispatchEvent(
    name === "drop" ? new DragEvent(name, { dataTransfer: transfer, bubbles: true, cancelable: true })
                    : new ClipboardEvent(name, { clipboardData: transfer, bubbles: true }))"""


@pytest.fixture
def page(browser: "Browser", predictor: Predictor) -> Iterator["Page"]:
    """The page of a server; at the end, nothing may have gone wrong unseen, or have left this machine."""
    with (
        serving(service_of(predictor, max_upload=1)) as port,
        browser.new_context(viewport={"width": 1200, "height": 800}) as context,
    ):
        page = context.new_page()
        page.set_default_timeout(60_000)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: message.type != "error" or "status of 4" in message.text or
                faults.append(message.text))  # fmt: skip
        page.on("request", lambda request: re.match(rf"(http://127\.0\.0\.1:{port}/|blob:)", request.url) or
                faults.append(request.url))  # fmt: skip
        page.goto(f"http://127.0.0.1:{port}/")
        yield page
        assert not faults


def drop(page: "Page", photo: Path, event: str = "drop") -> None:
    """Drop or paste a file, as the browser would report it."""
    content = base64.b64encode(photo.read_bytes()).decode()
    transfer = page.evaluate_handle(MAKE_TRANSFER, [photo.name, content])
    transfer.evaluate(DISPATCH, event)


def wait_for_mask(page: "Page") -> None:
    page.wait_for_selector("#panel:visible, #error:visible")
    assert page.locator("#error").is_hidden(), page.locator("#error").text_content()


def canvas(page: "Page", name: str) -> NDArray[np.uint8]:
    """(H, W, 4) of the photo's or the mask's canvas."""
    width, height, data = page.locator(f"#{name}").evaluate(READ_CANVAS)
    return np.array(data, np.uint8).reshape(height, width, 4)


def download(page: "Page", button: str) -> tuple[str, bytes]:
    """The name and content of the file that a button gives."""
    with page.expect_download() as started:
        page.get_by_role("button", name=button).click()
    return started.value.suggested_filename, Path(started.value.path()).read_bytes()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A JPEG that stands on its side, as phones store it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return save(tmp_path / "beach.day.jpg", smooth_image(50, 70), exif=exif, quality=95)


def test_from_a_dropped_photo_to_its_downloads(page: "Page", photo: Path, predictor: Predictor) -> None:
    image = read_photo(photo)
    mask = predictor(image)
    assert set(np.unique(mask)) >= {0, 2}, "a mask of one class could not show a mistake"
    drop(page, photo)
    wait_for_mask(page)

    assert np.abs(canvas(page, "photo")[..., :3].astype(int) - image).mean() < 3, "the photo is not upright"
    np.testing.assert_array_equal(canvas(page, "mask"), SHOWN[mask])
    assert page.get_by_role("status").text_content().startswith("beach.day.jpg: 50 × 70 pixels, labelled in ")
    shares = [f"{100 * np.mean(mask == index):.1f} %" for index in range(3)]
    assert page.locator("#classes .name").all_text_contents() == list(CLASSES.names)
    assert page.locator("#classes .share").all_text_contents() == shares

    assert float(page.locator("#mask").evaluate("mask => getComputedStyle(mask).opacity")) == 0.5
    page.get_by_role("slider", name="Opacity of the mask").fill("80")
    assert float(page.locator("#mask").evaluate("mask => getComputedStyle(mask).opacity")) == 0.8
    assert page.locator("#opacity-text").text_content() == "80 %"

    name, data = download(page, "Mask class indices")
    assert name == "beach.day-mask.png"
    np.testing.assert_array_equal(decoded(data), mask)
    name, data = download(page, "Colour mask")
    with Image.open(io.BytesIO(data)) as picture:
        np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), color_mask(mask, CLASSES))
    assert name == "beach.day-colors.png"
    name, data = download(page, "Overlay")
    with Image.open(io.BytesIO(data)) as picture:
        shown = canvas(page, "photo")[..., :3]
        expected = overlay(shown, mask, CLASSES, 0.8)
        assert np.abs(np.asarray(picture.convert("RGB")).astype(int) - expected).max() <= 2
    name, data = download(page, "JSON")
    answer = json.loads(data)
    assert name == "beach.day.json"
    assert [entry["pixels"] for entry in answer["classes"]] == [int((mask == index).sum()) for index in range(3)]


def test_classes_are_shown_and_hidden_by_mouse_and_keyboard(page: "Page", photo: Path, predictor: Predictor) -> None:
    mask = predictor(read_photo(photo))
    drop(page, photo, "paste")
    wait_for_mask(page)
    tree = page.get_by_role("button", name=re.compile("^tree"))
    assert tree.get_attribute("aria-pressed") == "true"
    tree.click()
    assert tree.get_attribute("aria-pressed") == "false"
    hidden = SHOWN * np.array([[1], [1], [0]], np.uint8)
    np.testing.assert_array_equal(canvas(page, "mask"), hidden[mask])
    background = page.get_by_role("button", name=re.compile("^background"))
    assert background.get_attribute("aria-pressed") == "false"
    background.focus()
    page.keyboard.press("Space")
    hidden[0, 3] = 255
    np.testing.assert_array_equal(canvas(page, "mask"), hidden[mask])


def test_the_photo_alone_while_a_key_or_the_mouse_is_held(page: "Page", photo: Path) -> None:
    drop(page, photo)
    wait_for_mask(page)
    mask = page.locator("#mask")
    page.get_by_role("button", name="Hold to see the photo alone").focus()
    assert mask.is_visible()
    for press, release in (
        (lambda: page.keyboard.down("Space"), lambda: page.keyboard.up("Space")),
        (page.mouse.down, page.mouse.up),
    ):
        page.locator("#figure").hover()
        press()
        assert mask.is_hidden()
        release()
        assert mask.is_visible()


def test_a_kind_that_the_browser_cannot_show(page: "Page", predictor: Predictor, tmp_path: Path) -> None:
    photo = tmp_path / "phone.heic"
    pillow_heif.from_pillow(Image.fromarray(smooth_image(64, 80))).save(photo)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a photo").press("Enter")
    chooser.value.set_files(photo)
    wait_for_mask(page)
    image = read_photo(photo)
    assert np.abs(canvas(page, "photo")[..., :3].astype(int) - image).mean() < 3
    np.testing.assert_array_equal(canvas(page, "mask"), SHOWN[predictor(image)])
    assert page.evaluate("document.activeElement.id") == "another", "the keyboard lost its place"


def test_errors_stand_on_the_page_and_the_next_photo_works(page: "Page", photo: Path, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no photo")
    for bad, words in ((text, "This file is no photo"), (save_large(tmp_path), "the limit here is 1 MB")):
        drop(page, bad)
        page.wait_for_selector("#error:visible")
        assert words in page.get_by_role("alert").text_content()
        assert page.get_by_role("button", name="Choose a photo").is_visible()
        assert page.locator("#panel").is_hidden()
        page.evaluate("document.getElementById('error').hidden = true")
    drop(page, photo)
    wait_for_mask(page)


def save_large(folder: Path) -> Path:
    """A file beyond the size limit, which the page does not even send."""
    path = folder / "large.jpg"
    path.write_bytes(bytes(1_000_001))
    return path


def png_of_all_filters(mask: NDArray[np.uint8]) -> bytes:
    """A PNG whose rows take the five filters in turn (PNG standard, section 9)."""
    padded = np.pad(mask.astype(int), ((1, 0), (1, 0)))
    rows = b""
    for y in range(len(mask)):
        left, above, corner = padded[y + 1, :-1], padded[y, 1:], padded[y, :-1]
        distance = np.abs([above - corner, left - corner, left + above - 2 * corner])
        paeth = np.choose(distance.argmin(0), [left, above, corner])
        predicted = (0 * left, left, above, (left + above) // 2, paeth)[y % 5]
        rows += bytes([y % 5]) + ((mask[y] - predicted) % 256).astype(np.uint8).tobytes()
    header = struct.pack(">IIBBBBB", mask.shape[1], len(mask), 8, 0, 0, 0, 0)
    half = zlib.compress(rows)
    chunks = [(b"IHDR", header), (b"tEXt", b"a\0b"), (b"IDAT", half[:9]), (b"IDAT", half[9:]), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def test_masks_are_read_whatever_filters_their_png_has(page: "Page") -> None:
    for mask in (random_mask(0, 40, 61), random_image(1, 33, 40)[..., 0]):
        data = png_of_all_filters(mask)
        np.testing.assert_array_equal(decoded(data), mask)  # Pillow reads it so
        found = page.evaluate(
            """async (content) => {
                const { decodeMask } = await import("/static/png.js");
                const { bytesOf } = await import("/static/server.js");
                const { width, height, pixels } = await decodeMask(bytesOf(content));
                return [height, width, Array.from(pixels)];
            }""",
            base64.b64encode(data).decode(),
        )
        assert tuple(found[:2]) == mask.shape
        np.testing.assert_array_equal(np.array(found[2], np.uint8).reshape(mask.shape), mask)


def test_large_masks_are_averaged_for_the_screen(page: "Page") -> None:
    mask = random_mask(3, 60, 90)
    found = page.evaluate(
        """async ([pixels, colors]) => {
            const { paintMask } = await import("/static/paint.js");
            const mask = { width: 90, height: 60, pixels };
            return Array.from(paintMask(mask, colors, [false, true, true], 30, 20).data);
        }""",
        [mask.ravel().tolist(), [list(color) for color in CLASSES.colors]],
    )
    blocks = SHOWN[mask].astype(float).reshape(20, 3, 30, 3, 4)
    alpha = blocks[..., 3].mean((1, 3))
    painted = blocks[..., :3].sum((1, 3)) / np.maximum(1, (blocks[..., 3] > 0).sum((1, 3)))[..., None]
    np.testing.assert_allclose(np.array(found).reshape(20, 30, 4), np.dstack([painted, alpha]), atol=0.51)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_window_needs_no_sideways_scrolling(
    scheme: str,
    browser: "Browser",
    predictor: Predictor,
    photo: Path,
    tmp_path: Path,
) -> None:
    with (
        serving(service_of(predictor)) as port,
        browser.new_context(viewport={"width": 340, "height": 700}, color_scheme=scheme) as context,
    ):
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        page.locator("summary").click()
        drop(page, photo)
        wait_for_mask(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 340
        page.screenshot(path=tmp_path / "narrow.png", full_page=True)
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", background))) < 384) == (scheme == "dark")


def test_while_it_works_the_photo_and_the_progress_are_there(
    browser: "Browser",
    predictor: Predictor,
    tmp_path: Path,
) -> None:
    slow_predictor, slow = slowed(predictor, waits=True)
    tall = save(tmp_path / "tall.png", smooth_image(600, 60))
    with serving(service_of(slow_predictor)) as port, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        drop(page, tall)
        bar = page.get_by_role("progressbar")
        bar.wait_for()
        np.testing.assert_array_equal(canvas(page, "photo")[..., :3], smooth_image(600, 60))
        assert page.get_by_role("status").text_content() == "Labelling the photo …"
        page.wait_for_selector("#busy.known")
        assert bar.get_attribute("aria-valuenow") == "0"
        slow.go_on.set()
        wait_for_mask(page)
        assert bar.is_hidden()
