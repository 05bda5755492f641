"""Matrices inside the structs and cells of .mat files, as BSDS 500 and many laboratories keep them."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.io import savemat

from prep.labels.matlab.nested import variables_in
from tests.support import masks_of, random_image, random_mask, run_error, run_ok, save

NAMES = "background\nline\nellipse\n"


def struct(**fields: object) -> NDArray[np.void]:
    made = np.zeros((1, 1), dtype=[(name, object) for name in fields])
    for name, value in fields.items():
        made[0, 0][name] = value
    return made


def cells(*values: object) -> NDArray[np.object_]:
    made = np.empty((1, len(values)), object)
    for number, value in enumerate(values):
        made[0, number] = value
    return made


def prepared(folder: Path, **variables: object) -> tuple[object, ...]:
    (folder / "masks").mkdir()
    savemat(folder / "masks/a.mat", variables)
    save(folder / "images/a.png", random_image(0))
    (folder / "names.txt").write_text(NAMES)
    return ("masks", "convert", folder / "masks", "-o", folder / "d", "--images", folder / "images",
            "--classes", folder / "names.txt")  # fmt: skip


def test_one_matrix_inside_is_found(tmp_path: Path) -> None:
    convert = prepared(tmp_path, result=struct(label=struct(data=random_mask(0)), by="me", scale=np.float64(0.5)))
    run_ok(*convert)
    assert np.array_equal(masks_of(tmp_path / "d")["a"], random_mask(0))


def test_of_several_the_one_of_the_photos_size_is_found(tmp_path: Path) -> None:
    convert = prepared(tmp_path, seg=struct(mask=random_mask(0), palette=np.eye(3), small=random_mask(1, 12, 16)))
    run_ok(*convert)
    assert np.array_equal(masks_of(tmp_path / "d")["a"], random_mask(0))


def test_of_several_people_one_is_named(tmp_path: Path) -> None:
    """As BSDS keeps them: a cell for each person, a struct with the segments and their boundaries in it."""
    truth = cells(*(struct(Segmentation=random_mask(seed), Boundaries=random_mask(seed) > 0) for seed in range(2)))
    convert = prepared(tmp_path, groundTruth=truth)
    said = run_error(*convert)
    assert (
        "a.mat: holds 4 matrices (groundTruth{1}.Segmentation, groundTruth{1}.Boundaries, groundTruth{2}.Segmentation, "
        "groundTruth{2}.Boundaries); add which one to read:\n  --variable 'groundTruth{1}.Segmentation'"
    ) in said
    assert "has no label matrix 'groundTruth{3}.Segmentation'" in run_error(
        *convert, "--variable", "groundTruth{3}.Segmentation"
    )
    run_ok(*convert, "--variable", "groundTruth{2}.Segmentation")
    assert np.array_equal(masks_of(tmp_path / "d")["a"], random_mask(1))


def test_names_are_those_of_matlab() -> None:
    array = np.zeros((2, 1), dtype=[("m", object)])
    array["m"][0, 0], array["m"][1, 0] = "one", cells("two", "three")
    assert list(variables_in({"a": "plain", "s": array, "c": cells(struct(x="four"))})) == [
        *(("a", "plain"), ("s(1).m", "one"), ("s(2).m{1}", "two"), ("s(2).m{2}", "three"), ("c{1}.x", "four")),
    ]


def test_more_parts_than_any_masks_are_passed_over() -> None:
    assert list(variables_in({"c": cells(*range(30_000)), "mask": "label"})) == [("mask", "label")]


def test_variables_are_all_looked_at_however_many(tmp_path: Path) -> None:
    """A file of 20,000 matrices was said to hold 10,000, and the last of them not to be there."""
    assert len(list(variables_in({f"v{number}": number for number in range(20_000)}))) == 20_000
    (tmp_path / "raw").mkdir()
    savemat(
        tmp_path / "raw" / "a.mat", {f"v{number}": np.full((2, 2), number % 3, np.uint8) for number in range(10_100)}
    )
    save(tmp_path / "raw" / "a.jpg", random_image(0, 2, 2))
    (tmp_path / "names.txt").write_text(NAMES)
    convert = ("masks", "convert", tmp_path / "raw", "-o", tmp_path / "d", "--classes", tmp_path / "names.txt")
    assert "holds 10,100 matrices" in run_error(*convert)
    run_ok(*convert, "--variable", "v10099", "--first-id", 0)
    assert np.array_equal(masks_of(tmp_path / "d")["a"], np.full((2, 2), 10_099 % 3))


@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_photos_beside_matrices_are_photos(tmp_path: Path, name: str) -> None:
    (tmp_path / "raw").mkdir()
    savemat(tmp_path / "raw/a.mat", {"seg": struct(mask=random_mask(0))})
    save(tmp_path / "raw" / name, random_image(0))
    (tmp_path / "names.txt").write_text(NAMES)
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "d", "--classes", tmp_path / "names.txt")
    assert np.array_equal(masks_of(tmp_path / "d")["a"], random_mask(0))


def test_masks_of_objects_are_not_taken_for_one_of_the_photo(tmp_path: Path) -> None:
    """PASCAL-Part: anno.objects is an array of structs, each with the mask of one object."""
    objects = np.zeros((1, 2), [("class", object), ("mask", object)])
    objects[0, 0], objects[0, 1] = ("person", random_mask(0, classes=2)), ("dog", random_mask(1, classes=2))
    convert = prepared(tmp_path, anno=struct(imname="a", objects=objects))
    said = run_error(*convert)
    assert "holds a mask of each of 2 objects (anno.objects(1), anno.objects(2))" in said
    assert "--variable" not in said


def test_numbers_of_objects_are_not_taken_for_classes(tmp_path: Path) -> None:
    """Lizard: inst_map numbers nuclei, and class says of which class each is."""
    convert = prepared(tmp_path, inst_map=random_mask(0).astype(np.int32), id=[[1], [2]], **{"class": [[3], [3]]})
    assert "inst_map numbers objects and not classes" in run_error(*convert)
    run_ok(*convert, "--variable", "inst_map")
    assert np.array_equal(masks_of(tmp_path / "d")["a"], random_mask(0))
