"""Fill, superpixel and live-wire over HTTP and in a real browser."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from flask.testing import FlaskClient
from numpy.typing import NDArray
from skimage.draw import disk

import prep.annotate.regions.finder as finder_module
from prep.annotate.app import annotate_app
from prep.annotate.regions.edges import Wire, level_for
from prep.annotate.regions.fill import fill_from
from prep.annotate.regions.spans import mask_of
from prep.annotate.regions.superpixels import superpixels_of
from prep.annotate.store.store import AnnotationStore
from prep.core.classes import write_classes
from prep.dataset.index import Sample, write_index
from prep.images.polygons import fill_polygon
from tests.prep.annotate.page.annotating import annotating, open_page, until
from tests.support import CLASSES, images_only, load, save

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

HEIGHT, WIDTH = 300, 400
CENTRE, RADIUS = (150, 220), 90


def photo() -> NDArray[np.uint8]:
    """A disc on a background, both with a little noise."""
    image = np.full((HEIGHT, WIDTH, 3), (70, 100, 60), np.uint8)
    image[disk(CENTRE, RADIUS)] = (190, 180, 160)
    noise = np.random.default_rng(0).integers(-6, 7, image.shape)
    return (image + noise).clip(0, 255).astype(np.uint8)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    images_only(tmp_path / "campus", [(HEIGHT, WIDTH)])
    save(tmp_path / "campus" / "images" / "s0.png", photo())
    write_classes(tmp_path / "campus" / "classes.json", CLASSES)
    return tmp_path / "campus"


@pytest.fixture
def client(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    monkeypatch.setattr(finder_module, "_PATIENCE", 600)  # however slow this machine is
    store = AnnotationStore(root)
    yield annotate_app(store, only_here=True).test_client()
    store.close()


def numbers(data: bytes, each: int) -> NDArray[np.int32]:
    return np.frombuffer(data, "<i4").reshape(-1, each)


# Over HTTP.


def test_answers_are_those_of_the_library(client: FlaskClient, root: Path) -> None:
    mask = np.full((HEIGHT, WIDTH), 255, np.uint8)
    mask[:, 200] = 1
    save(root / "masks" / "s0.png", mask)
    fill = client.get("/api/images/s0/region?tool=fill&x=240.7&y=150.2&tolerance=12")
    assert np.array_equal(numbers(fill.data, 3), fill_from(photo(), mask, 240, 150, 12))
    superpixel = client.get("/api/images/s0/region?tool=superpixel&x=100&y=40&size=24")
    assert np.array_equal(numbers(superpixel.data, 3), superpixels_of(photo(), 24).at(100, 40))
    edge = client.get("/api/images/s0/edge?ax=130&ay=150&x=310&y=150")
    assert np.array_equal(numbers(edge.data, 2), Wire(photo(), (130, 150), 0).to((310, 150)))


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("region?tool=fill&x=400&y=0&tolerance=1", 400, "(400, 0) lies outside this image of 400 x 300 pixels"),
        ("region?tool=fill&x=0&y=-0.5&tolerance=1", 400, "(0, -1) lies outside"),
        ("region?tool=fill&x=0&y=0&tolerance=101", 400, "tolerance=NUMBER with a number from 0 to 100"),
        ("region?tool=fill&x=0&y=0", 400, "tolerance=NUMBER"),
        ("region?tool=fill&x=nan&y=0&tolerance=1", 400, "x=NUMBER"),
        ("region?tool=fill&x=inf&y=0&tolerance=1", 400, "x=NUMBER"),
        ("region?tool=fill&x=1e300&y=0&tolerance=1", 400, "x=NUMBER"),
        ("region?tool=superpixel&x=0&y=0&size=7", 400, "size=NUMBER with a number from 8 to 400"),
        ("region?tool=superpixel&x=0&y=0&size=401", 400, "from 8 to 400"),
        ("region?tool=magic&x=0&y=0", 400, "'fill' or 'superpixel'"),
        ("region", 400, "'fill' or 'superpixel'"),
        ("edge?ax=0&ay=0&x=1&y=300", 400, "(1, 300) lies outside"),
        ("edge?ax=400&ay=0&x=1&y=30", 400, "(400, 0) lies outside"),
        ("edge?ax=0&ay=0&x=1", 400, "y=NUMBER"),
    ],
)
def test_wrong_requests_are_told_in_words(client: FlaskClient, address: str, status: int, words: str) -> None:
    answer = client.get(f"/api/images/s0/{address}")
    assert answer.status_code == status
    assert words in answer.get_json()["error"]


def test_unknown_damaged_and_huge_images_are_told_in_words(client: FlaskClient, root: Path) -> None:
    assert client.get("/api/images/s1/edge?ax=0&ay=0&x=1&y=3").status_code == 404
    save(root / "images" / "s0.png", photo()[:-1])
    other = client.get("/api/images/s0/edge?ax=0&ay=0&x=1&y=3")
    assert (other.status_code, "but index.csv says 400 x 300" in other.get_json()["error"]) == (422, True)
    (root / "images" / "s0.png").write_bytes(b"nothing")
    assert client.get("/api/images/s0/edge?ax=0&ay=0&x=1&y=3").status_code == 422
    write_index(root / "index.csv", [Sample("s0", "images/s0.png", "", 20_000, 5_001)])
    huge = client.get("/api/images/s0/region?tool=superpixel&x=0&y=0&size=8")
    assert (huge.status_code, "up to 100 megapixels" in huge.get_json()["error"]) == (413, True)


def test_a_changed_photo_is_read_again(client: FlaskClient, root: Path) -> None:
    address = "/api/images/s0/region?tool=fill&x=0&y=0&tolerance=20"
    before = mask_of(numbers(client.get(address).data, 3), HEIGHT, WIDTH)
    assert not before[CENTRE]
    save(root / "images" / "s0.png", np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
    assert mask_of(numbers(client.get(address).data, 3), HEIGHT, WIDTH).all()


def test_superpixels_that_take_long_are_computed_once_while_the_page_asks_again(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, calls = threading.Event(), []
    original = finder_module.superpixels_of

    def slow(image: NDArray[np.uint8], size: int) -> object:
        calls.append(size)
        assert go_on.wait(600)
        return original(image, size)

    monkeypatch.setattr(finder_module, "superpixels_of", slow)
    monkeypatch.setattr(finder_module, "_PATIENCE", 0.02)
    address = "/api/images/s0/region?tool=superpixel&x=50&y=60&size=20"
    answers = [client.get(address) for _ in range(3)]
    assert [(answer.status_code, answer.get_json()) for answer in answers] == [(202, {"state": "computing"})] * 3
    go_on.set()
    monkeypatch.setattr(finder_module, "_PATIENCE", 600)
    assert client.get(address).status_code == 200
    assert calls == [20]


# What is remembered.


# In the page.


@pytest.fixture
def page(browser: "Browser", root: Path) -> Iterator["Page"]:
    faults: list[str] = []
    with annotating(root) as port, browser.new_context(viewport={"width": 1000, "height": 700}) as context:
        page = open_page(context, port, faults)
        page.evaluate("() => { editor.choose(1); window.words = []; "
                      "editor.addEventListener('say', ({ detail }) => words.push(detail)); }")  # fmt: skip
        yield page
        assert page.evaluate("words.filter((word) => !word.startsWith('Finding'))") == []
    assert not faults


def place(page: "Page", x: float, y: float) -> tuple[float, float]:
    """Where a point of the image is on the screen."""
    left, top, at = page.evaluate(
        """([x, y]) => {
            const { left, top } = editor.stage.getBoundingClientRect();
            return [left, top, editor.view.toScreen(x, y)];
        }""",
        [x, y],
    )
    return left + at["x"], top + at["y"]


def click(page: "Page", x: int, y: int) -> None:
    """Click the middle of a pixel of the image."""
    page.mouse.click(*place(page, x + 0.5, y + 0.5))


def saved(page: "Page", root: Path) -> NDArray[np.uint8]:
    assert page.evaluate("editor.saver.flush()")
    return load(root / "masks" / "s0.png")


def is_painted(x: int, y: int, value: int = 1) -> str:
    return f"editor.mask.pixels[{y * WIDTH + x}] === {value}"


def test_fill_and_superpixels_in_the_page(page: "Page", root: Path) -> None:
    expected = np.full((HEIGHT, WIDTH), 255, np.uint8)
    page.evaluate("editor.use('superpixel'); editor.tool.options[0].value = 40")
    answers = iter([202, 202])

    def busy_at_first(route: "Route") -> None:
        if status := next(answers, None):
            route.fulfill(status=status, json={"state": "computing"})
        else:
            route.continue_()

    page.route("**/region?*", busy_at_first)
    click(page, 30, 40)
    until(page, f"{is_painted(30, 40)} && !editor.mask.editing")
    found = superpixels_of(photo(), 40)
    expected[mask_of(found.at(30, 40), HEIGHT, WIDTH)] = 1
    assert page.evaluate("words") == ["Finding the regions of this photo ..."]
    first = saved(page, root)
    assert np.array_equal(first, expected)

    page.mouse.move(*place(page, 20.5, 280.5))
    page.mouse.down()
    page.mouse.move(*place(page, 380.5, 280.5))  # one jump: what lies between is filled too
    page.mouse.up()
    until(page, f"{is_painted(380, 280)} && !editor.mask.editing")
    for x in range(20, 380):
        touched = mask_of(found.at(x, 280), HEIGHT, WIDTH)
        if touched[280].sum() > 12:  # narrower ones may lie between two points that are looked at
            expected[touched] = 1
    drawn = saved(page, root)
    assert (drawn[expected == 1] == 1).all()
    assert (drawn == 1).sum() <= (expected == 1).sum() + 3 * 40**2
    page.evaluate("editor.undo()")  # one step
    assert np.array_equal(saved(page, root), first)
    page.evaluate("editor.redo()")
    assert np.array_equal(saved(page, root), drawn)

    page.evaluate("editor.use('fill'); editor.tool.options[0].value = 20; editor.choose(2)")
    click(page, 220, 150)
    until(page, is_painted(220, 150, 2))
    expected = drawn.copy()
    expected[mask_of(fill_from(photo(), drawn, 220, 150, 20), HEIGHT, WIDTH)] = 2
    assert np.array_equal(saved(page, root), expected)
    assert (expected == 2).sum() == pytest.approx(np.pi * RADIUS**2, rel=0.02)
    page.evaluate("editor.undo()")
    assert np.array_equal(saved(page, root), drawn)


def test_hovering_shows_what_a_click_would_fill(page: "Page") -> None:
    lit = """() => {
        const canvas = document.querySelector("#guides");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return data.filter((_, at) => at % 4 === 3 && data[at] > 0).length / editor.view.device.scale ** 2;
    }"""
    page.evaluate("editor.use('fill'); editor.tool.options[0].value = 20")
    page.mouse.move(*place(page, 220.5, 150.5))
    until(page, f"({lit})() > 0")
    assert page.evaluate(lit) == pytest.approx(np.pi * RADIUS**2, rel=0.1)
    page.evaluate("editor.use('superpixel'); editor.tool.options[0].value = 30")
    page.mouse.move(*place(page, 40.5, 40.5))
    until(page, f"({lit})() > 0")
    assert 300 < page.evaluate(lit) < 3000
    page.evaluate("editor.use('brush')")
    assert not page.evaluate("editor.mask.canUndo")


def test_live_wire_closes_on_keys_and_on_its_start(page: "Page", root: Path) -> None:
    corners = [(130, 150), (220, 60), (310, 150), (220, 240)]
    page.evaluate("editor.use('edge')")
    for x, y in corners:
        click(page, x, y)
    click(page, 20, 20)
    page.evaluate("editor.tool.key({ key: 'Backspace' })")
    click(page, *corners[0])
    until(page, is_painted(220, 150))
    path: list[tuple[float, float]] = []
    for anchor, pointer in zip(corners, [*corners[1:], corners[0]], strict=True):
        found = Wire(photo(), anchor, level_for(anchor, pointer)).to(pointer)
        path.extend((x + 0.5, y + 0.5) for x, y in found.tolist())
    expected = np.full((HEIGHT, WIDTH), 255, np.uint8)
    fill_polygon(expected, [np.array(path)], 1)
    drawn = saved(page, root)
    assert np.array_equal(drawn, expected)
    round_thing = np.zeros(drawn.shape, np.bool_)
    round_thing[disk(CENTRE, RADIUS)] = True
    assert ((drawn == 1) & round_thing).sum() / ((drawn == 1) | round_thing).sum() > 0.97

    page.evaluate("editor.choose(2)")
    page.keyboard.down("Shift")
    for x, y in [(10, 10), (60, 10), (60, 50)]:
        click(page, x, y)
    page.evaluate("editor.tool.key({ key: 'Enter', shiftKey: true })")
    page.keyboard.up("Shift")
    until(page, is_painted(50, 20, 2))
    fill_polygon(expected, [np.array([(10, 10), (60, 10), (60, 50)]) + 0.5], 2)
    assert np.array_equal(saved(page, root), expected)

    click(page, 300, 20)
    click(page, 350, 20)
    page.evaluate("editor.tool.key({ key: 'Escape' })")
    page.evaluate("editor.tool.key({ key: 'Enter' })")
    assert np.array_equal(saved(page, root), expected)
