"""Pictures for people."""

import numpy as np

from prep.core.classes import ClassMap
from prep.images.overlay import color_mask, contact_sheet, overlay

CLASSES = ClassMap(("background", "x"), ((9, 9, 9), (200, 100, 0)))


def test_colors_of_a_mask() -> None:
    assert color_mask(np.array([[0, 1, 255]], np.uint8), CLASSES).tolist() == [
        [[9, 9, 9], [200, 100, 0], [128, 128, 128]]
    ]


def test_background_shows_the_image() -> None:
    image = np.full((1, 3, 3), 100, np.uint8)
    found = overlay(image, np.array([[0, 1, 255]], np.uint8), CLASSES)
    assert found.tolist() == [[[100, 100, 100], [150, 100, 50], [114, 114, 114]]]
    assert overlay(image, np.array([[0, 1, 0]], np.uint8), CLASSES, opacity=1)[0, 1].tolist() == [200, 100, 0]


def test_contact_sheet_places_pictures_in_rows() -> None:
    pictures = [np.full((5, 7, 3), number, np.uint8) for number in range(5)]
    sheet = contact_sheet(pictures, 3, gap=2)
    assert sheet.shape == (2 * 7 + 2, 3 * 9 + 2, 3)
    for number in range(5):
        top, left = 2 + number // 3 * 7, 2 + number % 3 * 9
        assert (sheet[top : top + 5, left : left + 7] == number).all()
    assert (sheet[:2] == 255).all()
    assert (sheet[9:14, 20:27] == 255).all()
