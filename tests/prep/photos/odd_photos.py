"""Photos whose files say what no program expects."""

import zlib
from pathlib import Path

import numpy as np
from PIL import Image, TiffImagePlugin, TiffTags

from tests.support import (
    save,
    smooth_image,
)

XMP, ICC = 700, 34675


def odd_photos(folder: Path) -> list[Path]:
    """TIFFs with a text (XMP) and a number (ICC) where bytes belong, a PNG of 2 colours with 300 transparencies."""
    text, number = (TiffImagePlugin.ImageFileDirectory_v2() for _ in range(2))
    text.tagtype[XMP], text[XMP] = TiffTags.ASCII, "no bytes"
    number.tagtype[ICC], number[ICC] = TiffTags.SHORT, 7
    save(folder / "text.tif", smooth_image(), tiffinfo=text)
    save(folder / "number.tif", smooth_image(), tiffinfo=number)
    indices = Image.fromarray(np.full((24, 32), 200, np.uint8), "L")
    png = bytearray(save(folder / "odd.png", indices).read_bytes())
    png[25] = 3  # of the header: indices of a palette
    png[29:33] = zlib.crc32(png[12:29]).to_bytes(4, "big")
    for chunk in (b"tRNS" + bytes(300), b"PLTE" + bytes(6)):
        png[33:33] = (len(chunk) - 4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    (folder / "odd.png").write_bytes(png)
    return [folder / name for name in ("text.tif", "number.tif", "odd.png")]
