"""TIFF files: pages are counted and taken out, previews are none; numbers of every type are read as they are stored."""

import io
import itertools
import struct
import tracemalloc
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from prep.core.errors import SegError
from prep.images.imageio import refuse_enormous
from prep.images.tiff_pages import page_bytes, page_count
from prep.images.tiff_pixels import read_tiff, tiff_layout
from tests.support import save

RNG = np.random.default_rng(0)
FILES = (
    *({}, {"bigtiff": True}, {"byteorder": ">"}, {"compression": "zlib"}, {"tile": (16, 16)}),
    *({"rowsperstrip": 7}, {"bigtiff": True, "tile": (16, 16), "compression": "zlib"}),
)
SHAPES = (
    *(
        ((20, 30), {}),
        ((20, 30, 3), {"photometric": "rgb"}),
        ((20, 30, 4), {"photometric": "rgb", "extrasamples": [0]}),
    ),
    *(((20, 30, bands), {"photometric": "minisblack", "planarconfig": "contig"}) for bands in (2, 3, 4, 7)),
    *(((bands, 20, 30), {"photometric": "minisblack", "planarconfig": "separate"}) for bands in (3, 7)),
)
KINDS = ("uint8", "uint16", "int16", "uint32", "int32", "int64", "float16", "float32", "float64", "int8")


def stack(path: Path, pages: int, **options: object) -> NDArray[np.uint16]:
    pixels = RNG.integers(0, 60_000, (pages, 40, 50)).astype(np.uint16)
    tifffile.imwrite(path, pixels, photometric="minisblack", **options)
    return pixels


@pytest.mark.parametrize("options", FILES, ids=str)
def test_each_page_becomes_a_file_of_its_own(tmp_path: Path, options: dict[str, object]) -> None:
    pixels = stack(tmp_path / "a.tif", 5, **options)
    assert page_count(tmp_path / "a.tif") == page_count(Path("a"), (tmp_path / "a.tif").read_bytes()) == 5
    for number, page in enumerate(pixels, start=1):
        alone = page_bytes(tmp_path / "a.tif", number)
        assert page_count(Path("a"), alone) == 1
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(alone))), page)
        assert np.array_equal(read_tiff(Path("a"), alone), page)
    with pytest.raises(SegError, match=r"a\.tif: the file is truncated or damaged"):
        page_bytes(tmp_path / "a.tif", 6)


def test_previews_pyramids_and_masks_are_no_pages(tmp_path: Path) -> None:
    pixels = np.zeros((40, 60), np.uint8)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(pixels)
        file.write(pixels[::2, ::2], subfiletype=1)
        file.write(pixels[:10, :10])
        file.write(pixels > 0, subfiletype=4)
    assert page_count(tmp_path / "a.tif") == 1
    assert page_count(save(tmp_path / "a.png", pixels)) == 1


def test_places_before_the_beginning_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((2, 16, 16), np.uint8), byteorder="<")
    data = bytearray(path.read_bytes())
    directory = int.from_bytes(data[4:8], "little")
    entries = range(directory + 2, directory + 2 + 12 * int.from_bytes(data[directory : directory + 2], "little"), 12)
    place = next(entry for entry in entries if int.from_bytes(data[entry : entry + 2], "little") == 273)
    data[place + 2 : place + 12] = struct.pack("<HIi", 9, 1, -8)  # a whole number with a sign
    path.write_bytes(data)
    with pytest.raises(SegError, match=r"a\.tif: the file is truncated or damaged"):
        page_bytes(path, 1)


def test_directories_in_a_circle_and_cut_files_are_told(tmp_path: Path) -> None:
    stack(tmp_path / "a.tif", 2)
    whole = (tmp_path / "a.tif").read_bytes()
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        last = file.pages[1].offset
    entries = struct.unpack_from("<H", whole, last)[0]
    circle = bytearray(whole)
    struct.pack_into("<I", circle, last + 2 + 12 * entries, struct.unpack_from("<I", whole, 4)[0])
    for data in (bytes(circle), whole[: last + 9], whole[:40], b"II*\0" + struct.pack("<I", 1 << 30), b"II+\0\x08\0"):
        with pytest.raises(SegError, match="truncated or damaged"):
            page_count(Path("a.tif"), data)


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_are_read_as_they_are_stored(tmp_path: Path, kind: str) -> None:
    tried = 0
    for (shape, layout), more in itertools.product(SHAPES, FILES):
        pixels = (RNG.random(shape) * 100).astype(kind)
        tifffile.imwrite(tmp_path / "a.tif", pixels, metadata=None, **layout, **more)
        expected = np.moveaxis(pixels, 0, -1) if layout.get("planarconfig") == "separate" else pixels
        data = (tmp_path / "a.tif").read_bytes()
        found, told = read_tiff(tmp_path / "a.tif", data), tiff_layout(tmp_path / "a.tif", data)
        assert found.dtype == kind
        assert np.array_equal(found, expected), (shape, layout, more)
        assert told is not None
        assert (told.kind, told.bands) == (kind, 1 if pixels.ndim == 2 else expected.shape[2])
        tried += 1
    assert tried == len(SHAPES) * len(FILES)


@pytest.mark.parametrize("kind", ["uint16", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("bands", [1, 3, 4])
@pytest.mark.parametrize("compression", [5, 8], ids=["lzw", "deflate"])
def test_what_only_libtiff_reads(tmp_path: Path, kind: str, bands: int, compression: int) -> None:
    """LZW, and differences of floating-point numbers, as OpenCV writes them: without a word on the terminal."""
    pixels = (RNG.random((20, 30, bands)) * 100).astype(kind)
    stored = pixels[..., 0] if bands == 1 else pixels[..., [2, 1, 0, 3][:bands]]
    cv2.imwrite(str(tmp_path / "a.tif"), stored, [cv2.IMWRITE_TIFF_COMPRESSION, compression])
    found = read_tiff(tmp_path / "a.tif", (tmp_path / "a.tif").read_bytes())
    assert np.array_equal(found, pixels[..., 0] if bands == 1 else pixels)


def test_what_unpacks_to_more_than_it_declares_is_refused(tmp_path: Path) -> None:
    """A strip of 200 MB in a picture of 200 pixels: told before it takes memory."""
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((10, 20), np.uint16), compression="zlib", metadata=None)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        tags = {tag.code: (tag.dtype, tag.value) for tag in file.pages[0].tags.values()}
    bomb = zlib.compress(bytes(200_000_000))
    numbers = {code: value if isinstance(value, int) else value[0] for code, (_, value) in tags.items() if code != 305}
    entries = sorted({**numbers, 273: 8 + 2 + 12 * len(numbers) + 4, 279: len(bomb)}.items())
    packed = b"".join(struct.pack("<HHII", code, 4, 1, int(value)) for code, value in entries)
    data = b"II*\0" + struct.pack("<IH", 8, len(entries)) + packed + bytes(4) + bomb
    tracemalloc.start()
    try:
        with pytest.raises(SegError, match="truncated or damaged"):
            read_tiff(Path("a.tif"), data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5e6


def test_numbers_of_a_kind_that_has_no_name_are_told(tmp_path: Path) -> None:
    """A byte cannot hold a fraction: the format of the samples was changed from 2 to 3."""
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 4), np.int8))
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        place = file.pages[0].tags["SampleFormat"].valueoffset
    data = bytearray((tmp_path / "a.tif").read_bytes())
    data[place] = 3
    with pytest.raises(SegError, match=r"a\.tif: pixels of 8 bits"):
        read_tiff(tmp_path / "a.tif", bytes(data))


def test_a_side_that_no_png_has_is_refused_by_the_header() -> None:
    with pytest.raises(SegError, match=r"a\.tif: 32 x 1,000,001 pixels; a side has at most 1,000,000; cut it"):
        refuse_enormous(Path("a.tif"), 32, 1_000_001)
    refuse_enormous(Path("a.tif"), 32, 1_000_000)


def test_cut_files_are_told(tmp_path: Path) -> None:
    for options in ({}, {"compression": "zlib"}, {"tile": (16, 16)}):
        tifffile.imwrite(tmp_path / "a.tif", RNG.random((40, 50)).astype(np.float32), metadata=None, **options)
        data = (tmp_path / "a.tif").read_bytes()
        for length in range(9, len(data) - 1, 211):
            with pytest.raises(SegError, match="truncated or damaged"):
                read_tiff(Path("a.tif"), data[:length])
