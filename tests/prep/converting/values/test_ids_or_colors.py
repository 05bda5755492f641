"""Grey and palette masks, which could hold ids or colours: what the list says decides, or a question is asked."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from prep.core.classes import Color
from tests.support import masks_of, random_image, random_mask, run_error, run_ok, run_partly, save

BLACK, RED, GREEN, VOID = (0, 0, 0), (255, 0, 0), (0, 255, 0), (224, 224, 192)


def grey(mask: NDArray[np.uint8], *values: int) -> Image.Image:
    return Image.fromarray(np.array(values, np.uint8)[mask])


def palette(mask: NDArray[np.uint8], colors: Sequence[tuple[int, int, int]]) -> Image.Image:
    """The classes of `mask` as indices 0, 1, 2 into these colours."""
    picture = Image.fromarray(mask).convert("P")
    picture.putdata(mask.ravel().tolist())
    picture.putpalette([each for color in colors for each in color])
    return picture


def command(path: Path, pictures: dict[str, Image.Image], classes: str) -> tuple[object, ...]:
    for stem, picture in pictures.items():
        save(path / f"{stem}.jpg", random_image(0))
        (path / "masks").mkdir(exist_ok=True)
        picture.save(path / "masks" / f"{stem}.png")
    (path / "c.txt").write_text(classes)
    listed = ("--classes", path / "c.txt")
    return ("masks", "convert", path / "masks", "-o", path / "d", "--images", path, *listed)


@pytest.mark.parametrize("classes", ["road", "0: road", "road,#ff8800"])
def test_a_list_of_one_class_does_not_take_black_for_it(tmp_path: Path, classes: str) -> None:
    """The commonest mask there is: 255 is the object, and by the list 0 would be, and 255 ignored."""
    masks = {stem: random_mask(seed) // 2 for seed, stem in enumerate("ab")}
    typed = command(tmp_path, {stem: grey(mask, 0, 255) for stem, mask in masks.items()}, classes)
    message = run_error(*typed)
    assert "the masks hold only the ids 0 and 255" in message
    assert "background,#000000,0\nroad,#ffffff,255\n" in message
    (tmp_path / "c.txt").write_text("background,#000000,0\nroad,#ffffff,255\n")
    run_ok(*typed)
    assert all(np.array_equal(masks_of(tmp_path / "d")[stem], mask) for stem, mask in masks.items())


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ((0, 255, 255), "road,#ffffff"),
        ((0, 128, 255), "road,#ffffff\ncar,#808080"),
        ((0, 255, 255), "road,#ffffff\nwater,#0000ff"),
    ],
)
def test_greys_that_the_list_has_are_colors(tmp_path: Path, values: tuple[int, ...], classes: str) -> None:
    """Black is in no row: by counting rows it would be the first class, and white ignored."""
    typed = command(tmp_path, {"a": grey(random_mask(0), *values)}, classes)
    assert "#000000" in run_error(*typed)
    (tmp_path / "c.txt").write_text(f"{classes}\nbackground,#000000")
    run_ok(*typed)
    names = [row.partition(",")[0] for row in classes.splitlines()] + ["background"]
    meant = {0: "background", 128: "car", 255: "road"}
    expected = np.array([names.index(meant[value]) for value in values], np.uint8)[random_mask(0)]
    assert np.array_equal(masks_of(tmp_path / "d")["a"], expected)


def test_small_greys_are_the_numbers_of_the_rows_also_beside_white(tmp_path: Path) -> None:
    typed = command(tmp_path, {"a": grey(random_mask(0), 0, 1, 255)}, "ground,#000000\nroad,#ffffff\n")
    run_ok(*typed)
    assert np.array_equal(masks_of(tmp_path / "d")["a"], np.array((0, 1, 255), np.uint8)[random_mask(0)])


def test_a_palette_is_read_by_the_colors_of_the_list_also_where_one_is_missing(tmp_path: Path) -> None:
    """The rows are in another order than the indices, and a colour that the list lacks is asked about."""
    picture = palette(random_mask(0), (BLACK, RED, GREEN))
    typed = command(tmp_path, {"a": picture}, "car,#00ff00\nroad,#ff0000\n")
    assert "#000000" in run_error(*typed)
    run_ok(*typed, "--unknown", "ignore")
    assert np.array_equal(masks_of(tmp_path / "d")["a"], np.array((255, 1, 0), np.uint8)[random_mask(0)])


def test_index_255_of_a_palette_does_not_make_ids_of_the_others(tmp_path: Path) -> None:
    """As in VOC, where it is the outline."""
    colors = [BLACK, RED, *[(1, 2, 3)] * 253, VOID]
    picture = palette(np.array((0, 1, 255), np.uint8)[random_mask(0)], colors)
    typed = command(tmp_path, {"a": picture}, "road,#ff0000\nbackground,#000000\n")
    assert "#e0e0c0" in run_error(*typed)
    run_ok(*typed, "--unknown", "ignore")
    assert np.array_equal(masks_of(tmp_path / "d")["a"], np.array((1, 0, 255), np.uint8)[random_mask(0)])


def test_one_palette_among_many_that_numbers_colors_otherwise_is_found(tmp_path: Path) -> None:
    pictures = {f"{number:03}": palette(random_mask(0), (BLACK, RED, GREEN)) for number in range(40)}
    pictures["018"] = palette(random_mask(0), (BLACK, GREEN, RED))
    message = run_error(*command(tmp_path, pictures, "background\nroad\ncar\n"))
    assert "#ff0000" in message
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("place", range(7))
def test_one_mask_of_0_and_1_among_black_and_white_ones_is_found(tmp_path: Path, place: int) -> None:
    masks = [random_mask(0) // 2] * 50
    pictures = {f"{number:03}": grey(mask, 0, 1 if number == place else 255) for number, mask in enumerate(masks)}
    message = run_error(*command(tmp_path, pictures, "background\nroad\n"))
    assert f"some masks hold 0 and 1 ({place:03}.png), others 0 and 255" in message


@pytest.mark.parametrize("names", ["background\nroad\n", "soil\nleaf\n"])
def test_one_black_and_white_mask_among_many_of_0_and_1_is_found(tmp_path: Path, names: str) -> None:
    """Where all are converted it is seen, if not before: all of its object would be ignored."""
    masks = [random_mask(0) // 2] * 50
    pictures = {f"{number:03}": grey(mask, 0, 255 if number == 33 else 1) for number, mask in enumerate(masks)}
    typed = command(tmp_path, pictures, names)
    message = run_error(*typed)
    assert "some masks hold 0 and 1 (000), others 0 and 255 (033)" in message
    assert not (tmp_path / "d/index.csv").exists()
    lines = message.partition("add --classes classes.json:\n\n")[2].partition("\nIf 255 is to be")[0]
    (tmp_path / "c.json").write_text(lines)
    run_ok(*typed[:-1], tmp_path / "c.json")
    assert all(np.array_equal(mask, masks[0]) for mask in masks_of(tmp_path / "d").values())
    (tmp_path / "c.txt").write_text(message.partition("--from ids --classes classes.txt:\n\n")[2])
    run_ok(*typed, "--from", "ids", "--overwrite")
    assert (masks_of(tmp_path / "d")["033"] == 255).any()


def test_three_names_for_black_grey_and_white(tmp_path: Path) -> None:
    """As REFUGE has cup, disc and background: neither 128 nor 255 is to be left out."""
    typed = command(tmp_path, {"a": grey(random_mask(0), 0, 128, 255)}, "cup\ndisc\nbackground\n")
    message = run_error(*typed)
    assert "The list has 3 names, and the masks hold the values 0, 128, 255" in message
    lines = message.partition("add --classes classes.txt:\n\n")[2].splitlines()[:3]
    assert [line.partition(",")[0] for line in lines] == ["cup", "disc", "background"]
    assert [line.rpartition(",")[2] for line in lines[1:]] == ["128", "255"]
    (tmp_path / "c.txt").write_text("\n".join(lines))
    run_ok(*typed)
    assert np.array_equal(masks_of(tmp_path / "d")["a"], random_mask(0))


def test_an_option_that_changes_nothing_is_told(tmp_path: Path) -> None:
    typed = command(tmp_path, {"a": grey(random_mask(0), 0, 1, 2)}, "background\nroad\ncar\n")
    said = "--unlabelled road changes nothing: these masks give every pixel a value"
    assert said in run_ok(*typed, "--unlabelled", "road").stdout
    assert "changes nothing" not in run_ok(*typed, "--overwrite").stdout


@pytest.mark.parametrize("color", [BLACK, RED])
@pytest.mark.parametrize("more", [0, 250])
def test_a_palette_of_one_color_says_nothing_and_its_indices_are_ids(tmp_path: Path, color: Color, more: int) -> None:
    """All of it was background: black is a colour of the list."""
    colors = [color] * 3 + [GREEN] * more
    pictures = {"a": palette(random_mask(0), colors), "b": palette(random_mask(0) * 0, colors)}
    typed = command(tmp_path, pictures, "background,#000000\nroad,#ff0000\ncar,#0000ff\n")
    assert "class1,#" in run_error(*typed[:-2])
    said = run_ok(*typed).stdout
    assert "the masks hold ids: its rows were counted (0 background, 1 road, 2 car)" in said
    assert np.array_equal(masks_of(tmp_path / "d")["a"], random_mask(0))
    (tmp_path / "c.txt").write_text("background,#000000\nroad,#ff0000\n")
    assert "--unknown" in run_error(*typed, "--overwrite")


def test_a_palette_of_one_color_among_others_is_left_out(tmp_path: Path) -> None:
    colors = (BLACK, RED, GREEN)
    pictures = {"a": palette(random_mask(0), colors), "b": palette(random_mask(0), [BLACK] * 3)}
    typed = command(tmp_path, pictures, "background,#000000\nroad,#ff0000\ncar,#00ff00\n")
    said = run_partly(*typed)
    assert "b.png: all colours of its palette are #000000, which says nothing of its indices (0, 1, 2)" in said
    assert masks_of(tmp_path / "d").keys() == {"a"}
    run_ok(*typed, "--from", "ids", "--overwrite")
    assert np.array_equal(masks_of(tmp_path / "d")["b"], random_mask(0))
    (tmp_path / "c.txt").write_text("background\nroad\ncar\n")
    run_ok(*typed, "--overwrite")
    assert np.array_equal(masks_of(tmp_path / "d")["b"], random_mask(0))
