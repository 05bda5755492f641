"""Patches: crops of the right pixels from the right samples, in both formats."""

import hashlib
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from prep.core.randomness import Stream
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.patching.crops import Crop, choose_crops
from prep.patching.patches import cut_patches
from tests.support import by_stem, load, paint, random_image, random_mask, run_error, run_ok, run_prep, save, tree

FLIPS = ((), (1,), (0,), (0, 1))
SHAPES = ((24, 32), (100, 70), (1, 1), (5, 90), (48, 48), (60, 47), (200, 3), (49, 50), (80, 80), (30, 31))


@pytest.fixture
def mixed(tmp_path: Path) -> Dataset:
    """Ten samples around the size of a patch of 48; eight for training, one each for val and test."""
    for number, shape in enumerate(SHAPES):
        save(tmp_path / "photos" / f"s{number}.png", random_image(number, *shape))
        save(
            tmp_path / "masks" / f"s{number}.png",
            paint(random_mask(number, *shape, classes=min(3, shape[0] * shape[1]))),
        )
    (tmp_path / "classes.txt").write_text("background,#000000\nline,#ff0000\nellipse,#00ff00\n", encoding="utf-8")
    arguments = ["-o", tmp_path / "mixed", "--images", tmp_path / "photos", "--classes", tmp_path / "classes.txt"]
    run_ok("masks", "convert", tmp_path / "masks", *arguments)
    run_ok("split", tmp_path / "mixed")
    return Dataset.open(tmp_path / "mixed")


def read_patches(root: Path, size: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8], pd.DataFrame]:
    folder = root / "patches" / f"size{size}"
    index = pd.read_csv(folder / "index.csv", dtype={"stem": str, "class": str}, keep_default_na=False)
    return np.load(folder / "images.npy", mmap_mode="r"), np.load(folder / "masks.npy", mmap_mode="r"), index


def assert_crops_are_sources(dataset: Dataset, size: int) -> None:
    """Every patch against np.pad: reflected image, ignored mask."""
    images, masks, index = read_patches(dataset.root, size)
    samples = by_stem(dataset.root)
    for row in index.itertuples():
        sample = samples[row.stem]
        image = np.pad(dataset.image(sample), ((size, size), (size, size), (0, 0)), mode="reflect")
        mask = np.pad(dataset.mask(sample), size, constant_values=255)
        window = slice(size + row.y, 2 * size + row.y), slice(size + row.x, 2 * size + row.x)
        assert np.array_equal(images[row.patch], image[window])
        assert np.array_equal(masks[row.patch], mask[window])


def test_images_smaller_than_a_patch_are_told(dataset: Dataset) -> None:
    smallest = min(side for sample in dataset.of_split("train", "val") for side in (sample.width, sample.height))
    assert run_prep("patches", dataset.root, "--size", smallest).stderr == ""
    number = sum(min(s.width, s.height) <= smallest for s in dataset.of_split("train", "val"))
    said = run_prep("patches", dataset.root, "--size", smallest + 1).stderr
    assert f"{number} images have a side below {smallest + 1} pixels; there the image is mirrored" in said


@pytest.mark.parametrize("foreground", [0, 0.5, 1])
def test_crops_are_the_pixels_of_their_source(mixed: Dataset, foreground: float) -> None:
    run_ok("patches", mixed.root, "--size", 48, "--per-image", 6, "--foreground", foreground)
    images, masks, index = read_patches(mixed.root, 48)
    assert (images.shape, images.dtype) == ((54, 48, 48, 3), np.uint8)
    assert (masks.shape, masks.dtype) == ((54, 48, 48), np.uint8)
    assert index["patch"].tolist() == list(range(54))
    assert_crops_are_sources(mixed, 48)
    samples = by_stem(mixed.root)
    for row in index.itertuples():  # inside, or all of the image where it is smaller
        for start, length in ((row.y, samples[row.stem].height), (row.x, samples[row.stem].width)):
            assert min(0, length - 48) <= start <= max(0, length - 48)
    assert (index["y"] < 0).any()
    assert (index["y"] > 0).any()


def test_test_samples_are_never_cut(dataset: Dataset) -> None:
    result = run_ok("patches", dataset.root, "--size", 32, "--per-image", 3, "--json")
    data = json.loads(result.stdout)
    assert (data["images"], data["patches"], data["with_flips"]) == (20, 60, 240)
    _, _, index = read_patches(dataset.root, 32)
    samples = by_stem(dataset.root)
    assert set(index["stem"]) == {stem for stem, sample in samples.items() if sample.split in ("train", "val")}
    assert all(samples[row.stem].split == row.split for row in index.itertuples())
    assert index.groupby("split").size().to_dict() == {"train": 54, "val": 6}
    assert set(index.groupby("stem").size()) == {3}


def test_settings_stand_beside_the_patches(dataset: Dataset) -> None:
    def image_hash(sample: Sample) -> bytes:
        return hashlib.sha256((dataset.root / sample.image).read_bytes()).digest()

    run_ok("patches", dataset.root, "--size", 32, "--per-image", 3, "--seed", 5, "--no-flips", "--foreground", 0.25)
    assert json.loads((dataset.root / "patches/size32/settings.json").read_text(encoding="utf-8")) == {
        "size": 32,
        "per_image": 3,
        "seed": 5,
        "foreground": 0.25,
        "flips": False,
        "format": "npy",
        "split_hash": dataset.split_hash(),
        "masks_hash": dataset.masks_hash("train", "val"),
        "images_hash": hashlib.sha256(b"".join(map(image_hash, dataset.of_split("train", "val")))).hexdigest()[:16],
    }


def test_foreground_share(dataset: Dataset) -> None:
    """Half of an image's patches are aimed at a foreground pixel, the rare class first, then in turn."""
    run_ok("patches", dataset.root, "--size", 24, "--per-image", 8, "--foreground", 0.5)
    _, masks, index = read_patches(dataset.root, 24)
    for stem, rows in index.groupby("stem"):
        mask = dataset.mask(by_stem(dataset.root)[str(stem)])
        counts = {c: int((mask == c).sum()) for c in (1, 2) if (mask == c).any()}
        rarest_first = sorted(counts, key=lambda c: (counts[c], c))
        aimed = [int(value) for value in rows["class"] if value]
        assert aimed == [rarest_first[number % len(rarest_first)] for number in range(4)]
        for row in rows[rows["class"] != ""].itertuples():
            target = int(row[list(rows.columns).index("class") + 1])
            assert (masks[row.patch] == target).any()
            centre = slice(row.y + 12 - 6, row.y + 12 + 7), slice(row.x + 12 - 6, row.x + 12 + 7)
            at_the_border = row.y in (0, 80 - 24) or row.x in (0, 64 - 24)
            assert at_the_border or (mask[centre] == target).any()


@pytest.mark.parametrize(("share", "aimed"), [(0, 0), (0.3, 6), (1, 20)])
def test_foreground_counts(dataset: Dataset, share: float, aimed: int) -> None:
    run_ok("patches", dataset.root, "--size", 24, "--foreground", share)
    _, _, index = read_patches(dataset.root, 24)
    assert set((index["class"] != "").groupby(index["stem"]).sum()) == {aimed}


@given(
    st.integers(1, 60), st.integers(1, 60), st.integers(16, 40), st.integers(1, 12), st.floats(0, 1), st.integers(0, 9)
)
def test_chosen_crops_lie_inside(height: int, width: int, size: int, count: int, share: float, seed: int) -> None:
    mask = np.random.default_rng(seed).integers(0, 3, (height, width)).astype(np.uint8)
    crops = choose_crops(mask, size, count, share, (1, 2), Stream(seed))
    assert len(crops) == count
    assert sum(crop.target is not None for crop in crops) == (round(count * share) if mask.any() else 0)
    for crop in crops:
        assert min(0, height - size) <= crop.top <= max(0, height - size)
        assert min(0, width - size) <= crop.left <= max(0, width - size)
        rows, columns = slice(max(0, crop.top), crop.top + size), slice(max(0, crop.left), crop.left + size)
        assert crop.target is None or (mask[rows, columns] == crop.target).any()


def plain_crops(
    mask: np.ndarray, size: int, count: int, share: float, classes: tuple[int, ...], stream: Stream
) -> list:
    """The choice with a list of all pixels of a class: simple, and gigabytes for large masks."""

    def near(pixel: int, length: int) -> int:
        start = pixel - size // 2 + stream.integer(-(size // 4), size // 4)
        return min(max(start, min(0, length - size)), max(0, length - size))

    def start(length: int) -> int:
        return stream.integer(min(0, length - size), max(0, length - size))

    number = {index: int((mask == index).sum()) for index in classes}
    present = sorted((index for index in classes if number[index]), key=lambda index: (number[index], index))
    crops = []
    for k in range(count):
        if present and k < round(count * share):
            target = present[k % len(present)]
            row, column = np.argwhere(mask == target)[stream.integer(0, number[target] - 1)]
            crops.append(Crop(near(int(row), mask.shape[0]), near(int(column), mask.shape[1]), target))
        else:
            crops.append(Crop(start(mask.shape[0]), start(mask.shape[1]), None))
    return crops


@given(
    st.integers(1, 60), st.integers(1, 60), st.integers(16, 40), st.integers(1, 12), st.floats(0, 1), st.integers(0, 9)
)
def test_crops_are_those_of_a_list_of_all_pixels(
    height: int, width: int, size: int, count: int, share: float, seed: int
) -> None:
    mask = np.random.default_rng(seed).integers(0, 4, (height, width)).astype(np.uint8)
    chosen = choose_crops(mask, size, count, share, (1, 3), Stream(seed))
    assert chosen == plain_crops(mask, size, count, share, (1, 3), Stream(seed))


@given(st.integers(1, 90), st.integers(1, 90), st.integers(16, 40), st.integers(0, 99), st.floats(0, 1))
def test_no_patch_is_ignored_altogether_where_anything_is_labelled(
    height: int, width: int, size: int, seed: int, share: float
) -> None:
    mask = np.full((height, width), 255, np.uint8)
    row, column = np.random.default_rng(seed).integers(0, [height, width])
    mask[row, column] = seed % 2
    for crop in choose_crops(mask, size, 9, share, (1,), Stream(seed)):
        assert (mask[max(0, crop.top) : crop.top + size, max(0, crop.left) : crop.left + size] != 255).any()


def test_choosing_takes_memory_for_a_strip_only() -> None:
    mask = np.zeros((6000, 5000), np.uint8)
    mask[3000:] = 1
    tracemalloc.start()
    try:
        choose_crops(mask, 96, 20, 0.5, (0, 1), Stream(0))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40e6  # a list of all pixels took 16 bytes for each


def test_masks_without_a_label_are_told(dataset: Dataset) -> None:
    stem = dataset.of_split("train")[0].stem
    save(dataset.root / "masks" / f"{stem}.png", np.full((80, 64), 255, np.uint8))
    result = run_ok("patches", dataset.root, "--size", 24)
    assert "1 mask holds ignored pixels only: these patches teach nothing." in result.stderr


def test_crops_go_everywhere() -> None:
    crops = choose_crops(np.zeros((60, 40), np.uint8), 20, 3000, 0, (1,), Stream(0))
    assert {crop.top for crop in crops} == set(range(41))
    assert {crop.left for crop in crops} == set(range(21))


@pytest.mark.parametrize("flips", [True, False])
def test_png_format_writes_every_orientation(dataset: Dataset, flips: bool) -> None:
    options = ["--size", 32, "--per-image", 3, "--flips" if flips else "--no-flips"]
    run_ok("patches", dataset.root, *options)
    images, masks, plain = read_patches(dataset.root, 32)
    images, masks = images.copy(), masks.copy()
    run_ok("patches", dataset.root, *options, "--format", "png", "--overwrite")
    folder = dataset.root / "patches" / "size32"
    orientations = FLIPS if flips else FLIPS[:1]
    index = pd.read_csv(folder / "index.csv")
    assert len(index) == 60 * len(orientations)
    assert {path.name for path in folder.iterdir()} == {"images", "masks", "index.csv", "preview.png", "settings.json"}
    assert len(list((folder / "images").iterdir())) == len(list((folder / "masks").iterdir())) == len(index)
    for row in index.itertuples():
        crop, flip = divmod(row.patch, len(orientations))
        assert (row.flip, row.stem, row.y, row.x) == (flip, plain["stem"][crop], plain["y"][crop], plain["x"][crop])
        assert np.array_equal(load(folder / "images" / f"p{row.patch}.png"), np.flip(images[crop], orientations[flip]))
        assert np.array_equal(load(folder / "masks" / f"p{row.patch}.png"), np.flip(masks[crop], orientations[flip]))


@pytest.mark.parametrize(("per_image", "columns", "rows"), [(20, 16, 4), (1, 16, 4)])
def test_preview(dataset: Dataset, per_image: int, columns: int, rows: int) -> None:
    """32 patches from all over, or as many as there are: images above, their masks in colour below."""
    run_ok("patches", dataset.root, "--size", 32, "--per-image", per_image)
    images, _, _ = read_patches(dataset.root, 32)
    preview = load(dataset.root / "patches" / "size32" / "preview.png")
    assert preview.shape == (rows * 36 + 4, columns * 36 + 4, 3)
    assert np.array_equal(preview[4:36, 4:36], images[0])


def test_preview_of_few_patches(tmp_path: Path) -> None:
    run_ok("synth", "--n", 3, "--test", 0, "--size", "40x40", "-o", tmp_path / "s")
    run_ok("patches", tmp_path / "s", "--size", 32, "--per-image", 1)
    assert load(tmp_path / "s" / "patches" / "size32" / "preview.png").shape == (2 * 36 + 4, 3 * 36 + 4, 3)


@pytest.mark.parametrize("patch_format", ["npy", "png"])
def test_same_bytes_for_any_workers_and_again(dataset: Dataset, patch_format: str) -> None:
    results = []
    for workers in (1, 2, 4, 4):
        options = ["--size", 32, "--per-image", 4, "--format", patch_format, "--workers", workers]
        run_ok("patches", dataset.root, *options)
        results.append(tree(dataset.root / "patches"))
        if len(results) < 3:
            (dataset.root / "patches").rename(dataset.root.parent / f"away{workers}")
    assert results[0] == results[1] == results[2] == results[3]


def test_a_samples_patches_depend_on_seed_and_stem_only(dataset: Dataset, tmp_path: Path) -> None:
    run_ok("patches", dataset.root, "--size", 32)
    run_ok("synth", "--n", 30, "--test", 0, "--size", "64x80", "-o", tmp_path / "more")
    run_ok("patches", tmp_path / "more", "--size", 32)
    few, more = (
        read_patches(root, 32)[2].set_index("stem")[["y", "x", "class"]] for root in (dataset.root, tmp_path / "more")
    )
    assert few.equals(more[more.index.isin(few.index)])
    run_ok("patches", dataset.root, "--size", 32, "--seed", 1, "--overwrite")
    assert not few.equals(read_patches(dataset.root, 32)[2].set_index("stem")[["y", "x", "class"]])


def test_other_patches_need_overwrite_and_other_sizes_do_not(dataset: Dataset) -> None:
    run_ok("patches", dataset.root, "--size", 32, "--per-image", 2)
    before = tree(dataset.root)
    said = run_error("patches", dataset.root, "--size", 32, "--per-image", 2, "--seed", 9)
    assert "add --overwrite" in said
    assert tree(dataset.root) == before
    run_ok("patches", dataset.root, "--size", 48, "--per-image", 2)
    after = tree(dataset.root)
    assert {name: after[name] for name in before} == before
    run_ok("patches", dataset.root, "--size", 32, "--per-image", 1, "--format", "png", "--overwrite")
    assert not (dataset.root / "patches" / "size32" / "images.npy").exists()


def test_default_split_is_told_on_stderr(dataset: Dataset) -> None:
    index = dataset.root / "index.csv"
    lines = index.read_text(encoding="utf-8").splitlines()
    index.write_text(
        "\n".join(line.rpartition(",")[0] + "," if n else line for n, line in enumerate(lines)) + "\n", encoding="utf-8"
    )
    result = run_ok("patches", dataset.root, "--size", 32, "--json")
    assert "The dataset had no split; it now has the default one (80/10/10, seed 0)." in result.stderr
    assert json.loads(result.stdout)["images"] == 21
    assert Dataset.open(dataset.root).is_split
    assert result.stderr not in run_ok("patches", dataset.root, "--size", 32).stderr


def test_nothing_to_cut_is_told(dataset: Dataset) -> None:
    index = dataset.root / "index.csv"
    text = index.read_text(encoding="utf-8").replace(",train\n", ",test\n").replace(",val\n", ",test\n")
    index.write_text(text, encoding="utf-8")
    assert "no labelled train or val samples to cut patches of" in run_error("patches", dataset.root)
    assert not (dataset.root / "patches").exists()


def _interrupt_after(samples: int, dataset: Dataset) -> None:
    def interrupt(done: int, total: int) -> None:
        if done == samples:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_patches(dataset, size=32, workers=1, progress=interrupt)
    assert list(dataset.root.glob(".unfinished-patches-32-*"))


def test_images_that_changed_since_an_interruption_are_cut_again(dataset: Dataset) -> None:
    _interrupt_after(10, dataset)
    save(dataset.root / "images" / "image_000003.png", random_image(0, 80, 64))
    run_ok("patches", dataset.root, "--size", 32, "--workers", 1)
    assert_crops_are_sources(dataset, 32)


def test_masks_that_changed_since_an_interruption_are_cut_again(dataset: Dataset) -> None:
    _interrupt_after(10, dataset)
    save(dataset.root / "masks" / "image_000003.png", random_mask(0, 80, 64))
    run_ok("patches", dataset.root, "--size", 32, "--workers", 1)
    assert_crops_are_sources(dataset, 32)


def test_patches_larger_than_the_disk_are_refused_and_leave_nothing(dataset: Dataset) -> None:
    before = tree(dataset.root)
    error = run_error("patches", dataset.root, "--size", 99_000, "--per-image", 10_000)
    assert "MB are free; choose a smaller --size or --per-image" in error
    assert tree(dataset.root) == before


@pytest.mark.parametrize(
    "command",
    [("stats",), ("report",), ("check",), ("masks", "export", "--to", "voc", "-o", "x"), ("pack", "-o", "shards")],
)
def test_a_set_of_patches_is_no_dataset_and_the_one_it_was_cut_from_is_named(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(dataset.root)
    run_ok("patches", ".", "--size", 32)
    before = tree(dataset.root)
    patches = Path("patches/size32")
    said = run_error(*command, patches)
    assert f"{patches}: a set of patches, and no dataset; name the dataset that they were cut from: ." in said
    assert tree(dataset.root) == before
