"""The size that a WebP declares, before a decoder, by opening it alone, takes four bytes a pixel for all of it."""

_START = b"RIFF"
_FLAGS, _HEADER = 20, 30
"""Where the first chunk's content begins, and where what is read here ends (RFC 9649, 2.5 to 2.7)."""

_MOST_A_BYTE = 4096
"""Pixels that one byte of a lossy picture stands for at most: each 16 x 16 of them are coded with their kind, at some
bits (RFC 6386, 11.2). libwebp makes one byte of 378 pixels of one colour."""

_KEY_FRAME = b"\x9d\x01\x2a"
_SIDE = 0x3FFF


def webp_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels from the header of a WebP of any of its three kinds; None for everything else."""
    if data[:4] != _START or data[8:12] != b"WEBP" or len(data) < _HEADER:
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if kind == b"VP8L":
        sides = int.from_bytes(data[_FLAGS + 1 : _FLAGS + 5], "little")
        return (sides & _SIDE) + 1, (sides >> 14 & _SIDE) + 1
    if kind == b"VP8 " and data[23:26] == _KEY_FRAME:
        return int.from_bytes(data[26:28], "little") & _SIDE, int.from_bytes(data[28:30], "little") & _SIDE
    return None


def is_cut_short(data: bytes) -> bool:
    """Whether a lossy WebP declares more pixels than its bytes hold: a decoder would take memory for all of them."""
    size = webp_size(data)
    return size is not None and data[12:16] == b"VP8 " and size[0] * size[1] > _MOST_A_BYTE * len(data)
