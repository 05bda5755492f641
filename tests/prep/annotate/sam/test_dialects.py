"""Each dialect, by small files with its inputs and outputs: what they are asked, and what comes of it by the pixel."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto

from prep.annotate.sam import frame as frames
from prep.annotate.sam.files import find_sam_files
from prep.annotate.sam.frame import PaddedFrame
from prep.annotate.sam.model import Answer, Embedding, LabelledPoint, Sam
from prep.core.errors import SegError
from tests.prep.annotate.sam.onnx_files import KINDS, RADIUS, write_decoder, write_encoder, write_pair

SIZES = [(300, 200), (200, 300), (256, 256), (101, 37), (37, 101), (1501, 1100)]
"""(width, height) of photos: landscape, portrait, square, odd, larger than what the networks see."""

NAMES = {
    "osam-sam1": "SAM 1 of osam", "samexporter-sam1": "SAM 1 of samexporter",
    "samexporter-sam1-fixed": "SAM 1 of samexporter", "samexporter-sam1-plain": "SAM 1 of samexporter",
    "efficientsam": "EfficientSAM", "samexporter-sam2": "SAM 2 of samexporter",
    "samexporter-sam2-size": "SAM 2 of samexporter", "osam-sam2.1": "SAM 2.1 of osam",
    "huggingface": "SAM 1 of Hugging Face",
}  # fmt: skip

EDGE = 0.6
"""Logits beside 0 that may fall to either side: between the cells of the small mask its logits are drawn as lines."""


@pytest.fixture(scope="module")
def sams(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sam]:
    folder = tmp_path_factory.mktemp("models")
    for kind in KINDS:
        write_pair(folder / kind, kind)
    return {kind: Sam(find_sam_files([folder / kind])) for kind in KINDS}


def asked(
    sam: Sam, size: tuple[int, int], *points: LabelledPoint, before: NDArray[np.float32] | None = None
) -> tuple[PaddedFrame, Answer]:
    frame = sam.frame(*size)
    return frame, sam.answer(embedding_of(sam, frame), frame, points, before)


def embedding_of(sam: Sam, frame: PaddedFrame) -> Embedding:
    return sam.encode(np.zeros((frame.high, frame.wide, 3), np.uint8))


def cells(kind: str, size: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Columns (1, W) and rows (H, 1) of the centres of a photo's pixels in cells of the mask of 256 x 256."""
    across, down = size if KINDS[kind].stretched else (max(size),) * 2
    room = 684 if kind == "samexporter-sam1-fixed" and size[1] * 1024 > 684 * size[0] else None
    sides = (size[0] * 256 / across, size[1] * 256 / down)
    if room:  # this file sees no more than 684 rows
        sides = (round(size[0] * 684 / size[1]) / 4, 171)
    elif not KINDS[kind].stretched:
        sides = tuple(int(side * 4 + 0.5) / 4 for side in sides)
    return (
        (np.arange(size[0]) + 0.5)[None] * sides[0] / size[0],
        (np.arange(size[1]) + 0.5)[:, None] * sides[1] / size[1],
    )


def disc(kind: str, size: tuple[int, int], x: float, y: float) -> NDArray[np.float64]:
    """Above 0 in the disc that the file answers around a point of the photo."""
    columns, rows = cells(kind, size)
    scale = columns[0, -1] / (size[0] - 0.5), rows[-1, 0] / (size[1] - 0.5)
    return np.asarray(RADIUS**2 - (columns - x * scale[0]) ** 2 - (rows - y * scale[1]) ** 2)


def assert_same(frame: PaddedFrame, answer: Answer, expected: NDArray[np.float64], edge: float = EDGE) -> None:
    mask = np.concatenate([part for _, part in frame.strips(answer.logits)])
    assert mask.shape == expected.shape
    sure = np.abs(expected) > edge
    assert sure.mean() > 0.9
    assert (mask == (expected > 0))[sure].all()
    assert 0 < mask.mean() < 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_click_and_one_beside_it(sams: dict[str, Sam], kind: str, size: tuple[int, int]) -> None:
    """Both in pixels of the photo, half pixels and all; were it turned or not scaled, the disc would be elsewhere."""
    sam = sams[kind]
    assert sam.name == NAMES[kind]
    x, y = size[0] * 0.7, size[1] * 0.35
    assert_same(*asked(sam, size, (x, y, 1)), disc(kind, size, x, y))
    beside = (x + size[0] * 0.05, y, 0)
    expected = np.minimum(disc(kind, size, x, y), -disc(kind, size, *beside[:2]))
    assert_same(*asked(sam, size, (x, y, 1), beside), expected, edge=3 * RADIUS)  # where they meet, lines are coarse


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "huggingface"])
def test_a_box(sams: dict[str, Sam], kind: str, size: tuple[int, int]) -> None:
    """From edge to edge of pixels; with a click in it that is not meant."""
    x0, y0, x1, y1 = size[0] * 0.1, size[1] * 0.5, size[0] * 0.5, size[1] * 0.9
    columns, rows = cells(kind, size)
    scale = columns[0, -1] / (size[0] - 0.5), rows[-1, 0] / (size[1] - 0.5)
    across = np.minimum(columns - x0 * scale[0], x1 * scale[0] - columns)
    expected = np.minimum(across, np.minimum(rows - y0 * scale[1], y1 * scale[1] - rows))  # in cells
    assert_same(*asked(sams[kind], size, (x0, y0, 2), (x1, y1, 3)), expected, edge=1)
    hole = disc(kind, size, x0, y1) / (2 * RADIUS)  # at its rim in cells, too
    answer = asked(sams[kind], size, (x0, y1, 0), (x0, y0, 2), (x1, y1, 3))
    assert_same(*answer, np.minimum(expected, -hole), edge=1)


def test_a_file_that_takes_no_box_says_so(sams: dict[str, Sam]) -> None:
    with pytest.raises(SegError, match=r"^SAM 1 of Hugging Face takes no box: click into the object instead$"):
        asked(sams["huggingface"], (30, 20), (1, 2, 2), (8, 9, 3))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].has_mask])
def test_the_mask_before(sams: dict[str, Sam], kind: str, size: tuple[int, int]) -> None:
    """A mask of the photo goes in at its place in the square, and comes out there; so does the answer before."""
    sam = sams[kind]
    start = np.zeros((size[1], size[0]), np.bool_)
    start[: size[1] // 2, : size[0] // 4] = True
    frame, answer = asked(sam, size, (size[0] * 0.8, size[1] * 0.8, 1), before=sam.frame(*size).logits(start))
    mask = np.concatenate([part for _, part in frame.strips(answer.logits)])
    around = disc(kind, size, size[0] * 0.8, size[1] * 0.8)
    columns, rows = cells(kind, size)
    from_edge = np.minimum(
        np.abs(columns - np.mean(columns[0, size[0] // 4 - 1 : size[0] // 4 + 1])),
        np.abs(rows - np.mean(rows[size[1] // 2 - 1 : size[1] // 2 + 1, 0])),
    )
    sure = (from_edge > 1.5) & (np.abs(around) > 3 * RADIUS)
    assert sure.mean() > 0.75
    assert (mask == (start | (around > 0)))[sure].all()
    again = asked(sam, size, (1.0, size[1] - 1.0, 1), before=answer.low)[1]
    both = np.concatenate([part for _, part in frame.strips(again.logits)])
    assert (both == (start | (around > 0) | (disc(kind, size, 1.0, size[1] - 1.0) > 0)))[sure].mean() > 0.99


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(1024, 768), (768, 1024), (1024, 1024)])
def test_what_the_encoder_sees(sams: dict[str, Sam], kind: str, size: tuple[int, int]) -> None:
    """The whole photo with its long side at 1024, colours in order, (x - mean) / std or 0..1, zeros in the padding."""
    sam = sams[kind]
    photo = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
    small = sam.frame(*size).small(photo)
    found = next(iter(sam.encode(small).values()))[0, :3]
    pixels = small.astype(np.float64)
    mean, std = np.array([123.675, 116.28, 103.53]), np.array([58.395, 57.12, 57.375])
    pixels = (pixels - mean) / std if KINDS[kind].means else pixels / 255
    square = np.zeros((1024, 1024, 3))
    square[: len(pixels), : pixels.shape[1]] = pixels
    if kind == "samexporter-sam1-fixed":  # its file divides what it gets of padding, too
        square[len(pixels) : 684] = square[:684, pixels.shape[1] :] = np.array([-123.675, -116.28, -103.53]) / [
            58.395,
            57.12,
            57.375,
        ]
    expected = square.reshape(64, 16, 64, 16, 3).mean(axis=(1, 3)).transpose(2, 0, 1)
    assert np.abs(found - expected).max() < 1e-4
    full = (1024, 1024) if KINDS[kind].stretched else size
    if kind != "samexporter-sam1-fixed":
        assert (small.shape[1], small.shape[0]) == full
        if full == size:
            assert (small == photo).all()


@pytest.mark.parametrize("label_type", [TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.INT32, TensorProto.INT64])
def test_files_of_other_number_types(tmp_path: Path, label_type: int) -> None:
    """Halved and quantised files take the same in other types."""
    write_encoder(tmp_path / "a.onnx", KINDS["osam-sam1"])
    write_decoder(tmp_path / "b.onnx", replace(KINDS["osam-sam1"], label_type=label_type))
    assert_same(*asked(Sam(find_sam_files([tmp_path])), (90, 60), (30, 20, 1)), disc("osam-sam1", (90, 60), 30, 20))


def test_strips_change_nothing(sams: dict[str, Sam], monkeypatch: pytest.MonkeyPatch) -> None:
    frame, answer = asked(sams["osam-sam1"], (301, 203), (99, 50, 1))
    whole = list(frame.strips(answer.logits))
    assert len(whole) == 1
    monkeypatch.setattr(frames, "_STRIP_PIXELS", 301 * 7)
    strips = list(frame.strips(answer.logits))
    assert [top for top, _ in strips] == list(range(0, 203, 7))
    assert (np.concatenate([part for _, part in strips]) == whole[0][1]).all()


def test_a_fixed_number_of_points_is_filled(tmp_path: Path) -> None:
    """Some exports take two points, no more and no fewer."""
    write_pair(tmp_path, "samexporter-sam2", most_points=2)
    sam = Sam(find_sam_files([tmp_path]))
    assert_same(*asked(sam, (90, 60), (30, 20, 1)), disc("samexporter-sam2", (90, 60), 30, 20))
    with pytest.raises(SegError, match=r"decoder\.onnx: takes 2 points at a time; accept this object$"):
        asked(sam, (90, 60), (30, 20, 1), (31, 20, 1), (32, 20, 1))
