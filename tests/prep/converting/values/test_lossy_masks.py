"""Masks saved as JPEG with a table of colours: the advice that keeps the object stands first."""

from pathlib import Path

import cv2
import numpy as np

from tests.support import masks_of, random_image, run_error, run_ok, save


def test_the_nearest_class_is_advised_first_and_ignoring_says_what_it_costs(tmp_path: Path) -> None:
    truth = np.zeros((60, 80), np.uint8)
    truth[20:40, 10:50] = 1
    for number in range(3):
        save(tmp_path / f"raw/photos/{number}.png", random_image(number, 60, 80))
        (tmp_path / "raw/labels").mkdir(exist_ok=True)
        shifted = np.roll(truth, number, 0)
        cv2.imwrite(str(tmp_path / f"raw/labels/{number}.jpg"), shifted * 255, [cv2.IMWRITE_JPEG_QUALITY, 80])
    (tmp_path / "raw/classes.txt").write_text("floor,#000000\ncrack,#ffffff\n", encoding="utf-8")
    error = run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert error.index("--unknown nearest") < error.index("--unknown ignore")
    assert "left out of training and scores, parts of objects among them" in error
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set", "--unknown", "nearest")
    assert all(
        np.array_equal(masks_of(tmp_path / "set")[str(number)], np.roll(truth, number, 0)) for number in range(3)
    )
