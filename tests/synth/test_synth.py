"""The lines-and-ellipses generator: the numbers of its specification, and the same images everywhere."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import truncnorm
from skimage.draw import ellipse, line
from skimage.morphology import dilation, disk

import synth.shapes
from prep.core.randomness import Stream
from prep.dataset.dataset import Dataset
from prep.dataset.index import write_index
from synth.shapes import SHAPE_CLASSES, draw_background, draw_sample, ellipse_pixels, line_pixels
from tests.conftest import Raw
from tests.support import by_stem, random_image, random_mask, run_error, run_ok, run_prep, save, tree

PAD = 512
WIDTH, HEIGHT = 90, 120


def spy(monkeypatch: pytest.MonkeyPatch, name: str) -> list[tuple[object, ...]]:
    """Record the arguments of every call of a function of synth.shapes."""
    calls: list[tuple[object, ...]] = []
    real: Callable[..., object] = getattr(synth.shapes, name)

    def recorded(*arguments: object, **options: object) -> object:
        calls.append((*arguments, *options.values()))
        return real(*arguments, **options)

    monkeypatch.setattr(synth.shapes, name, recorded)
    return calls


def canvas(pixels: tuple[NDArray[np.intp], NDArray[np.intp]], height: int, width: int) -> NDArray[np.bool_]:
    drawn = np.zeros((height, width), bool)
    drawn[pixels] = True
    return drawn


# The dataset.


def test_dataset_of_the_specification(tmp_path: Path) -> None:
    data = json.loads(run_ok("synth", "--n", 30, "-o", tmp_path / "s", "--json").stdout)
    assert (data["samples"], data["train"], data["val"], data["test"]) == (40, 27, 3, 10)
    dataset = Dataset.open(tmp_path / "s")
    assert dataset.classes.names == ("background", "line", "ellipse")
    intensities: set[int] = set()
    for sample in dataset.samples:
        image, mask = dataset.image(sample), dataset.mask(sample)
        assert image.shape == (400, 200, 3)
        assert mask.shape == (400, 200)
        assert (image == image[..., :1]).all()  # three equal channels
        background, shapes = image[mask == 0][:, 0], image[mask > 0][:, 0]
        assert background.min() >= 0.6 * 255
        assert 0.65 * 255 < background.mean() < 0.95 * 255
        assert shapes.max() <= 0.7 * 255
        assert 2 <= len(np.unique(shapes)) <= 18
        assert set(np.unique(mask)) == {0, 1, 2}
        intensities |= set(np.unique(shapes).tolist())
    assert min(intensities) < 20
    assert max(intensities) > 160


def test_split_of_100_images(tmp_path: Path) -> None:
    result = run_ok("synth", "--n", 100, "--size", "32x32", "-o", tmp_path / "s")
    assert "110 images of 32 x 32" in result.stdout
    assert "(train 90, val 10, test 10)" in result.stdout


def test_size_test_and_shapes_by_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = spy(monkeypatch, "line_pixels")
    options = ["--size", "70x40", "--test", 2, "--max-shapes", 2, "--workers", 1]
    run_ok("synth", "--n", 20, *options, "-o", tmp_path / "s")
    samples = Dataset.open(tmp_path / "s").samples
    assert len(samples) == 22
    assert {(sample.width, sample.height) for sample in samples} == {(70, 40)}
    assert 22 < len(lines) < 44


def test_an_image_depends_on_its_number_only(tmp_path: Path) -> None:
    for n in (20, 40):
        run_ok("synth", "--n", n, "-o", tmp_path / f"{n}")
    small, large = tree(tmp_path / "20"), tree(tmp_path / "40")
    images = [name for name in small if name.endswith(".png")]
    assert len(images) == 60
    assert all(small[name] == large[name] for name in images)
    assert small["images/image_000017.png"] == large["images/image_000017.png"]
    assert all(by_stem(tmp_path / "40")[stem] == sample for stem, sample in by_stem(tmp_path / "20").items())


@pytest.mark.parametrize(
    ("kind", "number", "image_hash", "mask_hash"),
    [
        ("image", 17, "82b1073992e76639", "76b9c8fe5f1e1c09"),
        ("test", 3, "60331f6921badc10", "801810dd4b7c8e56"),
    ],
)
def test_pixels_are_pinned(tmp_path: Path, kind: str, number: int, image_hash: str, mask_hash: str) -> None:
    """A change of the generator has to be noticed: everybody's images of this seed would change."""
    run_ok("synth", "--n", 20, "--test", 4, "-o", tmp_path / "s")
    dataset = Dataset.open(tmp_path / "s")
    sample = by_stem(tmp_path / "s")[f"{kind}_{number:06d}"]
    assert hashlib.sha256(dataset.image(sample).tobytes()).hexdigest()[:16] == image_hash
    assert hashlib.sha256(dataset.mask(sample).tobytes()).hexdigest()[:16] == mask_hash


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_same_bytes_for_any_workers_and_again(dataset: Dataset, tmp_path: Path, workers: int) -> None:
    options = ["--n", 20, "--test", 3, "--size", "64x80", "--workers", workers]
    run_ok("synth", *options, "-o", tmp_path / "again")
    assert tree(tmp_path / "again") == tree(dataset.root)
    run_ok("synth", *options, "-o", tmp_path / "again")
    assert tree(tmp_path / "again") == tree(dataset.root)


def test_seeds_and_kinds_differ(dataset: Dataset, tmp_path: Path) -> None:
    run_ok("synth", "--n", 20, "--test", 3, "--size", "64x80", "--seed", 1, "-o", tmp_path / "other")
    one, other = tree(dataset.root), tree(tmp_path / "other")
    assert not any(one[name] == other[name] for name in one if name.startswith("images/") and name.endswith(".png"))
    pictures = [content for name, content in one.items() if name.startswith("images/") and name.endswith(".png")]
    assert len(set(pictures)) == len(pictures)  # test image 1 is not training image 1


def test_another_set_needs_overwrite_and_leaves_nothing_of_the_old(dataset: Dataset, tmp_path: Path) -> None:
    run_ok("stats", dataset.root)
    run_ok("patches", dataset.root, "--size", 16)
    before = tree(dataset.root)
    options = ["--n", 10, "--test", 1, "--size", "64x80", "--seed", 4]
    assert "add --overwrite to replace them" in run_error("synth", *options, "-o", dataset.root)
    assert tree(dataset.root) == before
    run_ok("synth", *options, "-o", dataset.root, "--overwrite")
    run_ok("synth", *options, "-o", tmp_path / "fresh")
    assert tree(dataset.root) == tree(tmp_path / "fresh")


def test_photos_that_joined_stay_with_their_masks(dataset: Dataset, tmp_path: Path) -> None:
    save(tmp_path / "photos" / "x1.png", random_image(1, 80, 64))
    run_ok("resize", tmp_path / "photos", "-o", dataset.root, "--size", 80)
    save(dataset.root / "masks" / "x1.png", random_mask(1, 80, 64))
    joined = replace(by_stem(dataset.root)["x1"], mask="masks/x1.png", split="train")
    write_index(dataset.root / "index.csv", [*dataset.samples, joined])
    before = tree(dataset.root)
    result = run_ok("synth", "--n", 5, "--test", 0, "--size", "64x80", "-o", dataset.root, "--overwrite")
    assert "1 sample of the dataset is not among those that are drawn, and it stays as before: x1" in result.stdout
    assert "5 images of 64 x 80" in result.stdout
    assert "(train 4, val 1, test 0)" in result.stdout
    assert len(by_stem(dataset.root)) == 6
    assert by_stem(dataset.root)["x1"] == joined
    after = tree(dataset.root)
    for name in ("images/x1.png", "masks/x1.png", "photos.csv"):
        assert after[name] == before[name]
    assert not (dataset.root / "masks" / "test_000002.png").exists()


def test_photos_called_as_what_is_drawn_are_refused(dataset: Dataset, tmp_path: Path) -> None:
    save(tmp_path / "photos" / "image_000020.png", random_image(1, 80, 64))
    run_ok("resize", tmp_path / "photos", "-o", dataset.root, "--size", 80)
    before = tree(dataset.root)
    text = run_error("synth", "--n", 21, "--test", 3, "--size", "64x80", "-o", dataset.root, "--overwrite")
    assert "1 sample called as those that are drawn is of photos (image_000020), and would be lost" in text
    assert tree(dataset.root) == before


def test_a_dataset_of_other_classes_is_left_alone(raw: Raw) -> None:
    raw.classes.write_text("background,#000000\nroad,#ff0000\nhouse,#00ff00\n", encoding="utf-8")
    run_ok(*raw.convert)
    before = tree(raw.target)
    assert "holds a dataset of other classes; name another folder with -o" in run_error("synth", "-o", raw.target)
    assert tree(raw.target) == before


def test_raw_photos_in_the_target_are_never_deleted(tmp_path: Path) -> None:
    """Not a dataset, but somebody's folder with images/ in it."""
    save(tmp_path / "mine" / "images" / "holiday.png", np.zeros((4, 4, 3), np.uint8))
    photo = tree(tmp_path / "mine")["images/holiday.png"]
    run_prep("synth", "--n", 2, "--size", "32x32", "-o", tmp_path / "mine", "--overwrite")
    assert tree(tmp_path / "mine").get("images/holiday.png") == photo


# One image.


def test_as_many_lines_as_ellipses_and_lines_on_top(monkeypatch: pytest.MonkeyPatch) -> None:
    ellipses, lines, painted = (
        spy(monkeypatch, "ellipse_pixels"),
        spy(monkeypatch, "line_pixels"),
        spy(monkeypatch, "_paint"),
    )
    numbers = set()
    for number in range(60):
        for calls in (ellipses, lines, painted):
            calls.clear()
        draw_sample(Stream(0, number), WIDTH, HEIGHT, 9)
        assert 1 <= len(ellipses) == len(lines) <= 9
        assert [call[-1] for call in painted] == [2] * len(ellipses) + [1] * len(lines)
        numbers.add(len(lines))
    assert numbers == set(range(1, 10))


def test_shapes_are_painted_where_the_mask_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The image differs from its background exactly where the mask is not background."""
    stream = Stream(3, "x")
    background = draw_background(Stream(3, "x"), WIDTH, HEIGHT)
    image, mask = draw_sample(stream, WIDTH, HEIGHT, 9)
    assert np.array_equal(image[mask == 0][:, 0], background[mask == 0])
    assert mask.max() <= 2
    assert len(SHAPE_CLASSES) == 3


def test_ellipses_end_at_the_border(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the same ellipse on a canvas with a wide border, cut to the image: clipped, never wrapped."""
    calls = spy(monkeypatch, "ellipse")
    cut = 0
    for number in range(150):
        drawn = canvas(ellipse_pixels(Stream(1, number), WIDTH, HEIGHT), HEIGHT, WIDTH)
        row, column, radius, other, shape, angle = calls[-1]
        assert shape == (HEIGHT, WIDTH)
        assert radius in range(5, 20)
        assert 0.5 * radius <= other <= 2 * radius  # type: ignore[operator]
        assert 0 <= row < HEIGHT  # type: ignore[operator]
        assert 0 <= column < WIDTH  # type: ignore[operator]
        wide = canvas(ellipse(row + PAD, column + PAD, radius, other, rotation=angle), 2 * PAD, 2 * PAD)  # type: ignore[operator]
        assert np.array_equal(drawn, wide[PAD : PAD + HEIGHT, PAD : PAD + WIDTH])
        cut += wide.sum() > drawn.sum()
    assert 20 < cut < 150
    radii = [call[2] for call in calls]
    assert {5, 19} <= set(radii)
    assert len({round(call[5] / 0.5) for call in calls}) > 8  # type: ignore[operator]  # any angle


def test_lines_end_at_the_border(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the same line on a wide canvas, dilated by a disk of 1 or 2 pixels, cut to the image."""
    calls = spy(monkeypatch, "line")
    cut, radii, lengths = 0, [], []
    for number in range(60):
        drawn = canvas(line_pixels(Stream(1, number), WIDTH, HEIGHT), HEIGHT, WIDTH)
        row, column, end_row, end_column = (int(value) for value in calls[-1])  # type: ignore[call-overload]
        assert 0 <= row < HEIGHT
        assert 0 <= column < WIDTH
        lengths.append(np.hypot(end_row - row, end_column - column))
        thin = canvas(line(row + 200, column + 200, end_row + 200, end_column + 200), HEIGHT + 400, WIDTH + 400)
        wide = {radius: dilation(thin, disk(radius)) for radius in (1, 2)}
        fitting = [r for r, pixels in wide.items() if np.array_equal(drawn, pixels[200:-200, 200:-200])]
        assert len(fitting) == 1
        radii += fitting
        cut += wide[fitting[0]].sum() > drawn.sum()
    assert set(radii) == {1, 2}
    assert cut > 15
    assert 19 <= min(lengths) < 30
    assert WIDTH - 15 < max(lengths) <= WIDTH + 1


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_background_is_a_truncated_normal_distribution(seed: int) -> None:
    mean = Stream(seed, "noise").uniform(0.7, 0.9)
    background = draw_background(Stream(seed, "noise"), 1000, 1000)
    low, high = (0.6 - mean) / 0.1, (1.0 - mean) / 0.1
    levels = np.arange(153, 256)
    edges = np.clip(np.append(levels - 0.5, 255.5) / 255, 0.6, 1.0)
    expected = np.diff(truncnorm.cdf(edges, low, high, loc=mean, scale=0.1))
    found = np.bincount(background.ravel(), minlength=256) / background.size
    assert found[:153].sum() == 0
    assert np.all(np.abs(found[153:] - expected) < 2**-16 + 5 * np.sqrt(expected / background.size))
    assert background.mean() / 255 == pytest.approx(truncnorm.mean(low, high, loc=mean, scale=0.1), abs=1e-3)


def test_background_means_differ() -> None:
    means = [draw_background(Stream(0, number), 50, 50).mean() / 255 for number in range(40)]
    assert 0.7 < min(means) < 0.76
    assert 0.83 < max(means) < 0.9


def test_background_is_no_repeated_row() -> None:
    background = draw_background(Stream(0, "rows"), 64, 64)
    assert len({row.tobytes() for row in background}) == 64
    assert abs(np.corrcoef(background[:-1].ravel(), background[1:].ravel())[0, 1]) < 0.1
