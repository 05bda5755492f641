"""What photos show where raw labels have a value: mean colours, crops, and the sheet of them."""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from prep.converting import crops
from prep.converting.crops import CROP, CROPS, PairedLabel, SheetRow, draw_sheet, value_appearances
from prep.images.finding import FoundFile
from prep.images.kinds import png_strips
from prep.labels.reader import RawLabel
from prep.labels.registry import reader_named
from tests.conftest import Raw
from tests.support import COLORS, load, paint, random_image, random_mask, run_error, run_ok, run_prep, save

WATER, ROAD = (20, 60, 200), (120, 110, 100)
ORIENTATION = 0x0112


def scene() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A photo of a lake in a road-coloured plain, and its ids: 7 for the lake, 1 beside it."""
    ids = np.ones((90, 120), np.uint8)
    ids[60:80, 20:50] = 7
    photo = np.where(ids[..., None] == 7, np.uint8(WATER), np.uint8(ROAD))
    return photo, ids


def paired(label: Path, photo: Path, ids: NDArray[np.uint8]) -> PairedLabel:
    values, pixels = np.unique(ids, return_counts=True)
    return PairedLabel(
        RawLabel(label, label.stem),
        FoundFile(photo, photo.name),
        dict(zip(values.tolist(), pixels.tolist(), strict=True)),
    )


@pytest.mark.parametrize("stored", [False, True])
def test_mean_and_crop_are_of_the_place_of_the_value(tmp_path: Path, stored: bool) -> None:
    """Also where the label was drawn on a photo that EXIF turns."""
    photo, ids = scene()
    exif = Image.Exif()
    exif[ORIENTATION] = 6 if stored else 1
    save(tmp_path / "photo.png", photo, exif=exif)
    save(tmp_path / "label.png", ids)
    seen = value_appearances(
        [paired(tmp_path / "label.png", tmp_path / "photo.png", ids)], (1, 7, 9), reader_named("ids")
    )
    assert {code: one.color for code, one in seen.items()} == {1: "#786e64", 7: "#143cc8"}
    (crop,) = seen[7].crops
    assert crop.shape == (CROP, CROP, 3)
    lake = (np.abs(crop.astype(int) - WATER) < 5).all(axis=2)
    assert lake.mean() > 0.2
    assert not (np.abs(crop.astype(int) - ROAD) < 5).all(axis=2).any()  # dimmed
    assert ((crop == (255, 255, 0)).all(axis=2)).any()  # its outline
    rows, columns = np.nonzero(lake)
    assert abs(rows.mean() - CROP / 2) < CROP / 6  # in the middle
    assert abs(columns.mean() - CROP / 2) < CROP / 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_large_labels_and_photos_in_strips_show_the_same(
    tmp_path: Path, orientation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    ids = np.random.default_rng(0).integers(0, 3, (1100, 700)).repeat(2, 0).astype(np.uint8)
    save(tmp_path / "photo.png", paint(ids), exif=exif)
    save(tmp_path / "label.png", ids)
    pair = paired(tmp_path / "label.png", tmp_path / "photo.png", ids)
    whole = value_appearances([pair], (0, 1, 2), reader_named("ids"))
    monkeypatch.setattr(crops, "_LARGE", 0)
    monkeypatch.setattr(png_strips, "_LARGE", 0)
    monkeypatch.setattr(png_strips, "_STRIP_BYTES", 100_000)
    strips = value_appearances([pair], (0, 1, 2), reader_named("ids"))
    assert len(whole) == len(strips) == 3
    for code, one in whole.items():
        assert np.abs(one.mean - strips[code].mean).max() < 0.5
        assert np.abs(one.crops[0].astype(int) - strips[code].crops[0]).mean() < 1


def test_of_large_labels_and_photos_only_strips_are_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crops, "_LARGE", 1 << 20, raising=False)
    monkeypatch.setattr(png_strips, "_LARGE", 1 << 20)
    ids = np.zeros((4000, 4000), np.uint8)
    ids[1000:2000, 500:3000] = 1
    save(tmp_path / "label.png", ids)
    save(tmp_path / "photo.png", paint(ids))
    pair = paired(tmp_path / "label.png", tmp_path / "photo.png", ids)
    tracemalloc.start()
    seen = value_appearances([pair], (0, 1), reader_named("ids"), workers=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert {code: one.color for code, one in seen.items()} == {0: "#000000", 1: "#ff0000"}
    assert peak < 4 * ids.size


def test_photos_with_most_of_a_value_are_looked_at_and_others_are_not(tmp_path: Path) -> None:
    pairs = []
    for number in range(CROPS + 3):
        photo = np.full((40, 50, 3), 10 * number, np.uint8)
        ids = np.zeros((40, 50), np.uint8)
        ids[: 2 + number] = 3
        save(tmp_path / f"{number}.png", photo)
        save(tmp_path / f"label{number}.png", ids)
        pairs.append(paired(tmp_path / f"label{number}.png", tmp_path / f"{number}.png", ids))
    (tmp_path / "6.png").write_bytes(b"damaged")
    seen = value_appearances(pairs, (3,), reader_named("ids"), workers=2)[3]
    used = {5: 7, 4: 6, 3: 5}  # rows by photo; the one with most of all cannot be read
    assert len(seen.crops) == 3
    assert np.allclose(
        seen.mean, sum(10 * photo * rows for photo, rows in used.items()) / sum(used.values()), atol=0.01
    )


def test_labels_of_another_shape_show_nothing(tmp_path: Path) -> None:
    photo, ids = scene()
    save(tmp_path / "photo.png", photo[:, :40])
    save(tmp_path / "label.png", ids)
    assert (
        value_appearances([paired(tmp_path / "label.png", tmp_path / "photo.png", ids)], (1, 7), reader_named("ids"))
        == {}
    )


def test_photos_one_pixel_high_are_shown(tmp_path: Path) -> None:
    """Line-scan cameras."""
    save(tmp_path / "images" / "a.png", random_image(0, 1, 50))
    save(tmp_path / "masks" / "a.png", random_mask(0, 1, 50))
    said = run_ok("masks", "inspect", tmp_path, "--sheet", tmp_path / "sheet.png").stdout
    assert "1 label, read as ids" in said
    assert load(tmp_path / "sheet.png").shape[0] > 3 * CROP


def test_sheet_has_a_row_for_each_value(raw: Raw, tmp_path: Path) -> None:
    said = run_ok("masks", "inspect", raw.masks, "--images", raw.photos, "--sheet", tmp_path / "sheet.png").stdout
    assert f"what lies under each value -> {tmp_path / 'sheet.png'}" in said
    sheet = load(tmp_path / "sheet.png")
    assert sheet.shape[0] == 10 + 3 * (CROP + 10)
    data = json.loads(run_ok("masks", "inspect", raw.masks, "--images", raw.photos, "--json").stdout)
    images, masks = (np.stack([make(seed) for seed in range(3)]) for make in (random_image, random_mask))
    for number, value in enumerate(data["values"]):
        at = COLORS.index(tuple(bytes.fromhex(value["value"][1:])))
        mean = images[masks == at].mean(axis=0)
        assert np.abs(np.array(list(bytes.fromhex(value["photo"][1:]))) - mean).max() <= 0.51
        swatch = sheet[10 + number * (CROP + 10) + 20, 30]
        assert tuple(swatch) == COLORS[at]
    (tmp_path / "sheet.png").write_bytes(b"mine")
    again = ("masks", "inspect", raw.masks, "--images", raw.photos, "--sheet", tmp_path / "sheet.png")
    assert "exists already" in run_error(*again)
    assert (tmp_path / "sheet.png").read_bytes() == b"mine"


def test_sheet_without_photos_says_how_to_name_them(raw: Raw, tmp_path: Path) -> None:
    raw.photos.rename(tmp_path / "elsewhere")
    assert "say with --images FOLDER" in run_error("masks", "inspect", raw.masks, "--sheet", tmp_path / "sheet.png")
    assert "photo" not in run_ok("masks", "inspect", raw.masks).stdout.splitlines()[0]


def test_a_sheet_is_a_png_file(raw: Raw) -> None:
    result = run_prep("masks", "inspect", raw.masks, "--sheet", "sheet.pdf")
    assert result.exit_code == 2
    assert "does not end in .png" in result.stderr


def test_long_names_end_where_the_crops_begin() -> None:
    sheet = draw_sheet([SheetRow(None, ("#" * 300, "x" * 300), None)])
    assert (sheet[:, 310:] == 255).all()
    assert (sheet[:, 64:300] < 255).any()


def test_the_refusal_shows_photo_colours_and_the_command_for_more(raw: Raw) -> None:
    for seed, stem in enumerate("abc"):
        save(raw.masks / f"{stem}.png", paint(random_mask(seed), ((0, 0, 0), (9, 0, 0), (0, 9, 0))))
    said = run_error(*raw.convert)
    mean = np.stack([random_image(seed) for seed in range(3)])[np.stack([random_mask(seed) for seed in range(3)]) == 1]
    row = next(line.split() for line in said.splitlines() if line.startswith("#090000"))
    assert np.abs(np.array(list(bytes.fromhex(row[3][1:]))) - mean.mean(axis=0)).max() <= 0.51
    assert f"seg-prep masks inspect {raw.masks} --images {raw.photos} --sheet values.png" in said
    assert f"(photo {row[3]})" in said
