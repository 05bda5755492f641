"""Remarks in a PNG change nothing and say nothing; what its pixels need is kept."""

import io
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from prep.images.imageio import decode
from prep.images.kinds.png_chunks import is_whole_png, png_chunk, png_chunks, without_remarks

AFTER_HEADER = 33
SPOILED = {
    "profile": png_chunk(b"iCCP", b"x"),
    "rendering": png_chunk(b"sRGB", b"\xff"),
    "time": png_chunk(b"tIME", bytes(7)),
    "resolution": png_chunk(b"pHYs", b"1"),
    "EXIF": png_chunk(b"eXIf", b"abc"),
    "bits": png_chunk(b"sBIT", b"\x20"),
    "transparency": png_chunk(b"tRNS", bytes(3)),
    "check sum": png_chunk(b"tEXt", b"abc")[:-1] + b"?",
}


def saved(mode: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4)).convert(mode).save(buffer, "PNG", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", SPOILED)
def test_a_spoiled_remark_is_neither_told_nor_an_error(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    plain = saved("L")
    data = plain[:AFTER_HEADER] + SPOILED[kind] + plain[AFTER_HEADER:]
    pixels = decode(Path("x.png"), data, cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(pixels, np.arange(12, dtype=np.uint8).reshape(3, 4))
    assert capfd.readouterr() == ("", "")
    assert without_remarks(data) == plain


def test_a_plain_file_stays_the_same_object() -> None:
    plain = saved("RGB")
    assert without_remarks(plain) is plain


def test_transparency_stays() -> None:
    data = saved("P", transparency=bytes([0, 255]), dpi=(72, 72))
    kept = without_remarks(data)
    assert [chunk.name for chunk in png_chunks(kept)] == [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"]
    np.testing.assert_array_equal(
        Image.open(io.BytesIO(kept)).convert("RGBA"), Image.open(io.BytesIO(data)).convert("RGBA")
    )


def test_a_length_beyond_the_file_is_no_whole_png() -> None:
    plain = saved("L")
    assert is_whole_png(plain)
    text = png_chunk(b"tEXt", b"abc")
    assert not is_whole_png(plain[:AFTER_HEADER] + (1 << 20).to_bytes(4, "big") + text[4:] + plain[AFTER_HEADER:])
    assert zlib.crc32(b"IEND").to_bytes(4, "big") == plain[-4:]
