"""Which class map is used for raw masks, how it is counted, and what is asked."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prep.dataset.dataset import Dataset
from tests.support import masks_of, random_mask, run_error, run_ok, run_partly, save, smooth_image

STEMS = ("a", "b")
IDS = {stem: random_mask(seed) for seed, stem in enumerate(STEMS)}
"""(24, 32) of 0, 1, 2."""


@dataclass(frozen=True)
class Raw:
    """A folder with images/, masks/ and whatever a test puts beside them."""

    folder: Path

    @property
    def target(self) -> Path:
        return self.folder.parent / "dataset"

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def masks(self, made: Callable[[np.ndarray], np.ndarray], folder: str = "masks", suffix: str = ".png") -> None:
        for stem, ids in IDS.items():
            save(self.folder / folder / f"{stem}{suffix}", made(ids))

    def convert(self, *options: object, source: str = "", images: str = "images") -> str:
        """Convert into a fresh dataset; what was printed."""
        arguments = (self.folder / source, "-o", self.target, "--images", self.folder / images, "--overwrite")
        result = run_ok("masks", "convert", *arguments, *options)
        return result.stdout + result.stderr

    def refused(self, *options: object, source: str = "") -> str:
        arguments = (self.folder / source, "-o", self.target, "--images", self.folder / "images", "--overwrite")
        return run_error("masks", "convert", *arguments, *options)

    def assert_masks(self, expected: Callable[[np.ndarray], np.ndarray]) -> None:
        made = masks_of(self.target)
        assert set(made) == set(STEMS)
        for stem, mask in made.items():
            assert np.array_equal(mask, expected(IDS[stem]))

    @property
    def names(self) -> tuple[str, ...]:
        return Dataset.open(self.target).classes.names


@pytest.fixture
def raw(tmp_path: Path) -> Raw:
    for stem in STEMS:
        save(tmp_path / "raw" / "images" / f"{stem}.png", smooth_image(24, 32))
    return Raw(tmp_path / "raw")


COLORS = np.array([(0, 0, 0), (128, 64, 128), (130, 76, 0)], np.uint8)
TABLE = "name, r, g, b\nunlabeled, 0, 0, 0\nroad, 128, 64, 128\ndirt, 130, 76, 0\n"


def without_first(ids: np.ndarray) -> np.ndarray:
    return np.where(ids == 0, 255, ids - 1)


def white(ids: np.ndarray) -> np.ndarray:
    return np.where(ids == 1, 255, 0).astype(np.uint8)


def blurred(ids: np.ndarray) -> np.ndarray:
    """A white box on black with a soft edge, as interpolation leaves it."""
    box = np.zeros(ids.shape, np.uint8)
    box[6:18, 8:24] = 255
    box[6, 8:24:4], box[17, 9:24:4], box[6, 9:24:4], box[17, 8:24:4] = 251, 253, 3, 2
    return box


def test_ids_and_colors_of_one_photo_give_the_same_masks(raw: Raw) -> None:
    raw.masks(lambda ids: ids, "ids")
    raw.masks(lambda ids: COLORS[ids], "colors")
    table = raw.write("class_dict_seg.csv", TABLE)
    said = raw.convert("--classes", table, source="colors")
    assert "ignored, as its name says: unlabeled (number 0)" in said
    raw.assert_masks(without_first)
    said = raw.convert("--classes", table, source="ids")
    assert "its rows were counted (0 unlabeled, 1 road, 2 dirt)" in said
    raw.assert_masks(without_first)
    assert raw.names == ("road", "dirt")


def test_first_id_cannot_apply_to_colors_or_stated_ids(raw: Raw) -> None:
    raw.masks(lambda ids: COLORS[ids])
    table = raw.write("table.csv", TABLE)
    assert "--first-id 1: cannot apply, these masks hold colours" in raw.refused("--classes", table, "--first-id", 1)
    stated = raw.write("stated.csv", "id,name\n0,a\n1,b\n2,c\n")
    said = raw.refused("--classes", stated, "--first-id", 1)
    assert f"--first-id 1: cannot apply, {stated} says which class is which" in said


@pytest.mark.parametrize("kind", ["grey", "rgb", "rgba", "palette"])
def test_white_is_the_second_of_two_names(raw: Raw, kind: str) -> None:
    """A list `background, crack` cannot mean that all cracks are ignored."""
    names = raw.write("names.txt", "background\ncrack\n")
    for stem, ids in IDS.items():
        picture = Image.fromarray(white(ids))
        path = raw.folder / "masks" / f"{stem}.png"
        path.parent.mkdir(exist_ok=True)
        if kind == "palette":
            picture.putpalette([value for grey in range(256) for value in (grey, grey, grey)])
        elif kind != "grey":
            picture = picture.convert(kind.upper())
        picture.save(path)
    assert "the masks are black and white: 0 is background, 255 is crack" in raw.convert("--classes", names)
    raw.assert_masks(lambda ids: ids == 1)


def test_white_is_asked_about_where_no_name_is_the_background(raw: Raw) -> None:
    raw.masks(white)
    said = raw.refused("--classes", raw.write("names.txt", "land\nwater\n"))
    assert "land,#000000,0\nwater,#ffffff,255" in said
    raw.write("masks/classes.txt", "land,#000000,0\nwater,#ffffff,255\n")
    raw.convert()
    raw.assert_masks(lambda ids: ids == 1)


def test_a_palette_that_shows_the_opposite_is_asked_about(raw: Raw) -> None:
    """Index 0 is shown white: names without colours cannot say whether it is the background."""
    for stem, ids in IDS.items():
        picture = Image.fromarray((ids == 1).astype(np.uint8))
        picture.putpalette([255, 255, 255, 0, 0, 0])
        (raw.folder / "masks").mkdir(exist_ok=True)
        picture.save(raw.folder / "masks" / f"{stem}.png")
    said = raw.refused("--classes", raw.write("names.txt", "background\ncrack\n"))
    assert "has names without colours (background, crack), and the masks are colours" in said
    assert "class0,#000000\nclass1,#ffffff" in said


def with_palette(folder: Path, *colors: int) -> None:
    folder.mkdir(exist_ok=True)
    for stem, ids in IDS.items():
        picture = Image.fromarray(ids)
        picture.putpalette(colors)
        picture.save(folder / f"{stem}.png")


def test_a_palette_whose_black_is_another_class_than_the_background_is_asked_about(raw: Raw) -> None:
    """A program numbered the colours of a painted mask as it met them: positions in a list of names say nothing."""
    with_palette(raw.folder / "masks", 255, 0, 0, 0, 0, 0, 0, 255, 0)
    names = raw.write("names.txt", "Background\nroad\ncar\n")
    said = raw.refused("--classes", names)
    assert "has names without colours (Background, road, car), and the masks are colours" in said
    lines = said.rpartition("classes.txt:\n")[2]
    assert lines.strip().splitlines() == ["class0,#000000", "class1,#ff0000", "class2,#00ff00"]
    raw.convert("--classes", raw.write("classes.txt", lines))
    raw.assert_masks(lambda ids: np.array([1, 0, 2], np.uint8)[ids])


@pytest.mark.parametrize(
    ("colors", "names"),
    [
        ((128, 64, 128, 0, 0, 0, 0, 255, 0), "road\nblack car\ntree\n"),
        ((128, 64, 128, 250, 0, 0, 0, 255, 0), "background\nroad\ncar\n"),
        ((128, 64, 128, 250, 0, 0, 0, 0, 0), "road\ncar\nbackground\n"),
    ],
)
def test_other_palettes_are_indices_of_the_list(raw: Raw, colors: tuple[int, ...], names: str) -> None:
    with_palette(raw.folder / "masks", *colors)
    raw.convert("--classes", raw.write("names.txt", names))
    raw.assert_masks(lambda ids: ids)


def test_blurred_white_stays_the_object(raw: Raw) -> None:
    raw.masks(blurred)
    table = raw.write("table.txt", "background,#000000\ncrack,#ffffff\n")
    assert "Read as rgb" in raw.refused("--classes", table)
    raw.convert("--classes", table, "--unknown", "nearest")
    raw.assert_masks(lambda ids: blurred(ids) > 127)
    shutil.rmtree(raw.target)  # whose classes would be taken
    said = raw.refused()
    assert "class0,#000000,0\nclass255,#ffffff,255" in said
    assert "4 more that look like blended edges" in said
    assert "--unknown nearest" in said


def test_255_beside_several_ids_is_ignored_and_said(raw: Raw) -> None:
    raw.masks(lambda ids: np.where(ids == 2, 255, ids).astype(np.uint8))
    for stem in STEMS:
        mask = np.where(IDS[stem] == 2, 255, IDS[stem]).astype(np.uint8)
        mask[0, 0] = 2
        save(raw.folder / "masks" / f"{stem}.png", mask)
    said = raw.refused()
    assert "255 is ignored, as in Pascal VOC" in said
    assert "255" not in said.rpartition("classes.txt:\n")[2]
    proposed = raw.write("p.txt", said.rpartition("classes.txt:\n")[2])
    raw.convert("--classes", proposed)
    for stem, mask in masks_of(raw.target).items():
        expected = np.where(IDS[stem] == 2, 255, IDS[stem])
        expected[0, 0] = 2
        assert np.array_equal(mask, expected)


def palette_masks(folder: Path) -> None:
    """As labelme2voc and the VOC kit write them: indices with VOC's palette."""
    folder.mkdir(parents=True)
    for stem, ids in IDS.items():
        picture = Image.fromarray(ids)
        picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
        picture.save(folder / f"{stem}.png")


def test_a_list_beside_the_masks_comes_before_the_names_of_voc(raw: Raw) -> None:
    palette_masks(raw.folder / "SegmentationClass")
    (raw.folder / "images").rename(raw.folder / "JPEGImages")
    said = raw.convert(images="JPEGImages")
    assert "the names are Pascal VOC's 21, a guess" in said
    assert raw.names[:3] == ("background", "aeroplane", "bicycle")
    raw.assert_masks(lambda ids: ids)
    shutil.rmtree(raw.target)
    raw.write("train.txt", "a\nb\n")  # of the masks, and no classes
    listed = raw.write("damages.txt", "sound\ncrack\nrust\n")
    said = raw.convert(images="JPEGImages")
    assert f"may be the class map of these masks: {listed}; if one is, name it with --classes" in said
    listed.unlink()
    shutil.rmtree(raw.target)
    path = raw.write("class_names.txt", "_background_\nroad\ncar\n")
    said = raw.convert(images="JPEGImages")
    assert f"classes: {path}" in said
    assert "Pascal VOC" not in said
    assert raw.names == ("background", "road", "car")
    raw.assert_masks(lambda ids: ids)


def test_vocdevkit_may_be_named_for_the_only_folder_in_it(raw: Raw, tmp_path: Path) -> None:
    inner = tmp_path / "VOCdevkit/VOC2012"
    palette_masks(inner / "SegmentationClass")
    palette_masks(inner / "SegmentationObject")
    shutil.copytree(raw.folder / "images", inner / "JPEGImages")
    shutil.copy(next((inner / "JPEGImages").iterdir()), inner / "JPEGImages/unlabelled.png")
    said = run_ok("masks", "convert", tmp_path / "VOCdevkit", "-o", raw.target).stdout
    assert "the names are Pascal VOC's 21, a guess" in said
    raw.assert_masks(lambda ids: ids)
    shutil.rmtree(raw.target)
    (inner / "class_names.txt").write_text("_background_\nroad\ncar\n")
    run_ok("masks", "convert", tmp_path / "VOCdevkit", "-o", raw.target)
    assert raw.names == ("background", "road", "car")


def test_masks_of_labelme2voc_lie_beside_its_numpy_files(raw: Raw) -> None:
    palette_masks(raw.folder / "SegmentationClassPNG")
    (raw.folder / "SegmentationClass").mkdir()
    for stem, ids in IDS.items():
        np.save(raw.folder / "SegmentationClass" / f"{stem}.npy", ids)
        save(raw.folder / "SegmentationClassVisualization" / f"{stem}.jpg", smooth_image(24, 32))
    (raw.folder / "images").rename(raw.folder / "JPEGImages")
    raw.write("class_names.txt", "_background_\nroad\ncar\n")
    raw.convert(images="JPEGImages")
    assert raw.names == ("background", "road", "car")
    raw.assert_masks(lambda ids: ids)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("data.yaml", "train: images\nnames:\n  0: background\n  1: road\n  2: car\n"),
        ("obj.names", "background\nroad\ncar\n"),
        ("Classes.TXT", "background\nroad\ncar\n"),
        ("masks/_classes.csv", "Pixel Value, Class\n0, background\n1, road\n2, car\n"),
        ("labels.txt", "__ignore__\n_background_\nroad\ncar\n"),
        ("dataset.json", '{"labels": {"background": 0, "road": 1, "car": 2}}'),
    ],
)
def test_lists_that_lie_beside_are_found(raw: Raw, name: str, text: str) -> None:
    raw.masks(lambda ids: ids)
    path = raw.write(name, text)
    assert f"classes: {path}" in raw.convert(source="masks")
    assert raw.names == ("background", "road", "car")
    raw.assert_masks(lambda ids: ids)


def test_a_file_of_such_a_name_that_says_no_classes_is_passed_over(raw: Raw) -> None:
    raw.masks(lambda ids: ids)
    raw.write("meta.json", '{"camera": "x"}')
    raw.write("classes.txt", "background\nroad\ncar\n")
    raw.convert(source="masks")
    assert raw.names == ("background", "road", "car")


def test_a_list_of_any_name_that_fits_is_proposed(raw: Raw) -> None:
    raw.masks(lambda ids: ids, "numbers")
    raw.masks(lambda ids: COLORS[ids], "colours")
    path = raw.write("my_legend.csv", "name,r,g,b\nbackground,0,0,0\nroad,128,64,128\ncar,130,76,0\n")
    raw.write("few.txt", "background\nroad\n")
    raw.write("README.txt", "A set.\nIt is mine\nhere\n")
    raw.write("requirements.txt", "numpy\ntorch\npillow\n")
    for source in ("numbers", "colours"):
        said = raw.refused(source=source)
        assert (
            "Beside the masks lies what reads as their class map (background, road, car); if it is, add\n"
            f"  --classes {path}\n\nSave these lines" in said
        )
        raw.convert("--classes", path, source=source)
        assert raw.names == ("background", "road", "car")
        raw.assert_masks(lambda ids: ids)
        shutil.rmtree(raw.target)


@pytest.mark.parametrize("void", ["", "void,9,9,9\n"])
def test_black_that_no_class_has_may_be_the_background(raw: Raw, void: str) -> None:
    """It is never advised to become the nearest class, or to be read as a number."""
    raw.masks(lambda ids: COLORS[ids])
    raw.write("classes.csv", "name,r,g,b\nroad,128,64,128\ncar,130,76,0\n" + void)
    said = raw.refused()
    assert "--unknown nearest" not in said and "--from ids" not in said
    lines = said.split("If #000000 is a background that the class map leaves out, save these lines as classes.txt and")
    path = raw.write("own.txt", lines[1].split("\n\n")[1])
    raw.convert("--classes", path)
    assert raw.names == ("background", "road", "car")
    raw.assert_masks(lambda ids: ids)


def test_lists_of_splits_that_differ_are_refused(raw: Raw) -> None:
    raw.masks(lambda ids: ids, "train/masks")
    raw.write("train/_classes.csv", "Pixel Value, Class\n0, background\n1, road\n2, car\n")
    raw.write("valid/_classes.csv", "Pixel Value, Class\n0, background\n1, car\n2, road\n")
    assert "say different classes" in raw.refused("--match", "{}", "train_{}")


def test_ids_that_seem_to_begin_elsewhere_are_asked_about(raw: Raw) -> None:
    """The list fits, but its first class would be in no mask: nobody can tell whether it is shifted."""
    raw.masks(lambda ids: ids + 1)
    names = raw.write("codes.txt", "board\nwire\nchip\nled\nswitch\n")
    said = raw.refused("--classes", names)
    assert "The masks hold ids from 1 to 3; counted from 0, board would be in no mask." in said
    assert "  --first-id 1   if board is 1, and so on\n" in said
    raw.convert("--classes", names, "--first-id", 1)
    raw.assert_masks(lambda ids: ids)
    raw.convert("--classes", names, "--first-id", 0)
    raw.assert_masks(lambda ids: ids + 1)


META = {"classes": [{"title": "road", "color": "#6EC1E4"}, {"title": "car", "color": "#D0021B"}], "tags": []}
HUMAN = np.array([(0, 0, 0), (0x6E, 0xC1, 0xE4), (0xD0, 0x02, 0x1B)], np.uint8)


@pytest.mark.parametrize("source", ["project", "project/ds/masks_machine", "project/ds/masks_human"])
def test_supervisely_masks_of_both_kinds(raw: Raw, source: str) -> None:
    raw.masks(lambda ids: ids, "project/ds/masks_machine")
    raw.masks(lambda ids: HUMAN[ids], "project/ds/masks_human")
    (raw.folder / "images").rename(raw.folder / "project/ds/img")
    raw.write("project/meta.json", json.dumps(META))
    result = run_ok("masks", "convert", raw.folder / source, "-o", raw.target)
    assert "project/meta.json" in result.stdout
    raw.assert_masks(lambda ids: ids)
    assert raw.names == ("background", "road", "car")
    shutil.rmtree(raw.target)
    run_ok("masks", "convert", raw.folder / source, "-o", raw.target, "--unlabelled", "ignore")
    raw.assert_masks(lambda ids: np.where(ids == 0, 255, ids.astype(int) - 1))


def test_a_counted_list_of_which_a_name_has_no_pixels_may_lack_another(raw: Raw) -> None:
    """A list without its second line gave each class the name of the next, without a word."""
    raw.masks(lambda ids: ids)
    raw.write("classes.txt", "background\ncar\npole\nsign\n")
    said = raw.convert()
    assert "occurs in no mask: sign (id 3)" in said
    assert "names stand for values by their order, background for 0 to sign for 3: if the list lacks one, all" in said


def test_supervisely_numbers_do_not_shift_where_a_class_is_absent(raw: Raw) -> None:
    raw.masks(lambda ids: (ids == 1).astype(np.uint8), "ds/masks_machine")
    raw.write("meta.json", json.dumps(META))
    assert "occurs in no mask: car (id 2)" in raw.convert(source="ds/masks_machine")
    raw.assert_masks(lambda ids: ids == 1)


def test_each_labelme_folder_has_its_own_numbers(raw: Raw) -> None:
    lists = {"a": ("_background_", "road", "car"), "b": ("_background_", "car", "road")}
    for stem, names in lists.items():
        folder = raw.folder / f"{stem}_json"
        save(folder / "label.png", IDS[stem])
        save(folder / "label_viz.png", smooth_image(24, 32))
        (raw.folder / "images" / f"{stem}.png").rename(folder / "img.png")
        raw.write(f"{stem}_json/label_names.txt", "\n".join(names) + "\n")
    (raw.folder / "images").rmdir()
    run_ok("masks", "convert", raw.folder, "-o", raw.target)
    assert raw.names == ("background", "road", "car")
    made = masks_of(raw.target)
    assert np.array_equal(made["a"], IDS["a"])
    assert np.array_equal(made["b"], np.array([0, 2, 1])[IDS["b"]])
    raw.write("b_json/label_names.txt", "_background_\nroad\n")
    said = run_partly("masks", "convert", raw.folder, "-o", raw.target, "--overwrite")
    assert "holds the number 2, and label_names.txt beside it has 2 names" in said
    (raw.folder / "b_json/label_names.txt").unlink()
    said = run_partly("masks", "convert", raw.folder, "-o", raw.target, "--overwrite")
    assert f"{raw.folder / 'b_json/label_names.txt'}: is not there" in said
    raw.write("b_json/info.yaml", "label_names:\n- _background_\n- car\n- road\n")  # of LabelMe before 3.16
    run_ok("masks", "convert", raw.folder, "-o", raw.target, "--overwrite")
    assert np.array_equal(masks_of(raw.target)["b"], np.array([0, 2, 1])[IDS["b"]])


def test_names_that_differ_in_case_only_are_told(raw: Raw) -> None:
    raw.masks(lambda ids: ids)
    said = raw.convert("--classes", raw.write("names.txt", "background\nRoad\nroad\n"))
    assert "classes whose names differ only in case or spaces: 'Road' and 'road'" in said


def test_a_class_that_is_made_for_the_rest_is_said(tmp_path: Path) -> None:
    save(tmp_path / "raw" / "images" / "a.png", smooth_image(24, 32))
    save(tmp_path / "raw" / "masks" / "a.png", random_mask(0))
    (tmp_path / "map.pbtxt").write_text("item { id: 1 name: 'road' }\n")
    options = ("-o", tmp_path / "set", "--classes", tmp_path / "map.pbtxt", "--unknown", "ignore")
    text = run_ok("masks", "convert", tmp_path / "raw", *options).stdout
    assert "id 0 is of none of the classes: it is made one, background" in text
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "road")


def test_a_list_without_its_background_is_asked_about(tmp_path: Path) -> None:
    save(tmp_path / "raw" / "images" / "a.png", smooth_image(24, 32))
    save(tmp_path / "raw" / "masks" / "a.png", random_mask(0))
    (tmp_path / "names.txt").write_text("road\ncar\n")
    convert = ("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set", "--classes")
    said = run_error(*convert, tmp_path / "names.txt")
    assert "It has 2 names, and the masks hold ids from 0 to 2. If 0 is a background that the list leaves out" in said
    (tmp_path / "classes.txt").write_text(said.split("\n\n")[1])
    run_ok(*convert, tmp_path / "classes.txt")
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "road", "car")
    assert np.array_equal(masks_of(tmp_path / "set")["a"], random_mask(0))
    run_ok(*convert, tmp_path / "names.txt", "--unknown", "ignore", "--overwrite")
    assert np.array_equal(masks_of(tmp_path / "set")["a"], np.where(random_mask(0) == 2, 255, random_mask(0)))


@pytest.mark.parametrize("names", ["soil\nroad\ncar\n", "road\ncar\n"])
def test_as_many_values_as_names_are_laid_out_in_order(raw: Raw, names: str) -> None:
    raw.masks(lambda ids: (ids * 50).astype(np.uint8))
    raw.write("classes.txt", names)
    said = raw.refused()
    assert "the masks hold the values 0, 50, 100, which no counting gives" in said
    lines = said[said.index("\n\n") + 2 :].splitlines()[:3]
    raw.convert("--classes", raw.write("mine.txt", "\n".join(lines) + "\n"))
    raw.assert_masks(lambda ids: ids)
    assert raw.names == (("soil" if "soil" in names else "background"), "road", "car")


@pytest.mark.parametrize(("white", "kind"), [(65535, np.uint16), (254, np.uint8)])
def test_white_of_a_table_of_colours_may_be_another_number(raw: Raw, white: int, kind: type[np.uint16]) -> None:
    raw.masks(lambda ids: np.where(ids == 2, white, 0).astype(kind))
    raw.write("classes.txt", "thing,#ffffff\nrest,#000000\n")
    said = raw.refused()
    lines = said[said.index("\n\n") + 2 :].splitlines()[:2]
    raw.convert("--classes", raw.write("mine.txt", "\n".join(lines) + "\n"))
    raw.assert_masks(lambda ids: ids == 2)
    assert raw.names == ("rest", "thing")


def test_white_stays_the_object_where_edges_are_grey(raw: Raw) -> None:
    raw.masks(lambda ids: np.array([0, 128, 255], np.uint8)[ids])
    raw.write("classes.txt", "background\nthing\n")
    said = raw.refused()
    assert "the masks hold 0, 128 and 255. If 255 is thing, save these two lines" in said
    lines = raw.write("mine.txt", "\n".join(said[said.index("\n\n") + 2 :].splitlines()[:2]) + "\n")
    raw.convert("--classes", lines, "--unknown", "ignore")
    raw.assert_masks(lambda ids: np.array([0, 255, 1], np.uint8)[ids])
    raw.convert("--classes", lines, "--unknown", "nearest")
    raw.assert_masks(lambda ids: ids > 0)


MAPPING = "label_mapping:\n  -1: ignore_label\n  0: 255\n  3: ignore_label\n  7: 0\n  8: road\n  11: 2\n  12: 2\n"


@pytest.mark.parametrize("names", ["[sky, road, sea]", "{0: sky, 1: road, 2: sea}"])
def test_a_mapping_of_the_values_of_masks_to_classes_is_followed(raw: Raw, names: str) -> None:
    """Ultralytics' data.yaml of semantic segmentation: names by number, and which values of the masks they are."""
    raw.masks(lambda ids: np.where(np.arange(32) < 5, 3, np.array([7, 8, 12], np.uint8)[ids]).astype(np.uint8))
    raw.write("data.yaml", f"masks_dir: masks\nnames: {names}\n{MAPPING}")
    raw.convert()
    assert raw.names == ("sky", "road", "sea")
    raw.assert_masks(lambda ids: np.where(np.arange(32) < 5, 255, ids))
    raw.write("data.yaml", "names: [void, sky, road, sea]\nlabel_mapping: {3: 0, 7: 1, 8: 2, 12: 3}\n")
    raw.convert()
    assert raw.names == ("sky", "road", "sea")
    raw.assert_masks(lambda ids: np.where(np.arange(32) < 5, 255, ids))
    raw.masks(lambda ids: np.array([7, 8, 0], np.uint8)[ids])  # a class that is in no mask
    raw.write("data.yaml", "names: [sky, road, sea]\nlabel_mapping: {7: 0, 8: 1, 0: 255}\n")
    raw.convert()
    assert raw.names == ("sky", "road", "sea")
    raw.assert_masks(lambda ids: np.array([0, 1, 255])[ids])


def test_values_of_which_none_is_a_class_are_not_thrown_away(raw: Raw) -> None:
    """Neither the nearest number nor 255 would be right for any pixel."""
    raw.masks(lambda ids: np.array([7, 8, 11], np.uint8)[ids])
    lines = raw.write("mine.txt", "sky,#0000ff,0\nroad,#808080,1\nsea,#00ff00,2\ntree,#00ff80,3\n")
    said = raw.refused("--classes", lines)
    assert "No value of the masks is in the class map" in said
    assert "and name it with --classes:\n  sky,#0000ff,VALUE" in said
    assert "--unknown" not in said
    raw.masks(lambda ids: np.array([0, 8, 11], np.uint8)[ids])
    said = raw.refused("--classes", lines)
    assert "--unknown ignore" in said
    assert "--unknown nearest" not in said
    one = raw.write("one.txt", "sky,#0000ff,0\n")
    raw.masks(lambda ids: np.arange(32 * 24, dtype=np.uint16).reshape(24, 32).astype(np.uint8) // 50)
    assert "--unknown nearest" not in raw.refused("--classes", one)


def test_greys_of_smooth_interpolation_are_no_ids(raw: Raw) -> None:
    def soft(ids: np.ndarray) -> np.ndarray:
        made = np.where(ids == 2, 255, 0).astype(np.uint8)
        made[:10, :24] = np.arange(6, 246).reshape(10, 24)  # a third of all pixels, as on small masks
        return made

    raw.masks(soft)
    raw.write("classes.txt", "background\nthing\n")
    assert "--unknown nearest" in raw.refused()
    raw.convert("--unknown", "nearest")
    raw.assert_masks(lambda ids: soft(ids) > 127)


def test_stated_ids_that_are_all_too_small_are_asked_about(raw: Raw) -> None:
    raw.masks(lambda ids: ids + 2)
    raw.write("labels.txt", "0 road\n1 car\n2 tree\n")
    said = raw.refused()
    assert "The masks hold ids from 2 to 4, and the class map says 0 to 2: road, car would be in no mask" in said
    lines = said[said.index("\n\n") + 2 :].splitlines()[:3]
    raw.convert("--classes", raw.write("mine.txt", "\n".join(lines) + "\n"))
    raw.assert_masks(lambda ids: ids)


def test_first_id_that_leaves_ids_over_is_told_as_that(raw: Raw) -> None:
    raw.masks(lambda ids: ids)
    table = raw.write("class_dict_seg.csv", TABLE)
    said = raw.refused("--classes", table, "--first-id", 1)
    assert "the masks hold 0, which would be of no class. Counted from 0, none is left over" in said
    assert "hold colours" not in run_ok("masks", "inspect", raw.folder, "--classes", table, "--first-id", 1).stdout


def test_black_grey_and_white_are_three_classes_unless_one_is_called_ignore(raw: Raw) -> None:
    raw.masks(lambda ids: np.array([255, 128, 0], np.uint8)[ids])
    said = raw.refused()
    assert "255 is ignored" not in said
    lines = "\n".join(said[said.index("\n\n", said.index("Save")) + 2 :].splitlines()[:3]) + "\n"
    raw.convert("--classes", raw.write("mine.txt", lines))
    raw.assert_masks(lambda ids: 2 - ids)
    raw.convert("--classes", raw.write("mine.txt", lines.replace("class128", "ignore")))
    raw.assert_masks(lambda ids: np.array([1, 255, 0], np.uint8)[ids])


def test_a_list_in_the_only_folder_of_a_download_is_found(tmp_path: Path) -> None:
    for stem, ids in IDS.items():
        save(tmp_path / f"raw/Dataset001_Cells/imagesTr/{stem}_0000.png", smooth_image(24, 32))
        save(tmp_path / f"raw/Dataset001_Cells/labelsTr/{stem}.png", ids)
    content = {"channel_names": {"0": "R"}, "labels": {"background": 0, "cell": 1, "edge": 2}, "numTraining": 2}
    (tmp_path / "raw/Dataset001_Cells/dataset.json").write_text(json.dumps(content), encoding="utf-8")
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "cell", "edge")
    made = masks_of(tmp_path / "set")
    assert len(made) == 2
    assert all(np.array_equal(mask, IDS[stem.split("_")[-2]]) for stem, mask in made.items())


def test_photos_cut_out_of_their_background_are_no_masks(raw: Raw) -> None:
    values = np.random.default_rng(0).integers(0, 256, (24, 32, 3)).astype(np.uint8)
    raw.masks(lambda ids: np.dstack([values, np.where(ids == 1, 255, 0).astype(np.uint8)]))
    said = raw.refused()
    assert "photos cut out of their background, not masks" in said
    assert f"-alpha extract -format png {raw.folder / 'masks'}/*" in said


def test_transparent_pixels_may_be_the_background(raw: Raw) -> None:
    def made(ids: np.ndarray) -> np.ndarray:
        return np.dstack([COLORS[ids], np.where(ids > 0, 255, 0).astype(np.uint8)])

    raw.masks(made)
    table = "name,r,g,b\n{},0,0,0\nroad,128,64,128\ndirt,130,76,0\n"
    assert "call its class background in the class map" in raw.refused(
        "--classes", raw.write("a.csv", table.format("bg"))
    )
    raw.convert("--classes", raw.write("b.csv", table.format("background")), "--unknown", "background")
    raw.assert_masks(lambda ids: ids)


def test_what_numbers_below_0_mean_is_said(tmp_path: Path) -> None:
    save(tmp_path / "raw/images/a.png", smooth_image(24, 32))
    (tmp_path / "raw/masks").mkdir()
    Image.fromarray(np.where(IDS["a"] == 0, -1, IDS["a"].astype(np.int32))).save(tmp_path / "raw/masks/a.tif")
    said = run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert "holds -1 in " in said
    assert "with 255 where a number below 0 means that nobody labelled the pixel" in said


def test_a_value_beyond_a_list_whose_names_all_occur_shifts_none_of_them(raw: Raw) -> None:
    raw.masks(lambda ids: np.where(ids == 2, 128, ids).astype(np.uint8))
    raw.write("classes.txt", "sky\nroad\n")
    said = raw.refused()
    assert "1 value of the masks belongs to no class" in said and "--unknown ignore" in said
    raw.convert("--unknown", "ignore")
    raw.assert_masks(lambda ids: np.where(ids == 2, 255, ids))


def test_what_nobody_labelled_stands_in_no_line_to_save(raw: Raw) -> None:
    """Lines counted from 1 would give the name of 0 to 1."""
    for number, ids in enumerate(IDS.values(), start=1):
        save(raw.folder / f"PixelLabelData/Label_{number}.png", ids)
    said = raw.refused("--in-order", source="PixelLabelData")
    assert "0 means that nobody labelled the pixel: it is ignored, and stands in no line; if it is a class, add" in said
    path = raw.write("own.txt", said.split("\n\n")[-1])
    for options, expected in (((), without_first), (("--unlabelled", "background"), lambda ids: ids)):
        raw.convert("--in-order", "--classes", path, *options, source="PixelLabelData")
        made = masks_of(raw.target)
        assert all(np.array_equal(made[stem], expected(IDS[stem])) for stem in STEMS)
    assert raw.names == ("background", "class1", "class2")


def test_a_list_that_begins_with_the_background_is_asked_about_where_0_is_unlabelled(raw: Raw) -> None:
    for number, ids in enumerate(IDS.values(), start=1):
        save(raw.folder / f"PixelLabelData/Label_{number}.png", ids)
    raw.write("classes.txt", "background\nroad\ncar\n")
    said = raw.refused("--in-order", source="PixelLabelData")
    assert "background would be 1; but car would be in no mask then" in said
    raw.convert("--in-order", "--first-id", 0, source="PixelLabelData")
    raw.assert_masks(lambda ids: ids)
    raw.convert("--in-order", "--first-id", 1, source="PixelLabelData")
    raw.assert_masks(without_first)


def test_numbers_in_the_red_of_colours_get_the_names_of_a_list(raw: Raw) -> None:
    """As CARLA writes them; near colours are classes then, and no noise."""
    numbers = np.array([0, 7, 10], np.uint8)
    raw.masks(lambda ids: np.stack([numbers[ids], ids * 0, ids * 0], axis=-1))
    assert "class1,#070000\nclass2,#0a0000" in raw.refused()
    raw.write("classes.txt", "0 unlabeled\n7 road\n10 car\n")
    said = raw.refused()
    assert "classes.txt gives these names to the red of the colours\n\nSave these lines" in said
    path = raw.write("own.txt", said.split("\n\n")[-1])
    raw.convert("--classes", path)
    assert raw.names == ("road", "car")
    raw.assert_masks(without_first)


def test_the_background_of_two_names_is_black(raw: Raw) -> None:
    raw.masks(white)
    raw.write("classes.txt", "crack\nbackground\n")
    said = raw.refused()
    assert "If 255 is a class, save these two lines as classes.txt and add --classes classes.txt:" in said
    raw.convert("--classes", raw.write("own.txt", said.split("\n\n")[1]))
    assert raw.names == ("background", "crack")
    raw.assert_masks(lambda ids: ids == 1)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kinds", [("ids", "rgb"), ("rgb", "ids")])
def test_masks_of_ids_and_of_colours_come_into_one_dataset_in_two_runs(
    raw: Raw, kinds: tuple[str, str], channels: int
) -> None:
    """The advice was to read all of them as ids, which left the others out; these left the first ones out."""
    raw.masks(lambda ids: COLORS[ids])
    save(raw.folder / "masks" / "b.png", IDS["b"] if channels == 1 else np.stack([IDS["b"]] * 3, axis=-1))
    raw.write("classes.csv", TABLE.replace("unlabeled", "soil"))
    said = raw.refused()
    assert "as ids are, and other masks hold colours. Run the command twice, with each of these" in said
    assert "\n  --from ids\n  --from rgb\n" in said
    for kind in kinds:
        left_out = run_partly("masks", "convert", raw.folder, "-o", raw.target, "--from", kind)
        other = "a.png: a colour image, not ids" if kind == "ids" else "b.png: ids, not colours of the class map"
        assert other in left_out
    assert raw.names == ("soil", "road", "dirt")
    raw.assert_masks(lambda ids: ids)


def test_dark_greys_in_masks_of_colours_are_no_ids_where_they_are_said_to_be_colours(raw: Raw) -> None:
    raw.masks(lambda ids: np.where((np.arange(ids.size).reshape(ids.shape) == 3)[..., None], 1, COLORS[ids]))
    raw.write("classes.csv", TABLE.replace("unlabeled", "soil"))
    said = raw.refused("--from", "rgb")
    assert "1 value of the masks belongs to no class" in said
    assert "--unknown ignore" in said
    assert "--from ids" not in said


def test_a_class_map_that_cannot_be_read_is_named_where_it_is_missed(raw: Raw) -> None:
    raw.masks(lambda ids: COLORS[ids])
    path = raw.write("classes.csv", "name,color\nbackground,black\nroad,plum\ncar,brown\n")
    said = raw.refused()
    assert f"Passed over: {path}: line 1: no class map; write one name,#rrggbb" in said


def test_numbers_of_a_class_and_an_object_are_asked_about_without_a_class_map(raw: Raw) -> None:
    raw.masks(lambda ids: np.array([7, 26001, 26002], np.uint16)[ids])
    assert "If 26002 is object 2 of class 26, add --from ids-1000" in raw.refused()
    path = raw.write("own.csv", "id,name\n7,road\n26,car\n")
    raw.convert("--from", "ids-1000", "--classes", path)
    raw.assert_masks(lambda ids: ids > 0)


def test_two_stacks_of_one_folder_are_told_by_their_looks(tmp_path: Path) -> None:
    """ISBI 2012: train-volume.tif and train-labels.tif."""
    pages = [np.random.default_rng(seed).integers(0, 256, (64, 64), np.uint8) for seed in range(3)]
    masks = [random_mask(seed, 64, 64, classes=2) for seed in range(3)]
    for name, stack in (("volume", pages), ("labels", [mask * 255 for mask in masks])):
        first, *rest = [Image.fromarray(page.astype(np.uint8)) for page in stack]
        (tmp_path / "raw").mkdir(exist_ok=True)
        first.save(tmp_path / f"raw/train-{name}.tif", save_all=True, append_images=rest)
    said = run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    raw, volume = tmp_path / "raw/train-labels.tif", tmp_path / "raw/train-volume.tif"
    assert f"type the same command with this as SOURCE:\n  {raw} --images {volume}" in said
    (tmp_path / "own.txt").write_text("background,#000000\ncell,#ffffff,255\n")
    run_ok("masks", "convert", raw, "--images", volume, "-o", tmp_path / "set", "--classes", tmp_path / "own.txt")
    made = [mask for _, mask in sorted(masks_of(tmp_path / "set").items())]
    assert all(np.array_equal(own, mask) for own, mask in zip(made, masks, strict=True))


def test_lists_of_splits_below_the_folder_that_a_download_is_wrapped_in(raw: Raw, tmp_path: Path) -> None:
    for split, stem in zip(("train", "valid"), IDS, strict=False):
        folder = tmp_path / "wrap/inner/rf" / split
        save(folder / f"{stem}.jpg", smooth_image(*IDS[stem].shape))
        save(folder / f"{stem}_mask.png", IDS[stem])
        (folder / "_classes.csv").write_text("Pixel Value, Class\n0, ground\n1, road\n2, car\n")
    run_ok("masks", "convert", tmp_path / "wrap", "-o", raw.target)
    assert raw.names == ("ground", "road", "car")


@pytest.mark.parametrize("order", [(0, 3, 1, 2), (1, 3, 2, 0)])
@pytest.mark.parametrize("channels", [1, 3])
def test_greys_that_are_stated_are_the_values_in_whatever_order_they_stand(
    raw: Raw, order: tuple[int, ...], channels: int
) -> None:
    """Rows were counted in masks of one channel; the same masks as RGB were right."""
    names = ["background", "road", "building", "tree"]
    raw.write("classes.csv", "name,r,g,b\n" + "".join(f"{names[raw]},{raw},{raw},{raw}\n" for raw in order))
    raw.masks(lambda ids: ids + 1 if channels == 1 else np.stack([ids + 1] * 3, 2))
    said = raw.convert()
    assert "rows were counted" not in said
    assert "into the first line" not in said
    raw.assert_masks(lambda ids: np.array([order.index(grey) for grey in range(4)], np.uint8)[ids + 1])


def test_rows_are_counted_where_the_values_of_the_masks_are_none_of_the_greys(raw: Raw) -> None:
    raw.write("classes.csv", "name,r,g,b\nbackground,0,0,0\nroad,64,64,64\ntree,32,32,32\n")
    raw.masks(lambda ids: ids)
    assert "its rows were counted (0 background, 1 road, 2 tree)" in raw.convert()
    raw.assert_masks(lambda ids: ids)


def test_a_value_of_no_class_beside_greys_that_are_stated_does_not_count_the_rows(raw: Raw) -> None:
    raw.write("classes.csv", "name,r,g,b\nbackground,0,0,0\nroad,2,2,2\ntree,1,1,1\n")
    raw.masks(lambda ids: np.where(np.arange(ids.size).reshape(ids.shape) == 3, 7, ids).astype(np.uint8))
    assert "1 value of the masks belongs to no class" in raw.refused()
    raw.convert("--unknown", "ignore")
    expected = np.array([0, 2, 1], np.uint8)
    raw.assert_masks(lambda ids: np.where(np.arange(ids.size).reshape(ids.shape) == 3, 255, expected[ids]))


@pytest.mark.parametrize("key", ["id", "index", "name"])
def test_classes_in_json_without_colours(raw: Raw, key: str) -> None:
    names = ["background", "tree", "road"]
    entries = [{key: number, "name": names[number]} for number in ((0, 2, 1) if key != "name" else (0, 1, 2))]
    raw.write("classes.json", json.dumps({"classes": entries}))
    raw.masks(lambda ids: ids)
    raw.convert()
    assert raw.names == tuple(entry["name"] for entry in entries)
    raw.assert_masks(lambda ids: ids if key == "name" else np.array([0, 2, 1], np.uint8)[ids])


def test_a_colour_that_is_missing_in_one_class_is_named(raw: Raw) -> None:
    raw.write("classes.json", json.dumps({"classes": [{"name": "a", "color": "#000000"}, {"name": "b"}]}))
    raw.masks(lambda ids: ids)
    assert 'class 1 needs "name" and "color": {"name": "b"}' in raw.refused()


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("0,background,7\n1,tree,9\n2,road,8\n", ("background,0", "background,7")),
        ("background,7,0\ntree,9,1\nroad,8,2\n", ("background,7", "background,0")),
        ("0,background,void\n1,tree,thing\n2,road,thing\n", ("background,0", "void,0")),
        ("background,0,0\ntree,1,128\nroad,2,255\n", ("tree,1", "tree,128")),
    ],
)
def test_columns_without_a_line_that_names_them_are_asked_about(raw: Raw, text: str, ways: tuple[str, str]) -> None:
    """The class was called "background,7"."""
    raw.masks(lambda ids: ids)
    file = raw.write("names.csv", text)
    said = raw.refused("--classes", file)
    shown = 1 + text.split("\n").index(next(line for line in text.split("\n") if ways[0].split(",")[0] in line))
    assert f"names.csv: line {shown}: which of the 3 columns is the name, and which the id (found " in said
    assert said.endswith("this one may be\n  " + "\n  ".join(ways))
    raw.convert("--classes", raw.write("names.csv", "background,0\ntree,1\nroad,2\n"))
    assert raw.names == ("background", "tree", "road")


def test_a_name_with_a_comma_behind_another_mark_is_one_name(raw: Raw) -> None:
    raw.masks(lambda ids: ids)
    raw.convert("--classes", raw.write("names.txt", "0: background, rest\n1: tree, wood\n2: road, street\n"))
    assert raw.names == ("background, rest", "tree, wood", "road, street")
