"""The size of a WebP from its header, and that nothing larger is opened."""

import io
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from prep.core.errors import SegError
from prep.images.imageio import open_image
from prep.images.kinds.webp import is_cut_short, webp_size
from prep.photos.photoio import open_photo

KINDS = {"plain": {}, "lossless": {"lossless": True}, "alpha": {"lossless": True}, "extended": {"exif": b"Exif\0\0x"}}


def webp(width: int, height: int, kind: str) -> bytes:
    target = io.BytesIO()
    Image.new("RGBA" if kind == "alpha" else "RGB", (width, height)).save(target, "WEBP", **KINDS[kind])
    return target.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(1, 1), (300, 7), (5, 1000)])
def test_size_of_every_kind(kind: str, size: tuple[int, int]) -> None:
    assert webp_size(webp(*size, kind)) == size


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF1234WEBPVP9 " + bytes(30), b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_what_is_none(data: bytes) -> None:
    assert webp_size(data) is None


@contextmanager
def taking_at_most(kilobytes: int) -> Iterator[None]:
    """The peak of the process grows by less than so much in the block, as Linux counts it."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < kilobytes


def declaring(path: Path, kind: str, place: int, width: bytes, height: bytes) -> Path:
    """A WebP of 8 x 8 pixels whose header, from `place` on, says another size."""
    data = bytearray(webp(8, 8, kind))
    data[place : place + len(width + height)] = width + height
    path.write_bytes(data)
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="how much memory was taken is counted as Linux does")
def test_a_small_file_that_declares_much_is_refused_before_it_takes_memory(tmp_path: Path) -> None:
    sides = (16382).to_bytes(3, "little"), (16159).to_bytes(3, "little")
    path = declaring(tmp_path / "a.webp", "extended", 24, *sides)
    with taking_at_most(200_000):
        with pytest.raises(SegError, match=r"a\.webp: 265 megapixels \(16383 x 16160\)"):
            open_photo(path, 200)
        with pytest.raises(SegError, match=r"a\.webp: .*megapixels"):
            open_photo(path)


@pytest.mark.skipif(sys.platform != "linux", reason="how much memory was taken is counted as Linux does")
def test_a_lossy_file_that_cannot_hold_what_it_declares_takes_no_memory(tmp_path: Path) -> None:
    """144 bytes that declare 114 megapixels took 1.1 GB before they were found to be damaged."""
    sides = (8480).to_bytes(2, "little"), (13490).to_bytes(2, "little")
    path = declaring(tmp_path / "a.webp", "plain", 26, *sides)
    with taking_at_most(50_000):
        with pytest.raises(SegError, match=r"a\.webp: the file is truncated or damaged"):
            open_photo(path)
        with pytest.raises(SegError, match=r"a\.webp: the file is truncated or damaged"):
            open_image(path, path.read_bytes())


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_of_one_colour_is_not_cut_short(kind: str) -> None:
    assert not is_cut_short(webp(4000, 3000, kind))
