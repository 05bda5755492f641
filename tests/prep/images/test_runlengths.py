"""COCO's run lengths, against pycocotools."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from pycocotools import mask as coco

from prep.core.errors import SegError
from prep.images.runlengths import compress, decode_runs, decompress, encode_runs

REGIONS = arrays.arrays(np.bool_, arrays.array_shapes(min_dims=2, max_dims=2, max_side=40))


def test_runs_go_down_the_columns_and_begin_outside() -> None:
    region = np.array([[0, 1, 1], [0, 1, 0]], bool)
    assert encode_runs(region) == [2, 3, 1]
    assert encode_runs(~region) == [0, 2, 3, 1]
    assert encode_runs(np.zeros((2, 3), bool)) == [6]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools' own
@given(REGIONS)
def test_round_trip_as_pycocotools(region: NDArray[np.bool_]) -> None:
    height, width = region.shape
    runs = encode_runs(region)
    theirs = coco.encode(np.asfortranarray(region, np.uint8))["counts"].decode("ascii")
    assert compress(runs) == theirs
    assert decompress(theirs) == runs
    decoded = decode_runs(runs, height, width)
    assert decoded.dtype == np.bool_
    assert (decoded == region).all()
    assert (coco.decode({"size": [height, width], "counts": compress(runs).encode()}) == region).all()


@given(st.lists(st.integers(0, 2**31 - 1), max_size=20))
def test_any_runs_survive_compression(runs: list[int]) -> None:
    assert decompress(compress(runs)) == runs


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([5], "do not fill"),
        ([7], "do not fill"),
        ([], "do not fill"),
        ([8, -2], "negative"),
        ([2**62, 2**62, 2**62, 2**62, 6], "do not fill"),
        ([10**30], "whole numbers"),
        ([3.0, 3.0], "whole numbers"),
        (["3", "3"], "whole numbers"),
        ([[3], [3]], "whole numbers"),
        ([True, True], "whole numbers"),
        ([0] * 8 + [6], "do not fill"),
    ],
)
def test_wrong_runs_are_refused(counts: list[int], message: str) -> None:
    with pytest.raises(SegError, match=message):
        decode_runs(counts, 2, 3)


def test_uneven_runs_are_refused() -> None:
    with pytest.raises(SegError, match="whole numbers"):
        decode_runs([[1, 2], 3], 2, 3)  # type: ignore[list-item]


@pytest.mark.parametrize("text", ["/", "p", "é", "1P", "o" * 100, "oooooooo1", "@", "T"])
def test_a_damaged_string_is_refused(text: str) -> None:
    with pytest.raises(SegError, match="damaged"):
        decompress(text)


@given(st.text(alphabet=[chr(code) for code in range(46, 114)]), st.integers(0, 30), st.integers(0, 30))
def test_any_string_is_read_or_refused(text: str, height: int, width: int) -> None:
    try:
        region = decode_runs(decompress(text), height, width)
    except SegError:
        return
    assert region.shape == (height, width)
