"""What an error says to type next is typed to the letter, and the next result is right."""

import re
import shlex
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from prep.dataset.dataset import Dataset
from prep.labels.pixels.ids import INSTANCES, instance_readers
from tests.support import by_stem, load, masks_of, random_image, random_mask, run_error, run_ok, run_prep, save

CLASSES = "background\nroad\ncar\n"
_OTHER = 10
"""Seed of masks that are not meant."""


def photo(path: Path, number: int) -> None:
    save(path, random_image(number, 80, 90))


def mask(path: Path, number: int) -> None:
    save(path, random_mask(number, 80, 90))


def arguments(folder: Path, source: str, *options: str) -> tuple[object, ...]:
    (folder / "names.txt").write_text(CLASSES, encoding="utf-8")
    return ("masks", "convert", source, "-o", folder / "set", "--classes", "names.txt", *options)


def lines_of(said: str) -> list[list[str]]:
    """The words of each indented line, without what is said of it three spaces further on."""
    return [shlex.split(re.split(" {3,}", line.strip())[0]) for line in re.findall("^  (.*)$", said, re.MULTILINE)]


def type_line(folder: Path, source: str, line: list[str], *options: str) -> None:
    """Options are added; a SOURCE, with what follows it, takes the place of the one that was typed."""
    words = [source, *line] if line[0].startswith("--") else line
    run_ok(*arguments(folder, words[0], *options, *words[1:]), "--overwrite")


def kinds_in_one_folder(raw: Path) -> None:
    for number in (0, 1):
        photo(raw / f"x{number}.jpg", number)
        mask(raw / f"x{number}.png", number)
        mask(raw / f"x{number}_color.png", number + _OTHER)


def kinds_in_two_folders(raw: Path) -> None:
    for number in (0, 1):
        photo(raw / "images" / f"x{number}.jpg", number)
        mask(raw / "masks" / f"x{number}.png", number)
        mask(raw / "masks" / f"x{number}_color.png", number + _OTHER)


def several_sets(raw: Path) -> None:
    for number in (0, 1):
        photo(raw / "images" / f"x{number}.jpg", number)
        mask(raw / "masks" / f"x{number}.png", number)
        mask(raw / "labels" / f"x{number}.png", number + _OTHER)


def folders_without_a_word(raw: Path) -> None:
    for number in (0, 1):
        photo(raw / "cam" / f"x{number}.jpg", number)
        mask(raw / "paint" / f"x{number}.png", number)
        mask(raw / "depth" / f"x{number}.png", number + _OTHER)


def letters_in_one_folder(raw: Path) -> None:
    for number in (0, 1):
        photo(raw / f"x{number}_a.png", number)
        mask(raw / f"x{number}_b.png", number)


def photos_near(raw: Path) -> None:
    for number in (0, 1):
        photo(raw.parent / "anna's shots" / f"x{number}.jpg", number)
        mask(raw / f"x{number}.png", number)


def one_zip(raw: Path) -> None:
    kinds_in_two_folders(raw)
    with zipfile.ZipFile(raw.parent / "my export.zip", "w") as archive:
        for path in sorted(raw.rglob("x?.*")):
            archive.write(path, path.relative_to(raw).as_posix())
    for path in sorted(raw.rglob("*.*")):
        path.unlink()
    (raw.parent / "my export.zip").rename(raw / "my export.zip")


def arrays_of_two(raw: Path) -> None:
    (raw / "masks").mkdir(parents=True)
    for number in (0, 1):
        photo(raw / "images" / f"x{number}.jpg", number)
        named = {"classes": random_mask(number, 80, 90), "depth": random_mask(number + _OTHER, 80, 90)}
        np.savez(raw / "masks" / f"x{number}.npz", **named)


def lists_that_differ(raw: Path) -> None:
    for number, split in enumerate(("train", "valid")):
        photo(raw / split / "images" / f"x{number}.jpg", number)
        mask(raw / split / "masks" / f"x{number}.png", number)
        (raw / split / "classes.txt").write_text("\n".join(sorted(CLASSES.split(), reverse=number > 0)))


SETS: dict[str, tuple[Callable[[Path], None], int, int]] = {
    "several kinds in one folder": (kinds_in_one_folder, 0, 2),
    "several kinds in one folder, the second": (kinds_in_one_folder, 1, 2),
    "several kinds in two folders": (kinds_in_two_folders, 0, 2),
    "several kinds in two folders, the second": (kinds_in_two_folders, 1, 2),
    "several sets": (several_sets, 1, 2),
    "several sets, the second": (several_sets, 0, 2),
    "folders without a word": (folders_without_a_word, 1, 2),
    "letters in one folder": (letters_in_one_folder, 0, 1),
    "photos beside the labels in a folder of any name": (photos_near, 0, 1),
    "a zip file in a folder": (one_zip, 0, 1),
    "several arrays in a file": (arrays_of_two, 0, 4),
}
"""Which line of how many is typed."""


@pytest.mark.parametrize("name", SETS)
def test_a_line_that_is_advised_works_as_it_stands(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make, position, count = SETS[name]
    make(tmp_path / "raw")
    monkeypatch.chdir(tmp_path)
    advised = lines_of(run_error(*arguments(tmp_path, "raw")))
    assert len(advised) == count, advised
    type_line(tmp_path, "raw", advised[position])
    other = name.endswith("the second")
    numbers = (_OTHER, _OTHER + 1) if other else (0, 1)
    dataset = Dataset.open(tmp_path / "set")
    assert len(dataset.samples) == 2
    assert all(sample.image for sample in dataset.samples)
    for sample, number in zip(dataset.samples, numbers, strict=True):
        assert np.array_equal(load(tmp_path / "set" / sample.mask), random_mask(number, 80, 90)), sample


def test_lists_that_differ_are_named_with_the_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lists_that_differ(tmp_path / "raw")
    monkeypatch.chdir(tmp_path)
    advised = lines_of(run_error("masks", "convert", "raw", "-o", "set"))
    assert advised == [["--classes", "raw/train/classes.txt"], ["--classes", "raw/valid/classes.txt"]]
    run_ok("masks", "convert", "raw", "-o", "set", *advised[1])
    assert Dataset.open(tmp_path / "set").classes.names == ("road", "car", "background")


def test_equal_names_that_are_typed_are_obeyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds_in_two_folders(tmp_path / "raw")
    (tmp_path / "raw" / "masks" / "x1.png").rename(tmp_path / "raw" / "masks" / "x1_label.png")
    monkeypatch.chdir(tmp_path)
    said = run_error(*arguments(tmp_path, "raw", "--match", "{}", "{}"))
    assert "1 image has no mask: x1. Nothing was written" in said
    result = run_ok(*arguments(tmp_path, "raw", "--match", "{}", "{}", "--skip-unpaired"))
    assert "left out, because --match takes others: 3 masks (x0_color, x1_color, x1_label)" in result.stdout
    assert [*by_stem(tmp_path / "set")] == ["x0"]
    assert np.array_equal(masks_of(tmp_path / "set")["x0"], random_mask(0, 80, 90))


def test_order_and_patterns_contradict_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds_in_two_folders(tmp_path / "raw")
    monkeypatch.chdir(tmp_path)
    said = run_error(*arguments(tmp_path, "raw", "--match", "{}", "{}_color", "--in-order"))
    assert said == "--in-order pairs by numbers, and --match by names; leave one of them out"


def test_other_numbers_in_order_get_the_patterns_of_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (0, 1, 2):
        photo(tmp_path / "raw" / "images" / f"DSC{number}.jpg", number)
    for number in (0, 1):
        mask(tmp_path / "raw" / "masks" / f"layer{number}.png", number)
    monkeypatch.chdir(tmp_path)
    said = run_error(*arguments(tmp_path, "raw", "--in-order"))
    assert "leave --in-order out and pair them with --match 'DSC{}' 'layer{}'" in said
    run_ok(*arguments(tmp_path, "raw", "--match", "DSC{}", "layer{}", "--skip-unpaired"))
    assert np.array_equal(masks_of(tmp_path / "set")["DSC1"], random_mask(1, 80, 90))


def test_names_that_share_nothing_are_paired_in_order_where_there_are_as_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, (one, other) in enumerate((("ab", "yz"), ("cd", "zx"))):
        photo(tmp_path / "raw" / "images" / f"{one}.jpg", number)
        mask(tmp_path / "raw" / "masks" / f"{other}.png", number)
    monkeypatch.chdir(tmp_path)
    assert "or add --in-order if the first image belongs to the first mask" in run_error(*arguments(tmp_path, "raw"))
    run_ok(*arguments(tmp_path, "raw", "--in-order"))
    assert np.array_equal(masks_of(tmp_path / "set")["cd"], random_mask(1, 80, 90))
    photo(tmp_path / "raw" / "images" / "ef.jpg", 3)
    assert "--in-order" not in run_error(*arguments(tmp_path, "raw"), "-o", tmp_path / "new")


def test_a_zip_file_in_a_zip_file_is_unpacked_and_errors_name_what_is_there(tmp_path: Path) -> None:
    kinds_in_two_folders(tmp_path / "raw")
    for part in ("images", "masks"):
        with zipfile.ZipFile(tmp_path / f"{part}.zip", "w") as archive:
            for path in sorted((tmp_path / "raw" / part).glob("x?.*")):
                archive.write(path, path.name)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for part in ("images", "masks"):
            archive.write(tmp_path / f"{part}.zip", f"{part}.zip")
    run_ok("masks", "convert", tmp_path / "all.zip", "-o", tmp_path / "set", *_classes(tmp_path))
    assert np.array_equal(masks_of(tmp_path / "set")["x1"], random_mask(1, 80, 90))
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as archive:
        archive.writestr("readme.md", "see the paper")
    for command in (["convert", "-o", tmp_path / "other"], ["inspect"]):
        said = run_error("masks", command[0], tmp_path / "empty.zip", *command[1:])
        assert said.startswith(f"{tmp_path / 'empty.zip'}: no labels here")
        assert "unpacked" not in said


def _classes(folder: Path) -> list[object]:
    (folder / "names.txt").write_text(CLASSES, encoding="utf-8")
    return ["--classes", folder / "names.txt"]


def test_masks_that_differ_by_a_number_may_be_objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {number: random_mask(number, 80, 90) for number in (0, 1)}
    for number, classes in whole.items():
        photo(tmp_path / "raw" / "img" / f"x{number}.jpg", number)
        for each in (1, 2):
            save(tmp_path / "raw" / "obj" / f"x{number}__obj{each:03}.png", (classes == each) * np.uint8(255))
    monkeypatch.chdir(tmp_path)
    advised = lines_of(run_error("masks", "convert", "raw", "-o", "set"))
    assert advised[2] == ["--from", "object-masks"]
    run_ok("masks", "convert", "raw", "-o", "set", *advised[2])
    made = masks_of(tmp_path / "set")
    assert all(np.array_equal(made[f"x{number}"], classes > 0) for number, classes in whole.items())


def test_a_mask_on_its_side_is_not_advised_to_be_stretched(tmp_path: Path) -> None:
    photo(tmp_path / "raw" / "images" / "x.png", 0)
    save(tmp_path / "raw" / "masks" / "x.png", random_mask(0, 90, 80))
    said = run_error("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set", *_classes(tmp_path))
    assert "another shape, that of the photo on its side, and nothing says which way it was turned" in said
    assert "--stretch" not in said


@pytest.mark.parametrize("factor", [1000, 256])
def test_numbers_of_classes_and_objects_in_one_are_parted(factor: int, tmp_path: Path) -> None:
    for number in (0, 1):
        photo(tmp_path / "raw" / "images" / f"x{number}.png", number)
        classes = random_mask(number, 80, 90).astype(np.uint16)
        objects = np.where(classes > 0, classes * factor + number + 3, 0).astype(np.uint16)
        save(tmp_path / "raw" / "masks" / f"x{number}.png", objects)
    convert = ("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set", *_classes(tmp_path))
    assert lines_of(run_error(*convert))[:1] == [["--from", f"ids-{factor}"]]
    run_ok(*convert, "--from", f"ids-{factor}")
    assert np.array_equal(masks_of(tmp_path / "set")["x1"], random_mask(1, 80, 90))


def test_two_readings_of_such_numbers_are_both_named() -> None:
    assert instance_readers([2049], {2, 8}) == ["ids-1000", "ids-256"]
    assert instance_readers([2049, 7], {2, 8}) == []
    cityscapes, kitti = INSTANCES
    assert (cityscapes.name, kitti.name) == ("ids-1000", "ids-256")


def test_photos_and_masks_of_one_name_are_told_by_their_looks(tmp_path: Path) -> None:
    for number in (0, 1):
        photo(tmp_path / "raw" / f"x{number}.png", number)
        mask(tmp_path / "raw" / f"x{number}.bmp", number)
    assert run_prep("masks", "convert", tmp_path / "raw", "-o", tmp_path / "set", *_classes(tmp_path)).exit_code == 0
    assert np.array_equal(masks_of(tmp_path / "set")["x1"], random_mask(1, 80, 90))
