"""What a person rejected stays rejected, whichever command is typed again."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from prep.dataset.dataset import Dataset
from prep.dataset.index import read_index, write_index
from prep.dataset.states import write_states
from tests.conftest import Raw
from tests.rasters import colored, needs_geo, write_raster
from tests.support import by_stem, paint, random_mask, run_ok, save, tree


def reject(root: Path, *stems: str) -> None:
    """What 'seg-prep annotate' leaves of rejected images."""
    samples = read_index(root / "index.csv")
    write_index(root / "index.csv", [replace(each, mask="") if each.stem in stems else each for each in samples])
    write_states(root / "states.csv", dict.fromkeys(stems, "rejected"), {})


def stays_rejected(root: Path, stem: str, command: Sequence[object]) -> None:
    """Reject this sample, type the command again, with and without --overwrite: it has to stay, and be told."""
    reject(root, stem)
    before = tree(root)
    told = f"1 sample stays rejected ({stem}): index.csv does not name its mask; 'seg-prep annotate {root}' takes"
    for options in ([], ["--overwrite"]):
        assert told in run_ok(*command, *options).stdout
        assert by_stem(root)[stem].mask == ""
        assert {name: content for name, content in tree(root).items() if name != ".lock"} == before
    assert len(Dataset.open(root).of_split()) == len(by_stem(root)) - 1


def test_masks_that_are_converted_again(raw: Raw) -> None:
    assert "rejected" not in run_ok(*raw.convert).stdout
    stays_rejected(raw.target, "b", raw.convert)


def test_a_mask_of_a_rejected_image_is_made_anew(raw: Raw) -> None:
    run_ok(*raw.convert)
    reject(raw.target, "b")
    old = (raw.target / "masks/b.png").read_bytes()
    save(raw.masks / "b.png", paint(random_mask(9)))
    run_ok(*raw.convert, "--overwrite")
    assert by_stem(raw.target)["b"].mask == ""
    assert (raw.target / "masks/b.png").read_bytes() != old


def test_synthetic_images_that_are_drawn_again(dataset: Dataset) -> None:
    command = ("synth", "--n", 20, "--test", 3, "--size", "64x80", "-o", dataset.root)
    stays_rejected(dataset.root, "image_000003", command)


def test_a_dataset_that_is_resized_again(dataset: Dataset, tmp_path: Path) -> None:
    command = ("resize", dataset.root, "-o", tmp_path / "small", "--size", 40)
    assert "rejected" not in run_ok(*command).stdout
    stays_rejected(tmp_path / "small", "test_000001", command)


def test_a_dataset_whose_rejection_was_taken_back_brings_its_mask(dataset: Dataset, tmp_path: Path) -> None:
    stem = "test_000001"
    command = ("resize", dataset.root, "-o", tmp_path / "small", "--size", 40)
    run_ok(*command)
    reject(tmp_path / "small", stem)
    write_states(dataset.root / "states.csv", {stem: "done"}, {})
    assert "rejected" not in run_ok(*command).stdout
    assert by_stem(tmp_path / "small")[stem].mask == f"masks/{stem}.png"


@needs_geo
@pytest.mark.parametrize("labelled", [True, False])
def test_rasters_that_are_cut_again(tmp_path: Path, labelled: bool) -> None:
    mask = random_mask(3, 40, 60)
    raster = write_raster(tmp_path / "town.tif", colored(mask))
    write_raster(tmp_path / "masks/town.tif", mask[..., None])
    (tmp_path / "classes.txt").write_text("background,#000000\nroof,#ff0000\nroad,#00ff00\n", encoding="utf-8")
    command = ("tile", raster, "-o", tmp_path / "d", "--size", 30)
    labels = ("--labels", tmp_path / "masks", "--classes", tmp_path / "classes.txt")
    run_ok(*command, *labels)
    stem = next(iter(by_stem(tmp_path / "d")))
    if labelled:
        stays_rejected(tmp_path / "d", stem, (*command, *labels))
        return
    reject(tmp_path / "d", stem)  # cut without labels, the others keep their masks, and so does this one
    before = tree(tmp_path / "d")
    run_ok(*command)
    assert {name: content for name, content in tree(tmp_path / "d").items() if name != ".lock"} == before
