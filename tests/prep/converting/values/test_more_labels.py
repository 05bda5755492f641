"""More labels for a dataset, whose own list is in another order: they are read by it, and the dataset keeps its own."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.support import masks_of, random_image, random_mask, run_error, run_ok, save

NAMES = ("background", "road", "car")
OTHER = (0, 2, 1)
"""Of the second batch: which class of NAMES its values are, background, car, road."""

COLORS = ((0, 0, 0), (224, 64, 192), (0, 0, 255))


def batch(path: Path, stem: str, mask: NDArray[np.uint8], classes: str | None, name: str = "classes.txt") -> None:
    save(path / f"{stem}.jpg", random_image(3))
    (path / "masks").mkdir()
    Image.fromarray(mask).save(path / "masks" / f"{stem}.png")
    if classes is not None:
        (path / "masks" / name).write_text(classes)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    batch(tmp_path / "b1", "a", random_mask(0), "\n".join(NAMES))
    run_ok("masks", "convert", tmp_path / "b1/masks", "-o", tmp_path / "d", "--images", tmp_path / "b1")
    assert np.array_equal(masks_of(tmp_path / "d")["a"], random_mask(0))
    return tmp_path / "d"


def converted(dataset: Path, *more: object) -> dict[str, NDArray[np.uint8]]:
    b2 = dataset.parent / "b2"
    before = (dataset / "classes.json").read_bytes()
    run_ok("masks", "convert", b2 / "masks", "-o", dataset, "--images", b2, *more)
    assert (dataset / "classes.json").read_bytes() == before
    assert np.array_equal(masks_of(dataset)["a"], random_mask(0))
    return masks_of(dataset)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("classes.txt", "background\ncar\nroad\n"),
        ("_classes.csv", "Pixel Value, Class\n0, background\n1, car\n2, road\n"),
        ("classes.json", '[{"name": "background", "id": 0}, {"name": "car", "id": 1}, {"name": "road", "id": 2}]'),
    ],
)
def test_numbers_are_those_of_the_list_beside_them(dataset: Path, name: str, text: str) -> None:
    batch(dataset.parent / "b2", "b", random_mask(1), text, name)
    assert np.array_equal(converted(dataset)["b"], np.array(OTHER, np.uint8)[random_mask(1)])


def test_colors_are_those_of_the_list_beside_them(dataset: Path) -> None:
    rows = [f"{name},#{''.join(f'{each:02x}' for each in COLORS[value])}" for value, name in enumerate(NAMES)]
    batch(dataset.parent / "b2", "b", np.array(COLORS, np.uint8)[random_mask(1)], "\n".join(rows[::-1]))
    assert np.array_equal(converted(dataset)["b"], random_mask(1))


def test_palettes_are_read_by_the_colors_of_the_list_beside_them(dataset: Path) -> None:
    """By their indices they would be read in the order of the dataset."""
    batch(dataset.parent / "b2", "b", random_mask(1), "background,#000000\ncar,#0000ff\nroad,#e040c0")
    picture = Image.fromarray(random_mask(1)).convert("P")
    picture.putdata(random_mask(1).ravel().tolist())
    picture.putpalette([each for color in (COLORS[2], COLORS[0], COLORS[1]) for each in color])
    picture.save(dataset.parent / "b2/masks/b.png")
    assert np.array_equal(converted(dataset)["b"], np.array((2, 0, 1), np.uint8)[random_mask(1)])


def test_palettes_that_differ_hold_no_ids(dataset: Path) -> None:
    """As programs number colours as they come; the dataset came from ids and made up its colours."""
    batch(dataset.parent / "b2", "b", random_mask(1), None)
    for stem, order in (("b", (0, 1, 2)), ("c", (1, 0, 2))):
        save(dataset.parent / "b2" / f"{stem}.jpg", random_image(3))
        picture = Image.fromarray(random_mask(1)).convert("P")
        picture.putdata(np.array(order, np.uint8)[random_mask(1)].ravel().tolist())
        picture.putpalette([each for place in np.argsort(order) for each in COLORS[place]])
        picture.save(dataset.parent / "b2/masks" / f"{stem}.png")
    b2 = dataset.parent / "b2"
    assert "#e040c0" in run_error("masks", "convert", b2 / "masks", "-o", dataset, "--images", b2)


def test_the_same_list_counted_from_another_number_holds(tmp_path: Path) -> None:
    """The dataset knows from which: who typed it once need not type it again."""
    for name, seed in (("b1", 0), ("b2", 1)):
        batch(tmp_path / name, "ab"[seed], random_mask(seed) + np.uint8(1), "\n".join(NAMES))
    command = ("masks", "convert", tmp_path / "b1/masks", "-o", tmp_path / "d", "--images", tmp_path / "b1")
    run_ok(*command, "--first-id", 1)
    assert np.array_equal(masks_of(tmp_path / "d")["a"], random_mask(0))
    run_ok("masks", "convert", tmp_path / "b2/masks", "-o", tmp_path / "d", "--images", tmp_path / "b2")
    assert np.array_equal(masks_of(tmp_path / "d")["b"], random_mask(1))


def test_a_list_of_other_names_that_contradicts_is_refused(dataset: Path) -> None:
    b2 = dataset.parent / "b2"
    batch(b2, "b", random_mask(1), "background\ncar\nroad\nsky\n")
    message = run_error("masks", "convert", b2 / "masks", "-o", dataset, "--images", b2)
    assert f"{b2 / 'masks/classes.txt'}: 1 is car here and road in the dataset" in message
    assert f"add --classes {dataset / 'classes.json'}" in message
    assert masks_of(dataset).keys() == {"a"}
    assert np.array_equal(converted(dataset, "--classes", dataset / "classes.json")["b"], random_mask(1))


def test_a_list_that_only_lacks_a_class_holds(dataset: Path) -> None:
    batch(dataset.parent / "b2", "b", np.minimum(random_mask(1), 1).astype(np.uint8), "background\nroad\n")
    assert np.array_equal(converted(dataset)["b"], np.minimum(random_mask(1), 1))


def test_colors_that_a_person_told_the_dataset_hold_beside_a_list_of_others(tmp_path: Path) -> None:
    rows = "\n".join(f"{name},#{value:02}{value:02}01" for value, name in enumerate(NAMES))
    colors = [f"{name}=#{''.join(f'{each:02x}' for each in COLORS[value])}" for value, name in enumerate(NAMES)]
    for name, seed in (("b1", 0), ("b2", 1)):
        batch(tmp_path / name, "ab"[seed], np.array(COLORS, np.uint8)[random_mask(seed)], rows)
    told = [word for color in colors for word in ("--color", color)]
    run_ok("masks", "convert", tmp_path / "b1/masks", "-o", tmp_path / "d", "--images", tmp_path / "b1", *told)
    assert np.array_equal(converted(tmp_path / "d")["b"], random_mask(1))


def test_a_dataset_below_its_photos_and_labels_is_not_taken_for_more_of_them(tmp_path: Path) -> None:
    batch(tmp_path, "a", random_mask(0), "\n".join(NAMES))
    for source in ((tmp_path / "masks", "--images", tmp_path), (tmp_path,)):
        for _ in range(2):
            run_ok("masks", "convert", *source, "-o", tmp_path / "d", "--overwrite")
            assert masks_of(tmp_path / "d").keys() == {"a"}
            assert [path.name for path in (tmp_path / "d/images").iterdir()] == ["a.jpg"]
