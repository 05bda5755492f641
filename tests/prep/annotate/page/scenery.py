"""Drawn photos of a campus, for pictures of the page and for its tests: sky, buildings, trees and ground."""

import cv2
import numpy as np
from numpy.typing import NDArray

from prep.core.classes import ClassMap

CLASSES = ClassMap(
    ("sky", "building", "tree", "ground"), ((86, 156, 214), (206, 92, 84), (86, 170, 96), (214, 174, 98))
)
SKY, BUILDING, TREE, GROUND = range(4)
_DRAWN = 3
"""Shapes are drawn so many times larger, and averaged down: soft edges, as a lens gives them."""


def scene(seed: int, width: int = 1200, height: int = 900) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """One drawn photo (H, W, 3) in RGB, and its exact mask (H, W); the same seed, the same scene."""
    random = np.random.default_rng(seed)
    size = width * _DRAWN, height * _DRAWN
    horizon = int(size[1] * random.uniform(0.55, 0.68))
    colors = np.zeros((size[1], size[0], 3), np.uint8)
    mask = np.full((size[1], size[0]), SKY, np.uint8)
    _sky(colors, horizon, random)
    _ground(colors, mask, horizon, random)
    for left in np.cumsum(random.uniform(0.05, 0.3, 3)):
        _building(colors, mask, horizon, left, random)
    for _ in range(random.integers(3, 7)):
        _tree(colors, mask, horizon, random)
    image = cv2.resize(colors, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    image += cv2.GaussianBlur(random.normal(0, 9, image.shape).astype(np.float32), (0, 0), 0.8)  # grain of a sensor
    image *= _light(width, height)[..., None]
    return image.clip(0, 255).astype(np.uint8), cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST)


def _clouds(width: int, height: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Smooth noise 0..1 of several sizes."""
    field = np.zeros((height, width), np.float32)
    for cells in (4, 9, 20, 48):
        grid = random.random((max(2, cells // 2), cells)).astype(np.float32)
        field += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) / cells**0.7
    return cv2.normalize(field, None, 0, 1, cv2.NORM_MINMAX)


def _sky(colors: NDArray[np.uint8], horizon: int, random: np.random.Generator) -> None:
    top, bottom = np.array([96, 146, 208], np.float32), np.array([206, 222, 236], np.float32)
    height, width = horizon + 1, colors.shape[1]
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    white = (np.clip(_clouds(width, height, random) - 0.5, 0, 1) * 1.3)[..., None]
    colors[:height] = ((top * (1 - rows) + bottom * rows) * (1 - white) + 246 * white).clip(0, 255)


def _ground(colors: NDArray[np.uint8], mask: NDArray[np.uint8], horizon: int, random: np.random.Generator) -> None:
    height, width = colors.shape[0] - horizon, colors.shape[1]
    blades = random.normal(0, 1, (height, width)).astype(np.float32)
    grass = cv2.GaussianBlur(blades, (0, 0), 3)[..., None] * 60 + _clouds(width, height, random)[..., None] * 34
    colors[horizon:] = (np.array([92, 116, 58], np.float32) + grass).clip(0, 255)
    mask[horizon:] = GROUND
    near, far = random.uniform(0.2, 0.6) * width, random.uniform(0.3, 0.7) * width
    path = np.array([[near, height], [near + 0.33 * width, height], [far + 0.03 * width, 0], [far, 0]], np.int32)
    cv2.fillPoly(colors[horizon:], [path], (176, 168, 156))


def _building(
    colors: NDArray[np.uint8], mask: NDArray[np.uint8], horizon: int, left: float, random: np.random.Generator
) -> None:
    height, width = colors.shape[:2]
    x0, x1 = int(left * width), int((left + random.uniform(0.16, 0.34)) * width)
    y0, y1 = int(horizon - random.uniform(0.16, 0.44) * height), horizon + int(0.02 * height)
    brick = np.array([(150, 86, 68), (176, 160, 140), (120, 124, 132), (190, 150, 96)][random.integers(4)])
    cv2.rectangle(colors, (x0, y0), (x1, y1), brick.tolist(), -1)
    cv2.rectangle(colors, (x0, y0), (x1, y0 + height // 70), (brick * 0.6).tolist(), -1)
    cv2.rectangle(mask, (x0, y0), (x1, y1), BUILDING, -1)
    step = max(8, (x1 - x0) // random.integers(4, 8))
    for y in range(y0 + height // 24, y1 - height // 20, height // 12):
        for x in range(x0 + step // 3, x1 - step // 2, step):
            window = (x, y), (x + step // 2, y + height // 20)
            cv2.rectangle(colors, *window, (58, 74, 92), -1)
            cv2.rectangle(colors, *window, (222, 222, 216), max(2, height // 400))


def _tree(colors: NDArray[np.uint8], mask: NDArray[np.uint8], horizon: int, random: np.random.Generator) -> None:
    height, width = colors.shape[:2]
    x, radius = int(random.uniform(0, width)), int(random.uniform(0.04, 0.1) * height)
    foot = horizon + int(random.uniform(0.01, 0.07) * height)
    trunk = (x - radius // 8, foot - 2 * radius), (x + radius // 8, foot)
    cv2.rectangle(colors, *trunk, (78, 60, 46), -1)
    cv2.rectangle(mask, *trunk, TREE, -1)
    for _ in range(40):
        turn, far = random.uniform(0, 2 * np.pi), radius * random.uniform(0, 0.85)
        center = int(x + far * np.cos(turn)), int(foot - 2.4 * radius + far * np.sin(turn))
        light = random.uniform(0.75, 1.25)
        cv2.circle(colors, center, radius // 3, (52 * light, 96 * light, 48 * light), -1)
        cv2.circle(mask, center, radius // 3, TREE, -1)


def _light(width: int, height: int) -> NDArray[np.float32]:
    """Darker towards the corners."""
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return (1.04 - 0.12 * (x * x + y * y)).astype(np.float32)
