"""Labels as tools write them, through the command: folders, zip files, MATLAB's files."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.labels.matlab.ground_truth import ground_truth_source
from tests.prep.labels.matlab.matlab_files import matrix, struct, write_ground_truth
from tests.support import masks_of, paint, random_image, random_mask, run_error, run_ok, save, tree

LABELMAP = "# label:color_rgb:parts:actions\nbackground:0,0,0::\nline:255,0,0::\nellipse:0,255,0::\n"
NAMES = "background\nline\nellipse\n"
STEMS = ("a", "b")


def photos(folder: Path, stems: tuple[str, ...] = STEMS) -> Path:
    for seed, stem in enumerate(stems):
        save(folder / f"{stem}.png", random_image(seed))
    return folder


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def zipped(path: Path, members: dict[str, Path]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, file in members.items():
            archive.write(file, name)
    return path


def test_nested_folders(tmp_path: Path) -> None:
    """The same names in every tile; each finds its own photo."""
    write(tmp_path / "data" / "labelmap.txt", LABELMAP)
    for seed in range(2):
        save(tmp_path / "data" / f"Tile {seed}" / "images" / "part.png", random_image(seed))
        save(tmp_path / "data" / f"Tile {seed}" / "masks" / "part.png", paint(random_mask(seed)))
    said = run_ok("masks", "convert", tmp_path / "data", "-o", tmp_path / "d").stdout
    assert f"classes: {tmp_path / 'data' / 'labelmap.txt'}" in said
    dataset = Dataset.open(tmp_path / "d")
    assert [sample.stem for sample in dataset.samples] == ["Tile 0_part", "Tile 1_part"]
    for seed, sample in enumerate(dataset.samples):
        assert np.array_equal(dataset.mask(sample), random_mask(seed))
        assert np.array_equal(dataset.image(sample), random_image(seed))


@pytest.mark.parametrize("inner", ["", "day 1/"])
@pytest.mark.parametrize("packed", [False, True])
def test_cvat(tmp_path: Path, inner: str, packed: bool) -> None:
    folder = tmp_path / "export"
    write(folder / "labelmap.txt", LABELMAP)
    names = [f"SegmentationClass/{inner}{stem}.png" for stem in STEMS]
    for seed, name in enumerate(names):
        save(folder / name, paint(random_mask(seed)))
        save(folder / name.replace("Class", "Object"), random_image(seed))
    members = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    source = zipped(tmp_path / "export.zip", members) if packed else folder
    photos(tmp_path / "p" / inner)
    run_ok("masks", "convert", source, "-o", tmp_path / "d", "--images", tmp_path / "p")
    expected = {f"{inner}{stem}".replace("/", "_"): random_mask(seed) for seed, stem in enumerate(STEMS)}
    made = masks_of(tmp_path / "d")
    assert made.keys() == expected.keys()
    assert all(np.array_equal(made[stem], expected[stem]) for stem in made)


def test_a_replaced_zip_is_read_again(tmp_path: Path) -> None:
    photos(tmp_path / "p", ("a",))
    write(tmp_path / "labelmap.txt", LABELMAP)
    for seed in (0, 1):
        mask = save(tmp_path / f"{seed}.png", paint(random_mask(seed, classes=2 + seed)))
        source = zipped(
            tmp_path / "x.zip", {"SegmentationClass/a.png": mask, "labelmap.txt": tmp_path / "labelmap.txt"}
        )
        run_ok("masks", "convert", source, "-o", tmp_path / str(seed), "--images", tmp_path / "p", "--workers", 1)
        assert np.array_equal(masks_of(tmp_path / str(seed))["a"], random_mask(seed, classes=2 + seed))


@pytest.mark.parametrize(
    "name", ["../../evil.png", "/etc/evil.png", "SegmentationClass/../../../evil.png", "a/../evil.png"]
)
def test_names_in_a_zip_lead_nowhere(tmp_path: Path, name: str) -> None:
    mask = save(tmp_path / "raw" / "m.png", paint(random_mask(0)))
    classes = write(tmp_path / "raw" / "labelmap.txt", LABELMAP)
    source = zipped(tmp_path / "raw" / "x.zip", {name: mask, "labelmap.txt": classes})
    photos(tmp_path / "raw" / "photos", ("evil",))
    before = tree(tmp_path)
    out = tmp_path / "deep" / "er" / "d"
    convert = ("masks", "convert", source, "-o", out, "--images", tmp_path / "raw" / "photos", "--in-order")
    run_ok(*convert)
    after = {path: data for path, data in tree(tmp_path).items() if not path.startswith("deep/")}
    assert after == before
    assert set(masks_of(out)) == {"evil"}
    assert {path.name for path in (tmp_path / "deep").rglob("evil*")} == {"evil.png"}


@pytest.mark.parametrize(("unlabelled", "ids"), [("ignore", (1, 2)), ("background", (0, 1, 2)), ("line", (1, 2))])
def test_pixel_label_data(tmp_path: Path, unlabelled: str, ids: tuple[int, ...]) -> None:
    """Id 0 means never labelled; names count from 1; Label_10 comes after Label_2."""
    stems = tuple(f"{number:03d}" for number in range(1, 11))
    photos(tmp_path / "images", stems)
    for number in range(1, 11):
        save(tmp_path / "PixelLabelData" / f"Label_{number}.png", random_mask(number))
    write(tmp_path / "codes.txt", "line\nellipse\n")
    convert = ("masks", "convert", tmp_path / "PixelLabelData", "-o", tmp_path / "d", "--unlabelled", unlabelled)
    assert "paired in order: 001 with Label_1 ... 010 with Label_10" in run_ok(*convert).stdout
    dataset = Dataset.open(tmp_path / "d")
    assert dataset.classes.ids == ids
    table = {"ignore": (255, 0, 1), "background": (0, 1, 2), "line": (0, 0, 1)}[unlabelled]
    for number, sample in enumerate(dataset.samples, start=1):
        assert np.array_equal(dataset.mask(sample), np.array(table, np.uint8)[random_mask(number)])


def test_first_id_counts_again_on_a_dataset(tmp_path: Path) -> None:
    photos(tmp_path / "images")
    for number in (1, 2):
        save(tmp_path / "PixelLabelData" / f"Label_{number}.png", random_mask(number) + 2)
    write(tmp_path / "codes.txt", NAMES)
    convert = ("masks", "convert", tmp_path / "PixelLabelData", "-o", tmp_path / "d", "--overwrite")
    said = run_error(*convert)
    assert "The masks hold ids from 2 to 4; counted from 1, background would be in no mask, and 4 would be no" in said
    assert run_error(*convert, "--unknown", "ignore") == said  # no class map is taken that seems to be shifted
    run_ok(*convert, "--unknown", "ignore", "--first-id", 1)
    run_ok(*convert, "--first-id", 2)
    assert Dataset.open(tmp_path / "d").classes.ids == (2, 3, 4)
    assert np.array_equal(masks_of(tmp_path / "d")["a"], random_mask(1))


@pytest.mark.parametrize("kind", ["uint8", "float64", "int16", "bool"])
@pytest.mark.parametrize("turned", [False, True])
def test_matrix(tmp_path: Path, kind: str, turned: bool) -> None:
    photos(tmp_path / "images")
    write(tmp_path / "masks" / "codes.txt", NAMES)
    expected = {stem: random_mask(seed, classes=2 if kind == "bool" else 3) for seed, stem in enumerate(STEMS)}
    for stem, mask in expected.items():
        matrix = mask.astype(kind)
        savemat(tmp_path / "masks" / f"{stem}.mat", {"L": matrix.T if turned else matrix, "n": 1.0})
    run_ok("masks", "convert", tmp_path / "masks", "-o", tmp_path / "d", "--images", tmp_path / "images")
    assert all(np.array_equal(mask, expected[stem]) for stem, mask in masks_of(tmp_path / "d").items())


def test_matrix_of_another_shape_is_stretched_as_it_is(tmp_path: Path) -> None:
    photos(tmp_path / "images", ("a",))
    write(tmp_path / "masks" / "codes.txt", NAMES)
    matrix = random_mask(0, 8, 4)
    savemat(tmp_path / "masks" / "a.mat", {"L": matrix})
    convert = ("masks", "convert", tmp_path / "masks", "-o", tmp_path / "d", "--images", tmp_path / "images")
    assert "4 x 8 pixels, but its photo a.png has 32 x 24" in run_error(*convert)
    run_ok(*convert, "--stretch")
    assert np.array_equal(masks_of(tmp_path / "d")["a"], matrix.repeat(3, 0).repeat(8, 1))


@pytest.mark.parametrize(
    ("value", "said"),
    [(-1.0, "holds ids from -1 to"), (0.5, "not whole"), (np.inf, "not whole"), (np.nan, "to no class")],
)
def test_matrix_errors(tmp_path: Path, value: float, said: str) -> None:
    photos(tmp_path / "images", ("a",))
    write(tmp_path / "masks" / "codes.txt", NAMES)
    matrix = random_mask(0).astype(float)
    matrix[3, 4] = value
    convert = ("masks", "convert", tmp_path / "masks", "-o", tmp_path / "d", "--images", tmp_path / "images")
    savemat(tmp_path / "masks" / "a.mat", {"L": matrix, "M": random_mask(0)})
    assert "holds 2 matrices (L, M); add which one to read:\n  --variable L\n  --variable M" in run_error(*convert)
    assert said in run_error(*convert, "--variable", "L")
    assert "has no label matrix 'N'; its matrices: L, M" in run_error(*convert, "--variable", "N")
    assert not (tmp_path / "d").exists()
    run_ok(*convert, "--variable", "M")


@pytest.mark.parametrize("on_stored", [False, True])
def test_masks_come_after_resize(tmp_path: Path, on_stored: bool) -> None:
    """Photos stored 64 x 48 with orientation 6 became 24 x 32 images; masks have the size of the photos."""
    exif = Image.Exif()
    exif[0x0112] = 6
    small = random_mask(0, 32, 24)
    save(tmp_path / "p" / "a.jpg", random_image(0, 48, 64), exif=exif)
    run_ok("resize", tmp_path / "p", "-o", tmp_path / "d", "--size", 32)
    mask = small.repeat(2, 0).repeat(2, 1)
    save(tmp_path / "m" / "a.png", np.rot90(mask) if on_stored else mask)
    classes = write(tmp_path / "codes.txt", NAMES)
    result = run_ok("masks", "convert", tmp_path / "m", "-o", tmp_path / "d", "--classes", classes, "--json")
    data = json.loads(result.stdout)
    assert (data["turned"], data["resized"]) == (int(on_stored), 1)
    assert np.array_equal(masks_of(tmp_path / "d")["a"], small)


def test_color_changes_a_class(tmp_path: Path) -> None:
    photos(tmp_path / "images", ("a",))
    write(tmp_path / "masks" / "labelmap.txt", LABELMAP)
    save(tmp_path / "masks" / "a.png", paint(random_mask(0), ((0, 0, 0), (1, 2, 3), (9, 9, 9))))
    convert = ("masks", "convert", tmp_path / "masks", "-o", tmp_path / "d", "--images", tmp_path / "images")
    run_error(*convert)
    assert "no class has that name" in run_error(*convert, "--color", "tree=#010203")
    run_ok(*convert, "--color", "line=#010203", "--color", "ignore=#090909")
    assert np.array_equal(masks_of(tmp_path / "d")["a"], np.array([0, 1, 255], np.uint8)[random_mask(0)])


def test_ground_truth_never_shares_a_file(tmp_path: Path) -> None:
    """Photos of two days have one name, and only one day was copied."""
    save(tmp_path / "images" / "1.png", random_image(0))
    for number in (1, 2):
        save(tmp_path / "PixelLabelData" / f"Label_{number}.png", random_mask(number))
    labels = [rf"C:\x\PixelLabelData\Label_{number}.png" for number in (1, 2, 3)]
    photo_paths = [r"C:\x\day1\1.png", r"C:\x\day2\1.png", r"C:\x\day2\2.png"]
    definitions = [
        ("two", "PixelLabel", (0.0, 1.0, 0.0), matrix([2.0])),
        ("one", "PixelLabel", (1.0, 0.0, 0.0), matrix([1.0])),
    ]
    data = struct([{"PixelLabelData": label} for label in labels])
    source = ground_truth_source(write_ground_truth(tmp_path / "gTruth.mat", photo_paths, definitions, data))
    assert [label.stem for label in source.labels] == ["day1_1", "day2_1"]
    assert source.photos == {}
    assert source.missing == (labels[2],)
    assert source.classes is not None
    assert (source.classes.names, source.classes.ids) == (("one", "two"), (1, 2))
    with pytest.raises(SegError, match="lists 1 photo and 3 label files"):
        ground_truth_source(write_ground_truth(tmp_path / "gTruth.mat", ["a.png"], definitions, data))


def test_ground_truth_in_renamed_folders(tmp_path: Path, real_data: Path) -> None:
    """Copied elsewhere, with other folder names: files are found by name; without photos, photos come later."""
    cracks, moved = real_data / "cracks", tmp_path / "moved"
    for kept, folder in (("PixelLabelData_4", "labels here"), ("pics_resize", "pictures")):
        (moved / folder).mkdir(parents=True)
        for file in sorted((cracks / kept).iterdir(), key=lambda path: path.name)[:400]:
            place = tmp_path if kept == "pics_resize" else moved
            (place / folder).mkdir(exist_ok=True)
            (place / folder / file.name).symlink_to(file)
    (moved / "gTruth.mat").symlink_to(cracks / "gTruth.mat")
    convert = ("masks", "convert", moved / "gTruth.mat", "-o", tmp_path / "d", "--json")
    data = json.loads(run_ok(*convert).stdout)
    assert (data["converted"], len(data["without_image"]), data["pixels"]["ignore"]) == (337, 337, 1_790_698)
    data = json.loads(run_ok(*convert, "--images", tmp_path / "pictures", "--overwrite").stdout)
    assert (data["converted"], data["without_image"]) == (337, [])
    assert all(sample.image for sample in Dataset.open(tmp_path / "d").samples)
