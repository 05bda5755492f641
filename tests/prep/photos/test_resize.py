"""Photos become images: upright, sRGB, of one size; what cannot be used is told, and the rest is made."""

import io
import json
import os
import shutil
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample, write_index
from prep.dataset.states import read_states_and_notes, write_states
from prep.images.imageio import encode_png
from prep.images.resample import resize_image, upright
from prep.images.sizing import Target
from prep.photos.image_file import ImageOptions, with_folders
from prep.photos.photoio import decode_photo, open_photo
from prep.photos.record import PhotoRecord, read_records
from prep.photos.resize import PhotoJob, ResizePhoto, resize_photos
from tests.prep.photos.odd_photos import odd_photos
from tests.support import (
    CLASS_LIST,
    by_stem,
    load,
    paint,
    random_image,
    run_error,
    run_ok,
    run_partly,
    run_prep,
    save,
    smooth_image,
    tree,
)

ORIENTATION, GPS = 0x0112, 0x8825
JPEG = {"quality": 95, "subsampling": 0}


def exif(orientation: int) -> Image.Exif:
    data = Image.Exif()
    data[ORIENTATION] = orientation
    data[0x010F] = "a camera"
    return data


def resize(folder: Path, *options: object, size: object = 32) -> Path:
    root = folder.parent / "out"
    run_ok("resize", folder, "-o", root, "--size", size, *options)
    return root


def psnr(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    error = np.mean((one.astype(np.float64) - other) ** 2)
    return float(10 * np.log10(255**2 / error)) if error else np.inf


# Pixels.


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 8))
def test_upright_is_what_pillow_does(width: int, height: int, orientation: int) -> None:
    stored = random_image(0, height, width)
    picture = Image.fromarray(stored)
    picture.getexif()[ORIENTATION] = orientation
    assert np.array_equal(upright(stored, orientation), np.asarray(ImageOps.exif_transpose(picture)))


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 6), st.integers(1, 6))
def test_shrinking_by_whole_numbers_is_the_mean(width: int, height: int, across: int, down: int) -> None:
    pixels = random_image(1, height * down, width * across)
    means = pixels.reshape(height, down, width, across, 3).mean((1, 3))
    assert np.abs(resize_image(pixels, width, height) - means).max() <= 0.5 + 1e-9


@pytest.mark.parametrize(("width", "height"), [(102, 76), (51, 39), (85, 64), (29, 21)])
def test_areas_that_are_nearly_whole_have_nearly_the_exact_mean(width: int, height: int) -> None:
    pixels = smooth_image(152, 201)
    extent = (200.5, 151.5)
    exact = cv2.resize(pixels, None, fx=width / 200.5, fy=height / 151.5, interpolation=cv2.INTER_AREA)
    assert psnr(resize_image(pixels, width, height, extent), exact[:height, :width]) >= 45


def test_extent_keeps_detail_in_its_place() -> None:
    """Of a picture that ends half-way in the last column, the result is that of its areas."""
    pixels = np.repeat(random_image(2, 1, 11)[:, :, :1], 3, axis=2)
    wide = np.repeat(pixels, 2, axis=1)[:, :21]  # each column twice: 10.5 columns
    expected = cv2.resize(wide, (5, 1), interpolation=cv2.INTER_AREA)
    assert np.abs(resize_image(pixels, 5, 1, (10.5, 1)).astype(int) - expected).max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
def test_every_orientation_comes_out_upright(tmp_path: Path, orientation: int, suffix: str) -> None:
    seen = smooth_image(48, 64)  # as a person sees it
    stored = next(
        np.ascontiguousarray(turned)
        for turns in range(4)
        for turned in (np.rot90(seen, turns), np.fliplr(np.rot90(seen, turns)))
        if np.array_equal(upright(np.ascontiguousarray(turned), orientation), seen)
    )
    lossless = {"webp": {"lossless": True}, "jpg": JPEG}.get(suffix, {})
    save(tmp_path / "raw" / f"a.{suffix}", stored, exif=exif(orientation), **lossless)
    root = resize(tmp_path / "raw", size=32)
    sample = by_stem(root)["a"]
    assert (sample.width, sample.height) == (32, 24)
    expected = cv2.resize(seen, (32, 24), interpolation=cv2.INTER_AREA)
    assert np.abs(Dataset.open(root).image(sample).astype(int) - expected).max() <= (8 if suffix == "jpg" else 1)
    height, width = stored.shape[:2]
    assert read_records(root / "photos.csv") == {
        "a": PhotoRecord("a", f"a.{suffix}", width, height, orientation, 0, 0, 32, 24)
    }


def test_heic(tmp_path: Path) -> None:
    import pillow_heif

    seen = smooth_image(48, 64)
    (tmp_path / "raw").mkdir()
    stored = Image.fromarray(np.rot90(seen))  # orientation 6 turns it back
    pillow_heif.from_pillow(stored).save(tmp_path / "raw" / "a.jpg", quality=95, exif=exif(6).tobytes())
    root = resize(tmp_path / "raw")
    sample = by_stem(root)["a"]
    assert (sample.image, sample.width, sample.height) == ("images/a.jpg", 32, 24)
    expected = cv2.resize(seen, (32, 24), interpolation=cv2.INTER_AREA)
    assert np.abs(Dataset.open(root).image(sample).astype(int) - expected).mean() < 4


KINDS = {
    "grey": lambda grey, rgb: Image.fromarray(grey),
    "grey16": lambda grey, rgb: Image.fromarray(grey.astype(np.uint16) * 257),
    "grey alpha": lambda grey, rgb: Image.fromarray(np.dstack([grey, 255 - grey])),
    "rgba": lambda grey, rgb: Image.fromarray(np.dstack([rgb, 255 - grey])),
    "palette": lambda grey, rgb: Image.fromarray(grey).convert("P"),
    "black and white": lambda grey, rgb: Image.fromarray(grey).convert("1"),
    "cmyk": lambda grey, rgb: Image.fromarray(rgb).convert("CMYK"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_pixels_becomes_rgb(tmp_path: Path, kind: str) -> None:
    rgb = smooth_image(24, 32)
    grey = np.ascontiguousarray(rgb[..., 2])
    picture = KINDS[kind](grey, rgb)
    save(tmp_path / "raw" / "a.tif" if kind != "palette" else tmp_path / "raw" / "a.png", picture)
    image = load(resize(tmp_path / "raw") / "images" / "a.png")
    expected = rgb if kind in ("rgba", "cmyk") else np.repeat(grey[..., None], 3, axis=2)
    if kind == "black and white":
        expected = np.repeat(np.asarray(picture)[..., None], 3, axis=2) * np.uint8(255)
    assert np.abs(image.astype(int) - expected).max() <= 1


def test_16_bit_colours(tmp_path: Path) -> None:
    rgb = smooth_image(24, 32)
    (tmp_path / "raw").mkdir()
    for suffix in ("png", "tif"):
        cv2.imwrite(str(tmp_path / "raw" / f"{suffix}.{suffix}"), rgb[..., ::-1].astype(np.uint16) * 257)
    root = resize(tmp_path / "raw")
    for suffix in ("png", "tif"):
        assert np.array_equal(load(root / "images" / f"{suffix}.png"), rgb)


def test_palette_with_transparency_and_cmyk_jpeg(tmp_path: Path) -> None:
    rgb = smooth_image(24, 32)
    palette = Image.fromarray(rgb).quantize(200)
    save(tmp_path / "raw" / "palette.png", palette, transparency=bytes(range(200)))
    cmyk = Image.fromarray(rgb).convert("CMYK")
    save(tmp_path / "raw" / "cmyk.jpg", cmyk, **JPEG)
    save(tmp_path / "raw" / "grey.jpg", Image.fromarray(rgb).convert("L"), **JPEG)
    images = resize(tmp_path / "raw") / "images"
    assert np.array_equal(load(images / "palette.png"), np.asarray(palette.convert("RGB")))
    assert psnr(load(images / "cmyk.jpg"), rgb) > 35
    assert psnr(load(images / "grey.jpg")[..., 0], np.asarray(Image.fromarray(rgb).convert("L"))) > 35


def test_colour_profile_becomes_srgb(tmp_path: Path) -> None:
    """Converted after resizing, to what converting first would give."""
    rgb = np.ascontiguousarray(np.repeat(np.repeat(random_image(3, 4, 4), 8, 0), 8, 1))
    profile = swapped_profile()
    save(tmp_path / "raw" / "a.png", Image.fromarray(rgb), icc_profile=profile)
    image = load(resize(tmp_path / "raw", size=16) / "images" / "a.png")
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    converted = ImageCms.profileToProfile(Image.fromarray(rgb), opened, ImageCms.createProfile("sRGB"))
    expected = np.asarray(converted)[::2, ::2]
    assert not np.array_equal(expected, rgb[::2, ::2])
    assert np.abs(image.astype(int) - expected).max() <= 1


def swapped_profile() -> bytes:
    """An sRGB profile without its name and with red and blue exchanged: a wrong reading is seen at once."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for old, new in ((b"rXYZ", b"tmpX"), (b"bXYZ", b"rXYZ"), (b"tmpX", b"bXYZ")):
        where = profile.index(old, 128)
        profile[where : where + 4] = new
    return bytes(profile).replace(b"sRGB", b"odd ").replace("sRGB".encode("utf-16-be"), "odd ".encode("utf-16-be"))


@pytest.mark.parametrize("size", [1024, 512, 256])
def test_scaled_decode_keeps_real_photos(real_data: Path, size: int) -> None:
    """At least 38 dB to the full decode with area filter, on every photo."""
    for path in sorted((real_data / "campus" / "photos").glob("*.jpg")):
        full = simplejpeg.decode_jpeg(path.read_bytes(), "RGB")
        scale = size / max(full.shape[:2])
        height, width = (round(side * scale) for side in full.shape[:2])
        expected = cv2.resize(full, (width, height), interpolation=cv2.INTER_AREA)
        assert psnr(decode_photo(open_photo(path), width, height), expected) >= 38, path.name


# Sizes.


def test_letterbox_is_black_and_recorded(tmp_path: Path) -> None:
    save(tmp_path / "raw" / "a.png", np.full((20, 60, 3), 200, np.uint8))
    root = resize(tmp_path / "raw", "--fit", "letterbox", size="30x40")
    image = load(root / "images" / "a.png")
    assert image.shape == (40, 30, 3)
    assert (image[15:25] == 200).all()
    assert (image[:15] == 0).all()
    assert (image[25:] == 0).all()
    photo = read_records(root / "photos.csv")["a"]
    assert (photo.left, photo.top, photo.across, photo.down) == (0, 15, 30, 10)


def test_small_photos_grow_only_when_asked(tmp_path: Path) -> None:
    pixels = smooth_image(24, 32)
    save(tmp_path / "raw" / "a.png", pixels)
    assert np.array_equal(load(resize(tmp_path / "raw", size=64) / "images" / "a.png"), pixels)
    image = load(resize(tmp_path / "raw", "--enlarge", "--overwrite", size=64) / "images" / "a.png")
    assert image.shape == (48, 64, 3)
    assert psnr(image, cv2.resize(pixels, (64, 48), interpolation=cv2.INTER_CUBIC)) == np.inf


# Files.


def test_formats_quality_and_lossless_keeping(tmp_path: Path) -> None:
    jpeg = save(tmp_path / "raw" / "a.jpg", smooth_image(), exif=exif(1), **JPEG)
    save(tmp_path / "raw" / "b.bmp", smooth_image())
    root = resize(tmp_path / "raw")
    assert sorted(path.name for path in (root / "images").iterdir()) == ["a.jpg", "b.png"]
    assert np.array_equal(load(root / "images" / "a.jpg"), load(jpeg))  # no second loss
    shutil.rmtree(root)
    root = resize(tmp_path / "raw", "--format", "png")
    assert sorted(path.name for path in (root / "images").iterdir()) == ["a.png", "b.png"]
    shutil.rmtree(root)
    best = resize(tmp_path / "raw", "--format", "jpg", "--quality", 100)
    size = (best / "images" / "b.jpg").stat().st_size
    shutil.rmtree(root)
    assert (resize(tmp_path / "raw", "--format", "jpg", "--quality", 20) / "images" / "b.jpg").stat().st_size < size


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_metadata_stays_behind_unless_asked(tmp_path: Path, suffix: str) -> None:
    metadata = exif(6)
    metadata[GPS] = {1: "N", 2: (52.0, 31.0, 12.0)}
    save(tmp_path / "raw" / f"a.{suffix}", smooth_image(48, 64), exif=metadata, **(JPEG if suffix == "jpg" else {}))
    image = resize(tmp_path / "raw") / "images" / f"a.{suffix}"
    assert b"camera" not in image.read_bytes()
    resize(tmp_path / "raw", "--keep-metadata", "--overwrite")
    with Image.open(image) as picture:
        kept = picture.getexif()
        assert kept[0x010F] == "a camera"
        assert kept[ORIENTATION] == 1
        assert kept.get_ifd(GPS)[1] == "N"
        assert picture.size == (24, 32)
    assert simplejpeg.is_jpeg(image.read_bytes()) == (suffix == "jpg")
    assert Dataset.open(image.parents[1]).image(by_stem(image.parents[1])["a"]).shape == (32, 24, 3)


def test_folders_files_and_lists(tmp_path: Path) -> None:
    for name in ("day 1/a.png", "day 2/a.png", "b.png", "day 2/masks/a.png"):
        save(tmp_path / "raw" / name, smooth_image())
    photo = save(tmp_path / "c.png", smooth_image())
    assert sorted(by_stem(resize(tmp_path / "raw", photo))) == ["b", "c", "day 1_a", "day 2_a"]
    (tmp_path / "list.txt").write_text("raw/day 1/a.png\n\nraw/day 2/a.png\n", encoding="utf-8")
    run_ok("resize", tmp_path / "list.txt", "-o", tmp_path / "listed", "--size", 16)
    assert sorted(by_stem(tmp_path / "listed")) == ["day 1_a", "day 2_a"]
    (tmp_path / "list.txt").write_text("raw/day 3/a.png\n", encoding="utf-8")
    said = run_error("resize", tmp_path / "list.txt", "-o", tmp_path / "no", "--size", 16)
    assert said.startswith(f"{tmp_path / 'list.txt'}, line 1: no such file: {tmp_path / 'raw/day 3/a.png'}")
    assert not (tmp_path / "no").exists()


# One bad photo, and the rest.


def test_bad_photos_are_listed_and_the_others_made(tmp_path: Path) -> None:
    raw, root = tmp_path / "raw", tmp_path / "out"
    good = save(raw / "good.jpg", smooth_image(200, 300), **JPEG)
    (raw / "cut.jpg").write_bytes(good.read_bytes()[:-40])
    (raw / "empty.png").write_bytes(b"")
    (raw / "text.png").write_text("no image", encoding="utf-8")
    film = [Image.fromarray(smooth_image()), Image.fromarray(smooth_image()[::-1])]
    film[0].save(raw / "film.gif", save_all=True, append_images=film[1:])
    save(raw / "large.png", np.zeros((2000, 600, 3), np.uint8))
    result = run_prep("resize", raw, "-o", root, "--size", 64, "--max-megapixels", 1, "--json")
    assert result.exit_code == 1
    assert "Traceback" not in result.stderr
    data = json.loads(result.stdout)
    assert data["images"] == 1
    assert list(by_stem(root)) == ["good"]
    expected = {
        "cut": "truncated or damaged",
        "empty": "0 bytes",
        "text": "no image at all",
        "film": "an animation of 2 frames",
    }
    for name, reason in {**expected, "large": "add --max-megapixels 2 if that is right"}.items():
        assert [problem for problem in data["left_out"] if f"{raw / name}." in problem and reason in problem]
        assert f"{raw / name}." in result.stderr
    (raw / "cut.jpg").write_bytes(good.read_bytes())  # mended: only this one is new
    result = run_prep("resize", raw, "-o", root, "--size", 64)
    assert (result.exit_code, list(by_stem(root))) == (1, ["cut", "good", "large"])


@pytest.mark.parametrize("workers", [1, 2])
def test_odd_photos_do_not_stop_the_good_ones(tmp_path: Path, workers: int) -> None:
    odd = odd_photos(tmp_path / "raw")
    save(tmp_path / "raw/good.png", smooth_image())
    command = ("resize", tmp_path / "raw", "-o", tmp_path / "out", "--size", 16, "--workers", workers)
    said = run_partly(*command, "--max-failed", 3)
    assert all(f"  {path}: the file is truncated or damaged" in said for path in odd)
    assert list(by_stem(tmp_path / "out")) == ["good"]
    shutil.rmtree(tmp_path / "out")
    assert run_error(*command, "--max-failed", 2).startswith("3 files cannot be used:\n")
    assert not (tmp_path / "out").exists()


def test_photos_of_one_stem_do_not_stop_the_others(tmp_path: Path) -> None:
    """A camera's x.jpg beside the x.tif that somebody made of it."""
    raw = tmp_path / "raw"
    good, jpeg, tiff = raw / "good.png", raw / "x.jpg", raw / "x.tif"
    for path in (good, jpeg, tiff):
        save(path, smooth_image())
    said = run_partly("resize", raw, "-o", tmp_path / "out", "--size", 16)
    for one, other in ((jpeg, tiff), (tiff, jpeg)):
        assert f"{one}: {other} has the same stem x, and one would replace the other; rename one of them\n" in said
    assert list(by_stem(tmp_path / "out")) == ["good"]
    good.unlink()
    said = run_error("resize", raw, "-o", tmp_path / "none", "--size", 16)
    assert f"{jpeg} and {tiff} have the same stem x; rename one" in said
    assert not (tmp_path / "none").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="it stands between folders there")
def test_a_name_with_a_backslash_is_left_out(tmp_path: Path) -> None:
    """A zip of Windows that was unpacked by some tool; 'annotate' would not show it, nor 'masks export' write it."""
    for name in ("good.png", "day\\1.png"):
        save(tmp_path / "raw" / name, smooth_image())
    said = run_partly("resize", tmp_path / "raw", "-o", tmp_path / "out", "--size", 16)
    assert "day\\1.png: the name holds a backslash, which stands between folders on Windows; rename the file" in said
    assert list(by_stem(tmp_path / "out")) == ["good"]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file systems there have no such names")
def test_names_that_cannot_be_shown_do_not_stop_the_others(tmp_path: Path) -> None:
    """Control characters, and bytes that are no UTF-8."""
    save(tmp_path / "raw" / "good.png", smooth_image())
    for name in (b"od\x07d.png", b"gr\xfcn.png"):
        shutil.copy(tmp_path / "raw" / "good.png", tmp_path / "raw" / os.fsdecode(name))
    said = run_partly("resize", tmp_path / "raw", "-o", tmp_path / "out", "--size", 16)
    assert len(said.strip().splitlines()) == 3
    assert r"od\x07d.png': the name holds characters that cannot be shown; rename the file" in said
    assert r"gr\udcfcn.png': the name holds" in said
    assert list(by_stem(tmp_path / "out")) == ["good"]
    many = run_error("resize", tmp_path / "raw", "-o", tmp_path / "none", "--size", 16, "--max-failed", 1)
    assert many.startswith("2 files cannot be used:\n")
    (tmp_path / "raw" / "good.png").unlink()
    said = run_error("resize", tmp_path / "raw", "-o", tmp_path / "none", "--size", 16)
    assert said.endswith("rename the file\nNothing was written: none of the photos can be used")
    assert not (tmp_path / "none").exists()


def test_only_bad_photos_leave_nothing(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.png").write_text("no image", encoding="utf-8")
    said = run_error("resize", tmp_path / "raw", "-o", tmp_path / "out", "--size", 64)
    assert said.endswith("Nothing was written: none of the photos can be used")
    assert not (tmp_path / "out").exists()


def test_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    """A PNG that claims 60,000 x 60,000 pixels in 100 bytes, and a JPEG that claims 65,000 x 65,000."""
    raw = tmp_path / "raw"
    png = bytearray(encode_png(np.zeros((16, 16, 3), np.uint8)))
    png[16:24] = (60_000).to_bytes(4, "big") * 2
    png[29:33] = zlib.crc32(png[12:29]).to_bytes(4, "big")
    jpeg = bytearray(simplejpeg.encode_jpeg(smooth_image()))
    where = jpeg.index(b"\xff\xc0") + 5
    jpeg[where : where + 4] = (65_000).to_bytes(2, "big") * 2
    raw.mkdir()
    (raw / "a.png").write_bytes(png)
    (raw / "b.jpg").write_bytes(jpeg)
    said = run_error("resize", raw, "-o", tmp_path / "out", "--size", 64)
    assert f"{raw / 'a.png'}: 3,600 megapixels (60000 x 60000), more than --max-megapixels 200" in said
    assert f"{raw / 'b.jpg'}: 4,225 megapixels (65000 x 65000), more than --max-megapixels 200" in said


def test_mutated_photos_are_resized_or_told(tmp_path: Path) -> None:
    """300 files with changed or missing bytes, of every kind: an image, or words that name the file; never else."""
    import pillow_heif

    random, picture = np.random.default_rng(7), Image.fromarray(smooth_image(60, 80))
    ways = [{"format": kind, "exif": exif(6)} for kind in ("JPEG", "PNG", "TIFF", "WEBP")]
    kinds = []
    for way in [*ways, {"format": "BMP"}, {"format": "TIFF", "compression": "packbits"}]:
        file = io.BytesIO()
        picture.save(file, **way)
        kinds.append(file.getvalue())
    file = io.BytesIO()
    pillow_heif.from_pillow(picture).save(file)
    kinds.append(file.getvalue())
    work = ResizePhoto(with_folders(tmp_path), ImageOptions(Target("long", 32, 32), keep_metadata=True))
    told = 0
    for number in range(300):
        data = bytearray(kinds[number % len(kinds)])
        for _ in range(random.integers(1, 6)):
            data[random.integers(min(len(data), 400) if number % 2 else len(data))] = random.integers(256)
        path = tmp_path / "photo.jpg"
        path.write_bytes(data[: random.integers(1, len(data))] if number % 5 == 0 else data)
        outcome = work(PhotoJob(path, path.name, Sample(f"s{number}", "", "", 0, 0)))
        assert not outcome.problem or outcome.problem.startswith(f"{path}: "), outcome.problem
        assert bool(outcome.problem) != (tmp_path / outcome.sample.image).is_file()
        told += bool(outcome.problem)
    assert 50 < told < 250


# The dataset: merged, repeated, refused.


def test_again_changes_nothing_and_other_results_need_overwrite(tmp_path: Path) -> None:
    save(tmp_path / "raw" / "a.png", random_image(1, 64, 64))
    root = resize(tmp_path / "raw")
    before = tree(root)
    assert "all there already" in run_ok("resize", tmp_path / "raw", "-o", root, "--size", 32).stdout
    assert tree(root) == before
    other = ("resize", tmp_path / "raw", "-o", root, "--size", 16)
    assert "add --overwrite" in run_error(*other)
    assert "images/a.png; add --overwrite" in run_error(*other[:-1], 32, "--format", "jpg")
    assert tree(root) == before
    run_ok(*other, "--overwrite", "--format", "jpg")
    assert [path.name for path in (root / "images").iterdir()] == ["a.jpg"]


def test_more_photos_join_the_others(tmp_path: Path) -> None:
    save(tmp_path / "one" / "a.png", smooth_image())
    save(tmp_path / "two" / "b.png", smooth_image())
    for folder in ("one", "two"):
        run_ok("resize", tmp_path / folder, "-o", tmp_path / "out", "--size", 32)
    assert list(by_stem(tmp_path / "out")) == ["a", "b"]
    assert list(read_records(tmp_path / "out" / "photos.csv")) == ["a", "b"]


def test_masks_of_the_dataset_stay_if_they_fit(tmp_path: Path, dataset: Dataset) -> None:
    """The same photos again, of the same size: masks and splits stay; of another size they are refused in words."""
    before = by_stem(dataset.root)
    stem = min(before)
    save(tmp_path / "raw" / f"{stem}.png", dataset.image(before[stem]))
    run_ok("resize", tmp_path / "raw", "-o", dataset.root, "--size", 80)
    assert by_stem(dataset.root) == before
    said = run_error("resize", tmp_path / "raw", "-o", dataset.root, "--size", 40, "--overwrite")
    assert f"but the dataset has the mask masks/{stem}.png of 64 x 80 for it" in said
    assert by_stem(dataset.root) == before


def test_folders_that_make_no_sense(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    save(raw / "images" / "a.png", smooth_image())
    assert "lies inside of" in run_error("resize", raw, "-o", raw / "out", "--size", 32)
    assert "raw photos are never changed" in run_error("resize", raw / "images", "-o", raw, "--size", 32)
    (tmp_path / "empty").mkdir()
    assert "no photos here; looked for" in run_error("resize", tmp_path / "empty", "-o", tmp_path / "d", "--size", 32)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "raw"]
    result = run_prep("resize", raw, "-o", tmp_path / "d", "--size", 8)
    assert result.exit_code == 2
    assert "a side has 16 to 65,500 pixels" in result.stderr


def test_photos_in_a_zip_file_are_to_be_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "raw" / "a.png", smooth_image())
    shutil.make_archive("my photos", "zip", "raw")
    said = run_error("resize", "my photos.zip", "-o", "set", "--size", 32)
    assert said.endswith("  unzip 'my photos.zip' -d 'my photos'")
    shutil.unpack_archive("my photos.zip", "my photos")
    run_ok("resize", "my photos", "-o", "set", "--size", 32)


def test_workers_do_not_matter_and_staged_images_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        save(tmp_path / "raw" / f"{number}.jpg", random_image(number, 90, 120), exif=exif(1 + number), **JPEG)
    options = ImageOptions(Target("long", 48, 48))
    for workers in (1, 2):
        resize_photos([tmp_path / "raw"], tmp_path / f"by{workers}", options, workers=workers)
    assert tree(tmp_path / "by1") == tree(tmp_path / "by2")

    made = []

    def stop(done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        resize_photos([tmp_path / "raw"], tmp_path / "cut", options, workers=1, progress=stop)
    assert not (tmp_path / "cut" / "images").exists()
    from prep.photos import image_file

    decode = image_file.decode_photo
    monkeypatch.setattr(image_file, "decode_photo", lambda *given: made.append(1) or decode(*given))
    resize_photos([tmp_path / "raw"], tmp_path / "cut", options, workers=1)
    assert len(made) == 2
    assert tree(tmp_path / "cut") == tree(tmp_path / "by1")


def test_cookies_are_portrait(real_data: Path, tmp_path: Path) -> None:
    run_ok("resize", real_data / "cookies", "-o", tmp_path / "d", "--size", 512)
    assert {(sample.width, sample.height) for sample in by_stem(tmp_path / "d").values()} == {(288, 512)}
    assert len(by_stem(tmp_path / "d")) == 5


def test_many_problems_are_shortened_and_json_lists_all(tmp_path: Path) -> None:
    save(tmp_path / "raw/good.png", random_image(0))
    for number in range(53):
        (tmp_path / f"raw/bad{number:02}.png").write_text("no image")
    result = run_prep("resize", tmp_path / "raw", "-o", tmp_path / "d", "--size", 16, "--json")
    said = result.stderr.splitlines()
    assert (result.exit_code, len(json.loads(result.stdout)["left_out"])) == (1, 53)
    assert said[0] == "53 left out:"
    assert len(said) == 52
    assert said[50].startswith(f"  {tmp_path / 'raw/bad49.png'}: ")
    assert said[51] == "... and 3 more (--json lists all)"


# A whole dataset.


def shrunk(dataset: Dataset, *options: object, size: object = 40) -> Dataset:
    root = dataset.root.parent / "small"
    run_ok("resize", dataset.root, "-o", root, "--size", size, *options)
    return Dataset.open(root)


def test_dataset_goes_along_whole(dataset: Dataset) -> None:
    run_ok("split", dataset.root, "--group-by", r"\d", "--overwrite")
    dataset = Dataset.open(dataset.root)
    small = shrunk(dataset)
    assert small.classes == dataset.classes
    assert [(s.stem, s.group, s.split) for s in small.samples] == [(s.stem, s.group, s.split) for s in dataset.samples]
    for old, new in zip(dataset.samples, small.samples, strict=True):
        assert (new.width, new.height) == (32, 40)
        expected = cv2.resize(dataset.image(old), (32, 40), interpolation=cv2.INTER_AREA)
        assert np.array_equal(small.image(new), expected)
        mask = small.mask(new)
        corners = [dataset.mask(old)[down::2, across::2] for down in (0, 1) for across in (0, 1)]
        assert np.any([mask == corner for corner in corners], axis=0).all()  # a pixel of those it replaces
    before = tree(small.root)
    assert tree(shrunk(dataset, "--workers", 2).root) == before


def test_states_and_masks_of_rejected_images_go_along(dataset: Dataset) -> None:
    first, second, *rest = dataset.samples
    write_index(dataset.root / "index.csv", [replace(first, mask=""), second, *rest])
    write_states(dataset.root / "states.csv", {first.stem: "rejected", second.stem: "done"}, {second.stem: "blurred"})
    small = shrunk(dataset)
    assert read_states_and_notes(small.root / "states.csv") == (
        {first.stem: "rejected", second.stem: "done"},
        {second.stem: "blurred"},
    )
    assert [sample.mask for sample in small.samples[:2]] == ["", f"masks/{second.stem}.png"]
    kept = small.mask(replace(small.samples[0], mask=f"masks/{first.stem}.png"))
    assert kept.shape == small.image(small.samples[0]).shape[:2]
    assert set(np.unique(kept)) <= set(np.unique(dataset.mask(first)))


def test_letterboxed_masks_are_ignored_around(dataset: Dataset) -> None:
    small = shrunk(dataset, "--fit", "letterbox", size="100x80")
    sample = small.samples[0]
    mask, image = small.mask(sample), small.image(sample)
    assert (mask[:, :18] == 255).all()
    assert (mask[:, 82:] == 255).all()
    assert np.array_equal(mask[:, 18:82], dataset.mask(dataset.samples[0]))
    assert (image[:, :18] == 0).all()
    assert np.array_equal(image[:, 18:82], dataset.image(dataset.samples[0]))


def test_lost_classes_are_told_with_numbers(tmp_path: Path) -> None:
    """Single pixels vanish; a block of the same class keeps its share."""
    blocks, dots = np.zeros((64, 64), np.uint8), np.zeros((64, 64), np.uint8)
    blocks[:32] = 1
    blocks[40:48, 40:48] = 2
    dots[8, 8] = dots[40, 24] = 2
    dots[:32, 32:] = 1
    raw = tmp_path / "raw"
    for name, mask in (("blocks", blocks), ("dots", dots)):
        save(raw / "masks" / f"{name}.png", paint(mask))
        save(raw / "images" / f"{name}.png", random_image(0, 64, 64))
    (raw / "classes.txt").write_text(CLASS_LIST, encoding="utf-8")
    run_ok(
        "masks",
        "convert",
        raw / "masks",
        "-o",
        tmp_path / "d",
        "--images",
        raw / "images",
        "--classes",
        raw / "classes.txt",
    )
    result = run_ok("resize", tmp_path / "d", "-o", tmp_path / "small", "--size", 16)
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["line", "3,072", "192", "100%"] in rows
    assert ["ellipse", "66", "4", "97%"] in rows
    assert result.stderr.splitlines() == [
        "Warning: small regions are lost; a larger --size keeps more of them.",
        "  ellipse: keeps 97% of the pixels to expect (66 -> 4); "
        "of 2 samples with it, 1 lose it altogether and 0 more than half",
    ]
    data = json.loads(run_ok("resize", tmp_path / "d", "-o", tmp_path / "small", "--size", 16, "--json").stdout)
    assert data["classes"]["ellipse"]["vanished"] == 1
    assert data["changed"] == 0


def test_damaged_sample_is_left_out(dataset: Dataset) -> None:
    first, second, *_ = dataset.samples
    (dataset.root / first.mask).write_bytes(b"no mask")
    save(dataset.root / second.image, random_image(0, 10, 10))
    root = dataset.root.parent / "small"
    result = run_prep("resize", dataset.root, "-o", root, "--size", 40)
    assert result.exit_code == 1
    assert f"{dataset.root / first.mask}: the file is truncated" in result.stderr
    assert f"{dataset.root / second.image}: 10 x 10 pixels, but the index says 64 x 80" in result.stderr
    assert sorted(by_stem(root)) == sorted(sample.stem for sample in dataset.samples[2:])


def test_dataset_onto_itself_or_beside_others(tmp_path: Path, dataset: Dataset) -> None:
    assert "name another dataset with -o" in run_error("resize", dataset.root, "-o", dataset.root, "--size", 40)
    photo = save(tmp_path / "a.png", smooth_image())
    said = run_error("resize", dataset.root, photo, "-o", tmp_path / "d", "--size", 40)
    assert "is a dataset; resize it alone" in said


def test_photo_keeps_its_place_through_two_frames(tmp_path: Path) -> None:
    save(tmp_path / "raw" / "a.png", np.full((20, 60, 3), 200, np.uint8), exif=exif(8))
    first = resize(tmp_path / "raw", "--fit", "letterbox", size="60x60")
    run_ok("resize", first, "-o", tmp_path / "d", "--size", "40x30", "--fit", "letterbox")
    photo = read_records(tmp_path / "d" / "photos.csv")["a"]
    assert photo == PhotoRecord("a", "a.png", 60, 20, 8, 15, 0, 10, 30)
    image = load(tmp_path / "d" / "images" / "a.png")
    assert image.shape == (30, 40, 3)
    assert (image[:, 15:25] == 200).all()
    assert image.sum() == 200 * 3 * 300


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right on Windows")
def test_links_that_lead_nowhere_are_left_out(tmp_path: Path) -> None:
    save(tmp_path / "raw" / "a.png", random_image(0))
    (tmp_path / "raw" / "gone.png").symlink_to("nowhere.png")
    (tmp_path / "raw" / "round.png").symlink_to("round.png")
    said = run_partly("resize", tmp_path / "raw", "-o", tmp_path / "d", "--size", 16)
    assert "gone.png: no such file" in said
    assert "round.png: " in said
    assert list(by_stem(tmp_path / "d")) == ["a"]


@pytest.mark.parametrize(
    ("limit", "told"), [("0.1", "0.12 megapixels"), ("0.0004", "0.1 megapixels"), ("0.119999", "0.12 megapixels")]
)
def test_megapixels_have_as_many_digits_as_tell_them_from_the_limit(tmp_path: Path, limit: str, told: str) -> None:
    save(tmp_path / "raw" / "a.png", smooth_image(300, 400))
    said = run_error("resize", tmp_path / "raw", "-o", tmp_path / "d", "--size", 16, "--max-megapixels", limit)
    assert f"a.png: {told} (400 x 300), more than --max-megapixels {limit}; add --max-megapixels 1 if" in said


def test_a_quality_that_means_nothing_is_told(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        save(tmp_path / "raw" / name, smooth_image())
    resize = ("resize", tmp_path / "raw", "-o", tmp_path / "d", "--size", 24)
    assert "--quality" not in run_ok(*resize).stdout
    told = run_ok(*resize, "--quality", 20).stdout
    assert "2 images are stored as PNG, for which --quality means nothing; --format jpg makes JPEG of photos" in told
    told = run_ok(*resize, "--quality", 20, "--format", "png").stdout
    assert "2 images are stored as PNG, for which --quality means nothing\n" in told
    again = ("resize", tmp_path / "d", "-o", tmp_path / "small", "--size", 16, "--quality", 20)
    assert "2 images are stored as PNG, for which --quality means nothing; " in run_ok(*again).stdout
    assert "--quality" not in run_ok(*again, "--format", "jpg", "--overwrite").stdout


def test_the_mask_of_a_rejected_image_counts(tmp_path: Path, dataset: Dataset) -> None:
    """It is not named in the index, and lies there: the rejection can be taken back."""
    first, second, *rest = dataset.samples
    write_index(dataset.root / "index.csv", [replace(first, mask=""), second, *rest])
    write_states(dataset.root / "states.csv", {first.stem: "rejected"}, {})
    for sample in (first, second):
        save(tmp_path / "raw" / f"{sample.stem}.png", dataset.image(sample))
    before = tree(dataset.root)
    said = run_error("resize", tmp_path / "raw", "-o", dataset.root, "--size", 40, "--overwrite")
    for sample in (first, second):
        assert f"but the dataset has the mask masks/{sample.stem}.png of 64 x 80 for it" in said
    assert tree(dataset.root) == before
    (tmp_path / "raw" / f"{first.stem}.png").unlink()
    run_ok("resize", tmp_path / "raw", "-o", dataset.root, "--size", 80)
    assert by_stem(dataset.root)[first.stem].mask == ""


def test_a_photo_that_would_lie_elsewhere_below_its_mask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretched to a square, and then with bands at its sides: the image has the same size."""
    monkeypatch.chdir(tmp_path)
    save(Path("photos/a.png"), random_image(0, 120, 240))
    resize = ("resize", "photos", "-o", "d", "--size", "60x60", "--overwrite")
    run_ok(*resize, "--fit", "exact")
    save(Path("m/a.png"), np.eye(120, 240, dtype=np.uint8))
    Path("names.txt").write_text("background\nline\n")
    run_ok("masks", "convert", "m", "-o", "d", "--classes", "names.txt")
    before = tree(Path("d"))
    said = run_error(*resize, "--fit", "letterbox")
    assert "photos/a.png: would lie elsewhere in its image than before, and the mask masks/a.png was made" in said
    assert "240 x 120 at 0, 0 in 60 x 60 pixels before, 240 x 120 at 0, 15 in 60 x 30 pixels now" in said
    assert tree(Path("d")) == before
    run_ok(*resize, "--fit", "exact")
    smaller = cv2.resize(random_image(0, 120, 240), (120, 60), interpolation=cv2.INTER_AREA)
    save(Path("photos/a.png"), smaller)  # the same photo
    run_ok(*resize, "--fit", "exact")
    save(Path("photos/a.png"), random_image(0, 120, 120))
    assert "would lie elsewhere" in run_error(*resize, "--fit", "exact")
