"""Very large TIFFs, by the sizes of small ones: read row by row, written as tiles."""

import itertools
import shlex
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from prep.core.errors import SegError
from prep.images.finding import FoundFile
from prep.photos.photoio import read_photo
from prep.photos.rendering import Rendering
from prep.photos.rows.tiff_rows import TiffRows, is_large_tiff
from tests.models import color_predictor, run_train, write_run
from tests.rasters import needs_geo
from tests.support import load, random_image, save
from train.predicting.large import predict_large
from train.predicting.maps.mask_tiff import write_mask
from train.predicting.output_folder import OutputFolder

STORED = {
    "strips": {"rowsperstrip": 7},
    "one piece": {},
    "deflate": {"compression": "zlib", "rowsperstrip": 5},
    "predictor": {"compression": "zlib", "predictor": True, "rowsperstrip": 9},
    "tiles": {"tile": (16, 32)},
    "deflate tiles": {"tile": (32, 16), "compression": "zlib"},
    "planes": {"planarconfig": "separate", "rowsperstrip": 6},
    "plane tiles": {"planarconfig": "separate", "tile": (16, 16), "compression": "zlib"},
    "planes in one piece": {"planarconfig": "separate"},
}
"""Ways to store 70 x 45 pixels."""


def write(path: Path, pixels: NDArray[np.generic], **options: object) -> Path:
    if options.get("planarconfig") == "separate":
        pixels = np.moveaxis(pixels, 2, 0)
    kind = {"photometric": "minisblack" if pixels.ndim == 2 else "rgb"} | options
    tifffile.imwrite(path, pixels, metadata=None, **kind)
    return path


def read_in_steps(source: TiffRows, cuts: list[int]) -> NDArray[np.uint8]:
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < source.height}), source.height]
    return np.concatenate([source.rows(*pair) for pair in itertools.pairwise(edges)])


@pytest.mark.parametrize("stored", STORED)
@pytest.mark.parametrize("file", [{}, {"bigtiff": True}, {"byteorder": ">"}], ids=str)
def test_rows_are_those_of_the_whole_picture(stored: str, file: dict[str, object], tmp_path: Path) -> None:
    image = random_image(1, 70, 45)
    source = TiffRows(write(tmp_path / "a.tif", image, **STORED[stored], **file))
    assert (source.height, source.width) == (70, 45)
    assert (read_in_steps(source, []) == image).all()
    assert (read_in_steps(source, [1, 2, 16, 33, 64]) == image).all()
    assert (source.rows(3, 4) == image[3:4]).all()  # not in order: slower, and the same


@given(cuts=st.lists(st.integers(0, 70), max_size=9), stored=st.sampled_from(sorted(STORED)))
@settings(max_examples=25)
def test_any_ranges_give_the_picture(cuts: list[int], stored: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    image = random_image(1, 70, 45)
    path = write(tmp_path_factory.mktemp("t") / "a.tif", image, **STORED[stored])
    assert (read_in_steps(TiffRows(path), cuts) == image).all()


def test_other_kinds_of_pixels_are_read_as_those_of_photos(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (20, 30)).astype(np.uint8)
    files = {
        "grey": write(tmp_path / "grey.tif", grey),
        "white": write(tmp_path / "white.tif", grey, photometric="miniswhite"),
        "grey16": write(tmp_path / "grey16.tif", rng.integers(0, 65536, (20, 30)).astype(np.uint16)),
        "alpha": write(tmp_path / "alpha.tif", rng.integers(0, 256, (20, 30, 4)).astype(np.uint8)),
        "bits": save(tmp_path / "bits.tif", Image.fromarray(grey > 99)),
        "packbits": save(tmp_path / "packbits.tif", random_image(5), compression="packbits"),
        "palette": save(tmp_path / "palette.tif", Image.fromarray(random_image(3, 20, 30)).quantize(50)),
        "cmyk": save(tmp_path / "cmyk.tif", Image.fromarray(random_image(3, 20, 30)).convert("CMYK")),
    }
    for name, path in files.items():
        assert (TiffRows(path).rows(0, 20) == read_photo(path)[:20]).all(), name


@pytest.mark.parametrize("ranges", [{}, {"uint16": (0.0, 4095.0), "float32": (-0.5, 0.5)}], ids=["own", "model"])
def test_deep_rows_are_those_of_photos(ranges: dict[str, tuple[float, float]], tmp_path: Path) -> None:
    """12 bits in 16, bands without a colour, floating point with a number for no data: as photos are read."""
    rng = np.random.default_rng(0)
    shapes = (20, 30), (20, 30, 5), (20, 30, 4)
    grey, bands, planes = (rng.integers(0, 4000, shape).astype(np.uint16) for shape in shapes)
    holes = np.where(rng.random((20, 30)) < 0.1, -9999, rng.random((20, 30))).astype(np.float32)
    black = {"photometric": "minisblack"}
    files = {
        "grey": write(tmp_path / "grey.tif", grey),
        "white": write(tmp_path / "white.tif", grey, photometric="miniswhite"),
        "bands": write(tmp_path / "bands.tif", bands, **black, planarconfig="contig"),
        "planes": write(tmp_path / "planes.tif", planes, **black, planarconfig="separate"),
        "float": write(tmp_path / "float.tif", holes, extratags=[(42113, 2, 0, "-9999", True)]),
    }
    for name, path in files.items():
        source = TiffRows(path, Rendering(ranges))
        assert (read_in_steps(source, [3, 11]) == read_photo(path, Rendering(ranges))).all(), name
        assert (source.own_range is None) == bool(ranges), name


def test_what_cannot_be_read_in_pieces_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prep.photos.rows.tiff_rows.has_geo", lambda: False)
    image = random_image(1, 70, 45)
    lzw = save(tmp_path / "lzw.tif", image, compression="tiff_lzw")
    with pytest.raises(SegError, match=r"lzw.tif: compressed by LZW, .*pip install 'seg-prep\[geo\]'"):
        TiffRows(lzw)
    waves = write(tmp_path / "waves.tif", image[..., 0].astype(np.complex64))
    with pytest.raises(SegError, match=r"pixels of the kind MINISBLACK, complex64"):
        TiffRows(waves)
    turned = write(tmp_path / "turned.tif", image, extratags=[(274, 3, 1, 6, True)])
    with pytest.raises(SegError, match=r"stored turned or mirrored \(orientation 6\)"):
        TiffRows(turned)
    whole = write(tmp_path / "whole.tif", image, compression="zlib").read_bytes()
    (tmp_path / "half.tif").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SegError, match=r"half.tif: the file is truncated or damaged"):
        TiffRows(tmp_path / "half.tif").rows(0, 70)


def test_one_large_compressed_piece_needs_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.tif", random_image(1, 300, 45), compression="zlib", rowsperstrip=300)
    assert TiffRows(path).rows(0, 70).shape == (70, 45, 3)
    monkeypatch.setattr("prep.photos.rows.tiff_pieces._MOST_BYTES", 300 * 45 * 3 - 1)
    monkeypatch.setattr("prep.photos.rows.tiff_pieces.has_geo", lambda: False)
    with pytest.raises(SegError, match=r"a.tif: stored as compressed pieces .*pip install 'seg-prep\[geo"):
        TiffRows(path)


@needs_geo
@pytest.mark.parametrize("options", [{}, {"predictor": True}, {"planarconfig": "separate"}], ids=str)
def test_one_large_compressed_piece_is_read_line_by_line(
    options: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GDAL does so from 2,001 rows on."""
    image = random_image(1, 2100, 11)
    path = write(tmp_path / "a.tif", image, compression="zlib", rowsperstrip=2100, **options)
    monkeypatch.setattr("prep.photos.rows.tiff_pieces._MOST_BYTES", 2100 * 11 * 3 - 1)
    source = TiffRows(path)
    assert source._pieces.rows == 256
    assert (read_in_steps(source, [1, 300, 1999]) == image).all()


@needs_geo
def test_pieces_that_gdal_takes_whole_are_refused_with_a_command_that_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = random_image(1, 300, 45).astype(np.uint16) * 200
    path = write(tmp_path / "a b.tif", image, compression="zlib", rowsperstrip=300)
    monkeypatch.setattr("prep.photos.rows.tiff_pieces._MOST_BYTES", 300 * 45 * 6 - 1)
    with pytest.raises(SegError, match=r"a b.tif: stored as compressed pieces .* row by row; save it again") as told:
        TiffRows(path)
    program, *arguments = shlex.split(str(told.value).split("with tiles: ")[1])
    assert program == "python"
    subprocess.run([sys.executable, *arguments], check=True)
    assert (TiffRows(tmp_path / "a b-tiled.tif").rows(0, 300) == read_photo(path)).all()


def test_only_tiffs_above_the_limit_are_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.tif", random_image(1, 70, 45))
    assert not is_large_tiff(path)
    assert not is_large_tiff(save(tmp_path / "a.png", random_image(1, 70, 45)))
    monkeypatch.setattr("prep.photos.rows.tiff_rows.LARGE_MEGAPIXELS", 70 * 45 / 1e6 - 1e-6)
    assert is_large_tiff(path)
    path.write_bytes(path.read_bytes()[:6])
    with pytest.raises(SegError, match="damaged"):
        is_large_tiff(path)


@given(heights=st.lists(st.integers(1, 300), min_size=1, max_size=5), width=st.sampled_from([1, 255, 256, 300]))
@settings(max_examples=20)
def test_masks_are_written_whole_from_strips_of_any_height(
    heights: list[int], width: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("t") / "mask.tif"
    mask = np.random.default_rng(0).integers(0, 3, (sum(heights), width)).astype(np.uint8)
    tops = np.cumsum([0, *heights])
    write_mask(path, ((top, mask[top:end]) for top, end in itertools.pairwise(tops)), *mask.shape)
    assert (load(path) == mask).all()  # Pillow's libtiff


def test_a_large_picture_is_labelled_without_being_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    height, width = 3000, 40
    mask = (np.arange(height)[:, None] // 37 + np.arange(width) // 9).astype(np.uint8) % 3
    path = write(tmp_path / "a.tif", 255 * np.eye(3, dtype=np.uint8)[mask], tile=(16, 16), compression="zlib")
    asked: list[int] = []
    rows = TiffRows.rows

    def counted(self: TiffRows, first: int, last: int) -> NDArray[np.uint8]:
        asked.append(last - first)
        return rows(self, first, last)

    monkeypatch.setattr(TiffRows, "rows", counted)
    seen: list[tuple[int, int]] = []
    photo, folder = FoundFile(path, path.name), OutputFolder(tmp_path, {})
    predict_large(
        color_predictor(),
        photo,
        None,
        folder,
        ["masks", "overlays"],
        progress=lambda done, all_: seen.append((done, all_)),
    )
    assert sum(asked) == height  # each row once
    assert max(asked) <= 64  # never more than two windows
    assert (load(tmp_path / "masks/a.tif") == mask).all()
    assert seen[-1] == (height, height)
    shown = load(tmp_path / "overlays/a.png")
    step = -(-height // 2048)
    assert shown.shape == (-(-height // step), width // step, 3)
    expected = 255 * np.eye(3)[mask[::step, ::step]]
    assert (shown[mask[::step, ::step] == 0] == expected[mask[::step, ::step] == 0]).all()
    before = (tmp_path / "masks/a.tif").stat().st_mtime_ns
    predict_large(color_predictor(), photo, None, OutputFolder(tmp_path, {}), ["masks"])
    assert (tmp_path / "masks/a.tif").stat().st_mtime_ns == before
    predict_large(color_predictor(), photo, None, OutputFolder(tmp_path, {}), ["masks", "probabilities"])
    scores = np.load(tmp_path / "probabilities/a.npy", mmap_mode="r")
    assert (scores.dtype, scores.shape) == (np.float16, (3, height, width))
    assert (scores.argmax(axis=0) == mask).all()


def test_a_damaged_large_picture_leaves_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", random_image(1, 300, 40), compression="zlib", rowsperstrip=10)
    data = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as file:
        start = file.pages.first.dataoffsets[20]
    data[start : start + 20] = bytes(20)
    with pytest.raises(zlib.error):
        zlib.decompress(bytes(data[start : start + 200]))
    path.write_bytes(data)
    with pytest.raises(SegError, match=r"a\.tif: the file is truncated or damaged"):
        photo, folder = FoundFile(path, path.name), OutputFolder(tmp_path / "out", {})
        predict_large(color_predictor(), photo, None, folder, ["masks"])
    assert not list((tmp_path / "out/masks").iterdir())


def test_the_command_writes_a_tiff_of_a_large_tiff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prep.photos.rows.tiff_rows.LARGE_MEGAPIXELS", 70 * 45 / 1e6 - 1e-6)
    run = write_run(tmp_path / "run")
    (tmp_path / "in").mkdir()
    write(tmp_path / "in/big.tif", random_image(1, 70, 45))
    save(tmp_path / "in/small.png", random_image(2, 20, 20))
    out = tmp_path / "out"
    result = run_train(
        "predict", tmp_path / "in", "-o", out, "--run", run, "--device", "cpu", "--save", "masks,geojson"
    )
    assert sorted(path.name for path in (out / "masks").iterdir()) == ["big.tif", "small.png"]
    assert [path.name for path in (out / "geojson").iterdir()] == ["small.geojson"]
    assert "big.tif: too large for geojson" in result.stderr
