"""What a person rejected stays rejected, whichever command is typed again."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from prep.dataset.dataset import Dataset
from prep.dataset.index import read_index, write_index
from prep.dataset.states import read_states, read_states_and_notes, write_states
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


@pytest.mark.parametrize("overwrite", [(), ("--overwrite",)])
def test_a_rejection_where_a_dataset_is_resized_to_stays(
    dataset: Dataset, tmp_path: Path, overwrite: tuple[str, ...]
) -> None:
    """Whatever is said of the sample where it comes from."""
    stem, small = "test_000001", tmp_path / "small"
    command = ("resize", dataset.root, "-o", small, "--size", 40)
    run_ok(*command)
    reject(small, stem)
    for state in ("in work", "done"):
        write_states(dataset.root / "states.csv", {stem: state}, {})
        told = run_ok(*command, *overwrite).stdout
        assert f"1 sample stays rejected ({stem})" in told
        assert f"'seg-prep annotate {small}' takes a rejection back" in told
        assert by_stem(small)[stem].mask == ""
        assert read_states(small / "states.csv") == {stem: "rejected"}


def test_a_rejection_where_a_dataset_comes_from_goes_along(dataset: Dataset, tmp_path: Path) -> None:
    stem, small = "test_000001", tmp_path / "small"
    command = ("resize", dataset.root, "-o", small, "--size", 40)
    run_ok(*command)
    write_states(small / "states.csv", {stem: "done"}, {})
    reject(dataset.root, stem)
    assert f"rejected now, as in {dataset.root}: 1 sample ({stem})" in run_ok(*command).stdout
    assert by_stem(small)[stem].mask == ""
    assert "rejected now" not in run_ok(*command).stdout


def test_states_and_notes_where_a_dataset_is_resized_to_are_of_the_later_work(dataset: Dataset, tmp_path: Path) -> None:
    first, second, third = sorted(by_stem(dataset.root))[:3]
    source, small = dataset.root / "states.csv", tmp_path / "small/states.csv"
    command = ("resize", dataset.root, "-o", small.parent, "--size", 40)
    write_states(source, {first: "in work", second: "in work"}, {first: "look again", third: "blurred"})
    run_ok(*command)
    write_states(small, {first: "done", second: "in work"}, {first: "looked"})
    told = run_ok(*command).stdout
    assert (
        f"in the state of labelling that they have here, another one than in {dataset.root}: 1 sample ({first})" in told
    )
    notes = {first: "looked", third: "blurred"}
    assert read_states_and_notes(small) == ({first: "done", second: "in work"}, notes)
    assert "state of labelling" not in run_ok(*command, "--overwrite").stdout
    assert read_states_and_notes(small) == ({first: "in work", second: "in work"}, notes)


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
