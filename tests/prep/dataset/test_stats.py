"""Statistics against a two-pass float64 oracle, to the bit for any workers and order."""

import json
import random
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.dataset.stats import (
    compute_stats,
    count_values,
    ensure_stats,
    histogram,
    mean_and_std,
    read_stats,
    sum_histograms,
)
from prep.dataset.weights import (
    effective_beta,
    effective_number_weights,
    inverse_frequency_weights,
    median_frequency_weights,
)
from prep.images.imageio import write_png
from tests.support import images_only, paint, random_image, run_error, run_ok, save, tree

SIZES = ((24, 32), (17, 5), (1, 1), (40, 9), (3, 64), (30, 30), (11, 13))  # an odd count, all different


@pytest.fixture
def mixed(tmp_path: Path) -> Dataset:
    """Seven samples of all sizes; class 2 is rare, class 3 absent, some pixels are ignored."""
    for number, (height, width) in enumerate(SIZES):
        stream = np.random.default_rng(number)
        mask = stream.choice(5, (height, width), p=(0.6, 0.3, 0.02, 0, 0.08) if number % 2 else (1, 0, 0, 0, 0))
        save(
            tmp_path / "masks" / f"s{number}.png", paint(mask, ((0, 0, 0), (1, 0, 0), (2, 0, 0), (3, 0, 0), (9, 9, 9)))
        )
        save(tmp_path / "photos" / f"s{number}.png", random_image(number, height, width) // (number + 1))
    classes = tmp_path / "classes.txt"
    classes.write_text("background,#000000\nx,#010000\ny,#020000\nz,#030000\nignore,#090909\n", encoding="utf-8")
    root = tmp_path / "mixed"
    run_ok("masks", "convert", tmp_path / "masks", "-o", root, "--images", tmp_path / "photos", "--classes", classes)
    run_ok("split", root, "--ratios", "50/25/25")
    return Dataset.open(root)


@pytest.mark.parametrize("split", ["train", "val", "test", "all"])
def test_against_two_passes_in_float64(mixed: Dataset, split: str) -> None:
    data = json.loads(run_ok("stats", mixed.root, "--split", split, "--json").stdout)
    samples = mixed.of_split() if split == "all" else mixed.of_split(split)
    pixels = np.concatenate([mixed.image(sample).reshape(-1, 3) for sample in samples]).astype(np.float64) / 255
    masks = [mixed.mask(sample) for sample in samples]
    mean = pixels.mean(axis=0)
    assert data["mean"] == pytest.approx(mean.tolist(), rel=1e-12)
    assert data["std"] == pytest.approx(np.sqrt(((pixels - mean) ** 2).mean(axis=0)).tolist(), rel=1e-12)
    assert data["images"] == len(samples)
    assert data["pixels"] == len(pixels)
    assert data["ignored_pixels"] == sum(int((mask == 255).sum()) for mask in masks)
    labelled = sum(int((mask != 255).sum()) for mask in masks)
    frequencies = []
    for index, entry in enumerate(data["classes"]):
        own = [int((mask == index).sum()) for mask in masks]
        beside = sum(int((mask != 255).sum()) for mask, count in zip(masks, own, strict=True) if count)
        assert entry["pixels"] == sum(own)
        assert entry["images"] == sum(count > 0 for count in own)
        assert entry["frequency"] == pytest.approx(sum(own) / labelled)
        frequencies.append(sum(own) / beside if beside else np.nan)
    weights = np.nan_to_num(np.nanmedian(frequencies) / np.array(frequencies))
    assert [entry["weight"] for entry in data["classes"]] == pytest.approx(weights.tolist())
    pixels_of = np.array([entry["pixels"] for entry in data["classes"]])
    present = pixels_of > 0
    inverse = np.divide(1, pixels_of, where=present, out=np.zeros(len(pixels_of)))
    expected = inverse / inverse[present].mean()
    assert [entry["inverse_weight"] for entry in data["classes"]] == pytest.approx(expected.tolist())
    assert data["effective_beta"] == pytest.approx(1 - 1 / pixels_of[present].mean())
    effective = effective_number_weights(pixels_of, data["effective_beta"])
    assert [entry["effective_weight"] for entry in data["classes"]] == effective


def test_saved_file_is_what_is_printed(mixed: Dataset) -> None:
    printed = json.loads(run_ok("stats", mixed.root, "--json").stdout)
    assert printed.pop("problems") == []
    assert json.loads((mixed.root / "stats.json").read_text(encoding="utf-8")) == printed
    assert printed["split"] == "train"
    assert read_stats(mixed.root / "stats.json").to_json() == {
        **printed,
        "mean": tuple(printed["mean"]),
        "std": tuple(printed["std"]),
    }


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_same_bytes_for_any_workers(mixed: Dataset, workers: int) -> None:
    expected = json.dumps(compute_stats(mixed, "all", 1).to_json(), indent=2) + "\n"
    run_ok("stats", mixed.root, "--split", "all", "--workers", workers)
    assert (mixed.root / "stats.json").read_text(encoding="utf-8") == expected


@given(st.randoms())
def test_same_numbers_for_any_order(shuffled: random.Random) -> None:
    parts = [histogram(random_image(n, 5 + n, 7), np.full((5 + n, 7), n, np.uint8)) for n in range(7)]
    expected = sum_histograms(parts)
    shuffled.shuffle(parts)
    found = sum_histograms(parts)
    for name in ("channels", "classes", "present", "beside"):
        assert np.array_equal(getattr(found, name), getattr(expected, name))


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=50)))
def test_counts_against_bincount(pixels: NDArray[np.uint8]) -> None:
    assert np.array_equal(count_values(pixels), np.bincount(pixels.ravel(), minlength=256))


def test_counts_beyond_float32() -> None:
    """OpenCV counts in float32, which stops at 2**24: one value in 2**24 + 2**13 + 1 pixels is counted to the pixel."""
    pixels = np.full((4097, 4097), 7, np.uint8)
    tracemalloc.start()
    counts = count_values(pixels)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert counts[7] == 4097 * 4097 > 2**24
    assert counts.sum() == counts[7]
    assert peak < 20_000_000


@given(arrays(np.int64, 256, elements=st.integers(0, 10**12)).filter(lambda counts: counts.any()))
def test_moments_are_exact(counts: NDArray[np.int64]) -> None:
    values = np.arange(256) / 255
    mean, std = mean_and_std(counts)
    expected = np.average(values, weights=counts.astype(np.longdouble))
    assert mean == pytest.approx(float(expected), rel=1e-12)
    variance = np.average((values - expected) ** 2, weights=counts.astype(np.longdouble))
    assert std == pytest.approx(float(np.sqrt(variance)), rel=1e-9, abs=1e-12)


def test_weights_follow_the_paper() -> None:
    """f: 0.5, 0.25, 0.1 -> median 0.25."""
    found = median_frequency_weights(np.array([50, 25, 10, 0]), np.array([100, 100, 100, 0]))
    assert found == [0.5, 1.0, 2.5, 0.0]
    assert median_frequency_weights(np.array([80, 20]), np.array([100, 100])) == pytest.approx([0.625, 2.5])
    assert median_frequency_weights(np.zeros(2, np.int64), np.zeros(2, np.int64)) == [0.0, 0.0]


def test_inverse_weights() -> None:
    """1/50, 1/25 and 1/10 have the mean 4/75."""
    expected = [0.375, 0.75, 1.875, 0.0]
    assert inverse_frequency_weights(np.array([50, 25, 10, 0])) == pytest.approx(expected)
    assert inverse_frequency_weights(np.zeros(2, np.int64)) == [0.0, 0.0]
    assert inverse_frequency_weights(np.zeros(0, np.int64)) == []


PIXELS = st.lists(st.integers(0, 10**10), min_size=1, max_size=8).map(lambda counts: np.array(counts, np.int64))


@given(PIXELS, st.sampled_from([0.0, 0.5, 0.9, 0.99]))
def test_effective_weights_follow_the_paper(pixels: NDArray[np.int64], beta: float) -> None:
    """Equation 2 as it stands; the weights of the classes that occur have the mean 1, the others are 0."""
    plain = [(1 - beta) / (1 - beta ** int(own)) if own else 0.0 for own in pixels]
    present = [weight for weight in plain if weight]
    expected = [weight * len(present) / sum(present) for weight in plain] if present else plain
    assert effective_number_weights(pixels, beta) == pytest.approx(expected)


@given(PIXELS)
def test_effective_weights_lie_between_equal_and_inverse(pixels: NDArray[np.int64]) -> None:
    beta = effective_beta(pixels)
    assert 0 <= beta < 1
    weights = effective_number_weights(pixels, beta)
    inverse = inverse_frequency_weights(pixels)
    for i, j in ((i, j) for i in range(len(pixels)) for j in range(len(pixels)) if pixels[i] >= pixels[j] > 0):
        assert 1 - 1e-6 <= weights[j] / weights[i] <= inverse[j] / inverse[i] * (1 + 1e-6)


def test_effective_weights_of_large_datasets_differ() -> None:
    """The paper's own beta of 0.9999 would give a billion pixels and a million the same weight."""
    pixels = np.array([10**9, 10**6])
    assert effective_number_weights(pixels, 0.9999) == pytest.approx([1, 1])
    common, rare = effective_number_weights(pixels, effective_beta(pixels))
    assert rare / common == pytest.approx(433, rel=0.01)


@pytest.mark.parametrize("split", ["train", "test", "all"])
def test_images_without_masks_need_no_split(tmp_path: Path, split: str) -> None:
    dataset = images_only(tmp_path / "campus", SIZES)
    index = (dataset.root / "index.csv").read_bytes()
    result = run_ok("stats", dataset.root, "--split", split, "--json")
    assert result.stderr == "No masks yet: counted all 7 images.\n"
    data = json.loads(result.stdout)
    assert (data["split"], data["classes"], data["ignored_pixels"], data["effective_beta"]) == ("all", [], 0, 0.0)
    pixels = np.concatenate([dataset.image(sample).reshape(-1, 3) for sample in dataset.samples]) / 255
    assert data["pixels"] == len(pixels)
    assert data["mean"] == pytest.approx(pixels.mean(axis=0).tolist(), rel=1e-12)
    assert data["std"] == pytest.approx(pixels.std(axis=0).tolist(), rel=1e-12)
    assert (dataset.root / "index.csv").read_bytes() == index
    assert "7 images of all" in run_ok("stats", dataset.root).stdout


def test_samples_without_image_are_left_out(mixed: Dataset) -> None:
    before = compute_stats(mixed, "all")
    text = (mixed.root / "index.csv").read_text(encoding="utf-8")
    (mixed.root / "index.csv").write_text(text + "zz,,masks/zz.png,5,5,,\n", encoding="utf-8")
    after = compute_stats(Dataset.open(mixed.root), "all")
    assert after.classes == before.classes
    assert after.images == 7


def test_stats_of_an_older_version_are_told(mixed: Dataset) -> None:
    run_ok("stats", mixed.root)
    data = json.loads((mixed.root / "stats.json").read_text(encoding="utf-8"))
    for entry in data["classes"]:
        del entry["effective_weight"]
    (mixed.root / "stats.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(SegError, match="count again with 'seg-prep stats --overwrite'"):
        read_stats(mixed.root / "stats.json")


def test_other_results_need_overwrite(mixed: Dataset) -> None:
    run_ok("stats", mixed.root)
    before = tree(mixed.root)
    run_ok("stats", mixed.root)
    assert tree(mixed.root) == before
    assert "add --overwrite" in run_error("stats", mixed.root, "--split", "all")
    assert tree(mixed.root) == before
    run_ok("stats", mixed.root, "--split", "all", "--overwrite")
    assert read_stats(mixed.root / "stats.json").images == 7


def test_an_empty_split_is_told(mixed: Dataset) -> None:
    run_ok("split", mixed.root, "--ratios", "50/50/0", "--overwrite")
    assert "no labelled samples in test; choose another --split" in run_error("stats", mixed.root, "--split", "test")


def test_default_split_is_told_on_stderr(mixed: Dataset) -> None:
    text = (mixed.root / "index.csv").read_text(encoding="utf-8")
    for split in ("train", "val", "test"):
        text = text.replace(f",{split}\n", ",\n")
    (mixed.root / "index.csv").write_text(text, encoding="utf-8")
    result = run_ok("stats", mixed.root, "--json")
    assert "The dataset had no split; it now has the default one" in result.stderr
    assert json.loads(result.stdout)["split"] == "train"
    assert Dataset.open(mixed.root).is_split


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"classes": [{"name": 1}]}'])
def test_foreign_file_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "stats.json").write_text(content, encoding="utf-8")
    with pytest.raises(SegError, match=r"stats\.json: .*; count again with 'seg-prep stats --overwrite'"):
        read_stats(tmp_path / "stats.json")


def test_stats_are_made_once_and_never_stale(mixed: Dataset) -> None:
    made, new = ensure_stats(mixed)
    assert new
    assert ensure_stats(mixed) == (made, False)
    run_ok("split", mixed.root, "--ratios", "80/10/10", "--seed", 5, "--overwrite")
    other = Dataset.open(mixed.root)
    again, new = ensure_stats(other)
    assert new
    assert again == compute_stats(other) != made
    assert read_stats(mixed.root / "stats.json") == again
    sample = other.of_split("train")[0]
    mask = other.mask(sample)
    write_png(mixed.root / sample.mask, np.where(mask == 0, np.uint8(2), mask))
    changed, new = ensure_stats(other)
    assert new
    assert changed.classes[2].pixels == again.classes[2].pixels + int((mask == 0).sum()) > again.classes[2].pixels
    sample = other.of_split("train")[0]
    write_png(mixed.root / sample.image, 255 - other.image(sample))
    inverted, new = ensure_stats(other)
    assert new
    assert inverted.classes == changed.classes
    assert inverted.mean != changed.mean
    for sample in other.of_split("val", "test"):  # these were not counted
        write_png(mixed.root / sample.mask, np.full_like(other.mask(sample), 255))
        write_png(mixed.root / sample.image, np.zeros_like(other.image(sample)))
    assert ensure_stats(other) == (inverted, False)


def test_stats_of_other_samples_are_not_replaced(mixed: Dataset) -> None:
    run_ok("stats", mixed.root, "--split", "all")
    with pytest.raises(SegError, match=r"counted all, not train; run 'seg-prep stats --overwrite'"):
        ensure_stats(Dataset.open(mixed.root))
