"""A photo of 12 megapixels is labelled in a real browser with keyboard and mouse; the server is killed in between."""

from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prep.annotate.regions.spans import mask_of as mask_of_spans
from prep.annotate.regions.superpixels import superpixels_of
from prep.images.imageio import read_image
from prep.web.server import bind
from tests.prep.annotate.page.annotating import open_page, until
from tests.prep.annotate.page.drawing import Point, click, command, drag, inside, near_segment, saved
from tests.support import load, run_script
from tests.web import chromium

STEM = "UNH_DL_62"
HEIGHT, WIDTH = 4032, 3024
HOUSE = [(230.0, 990.0), (2810.0, 910.0), (3010.0, 1980.0), (3010.0, 2660.0), (240.0, 2540.0), (150.0, 2020.0)]
SKY = [(200.0, 150.0), (2700.0, 250.0), (2600.0, 500.0)]
ROAD = (1500, 3500)


def stroke(points: list[Point], radius: float) -> NDArray[np.bool_]:
    """Pixels near the line; the oracle looks at a box around each segment only."""
    found = np.zeros((HEIGHT, WIDTH), bool)
    for (ax, ay), (bx, by) in pairwise(points):
        x0, x1 = max(0, int(min(ax, bx) - radius) - 2), min(WIDTH, int(max(ax, bx) + radius) + 3)
        y0, y1 = max(0, int(min(ay, by) - radius) - 2), min(HEIGHT, int(max(ay, by) + radius) + 3)
        near = near_segment((ax - x0, ay - y0), (bx - x0, by - y0), radius, x1 - x0, y1 - y0)
        found[y0:y1, x0:x1] |= near
    return found


def test_a_real_photo_is_labelled_through_a_reload_and_kill_9(real_data: Path, tmp_path: Path) -> None:
    root = tmp_path / "campus"
    photo = real_data / f"campus/photos/{STEM}.jpg"
    run_script("seg-prep", "resize", photo, "-o", root, "--size", HEIGHT, cwd=tmp_path)
    (root / "classes.json").write_text(
        '{"classes": [{"name": "sky", "color": "#569cd6"}, {"name": "building", "color": "#ce5c54"},'
        ' {"name": "ground", "color": "#d6ae62"}]}'
    )
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    faults: list[str] = []
    with chromium() as browser, browser.new_context(viewport={"width": 1400, "height": 900}) as context:
        with command(root, port) as server:
            page = open_page(context, port, faults)
            assert page.evaluate("[editor.mask.width, editor.mask.height]") == [WIDTH, HEIGHT]
            page.keyboard.press("b")
            page.keyboard.press("1")
            radius = page.evaluate("editor.tool.options[0].value") / 2
            expected = np.where(stroke(drag(page, SKY), radius), np.uint8(0), np.uint8(255))
            saved(page)
            page.reload()
            until(page, "window.editor?.mask && editor.ready")
            page.keyboard.press("p")
            page.keyboard.press("2")
            corners = click(page, HOUSE)
            server.kill()
            server.wait()
            page.keyboard.press("Enter")
            expected[inside(corners, WIDTH, HEIGHT)] = 1
            until(page, "editor.saver.state === 'offline'")
        with command(root, port):
            saved(page)
            page.keyboard.press("s")
            page.keyboard.press("3")
            size = page.evaluate("editor.tool.options[0].value")
            (x, y), *_ = click(page, [ROAD])
            until(page, "editor.mask.canUndo && editor.mask.pixels.includes(2)", 60)
            saved(page)
            spans = superpixels_of(read_image(root / f"images/{STEM}.jpg"), size).at(int(x), int(y))
            expected[mask_of_spans(spans, HEIGHT, WIDTH)] = 2
        np.testing.assert_array_equal(load(root / f"masks/{STEM}.png"), expected)
    assert 0 < np.mean(expected == 2) < 0.01, "a superpixel of another size"
    assert not faults
