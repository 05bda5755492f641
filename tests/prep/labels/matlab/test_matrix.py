"""Label matrices in .mat files of version 7.3, and categorical ones."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.labels.matlab.matrix import MatrixReader
from prep.labels.reader import RawLabel
from tests.prep.labels.matlab.matlab_files import write_categorical, write_hdf
from tests.support import by_stem, masks_of, random_image, random_mask, run_error, run_ok, run_partly, save

NAMES = ("background", "line", "ellipse")


def prepared(folder: Path, *stems: str) -> tuple[object, ...]:
    """Photos, and the arguments that convert labels in masks/ onto them."""
    for seed, stem in enumerate(stems):
        save(folder / "images" / f"{stem}.png", random_image(seed))
    return ("masks", "convert", folder / "masks", "-o", folder / "d", "--images", folder / "images")


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float64", "bool"])
def test_version_7_3(tmp_path: Path, kind: str) -> None:
    convert = prepared(tmp_path, "a", "square")
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "codes.txt").write_text("\n".join(NAMES))
    masks = {"a": random_mask(0, classes=2 if kind == "bool" else 3), "square": random_mask(1, 30, 30, classes=2)}
    save(tmp_path / "images" / "square.png", random_image(1, 30, 30))  # its size cannot tell rows from columns
    for stem, mask in masks.items():
        write_hdf(tmp_path / "masks" / f"{stem}.mat", L=mask.astype(kind))
    run_ok(*convert)
    made = masks_of(tmp_path / "d")
    assert made.keys() == masks.keys()
    assert all(np.array_equal(made[stem], mask) for stem, mask in masks.items())


def test_version_7_3_with_several_matrices(tmp_path: Path) -> None:
    convert = prepared(tmp_path, "a")
    write_hdf(tmp_path / "masks" / "a.mat", L=random_mask(0), M=random_mask(1), n=np.ones((1, 1)))
    (tmp_path / "masks" / "codes.txt").write_text("\n".join(NAMES))
    assert "holds 2 matrices (L, M); add which one to read:\n  --variable L\n  --variable M" in run_error(*convert)
    run_ok(*convert, "--variable", "M")
    assert np.array_equal(masks_of(tmp_path / "d")["a"], random_mask(1))


def test_damaged_version_7_3(tmp_path: Path) -> None:
    """Cut anywhere, or with bytes flipped: read as it is, or refused in words, never anything else."""
    whole = write_hdf(tmp_path / "a.mat", L=random_mask(0)).read_bytes()
    rng, refused = np.random.default_rng(0), 0
    reader, label = MatrixReader(), RawLabel(tmp_path / "a.mat", "a")
    spoilt = [whole[:length] for length in range(0, len(whole) - 1, 97)]
    for _ in range(60):
        data = bytearray(whole)
        for position in rng.integers(512, len(whole), 8).tolist():
            data[position] ^= 1 << int(rng.integers(8))
        spoilt.append(bytes(data))
    for data in spoilt:
        label.path.write_bytes(data)
        try:
            reader.read(label)
        except SegError as error:
            refused += 1
            assert str(error).startswith(str(label.path))
    assert refused >= len(range(0, len(whole) - 1, 97))  # every cut file, at least


@pytest.mark.parametrize("version", ["v7", "v7.3"])
@pytest.mark.parametrize(
    ("unlabelled", "table"), [("ignore", (255, 0, 1, 2)), ("sky", (0, 1, 2, 3)), ("line", (1, 0, 1, 2))]
)
def test_categorical(tmp_path: Path, version: str, unlabelled: str, table: tuple[int, ...]) -> None:
    """Names are the file's own, found by name where files order them differently; undefined is never labelled."""
    convert = prepared(tmp_path, "a", "b")
    codes = {stem: random_mask(seed, classes=4) for seed, stem in enumerate("ab")}
    write_categorical(tmp_path / "masks" / "a.mat", NAMES, codes["a"], version)
    turned_round = np.array([0, 3, 2, 1], np.uint8)
    write_categorical(tmp_path / "masks" / "b.mat", NAMES[::-1], turned_round[codes["b"]], version)
    run_ok(*convert, "--unlabelled", unlabelled)
    dataset = Dataset.open(tmp_path / "d")
    assert dataset.classes.names == (("sky", *NAMES) if unlabelled == "sky" else NAMES)
    assert dataset.classes.ids[-3:] == (1, 2, 3)
    for stem, mask in masks_of(tmp_path / "d").items():
        assert np.array_equal(mask, np.array(table, np.uint8)[codes[stem]])


def test_inspect_names_categories(tmp_path: Path) -> None:
    codes = random_mask(0, classes=4)
    source = write_categorical(tmp_path / "a.mat", NAMES, codes)
    values = json.loads(run_ok("masks", "inspect", source, "--json").stdout)["values"]
    found = {value["name"]: value["pixels"] for value in values}
    names = ("never labelled", *NAMES)
    assert found == {name: int((codes == code).sum()) for code, name in enumerate(names)}


def test_own_names_for_categories_count_from_1(tmp_path: Path) -> None:
    convert = prepared(tmp_path, "a")
    codes = random_mask(0, classes=4)
    write_categorical(tmp_path / "masks" / "a.mat", NAMES, codes)
    (tmp_path / "mine.txt").write_text("one\ntwo\nthree\n")
    run_ok(*convert, "--classes", tmp_path / "mine.txt")
    assert Dataset.open(tmp_path / "d").classes.names == ("one", "two", "three")
    assert np.array_equal(masks_of(tmp_path / "d")["a"], np.array([255, 0, 1, 2], np.uint8)[codes])


def test_categories_that_do_not_agree(tmp_path: Path) -> None:
    convert = prepared(tmp_path, "a", "b")
    write_categorical(tmp_path / "masks" / "a.mat", NAMES, random_mask(0, classes=4))
    write_categorical(tmp_path / "masks" / "b.mat", ("line", "tree"), random_mask(1, classes=2))
    run_ok(*convert)  # no pixel of b is tree
    write_categorical(tmp_path / "masks" / "b.mat", ("line", "tree"), random_mask(1))
    assert "b.mat: L has the category 'tree', which the first of these files has not" in run_partly(*convert)
    savemat(tmp_path / "masks" / "b.mat", {"L": random_mask(1)})
    assert "b.mat: L is a matrix of numbers, and other labels here are categorical" in run_partly(*convert)
    savemat(tmp_path / "masks" / "a.mat", {"L": random_mask(0)})
    write_categorical(tmp_path / "masks" / "b.mat", NAMES, random_mask(1))
    (tmp_path / "masks" / "codes.txt").write_text("\n".join(NAMES))
    assert "b.mat: L is categorical, and other labels here are numbers" in run_error(*convert)


def test_too_many_categories(tmp_path: Path) -> None:
    source = write_categorical(tmp_path / "a.mat", [f"c{n}" for n in range(251)], random_mask(0))
    assert "a.mat: holds 251 categories, and a dataset has at most 250 classes" in run_error("masks", "inspect", source)


@pytest.mark.parametrize("kind", ["mat", "npy"])
def test_pictures_of_overlays_beside_matrices_are_no_masks(tmp_path: Path, kind: str) -> None:
    """CoNSeP: Images, Labels with .mat files, and Overlay."""
    for number in range(2):
        save(tmp_path / f"raw/Train/Images/t{number}.png", random_image(number, 60, 80))
        save(tmp_path / f"raw/Train/Overlay/t{number}.png", random_image(number + 5, 60, 80))
        (tmp_path / "raw/Train/Labels").mkdir(exist_ok=True)
        if kind == "mat":
            numbers = random_mask(number, 60, 80).astype(float)
            savemat(tmp_path / f"raw/Train/Labels/t{number}.mat", {"type_map": numbers})
        else:
            np.save(tmp_path / f"raw/Train/Labels/t{number}.npy", random_mask(number, 60, 80))
    (tmp_path / "names.txt").write_text("\n".join(NAMES))
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "d", "--classes", tmp_path / "names.txt")
    made = masks_of(tmp_path / "d")
    assert all(np.array_equal(made[f"Train_t{number}"], random_mask(number, 60, 80)) for number in range(2))


def test_a_matrix_on_its_side_is_transposed_and_said(tmp_path: Path) -> None:
    convert = prepared(tmp_path, "a")
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "codes.txt").write_text("\n".join(NAMES))
    savemat(tmp_path / "masks" / "a.mat", {"L": random_mask(0).T})
    assert (
        "1 matrix of the shape of a photo on its side, read as written columns first; look at a"
        in run_ok(*convert).stdout
    )
    assert np.array_equal(masks_of(tmp_path / "d")["a"], random_mask(0))


@pytest.mark.parametrize("kind", ["mat", "npy"])
def test_folders_of_splits_are_kept_and_equal_names_told_apart(kind: str, tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("ground\nroad\n")
    ids = np.array([[0, 1, 1], [0, 0, 1]], np.uint8)
    for number, split in enumerate(("train", "test")):
        save(tmp_path / "raw/images" / split / "a.png", random_image(number, 2, 3))
        (folder := tmp_path / "raw/masks" / split).mkdir(parents=True)
        if kind == "mat":
            savemat(folder / "a.mat", {"labels": ids * (1 - number)})
        else:
            np.save(folder / "a.npy", ids * (1 - number))
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set", "--classes", tmp_path / "classes.txt")
    assert {stem: sample.split for stem, sample in by_stem(tmp_path / "set").items()} == {
        "train_a": "train",
        "test_a": "test",
    }
    assert masks_of(tmp_path / "set")["train_a"].tolist() == ids.tolist()
    assert not masks_of(tmp_path / "set")["test_a"].any()
