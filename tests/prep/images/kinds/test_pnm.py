"""PGM and PPM files: the numbers that stand in them."""

from pathlib import Path

import numpy as np
import pytest

from prep.core.errors import SegError
from prep.images.kinds.pnm import is_pnm, pnm_is_deep, read_pnm

GREY = np.array([[0, 1, 2], [2, 1, 3]])


@pytest.mark.parametrize(
    ("data", "expected", "kind"),
    [
        (b"P5\n3 2\n3\n" + GREY.astype(np.uint8).tobytes(), GREY, "uint8"),
        (b"P5 # made by hand\n3 2\n# of ids\n4095\n" + (GREY * 1000).astype(">u2").tobytes(), GREY * 1000, "uint16"),
        (b"P2\n3 2 3\n0 1 2\n2 1 3\n", GREY, "uint8"),
        (b"P6 1 2 255\n" + GREY.astype(np.uint8).tobytes(), GREY.reshape(2, 1, 3), "uint8"),
        (b"P3 1 2 300 0 1 2 2 1 300", np.array([[[0, 1, 2]], [[2, 1, 300]]]), "uint16"),
    ],
)
def test_numbers_are_not_spread(data: bytes, expected: np.ndarray, kind: str) -> None:  # type: ignore[type-arg]
    found = read_pnm(Path("a.pgm"), data)
    assert np.array_equal(found, expected)
    assert found.dtype == kind
    assert is_pnm(data)
    assert pnm_is_deep(data) == (kind == "uint16")


@pytest.mark.parametrize(
    "data",
    [
        *(b"P5 3 2 3\n\0\1\2\2\1", b"P5 3 2 2\n\0\1\2\2\1\3", b"P5 0 2 3\n", b"P5 3 2 70000\n" + bytes(12)),
        *(b"P2 3 2 3 0 1 2 2 1", b"P2 3 2 3 0 1 2 2 -1 3", b"P4 3 2\n\0", b"P5 99999999999 2 3\n"),
    ],
)
def test_damage_is_told(data: bytes) -> None:
    with pytest.raises(SegError, match=r"a\.pgm: the file is truncated or damaged"):
        read_pnm(Path("a.pgm"), data)


def test_enormous_ones_are_refused_by_their_header() -> None:
    with pytest.raises(SegError, match="3,600 megapixels"):
        read_pnm(Path("a.pgm"), b"P5 60000 60000 255\n")
