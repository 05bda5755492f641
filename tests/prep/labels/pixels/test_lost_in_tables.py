"""Photos that a table of pairs names and that are lost: one of the same name elsewhere is another one."""

from pathlib import Path

import pytest

from tests.support import by_stem, random_image, random_mask, run_ok, save

ROWS = ((1, 2), (2, 3), (3, 4), (4, 1))
TABLES = {"paths": "images/{}.jpg,masks/{}.png", "numbers": "{},{}"}


@pytest.fixture(autouse=True)
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for number, _ in ROWS:
        save(Path(f"raw/images/{number}.jpg"), random_image(number))
        save(Path(f"raw/masks/{number}.png"), random_mask(number))
    Path("raw/classes.txt").write_text("background\nroad\ncar\n", "utf-8")
    return Path("raw")


def write(form: str) -> None:
    Path("raw/pairs.csv").write_text("image,mask\n" + "".join(f"{form.format(*row)}\n" for row in ROWS), "utf-8")


@pytest.mark.parametrize("table", ["paths", "numbers"])
def test_a_lost_photo_is_not_replaced_by_one_of_a_folder_below(raw: Path, table: str) -> None:
    """The one of backup was taken, without a word; it is once somebody moves it, as is said."""
    write(TABLES[table])
    (raw / "images/backup").mkdir()
    (raw / "images/2.jpg").rename(raw / "images/backup/2.jpg")
    said = run_ok("masks", "convert", "raw", "-o", "out").stdout
    assert "1 photo not taken, because it lies in another folder than the labels say: raw/images/backup/2.jpg" in said
    assert "listed but not there: 1\n  images/2.jpg masks/3.png" in said
    assert sorted(by_stem(Path("out"))) == ["1", "3", "4"]
    assert "move it into raw/images, and convert again with --images raw --overwrite" in said
    (raw / "images/backup/2.jpg").rename(raw / "images/2.jpg")
    run_ok("masks", "convert", "raw", "-o", "out", "--images", "raw", "--overwrite")
    assert sorted(by_stem(Path("out"))) == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("table", "more", "stems"),
    [("paths", False, "1234"), ("paths", True, "1234"), ("numbers", False, "1234"), ("numbers", True, "134")],
)
def test_complete_sets_are_taken_whatever_lies_below(raw: Path, table: str, more: bool, stems: str) -> None:
    """Where two photos have a number, it says neither of them."""
    write(TABLES[table])
    if more:
        save(raw / "images/backup/2.jpg", random_image(9))
    said = run_ok("masks", "convert", "raw", "-o", "out").stdout
    assert "not taken" not in said
    assert ("in no list, and left out" in said) == more
    assert sorted(by_stem(Path("out"))) == [*stems]


def test_photos_in_folders_of_splits_are_taken_by_their_numbers(raw: Path) -> None:
    write(TABLES["numbers"])
    (raw / "images/val").mkdir()
    (raw / "images/2.jpg").rename(raw / "images/val/2.jpg")
    run_ok("masks", "convert", "raw", "-o", "out")
    assert sorted(by_stem(Path("out"))) == ["1", "2", "3", "4"]
