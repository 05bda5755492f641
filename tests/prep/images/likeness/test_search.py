"""The search for near-duplicates finds what comparing all pairs finds, in all orientations, and looks at few."""

import os
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from prep.images.imageio import read_image
from prep.images.likeness import all_pairs, similar
from prep.images.likeness.all_pairs import compare_all
from prep.images.likeness.low_frequencies import ORIENTATIONS, ClosePairs
from prep.images.likeness.similar import ImageSigns, fingerprint, near_duplicates
from tests.bench.growth import sample as drawn
from tests.growth import MANY, grows_linearly
from tests.prep.images.likeness.all_pairs import close_of_all_pairs, near_duplicates_of_all_pairs
from tests.prep.images.likeness.scenes import reencoded, scene

Image = NDArray[np.uint8]
MOST_PIXELS = 150_000_000
KINDS = ("cracks", "aerial", "campus", "drive", "cwfid", "breadboard", "shapes", "nuclei")


def signs(random: np.random.Generator) -> int:
    return int.from_bytes(random.bytes(18), "big") & ~1


def turned(perceptual: int, orientation: tuple[bool, bool, bool]) -> int:
    """The signs of an image that becomes one of these signs when it is brought into the orientation."""
    bits = np.array([0, *(int(bit) for bit in f"{perceptual >> 1:0143b}")]).reshape(12, 12)
    transposed, down, left = orientation
    odd = np.arange(12) % 2
    bits = bits ^ odd if left else bits
    bits = bits ^ odd[:, None] if down else bits
    bits = bits.T if transposed else bits
    return int("".join(map(str, bits.ravel()[1:].tolist())), 2) << 1


def compared(found: list[int], workers: int | None = 1) -> list[ClosePairs]:
    pairs: list[ClosePairs] = []
    compare_all(found, pairs.append, workers)
    return pairs


@pytest.mark.parametrize(("block", "most"), [(4096, 100_000), (64, 100_000), (50, 3), (1, 0)])
def test_close_signs_are_those_of_all_pairs_in_every_orientation(
    block: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More images than a block of rows, copies up to the limits and one bit beyond; blocks of any size."""
    monkeypatch.setattr(all_pairs, "_BLOCK", block)
    monkeypatch.setattr(all_pairs, "_MOST_PAIRS", most)
    random = np.random.default_rng(0)
    found = [signs(random) for _ in range(120)]
    for place, orientation in enumerate(ORIENTATIONS * 12):
        most = 48 if place % 8 == 0 else 30
        flipped = sum(1 << int(bit) for bit in random.choice(np.arange(1, 144), most + place % 3 - 1, replace=False))
        found.append(turned(found[place] ^ flipped, orientation))
    wanted = Counter(close_of_all_pairs(found))
    got = Counter(
        (one, other, ORIENTATIONS[turn])
        for pairs in compared(found)
        for one, other, turn in zip(pairs.ones.tolist(), pairs.others.tolist(), pairs.turns.tolist(), strict=True)
    )
    assert got == wanted
    assert {orientation for _, _, orientation in got} == set(ORIENTATIONS)
    assert 50 < len(wanted) < 200


def test_processes_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(all_pairs, "_BLOCK", 100)
    random = np.random.default_rng(1)
    found = [signs(random) for _ in range(150)]
    found += [number ^ 6 for number in found]
    pairs = {(one, other) for each in compared(found, 2) for one, other in zip(each.ones, each.others, strict=True)}
    assert {(number, number + 150) for number in range(150)} <= pairs
    assert pairs == {
        (one, other) for each in compared(found) for one, other in zip(each.ones, each.others, strict=True)
    }


@given(st.integers(0, 2**32 - 1), st.integers(0, 6), st.integers(60, 144))
def test_random_signs_are_compared_exactly(seed: int, number: int, ones: int) -> None:
    """Mostly of one sign, so that many pairs are close."""
    random = np.random.default_rng(seed)
    share = ones / 144
    found = [int("".join("01"[int(bit)] for bit in random.random(143) < share), 2) << 1 for _ in range(number)]
    got = {
        (one, other, ORIENTATIONS[turn])
        for pairs in compared(found)
        for one, other, turn in zip(pairs.ones.tolist(), pairs.others.tolist(), pairs.turns.tolist(), strict=True)
    }
    assert got == set(close_of_all_pairs(found))


def copy_of(image: Image, random: np.random.Generator) -> Image:
    """Moved, cropped, relighted, blurred, noisy, turned: some of it more than a near-duplicate may be."""
    height, width = image.shape[:2]
    top, left = (int(random.integers(0, side // 9)) for side in (height, width))
    copy = image[top : height - int(random.integers(0, 20)), left : width - int(random.integers(0, 25))]
    values = cv2.addWeighted(copy, random.uniform(0.6, 1.3), copy, 0, random.normal(0, 12), dtype=cv2.CV_16S)
    noise = np.empty_like(values)
    cv2.setRNGSeed(int(random.integers(2**31)))  # a tenth of the time that NumPy takes
    values += cv2.randn(noise, (0,) * 3, (random.uniform(0.1, 40),) * 3)
    values = cv2.GaussianBlur(values, (0, 0), random.uniform(0.3, 4))
    copy = np.clip(values, 0, 255, out=values).astype(np.uint8)
    transposed, down, across = ORIENTATIONS[int(random.integers(8))] if random.random() < 0.5 else ORIENTATIONS[0]
    copy = copy.transpose(1, 0, 2) if transposed else copy
    copy = copy[::-1] if down else copy
    return np.ascontiguousarray(copy[:, ::-1] if across else copy)


def planted(scenes: int, copies: int) -> dict[str, ImageSigns]:
    random = np.random.default_rng(scenes)
    images = {f"s{number:04d}": scene(number) for number in range(scenes)}
    for number in range(copies):
        images[f"copy{number:04d}"] = copy_of(images[f"s{number % scenes:04d}"], random)
    return {stem: fingerprint(image) for stem, image in images.items()}


def test_sets_are_those_of_all_pairs() -> None:
    prints = planted(90, 180)
    found = near_duplicates(prints)
    assert found == near_duplicates_of_all_pairs(prints)
    joined = sum(stem.startswith("copy") for stems in found for stem in stems)
    assert 60 < joined < 180  # the copies reach across the limit


@pytest.mark.parametrize("kind", KINDS)
def test_sets_of_real_photos_are_those_of_all_pairs(kind: str) -> None:
    if "SEG_REAL_DATA" not in os.environ:
        pytest.skip("SEG_REAL_DATA names no folder of real data")
    folder = Path(os.environ["SEG_REAL_DATA"]) / kind
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".tif")]
    random, prints, pixels = np.random.default_rng(0), dict[str, ImageSigns](), 0
    for path in [path for path in paths if "abel" not in path.as_posix() and "mask" not in path.as_posix()][:60]:
        if pixels > MOST_PIXELS:  # twelve of the largest photos are as good a test as sixty
            break
        image = read_image(path)
        pixels += image.shape[0] * image.shape[1]
        prints[path.as_posix()] = fingerprint(image)
        prints[f"{path.as_posix()}+"] = fingerprint(copy_of(image, random))
    if not prints:
        pytest.skip(f"{folder} holds no photos")
    found = near_duplicates(prints)
    assert found == near_duplicates_of_all_pairs(prints)
    assert found


def test_pairs_that_are_laid_over_each_other_grow_as_the_number_of_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every tenth image is a copy of the one before; the details of others are hardly ever looked at in full."""
    images = [scene(number - (number % 10 == 9), 64, 64) for number in range(MANY)]
    prints = [fingerprint(reencoded(image) if number % 10 == 9 else image) for number, image in enumerate(images)]
    calls = [0]
    fit = similar.details_fit

    def counting(*arguments: object) -> bool:
        calls[0] += 1
        return fit(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(similar, "details_fit", counting)

    def count(number: int) -> int:
        calls[0] = 0
        near_duplicates({f"{place:04d}": each for place, each in enumerate(prints[:number])})
        return calls[0]

    grows_linearly(count)


def test_hardly_any_pair_of_unlike_images_is_laid_over_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a million pairs of drawn images, those with few signs that differ; 43 were, when half the size told less."""
    prints = {f"{number:04d}": fingerprint(drawn(number)[0]) for number in range(1500)}
    looked_at = []
    monkeypatch.setattr(similar, "details_fit", lambda *arguments: looked_at.append(arguments))
    near_duplicates(prints)
    assert len(looked_at) <= 3
