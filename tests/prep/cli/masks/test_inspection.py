"""masks inspect: what raw labels hold, told from noise, and what is odd about them."""

import json
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from prep.converting.values.noise import noise_among
from prep.core.classes import read_classes
from tests.conftest import Raw
from tests.support import COLORS, paint, random_mask, run_error, run_ok, run_prep, save, tree


def inspected(*arguments: object) -> dict[str, object]:
    data: dict[str, object] = json.loads(run_ok("masks", "inspect", *arguments, "--json").stdout)
    return data


def remarks_of(*arguments: object) -> str:
    return "\n".join(map(str, inspected(*arguments)["remarks"]))  # type: ignore[call-overload]


def test_values_with_pixels_files_and_names(raw: Raw) -> None:
    before = tree(raw.masks.parent, provenance=True)
    data = inspected(raw.masks, "--images", raw.photos, "--classes", raw.classes)
    counts = np.bincount(np.concatenate([random_mask(seed).ravel() for seed in range(3)]), minlength=3)
    found = {value["name"]: (value["value"], value["pixels"], value["files"]) for value in data["values"]}  # type: ignore[attr-defined]
    assert found == {
        "background": ("#000000", counts[0], 3),
        "line": ("#ff0000", counts[1], 3),
        "ellipse": ("#00ff00", counts[2], 3),
    }
    assert data["remarks"] == []
    assert tree(raw.masks.parent, provenance=True) == before


def test_what_it_writes_is_what_convert_reads(raw: Raw, tmp_path: Path) -> None:
    raw.classes.unlink()
    for name in ("made.txt", "made.json"):
        run_ok("masks", "inspect", raw.masks, "--write", tmp_path / name)
        assert set(read_classes(tmp_path / name).colors) == set(COLORS)
    run_ok("masks", "inspect", raw.masks, "--write", tmp_path / "made.txt")  # the same again
    (tmp_path / "edited.txt").write_text("mine")
    edited = run_error("masks", "inspect", raw.masks, "--write", tmp_path / "edited.txt")
    assert "exists already; add --overwrite" in edited
    assert (tmp_path / "edited.txt").read_text() == "mine"
    run_ok(*raw.convert[:-1], tmp_path / "made.txt")


def test_jpeg_masks_have_noise_and_three_classes(raw: Raw, tmp_path: Path) -> None:
    """Blocks of colour saved as JPEG: dozens of values, three of them real."""
    mask = np.kron(random_mask(5, 6, 8), np.ones((40, 40), np.uint8))
    Image.fromarray(paint(mask)).save(raw.masks / "a.jpg", quality=90)
    for stem in "abc":
        (raw.masks / f"{stem}.png").unlink()
    data = inspected(raw.masks, "--write", tmp_path / "found.txt")
    assert len(data["values"]) > 20  # type: ignore[arg-type]
    assert len(read_classes(tmp_path / "found.txt")) == 3
    assert "1 JPEG mask, whose colours" in "\n".join(data["remarks"])  # type: ignore[arg-type]
    assert "look like blended edges or JPEG traces" in "\n".join(data["remarks"])  # type: ignore[arg-type]


def test_oddities_of_files(tmp_path: Path) -> None:
    ids = random_mask(0)
    palette = Image.fromarray(ids)
    palette.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    save(tmp_path / "palette" / "m.png", palette)
    save(tmp_path / "alpha" / "m.png", np.dstack([paint(ids), np.full(ids.shape, 255, np.uint8)]))
    save(tmp_path / "deep" / "m.png", Image.fromarray(ids.astype(np.uint16) * 300))
    save(tmp_path / "bw" / "m.png", np.where(ids == 1, 255, 0).astype(np.uint8))
    assert "1 palette image: read as colours; --from ids reads their indices" in remarks_of(tmp_path / "palette")
    (tmp_path / "palette" / "class_names.txt").write_text("background\nroad\ncar\n")
    said = remarks_of(tmp_path / "palette")
    assert "1 palette image, whose indices are read as ids; --from rgb reads their colours" in said
    assert "1 mask with an alpha channel" in remarks_of(tmp_path / "alpha")
    assert "1 16-bit mask" in remarks_of(tmp_path / "deep")
    assert "only 0 and 255" in remarks_of(tmp_path / "bw")


def test_sizes_and_orientation_against_the_photos(raw: Raw) -> None:
    turned = Image.fromarray(np.zeros((24, 32, 3), np.uint8))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(raw.photos / "a.png", exif=exif)  # shown 24 x 32; its mask is 32 x 24, as stored
    save(raw.masks / "b.png", paint(random_mask(1, 48, 64)))
    save(raw.masks / "c.png", paint(random_mask(2, 24, 50)))
    said = remarks_of(raw.masks, "--images", raw.photos)
    assert "1 mask was drawn on the photo before EXIF turns it; converting turns them with it (a)" in said
    assert "1 mask has another size than the photo; converting brings them to the image's size (b)" in said
    assert "1 mask has another shape than the photo" in said


def test_classes_that_do_not_occur_and_damaged_files(raw: Raw) -> None:
    raw.classes.write_text("background,#000000\nroad,#123456\n", encoding="utf-8")
    (raw.masks / "b.png").write_bytes((raw.masks / "b.png").read_bytes()[:60])
    result = run_prep("masks", "inspect", raw.masks, "--classes", raw.classes, "--images", raw.photos)
    assert result.exit_code == 1
    said = result.stdout
    assert "1 of 2 classes of the class map occurs in no mask (road)" in said
    assert f"cannot be read: {raw.masks / 'b.png'}: the file is truncated or damaged" in said


@given(st.lists(st.integers(0, (1 << 24) - 1), min_size=1, max_size=8, unique=True), st.data())
def test_frequent_and_known_colors_are_never_noise(codes: list[int], data: st.DataObject) -> None:
    """Values that all have the same number of pixels are all classes, and a class map is believed."""
    assert noise_among(dict.fromkeys(codes, 100)) == frozenset()
    pixels = {code: data.draw(st.integers(1, 10**6)) for code in codes}
    assert not noise_among(pixels, codes)


def test_blends_are_noise_and_rare_colors_are_not() -> None:
    black, white, grey, red = 0, 0xFFFFFF, 0x808080, 0x0000FF
    assert noise_among({black: 10_000, white: 9_000, grey: 40, red: 40}) == {grey}


def test_names_that_differ_in_case_or_spaces_are_told(raw: Raw, tmp_path: Path) -> None:
    classes = tmp_path / "c.txt"
    classes.write_text("Road,#000000\nroad,#ff0000\ncar,#00ff00\n", encoding="utf-8")
    said = run_ok("masks", "inspect", raw.masks, "--classes", classes).stdout
    assert "classes whose names differ only in case or spaces: 'Road' and 'road'" in said
