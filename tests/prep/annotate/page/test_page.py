"""The stage of the annotation page in a real browser: exact pixels, undo, saving, conflicts, view."""

import base64
import math
import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from prep.core.classes import write_classes
from tests.prep.annotate.page.annotating import annotating, mask_of, open_page, until
from tests.prep.annotate.page.drawing import (
    Point,
    click,
    command,
    drag,
    image_point,
    inside,
    near_segment,
    on_page,
    saved,
)
from tests.support import CLASSES, images_only, load, smooth_image
from tests.support import save as save_image

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Route

Mask = NDArray[np.uint8]

HEIGHT, WIDTH = 300, 400
PAINT = """async ([calls, width, height]) => {
    const spans = await import("/static/spans.js");
    return calls.map(([name, ...values]) => {
        const rows = Array.from({ length: height }, () => new Uint8Array(width));
        const found = spans[name](...values);
        for (let at = 0; at < found.length; at += 3) {
            for (let x = found[at + 1]; x < found[at + 2]; x++) if (rows[found[at]]) rows[found[at]][x]++;
        }
        return rows.map((row) => row.join("")).join("");
    });
}"""


@dataclass
class Desk:
    """A dataset of two photos with its server and the context of a browser."""

    root: Path
    context: "BrowserContext"
    stack: ExitStack
    port: int = 0
    faults: list[str] = field(default_factory=list)

    def start(self) -> None:
        self.port = self.stack.enter_context(annotating(self.root, self.port))

    def stop(self) -> None:
        self.stack.close()

    def open(self) -> "Page":
        return open_page(self.context, self.port, self.faults)

    def on_disk(self, stem: str = "s0") -> Mask:
        return load(self.root / "masks" / f"{stem}.png")


@pytest.fixture
def desk(browser: "Browser", tmp_path: Path) -> Iterator[Desk]:
    root = tmp_path / "campus"
    images_only(root, [(HEIGHT, WIDTH), (601, 1001)])
    save_image(root / "images" / "s0.png", smooth_image(HEIGHT, WIDTH))
    write_classes(root / "classes.json", CLASSES)
    with browser.new_context(viewport={"width": 1200, "height": 700}, has_touch=True) as context, ExitStack() as stack:
        desk = Desk(root, context, stack)
        desk.start()
        yield desk
    assert not desk.faults


# What the pixels must be, computed in other ways.


def drawn(page: "Page", calls: Sequence[Sequence[object]], width: int, height: int) -> list[Mask]:
    """How often each pixel is in the spans of each call."""
    answers = page.evaluate(PAINT, [calls, width, height])
    return [np.frombuffer(answer.encode(), np.uint8).reshape(height, width) - ord("0") for answer in answers]


def test_areas_are_exact(desk: Desk) -> None:
    page = desk.open()
    choice = random.Random(5)

    def number(low: float, high: float, steps: int) -> float:
        value = choice.uniform(low, high)
        return round(value * steps) / steps if steps else value

    strokes = []
    for steps in [0, 1, 2, 4] * 30:  # with steps, centres lie exactly on the rim and segments are upright or level
        a, b = ((number(-9, 49, steps), number(-9, 39, steps)) for _ in range(2))
        strokes.append((a, choice.choice([a, b, b]), choice.choice([0.5, 1.5, 5, number(0, 20, steps)])))
    found = drawn(page, [("capsule", *a, *b, radius) for a, b, radius in strokes], 40, 30)
    for (a, b, radius), pixels in zip(strokes, found, strict=True):
        np.testing.assert_array_equal(pixels, near_segment(a, b, radius, 40, 30), f"{a} {b} {radius}")
    shapes = []
    for steps in [0, 1, 2, 4] * 30:
        corners = choice.choice([1, 2, 3, 4, 5, 12])
        shapes.append([(number(-9, 49, steps), number(-9, 39, steps)) for _ in range(corners)])
    calls = [("polygon", [{"x": x, "y": y} for x, y in points]) for points in shapes]
    for points, pixels in zip(shapes, drawn(page, calls, 40, 30), strict=True):
        np.testing.assert_array_equal(pixels, inside(points, 40, 30), f"{points}")


EDITS = """async ([width, height, edits]) => {
    const { Mask } = await import("/static/mask.js");
    const mask = new Mask(width, height);
    const sent = new Uint8Array(width * height).fill(255); // what a server would have
    const states = [];
    const send = () => {
        for (const tile of mask.takeChanged()) {
            for (let row = 0; row < tile.height; row++) {
                const line = tile.pixels.subarray(row * tile.width, (row + 1) * tile.width);
                sent.set(line, (tile.y + row) * width + tile.x);
            }
        }
    };
    const note = () => {
        send();
        const same = sent.every((value, at) => value === mask.pixels[at]);
        states.push([Array.from(mask.pixels, (value) => value % 251).join(""), same]);
    };
    for (const edit of edits) {
        if (edit === "undo" || edit === "redo") mask[edit]();
        else {
            mask.begin();
            for (const [spans, value, only] of edit.fills) {
                if (edit.sent) send(); // a long stroke is saved while it is drawn
                mask.fill(Int32Array.from(spans), value, only);
            }
            mask[edit.kept ? "end" : "cancel"]();
        }
        note();
    }
    const end = states.length;
    while (mask.canUndo) { mask.undo(); note(); }
    const undone = states.length - end;
    while (mask.canRedo) { mask.redo(); note(); }
    return { states, end, undone };
}"""


def random_fill(choice: random.Random, width: int, height: int) -> tuple[list[int], int, int | None]:
    spans: list[int] = []
    for _ in range(choice.randrange(1, 40)):
        x = choice.randrange(-9, width)
        spans += [choice.randrange(-5, height + 5), x, x + choice.randrange(1, width)]
    return spans, choice.choice([0, 1, 2, 255]), choice.choice([None, None, 0, 255])


def filled(mask: Mask, fill: tuple[list[int], int, int | None]) -> Mask:
    spans, value, only = fill
    chosen = np.zeros(mask.shape, bool)
    for y, x0, x1 in zip(spans[::3], spans[1::3], spans[2::3], strict=True):
        if 0 <= y < mask.shape[0]:
            chosen[y, max(0, x0) : max(0, x1)] = True
    if only is not None:
        chosen &= mask == only
    return np.where(chosen, np.uint8(value), mask)


@pytest.mark.parametrize("seed", range(2))
def test_undo_and_redo_lead_everywhere(seed: int, desk: Desk) -> None:
    width, height = 290, 140  # tiles of 128 that the image does not fill
    choice = random.Random(seed)
    edits: list[Any] = []
    masks = [np.full((height, width), 255, np.uint8)]  # the states between which undo and redo go
    place = 0
    expected = []
    for _ in range(40):
        kind = choice.choice(["edit", "edit", "edit", "undo", "redo", "cancel", "cancel"])
        if kind == "undo":
            place = max(0, place - 1)
        elif kind == "redo":
            place = min(len(masks) - 1, place + 1)
        else:
            fills = [random_fill(choice, width, height) for _ in range(choice.randrange(4))]
            mask = masks[place]
            for fill in fills:
                mask = filled(mask, fill)
            if kind == "edit" and (mask != masks[place]).any():
                place += 1
                masks[place:] = [mask]
        sent = choice.random() < 0.5
        edits.append(kind if kind in ("undo", "redo") else {"fills": fills, "kept": kind == "edit", "sent": sent})
        expected.append(masks[place])
    expected += [masks[at] for at in reversed(range(place))] + masks[1:]
    found = desk.open().evaluate(EDITS, [width, height, edits])
    assert found["undone"] == place
    assert len(found["states"]) == len(expected)
    for (pixels, sent), mask in zip(found["states"], expected, strict=True):
        shown = np.frombuffer(pixels.encode(), np.uint8).reshape(mask.shape) - ord("0")
        np.testing.assert_array_equal(shown, np.where(mask == 255, 4, mask))
        assert sent, "what is sent is not what is shown"


def test_colours_are_averaged_over_boxes(desk: Desk) -> None:
    generator = np.random.default_rng(3)
    mask = generator.choice(np.array([0, 1, 2, 255], np.uint8), (50, 70))
    mask[:20, :20] = 255
    colors = np.zeros((256, 4))
    colors[:3] = [(250, 10, 30, 255), (20, 240, 60, 255), (255, 255, 255, 255)]
    for level in (0, 1, 2, 4):
        box = 1 << level
        found = desk_colors(desk, mask, level)
        wide, high = math.ceil(70 / box), math.ceil(50 / box)
        for y, x in np.ndindex(high, wide):
            values = mask[y * box : (y + 1) * box, x * box : (x + 1) * box].ravel()
            painted = colors[values[values != 255]]
            mean = painted[:, :3].mean(0) if len(painted) else np.zeros(3)
            np.testing.assert_allclose(found[y, x], [*mean, 255 * len(painted) / len(values)], atol=0.51)


def desk_colors(desk: Desk, mask: Mask, level: int) -> NDArray[np.uint8]:
    page = desk.context.pages[0] if desk.context.pages else desk.open()
    found = page.evaluate(
        """async ([pixels, width, height, level]) => {
            const { color, palette } = await import("/static/coloring.js");
            const colors = palette(["#fa0a1e", "#14f03c", "#ffffff"].map((color, index) => ({ index, color })));
            const wide = Math.ceil(width / (1 << level)), high = Math.ceil(height / (1 << level));
            const image = new ImageData(wide, high);
            const mask = { width, height, pixels: Uint8Array.from(pixels) };
            const out = new Uint32Array(image.data.buffer);
            color(mask, colors, level, { x0: 0, y0: 0, x1: wide, y1: high }, out, 0, 0, wide);
            return [high, wide, Array.from(image.data)];
        }""",
        [mask.ravel().tolist(), mask.shape[1], mask.shape[0], level],
    )
    return np.array(found[2], np.uint8).reshape(found[0], found[1], 4)


# The page itself.


def choose(page: "Page", tool: str, value: int = 0, size: float | None = None) -> None:
    page.evaluate(
        """([tool, value, size]) => {
            editor.use(tool);
            editor.choose(value);
            if (size) editor.tool.options[0].value = size;
        }""",
        [tool, value, size],
    )


def look(page: "Page", scale: float, x: float, y: float) -> None:
    """Show (x, y) of the image in the middle of the stage, at so many CSS pixels a pixel."""
    page.evaluate(
        """([scale, x, y]) => {
            const { view } = editor;
            view.scale = scale;
            view.pan(view.width / 2 - view.toScreen(x, y).x, view.height / 2 - view.toScreen(x, y).y);
        }""",
        [scale, x, y],
    )


def stroke(points: Sequence[Point], radius: float) -> NDArray[np.bool_]:
    segments = list(pairwise(points)) or [(points[0], points[0])]
    return np.any([near_segment(a, b, radius, WIDTH, HEIGHT) for a, b in segments], axis=0)


def test_what_is_drawn_is_on_disk_pixel_by_pixel(desk: Desk) -> None:
    page = desk.open()
    expected = np.full((HEIGHT, WIDTH), 255, np.uint8)

    look(page, 3, 120, 100)
    choose(page, "brush", 1, 21)
    points = drag(page, [(60, 60), (90, 75), (140, 150), (141, 60)])
    expected[stroke(points, 10.5)] = 1
    page.keyboard.down("Shift")  # a straight line from where the stroke ended
    end = drag(page, [(200, 130)])
    page.keyboard.up("Shift")
    expected[stroke([points[-1], end[0]], 10.5)] = 1

    choose(page, "eraser", 2, 9)
    expected[stroke(drag(page, [(80, 90), (130, 60)]), 4.5)] = 255

    look(page, 1.73, 210, 150)
    choose(page, "polygon", 2)
    page.evaluate("editor.only = 255")  # what is labelled stays
    corners = click(page, [(150, 60), (390, 120), (170, 250), (360, 40)])
    page.keyboard.press("Enter")
    expected[inside(corners, WIDTH, HEIGHT) & (expected == 255)] = 2
    page.evaluate("editor.only = null")

    choose(page, "lasso", 0)
    around = [(290 + 60 * math.cos(turn / 4) + turn, 200 + 40 * math.sin(turn / 3)) for turn in range(30)]
    expected[inside(drag(page, around), WIDTH, HEIGHT)] = 0

    saved(page)
    np.testing.assert_array_equal(desk.on_disk(), expected)
    for _ in range(5):
        page.keyboard.press("Control+z")
    saved(page)
    assert not (desk.root / "masks" / "s0.png").exists(), "nothing is labelled"
    for _ in range(5):
        page.keyboard.press("Control+Shift+z")
    saved(page)
    np.testing.assert_array_equal(desk.on_disk(), expected)

    page.reload()
    until(page, "window.editor?.mask")
    np.testing.assert_array_equal(mask_of(page), expected)
    check_what_is_shown(page, expected)


def check_what_is_shown(page: "Page", mask: Mask) -> None:
    """Beyond 1:1, photo and mask are sharp squares at the right place."""
    look(page, 8, 150, 100)
    photo, overlay = (canvas(page, name) for name in ("photo", "overlay"))
    left, top = page.evaluate("[editor.view.device.x, editor.view.device.y]")
    rows = (np.arange(photo.shape[0]) - top) // 8
    columns = (np.arange(photo.shape[1]) - left) // 8
    np.testing.assert_array_equal(photo[..., :3], smooth_image(HEIGHT, WIDTH)[np.ix_(rows, columns)])
    colors = np.zeros((256, 4), np.uint8)
    colors[: len(CLASSES), :3] = CLASSES.colors
    colors[: len(CLASSES), 3] = 255
    np.testing.assert_array_equal(overlay, colors[mask[np.ix_(rows, columns)]])


def canvas(page: "Page", name: str) -> NDArray[np.uint8]:
    """(H, W, 4) of a canvas of the stage, once everything is drawn."""
    until(page, "editor.canvases.idle")
    width, height, data = page.evaluate(
        """(name) => {
            const { width, height } = document.getElementById(name);
            const { data } = document.getElementById(name).getContext("2d").getImageData(0, 0, width, height);
            let text = "";
            for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192));
            return [width, height, btoa(text)];
        }""",
        name,
    )
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)


def test_every_point_between_two_frames_counts(desk: Desk) -> None:
    page = desk.open()
    choose(page, "brush", 1, 11)
    places = [(50, 50), (100, 90), (60, 120), (140, 60)]
    first = drag(page, places[:1], lift=False)
    window = [[round(each) for each in on_page(page, *place)] for place in places[1:]]
    page.evaluate(
        """(places) => {
            const event = ([clientX, clientY]) => ({ clientX, clientY, pointerId: 1, bubbles: true });
            const coalescedEvents = places.map((place) => new PointerEvent("pointermove", event(place)));
            const last = event(places[places.length - 1]);
            editor.stage.dispatchEvent(new PointerEvent("pointermove", { ...last, coalescedEvents }));
        }""",
        window,
    )
    points = first + [image_point(page, *place) for place in window]
    np.testing.assert_array_equal(mask_of(page) == 1, stroke(points, 5.5))
    page.mouse.up()
    saved(page)


def test_a_polygon_is_closed_and_taken_back_in_every_way(desk: Desk) -> None:
    page = desk.open()
    choose(page, "polygon", 1)
    corners = click(page, [(50, 50), (200, 60), (120, 200)])
    expected = np.where(inside(corners, WIDTH, HEIGHT), np.uint8(1), np.uint8(255))
    strange = [(300, 250), (310, 20)]

    def undone() -> None:
        np.testing.assert_array_equal(mask_of(page), expected)
        page.evaluate("editor.undo()")
        assert (mask_of(page) == 255).all()

    choose(page, "brush")  # another tool: what was outlined is filled
    undone()
    choose(page, "polygon", 1)
    click(page, [*corners, *strange])
    for _ in strange:
        page.keyboard.press("Backspace")
    choose(page, "polygon", 1)
    page.evaluate("editor.open('s1')")
    until(page, "editor.stem === 's1'")
    np.testing.assert_array_equal(desk.on_disk(), expected)  # another image, too
    page.evaluate("editor.open('s0')")
    until(page, "editor.stem === 's0'")
    choose(page, "eraser")
    page.evaluate("editor.paint(new Int32Array(Array.from({ length: 300 }, (_, y) => [y, 0, 400]).flat()), 255)")
    choose(page, "polygon", 1)
    click(page, [*corners, *strange])
    page.keyboard.press("Backspace")
    page.evaluate("editor.undo()")  # of the corner, not of an older edit
    page.keyboard.press("Enter")
    undone()
    click(page, [*corners, (50.5, 50.5)])  # the first corner again
    undone()
    click(page, corners[:2])
    page.mouse.dblclick(*(round(each) for each in on_page(page, *corners[2])))
    undone()
    click(page, strange)
    page.keyboard.press("Escape")
    click(page, corners)
    page.keyboard.press("Enter")
    undone()


def test_corners_are_moved_added_and_removed_and_the_last_shape_is_taken_up_again(desk: Desk) -> None:
    page = desk.open()
    choose(page, "polygon", 1)
    a, b, c = click(page, [(50, 50), (200, 60), (120, 200)])
    moved = drag(page, [b, (260, 40), (280, 80)])[-1]
    assert page.evaluate("editor.tool.points.length") == 3, "a drag of a corner adds none"
    page.keyboard.down("Alt")
    extra = click(page, [((a[0] + moved[0]) / 2, (a[1] + moved[1]) / 2)])[0]
    page.keyboard.up("Alt")
    lifted = drag(page, [extra, (extra[0], 20)])[-1]
    page.get_by_role("button", name="Fill").click()
    shape = np.where(inside([a, lifted, moved, c], WIDTH, HEIGHT), np.uint8(1), np.uint8(255))
    np.testing.assert_array_equal(mask_of(page), shape)
    page.keyboard.press("Backspace")
    assert (mask_of(page) == 255).all()
    page.keyboard.press("Escape")  # it stands as it did
    np.testing.assert_array_equal(mask_of(page), shape)
    page.get_by_role("button", name="Last shape").click()
    page.keyboard.down("Alt")
    click(page, [lifted, moved])
    page.keyboard.up("Alt")
    assert page.evaluate("editor.tool.points.length") == 3, "a shape that is filled keeps three corners"
    page.keyboard.press("Enter")
    smaller = np.where(inside([a, moved, c], WIDTH, HEIGHT), np.uint8(1), np.uint8(255))
    np.testing.assert_array_equal(mask_of(page), smaller)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert (mask_of(page) == 255).all()
    assert page.evaluate("editor.mask.canUndo") is False


def test_undo_survives_leaving_the_image_unless_its_mask_changed_meanwhile(desk: Desk) -> None:
    page = desk.open()
    choose(page, "brush", 1, 20)
    click(page, [(50, 50), (150, 150)])
    both = mask_of(page)

    def leave_and_come_back() -> None:
        for stem in ("s1", "s0"):
            page.evaluate(f"editor.open('{stem}')")
            until(page, f"editor.stem === '{stem}'")

    leave_and_come_back()
    np.testing.assert_array_equal(mask_of(page), both)
    page.keyboard.press("Control+z")
    assert mask_of(page)[50, 50] == 1
    assert mask_of(page)[150, 150] == 255
    leave_and_come_back()
    page.keyboard.press("Control+Shift+z")
    np.testing.assert_array_equal(mask_of(page), both)
    saved(page)
    page.evaluate("editor.open('s1')")
    until(page, "editor.stem === 's1'")
    other = np.full((HEIGHT, WIDTH), 2, np.uint8)
    save_image(desk.root / "masks" / "s0.png", other)
    page.evaluate("editor.open('s0')")
    until(page, "editor.stem === 's0' && document.querySelector('#message').textContent.includes('cannot be undone')")
    np.testing.assert_array_equal(mask_of(page), other)
    assert page.evaluate("editor.mask.canUndo") is False


# Saving.


def test_a_long_stroke_is_saved_while_it_is_drawn_and_escape_takes_it_back(desk: Desk) -> None:
    page = desk.open()
    choose(page, "brush", 1, 20)
    points = drag(page, [(50, 50), (80, 80)], lift=False)
    until(page, "editor.saver.clean && editor.mask.editing")
    expected = np.full((HEIGHT, WIDTH), 255, np.uint8)
    expected[stroke(points, 10)] = 1
    np.testing.assert_array_equal(desk.on_disk(), expected)
    page.evaluate("editor.tool.cancel()")
    saved(page)
    assert not (desk.root / "masks" / "s0.png").exists(), "nothing is labelled"
    page.mouse.up()
    assert not page.evaluate("editor.mask.canUndo")


def test_a_server_that_is_killed_costs_nothing(desk: Desk) -> None:
    desk.stop()
    drawn = np.zeros((HEIGHT, WIDTH), bool)
    with command(desk.root, desk.port):
        page = desk.open()
        choose(page, "brush", 2, 12)
        drawn |= stroke(drag(page, [(50, 50), (200, 50)]), 6)
        saved(page)
        begun = drag(page, [(50, 80), (200, 85)], lift=False)  # killed in the middle of a stroke, and perhaps of a save
    begun += drag(page, [(210, 90), (100, 250)], held=True)
    drawn |= stroke(begun, 6)
    drawn |= stroke(drag(page, [(50, 140), (200, 149)]), 6)
    until(page, "editor.saver.state === 'offline'")
    assert page.evaluate("editor.saver.words").startswith("The program in the terminal has stopped. Start it again")
    assert not page.evaluate("editor.open('s1')"), "the image was left before it was saved"
    questions: list[str] = []
    page.on("dialog", lambda dialog: questions.append(dialog.type) or dialog.dismiss())
    with page.expect_event("dialog"):
        page.evaluate("setTimeout(() => location.reload())")  # the browser asks, we stay
    assert questions == ["beforeunload"]
    with command(desk.root, desk.port):
        drawn |= stroke(drag(page, [(50, 200), (200, 200)]), 6)
        saved(page)
        np.testing.assert_array_equal(desk.on_disk(), np.where(drawn, np.uint8(2), np.uint8(255)))
        page.reload()  # nothing is unsaved, nothing is asked
        until(page, "window.editor?.mask")
        assert questions == ["beforeunload"]
        np.testing.assert_array_equal(mask_of(page), desk.on_disk())
        assert page.evaluate("editor.open('s1')")


def test_a_lost_answer_is_asked_for_again_under_the_same_name(desk: Desk) -> None:
    page = desk.open()
    names = []

    def lose(route: "Route") -> None:
        names.append((route.request.headers["x-save"], route.request.headers["x-base-version"]))
        if len(names) in (1, 3):
            assert route.fetch().ok  # the server has written it
            route.abort()
        else:
            route.continue_()

    page.route("**/mask", lambda route: lose(route) if route.request.method == "POST" else route.continue_())
    choose(page, "brush", 0, 30)
    first = stroke(drag(page, [(100, 100), (150, 120)]), 15)
    saved(page)
    second = stroke(drag(page, [(200, 100), (250, 220)]), 15)
    saved(page)
    assert [name for name, _ in names[::2]] == [name for name, _ in names[1::2]]
    assert len(set(names)) == 2
    np.testing.assert_array_equal(desk.on_disk(), np.where(first | second, np.uint8(0), np.uint8(255)))


@pytest.mark.parametrize("choice", ["theirs", "mine"])
def test_two_pages_do_not_overwrite_each_other(choice: str, desk: Desk) -> None:
    one, other = desk.open(), desk.open()
    masks = []
    for page, value, y in ((one, 0, 60), (other, 1, 70)):
        choose(page, "brush", value, 30)
        pixels = stroke(drag(page, [(100, y), (150, y)]), 15)
        masks.append(np.where(pixels, np.uint8(value), np.uint8(255)))
        if page is one:
            saved(page)
    other.locator("dialog.conflict").wait_for()
    np.testing.assert_array_equal(desk.on_disk(), masks[0])
    box = one.evaluate("editor.stage.getBoundingClientRect().toJSON()")
    other.keyboard.press("Escape")  # is no answer
    other.mouse.click(box["left"] + 9, box["top"] + 9)
    assert other.locator("dialog.conflict").is_visible()
    assert other.evaluate("editor.ready") is False
    other.locator(f"dialog.conflict button[value={choice}]").click()
    saved(other)
    expected = masks[["theirs", "mine"].index(choice)]
    np.testing.assert_array_equal(desk.on_disk(), expected)
    np.testing.assert_array_equal(mask_of(other), expected)
    expected[stroke(drag(other, [(300, 200)]), 15)] = 1  # and it goes on
    saved(other)
    np.testing.assert_array_equal(desk.on_disk(), expected)


def test_changed_classes_stop_the_page(desk: Desk) -> None:
    page = desk.open()
    write_classes(desk.root / "classes.json", replace(CLASSES, names=tuple(reversed(CLASSES.names))))
    drag(page, [(100, 100)])
    page.locator("dialog.conflict").wait_for()
    assert "classes were changed elsewhere" in page.locator("dialog.conflict").text_content()
    assert not (desk.root / "masks" / "s0.png").exists()
    with page.expect_navigation():
        page.locator("dialog.conflict button").click()
    until(page, "window.editor?.mask")
    drag(page, [(100, 100)])
    saved(page)
    assert (desk.on_disk() == 0).any()


# The view.


@pytest.mark.parametrize(("ratio", "scales"), [(1, (0.25, 3.7)), (2, (0.35,))])
def test_what_is_redrawn_in_part_is_as_if_all_were_redrawn(
    ratio: float, scales: Sequence[float], desk: Desk, browser: "Browser"
) -> None:
    with browser.new_context(viewport={"width": 1000, "height": 460}, device_scale_factor=ratio) as context:
        page = open_page(context, desk.port, desk.faults)
        assert page.evaluate("editor.open('s1')")
        for scale in scales:
            look(page, scale, 500, 300)
            for value, size, y in ((0, 60, 300), (1, 3, 270), (2, 30, 300)):
                choose(page, "brush", value, size)
                drag(page, [(490, y), (510, y - 30)])
            page.evaluate("editor.undo()")
            in_parts = canvas(page, "overlay").astype(int)
            page.evaluate("editor.view.pan(0, 0)")
            whole = canvas(page, "overlay").astype(int)
            assert whole.any()
            # Where smoothing begins differs by a rounding; what is not redrawn would differ by a whole colour.
            assert np.abs(in_parts - whole).max() <= 20, f"{scale}:1"
            box = 1 / (scale * ratio)
            if box > 1 and box.is_integer():
                check_averages(page, whole, round(box))


def check_averages(page: "Page", shown: NDArray[Any], box: int) -> None:
    """Every device pixel is the average of its box of the mask, on which it lies exactly."""
    mask = mask_of(page)
    left, top = page.evaluate("[editor.view.device.x, editor.view.device.y]")
    rows, columns = mask.shape[0] // box, mask.shape[1] // box
    labelled = (mask[: rows * box, : columns * box] != 255).reshape(rows, box, columns, box).mean((1, 3))
    assert len(np.unique(labelled)) > 4, "no edge is in the picture"
    y, x = max(0, -top), max(0, -left)
    high, wide = min(rows - y, shown.shape[0] - max(0, top)), min(columns - x, shown.shape[1] - max(0, left))
    part = shown[max(0, top) :, max(0, left) :][:high, :wide, 3]
    np.testing.assert_allclose(part, 255 * labelled[y : y + high, x : x + wide], atol=1)


def test_wheel_space_middle_button_and_two_fingers_move_the_view(desk: Desk) -> None:
    page = desk.open()
    at = [round(each) for each in on_page(page, 130, 90)]
    before = image_point(page, *at)
    page.mouse.move(*at)
    scale = page.evaluate("editor.view.scale")
    page.mouse.wheel(0, -500)
    until(page, f"editor.view.scale > {1.5 * scale}")
    np.testing.assert_allclose(image_point(page, *at), before, atol=0.5)

    for hold, button in ((True, "left"), (False, "middle")):
        left, top, scale = page.evaluate("[editor.view.left, editor.view.top, editor.view.scale]")
        if hold:
            page.keyboard.down("Space")
        page.mouse.down(button=button)
        page.mouse.move(at[0] + 30, at[1] + 40, steps=3)
        page.mouse.up(button=button)
        page.keyboard.up("Space")
        page.mouse.move(*at)
        moved = page.evaluate("[editor.view.left, editor.view.top, editor.view.scale]")
        np.testing.assert_allclose(moved, [left - 30 / scale, top - 40 / scale, scale], atol=1 / scale)

    scale = page.evaluate("editor.view.scale")
    pinch(page, *at)
    assert page.evaluate("editor.view.scale") == pytest.approx(2 * scale, rel=0.02)
    assert page.evaluate("editor.mask.canUndo || editor.mask.editing || editor.mask.unsent") is False, "it painted"
    choose(page, "polygon")
    page.mouse.click(at[0] + 50, at[1])
    pinch(page, *at)
    assert len(page.evaluate("editor.tool.points")) == 1


def pinch(page: "Page", x: int, y: int) -> None:
    """Two fingers, put down one after the other, that move to twice their distance."""
    fingers = page.context.new_cdp_session(page)
    for kind, apart in (("touchStart", 0), ("touchStart", 50), ("touchMove", 60), ("touchMove", 100), ("touchEnd", 0)):
        points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        touch = {"touchStart": points[: 2 if apart else 1], "touchMove": points, "touchEnd": []}[kind]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touch})


def test_device_pixels_are_honoured(desk: Desk, browser: "Browser") -> None:
    with browser.new_context(viewport={"width": 800, "height": 600}, device_scale_factor=2) as context:
        page = open_page(context, desk.port, desk.faults)
        page.evaluate("editor.view.oneToOne()")
        assert page.evaluate("editor.view.device.scale") == 1
        page.evaluate("editor.view.zoomAt(3, 5, 3.3); editor.view.pan(0.3, 0.8)")
        left, x = page.evaluate("[editor.view.left * editor.view.device.scale, editor.view.device.x]")
        assert left == pytest.approx(-x), "what is pointed at is not what is drawn there"
        page.evaluate("editor.view.fit(); editor.view.oneToOne()")
        photo = canvas(page, "photo")
        assert photo.shape[1] == 2 * page.evaluate("editor.view.width")
        left, top = page.evaluate("[editor.view.device.x, editor.view.device.y]")
        shown = photo[top : top + HEIGHT, left : left + WIDTH, :3]
        np.testing.assert_array_equal(shown, smooth_image(HEIGHT, WIDTH))
