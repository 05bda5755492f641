"""Sheets of pictures with a line of text over each."""

import numpy as np

from prep.core.classes import ClassMap
from prep.images.imageio import ImageRGB, IndexMask
from prep.images.overlay import overlay, shrink
from train.scoring.sheets import captioned_sheet, painted, panels

CLASSES = ClassMap(("background", "line"), ((0, 0, 0), (255, 0, 0)))


def picture(height: int, width: int, color: int) -> np.ndarray:
    return np.full((height, width, 3), color, np.uint8)


def test_pictures_keep_their_shape_and_order() -> None:
    rows = [("one", [picture(40, 20, 10), picture(40, 20, 20)]), ("two", [picture(10, 30, 30), picture(30, 30, 40)])]
    sheet = captioned_sheet(rows, 100)
    sheet[:22] = sheet[68:90] = 255  # the lines of text hold every grey
    assert [int(np.sum((sheet == color).all(axis=2))) for color in (10, 20, 30, 40)] == [800, 800, 300, 900]
    tops = [int(np.argwhere((sheet == color).all(axis=2))[:, 0].min()) for color in (10, 20, 30, 40)]
    lefts = [int(np.argwhere((sheet == color).all(axis=2))[:, 1].min()) for color in (10, 20, 30, 40)]
    assert tops[0] == tops[1] < tops[3]
    assert lefts[0] < lefts[1]
    assert lefts[2] < lefts[3]


def test_large_pictures_are_shrunk_and_columns_filled() -> None:
    sheet = captioned_sheet([(str(number), [picture(400, 200, 50)]) for number in range(3)], 100, columns=2)
    assert np.sum((sheet == 50).all(axis=2)) == 3 * 100 * 50
    assert sheet[:, sheet.shape[1] // 2 :][sheet.shape[0] // 2 :].min() == 255  # the fourth place is empty


def test_texts_of_other_scripts_and_of_any_length_are_drawn() -> None:
    short, long = (
        captioned_sheet([(text, [picture(20, 300, 99)])], 300) for text in ("Straße Ωμέγα", f"start {'m' * 500} Ende")
    )
    for sheet in (short, long):
        assert sheet.shape == short.shape
        assert sheet[:22].min() < 100
    tail = captioned_sheet([("Ende", [picture(20, 300, 99)])], 300)[:22].min(axis=2) < 128
    assert np.any(long[:22].min(axis=2) < 128, axis=0)[250:].any()  # its end is there
    assert not np.any(tail, axis=0)[250:].any()


def test_panels_of_a_large_photo_are_painted_a_few_rows_at_a_time_and_look_the_same() -> None:
    random = np.random.default_rng(1)
    image = np.kron(random.integers(0, 256, (30, 40, 3)), np.ones((70, 71, 1))).astype(np.uint8)
    truth, guess = (np.kron(random.integers(0, 2, (21, 20)), np.ones((100, 142))).astype(np.uint8) for _ in "ab")
    truth[:50] = 255
    wrong = image // 2 + 64
    wrong[(truth != guess) & (truth != 255)] = (255, 0, 255)
    wanted = [image, overlay(image, truth, CLASSES), overlay(image, guess, CLASSES), wrong]
    for found, whole in zip(panels(image, truth, guess, CLASSES), wanted, strict=True):
        shrunk = shrink(whole, 640)
        assert found.shape == shrunk.shape == (473, 640, 3)
        assert np.abs(found.astype(int) - shrunk).max() <= 8
    rows = []

    def paint(image: ImageRGB, mask: IndexMask) -> ImageRGB:
        rows.append(len(image))
        return overlay(image, mask, CLASSES)

    painted(paint, (image, truth), 640)
    assert sum(rows) == 2100
    assert max(rows) < 100


def test_panels_of_a_small_image_are_its_pixels() -> None:
    image, mask = picture(30, 40, 90), np.zeros((30, 40), np.uint8)
    first, second, _, wrong = panels(image, mask, mask + 1, CLASSES)
    assert np.array_equal(first, image)
    assert np.array_equal(second, image)
    assert np.array_equal(np.unique(wrong), [0, 255])
