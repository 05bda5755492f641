"""Small datasets to export."""

from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from prep.core.classes import ClassMap, write_classes
from prep.dataset.index import Sample, write_index
from tests.support import random_image, save

Mask = NDArray[np.uint8]
CLASSES = ClassMap(("road", "Grün 2", "background"), ((224, 224, 192), (0, 0, 0), (128, 128, 128)))
NO_BACKGROUND = ClassMap(("zebra", "ant", "Mule"), ((1, 2, 3), (250, 0, 0), (0, 9, 0)))
MASKS = arrays.arrays(
    np.uint8,
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    elements=st.sampled_from([0, 1, 2, 255]),
).filter(lambda mask: bool((mask != 255).any()))


def make_dataset(root: Path, masks: dict[str, Mask], classes: ClassMap = CLASSES) -> Path:
    samples = []
    for number, (stem, mask) in enumerate(masks.items()):
        save(root / "images" / f"{stem}.png", random_image(number, *mask.shape))
        save(root / "masks" / f"{stem}.png", mask)
        height, width = mask.shape
        samples.append(Sample(stem, f"images/{stem}.png", f"masks/{stem}.png", width, height))
    write_classes(root / "classes.json", classes)
    write_index(root / "index.csv", samples)
    return root
