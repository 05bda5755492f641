"""Tables that pair photos and masks by bare numbers: they are told, and followed once they say what they are."""

from pathlib import Path

import numpy as np
import pytest

from tests.support import masks_of, random_image, run_ok, save

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
