"""A PNG read in strips holds what OpenCV decodes from the whole file, whatever its filters; one of them is held."""

import io
import struct
import tracemalloc
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from prep.core.errors import SegError
from prep.images.imageio import decode
from prep.images.kinds import png_strips as module
from prep.images.kinds.png_chunks import PNG_START, png_chunk
from prep.images.kinds.png_strips import png_strips

PATH = Path("x.png")
GREY, RGB, PALETTE, RGBA = 0, 2, 3, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, RGBA: 4}


def png_of(
    kind: int, width: int, rows: bytes, *chunks: tuple[bytes, bytes], height: int, bits: int = 8, interlaced: int = 0
) -> bytes:
    """A PNG of rows that are filtered already, in chunks of pixels of five bytes and the rest."""
    header, packed = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, interlaced), zlib.compress(rows)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", packed[:5]), (b"IDAT", packed[5:]), (b"IEND", b"")]
    return PNG_START + b"".join(png_chunk(*part) for part in parts)


@given(
    kind=st.sampled_from([GREY, RGB, PALETTE, RGBA]),
    height=st.integers(1, 12),
    width=st.integers(1, 9),
    strip=st.integers(1, 80),
    colors=st.integers(1, 256),
    is_clear=st.booleans(),
    palette_bits=st.sampled_from([1, 2, 4, 8]),
    seed=st.integers(0, 999),
)
def test_any_filtered_bytes_become_what_the_whole_file_does(
    kind: int, height: int, width: int, strip: int, colors: int, is_clear: bool, palette_bits: int, seed: int
) -> None:
    random, bits = np.random.default_rng(seed), palette_bits if kind == PALETTE else 8
    rows = random.integers(0, 256, (height, 1 + (width * CHANNELS[kind] * bits + 7) // 8), dtype=np.uint8)
    rows[:, 0] %= 5  # the five filters
    colors = min(colors, 1 << bits)
    chunks = [(b"PLTE", random.bytes(3 * colors)), (b"tRNS", random.bytes(colors))] if kind == PALETTE else []
    data = png_of(kind, width, rows.tobytes(), *chunks[: 1 + is_clear], height=height, bits=bits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_LARGE", 0)
        patch.setattr(module, "_STRIP_BYTES", strip)
        patch.setattr(module, "_PIECE_BYTES", 7)
        strips = png_strips(PATH, data)
        assert strips is not None
        np.testing.assert_array_equal(np.concatenate(list(strips)), decode(PATH, data, cv2.IMREAD_UNCHANGED))
        if kind == PALETTE:
            indices = png_strips(PATH, data, as_indices=True)
            assert indices is not None
            np.testing.assert_array_equal(np.concatenate(list(indices)), np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("why", ["small", "16 bits", "interlaced", "clear colour", "animated", "JPEG"])
def test_what_only_the_whole_file_tells_is_left_to_the_decoder(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGE", 4 if why == "small" else 0)
    bits, interlaced = 16 if why == "16 bits" else 8, int(why == "interlaced")
    chunks = {"clear colour": [(b"tRNS", bytes(2))], "animated": [(b"acTL", bytes(8))]}.get(why, [])
    data = png_of(GREY, 2, bytes(10), *chunks, height=2, bits=bits, interlaced=interlaced)
    data = b"\xff\xd8\xff" + bytes(60) if why == "JPEG" else data
    assert png_strips(PATH, data) is None


@pytest.mark.parametrize("at", [26, 27])
def test_a_packing_or_a_filter_that_the_standard_does_not_name_is_left_to_the_decoder(
    at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenCV refuses such a file, whose pixels nobody knows how to read."""
    monkeypatch.setattr(module, "_LARGE", 0)
    data = bytearray(png_of(GREY, 2, bytes(6), height=2))
    data[at] = 1
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    assert png_strips(PATH, bytes(data)) is None


def test_a_palette_after_the_pixels_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGE", 0)
    data = png_of(PALETTE, 2, bytes(6), (b"PLTE", b"abc"), height=2)
    late = png_chunk(b"PLTE", b"xyz")
    strips = png_strips(PATH, data[:-12] + late + data[-12:])
    assert strips is not None
    assert np.concatenate(list(strips)).tolist() == [[[*b"cba"]] * 2] * 2
    with pytest.raises(SegError, match="truncated or damaged"):
        png_strips(PATH, data.replace(png_chunk(b"PLTE", b"abc"), b"")[:-12] + late + data[-12:])


def test_a_narrow_picture_as_tall_as_any_is_read() -> None:
    """Each strip is a picture too, with a row more."""
    width, height = 20, 1_000_000
    data = png_of(PALETTE, width, bytes([0, 0b10101010, 0, 255]) * height, (b"PLTE", bytes(6)), height=height, bits=1)
    strips = png_strips(PATH, data, as_indices=True)
    assert strips is not None
    row = [1, 0] * 4 + [0] * 8 + [1] * 4
    assert sum(len(strip) for strip in strips if (strip == row).all()) == height


def test_rows_that_are_missing_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGE", 0)
    data = png_of(GREY, 2, bytes(7), height=4)
    strips = png_strips(PATH, data)
    assert strips is not None
    with pytest.raises(SegError, match=r"x\.png: the file is truncated or damaged"):
        list(strips)
    with pytest.raises(SegError, match="truncated or damaged"):
        png_strips(PATH, data[:-4])


def test_a_filter_that_does_not_exist_is_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGE", 0)
    strips = png_strips(PATH, png_of(GREY, 1, bytes([5, 0]), height=1))
    assert strips is not None
    with pytest.raises(SegError, match="truncated or damaged"):
        list(strips)


def test_a_large_picture_takes_the_memory_of_a_strip() -> None:
    width, height = 6_000, 4_000
    data = png_of(RGB, width, bytes((1 + 3 * width) * height), height=height)
    tracemalloc.start()
    try:
        strips = png_strips(PATH, data)
        assert strips is not None
        assert sum(len(strip) for strip in strips) == height
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < width * height
