"""Which image file a photo becomes: the same for resize and for masks convert."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from prep.photos.photoio import open_photo
from prep.photos.record import read_records
from tests.support import run_ok, save, smooth_image

PIXELS = smooth_image(48, 64)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
TURNED = Image.Exif()
TURNED[0x0112] = 6


def encoded(kind: str, picture: Image.Image, **options: object) -> bytes:
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def photo_of(name: str) -> bytes:
    rgb = Image.fromarray(PIXELS)
    match name:
        case "lossy.webp":
            return encoded("WEBP", rgb, quality=80)
        case "lossy-alpha.webp":
            return encoded("WEBP", Image.fromarray(np.dstack([PIXELS, PIXELS[..., 0]])), quality=80)
        case "exact.webp":
            return encoded("WEBP", rgb, lossless=True)
        case "exact-profile.webp":
            return encoded("WEBP", rgb, lossless=True, icc_profile=SRGB)
        case "exact-film.webp":
            return film_of(encoded("WEBP", rgb, lossless=True), *rgb.size)
        case "phone.heic":
            return encoded("HEIF", rgb)
        case "palette.png":
            return encoded("PNG", rgb.quantize(16))
        case "print.jpg":
            return encoded("JPEG", rgb.convert("CMYK"), quality=95)
        case "turned.jpg":
            return encoded("JPEG", rgb, quality=95, exif=TURNED)
        case "turned.png":
            return encoded("PNG", rgb, exif=TURNED)
        case _:
            return encoded("JPEG", rgb, quality=80)


def film_of(still: bytes, width: int, height: int) -> bytes:
    """The still image as the only frame of an animated WebP (RFC 9649)."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    parts = {b"VP8X": b"\x02" + bytes(3) + size, b"ANIM": bytes(6), b"ANMF": bytes(6) + size + bytes(4) + still[12:]}
    content = b"".join(name + len(part).to_bytes(4, "little") + part for name, part in parts.items())
    return b"RIFF" + (4 + len(content)).to_bytes(4, "little") + b"WEBP" + content


KINDS = {
    **{"lossy.webp": ".jpg", "lossy-alpha.webp": ".jpg", "phone.heic": ".jpg", "print.jpg": ".jpg"},
    **{"turned.jpg": ".jpg", "plain.jpg": ".jpg", "turned.png": ".png", "palette.png": ".png"},
    **{"exact.webp": ".png", "exact-profile.webp": ".png", "exact-film.webp": ".png"},
}


@pytest.mark.parametrize(("name", "suffix"), KINDS.items(), ids=KINDS)
def test_both_commands_make_one_image_of_a_photo(name: str, suffix: str, tmp_path: Path) -> None:
    photo = tmp_path / "photos" / name
    photo.parent.mkdir()
    photo.write_bytes(photo_of(name))
    shape = PIXELS.shape[1::-1] if name.startswith("turned") else PIXELS.shape[:2]
    save(tmp_path / f"labels/{photo.stem}.png", np.zeros(shape, np.uint8))
    (tmp_path / "classes.txt").write_text("sky,#000000\nsea,#0000ff\n")
    run_ok("resize", photo.parent, "-o", tmp_path / "a", "--size", 65_500)
    labels, classes = tmp_path / "labels", tmp_path / "classes.txt"
    run_ok("masks", "convert", labels, "-o", tmp_path / "b", "--images", photo.parent, "--classes", classes)

    (image,) = (tmp_path / "a/images").iterdir()
    assert image.name == photo.stem + suffix
    assert image.read_bytes() == (tmp_path / "b/images" / image.name).read_bytes()
    assert read_records(tmp_path / "a/photos.csv") == read_records(tmp_path / "b/photos.csv")
    assert read_records(tmp_path / "a/photos.csv")[photo.stem].upright_size == shape[::-1]
    if suffix == ".png" and name != "palette.png":  # what was stored without loss is kept so
        upright = np.rot90(PIXELS, -1) if name.startswith("turned") else PIXELS
        assert np.array_equal(np.asarray(Image.open(image)), upright)
    if name == "plain.jpg":
        assert np.array_equal(np.asarray(Image.open(image)), np.asarray(Image.open(photo)))


def test_a_webp_that_ends_early_is_no_endless_search(tmp_path: Path) -> None:
    photo = open_photo(save(tmp_path / "a.webp", PIXELS, lossless=True, icc_profile=SRGB))
    cut = photo.data[: photo.data.index(b"VP8L")]
    assert photo.is_lossy is False
    assert type(photo)(photo.path, cut, photo.picture, photo.width, photo.height, 1).is_lossy is True
