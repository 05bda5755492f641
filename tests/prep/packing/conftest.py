"""A dataset to pack."""

from pathlib import Path

import pytest

from prep.core.classes import write_classes
from prep.dataset.index import Sample, write_index
from tests.prep.packing.packed import SPLITS, STEMS
from tests.support import CLASSES, random_image, random_mask, save


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Nine samples of all splits, one of them without a mask; patches, a hidden file and others lie beside them."""
    root = tmp_path / "campus"
    samples = []
    for number, (stem, split) in enumerate(zip(STEMS, SPLITS, strict=True)):
        kind = "jpg" if number == 4 else "png"
        save(root / "images" / f"{stem}.{kind}", random_image(number, 60, 80))
        mask = "" if number == 8 else f"masks/{stem}.png"
        if mask:
            save(root / mask, random_mask(number, 60, 80))
        samples.append(Sample(stem, f"images/{stem}.{kind}", mask, 80, 60, "north", split))
    write_classes(root / "classes.json", CLASSES)
    write_index(root / "index.csv", sorted(samples, key=lambda sample: sample.stem))
    (root / "patches" / "size16").mkdir(parents=True)
    (root / "patches" / "size16" / "images.npy").write_bytes(bytes(100_000))
    (root / ".annotate").mkdir()
    (root / ".annotate" / "strokes.json").write_text("{}")
    (root / "empty.txt").touch()
    return root
