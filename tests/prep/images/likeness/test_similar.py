"""Duplicates: copies of every kind are found, different scenes are left alone."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prep.dataset.dataset import Dataset
from prep.images.likeness import low_frequencies
from prep.images.likeness.similar import exact_duplicates, fingerprint, join_sets, near_duplicates
from tests.prep.images.likeness.scenes import Image, reencoded, scene

COPIES: dict[str, Callable[[Image], Image]] = {
    "the same": lambda image: image.copy(),
    "JPEG 60": reencoded,
    "half": lambda image: np.asarray(cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8),
    "larger": lambda image: np.asarray(cv2.resize(image, (500, 375), interpolation=cv2.INTER_CUBIC), np.uint8),
    "brighter": lambda image: np.clip(image.astype(np.float32) * 1.1 + 10, 0, 255).astype(np.uint8),
    "darker": lambda image: (image * 0.8).astype(np.uint8),
    "cropped": lambda image: image[5:-5, 6:-6],
    "shifted": lambda image: image[6:, 8:],
    "flipped": lambda image: image[:, ::-1],
    "upside down": lambda image: image[::-1],
    "turned left": lambda image: np.rot90(image),
    "turned right": lambda image: np.rot90(image, 3),
    "turned and re-encoded": lambda image: reencoded(np.ascontiguousarray(np.rot90(image))),
}


@pytest.mark.parametrize("kind", COPIES)
def test_copies_are_found_among_others(kind: str) -> None:
    images = {f"s{seed}": scene(seed) for seed in range(12)}
    images["copy"] = np.ascontiguousarray(COPIES[kind](images["s7"]))
    prints = {stem: fingerprint(image) for stem, image in images.items()}
    assert near_duplicates(prints) == [["copy", "s7"]]
    assert exact_duplicates(prints) == ([["copy", "s7"]] if kind == "the same" else [])


def test_many_copies_of_one_scene(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all pairs of a piece are joined by those of pieces before, nothing of it is left to look at."""
    monkeypatch.setattr(low_frequencies, "_PAIRS", 4)
    images = {f"s{number}": np.clip(scene(7).astype(np.int16) + number, 0, 255).astype(np.uint8) for number in range(8)}
    prints = {stem: fingerprint(image) for stem, image in images.items()}
    assert near_duplicates(prints) == [sorted(images)]


def test_flat_images_are_equal_or_nothing() -> None:
    images = {f"grey{value}": np.full((40, 60, 3), value, np.uint8) for value in range(0, 250, 10)}
    images["again"] = images["grey50"].copy()
    images["other shape"] = np.full((60, 40, 3), 50, np.uint8)
    ramp = np.linspace(0, 255, 60).astype(np.uint8)
    images["ramp"] = np.broadcast_to(ramp[None, :, None], (40, 60, 3)).copy()
    prints = {stem: fingerprint(image) for stem, image in images.items()}
    assert near_duplicates(prints) == exact_duplicates(prints) == [["again", "grey50"]]


def test_synthetic_images_are_all_different(dataset: Dataset) -> None:
    assert near_duplicates({each.stem: fingerprint(dataset.image(each)) for each in dataset.samples}) == []


@given(st.lists(st.tuples(st.sampled_from("abcdefghij"), st.sampled_from("abcdefghij")), max_size=12))
def test_sets_are_the_connected_ones(pairs: list[tuple[str, str]]) -> None:
    """Compared with a plain search from each name."""
    near: dict[str, set[str]] = {name: {name} for name in "abcdefghij"}
    for _ in near:
        for one, other in pairs:
            near[one] = near[other] = near[one] | near[other]
            for name in near[one]:
                near[name] = near[one]
    expected = {tuple(sorted(found)) for found in near.values() if len(found) > 1}
    assert join_sets(pairs) == sorted(map(list, expected))


def test_nothing_to_compare() -> None:
    assert near_duplicates({}) == exact_duplicates({}) == []


def seen_through_a_disc(seed: int) -> Image:
    """A retina: bright, with dark vessels across it, in a black frame."""
    random = np.random.default_rng(seed)
    image = np.full((200, 220, 3), (180, 90, 50), np.uint8)
    for _ in range(12):
        corners = np.cumsum(random.normal(0, 30, (6, 2)), axis=0) + random.uniform(40, 180, 2)
        cv2.polylines(image, [corners.astype(np.int32)], False, (150, 70, 40), 2, cv2.LINE_AA)
    yy, xx = np.mgrid[:200, :220]
    image[(xx - 110) ** 2 + (yy - 100) ** 2 > 90**2] = 0
    return image


def test_the_frame_of_a_camera_makes_no_copies() -> None:
    """Retinas differ inside their disc, and are found again turned, with another light, in another file."""
    images = {f"{seed:02}": seen_through_a_disc(seed) for seed in range(20)}
    assert near_duplicates({stem: fingerprint(image) for stem, image in images.items()}) == []
    copies = {
        "03-again": reencoded(images["03"]),
        "07-turned": np.ascontiguousarray(images["07"][::-1, ::-1]),
        "11-darker": (images["11"] * 0.8).astype(np.uint8),
    }
    found = near_duplicates({stem: fingerprint(image) for stem, image in {**images, **copies}.items()})
    assert found == [["03", "03-again"], ["07", "07-turned"], ["11", "11-darker"]]
