"""Pipelines that albumentations saved: masks stay masks, seeds decide, errors in words."""

import collections
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage

from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from tests.train.data.stores import generator, store_of
from train.config.config import Config
from train.data.albumentation import load_transform
from train.data.data import training_store

Array = NDArray[np.uint8]
Node = dict[str, Any]


def node(kind: str, /, **options: Any) -> Node:  # noqa: ANN401
    return {"__class_fullname__": kind, **options}


ALIASES = (
    "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40)) + "transform: *a39"
)
"""A kilobyte of YAML that stands for 2**40 entries."""


def written(folder: Path, *transforms: Node, name: str = "augment.json") -> Path:
    path = folder / name
    path.write_text(json.dumps({"transform": node("Compose", transforms=list(transforms))}), encoding="utf-8")
    return path


def patches(count: int = 6, size: int = 32) -> tuple[Array, Array]:
    """Random images; masks of the classes 0, 1, 2 with an ignored corner."""
    random = np.random.default_rng(0)
    masks = random.integers(0, 3, (count, size // 8, size // 8)).astype(np.uint8).repeat(8, 1).repeat(8, 2)
    masks[:, :4, :4] = 255
    return random.integers(0, 256, (count, size, size, 3)).astype(np.uint8), masks


def test_image_and_mask_go_together(tmp_path: Path) -> None:
    flip = load_transform(written(tmp_path, node("HorizontalFlip", p=1)))
    images, masks = patches()
    changed, labels = flip(images, masks, range(6))
    np.testing.assert_array_equal(changed, images[:, :, ::-1])
    np.testing.assert_array_equal(labels, masks[:, :, ::-1])


@pytest.mark.parametrize("data_format", ["json", "yaml"])
def test_what_albumentations_saves_is_read(tmp_path: Path, data_format: str) -> None:
    import albumentations

    flips = albumentations.Compose(
        [albumentations.OneOf([albumentations.VerticalFlip(p=1)], p=1), albumentations.HueSaturationValue(p=1)]
    )
    path = tmp_path / f"augment.{data_format}"
    albumentations.save(flips, path, data_format=data_format)
    images, masks = patches()
    changed, labels = load_transform(path)(images, masks, range(6))
    np.testing.assert_array_equal(labels, masks[:, ::-1])
    assert not np.array_equal(changed, images[:, ::-1])


@pytest.mark.parametrize(
    "transform",
    [
        node("Rotate", limit=[40, 40], border_mode=0, p=1),
        node("Rotate", limit=[40, 40], border_mode=0, fill_mask=255, p=1),
        node("Affine", rotate=[40, 40], fill_mask=1.0, mask_interpolation=1, interpolation=1, p=1),
        node("Perspective", scale=[0.3, 0.3], fit_output=True, p=1),
        node("ThinPlateSpline", scale_range=[0.3, 0.3], p=1),  # has no option for what new pixels are
        node("GridDropout", ratio=0.6, random_offset=False, unit_size_range=[12, 16], fill_mask=0, p=1),
    ],
    ids=lambda transform: transform["__class_fullname__"],
)
def test_new_pixels_are_ignored_and_no_class_appears_between_two(tmp_path: Path, transform: Node) -> None:
    images, masks = patches()
    masks = np.where(masks == 1, np.uint8(2), masks)  # 0, 2 and 255: 1 and all else would be new
    images = np.where(images == 0, np.uint8(1), images)
    _, labels = load_transform(written(tmp_path, transform))(images, masks, range(6))
    assert set(np.unique(labels)) == {0, 2, 255}
    assert (labels == 255).sum() > 1.2 * (masks == 255).sum()
    full = np.full_like(masks, 2)
    changed, labels = load_transform(written(tmp_path, transform))(images, full, range(6))
    black = inner((changed == 0).all(-1))
    assert black.any()
    assert (labels[black] == 255).all()


def inner(marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Without the two pixels next to an edge."""
    return np.stack([ndimage.binary_erosion(one, iterations=2) for one in marked])


def test_dropout_that_leaves_the_mask_alone_still_does(tmp_path: Path) -> None:
    images, masks = patches()
    changed, labels = load_transform(written(tmp_path, node("CoarseDropout", fill_mask=None, p=1)))(
        images, masks, range(6)
    )
    np.testing.assert_array_equal(labels, masks)
    assert not np.array_equal(changed, images)


def test_seeds_decide_whatever_is_beside_a_patch(tmp_path: Path) -> None:
    transform = load_transform(
        written(tmp_path, node("Rotate", p=0.5), node("OneOf", transforms=[node("GaussNoise"), node("GaussianBlur")]))
    )
    images, masks = patches()
    whole = transform(images, masks, [5, 6, 7, 8, 9, 10])
    part = transform(images[3:5], masks[3:5], [8, 9])
    again = load_transform(transform.path)(images[3:5], masks[3:5], [8, 9])
    other = transform(images[3:5], masks[3:5], [18, 19])
    for kind in (0, 1):
        np.testing.assert_array_equal(whole[kind][3:5], part[kind])
        np.testing.assert_array_equal(part[kind], again[kind])
    assert not np.array_equal(part[0], other[0])


def test_two_transforms_of_a_pipeline_decide_on_their_own(tmp_path: Path) -> None:
    """Seeding each transform with the same number makes two flips go together always."""
    transform = load_transform(written(tmp_path, node("HorizontalFlip", p=0.5), node("VerticalFlip", p=0.5)))
    mask = np.arange(4, dtype=np.uint8).reshape(1, 2, 2).repeat(400, 0)
    _, labels = transform(mask[..., None].repeat(3, 3), mask, range(400))
    ways = collections.Counter(one.tobytes() for one in labels)
    assert len(ways) == 4
    assert min(ways.values()) > 60


def test_batches_of_a_store_go_through_it_for_any_number_of_processes(tmp_path: Path) -> None:
    images, masks = patches(8, 16)
    transform = load_transform(written(tmp_path, node("Rotate", p=0.7), node("RandomBrightnessContrast", p=0.7)))
    plain = store_of(list(images), list(masks), 16, flips=True)
    store = replace(plain, transform=transform, config=Config(brightness=0.1))
    whole = list(store.batches(8, generator(1)))
    parts = [list(store.batches(8, generator(1), rank, 2)) for rank in (0, 1)]
    assert len(whole) == 3
    for number, batch in enumerate(whole):
        for kind in (0, 1):
            assert torch.equal(torch.stack([part[number][kind] for part in parts], 1).flatten(0, 1), batch[kind])
    assert not torch.equal(whole[0][0], next(plain.batches(8, generator(1)))[0])


def test_the_settings_of_a_training_reach_its_patches(dataset: Dataset, tmp_path: Path) -> None:
    path = written(tmp_path, node("InvertImg", p=1))
    store = training_store(dataset, Config(rotate=20, scale=(0.9, 1.2), noise=0.1, flips=False, augment=str(path)))
    assert (store.config.flips, store.config.rotate, store.config.scale) == (False, 20, (0.9, 1.2))
    plain, inverted = (
        next(training_store(dataset, Config(augment=file)).batches(2, generator()))[0] for file in (None, str(path))
    )
    assert torch.equal(plain, 255 - inverted)
    with pytest.raises(SegError, match="--rotate needs"):
        training_store(dataset, Config(rotate=200))


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        (node("RandomCrop", height=8, width=8, p=1), "makes images of 8 x 8 x 3 uint8, where they were 32 x 32 x 3"),
        (node("FromFloat", p=1), "makes images of .* float16, where they were 32 x 32 x 3 uint8"),
        (node("Mosaic", p=1), "the pipeline fails on a patch: .*mosaic_metadata"),
    ],
    ids=lambda value: value["__class_fullname__"] if isinstance(value, dict) else "",
)
def test_what_a_pipeline_may_not_do_is_told_with_its_file(tmp_path: Path, transform: Node, message: str) -> None:
    path = written(tmp_path, transform)
    with pytest.raises(SegError, match=rf"augment.json: .*{message}"):
        load_transform(path)(*patches(), range(6))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.pkl", "", r"a.pkl: not .yaml, .yml or .json; write one in Python with albumentations.save"),
        ("a.json", "{", "a.json: damaged JSON: "),
        ("a.json", "[" * 100_000, "a.json: nested too deeply"),
        ("a.yaml", "[" * 5_000, "a.yaml: nested too deeply"),
        ("a.yaml", ALIASES, "a.yaml: stands for more than 100,000 entries"),
        ("a.yaml", "transform: &a\n  transforms: [*a]", "a.yaml: stands for more than 100,000 entries"),
        ("a.yaml", "a: [1", "a.yaml: damaged YAML: "),
        ("a.yaml", "transform: !!python/object/apply:os.getcwd []", "a.yaml: damaged YAML: could not determine"),
        ("a.json", "[]", "no 'transform' in it"),
        ("a.yaml", "transform: HorizontalFlip", "no 'transform' in it"),
        ("a.json", '{"transform": {"p": 1}}', "a transform without '__class_fullname__'"),
        ("a.json", json.dumps({"transform": node("Compose", transforms=3)}), "the transforms of Compose are no list"),
        ("a.json", json.dumps({"transform": node("Compose", transforms=["HorizontalFlip"])}), "a transform without"),
        (
            "a.json",
            json.dumps({"transform": node("HorizontlFlip")}),
            "no transform named 'HorizontlFlip'; the nearest name is HorizontalFlip",
        ),
        ("a.json", json.dumps({"transform": node("HorizontalFlip", often=1)}), "HorizontalFlip: .*often"),
        ("a.json", json.dumps({"transform": node("RandomCrop", height=3)}), "RandomCrop: width Field required"),
        ("a.json", json.dumps({"transform": node("HorizontalFlip", p=7)}), "HorizontalFlip: p Input should be"),
        ("a.json", json.dumps({"transform": node("Lambda", name="f")}), "Lambda is a function"),
        ("a.json", json.dumps({"transform": node("Normalize")}), "leave Normalize out: seg-train normalises"),
        ("a.json", json.dumps({"transform": node("MaskDropout")}), "MaskDropout chooses by class numbers"),
    ],
)
def test_files_that_are_no_pipeline_are_told_in_words(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(text or "x", encoding="utf-8")
    with pytest.raises(SegError, match=message):
        load_transform(path)


def test_a_missing_or_binary_file_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(SegError, match=r"none\.yaml"):
        load_transform(tmp_path / "none.yaml")
    (tmp_path / "a.json").write_bytes(b"\x80\x04\x95\xff")
    with pytest.raises(SegError, match="not a text file"):
        load_transform(tmp_path / "a.json")


def test_nothing_asks_the_network_and_nothing_heavy_loads_before_a_file_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, node("HorizontalFlip"))
    program = (
        "import socket, sys, os; from pathlib import Path; from train.data.albumentation import load_transform; "
        "assert 'albumentations' not in sys.modules\n"
        "def refuse(*_): raise SystemExit('asked the network')\n"
        f"socket.getaddrinfo = socket.create_connection = refuse; load_transform(Path({str(path)!r})); "
        "assert 'albumentations' in sys.modules"
    )
    clean = {name: value for name, value in os.environ.items() if name != "NO_ALBUMENTATIONS_UPDATE"}
    subprocess.run([sys.executable, "-c", program], check=True, env=clean)
