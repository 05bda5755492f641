"""Images that are more than the memory holds: every crop is shown as often as it should be, from a folder or shards."""

import json
import subprocess
import sys
import weakref
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from prep.core.classes import ClassMap, write_classes
from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample, read_index, write_index
from prep.dataset.stats import compute_stats, ensure_stats
from prep.packing.pack import pack_dataset
from prep.packing.streamed import StreamedDataset, open_dataset, stream_dataset
from tests.prep.storage.closed_website import closed_website
from tests.support import run_ok, run_partly, run_train, save
from tests.train.data.stores import generator
from train.config.config import Config
from train.data import data as pixels
from train.data import streamed_store
from train.data.data import PixelStore, training_store
from train.data.streamed_store import StreamedStore

IMAGES, CROPS = 23, 3
COLORS = ((0, 0, 0), (250, 0, 0))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Images of unlike sizes, each of one grey that tells its number; the class of a pixel is its column's parity."""
    root = tmp_path / "many"
    samples = []
    for number in range(IMAGES + 4):
        height, width = 40 + number, 70 - number
        stem, split = f"{number:02}", "train" if number < IMAGES else ("val", "test")[number % 2]
        save(root / f"images/{stem}.png", np.full((height, width, 3), 5 * number, np.uint8))
        save(root / f"masks/{stem}.png", np.tile(np.arange(width, dtype=np.uint8) % 2, (height, 1)))
        samples.append(Sample(stem, f"images/{stem}.png", f"masks/{stem}.png", width, height, "", split))
    write_classes(root / "classes.json", ClassMap(("even", "odd"), COLORS))
    write_index(root / "index.csv", samples)
    run_ok("stats", root)
    return root


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "machine_memory", lambda: 100_000)
    monkeypatch.setattr(streamed_store, "_BUFFER_BYTES", 60_000)  # five images


def packed(root: Path, tmp_path: Path) -> Dataset:
    pack_dataset(root, str(tmp_path / "packed"), shard_size=1 << 16, workers=1)
    stream_dataset(str(tmp_path / "packed"), tmp_path / "small")
    return open_dataset(tmp_path / "small")


def folder(root: Path, tmp_path: Path) -> Dataset:
    return open_dataset(root)


def store_of(dataset: Dataset, **settings: object) -> StreamedStore:
    store = training_store(dataset, Config(size=32, crops=CROPS, **settings))
    assert isinstance(store, StreamedStore)
    return store


def shown(store: StreamedStore, batch: int, rank: int = 0, world: int = 1, seed: int = 0) -> list[int]:
    """Numbers of the images of all crops of an epoch, in their order; each crop is compared with its image."""
    numbers = []
    for images, masks in store.batches(batch, generator(seed), rank, world):
        assert images.shape == (batch // world, 32, 32, 3)
        for image, mask in zip(images, masks, strict=True):
            assert len(image.unique()) == 1
            numbers.append(int(image[0, 0, 0]) // 5)
            assert (mask[:, 1:] != mask[:, :-1]).all()  # the columns alternate, from where the crop begins
    return numbers


@pytest.mark.parametrize("source", [folder, packed])
def test_each_image_gives_its_crops_once_an_epoch(
    source: Callable[[Path, Path], Dataset], root: Path, tmp_path: Path, little_memory: None
) -> None:
    store = store_of(source(root, tmp_path))
    assert len(store) == IMAGES * CROPS
    numbers = shown(store, batch=3)
    assert Counter(numbers) == dict.fromkeys(range(IMAGES), CROPS)
    assert store.steps(3) == len(numbers) / 3
    assert numbers == shown(store, batch=3)
    other = shown(store, batch=3, seed=1)
    assert other != numbers
    assert Counter(other) == Counter(numbers)
    assert numbers[: 2 * CROPS] != sorted(numbers[: 2 * CROPS])


@pytest.mark.parametrize("source", [folder, packed])
def test_processes_share_the_images(
    source: Callable[[Path, Path], Dataset], root: Path, tmp_path: Path, little_memory: None
) -> None:
    store = store_of(source(root, tmp_path))
    each = [shown(store, batch=4, rank=rank, world=2) for rank in range(2)]
    assert [len(numbers) for numbers in each] == [2 * store.steps(4)] * 2
    assert set(each[0]).isdisjoint(each[1])
    assert len(set(each[0]) | set(each[1])) >= IMAGES - 1  # of an odd number one process has one more than it shows
    with pytest.raises(SegError, match="cannot be shared out among 2 processes"):
        store.batches(3, generator(), 0, 2)


def test_the_buffer_stays_small(root: Path, little_memory: None, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    take = streamed_store._Buffer.take

    def watched(self: streamed_store._Buffer) -> object:
        held.append(sum(each.size for each in self._held))
        assert held[-1] == self._bytes
        return take(self)

    monkeypatch.setattr(streamed_store._Buffer, "take", watched)
    shown(store_of(open_dataset(root)), batch=3)
    assert 40_000 < max(held) < 60_000 + 2 * 12_000


def test_crops_are_changed_as_those_of_other_stores(root: Path, little_memory: None) -> None:
    store = store_of(open_dataset(root), rotate=30, scale=(0.8, 1.2), noise=0.1, brightness=0.2)
    images, masks = next(store.batches(6, generator()))
    assert images.shape == (6, 32, 32, 3)
    assert masks.shape == (6, 32, 32)
    assert all(len(image.unique()) > 5 for image in images)


def test_a_damaged_image_is_named(root: Path, little_memory: None) -> None:
    store = store_of(open_dataset(root))
    path = root / "images/07.png"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(SegError, match=r"images/07\.png"):
        shown(store, batch=3)


def test_a_small_dataset_holds_all_but_the_training_samples(root: Path, tmp_path: Path) -> None:
    small, whole = packed(root, tmp_path), open_dataset(root)
    assert isinstance(small, StreamedDataset)
    assert (small.samples, small.classes) == (whole.samples, whole.classes)
    assert sorted(path.stem for path in (small.root / "images").iterdir()) == ["23", "24", "25", "26"]
    assert small.files_hash("train") == whole.files_hash("train")
    for one, other in zip(small, whole, strict=True):
        assert np.array_equal(one.image, other.image)
        assert np.array_equal(one.mask, other.mask)
    store = training_store(small, Config(size=32))  # which fits into this memory
    assert isinstance(store, PixelStore)
    assert torch.equal(store.pixels, training_store(whole, Config(size=32)).pixels)


def test_another_split_than_that_of_the_shards_is_refused(root: Path, tmp_path: Path) -> None:
    small = packed(root, tmp_path)
    write_index(small.root / "index.csv", [Sample(**{**vars_of(s), "split": "val"}) for s in small.samples])
    with pytest.raises(SegError, match="has another split than the shards"):
        open_dataset(small.root)


def vars_of(sample: Sample) -> dict[str, object]:
    return {name: getattr(sample, name) for name in Sample.__dataclass_fields__}


def test_two_at_once_make_one_small_dataset(root: Path, tmp_path: Path) -> None:
    pack_dataset(root, str(tmp_path / "packed"), shard_size=1 << 16, workers=1)
    program = "import sys, pathlib as p, prep.packing.streamed as s; s.stream_dataset(sys.argv[1], p.Path(sys.argv[2]))"
    words = [sys.executable, "-c", program, tmp_path / "packed", tmp_path / "small"]
    both = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [(each.communicate()[1], each.returncode) for each in both] == [("", 0), ("", 0)]
    assert open_dataset(tmp_path / "small").files_hash("train") == open_dataset(root).files_hash("train")


def test_large_images_are_decoded_one_after_the_other(
    root: Path, little_memory: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never more in memory than what is in the buffer, what joins it, and one that is decoded ahead."""
    monkeypatch.setattr(streamed_store, "_DECODED_AHEAD_BYTES", 1)
    monkeypatch.setattr(streamed_store, "_BUFFER_BYTES", 1)
    alive = [0, 0]
    decoded = StreamedStore._decoded

    def counted(self: StreamedStore, part: list[Sample]) -> list[streamed_store._Held]:
        held = decoded(self, part)
        for each in held:
            alive[0] += 1
            alive[1] = max(alive)
            weakref.finalize(each, lambda: alive.__setitem__(0, alive[0] - 1))
        return held

    monkeypatch.setattr(StreamedStore, "_decoded", counted)
    assert Counter(shown(store_of(open_dataset(root)), batch=1)) == dict.fromkeys(range(IMAGES), CROPS)
    assert alive[1] <= 5


def test_what_was_packed_without_statistics_cannot_be_trained_on(root: Path, tmp_path: Path) -> None:
    (root / "stats.json").unlink()
    with pytest.raises(SegError, match="was packed without statistics; type 'seg-prep stats' in the dataset"):
        packed(root, tmp_path)
    assert not (tmp_path / "small").exists()
    write_index(root / "index.csv", [replace(sample, split="") for sample in read_index(root / "index.csv")])
    with pytest.raises(SegError, match="without a split and statistics; type 'seg-prep split' and 'seg-prep stats'"):
        packed(root, tmp_path / "anew")


def test_training_from_shards_by_the_command_and_going_on(
    root: Path, tmp_path: Path, little_memory: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pack_dataset(root, "packed", shard_size=1 << 16)
    settings = ("--size", 32, "--batch", 4, "--width", 4, "--depth", 2, "--device", "cpu", "--crops", 1)
    result = run_train("packed", "--epochs", 2, *settings)
    assert result.exit_code == 0, result.output
    assert "all of packed but its training samples" in result.stderr
    assert "images are read again in each" in result.stderr
    assert "next" not in result.stdout
    run = json.loads(Path("runs/latest/config.json").read_text())
    assert (run["dataset"], run["train_images"]) == ("packed", IMAGES)
    for words in (("score",), ("--resume",), ("packed", "--epochs", 1, *settings), ("plan", "packed", "--minutes", 1)):
        result = run_train(*words)
        assert result.exit_code == 0, result.output
    pack_dataset(root, "packed", shard_size=1 << 17, overwrite=True)
    result = run_train("packed", "--epochs", 1, *settings)
    assert result.exit_code == 1
    assert "was made of another dataset than" in result.stderr


@pytest.mark.parametrize("place", ["elsewhere/packed", "other"])
def test_shards_that_were_moved_are_named_anew(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    pack_dataset(root, "packed", shard_size=1 << 16)
    settings = ("--size", 32, "--batch", 4, "--width", 4, "--depth", 2, "--device", "cpu", "--crops", 1)
    assert run_train("packed", "--epochs", 1, *settings).exit_code == 0
    Path(place).parent.mkdir(exist_ok=True)
    Path("packed").rename(place)
    result = run_train("--resume")
    assert result.exit_code == 1
    assert "if the packed dataset was moved, type 'seg-train PLACE' with where it is now, and --resume" in result.stderr
    result = run_train(place, "--resume")
    assert result.exit_code == 0, result.output
    assert "was trained to its end before; it is only scored again" in result.stderr


def test_the_password_of_a_url_is_written_nowhere_and_the_training_has_it(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEG_SHARDS_URL", "")  # what the training sets ends with the test
    pack_dataset(root, "there/packed", shard_size=1 << 16)
    with closed_website(tmp_path / "there") as url:
        settings = ("--epochs", 1, "--size", 32, "--batch", 4, "--width", 4, "--depth", 2, "--device", "cpu")
        result = run_train(f"{url}/packed", *settings)
        assert result.exit_code == 0, result.output
        assert "geheim" not in result.output
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert not [path for path in files if b"geheim" in path.read_bytes()]
        monkeypatch.setenv("SEG_SHARDS_URL", "")
        result = run_train("--resume")
        assert result.exit_code == 1
        assert "set the environment variable SEG_SHARDS_URL to the whole URL" in result.stderr
        monkeypatch.setenv("SEG_SHARDS_URL", f"{url}/packed")
        assert run_train("--resume").exit_code == 0


def test_statistics_that_were_old_when_they_were_packed_are_counted_from_the_shards(root: Path, tmp_path: Path) -> None:
    save(root / "masks/03.png", np.zeros((43, 67), np.uint8))
    small = packed(root, tmp_path)
    stats, is_new = ensure_stats(small)
    assert is_new
    assert stats == compute_stats(open_dataset(root))
    assert ensure_stats(open_dataset(small.root)) == (stats, False)


def test_a_damaged_file_in_a_shard_is_named_alone_with_where_to_mend_it(root: Path, tmp_path: Path) -> None:
    (root / "masks/03.png").write_bytes(b"no mask")
    small = packed(root, tmp_path)
    with pytest.raises(SegError) as raised:
        ensure_stats(small)
    first, *rest = str(raised.value).splitlines()
    assert first.startswith(f"{small.root / 'masks/03.png'}: ")
    where = tmp_path / "packed"
    assert rest == [f"Mend them in the dataset that was packed at {where}, and pack it again with --overwrite"]


@pytest.mark.parametrize("name", ["images/03.png", "masks/03.png", "masks/24.png"])
def test_what_was_missing_when_it_was_packed_is_not_trained_without(root: Path, tmp_path: Path, name: str) -> None:
    (root / name).unlink()
    assert f"{root / name}: no such file" in run_partly("pack", root, "-o", tmp_path / "packed")
    with pytest.raises(SegError) as raised:
        stream_dataset(str(tmp_path / "packed"), tmp_path / "small")
    assert f"packed: {name} was not there, or not readable, when the dataset was packed" in str(raised.value)
    assert not (tmp_path / "small").exists()


def test_a_test_image_that_was_missing_then_is_in_no_score(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (root / "images/23.png").unlink()
    run_partly("pack", root, "-o", "packed")
    result = run_train("packed", "--epochs", 1, "--size", 32, "--width", 4, "--depth", 2, "--device", "cpu")
    assert result.exit_code == 1, result.output
    assert "packed: images/23.png was not there, or not readable, when the dataset was packed" in result.stderr
    assert Path("runs/latest/metrics.json").exists()
