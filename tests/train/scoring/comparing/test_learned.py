"""What is scored must be unknown to the model, also in a copy of its dataset that was made smaller or divided anew."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from prep.core.words import counted
from prep.dataset.index import Sample, read_index, torn_groups, write_index
from prep.images.imageio import read_image
from prep.photos.record import PhotoRecord, write_records
from synth.dataset import generate
from tests.support import run_ok, save
from train.cli.main import main
from train.runs.checkpoint import read_checkpoint, write_checkpoint

TINY = ("--width", 4, "--size", 32, "--crops", 1, "--batch", 8, "--device", "cpu", "--epochs", 1)


def typed(*arguments: object, rc: int = 0) -> str:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exit_code == rc, (done.output, done.exception)
    return done.output


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("learned")
    generate(folder / "own", n=10, test=3, width=96, height=64, workers=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        typed("own", *TINY)
    return folder


@pytest.fixture(autouse=True)
def folder(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(trained, tmp_path / "f", symlinks=True)
    (tmp_path / "f/runs/latest/config.json").write_text(
        (trained / "runs/latest/config.json").read_text().replace(str(trained), str(tmp_path / "f"))
    )
    model = read_checkpoint(trained / "runs/latest/model.pt")
    model["lineage"][0]["dataset"] = str(tmp_path / "f/own")
    write_checkpoint(tmp_path / "f/runs/latest/model.pt", model)
    monkeypatch.chdir(tmp_path / "f")
    return tmp_path / "f"


def divide(root: str, tests: Sequence[int]) -> None:
    """Put these samples into test, and the others into train and val, as the first one is."""
    samples = read_index(Path(root, "index.csv"))
    split = ["test" if number in tests else ("val" if number == 9 else "train") for number in range(len(samples))]
    write_index(Path(root, "index.csv"), [replace(each, split=one) for each, one in zip(samples, split, strict=True)])


def stems(split: str) -> list[int]:
    return [number for number, sample in enumerate(read_index(Path("own/index.csv"))) if sample.split == split]


@pytest.mark.parametrize("make", ["copy", "smaller"])
def test_a_copy_that_was_divided_anew_is_refused(make: str, folder: Path) -> None:
    if make == "copy":
        shutil.copytree("own", "other")
    else:
        run_ok("resize", "own", "-o", "other", "--size", 60)
    known, new = stems("train")[:2], stems("test")[:1]
    divide("other", [*known, *new])
    said = typed("score", "runs/latest", "other", "--device", "cpu", rc=1)
    assert "latest has learned images of test here" in said.replace(Path("runs/latest").resolve().name, "latest")
    assert f"here, in {folder}/own: {named(known)} (2 of 3 images). Their score would say nothing" in said
    divide("other", stems("test"))
    assert "learned" not in typed("score", "runs/latest", "other", "--device", "cpu")


def exchange_files(root: str) -> str:
    """Exchange image and mask of a sample of train and one of test; the stem of the latter."""
    samples = read_index(Path(root, "index.csv"))
    one, other = samples[stems("train")[0]], samples[stems("test")[0]]
    for key in ("image", "mask"):
        first, second = Path(root, getattr(one, key)), Path(root, getattr(other, key))
        content = first.read_bytes()
        first.write_bytes(second.read_bytes())
        second.write_bytes(content)
    return other.stem


@pytest.mark.parametrize("root", ["other", "own"])
def test_files_that_were_exchanged_below_the_same_names_are_refused(root: str) -> None:
    shutil.copytree("own", "other")
    stem, learned = exchange_files(root), named(stems("train")[:1])
    said = typed("score", "runs/latest", root, "--device", "cpu", rc=1)
    assert f"learned images of test here, in {Path.cwd()}/own: {stem} ({learned} there) (1 of " in said
    said = typed(root, "--weights", "latest", *TINY, rc=1)
    assert f"learned images of test here, in {Path.cwd()}/own: {stem} ({learned} there) (1 of " in said


def test_an_image_that_was_twice_in_the_own_dataset_is_a_matter_of_its_check(folder: Path) -> None:
    samples = read_index(Path("own/index.csv"))
    image = Path("own", samples[stems("train")[0]].image)
    shutil.copy(image, Path("own", samples[stems("test")[0]].image))
    assert "learned" not in typed("score", "runs/latest", "own", "--device", "cpu")
    Path("own").rename("moved")
    assert "has learned images of test here" in typed("score", "runs/latest", "moved", "--device", "cpu", rc=1)


def test_a_copy_under_other_names_is_refused() -> None:
    shutil.copytree("own", "other")
    divide("other", [*stems("train")[:2], *stems("test")[:1]])
    samples = read_index(Path("other/index.csv"))
    for sample in samples:
        for name in (sample.image, sample.mask):
            Path("other", name).rename(Path("other", name).with_stem(f"x_{sample.stem}"))
    renamed = [
        replace(each, stem=f"x_{each.stem}", **{key: str(Path(name).with_stem(f"x_{each.stem}")) for key, name in
                (("image", each.image), ("mask", each.mask))}) for each in samples
    ]  # fmt: skip
    write_index(Path("other/index.csv"), renamed)
    first = samples[stems("train")[0]].stem
    said = typed("score", "runs/latest", "other", "--device", "cpu", rc=1)
    assert f"learned images of test here, in {Path.cwd()}/own: x_{first} ({first} there), x_" in said
    samples = read_index(Path("other/index.csv"))
    write_index(Path("other/index.csv"), [replace(each, split="test") for each in samples if "test_" in each.stem])
    assert "learned" not in typed("score", "runs/latest", "other", "--device", "cpu")


def named(numbers: Sequence[int]) -> str:
    samples = read_index(Path("own/index.csv"))
    return ", ".join(samples[number].stem for number in numbers)


def test_a_moved_dataset_is_the_same(folder: Path) -> None:
    Path("own").rename("moved")
    assert "learned" not in typed("score", "runs/latest", "moved", "--device", "cpu")


def test_other_images_of_the_same_names_are_new(folder: Path) -> None:
    generate(folder / "other", n=10, test=3, width=96, height=64, seed=5, workers=1)
    divide("other", stems("train")[:3])
    assert "learned" not in typed("score", "runs/latest", "other", "--device", "cpu")


@pytest.mark.parametrize("has_records", [True, False])
def test_photos_in_a_frame_are_recognised(has_records: bool) -> None:
    """As letterboxing leaves them: photos.csv says which part of an image shows the photo, if it is there."""
    run_ok("resize", "own", "-o", "framed", "--size", "64x64", "--fit", "letterbox")
    if has_records:
        samples = read_index(Path("framed/index.csv"))
        photos = [PhotoRecord(each.stem, each.image, 96, 64, 1, 0, 10, 64, 43) for each in samples]
        write_records(Path("framed/photos.csv"), photos)
    divide("framed", stems("train")[:2])
    assert "(2 of 2 images)" in typed("score", "runs/latest", "framed", "--device", "cpu", rc=1)


def brighter(root: str, numbers: Sequence[int]) -> None:
    """Give images of a dataset another light, as another --range does."""
    samples = read_index(Path(root, "index.csv"))
    for number in numbers:
        image = read_image(Path(root, samples[number].image)).astype(np.float32)
        save(Path(root, samples[number].image), (255 * (image / 255) ** 0.5).astype(np.uint8))


def test_photos_in_another_light_are_recognised_and_those_of_a_fixed_camera_get_other_names() -> None:
    shutil.copytree("own", "other")
    known = stems("train")[:2]
    divide("other", known)
    brighter("other", known)
    for typing in (("score", "runs/latest", "other", "--device", "cpu"), ("other", "--weights", "latest", *TINY)):
        said = typed(*typing, rc=1)
        assert f"has learned images of test here, in {Path.cwd()}/own: {named(known)} (2 of 2 images)" in said
        assert "as of a fixed camera: give the photos and labels other names than those that were learned" in said


def test_one_image_among_many_others_is_found() -> None:
    shutil.copytree("own", "other")
    samples = read_index(Path("other/index.csv"))
    rng = np.random.default_rng(0)
    (known, *others) = stems("train")
    for number in others:
        save(Path("other", samples[number].image), rng.integers(0, 255, (64, 96, 3)).astype(np.uint8))
    brighter("other", [known])
    divide("other", [*others, known])
    found = f"{named([known])} (1 of {counted(len(others) + 1, 'image')})"
    assert found in typed("score", "runs/latest", "other", "--device", "cpu", rc=1)


def test_one_that_is_like_its_namesake_among_many_others_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.scoring.comparing.same_names._FEW", 0.5)
    shutil.copytree("own", "other")
    (known, *others) = stems("train")
    samples, rng = read_index(Path("other/index.csv")), np.random.default_rng(0)
    for number in others:
        save(Path("other", samples[number].image), rng.integers(0, 255, (64, 96, 3)).astype(np.uint8))
    brighter("other", [known])
    divide("other", [*others, known])
    said = typed("score", "runs/latest", "other", "--device", "cpu")
    assert f"1 image here looks like learned images of equal names in {Path.cwd()}/own ({named([known])}): " in said


def test_of_many_images_some_are_looked_at_evenly_and_all_where_one_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.scoring.comparing.same_names.MOST_COMPARED", 2)
    shutil.copytree("own", "other")
    samples = read_index(Path("other/index.csv"))
    numbers = stems("train")
    noise = np.random.default_rng(0).integers(0, 255, (64, 96, 3)).astype(np.uint8)
    brighter("other", numbers)
    for number in numbers[:2]:
        save(Path("other", samples[number].image), noise)
    divide("other", numbers)
    expected = f"({len(numbers) - 2} of {counted(len(numbers), 'image')})"
    assert expected in typed("score", "runs/latest", "other", "--device", "cpu", rc=1)


def test_where_the_own_dataset_is_gone_copies_are_known_and_others_are_doubtful() -> None:
    known = stems("train")[:2]
    shutil.copytree("own", "copy")
    run_ok("resize", "own", "-o", "smaller", "--size", 60)
    divide("copy", known)
    divide("smaller", known)
    shutil.rmtree("own")
    assert "has learned images of test here" in typed("score", "runs/latest", "copy", "--device", "cpu", rc=1)
    said = typed("score", "runs/latest", "smaller", "--device", "cpu")
    assert "2 images here have names of images that it learned in" in said
    assert "which are not there any more: whether they are the same is not known" in said


def test_of_a_model_that_does_not_say_what_it_learned_its_dataset_does() -> None:
    model = read_checkpoint(Path("runs/latest/model.pt"))
    del model["lineage"]
    write_checkpoint(Path("runs/latest/model.pt"), model)
    shutil.copytree("own", "other")
    divide("other", stems("train")[:2])
    assert "has learned images of test here" in typed("score", "runs/latest", "other", "--device", "cpu", rc=1)
    shutil.rmtree("own")
    said = typed("score", "runs/latest", "other", "--device", "cpu")
    assert "which of these images it learned is not known" in said


def test_images_that_were_replaced_in_the_own_dataset_are_doubtful() -> None:
    generate(Path("new"), n=10, test=3, width=96, height=64, seed=5, workers=1)
    shutil.copytree("new/images", "own/images", dirs_exist_ok=True)
    shutil.copytree("own", "other")
    divide("other", stems("train")[:2])
    assert "whether they are the same is not known" in typed("score", "runs/latest", "other", "--device", "cpu")


def test_a_dataset_without_a_split_is_told_as_that() -> None:
    run_ok("resize", "own", "-o", "other", "--size", 60)
    samples = read_index(Path("other/index.csv"))
    write_index(Path("other/index.csv"), [replace(sample, split="") for sample in samples])
    assert "it is not split: add --split all" in typed("score", "runs/latest", "other", "--device", "cpu", rc=1)


def test_an_audit_of_a_copy_that_was_divided_anew_says_how_many_were_learned(folder: Path) -> None:
    shutil.copytree("own", "other")
    divide("other", [*stems("train")[:2], *stems("test")[:1]])
    said = typed("audit", "runs/latest", "other", "--split", "test", "--device", "cpu")
    assert "2 of the samples are some that were trained on, whose labels the model has learned" in said
    generate(folder / "fresh", n=10, test=3, width=96, height=64, seed=5, workers=1)
    assert "the model has learned none of them" in typed("audit", "runs/latest", "fresh", "--device", "cpu")


def test_groups_that_are_torn_apart_are_told() -> None:
    samples = read_index(Path("own/index.csv"))
    write_index(Path("own/index.csv"), [replace(sample, group="g") for sample in samples])
    told = "own: 1 group lies in more than one split, and scores will be too good: g (train, val, test)"
    assert told in typed("own", *TINY)
    assert told in typed("score", "runs/latest", "--device", "cpu")


def test_groups_of_one_split_are_whole() -> None:
    samples = [Sample(str(number), "", "", 1, 1, group, split) for number, (group, split) in enumerate(
        [("a", "train"), ("a", "train"), ("b", "test"), ("b", ""), ("", "train"), ("", "test")]
    )]  # fmt: skip
    assert torn_groups(samples) == {}
    assert torn_groups([*samples, Sample("x", "", "", 1, 1, "b", "val")]) == {"b": ["val", "test"]}


def test_images_without_a_labelled_pixel_are_no_units(folder: Path) -> None:
    sample = next(sample for sample in read_index(Path("own/index.csv")) if sample.split == "test")
    save(Path("own", sample.mask), np.full((64, 96), 255, np.uint8))
    assert "draws of 2 images" in typed("score", "runs/latest", "--device", "cpu")
