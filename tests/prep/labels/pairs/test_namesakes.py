"""Folders that all hold files of one name, image.jpg and mask.png: work grows as their number does."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from prep.core.errors import SegError
from prep.labels.layouts.pair_tables import pairs_in
from prep.labels.pairs.namesakes import PathEnds
from prep.labels.pixels.other_pairs import notes_on_other_pairs
from prep.labels.rerooting import Rerooting
from prep.labels.shapes.photo_notes import note_on_several
from prep.labels.tables.bare_names import by_stem
from tests.growth import grows_linearly


def calls(work: Callable[[], object]) -> int:
    """How many functions of Python and C are called, generators each time that they go on."""
    made = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal made
        made += event.endswith("call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return made


def table(folder: Path, rows: list[str]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "pairs.csv").write_text("\n".join(["image,mask", *rows]), "utf-8")
    return folder / "pairs.csv"


def test_a_table_is_compared_with_pairs_of_one_name_each(tmp_path: Path) -> None:
    def count(number: int) -> int:
        table(tmp_path, [f"s{each}/image.jpg,s{each}/mask.png" for each in range(number)])
        pairs = [(tmp_path / f"s{each}/image.jpg", tmp_path / f"s{each}/mask.png") for each in range(number)]
        return calls(lambda: notes_on_other_pairs(tmp_path, lambda: pairs))

    grows_linearly(count)


def test_a_table_of_one_name_each_without_endings_is_read(tmp_path: Path) -> None:
    def count(number: int) -> int:
        path = table(tmp_path, [f"s{each}/image,s{each}/mask" for each in range(number)])
        stems = by_stem(f"s{each}/{name}" for each in range(number) for name in ("image.jpg", "mask.png"))
        return calls(lambda: pairs_in(path, stems))

    grows_linearly(count)


def test_a_table_that_contradicts_pairs_of_one_name_is_told(tmp_path: Path) -> None:
    pairs = [(tmp_path / f"s{each}/image.jpg", tmp_path / f"s{each}/mask.png") for each in range(3)]
    table(tmp_path, ["old/s0/image.jpg,old/s0/mask.png", "old/s1/image.jpg,old/s2/mask.png"])
    with pytest.raises(SegError, match="beside image"):
        notes_on_other_pairs(tmp_path, lambda: pairs)


@pytest.mark.parametrize(
    ("parts", "files"),
    [
        ("x/a/1.jpg", ["p/a/1.jpg"]),
        ("p/A/1.jpg", ["p/a/1.jpg"]),
        ("b/1.jpg", ["p/b/1.jpg", "q/b/1.jpg"]),
        ("q/b/1.jpg", ["q/b/1.jpg"]),
        ("z/b/1.jpg", ["p/b/1.jpg", "q/b/1.jpg"]),
        ("c/1.jpg", ["p/a/1.jpg", "p/b/1.jpg", "q/b/1.jpg", "1.jpg"]),
        ("1.jpg", ["p/a/1.jpg", "p/b/1.jpg", "q/b/1.jpg", "1.jpg"]),
    ],
)
def test_the_longest_common_end_is_found(parts: str, files: list[str]) -> None:
    found = PathEnds([Path(file) for file in ("p/a/1.jpg", "p/b/1.jpg", "q/b/1.jpg", "1.jpg")])
    assert [file.as_posix() for file in found.closest(parts.split("/"))] == files


def photos_in(folder: Path, places: list[str]) -> Rerooting:
    for place in places:
        (folder / place).mkdir(parents=True, exist_ok=True)
        (folder / place / "image.jpg").touch()
    return Rerooting(folder)


def test_lost_photos_are_looked_for_among_others_of_their_name(tmp_path: Path) -> None:
    def count(number: int) -> int:
        root = photos_in(tmp_path, [f"s{2 * each}" for each in range(number)])
        return calls(lambda: root.find_all([f"s{each}/image.jpg" for each in range(2 * number)]))

    grows_linearly(count)


def test_photos_beside_labels_are_looked_for_among_others_of_their_name(tmp_path: Path) -> None:
    def count(number: int) -> int:
        root = photos_in(tmp_path, [f"photos/s{2 * each}" for each in range(number)])
        return calls(
            lambda: root.find_all(["image.jpg"] * 2 * number, [f"labels/s{each}" for each in range(2 * number)])
        )

    grows_linearly(count)


def test_photos_in_folders_of_other_names_are_told_once(tmp_path: Path) -> None:
    def count(number: int) -> int:
        root = photos_in(tmp_path, [f"s{each}/images" for each in range(number)])

        def work() -> None:
            found = root.find_all([f"old_{each}/images/image.jpg" for each in range(number)])
            notes = note_on_several([root], found=True)
            assert number == 1 or not any(found)
            assert number == 1 or f"{number:,} photos not taken" in notes[0]

        return calls(work)

    grows_linearly(count)


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("a/image.jpg", "p/a/image.jpg"),
        ("gone/image.jpg", ""),
        ("gone/images/image.jpg", "c/images/image.jpg"),
        ("gone/d/e/image.jpg", "d/e/image.jpg"),
    ],
)
def test_of_files_of_one_name_the_closest_is_taken(tmp_path: Path, path: str, taken: str) -> None:
    found = photos_in(tmp_path, ["p/a", "b", "c/images", "d/e", "f"]).find(path)
    assert found == (tmp_path / taken if taken else None)
