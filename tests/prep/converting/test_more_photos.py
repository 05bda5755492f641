"""Labels with their photos, converted into a dataset that has some of these: new ones are added, others are told."""

from pathlib import Path

import numpy as np
import pytest

from prep.converting import more_photos
from prep.dataset.dataset import Dataset
from prep.dataset.index import read_index
from prep.images.imageio import read_mask
from prep.labels.layouts.affixes import relate
from tests.support import run_error, run_ok, save, tree

SHAPE = 100, 140


def photo(number: int) -> np.ndarray:
    blocks = np.random.default_rng(number).integers(0, 256, (5, 7, 3), np.uint8)
    return np.kron(blocks, np.ones((20, 20, 1), np.uint8))


def mask(number: int) -> np.ndarray:
    made = np.zeros(SHAPE, np.uint8)
    made[number : number + 40, 20:90] = 1
    made[60:, 90:] = 2
    return made


def put(folder: Path, numbers: range, first: int = 0, suffix: str = ".png") -> None:
    """Photos and masks IMG_0000 ...; those of another `first` are other photos of the same names."""
    for number in numbers:
        save(folder / f"images/IMG_{number:04}{suffix}", photo(first + number))
        save(folder / f"masks/IMG_{number:04}.png", mask(number))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "classes.txt").write_text("soil\nleaf\nweed\n")
    put(tmp_path / "a", range(6))
    return tmp_path


def convert(source: str, *options: object) -> None:
    run_ok("masks", "convert", source, "-o", "ds", "--classes", "classes.txt", *options)


def refused(source: str, *options: object) -> str:
    before = tree(Path("ds"))
    said = run_error("masks", "convert", source, "-o", "ds", "--classes", "classes.txt", *options)
    assert tree(Path("ds")) == before
    return said


def is_right(numbers: range, root: str = "ds") -> bool:
    dataset = Dataset.open(Path(root))
    assert [sample.stem for sample in dataset.samples] == [f"IMG_{number:04}" for number in numbers]
    return all(
        np.array_equal(dataset.image(sample), photo(number)) and np.array_equal(dataset.mask(sample), mask(number))
        for number, sample in zip(numbers, dataset.samples, strict=True)
    )


@pytest.mark.parametrize("overwrite", [(), ("--overwrite",)])
def test_labels_of_other_photos_of_the_same_names_are_refused(folder: Path, overwrite: tuple[str, ...]) -> None:
    convert("a")
    put(folder / "b", range(6), first=50)
    said = refused("b", *overwrite)
    assert "b/images/IMG_0000.png: is another photo than the one that images/IMG_0000.png in ds was made from" in said
    assert "6 photos of 6 that were compared" in said
    assert "dataset of their own with -o" in said


@pytest.mark.parametrize(("others", "said"), [(range(12, 23), "11 photos of 23"), (range(22, 23), "1 photo of 23")])
def test_other_photos_are_found_wherever_they_begin(folder: Path, others: range, said: str) -> None:
    put(folder / "a", range(23))
    run_ok("resize", "a/images", "-o", "ds", "--size", 48)
    put(folder / "a", others, first=50)
    found = refused("a")
    assert f"a/images/IMG_{others[0]:04}.png: is another photo" in found
    assert f"{said} that were compared" in found


@pytest.mark.parametrize(
    ("image", "mask_name"), [("{}_0000", "{}"), ("{}_img", "{}_mask"), ("image_{}", "mask_{}"), ("sub/{}", "sub/{}")]
)
def test_other_photos_that_pair_by_longer_names_are_refused(folder: Path, image: str, mask_name: str) -> None:
    for number in range(3):
        save(folder / f"first/x{number}.png", photo(number))
        save(folder / f"b/images/{image.format(f'x{number}')}.png", photo(50 + number))
        save(folder / f"b/masks/{mask_name.format(f'x{number}')}.png", mask(number))
    run_ok("resize", "first", "-o", "ds", "--size", 140)
    assert "is another photo than the one that images/x0.png in ds was made" in refused("b")


def test_photos_that_were_made_smaller_and_stored_as_jpeg_are_the_same(folder: Path) -> None:
    put(folder / "a", range(6), suffix=".jpg")
    for number in range(6):
        (folder / f"a/images/IMG_{number:04}.png").unlink()
    run_ok("resize", "a/images", "-o", "ds", "--size", 60)
    convert("a")
    convert("a", "--overwrite")


def test_large_photos_are_compared_evenly_over_all(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as take no longer than some thumbnails; then those between a photo that differs and one that does not."""
    put(folder / "a", range(9))
    run_ok("resize", "a/images", "-o", "ds", "--size", 140)
    monkeypatch.setattr(more_photos, "_MOST_MEGAPIXELS", 3 * 2 * 0.014)
    convert("a")
    put(folder / "a", range(5, 9), first=50)
    found = refused("a")
    assert "a/images/IMG_0005.png: is another photo" in found
    assert "2 photos of 4 that were compared" in found or "3 photos of 5 that were compared" in found


def test_photos_of_one_grey_are_compared_by_their_grey(folder: Path) -> None:
    save(folder / "grey/images/x.png", np.full((*SHAPE, 3), 120, np.uint8))
    save(folder / "grey/masks/x.png", mask(0))
    convert("grey")
    convert("grey")
    save(folder / "other/images/x.png", np.full((*SHAPE, 3), 20, np.uint8))
    save(folder / "other/masks/x.png", mask(0))
    assert "is another photo" in refused("other")


def test_a_folder_that_has_grown_is_converted_again(folder: Path) -> None:
    convert("a")
    put(folder / "a", range(6, 9))
    convert("a")
    assert is_right(range(9))


def test_photos_and_labels_of_the_dataset_itself_that_have_grown(folder: Path) -> None:
    for number in (0, 1):
        save(folder / f"ds/photos/IMG_{number:04}.png", photo(number))
        save(folder / f"ds/labels/IMG_{number:04}.png", mask(number))
        run_ok("masks", "convert", "-o", "ds", "--classes", "classes.txt")
    assert is_right(range(2))


def test_other_photos_are_added_with_their_labels(folder: Path) -> None:
    convert("a")
    put(folder / "b", range(6, 9))
    convert("b")
    assert is_right(range(9))


def test_where_images_were_made_smaller_new_photos_have_to_be_too(folder: Path) -> None:
    run_ok("resize", "a/images", "-o", "ds", "--size", 70)
    convert("a")
    put(folder / "a", range(6, 8))
    said = refused("a")
    assert "2 photos that lie with these labels are not in ds, whose images are smaller" in said
    advice = "seg-prep resize a/images -o ds --size 70"
    assert advice in said
    convert("a", "--skip-unpaired")
    assert len(read_index(Path("ds/index.csv"))) == 6
    run_ok(*advice.split()[1:])
    convert("a")
    assert [sample.is_labelled for sample in read_index(Path("ds/index.csv"))] == [True] * 8
    assert read_mask(Path("ds/masks/IMG_0007.png")).shape == (50, 70)


def test_labels_that_pair_with_images_by_name_need_no_photos_beside(folder: Path) -> None:
    """Photos as the camera named them lie beside; the dataset's images were renamed."""
    run_ok("resize", "a/images", "-o", "ds", "--size", 140)
    for number in range(6):
        save(folder / f"c/images/DSC_{number}.png", photo(number))
        save(folder / f"c/masks/IMG_{number:04}_mask.png", mask(number))
    convert("c")
    assert is_right(range(6))


def test_numbers_of_photos_are_no_channels() -> None:
    images = [f"IMG_{number:04}" for number in range(6)]
    assert relate(images, ["IMG_0006"]).alone == ("IMG_0006",)
    assert relate(["a_0000", "b_0000"], ["a", "b"]).alone == ()
    assert relate(["a_0000", "a_0001", "b_0000", "b_0001"], ["a", "b"]).alone == ()
