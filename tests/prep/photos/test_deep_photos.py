"""Photos of more than 8 bits, of floating-point numbers, or of more bands: one range for a set, recorded and kept."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner
from numpy.typing import NDArray
from PIL import Image

from prep.cli.main import main
from prep.core.errors import SegError
from prep.images.finding import FoundFile
from prep.photos.ranges import NumberCounts, eight_bits, parse_range
from prep.photos.rendering import read_rendering
from prep.photos.survey import survey_photos
from tests.support import load, random_image, random_mask, run_error, run_ok, save, tree

RNG = np.random.default_rng(0)
SHAPE = (24, 32)


def photo(path: Path, low: float, high: float, kind: str = "uint16", **options: object) -> NDArray[np.generic]:
    """A photo of random numbers that holds both ends."""
    numbers = (low + RNG.random(SHAPE) * (high - low)).astype(kind)
    numbers[0, :2] = low, high
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, numbers, metadata=None, **options)
    return numbers


def resized(folder: Path, root: Path, *options: object) -> str:
    return run_ok("resize", folder, "-o", root, "--size", 32, *options).stdout


def image(root: Path, stem: str) -> NDArray[np.uint8]:
    return load(root / "images" / f"{stem}.png")[..., 0]


def test_the_whole_set_has_one_range(tmp_path: Path) -> None:
    """12 bits in 16: nothing is black, and one number is one grey in all photos, whatever the order and the command."""
    raw = tmp_path / "raw"
    numbers = {"a": photo(raw / "images/a.tif", 0, 900), "b": photo(raw / "images/b.tif", 400, 3984)}
    for seed, stem in enumerate(numbers):
        save(raw / "masks" / f"{stem}.png", random_mask(seed))
    (tmp_path / "names.txt").write_text("background\nline\nellipse\n")
    said = resized(raw / "images", tmp_path / "r", "--workers", 1)
    assert "2 photos of 16-bit numbers: 0 to 3,984 becomes black to white, by what is in use in all of them" in said
    for stem, stored in numbers.items():
        assert np.array_equal(image(tmp_path / "r", stem), (stored.astype(np.int64) * 256 // 3985))
    assert json.loads((tmp_path / "r/ranges.json").read_text()) == {"uint16": [0, 3984]}
    run_ok("masks", "convert", raw, "-o", tmp_path / "c", "--classes", tmp_path / "names.txt", "--workers", 2)
    resized(raw / "images", tmp_path / "w", "--workers", 2)
    for stem in numbers:
        assert np.array_equal(image(tmp_path / "c", stem), image(tmp_path / "r", stem))
        same = (tmp_path / name / f"images/{stem}.png" for name in "rw")
        assert len({path.read_bytes() for path in same}) == 1
    assert read_rendering(tmp_path / "c/ranges.json").ranges == {"uint16": (0, 3984)}


def test_shares_are_of_all_photos_together(tmp_path: Path) -> None:
    """2%:98% of the whole set, whatever the workers; the numbers are kept, and hold for what comes later."""
    numbers = [photo(tmp_path / "raw/a.tif", 0, 900), photo(tmp_path / "raw/b.tif", 400, 3984)]
    every = np.sort(np.concatenate([each.ravel() for each in numbers]))
    low, high = every[int(len(every) * 0.02)], every[int(np.ceil(len(every) * 0.9)) - 1]
    said = resized(tmp_path / "raw", tmp_path / "d", "--range", "2%:90%", "--workers", 1)
    assert f"{low:,} to {high:,} becomes black to white, as --range says: 2% to 90% of all numbers" in said
    assert read_rendering(tmp_path / "d/ranges.json").ranges == {"uint16": (low, high)}
    resized(tmp_path / "raw", tmp_path / "w", "--range", "2%:90%", "--workers", 2)
    for stem, stored in zip("ab", numbers, strict=True):
        assert np.array_equal(image(tmp_path / "d", stem), eight_bits(stored, (low, high)))
        assert np.array_equal(image(tmp_path / "w", stem), image(tmp_path / "d", stem))
    before = tree(tmp_path / "d/images")
    resized(tmp_path / "raw", tmp_path / "d", "--range", "2%:90%")  # the same again changes nothing
    assert tree(tmp_path / "d/images") == before
    photo(tmp_path / "later/c.tif", 100, 4000)
    said = run_error("resize", tmp_path / "later", "-o", tmp_path / "d", "--size", 32, "--range", "2%:90%")
    assert said.startswith(f"--range 2% to 90%: the dataset was made with {low:,} to {high:,}; leave --range out")


@pytest.mark.parametrize("text", ["2%:98", "2:98%", "98%:2%", "-1%:50%", "2%:101%", "2%", "5%:5%"])
def test_what_is_no_share_is_a_usage_error(text: str, tmp_path: Path) -> None:
    photo(tmp_path / "raw/a.tif", 0, 900)
    command = ["resize", str(tmp_path / "raw"), "-o", str(tmp_path / "d"), f"--range={text}"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 2 and "%" in result.stderr
    assert not (tmp_path / "d").exists()


def test_photos_that_come_later_get_the_range_of_the_dataset(tmp_path: Path) -> None:
    photo(tmp_path / "first/a.tif", 100, 4000)
    resized(tmp_path / "first", tmp_path / "d")
    later = photo(tmp_path / "later/b.tif", 0, 900)
    assert "100 to 4,000 becomes black to white, as in the dataset" in resized(tmp_path / "later", tmp_path / "d")
    assert np.array_equal(image(tmp_path / "d", "b"), eight_bits(later, (100, 4000)))
    said = run_error("resize", tmp_path / "later", "-o", tmp_path / "d", "--size", 32, "--range", "0:900")
    assert said.startswith(
        "--range 0 to 900: the dataset was made with 100 to 4,000; leave --range out, or name another"
    )
    resized(tmp_path / "later", tmp_path / "e", "--range", "0:900")
    assert np.array_equal(image(tmp_path / "e", "b"), eight_bits(later, (0, 900)))
    run_ok("resize", tmp_path / "d", "-o", tmp_path / "small", "--size", 16)
    assert read_rendering(tmp_path / "small/ranges.json").ranges == {"uint16": (100, 4000)}
    said = run_error("resize", tmp_path / "d", "-o", tmp_path / "e", "--size", 16)
    assert "its uint16 photos were made with the range 0 to 900" in said


@pytest.mark.parametrize(
    ("kind", "low", "high", "expected"),
    [
        ("uint16", 0, 63_993, (0, 65_535)),
        ("uint16", 7_000, 9_000, (7_000, 9_000)),
        ("uint16", 40_000, 42_000, (40_000, 42_000)),
        ("int16", -1000, 3000, (-1000, 3000)),
        ("int32", 0, 200_000, (0, 200_000)),
        ("float32", 0, 0.9765625, (0, 1)),
        ("float32", 0, 0.25, (0, 0.25)),
        ("float64", -3.5, 812.5, (-3.5, 812.5)),
    ],
)
def test_the_range_in_use(tmp_path: Path, kind: str, low: float, high: float, expected: tuple[float, float]) -> None:
    numbers = photo(tmp_path / "p/a.tif", low, high, kind)
    resized(tmp_path / "p", tmp_path / "d")
    assert read_rendering(tmp_path / "d/ranges.json").ranges == {kind: expected}
    made = image(tmp_path / "d", "a")
    assert np.array_equal(made, eight_bits(numbers, expected))
    order = np.argsort(numbers.ravel(), kind="stable")
    assert (np.diff(made.ravel()[order].astype(int)) >= 0).all()  # lighter numbers are lighter


def test_dead_pixels_and_numbers_for_nothing_do_not_count(tmp_path: Path) -> None:
    counts = NumberCounts("uint16")
    values = RNG.integers(500, 4000, 100_000).astype(np.uint16)
    values[:5], values[5:9] = 65_535, 0
    counts.add(values, None)
    low, high = counts.range()
    assert 500 <= low < 510
    assert 3990 < high <= 3999
    numbers = RNG.random(SHAPE).astype(np.float32)
    numbers[0, :4] = np.nan, np.inf, -3.4e38, -9999
    (tmp_path / "p").mkdir()
    tifffile.imwrite(tmp_path / "p/a.tif", numbers, metadata=None, extratags=[(42113, 2, 0, "-9999", True)])
    resized(tmp_path / "p", tmp_path / "d")
    assert read_rendering(tmp_path / "d/ranges.json").ranges == {"float32": (0, 1)}
    assert image(tmp_path / "d", "a")[0, :4].tolist() == [0, 255, 0, 0]
    assert np.array_equal(image(tmp_path / "d", "a")[1:], (numbers[1:] * 256).astype(np.uint8))


def test_what_is_counted_adds_up_in_any_order() -> None:
    parts = [RNG.normal(100, 30, 5000).astype(np.float32) for _ in range(4)]
    together, added = NumberCounts("float32"), NumberCounts("float32")
    together.add(np.concatenate(parts), None)
    for part in reversed(parts):
        one = NumberCounts("float32")
        one.add(part, None)
        added.merge(one)
    assert added.range() == together.range()
    assert np.array_equal(added.counts, together.counts)


def test_numbers_become_the_greys_of_which_they_were_made() -> None:
    greys, whole = np.arange(256), np.arange(65_536, dtype=np.uint16)
    assert np.array_equal(eight_bits((greys / 255).astype(np.float32), (0, 1)), greys)
    assert np.array_equal(eight_bits(whole, (0, 65_535)), whole >> 8)
    assert np.array_equal(eight_bits(whole[:4096], (0, 4095)), whole[:4096] >> 4)
    assert eight_bits(np.array([-5, 0, 7, 20], np.int16), (0, 10), no_data=7).tolist() == [0, 0, 0, 255]


def test_bands_that_are_no_colours_are_left_out_and_said(tmp_path: Path) -> None:
    four, five = random_image(0), RNG.integers(0, 4000, (5, *SHAPE)).astype(np.uint16)
    infrared = np.concatenate([four, four[..., :1] // 2], axis=2)
    (tmp_path / "p").mkdir()
    tifffile.imwrite(tmp_path / "p/four.tif", infrared, photometric="rgb", extrasamples=[0], metadata=None)
    tifffile.imwrite(tmp_path / "p/five.tif", five, photometric="minisblack", planarconfig="separate", metadata=None)
    said = resized(tmp_path / "p", tmp_path / "d")
    assert "2 photos with more bands than colours: the first three are taken as red, green and blue" in said
    assert np.array_equal(load(tmp_path / "d/images/four.png"), four)
    (span,) = read_rendering(tmp_path / "d/ranges.json").ranges.values()
    assert np.array_equal(load(tmp_path / "d/images/five.png"), eight_bits(np.moveaxis(five[:3], 0, 2), span))


@pytest.mark.parametrize("name", ["a.png", "grey.png", "a.webp"])
def test_a_channel_of_transparency_is_left_out_and_said(name: str, tmp_path: Path) -> None:
    colors = random_image(0)
    alpha = np.where(colors[..., :1] > 100, 255, 0).astype(np.uint8)
    pixels = np.concatenate([colors[..., :1] if "grey" in name else colors, alpha], axis=2)
    picture = Image.fromarray(pixels, "LA" if "grey" in name else "RGBA")
    (tmp_path / "p").mkdir()
    picture.save(tmp_path / "p" / name, **({"lossless": True, "exact": True} if name.endswith("webp") else {}))
    said = resized(tmp_path / "p", tmp_path / "d")
    assert "1 photo with an alpha channel, which is left out: transparent pixels have the colours that the file" in said
    assert f"({name})" in said
    shown = np.repeat(pixels[..., :1], 3, axis=2) if "grey" in name else colors
    assert np.array_equal(load(next((tmp_path / "d" / "images").iterdir())), shown)
    Image.fromarray(colors).save(tmp_path / "p" / name)
    assert "an alpha channel" not in resized(tmp_path / "p", tmp_path / "e")


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.pgm"])
def test_every_file_that_holds_16_bits(tmp_path: Path, name: str) -> None:
    import cv2

    numbers = RNG.integers(0, 4000, SHAPE).astype(np.uint16)
    (tmp_path / "p").mkdir()
    cv2.imwrite(str(tmp_path / "p" / name), numbers)
    resized(tmp_path / "p", tmp_path / "d")
    (span,) = read_rendering(tmp_path / "d/ranges.json").ranges.values()
    assert np.array_equal(image(tmp_path / "d", "a"), eight_bits(numbers, span))


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_colours_of_16_bits_keep_their_bits(tmp_path: Path, name: str) -> None:
    import cv2

    numbers = RNG.integers(0, 4000, (*SHAPE, 3)).astype(np.uint16)
    (tmp_path / "p").mkdir()
    cv2.imwrite(str(tmp_path / "p" / name), numbers[..., ::-1])
    resized(tmp_path / "p", tmp_path / "d")
    (span,) = read_rendering(tmp_path / "d/ranges.json").ranges.values()
    assert np.array_equal(load(tmp_path / "d/images/a.png"), eight_bits(numbers, span))


def test_stored_inverted_and_turned(tmp_path: Path) -> None:
    numbers = photo(tmp_path / "p/a.tif", 0, 4000, photometric="miniswhite", extratags=[(274, 3, 1, 6, True)])
    resized(tmp_path / "p", tmp_path / "d")
    assert np.array_equal(image(tmp_path / "d", "a"), np.rot90(255 - eight_bits(numbers, (0, 4000)), -1))


def test_a_photo_that_cannot_be_read_is_left_out_as_ever(tmp_path: Path) -> None:
    photo(tmp_path / "p/a.tif", 0, 4000)
    shutil.copy(tmp_path / "p/a.tif", tmp_path / "p/cut.tif")
    (tmp_path / "p/cut.tif").write_bytes((tmp_path / "p/a.tif").read_bytes()[:-700])
    survey = survey_photos([FoundFile(path, path.name) for path in sorted((tmp_path / "p").iterdir())])
    assert survey.rendering.ranges == {"uint16": (0, 4000)}


def test_photos_of_8_bits_have_no_range(tmp_path: Path) -> None:
    save(tmp_path / "p/a.jpg", random_image(0))
    save(tmp_path / "p/b.png", random_image(1))
    resized(tmp_path / "p", tmp_path / "d")
    assert not (tmp_path / "d/ranges.json").exists()


@pytest.mark.parametrize("text", ["", "4", "a:b", "5:5", "9:1", "0:inf", "1:2:3"])
def test_wrong_ranges_are_told(text: str) -> None:
    with pytest.raises(SegError, match="for example 0:4095"):
        parse_range(text)


@pytest.mark.parametrize(
    "content", ["[]", "{}x", '{"uint16": [1]}', '{"uint16": ["a", 2]}', '{"uint16": [1, true]}', "7"]
)
def test_a_damaged_record_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "ranges.json").write_text(content)
    with pytest.raises(SegError, match=r"ranges\.json: .*restore the file"):
        read_rendering(tmp_path / "ranges.json")


@pytest.mark.filterwarnings("error")
def test_half_precision_is_counted_without_a_warning(tmp_path: Path) -> None:
    for stem in ("a", "b"):
        photo(tmp_path / f"raw/{stem}.tif", 0, 1, "float16")
    assert "2 photos of float16 numbers: 0 to 1 becomes black to white" in resized(tmp_path / "raw", tmp_path / "r")
