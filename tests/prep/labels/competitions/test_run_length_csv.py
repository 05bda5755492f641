"""masks convert of CSV files with run lengths: both orders, how classes and photos are named, what is left out."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from prep.dataset.dataset import Dataset
from tests.support import by_stem, masks_of, random_image, run_error, run_ok, save

BLOCK = np.zeros((8, 12), np.bool_)
BLOCK[2:7, 3:6] = True


def runs(region: NDArray[np.bool_], order: str) -> str:
    flat = region.ravel() if order == "rows" else region.T.ravel()
    edges = np.flatnonzero(np.diff(flat.astype(np.int8), prepend=0, append=0))
    return " ".join(f"{start + 1} {end - start}" for start, end in zip(edges[::2], edges[1::2], strict=True))


def write(folder: Path, text: str, *photos: str, size: tuple[int, int] = (8, 12)) -> Path:
    for photo in photos:
        save(folder / "train" / photo, random_image(0, *size))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "train.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize("order", ["rows", "columns"])
@pytest.mark.parametrize("whole_folder", [True, False])
def test_the_order_is_the_one_that_gives_whole_regions(order: str, whole_folder: bool, tmp_path: Path) -> None:
    file = write(tmp_path / "raw", f"img,rle_mask\na.png,{runs(BLOCK, order)}\n", "a.png")
    text = run_ok("masks", "convert", tmp_path / "raw" if whole_folder else file, "-o", tmp_path / "set").stdout
    assert f"run lengths are read {'along the rows' if order == 'rows' else 'down the columns'}: " in text
    assert (masks_of(tmp_path / "set")["a"] == BLOCK).all()
    assert by_stem(tmp_path / "set")["a"].image == "images/a.png"


def test_of_square_photos_the_columns_are_taken_and_that_is_said(tmp_path: Path) -> None:
    square = BLOCK[:, :8]
    file = write(tmp_path / "raw", f"ImageId,EncodedPixels\na,{runs(square, 'columns')}\n", "a.png", size=(8, 8))
    text = run_ok("masks", "convert", file, "-o", tmp_path / "set").stdout
    assert "the file does not say it: look at some masks; --variable rows reads them along the rows" in text
    assert (masks_of(tmp_path / "set")["a"] == square).all()
    run_ok("masks", "convert", file, "-o", tmp_path / "other", "--variable", "rows")
    assert (masks_of(tmp_path / "other")["a"] == square.T).all()
    assert "say rows or columns" in run_error("masks", "convert", file, "-o", tmp_path / "x", "--variable", "up")


@pytest.mark.parametrize(
    "text",
    [
        "ImageId_ClassId,EncodedPixels\na.png_1,\na.png_3,{}\nb.png_1,\nb.png_3,\n",
        "ImageId,ClassId,EncodedPixels\na.png,3,{}\nb.png,1,-1\n",
    ],
)
def test_classes_by_number_do_not_shift(text: str, tmp_path: Path) -> None:
    file = write(tmp_path / "raw", text.format(runs(BLOCK, "columns")), "a.png", "b.png")
    said = run_ok("masks", "convert", file, "-o", tmp_path / "set").stdout
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "class1", "class2", "class3")
    assert (masks_of(tmp_path / "set")["a"] == BLOCK * 3).all()
    assert not masks_of(tmp_path / "set")["b"].any()
    assert "images without a region: 1" in said


def test_classes_by_name_and_objects_of_one_photo(tmp_path: Path) -> None:
    other = np.roll(BLOCK, 6, axis=1)
    text = f"Image_Label,EncodedPixels\na.png_Fish,{runs(BLOCK, 'columns')}\na.png_Sand,{runs(other, 'columns')}\n"
    file = write(tmp_path / "raw", text, "a.png", "left.png")
    said = run_ok("masks", "convert", file, "-o", tmp_path / "set").stdout
    assert Dataset.open(tmp_path / "set").classes.names == ("background", "Fish", "Sand")
    assert (masks_of(tmp_path / "set")["a"] == BLOCK + 2 * other).all()
    assert "photos without labels, which are left out: 1" in said


def test_the_photos_of_another_folder_and_long_cells(tmp_path: Path) -> None:
    dots = np.indices((400, 600)).sum(axis=0) % 2 == 0
    file = write(tmp_path / "raw", f"id,rle_mask\na,{runs(dots, 'rows')}\n")
    save(tmp_path / "photos" / "a.png", random_image(0, 400, 600))
    assert file.stat().st_size > 1 << 17
    assert "their photos (a) are not below" in run_error("masks", "convert", file, "-o", tmp_path / "set")
    arguments = ("masks", "convert", file, "-o", tmp_path / "set", "--images", tmp_path / "photos")
    run_ok(*arguments, "--variable", "rows")
    assert (masks_of(tmp_path / "set")["a"] == dots).all()


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("90 20", "its run lengths reach pixel 109 of an image of 12 x 8 (96 pixels)"),
        ("1 2 3", "its run lengths are no pairs of a start and a length"),
        ("0 2", "its run lengths are no pairs of a start and a length"),
        ("1 99999999999999999999999", "its run lengths are no pairs of a start and a length"),
    ],
)
def test_runs_that_do_not_fit_are_refused(cell: str, said: str, tmp_path: Path) -> None:
    file = write(tmp_path / "raw", f"ImageId,EncodedPixels\na.png,{cell}\n", "a.png")
    error = run_error("masks", "convert", file, "-o", tmp_path / "set")
    assert said in error
    assert "a.png" in error


def test_the_example_of_a_submission_is_not_taken(tmp_path: Path) -> None:
    file = write(tmp_path / "raw", f"ImageId,EncodedPixels\na.png,{runs(BLOCK, 'columns')}\n", "a.png")
    (file.parent / "sample_submission.csv").write_text("ImageId,EncodedPixels\nx.png,1 1\n")
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert (masks_of(tmp_path / "set")["a"] == BLOCK).all()


@pytest.mark.parametrize("number", ["70000", "9" * 5000])
def test_a_number_that_no_class_has_is_told_before_classes_are_made_up_to_it(number: str, tmp_path: Path) -> None:
    file = write(tmp_path / "raw", f"ImageId,ClassId,EncodedPixels\na.png,{number},1 2\na.png,1,3 4\n", "a.png")
    error = run_error("masks", "convert", file, "-o", tmp_path / "set")
    assert f"{file}: {number:.20} is no number of a class, which end at 65535; correct that row" in error


@pytest.mark.parametrize("header", ["ImageId,EncodedPixels\n", "ImageId,ClassId,EncodedPixels\n", "img,rle_mask"])
def test_a_table_without_rows_is_named(header: str, tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(header)
    said = run_error("masks", "convert", tmp_path, "-o", tmp_path / "set")
    assert "train.csv: lists no photo below its first line" in said


def test_a_table_called_train_lists_the_photos_of_all_splits(tmp_path: Path) -> None:
    photos = {f"p{number}.png": "train" if number < 3 else "val" for number in range(6)}
    for number, (photo, split) in enumerate(photos.items()):
        save(tmp_path / "raw/images" / split / photo, random_image(number, 8, 12))
    rows = "".join(f"{photo},{runs(BLOCK, 'rows')}\n" for photo in photos)
    (tmp_path / "raw/train.csv").write_text(f"ImageId,EncodedPixels\n{rows}")
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set")
    assert {stem: sample.split for stem, sample in by_stem(tmp_path / "set").items()} == {
        Path(photo).stem: split for photo, split in photos.items()
    }
