"""The picture of a confusion matrix: drawn for any number of classes, with nothing where there is nothing."""

from pathlib import Path

import numpy as np
import pytest

from prep.core.classes import classes_from_json
from prep.images.imageio import read_image
from train.scoring.confusion_chart import draw_confusion


@pytest.mark.parametrize("number", [1, 25, 40])
def test_it_is_drawn_for_any_number_of_classes(tmp_path: Path, number: int) -> None:
    rows = [{"index": i, "name": f"class {i}", "color": f"#{i:02x}0000"} for i in range(number)]
    classes = classes_from_json({"ignore_index": 255, "classes": rows})
    draw_confusion(tmp_path / "empty.png", np.zeros((number, number), np.int64), classes)
    draw_confusion(tmp_path / "full.png", np.eye(number, dtype=np.int64), classes)
    empty, full = (read_image(tmp_path / name) for name in ("empty.png", "full.png"))
    blue = [np.sum(page[..., 2] > page[..., 0].astype(int) + 60) for page in (empty, full)]
    assert blue[0] == 0  # also without a warning of a division by zero: warnings are errors here
    assert blue[1] > 400
