"""gTruth.mat with polygons, with several ids or colours a label, and the layouts that are refused."""

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from skimage.measure import points_in_poly

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.labels.matlab.truth import truth_of
from tests.prep.labels.matlab.matlab_files import BOX, Definition, cell, matrix, struct, write_ground_truth
from tests.support import COLORS, masks_of, paint, random_image, random_mask, run_error, run_ok, save

RED, GREEN, BLUE = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
SKY: Definition = ("sky", "Polygon", BLUE, None)
TREE: Definition = ("tree", "Polygon", GREEN, None)
ROAD: Definition = ("road", "PixelLabel", RED, matrix([1.0]))
LAKE: Definition = ("lake", "PixelLabel", BLUE, matrix([2.0]))
CAR: Definition = ("car", "Rectangle", RED, None)

BIG = matrix([2.3, 1.4], [28.6, 3.2], [25.1, 20.7], [4.2, 18.3])
SMALL = matrix([8.4, 6.1], [20.2, 5.3], [12.7, 15.6])
OTHER = matrix([15.3, 2.2], [31.4, 9.6], [17.8, 22.9])


def inside(ring: NDArray[np.float64], height: int = 24, width: int = 32) -> NDArray[np.bool_]:
    """Pixels whose centre lies inside: MATLAB counts pixels from 1, and their centres are whole numbers."""
    rows, columns = np.mgrid[1 : height + 1, 1 : width + 1]
    return points_in_poly(np.stack([columns.ravel(), rows.ravel()], 1), ring).reshape(height, width)


def painted(*layers: tuple[NDArray[np.float64], int], ground: object = 255) -> NDArray[np.uint8]:
    mask = np.full((24, 32), ground, np.uint8)
    for ring, index in layers:
        mask[inside(ring)] = index
    return mask


def photos(folder: Path, *stems: str) -> list[str]:
    """Photos below the folder, and their paths on another computer."""
    for seed, stem in enumerate(stems):
        save(folder / "images" / f"{stem}.png", random_image(seed))
    return [rf"C:\anna\images\{stem}.png" for stem in stems]


@pytest.mark.parametrize("version", ["v7", "v7.3"])
@pytest.mark.parametrize("tree_over_sky", [True, False])
def test_polygons_in_drawing_order(tmp_path: Path, version: str, tree_over_sky: bool) -> None:
    data = struct([{"sky": cell([BIG, OTHER]), "tree": cell([SMALL])}, {"sky": matrix(), "tree": SMALL}])
    order = struct(
        [
            {
                "sky": matrix([1.0], [3.0]) if tree_over_sky else matrix([2.0], [3.0]),
                "tree": matrix([2.0 if tree_over_sky else 1.0]),
            },
            {"sky": matrix(), "tree": matrix([1.0])},
        ]
    )
    truth = write_ground_truth(tmp_path / "gTruth.mat", photos(tmp_path, "a", "b"), [SKY, TREE], data, order, version)
    result = json.loads(run_ok("masks", "convert", truth, "-o", tmp_path / "d", "--json").stdout)
    assert (result["converted"], result["notes"]) == (2, [])
    dataset = Dataset.open(tmp_path / "d")
    assert (dataset.classes.names, dataset.classes.ids) == (("sky", "tree"), (1, 2))
    assert dataset.classes.colors == ((0, 0, 255), (0, 255, 0))
    layers = [(BIG, 0), (SMALL, 1), (OTHER, 0)] if tree_over_sky else [(SMALL, 1), (BIG, 0), (OTHER, 0)]
    made = masks_of(tmp_path / "d")
    assert np.array_equal(made["a"], painted(*layers))
    assert np.array_equal(made["b"], painted((SMALL, 1)))
    assert (made["a"] == 1).any() == tree_over_sky  # the small one is covered by the big one


@pytest.mark.parametrize(
    ("unlabelled", "expected"), [("ignore", (255, 0, 1)), ("background", (0, 1, 2)), ("tree", (1, 0, 1))]
)
def test_pixels_outside_polygons(tmp_path: Path, unlabelled: str, expected: tuple[int, int, int]) -> None:
    """The file has no PolygonOrder: labels cover each other as they are defined."""
    data = struct([{"sky": cell([BIG]), "tree": cell([SMALL])}])
    truth = write_ground_truth(tmp_path / "gTruth.mat", photos(tmp_path, "a"), [SKY, TREE], data)
    said = run_ok("masks", "convert", truth, "-o", tmp_path / "d", "--unlabelled", unlabelled)
    assert "no PolygonOrder in the file: where polygons overlap, the label that is defined later covers" in said.output
    table = np.zeros(256, np.uint8)
    table[[255, 0, 1]] = expected
    assert np.array_equal(masks_of(tmp_path / "d")["a"], table[painted((BIG, 0), (SMALL, 1))])


def test_polygons_over_pixel_labels(tmp_path: Path) -> None:
    """Pixel labels first; boxes are counted and left out; a photo may have either kind, or none."""
    paths = photos(tmp_path, "a", "b", "c", "d", "e")
    pixels = {stem: random_mask(seed) for seed, stem in enumerate("ab")}
    for stem, ids in pixels.items():
        save(tmp_path / "PixelLabelData" / f"Label_{stem}.png", ids)
    files = [rf"C:\anna\PixelLabelData\Label_{stem}.png" for stem in "ab"]
    data = struct(
        [
            {"sky": cell([BIG]), "car": np.vstack([BOX, BOX]), "PixelLabelData": files[0]},
            {"sky": matrix(), "car": matrix(), "PixelLabelData": files[1]},
            {"sky": SMALL, "car": BOX, "PixelLabelData": ""},
            {"sky": matrix(), "car": matrix(), "PixelLabelData": ""},
            {"sky": SMALL, "car": matrix(), "PixelLabelData": r"C:\anna\PixelLabelData\Label_9.png"},
        ]
    )
    truth = write_ground_truth(tmp_path / "gTruth.mat", paths, [SKY, CAR, ROAD, LAKE], data)
    result = json.loads(run_ok("masks", "convert", truth, "-o", tmp_path / "d", "--json").stdout)
    assert result["notes"] == ["left out, because they are no regions: 3 x Rectangle"]
    assert result["missing"] == [r"C:\anna\PixelLabelData\Label_9.png"]
    classes = Dataset.open(tmp_path / "d").classes
    assert (classes.names, classes.ids) == (("road", "lake", "sky"), (1, 2, 256))
    ignored_first = np.array([255, 0, 1], np.uint8)
    made = masks_of(tmp_path / "d")
    assert made.keys() == {"a", "b", "c"}
    assert np.array_equal(made["a"], painted((BIG, 2), ground=ignored_first[pixels["a"]]))
    assert np.array_equal(made["b"], ignored_first[pixels["b"]])
    assert np.array_equal(made["c"], painted((SMALL, 2)))
    said = json.loads(run_ok("masks", "inspect", truth, "--json").stdout)
    named = {value["name"]: value["pixels"] for value in said["values"]}
    assert named["sky"] == int((made["a"] == 2).sum() + (made["c"] == 2).sum())
    assert "never labelled" in named


def test_boxes_beside_pixel_labels_are_counted(tmp_path: Path) -> None:
    save(tmp_path / "PixelLabelData" / "Label_1.png", random_mask(0))
    data = struct([{"car": np.vstack([BOX, BOX, BOX]), "PixelLabelData": r"C:\x\PixelLabelData\Label_1.png"}])
    truth = write_ground_truth(tmp_path / "gTruth.mat", photos(tmp_path, "a"), [CAR, ROAD, LAKE], data)
    result = json.loads(run_ok("masks", "convert", truth, "-o", tmp_path / "d", "--json").stdout)
    assert result["notes"] == ["left out, because they are no regions: 3 x Rectangle"]
    assert np.array_equal(masks_of(tmp_path / "d")["a"], np.array([255, 0, 1], np.uint8)[random_mask(0)])


def test_only_boxes(tmp_path: Path) -> None:
    data = struct([{"car": BOX, "sky": matrix()}])
    truth = write_ground_truth(tmp_path / "gTruth.mat", photos(tmp_path, "a"), [CAR, SKY], data)
    said = run_error("masks", "convert", truth, "-o", tmp_path / "d")
    assert "holds no pixel labels and no polygons, only car (Rectangle), sky (Polygon)" in said


def test_polygons_need_their_photos(tmp_path: Path) -> None:
    data = struct([{"sky": SMALL}, {"sky": BIG}])
    names = [r"C:\x\a.png", r"C:\x\b.png"]
    truth = write_ground_truth(tmp_path / "gTruth.mat", names, [SKY], data)
    said = run_error("masks", "convert", truth, "-o", tmp_path / "d")
    assert r"(C:\x\a.png, C:\x\b.png); copy the photos (polygons need their size)" in said
    save(tmp_path / "pictures" / "b.png", random_image(0))
    result = json.loads(run_ok("masks", "convert", truth, "-o", tmp_path / "d", "--json").stdout)
    assert (result["converted"], result["missing"]) == (1, [r"C:\x\a.png"])
    assert np.array_equal(masks_of(tmp_path / "d")["b"], painted((BIG, 0)))
    assert "that is a file of MATLAB's gTruth.mat" in run_error(
        "masks", "convert", truth, "-o", tmp_path / "e", "--from", "ids"
    )


def test_polygons_turn_with_the_photo(tmp_path: Path) -> None:
    """MATLAB draws on the photo as stored, whatever its EXIF says."""
    exif = Image.Exif()
    exif[0x0112] = 6
    save(tmp_path / "images" / "a.jpg", random_image(0), exif=exif)
    truth = write_ground_truth(tmp_path / "gTruth.mat", [r"C:\x\a.jpg"], [SKY], struct([{"sky": BIG}]))
    result = json.loads(run_ok("masks", "convert", truth, "-o", tmp_path / "d", "--json").stdout)
    assert result["turned"] == 1
    assert np.array_equal(masks_of(tmp_path / "d")["a"], np.rot90(painted((BIG, 0)), -1))


def test_polygons_with_attributes(tmp_path: Path) -> None:
    rows = struct([{"Position": BIG, "wet": "yes"}, {"Position": cell([OTHER]), "wet": "no"}])
    truth = write_ground_truth(tmp_path / "gTruth.mat", photos(tmp_path, "a"), [SKY], struct([{"sky": rows}]))
    run_ok("masks", "convert", truth, "-o", tmp_path / "d")
    assert np.array_equal(masks_of(tmp_path / "d")["a"], painted((BIG, 0), (OTHER, 0)))


@pytest.mark.parametrize(
    ("value", "order", "said"),
    [
        (BOX, None, "photo 1, label 'sky': an array of float64 of the size (1, 4) where polygons are expected"),
        (cell(["text"]), None, "where polygons are expected"),
        (struct([{"Points": BIG}]), None, "an array of ('Points',) of the size (1, 1) where polygons are expected"),
        (matrix([1.0, 2.0], [np.nan, 3.0], [4.0, 4.0]), None, "no finite number"),
        (cell([BIG, SMALL]), matrix([1.0]), "2 polygons have the label 'sky', but PolygonOrder holds"),
        (cell([BIG, SMALL]), matrix([1.0], [1.0]), "two polygons have the same place in PolygonOrder"),
        (cell([BIG]), matrix([np.nan]), "not as many numbers"),
    ],
)
def test_other_layouts_are_refused(tmp_path: Path, value: object, order: object, said: str) -> None:
    orders = None if order is None else struct([{"sky": order}])
    truth = write_ground_truth(tmp_path / "gTruth.mat", photos(tmp_path, "a"), [SKY], struct([{"sky": value}]), orders)
    assert said in run_error("masks", "convert", truth, "-o", tmp_path / "d")
    assert not (tmp_path / "d").exists()


def decoded(definitions: object, label_data: object, order: object, photos: int = 2) -> dict[str, object]:
    """What mat-io gives for a file."""
    names = cell([np.array([rf"C:\x\{number}.png"]) for number in range(photos)])
    record = {
        "DataSource": struct([{"Source": names}]),
        "LabelDefinitions": definitions,
        "LabelData": label_data,
        "PolygonOrder": order,
    }
    return {"gTruth": SimpleNamespace(classname="groundTruth", properties={"any": struct([record])})}


def test_tables_that_do_not_fit_the_photos(tmp_path: Path) -> None:
    sky = struct([{"Name": np.array(["sky"]), "Type": np.array(["Polygon"]), "LabelColor": matrix(BLUE)}])
    one, two = struct([{"sky": BIG}]), struct([{"sky": BIG}, {"sky": SMALL}])
    path = tmp_path / "gTruth.mat"
    assert [len(photo.polygons) for photo in truth_of(path, decoded(sky, two, matrix())).photos] == [1, 1]
    with pytest.raises(SegError, match=r"LabelData \(1 element\) is no struct array of 2 elements, one a photo"):
        truth_of(path, decoded(sky, one, matrix()))
    with pytest.raises(SegError, match=r"LabelData .* is no struct array"):
        truth_of(path, decoded(sky, cell([BIG, SMALL]), matrix()))
    with pytest.raises(SegError, match="PolygonOrder is no struct array of 2 elements, one a photo"):
        truth_of(path, decoded(sky, two, one))
    with pytest.raises(SegError, match="PolygonOrder is no struct array"):
        truth_of(path, decoded(sky, two, matrix([1.0], [2.0])))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(matrix([7.0]), (7,)), (matrix([9.0], [7.0], [9.0]), (7, 9)), (np.array([[7, 8, 300]]).T, (7, 8, 300))],
)
def test_several_ids_of_a_label(tmp_path: Path, raw: object, expected: tuple[int, ...]) -> None:
    ids = np.random.default_rng(0).choice([0, 1, *expected], (24, 32)).astype(np.uint16)
    save(tmp_path / "PixelLabelData" / "Label_1.png", ids if ids.max() > 255 else ids.astype(np.uint8))
    data = struct([{"PixelLabelData": r"C:\x\PixelLabelData\Label_1.png"}])
    definitions = [("sky", "PixelLabel", BLUE, raw), ROAD]
    truth = write_ground_truth(tmp_path / "gTruth.mat", photos(tmp_path, "a"), definitions, data)
    run_ok("masks", "convert", truth, "-o", tmp_path / "d", "--unlabelled", "background")
    dataset = Dataset.open(tmp_path / "d")
    assert (dataset.classes.names, dataset.classes.ids) == (("background", "road", "sky"), (0, 1, expected[0]))
    assert dataset.classes.index_of_id() == {0: 0, 1: 1, **dict.fromkeys(expected, 2)}
    assert np.array_equal(dataset.mask(dataset.samples[0]), ids.clip(0, 2))
    # The dataset's own class map, and the one that inspect writes, mean the same again.
    run_ok("masks", "inspect", truth, "--write", tmp_path / "classes.json")
    convert = ("masks", "convert", tmp_path / "PixelLabelData", "--images", tmp_path / "images", "--in-order")
    for number, classes in enumerate((tmp_path / "d" / "classes.json", tmp_path / "classes.json")):
        run_ok(*convert, "-o", tmp_path / str(number), "--classes", classes)
        made = masks_of(tmp_path / str(number))["a"]
        assert np.array_equal(made, ids.clip(0, 2) if number == 0 else np.array([255, 0, 1], np.uint8)[ids.clip(0, 2)])


def test_the_order_of_photos_that_numbers_and_listings_tell_apart_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = [f"img{number}" for number in (1, 2, 3, 10, 11)]
    listed = sorted(names)
    photos(tmp_path, *names)
    for place in range(5):
        save(Path("PixelLabelData") / f"Label_{place + 1}.png", random_mask(place))
    Path("classes.txt").write_text("sky,#000000,1\nroad,#ffffff,2\n")
    convert = ("masks", "convert", "PixelLabelData", "--classes", "classes.txt", "--unlabelled", "ignore")
    said = run_error(*convert, "-o", "d")
    assert "as numbers count, img2 is before img10; in a plain listing, as MATLAB's dir" in said
    assert "put the place in it before the name of each photo (2_img10)" in said
    told = run_ok(*convert, "-o", "d", "--in-order").output
    assert "paired in order (as numbers count, img2 before img10): img1 with Label_1 ... img11 with Label_5" in told
    expected = [np.array([255, 0, 1], np.uint8)[random_mask(place)] for place in range(5)]
    assert all(np.array_equal(masks_of(Path("d"))[name], mask) for name, mask in zip(names, expected, strict=True))
    for place, name in enumerate(listed, start=1):
        (file,) = Path("images").glob(f"{name}.*")
        file.rename(file.with_stem(f"{place}_{name}"))
    assert "paired in order: 1_img1 with Label_1 ... 5_img3 with Label_5" in run_ok(*convert, "-o", "e").output
    made = masks_of(Path("e"))
    assert all(np.array_equal(made[f"{place + 1}_{name}"], expected[place]) for place, name in enumerate(listed))


def test_colours_as_pixel_label_ids(tmp_path: Path) -> None:
    """As CamVid has them: several colours are one class, in label files of three channels."""
    wanted = [("sky", "PixelLabel", RED, matrix(*COLORS[:2])), ("tree", "PixelLabel", RED, matrix(COLORS[2]))]
    save(tmp_path / "PixelLabelData" / "Label_1.png", paint(random_mask(0)))
    data = struct([{"PixelLabelData": r"C:\x\PixelLabelData\Label_1.png"}])
    truth = write_ground_truth(tmp_path / "gTruth.mat", photos(tmp_path, "a"), wanted, data)
    run_ok("masks", "convert", truth, "-o", tmp_path / "d")
    dataset = Dataset.open(tmp_path / "d")
    assert (dataset.classes.names, dataset.classes.colors) == (("sky", "tree"), (COLORS[0], COLORS[2]))
    assert dataset.classes.more_colors == ((COLORS[1],), ())
    assert np.array_equal(dataset.mask(dataset.samples[0]), np.array([0, 0, 1], np.uint8)[random_mask(0)])
    mixed = write_ground_truth(
        tmp_path / "mixed.mat",
        photos(tmp_path, "a"),
        [*wanted, SKY],
        struct([{"sky": BIG, "PixelLabelData": r"C:\x\PixelLabelData\Label_1.png"}]),
    )
    assert "pixel labels that are colours" in run_error("masks", "convert", mixed, "-o", tmp_path / "e")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (matrix([1.5]), "the label 'sky' has the pixel label id"),
        (matrix([-1.0]), "whole numbers from 0 to 65535 can be read"),
        (matrix([np.inf]), "whole numbers"),
        (matrix([1.0, 2.0], [3.0, 4.0]), "or rows of red, green and blue from 0 to 255"),
        (matrix([1.0, 2.0, 300.0], [1.0, 2.0, 3.0]), "or rows of red, green and blue"),
        (matrix([1.0, 2.0, 3.0]), "some labels have ids and others colours"),
        (matrix([1.0], [2.0]), "the id 1 stands twice"),
    ],
)
def test_other_pixel_label_ids_are_refused(tmp_path: Path, raw: object, said: str) -> None:
    save(tmp_path / "PixelLabelData" / "Label_1.png", random_mask(0))
    data = struct([{"PixelLabelData": r"C:\x\PixelLabelData\Label_1.png"}])
    definitions = [("sky", "PixelLabel", BLUE, raw), ROAD]
    truth = write_ground_truth(tmp_path / "gTruth.mat", photos(tmp_path, "a"), definitions, data)
    told = run_error("masks", "convert", truth, "-o", tmp_path / "d")
    assert said in told
    assert told.startswith(str(truth))


RINGS = st.lists(st.tuples(*[st.floats(-8, 40).map(lambda x: round(x, 1) + 0.037)] * 2), min_size=3, max_size=7)


@given(st.lists(st.tuples(RINGS, st.sampled_from(["sky", "tree"])), min_size=1, max_size=5), st.randoms())
def test_any_stack_of_polygons(stack: list[tuple[list[tuple[float, float]], str]], random: object) -> None:
    """Whatever the order in which labels are stored, the stack is the one of PolygonOrder."""
    definitions = struct([{"Name": np.array([name]), "Type": np.array(["Polygon"])} for name in ("sky", "tree")])
    stored = list(enumerate(stack, start=1))
    random.shuffle(stored)  # type: ignore[attr-defined]
    rows, places = {}, {}
    for name in ("sky", "tree"):
        mine = [(place, ring) for place, (ring, label) in stored if label == name]
        rows[name] = cell([matrix(*ring) for _, ring in mine]) if mine else matrix()
        places[name] = matrix(*[[float(place)] for place, _ in mine])
    variables = decoded(definitions, struct([rows]), struct([places]), photos=1)
    (photo,) = truth_of(Path("nowhere") / "gTruth.mat", variables).photos
    assert [name for name, _ in photo.polygons] == [name for _, name in stack]
    for (_, corners), (ring, _) in zip(photo.polygons, stack, strict=True):
        assert np.allclose(corners, np.array(ring) - 0.5)


def test_definitions_without_pixel_labels(tmp_path: Path) -> None:
    truth = write_ground_truth(tmp_path / "labels.mat", ["a.png"], [SKY], struct([{"sky": BIG}]))
    save(tmp_path / "a.png", random_mask(0))
    said = run_error("masks", "inspect", tmp_path / "a.png", "--classes", truth)
    assert re.search(r"labels\.mat: holds no label definitions with pixel label ids", said)


def test_without_mat_io_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """'seg-prep' alone comes without it."""
    write_ground_truth(tmp_path / "gTruth.mat", ["a.png"], [TREE], struct([{"tree": cell([BIG])}]))
    monkeypatch.setitem(sys.modules, "matio", None)
    said = run_error("masks", "convert", tmp_path / "gTruth.mat", "-o", tmp_path / "d")
    assert "gTruth.mat: MATLAB files need the package mat-io" in said
    assert "pip install 'seg-prep[matlab]'" in said


@pytest.mark.parametrize("properties", [np.zeros((1, 1)), None, [1]])
def test_an_object_without_properties_is_told(properties: object) -> None:
    spoiled = SimpleNamespace(classname="groundTruth", properties=properties)
    with pytest.raises(SegError, match=r"a\.mat: holds no groundTruth object as the Image Labeler exports it"):
        truth_of(Path("a.mat"), {"gTruth": spoiled})


def test_label_files_in_a_folder_of_another_name_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two that are named one is there: its number alone does not tell it from that of another export."""
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "z" / "Label_1.png", random_mask(0))
    data = struct([{"PixelLabelData": rf"C:\x\PixelLabelData\Label_{number}.png"} for number in (1, 2)])
    write_ground_truth(tmp_path / "gTruth.mat", photos(tmp_path, "a", "b"), (ROAD, LAKE), data)
    said = run_error("masks", "convert", tmp_path / "gTruth.mat", "-o", "dataset")
    assert said.endswith(f"if they are these, call that folder {tmp_path / 'PixelLabelData'}")
    (tmp_path / "z").rename(tmp_path / "PixelLabelData")
    run_ok("masks", "convert", tmp_path / "gTruth.mat", "-o", "dataset")
    assert np.array_equal(masks_of(Path("dataset"))["a"] == 1, random_mask(0) == 2)
