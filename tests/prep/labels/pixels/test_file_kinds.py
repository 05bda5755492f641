"""Masks in the files that programs of science leave: GIF, PGM, float and 32-bit TIFF, JPEG 2000, NumPy, TIFF stacks."""

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.labels.pixels.arrays import ArrayReader
from prep.labels.reader import RawLabel
from prep.labels.unpacking import unpacked
from tests.support import load, masks_of, random_image, random_mask, run_error, run_ok, run_prep, run_script, save

NAMES = "background\nline\nellipse\n"


class Folder:
    """Photos a and b, and masks written by a function, which are converted into d."""

    def __init__(self, path: Path, suffix: str, write: Callable[[Path, NDArray[np.uint8]], object]) -> None:
        self.path, self.suffix, self.masks = path, suffix, {"a": random_mask(0), "b": random_mask(1)}
        (path / "masks").mkdir(parents=True)
        for seed, (stem, mask) in enumerate(self.masks.items()):
            save(path / "images" / f"{stem}.png", random_image(seed))
            write(path / "masks" / f"{stem}{suffix}", mask)
        (path / "names.txt").write_text(NAMES)
        self.command = ("masks", "convert", path, "-o", path / "d", "--classes", path / "names.txt")


def pgm(path: Path, mask: NDArray[np.uint8]) -> None:
    """With 2 as the highest value, which other readers make white."""
    path.write_bytes(b"P5\n%d %d\n2\n" % mask.shape[::-1] + mask.tobytes())


def gif(path: Path, mask: NDArray[np.uint8]) -> None:
    picture = Image.new("P", mask.shape[::-1])
    picture.putdata(mask.ravel().tolist())
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    picture.save(path, optimize=False)


def georeferenced(path: Path, mask: NDArray[np.uint8]) -> None:
    tifffile.imwrite(path, mask, extratags=[(33550, 12, 3, (1.0, 1.0, 0.0), True), (42113, 2, 0, "-1", True)])


WRITERS: dict[str, tuple[str, Callable[[Path, NDArray[np.uint8]], object]]] = {
    **{f"{kind} TIFF": (".tif", lambda path, mask, kind=kind: tifffile.imwrite(path, mask.astype(kind)))
       for kind in ("float32", "float64", "int32", "uint32", "int64", "int16", "uint16")},
    "GeoTIFF": (".tif", georeferenced),
    "PGM": (".pgm", pgm),
    "JPEG 2000": (".jp2", lambda path, mask: Image.fromarray(mask).save(path, irreversible=False)),
    **{f"{kind} NPY": (".npy", lambda path, mask, kind=kind: np.save(path, mask.astype(kind)))
       for kind in ("uint8", "int64", "float32", ">u2")},
    "columns first": (".npy", lambda path, mask: np.save(path, np.asfortranarray(mask))),
    "one layer": (".npy", lambda path, mask: np.save(path, mask[None])),
    "NPZ": (".npz", lambda path, mask: np.savez_compressed(path, mask=mask)),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRITERS)
def test_ids_are_read_exactly(tmp_path: Path, kind: str) -> None:
    raw = Folder(tmp_path, *WRITERS[kind])
    run_ok(*raw.command)
    made = masks_of(tmp_path / "d")
    assert made.keys() == raw.masks.keys()
    assert all(np.array_equal(made[stem], mask) for stem, mask in raw.masks.items())


def test_gif_masks_are_read_by_colour(tmp_path: Path) -> None:
    raw = Folder(tmp_path, ".gif", gif)
    (tmp_path / "names.txt").write_text("background,#000000\nline,#ff0000\nellipse,#00ff00\n")
    run_ok(*raw.command)
    assert all(np.array_equal(masks_of(tmp_path / "d")[stem], mask) for stem, mask in raw.masks.items())


def test_tags_of_maps_write_nothing_to_the_terminal(tmp_path: Path) -> None:
    raw = Folder(tmp_path, *WRITERS["GeoTIFF"])
    done = run_script("seg-prep", *raw.command, "--workers", 1)
    assert done.returncode == 0
    assert "WARN" not in done.stderr
    assert "Unknown field" not in done.stderr


@pytest.mark.parametrize(
    ("value", "kind", "told"),
    [(0.5, "float32", "holds 0.5 in 1 pixel"), (np.nan, "float64", "holds nan in 1 pixel"),
     (-1, "int32", "holds -1 in 1 pixel"), (70_000, "int32", "holds 70000 in 1 pixel"),
     (65_536, "float32", "holds 65536 in 1 pixel")],
)  # fmt: skip
@pytest.mark.parametrize("suffix", [".tif", ".npy"])
def test_numbers_that_are_no_ids_are_named(tmp_path: Path, value: float, kind: str, told: str, suffix: str) -> None:
    def write(path: Path, mask: NDArray[np.uint8]) -> None:
        values = mask.astype(kind)
        values[3, 4] = value
        tifffile.imwrite(path, values) if suffix == ".tif" else np.save(path, values)

    said = run_error(*Folder(tmp_path, suffix, write).command)
    assert f"a{suffix}: {told}, and ids are whole numbers from 0 to 65535" in said
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("suffix", [".gif", ".png"])
def test_animations_are_refused(tmp_path: Path, suffix: str) -> None:
    raw = Folder(tmp_path, suffix, lambda path, mask: Image.fromarray(mask).save(path))
    frames = [Image.fromarray(random_mask(seed) * 100) for seed in range(3)]
    frames[0].save(tmp_path / "masks" / f"b{suffix}", save_all=True, append_images=frames[1:])
    (tmp_path / "names.txt").write_text("background,#000000\nline,#ff0000\nellipse,#00ff00\n")
    done = run_prep(*raw.command)
    assert done.exit_code == 1
    assert (
        f"{tmp_path / f'masks/b{suffix}'}: an animation of 3 frames; save the frame that is meant as PNG" in done.stderr
    )
    assert list(masks_of(tmp_path / "d")) == ["a"]


# Stacks.


def stack(path: Path, pages: list[NDArray[Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, np.stack(pages), photometric="minisblack")
    return path


def test_pages_become_samples(tmp_path: Path) -> None:
    photos, masks = [random_image(seed)[..., 0] for seed in range(12)], [random_mask(seed) for seed in range(12)]
    stack(tmp_path / "masks/train.tif", masks)
    volume = stack(tmp_path / "images/train.tif", photos)
    (tmp_path / "names.txt").write_text(NAMES)
    said = run_ok("masks", "convert", tmp_path, "-o", tmp_path / "d", "--classes", tmp_path / "names.txt").stdout
    assert "1 file of several pages, each page a sample (train.tif)" in said
    made = masks_of(tmp_path / "d")
    assert list(made) == [f"train_page{number:02}" for number in range(1, 13)]
    for number in range(12):
        assert np.array_equal(made[f"train_page{number + 1:02}"], masks[number])
        assert np.array_equal(load(tmp_path / f"d/images/train_page{number + 1:02}.png")[..., 0], photos[number])
    assert "train.tif#3" in (tmp_path / "d/photos.csv").read_text()
    run_ok("resize", volume, "-o", tmp_path / "e", "--size", 32)
    assert np.array_equal(load(tmp_path / "e/images/train_page07.png"), load(tmp_path / "d/images/train_page07.png"))
    other = stack(tmp_path / "other/labels.tif", masks)
    run_ok("masks", "convert", other, "--images", volume, "-o", tmp_path / "f", "--classes", tmp_path / "names.txt")
    assert all(np.array_equal(mask, masks[number]) for number, mask in enumerate(masks_of(tmp_path / "f").values()))


def test_other_numbers_of_pages_are_refused(tmp_path: Path) -> None:
    volume = stack(tmp_path / "images/train.tif", [random_image(seed)[..., 0] for seed in range(3)])
    labels = save(tmp_path / "masks/train.png", random_mask(0))
    (tmp_path / "names.txt").write_text(NAMES)
    command = ("masks", "convert", tmp_path, "-o", tmp_path / "d", "--classes", tmp_path / "names.txt")
    said = run_error(*command)
    assert f"{volume}: holds 3 pages, and its mask {labels} 1: pages are paired one by one" in said
    labels.unlink()
    two = stack(tmp_path / "masks/train.tif", [random_mask(0), random_mask(1)])
    assert f"{volume}: holds 3 pages, and its mask {two} 2" in run_error(*command)
    assert not (tmp_path / "d").exists()


# NumPy files of which nothing may be believed.


def npy(header: str, body: bytes = b"") -> bytes:
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + body


def read(path: Path, data: bytes) -> NDArray[np.uint32]:
    path.write_bytes(data)
    return ArrayReader().read(RawLabel(path, path.stem))


class Trap:
    """Pickled, it would write a file when it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.path,)


def test_python_objects_are_never_opened(tmp_path: Path) -> None:
    file = io.BytesIO()
    np.save(file, np.array([[Trap(tmp_path / "sprung")]], object), allow_pickle=True)
    with pytest.raises(SegError, match="holds Python objects, which could run any program"):
        read(tmp_path / "a.npy", file.getvalue())
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (npy("{'descr': '|u1', 'fortran_order': False, 'shape': (60000, 60000), }"), "3,600 megapixels"),
        (npy("{'descr': '|u1', 'fortran_order': False, 'shape': (20, 30), }", bytes(599)), "and holds 599 bytes"),
        (npy("{'descr': '|u1', 'fortran_order': False, 'shape': (-2, -30), }", bytes(60)), "(-2, -30)"),
        (npy("{'descr': '|u1', 'fortran_order': False, 'shape': (20, 30, 3), }", bytes(1800)), "(20, 30, 3)"),
        (npy("{'descr': '|u1', 'fortran_order': False, 'shape': (600,), }", bytes(600)), "(600,)"),
        (npy("{'descr': '|u1', 'fortran_order': False, 'shape': (0, 30), }"), "(0, 30)"),
        (npy("{'descr': [('x', '<u2')], 'fortran_order': False, 'shape': (2, 3), }", bytes(12)), "values of type"),
        (npy("{'descr': '<c8', 'fortran_order': False, 'shape': (2, 3), }", bytes(48)), "values of type complex64"),
        (npy("{'descr': '<U3', 'fortran_order': False, 'shape': (2, 3), }", bytes(72)), "values of type <U3"),
        (npy("__import__('os').system('exit 3')"), "no NumPy file, or a damaged one"),
        (npy("{'descr': '|u1', 'shape': (2, 3)}"), "no NumPy file, or a damaged one"),
        (b"\x93NUMPY\1\0", "no NumPy file, or a damaged one"),
        (b"\x93NUMPY\7\0aaaa", "no NumPy file, or a damaged one"),
        (b"P5 3 2 255", "no NumPy file, or a damaged one"),
    ],
)  # fmt: skip
def test_hostile_arrays_are_refused_in_words(tmp_path: Path, data: bytes, told: str) -> None:
    with pytest.raises(SegError) as caught:
        read(tmp_path / "a.npy", data)
    assert str(caught.value).startswith(f"{tmp_path / 'a.npy'}: ")
    assert told in str(caught.value)


def test_of_several_arrays_one_is_named(tmp_path: Path) -> None:
    raw = Folder(tmp_path, ".npz", lambda path, mask: np.savez(path, mask=mask, depth=mask * 2.5))
    assert (
        "a.npz: holds 2 arrays (mask, depth); add which one to read:\n  --variable mask\n  --variable depth"
        in run_error(*raw.command)
    )
    assert "a.npz: has no array 'm'; its arrays: mask, depth" in run_error(*raw.command, "--variable", "m")
    run_ok(*raw.command, "--variable", "mask")
    assert all(np.array_equal(masks_of(tmp_path / "d")[stem], mask) for stem, mask in raw.masks.items())


def test_large_members_and_damaged_archives_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("mask.npy", bytes((1 << 28) + 1))
    with pytest.raises(SegError, match=r"mask\.npy unpacks to 268,435,457 bytes; that is no label mask"):
        ArrayReader().read(RawLabel(tmp_path / "a.npz", "a"))
    (tmp_path / "b.npz").write_bytes(b"PK\3\4 cut")
    with pytest.raises(SegError, match=r"b\.npz: no zip file, or a damaged one"):
        ArrayReader().read(RawLabel(tmp_path / "b.npz", "b"))


def test_a_member_that_stands_before_the_file_is_told(tmp_path: Path) -> None:
    """What the directory of a zip file says of the place, less what lies before it, may be below zero."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("a.xml", "<annotations/>")
        file.writestr("b.xml", "<annotations/>")
    data = bytearray((tmp_path / "a.zip").read_bytes())
    end = data.index(b"PK\5\6")
    data[end + 16 : end + 20] = (int.from_bytes(data[end + 16 : end + 20], "little") + 1000).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(SegError, match=r"a\.zip: "), unpacked(tmp_path / "a.zip"):
        pass


def test_photos_beside_arrays_are_photos(tmp_path: Path) -> None:
    for seed, stem in enumerate("ab"):
        save(tmp_path / "raw" / f"{stem}.jpg", random_image(seed))
        np.save(tmp_path / "raw" / f"{stem}.npy", random_mask(seed))
    (tmp_path / "names.txt").write_text(NAMES)
    run_ok("masks", "convert", tmp_path / "raw", "-o", tmp_path / "d", "--classes", tmp_path / "names.txt")
    assert np.array_equal(masks_of(tmp_path / "d")["b"], random_mask(1))
    assert (tmp_path / "d/images/b.jpg").is_file()


def test_an_index_that_has_no_colour_is_not_taken_for_black(tmp_path: Path) -> None:
    """A palette of three colours and a fourth index, as Pillow writes it: shown in black, as if it were a class."""
    raw = Folder(tmp_path, ".png", lambda path, mask: with_palette(path, np.where(mask == 2, 3, mask).astype(np.uint8)))
    (tmp_path / "names.txt").write_text("background,#000000\nline,#ff0000\nellipse,#00ff00\n")
    missing = np.count_nonzero(raw.masks["a"] == 2)
    wrong = f"a.png: a palette of 3 colours, and index 3 in {missing} pixels, which has none; read the indices"
    assert f"{wrong} with '--from ids'" in run_error(*raw.command, "--from", "rgb")
    assert wrong in run_prep("masks", "inspect", tmp_path / "masks").stdout
    (tmp_path / "names.txt").write_text("background,,0\nline,,1\nellipse,,3\n")
    run_ok(*raw.command, "--from", "ids")
    assert all(np.array_equal(masks_of(tmp_path / "d")[stem], mask) for stem, mask in raw.masks.items())
    assert Dataset.open(tmp_path / "d").classes.names == ("background", "line", "ellipse")


def with_palette(path: Path, mask: NDArray[np.uint8]) -> None:
    picture = Image.fromarray(mask).convert("P")
    picture.putdata(mask.ravel().tolist())
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    picture.save(path)


@pytest.mark.parametrize(
    ("dtype", "number"), [("int8", -128), ("int16", -9999), ("int32", 70000), ("float32", -9999), ("float32", np.nan)]
)
def test_pixels_that_hold_nothing_by_the_word_of_the_file_are_ignored(
    tmp_path: Path, dtype: str, number: float
) -> None:
    """QGIS and GDAL write so what lies outside of the area that was mapped."""

    def write(path: Path, mask: NDArray[np.uint8]) -> None:
        values = mask.astype(dtype)
        values[:2] = number
        tifffile.imwrite(path, values, extratags=[(42113, "s", 0, f"{number:g}", True)])

    folder = Folder(tmp_path, ".tif", write)
    run_ok(*folder.command)
    for stem, mask in folder.masks.items():
        made = masks_of(tmp_path / "d")[stem]
        assert np.all(made[:2] == 255) and np.array_equal(made[2:], mask[2:])
