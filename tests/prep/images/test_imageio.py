"""Image files in and out: what is kept to the bit, what is made upright and sRGB, what is refused."""

import io
import struct
import tracemalloc
import warnings
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from PIL import Image, ImageCms, PngImagePlugin

from prep.core.errors import SegError
from prep.core.files import read_bytes
from prep.images.imageio import (
    encode_png,
    image_size,
    quiet_pillow,
    read_image,
    read_mask,
    write_png,
)
from prep.labels import labelio
from prep.photos.image_file import FULL_SIZE, image_file, place_photo
from prep.photos.photoio import open_photo, read_photo
from tests.prep.images.profiles import swapped_profile
from tests.support import load, random_image, save, smooth_image

# How a picture has to be stored so that each EXIF orientation shows it upright.
STORED = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: upright[::-1, ::-1].transpose(1, 0, 2),
    8: lambda upright: np.rot90(upright, -1),
}


def exif(orientation: int | None = None) -> Image.Exif:
    """Camera, place and orientation."""
    data = Image.Exif()
    data[0x010F] = "SecretCamera"
    data.get_ifd(0x8825)[1] = "N"
    if orientation is not None:
        data[0x0112] = orientation
    return data


def jpeg(pixels: NDArray[np.uint8], **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "JPEG", quality=95, **options)
    return buffer.getvalue()


def decoded(data: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture)


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40)))
def test_masks_round_trip(tmp_path_factory: pytest.TempPathFactory, mask: NDArray[np.uint8]) -> None:
    path = tmp_path_factory.mktemp("mask") / "m.png"
    write_png(path, mask)
    assert np.array_equal(read_mask(path), mask)
    assert np.array_equal(load(path), mask)
    assert np.array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), mask)
    with Image.open(path) as picture:
        assert picture.mode == "L"


def test_images_round_trip_red_first(tmp_path: Path) -> None:
    pixels = random_image(0)
    write_png(tmp_path / "i.png", pixels)
    assert np.array_equal(read_image(tmp_path / "i.png"), pixels)
    assert np.array_equal(load(tmp_path / "i.png"), pixels)
    assert encode_png(pixels) == encode_png(pixels.copy())
    assert image_size(tmp_path / "i.png") == (32, 24)


def test_read_image_of_jpeg(tmp_path: Path) -> None:
    (tmp_path / "i.jpg").write_bytes(jpeg(smooth_image()))
    assert np.abs(read_image(tmp_path / "i.jpg").astype(int) - smooth_image()).max() < 16


@pytest.mark.parametrize("mode", ["RGB", "P", "I;16"])
def test_read_mask_wants_8_bit_grey(tmp_path: Path, mode: str) -> None:
    pixels = np.zeros((4, 5), np.uint16)
    picture = Image.fromarray(pixels) if mode == "I;16" else Image.new(mode, (5, 4))
    with pytest.raises(SegError, match=r"m\.png: a mask is an 8-bit grey PNG"):
        read_mask(save(tmp_path / "m.png", picture))


# Bringing photos in.


def import_photo(path: Path) -> tuple[str, bytes, int, int]:
    """Suffix, content, width and height of the image of a photo in full size."""
    photo = open_photo(path)
    placement = place_photo(photo, FULL_SIZE)
    name, data = image_file(photo, "p", placement, FULL_SIZE, path.parent / "staging")
    return Path(name).suffix, data, placement.width, placement.height


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_photos_come_in_upright(tmp_path: Path, orientation: int, suffix: str) -> None:
    upright = smooth_image(48, 64)
    stored = np.ascontiguousarray(STORED[orientation](upright))
    options = {"quality": 95, "subsampling": 0} if suffix == ".jpg" else {}
    path = save(tmp_path / f"p{suffix}", stored, exif=exif(orientation), **options)
    kind, data, width, height = import_photo(path)
    assert (width, height) == (64, 48)
    assert kind == (".jpg" if suffix == ".jpg" else ".png")
    assert b"SecretCamera" not in data
    tolerance = 12 if suffix == ".jpg" else 0
    assert np.abs(decoded(data).astype(int) - upright).max() <= tolerance
    assert np.abs(read_photo(path).astype(int) - upright).max() <= tolerance


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"subsampling": 2}, {"restart_marker_rows": 1}], ids=str
)
def test_upright_jpeg_keeps_its_pixels_and_loses_its_metadata(tmp_path: Path, options: dict[str, object]) -> None:
    thumbnail = b"ThumbnailOfAFace"
    original = jpeg(random_image(1), exif=exif(), comment=b"SecretComment", **options)
    original = original[:2] + b"\xff\xed" + struct.pack(">H", 2 + len(thumbnail)) + thumbnail + original[2:]
    (tmp_path / "p.jpg").write_bytes(original)
    kind, data, width, height = import_photo(tmp_path / "p.jpg")
    assert (kind, width, height) == (".jpg", 32, 24)
    assert np.array_equal(decoded(data), decoded(original))
    assert len(data) < len(original)
    for secret in (b"SecretCamera", b"SecretComment", thumbnail, b"Exif"):
        assert secret in original
        assert secret not in data


def test_metadata_behind_the_picture_is_dropped(tmp_path: Path) -> None:
    """Phones append a video with the place to the file ("motion photo")."""
    (tmp_path / "p.jpg").write_bytes(jpeg(random_image(1)) + b"ftypmp42 SecretPlace")
    _, data, _, _ = import_photo(tmp_path / "p.jpg")
    assert b"SecretPlace" not in data


def test_metadata_behind_fill_bytes_is_dropped(tmp_path: Path) -> None:
    """Any number of 0xFF may stand before a marker (ITU T.81, B.1.1.2)."""
    original = jpeg(random_image(1), exif=exif())
    padded = original.replace(b"\xff\xe1", b"\xff\xff\xff\xe1", 1)
    assert np.array_equal(decoded(padded), decoded(original))
    (tmp_path / "p.jpg").write_bytes(padded)
    _, data, _, _ = import_photo(tmp_path / "p.jpg")
    assert np.array_equal(decoded(data), decoded(original))
    assert b"SecretCamera" not in data


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_colors_become_srgb(tmp_path: Path, mode: str, suffix: str) -> None:
    if (mode, suffix) == ("RGBA", ".jpg"):
        pytest.skip("JPEG has no alpha")
    picture = Image.new(mode, (16, 16), (200, 60, 60, 255)[: len(mode)])
    path = save(tmp_path / f"p{suffix}", picture, icc_profile=swapped_profile())
    _, data, _, _ = import_photo(path)
    red, green, blue = decoded(data)[8, 8].tolist()
    assert abs(red - 60) < 6
    assert abs(green - 200) < 6
    assert abs(blue - 60) < 6


def test_srgb_profile_keeps_the_pixels(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    original = jpeg(random_image(2), icc_profile=profile)
    (tmp_path / "p.jpg").write_bytes(original)
    assert np.array_equal(decoded(import_photo(tmp_path / "p.jpg")[1]), decoded(original))


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (Image.new("L", (6, 5), 70), (70, 70, 70)),
        (Image.new("1", (6, 5), 1), (255, 255, 255)),
        (Image.new("RGBA", (6, 5), (1, 2, 3, 255)), (1, 2, 3)),
        (Image.new("LA", (6, 5), (9, 255)), (9, 9, 9)),
        (Image.new("P", (6, 5), "#0a141e"), (10, 20, 30)),
        (Image.fromarray(np.full((5, 6), 0xAB12, np.uint16)), (0xAB, 0xAB, 0xAB)),
    ],
    ids=["L", "1", "RGBA", "LA", "P", "I;16"],
)
def test_every_kind_of_png_photo(tmp_path: Path, picture: Image.Image, expected: tuple[int, int, int]) -> None:
    suffix, data, width, height = import_photo(save(tmp_path / "p.png", picture))
    assert (suffix, width, height) == (".png", 6, 5)
    assert np.array_equal(decoded(data), np.broadcast_to(np.array(expected, np.uint8), (5, 6, 3)))


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_and_cmyk_jpeg_become_rgb(tmp_path: Path, mode: str) -> None:
    _, data, _, _ = import_photo(save(tmp_path / "p.jpg", Image.new(mode, (16, 16)), quality=95))
    assert decoded(data).shape == (16, 16, 3)
    assert np.ptp(decoded(data).astype(int), axis=2).max() <= 2


def test_heic_photo_comes_in_upright(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    upright = smooth_image(48, 64)
    heic = pillow_heif.from_pillow(Image.fromarray(np.ascontiguousarray(STORED[6](upright))))
    heic.save(tmp_path / "p.heic", quality=100, chroma=444, exif=exif(6).tobytes())
    suffix, data, width, height = import_photo(tmp_path / "p.heic")
    assert (suffix, width, height) == (".jpg", 64, 48)
    assert np.abs(decoded(data).astype(int) - upright).max() < 24
    assert b"SecretCamera" not in data
    whole = (tmp_path / "p.heic").read_bytes()
    (tmp_path / "cut.heic").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SegError, match=r"cut\.heic: the file is truncated or damaged"):
        import_photo(tmp_path / "cut.heic")


# Damage.


def read_label_ids(path: Path) -> NDArray[np.uint16] | NDArray[np.uint8]:
    return labelio.decode_label_ids(path, read_bytes(path))


def read_label_colors(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    return labelio.decode_label_colors(path, read_bytes(path))


def label_kind(path: Path) -> str:
    return labelio.label_kind(path, read_bytes(path))


READERS = [read_image, read_mask, read_photo, import_photo, read_label_ids, read_label_colors]
READER_NAMES = [reader.__name__ for reader in READERS]


@pytest.mark.parametrize("reader", READERS, ids=READER_NAMES)
@pytest.mark.parametrize("name", ["i.png", "i.jpg"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_truncated_file_is_told(tmp_path: Path, reader: object, name: str, share: float) -> None:
    path = save(tmp_path / name, random_image(3, 60, 60))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(SegError, match=f"{name}: the file is truncated or damaged"):
        reader(path)  # type: ignore[operator]


@pytest.mark.parametrize("reader", READERS, ids=READER_NAMES)
def test_damaged_middle_of_png_is_told(tmp_path: Path, reader: object) -> None:
    path = save(tmp_path / "i.png", random_image(3, 60, 60)[..., 0])
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 64] = bytes(64)
    path.write_bytes(bytes(data))
    with pytest.raises(SegError, match=r"i\.png: the file is truncated or damaged"):
        reader(path)  # type: ignore[operator]


@pytest.mark.parametrize("reader", [*READERS, label_kind, image_size], ids=[*READER_NAMES, "label_kind", "image_size"])
@pytest.mark.parametrize(
    ("content", "says"), [(b"", "the file is empty (0 bytes)"), (b"no image", "no image at all")], ids=["empty", "text"]
)
def test_no_image_is_told(tmp_path: Path, reader: object, content: bytes, says: str) -> None:
    (tmp_path / "i.png").write_bytes(content)
    with pytest.raises(SegError) as caught:
        reader(tmp_path / "i.png")  # type: ignore[operator]
    assert str(caught.value).startswith(f"{tmp_path / 'i.png'}: ")
    assert says in str(caught.value)


def test_huge_picture_is_told(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    (tmp_path / "i.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )
    with pytest.raises(SegError, match=r"i\.png: larger than this program opens"):
        import_photo(tmp_path / "i.png")


def test_huge_jpeg_is_told(tmp_path: Path) -> None:
    """A prepared image is bounded by its header like every other picture, before memory is taken for it."""
    data = bytearray(save(tmp_path / "i.jpg", random_image(0)).read_bytes())
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", 65_000, 65_000)
    (tmp_path / "i.jpg").write_bytes(data)
    for read in (read_image, read_mask):
        with pytest.raises(SegError, match=r"i\.jpg: larger than this program opens: 4,225 megapixels"):
            read(tmp_path / "i.jpg")


def test_a_short_jpeg_that_declares_much_is_cut_off(tmp_path: Path) -> None:
    """A kilobyte took two gigabytes before its end was missed."""
    data = bytearray(save(tmp_path / "i.jpg", random_image(0)).read_bytes())
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", 15_000, 15_000)
    (tmp_path / "i.jpg").write_bytes(data)
    tracemalloc.start()
    try:
        for read in (read_image, read_mask, read_photo):
            with pytest.raises(SegError, match=r"i\.jpg: the file is truncated"):
                read(tmp_path / "i.jpg")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10e6


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_the_shortest_honest_jpeg_is_read(tmp_path: Path, mode: str) -> None:
    """One colour, worst quality, best coding: no file of so many pixels is shorter."""
    plain = Image.new(mode, (2000, 1500), 128 if mode == "L" else (128, 128, 128))
    plain.save(tmp_path / "i.jpg", quality=1, optimize=True, progressive=True)
    assert (read_image(tmp_path / "i.jpg") == 128).all()


def test_scans_without_end_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    Image.new("L", (4000, 4000), 7).save(tmp_path / "i.jpg", progressive=True, quality=30)
    data = (tmp_path / "i.jpg").read_bytes()
    assert read_image(tmp_path / "i.jpg").shape == (4000, 4000, 3)
    last = data.rindex(b"\xff\xda")
    (tmp_path / "i.jpg").write_bytes(data[:-2] + data[last:-2] * 100 + data[-2:])
    for read in (read_image, read_photo):
        with pytest.raises(
            SegError, match=r"i\.jpg: a JPEG of \d+ scans, which takes minutes to decode; save it again"
        ):
            read(tmp_path / "i.jpg")


def test_a_second_header_in_a_png_is_damage(tmp_path: Path) -> None:
    """Its size is not the one that was looked at."""
    whole = save(tmp_path / "i.png", random_image(0)).read_bytes()
    end_of_header = 8 + 25
    (tmp_path / "i.png").write_bytes(whole[:end_of_header] + whole[8:end_of_header] + whole[end_of_header:])
    with pytest.raises(SegError, match=r"i\.png: the file is truncated or damaged"):
        read_image(tmp_path / "i.png")


# Raw labels.


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("L", "grey"), ("1", "grey"), ("I;16", "grey"), ("P", "palette"), ("RGB", "color"), ("RGBA", "color")],
)
def test_label_kind(tmp_path: Path, mode: str, kind: str) -> None:
    assert label_kind(save(tmp_path / "m.png", Image.new(mode, (4, 4)))) == kind


def test_ids_of_grey_palette_and_16_bit(tmp_path: Path) -> None:
    ids = np.arange(12, dtype=np.uint8).reshape(3, 4)
    palette = Image.fromarray(ids)
    palette.putpalette([value for number in range(256) for value in (255 - number, 7, number)])
    assert np.array_equal(read_label_ids(save(tmp_path / "grey.png", ids)), ids)
    assert np.array_equal(read_label_ids(save(tmp_path / "palette.png", palette)), ids)
    assert np.array_equal(read_label_ids(save(tmp_path / "rgb.png", np.repeat(ids[..., None], 3, 2))), ids)
    deep = ids.astype(np.uint16) * 1000
    assert np.array_equal(read_label_ids(save(tmp_path / "deep.png", deep)), deep)
    with pytest.raises(SegError, match=r"c\.png: a colour image, not ids"):
        read_label_ids(save(tmp_path / "c.png", random_image(0)))


def test_ids_of_1_bit_are_0_and_1(tmp_path: Path) -> None:
    ids = np.array([[0, 1, 1], [1, 0, 0]], np.uint8)
    path = save(tmp_path / "m.png", Image.fromarray(ids.astype(bool)))
    assert np.array_equal(read_label_ids(path), ids)


def test_colors_of_palette_grey_and_alpha(tmp_path: Path) -> None:
    colors = np.array([[[10, 20, 30], [40, 50, 60]]], np.uint8)
    palette = Image.fromarray(colors).quantize(4)
    for name, picture in (("rgb.png", Image.fromarray(colors)), ("palette.png", palette)):
        found, alpha = read_label_colors(save(tmp_path / name, picture))
        assert np.array_equal(found, colors)
        assert alpha is None
    rgba = np.dstack([colors, np.array([[0, 255]], np.uint8)])
    found, alpha = read_label_colors(save(tmp_path / "rgba.png", rgba))
    assert alpha is not None
    assert np.array_equal(found[alpha > 0], colors[alpha > 0])
    assert alpha.tolist() == [[0, 255]]
    grey, _ = read_label_colors(save(tmp_path / "grey.png", colors[..., 0]))
    assert grey.tolist() == [[[10, 10, 10], [40, 40, 40]]]


def test_colors_of_16_bits_are_refused(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "m.png"), np.zeros((4, 4, 3), np.uint16))
    with pytest.raises(SegError, match=r"m\.png: 16 bits a channel; colour masks have 8"):
        read_label_colors(tmp_path / "m.png")


def test_text_in_a_png_photo_is_dropped(tmp_path: Path) -> None:
    note = PngImagePlugin.PngInfo()
    note.add_text("Author", "SecretName")
    path = save(tmp_path / "p.png", random_image(0), pnginfo=note)
    assert b"SecretName" in path.read_bytes()
    assert b"SecretName" not in import_photo(path)[1]


@given(st.sampled_from([(1, 1), (1, 7), (7, 1)]))
def test_tiny_images(tmp_path_factory: pytest.TempPathFactory, shape: tuple[int, int]) -> None:
    path = tmp_path_factory.mktemp("tiny") / "i.png"
    pixels = random_image(0, *shape)
    write_png(path, pixels)
    assert np.array_equal(read_image(path), pixels)


def test_quiet_pillow_is_left_as_it_was_by_the_last_of_two_threads() -> None:
    """Entered A, entered B, left A: B still needs it. Left B: as before."""
    limit, filters = Image.MAX_IMAGE_PIXELS, list(warnings.filters)
    quiet_pillow.__enter__()
    quiet_pillow.__enter__()
    quiet_pillow.__exit__(None)
    assert Image.MAX_IMAGE_PIXELS is None
    with warnings.catch_warnings(record=True) as heard:
        warnings.warn("odd metadata", stacklevel=1)
    assert not heard
    quiet_pillow.__exit__(None)
    assert limit == Image.MAX_IMAGE_PIXELS
    assert warnings.filters == filters


@pytest.mark.parametrize("name", ["photo.jpg", "photo.png", "mask.tif"])
def test_no_program_of_others_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Pillow hands PostScript to Ghostscript, whatever the file is called."""
    marker, programs = tmp_path / "started", tmp_path / "bin"
    programs.mkdir()
    for program in ("gs", "gswin32c", "gswin64c"):
        (programs / program).write_text(f"#!/bin/sh\ntouch '{marker}'\n")
        (programs / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    stream = io.BytesIO()
    Image.fromarray(random_image(0)).save(stream, "EPS")
    (tmp_path / name).write_bytes(stream.getvalue())
    for read in (read_image, read_mask, image_size, read_photo):
        with pytest.raises(SegError, match=f"{name}: the file is truncated or damaged, or no image at all"):
            read(tmp_path / name)
    assert not marker.exists()
