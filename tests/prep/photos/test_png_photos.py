"""PNG photos of every kind come out as Pillow shows them, and large ones without Pillow's copy of their pixels."""

import io
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageOps, PngImagePlugin

from prep.core.errors import SegError
from prep.images.kinds import png_strips
from prep.images.sizing import Target
from prep.photos import photoio
from prep.photos.image_file import FULL_SIZE, ImageOptions, image_file, place_photo
from prep.photos.photoio import open_photo, read_photo
from tests.prep.images.profiles import swapped_profile

_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)


def _pixels(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def _saved(path: Path, mode: str, **options: object) -> Path:
    channels = len(Image.new(mode, (1, 1)).getbands())
    shape = (11, 7) if channels == 1 else (11, 7, channels)
    Image.fromarray(_pixels(*shape), "L" if mode in "P1" else mode).convert(mode).save(path, "PNG", **options)
    return path


def _as_pillow_shows_it(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        picture.load()  # EXIF may stand behind the pixels
        return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "1"])
def test_a_png_of_any_mode_is_read_as_pillow_shows_it(tmp_path: Path, mode: str) -> None:
    path = _saved(tmp_path / "photo.png", mode)
    np.testing.assert_array_equal(read_photo(path), _as_pillow_shows_it(path))


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_color_that_means_transparent_stays_a_color(tmp_path: Path, mode: str) -> None:
    path = _saved(tmp_path / "photo.png", mode, transparency=7 if mode == "L" else (1, 2, 3))
    np.testing.assert_array_equal(read_photo(path), _as_pillow_shows_it(path))


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def _with_xmp() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", _XMP)
    return info


def _moved_behind_the_pixels(data: bytes, name: bytes) -> bytes:
    start = data.index(name) - 4
    end = start + 12 + int.from_bytes(data[start : start + 4], "big")
    rest, last = data[:start] + data[end:], data.index(b"IEND") - 4 - (end - start)
    return rest[:last] + data[start:end] + rest[last:]


@pytest.mark.parametrize("where", ["before", "behind"])
@pytest.mark.parametrize(("name", "options"), [(b"eXIf", {"exif": _exif(6)}), (b"iTXt", {"pnginfo": _with_xmp()})])
def test_a_png_is_turned_by_what_stands_before_or_behind_its_pixels(
    tmp_path: Path, name: bytes, options: dict[str, object], where: str
) -> None:
    path = _saved(tmp_path / "photo.png", "RGB", **options)
    if where == "behind":
        path.write_bytes(_moved_behind_the_pixels(path.read_bytes(), name))
        assert path.read_bytes().index(name) > path.read_bytes().index(b"IDAT")
    assert read_photo(path).shape == (7, 11, 3)
    np.testing.assert_array_equal(read_photo(path), _as_pillow_shows_it(path))


def test_pillow_holds_no_pixels_of_a_plain_png(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _saved(tmp_path / "photo.png", "RGB")

    def load(_: ImageFile.ImageFile) -> None:
        raise AssertionError("Pillow decodes the pixels")

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", load)
    assert open_photo(path).upright_size == (7, 11)
    np.testing.assert_array_equal(read_photo(path), _pixels(11, 7, 3))


def test_a_png_that_ends_early_is_an_error(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(_pixels(64, 64, 3)).save(buffer, "PNG")
    (tmp_path / "photo.png").write_bytes(buffer.getvalue()[:-200])
    with pytest.raises(Exception, match=r"photo\.png: the file is truncated or damaged"):
        read_photo(tmp_path / "photo.png")


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "1", "profile", "turned", "smaller"])
def test_a_huge_png_becomes_the_same_image_strip_by_strip(
    tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"profile": {"icc_profile": swapped_profile()}, "turned": {"exif": _exif(6)}}.get(mode, {})
    kind = "RGB" if mode in ("profile", "turned", "smaller") else mode
    photo = open_photo(_saved(tmp_path / "photo.png", kind, **options))
    wanted = ImageOptions(Target("exact", 20, 16, enlarge=True)) if mode == "smaller" else FULL_SIZE
    placement = place_photo(photo, wanted)
    _, whole = image_file(photo, "a", placement, wanted, tmp_path)
    monkeypatch.setattr(png_strips, "_LARGE", 0)
    monkeypatch.setattr(png_strips, "_STRIP_BYTES", 50)
    monkeypatch.setattr(photoio, "_stored_pixels", None)  # what decodes it whole
    is_in_strips = mode not in ("LA", "1", "turned", "smaller")
    with nullcontext() if is_in_strips else pytest.raises(SegError):
        _, strips = image_file(photo, "a", placement, wanted, tmp_path)
        np.testing.assert_array_equal(*(np.asarray(Image.open(io.BytesIO(each))) for each in (whole, strips)))
