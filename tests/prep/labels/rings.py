"""Rings of corners of a photo of 6 x 4, as label files write them."""

FRAME = [[0, 0], [6, 0], [6, 4], [0, 4]]
HOLE = [[2, 1], [4, 1], [4, 3], [2, 3]]
CORNER = [[5, 3], [6, 3], [6, 4], [5, 4]]


def xy(ring: list[list[int]]) -> list[dict[str, int]]:
    return [{"x": x, "y": y} for x, y in ring]


def flat(ring: list[list[int]]) -> list[int]:
    return [number for corner in ring for number in corner]
