"""Tables that pair photos and masks by bare numbers: they are told, and followed once they say what they are."""

from pathlib import Path

import numpy as np
import pytest

from tests.support import masks_of, random_image, run_error, run_ok, save

ROWS = ((1, 4), (2, 3), (3, 2), (4, 1))


@pytest.fixture(autouse=True)
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Photos and masks 1 to 4; each mask has as many rows of a class as its number says."""
    monkeypatch.chdir(tmp_path)
    for number, _ in ROWS:
        save(Path(f"raw/images/{number}.png"), random_image(number, 8, 8))
        save(Path(f"raw/masks/{number}.png"), np.repeat(np.arange(8) < number, 8).reshape(8, 8).astype(np.uint8))
    Path("raw/classes.txt").write_text("background\ncar\n", "utf-8")
    return Path("raw")


def rows_of_masks() -> dict[str, int]:
    return {stem: int(mask[:, 0].sum()) for stem, mask in masks_of(Path("out")).items()}


@pytest.mark.parametrize(
    ("name", "header", "between"),
    [("pairs.txt", "", " "), ("train.txt", "", "\t"), ("pairs.csv", "", ","), ("pairs.tsv", "photo\tlabel\n", "\t")],
)
def test_a_table_of_numbers_is_told_and_followed_once_it_says_mask(
    raw: Path, name: str, header: str, between: str
) -> None:
    (raw / name).write_text(header + "".join(f"{one}{between}{other}\n" for one, other in ROWS), "utf-8")
    said = run_ok("masks", "convert", "raw", "-o", "out").stdout
    assert f"raw/{name}: says 1 4 where 4 is the photo of mask 4, and is not followed" in said
    assert "save it as raw/" in said
    assert rows_of_masks() == {"1": 1, "2": 2, "3": 3, "4": 4}
    (raw / name).unlink()
    rows = "".join(f"{one},{other}\n" for one, other in ROWS)
    (raw / name).with_suffix(".csv").write_text(f"image,mask\n{rows}", "utf-8")
    assert "is not followed" not in run_ok("masks", "convert", "raw", "-o", "out", "--overwrite").stdout
    assert rows_of_masks() == {"1": 4, "2": 3, "3": 2, "4": 1}


@pytest.mark.parametrize(
    "text", ["1 1\n2 2\n3 3\n4 4\n", "1 7\n2 5\n", "1 4\n2 4\n3 1\n", "1 4 2\n2 1 4\n", "7\n8\n", ""]
)
def test_numbers_of_something_else_are_not_told(raw: Path, text: str) -> None:
    (raw / "pairs.txt").write_text(text, "utf-8")
    assert "is not followed" not in run_ok("masks", "convert", "raw", "-o", "out").stdout


def test_a_table_beside_the_folder_of_masks_is_told(raw: Path) -> None:
    (raw / "pairs.txt").write_text("1 4\n4 1\n", "utf-8")
    said = run_ok("masks", "convert", "raw/masks", "--images", "raw/images", "-o", "out").stdout
    assert "raw/pairs.txt: says 1 4 where 4 is the photo of mask 4" in said
    assert "and convert raw again with --overwrite" in said


@pytest.mark.parametrize(
    "rows",
    [
        *(["image,mask", *(form.format(*row) for row in ROWS)] for form in ('"{}","{}"', "{}.0,{}.0", "{:03},{:03}")),
        ['"image";"mask"', *(f'"{one}";"{other}"' for one, other in ROWS)],
    ],
)
@pytest.mark.parametrize("name", ["{}", "{:03}"])
def test_numbers_are_followed_as_spreadsheets_and_programs_write_them(raw: Path, name: str, rows: list[str]) -> None:
    """The table was not taken for one, and equal names made other pairs, without a word."""
    for file in [*raw.glob("images/*"), *raw.glob("masks/*")]:
        file.rename(file.with_stem(name.format(int(file.stem))))
    (raw / "pairs.csv").write_text("\n".join(rows), "utf-8")
    said = run_error("masks", "convert", "raw/masks", "--images", "raw/images", "-o", "out")
    assert f"pairs.csv: {name.format(4)}.png stands beside {name.format(1)}.png there" in said
    source = said.splitlines()[-1].strip()
    assert "pairs are from pairs.csv" in run_ok("masks", "convert", source, "-o", "out").stdout
    assert {int(stem): rows for stem, rows in rows_of_masks().items()} == dict(ROWS)


def test_numbers_mean_the_files_of_one_column_each(raw: Path) -> None:
    """001 is a mask, and photo 1 is called 1."""
    for file in raw.glob("masks/*"):
        file.rename(file.with_stem(f"{int(file.stem):03}"))
    (raw / "pairs.csv").write_text("image,mask\n" + "".join(f"{one:03},{other:03}\n" for one, other in ROWS), "utf-8")
    run_ok("masks", "convert", "raw", "-o", "out")
    assert {int(stem): rows for stem, rows in rows_of_masks().items()} == dict(ROWS)


def test_numbers_without_headings_are_told_however_they_are_written(raw: Path) -> None:
    (raw / "pairs.csv").write_text("".join(f'"{one}.0","{other}.0"\n' for one, other in ROWS), "utf-8")
    assert "raw/pairs.csv: says 1,4 where" not in (said := run_ok("masks", "convert", "raw", "-o", "out").stdout)
    assert "raw/pairs.csv: says 1 4 where 4 is the photo of mask 4, and is not followed" in said


@pytest.mark.parametrize("source", [("raw",), ("raw/masks", "--images", "raw/images")])
def test_a_table_of_masks_that_are_not_there_is_told(raw: Path, source: tuple[str, ...]) -> None:
    (raw / "pairs.csv").write_text("image,mask\np01.png,p04.png\np04.png,p01.png\n", "utf-8")
    said = run_ok("masks", "convert", *source, "-o", "out").stdout
    assert said.count("no pair is taken from pairs.csv: no mask has such a name (p04.png)") == 1
