"""`import prep` and `import synth`: each function does what its command does, on paths and open datasets, silently."""

import inspect
import json
import pickle
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import get_args, get_type_hints

import click
import numpy as np
import pytest

import prep
import synth
import train
from prep.cli.main import main as prep_main
from prep.core.classes import ClassMap
from prep.core.errors import SegError
from prep.dataset.commit import pending
from prep.dataset.dataset import Dataset
from prep.dataset.transaction import Transaction
from prep.exporting.export import LAYOUTS
from prep.face import ToolName
from prep.photos.record import read_records
from tests.conftest import Raw
from tests.prep.dataset.committing import dying_at
from tests.support import CLASSES, Killed, images_only, load, random_image, random_mask, run_ok, save, tree
from train.cli.main import main as train_main

FUNCTIONS = [
    (package, name)
    for package in (prep, synth, train)
    for name in package.__all__
    if inspect.isfunction(getattr(package, name))
]
PUBLIC = [(package, name) for package in (prep, synth, train) for name in package.__all__]


def test_names_are_about_twenty() -> None:
    assert len(PUBLIC) == 29
    assert len(FUNCTIONS) == 22
    for package in (prep, synth, train):
        assert set(package.__all__) <= set(dir(package))


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(AttributeError, match="module 'prep' has no attribute 'masks'; it has ClassMap, Dataset, "):
        _ = prep.masks


@pytest.mark.parametrize(("package", "name"), FUNCTIONS)
def test_functions_take_one_argument_by_position_and_have_types(package: ModuleType, name: str) -> None:
    function = getattr(package, name)
    first, *others = inspect.signature(function).parameters.values()
    assert first.kind == inspect.Parameter.POSITIONAL_OR_KEYWORD
    named = [each for each in others if name != "fit" or each.name != "config"]
    assert all(each.kind == inspect.Parameter.KEYWORD_ONLY for each in named)
    hints = get_type_hints(function)
    assert {*inspect.signature(function).parameters, "return"} == hints.keys()
    assert {str, Path} <= set(hints[first.name].__args__)


@pytest.mark.parametrize(("package", "name"), PUBLIC)
def test_docstrings_begin_with_one_sentence(package: ModuleType, name: str) -> None:
    text = inspect.getdoc(getattr(package, name)) or ""
    sentence = " ".join(text.partition("\n\n")[0].split())
    assert sentence.endswith(".")
    assert len(sentence) < 160
    if (package, name) in FUNCTIONS:
        assert "\n\n    " in text, "no example"
        assert f"{package.__name__}.{name}(" in text


@pytest.mark.parametrize(
    ("command", "function", "others"),
    [
        (prep_main.commands["masks"].commands["convert"], prep.convert, {"from", "color", "range"}),  # type: ignore[attr-defined]
        (prep_main.commands["tile"], prep.tile, {"range"}),
        (prep_main.commands["masks"].commands["export"], prep.export, set()),  # type: ignore[attr-defined]
        *(
            (prep_main.commands[name], getattr(prep, name), set())
            for name in ("split", "stats", "patches", "report", "pack", "unpack")
        ),
        *((train_main.commands[name], getattr(train, name), set()) for name in ("audit", "export", "score", "predict")),
    ],
    ids=lambda value: getattr(value, "__name__", getattr(value, "name", "")),
)
def test_arguments_have_the_names_of_options(
    command: click.Command, function: Callable[..., object], others: set[str]
) -> None:
    options = {
        max(param.opts, key=len).removeprefix("--").replace("-", "_")
        for param in command.params
        if isinstance(param, click.Option)
    }
    # on a cluster it is a block around the function: with prep.cluster(ADDRESS)
    assert options - inspect.signature(function).parameters.keys() - {"json", "seed", "cluster"} == others


def test_layouts_and_readers_are_those_of_the_commands(dataset: Dataset, tmp_path: Path) -> None:
    assert get_args(ToolName) == tuple(LAYOUTS)
    prep.export(dataset, output=tmp_path / "yolo", to="yolo")
    again = prep.convert(tmp_path / "yolo", output=tmp_path / "again", reader="yolo").dataset
    assert len(again) == len(dataset)
    with pytest.raises(prep.SegError, match=r"^reader='yolov8': there is 'rgb', 'ids', .*'yolo'"):
        prep.convert(tmp_path / "yolo", output=tmp_path / "other", reader="yolov8")


def test_a_dataset_gives_its_samples(dataset: Dataset) -> None:
    ds = prep.open(str(dataset.root))
    assert ds == prep.open(dataset.root) == prep.Dataset.open(str(dataset.root)) == dataset
    with pytest.raises(prep.SegError, match=r"^root=3: needs a path \(str or Path\)$"):
        prep.Dataset.open(3)  # type: ignore[arg-type]
    assert len(ds) == 23
    samples = list(ds)
    assert [sample.stem for sample in samples] == [each.stem for each in dataset.samples]
    for sample, record in zip(samples, dataset.samples, strict=True):
        assert np.array_equal(sample.image, load(ds.root / record.image))
        assert np.array_equal(sample.mask, load(ds.root / record.mask))
        assert (sample.size, sample.split, sample.group) == ((64, 80), record.split, record.group)
    assert (sample.image.shape, sample.image.dtype) == ((80, 64, 3), np.uint8)
    assert ds["image_000003"] == ds[3] == samples[3]
    assert ("image_000003" in ds, "image_3" in ds) == (True, False)
    assert [sample.stem for sample in ds.split("test")] == ["test_000000", "test_000001", "test_000002"]
    assert ds.classes.names == ("background", "line", "ellipse")
    assert bool(replace(ds, samples=()))


def test_what_is_not_there_is_told(dataset: Dataset, tmp_path: Path) -> None:
    for ask, says in (
        (lambda: dataset["Image_000003"], "no sample has the stem 'Image_000003'; did you mean 'image_000003'?"),
        (lambda: dataset["x"], "no sample has the stem 'x'; list(ds) shows its 23"),
        (lambda: dataset.split("training"), "'training' is no split; there are train, val, test"),
        (lambda: prep.open(tmp_path), "not a dataset (no index.csv in it)"),
    ):
        with pytest.raises(prep.SegError) as error:
            ask()
        assert says in str(error.value)
    with pytest.raises(IndexError, match=r"has 23 samples, numbered from 0; 23 is none of them"):
        _ = dataset[23]
    assert dataset[-1].stem == dataset[22].stem
    bare = images_only(tmp_path / "bare", [(20, 30)])
    assert bare[0].image.shape == (20, 30, 3)
    assert not bare[0].is_labelled
    with pytest.raises(prep.SegError, match="bare: s0 has no mask yet; 'seg-prep annotate' paints one"):
        _ = bare[0].mask
    with pytest.raises(prep.SegError, match=r"bare: is not split yet; prep.split\('.*bare'\).dataset is"):
        bare.split("train")


def test_what_is_returned_goes_on_meaning_its_folder(raw: Raw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook goes to another folder, in which a dataset of the same name lies."""
    monkeypatch.chdir(raw.target.parent)
    synth.generate("elsewhere/ds", n=1, test=0, width=64, height=64, seed=1)
    made = prep.convert(raw.masks, output="ds", images=raw.photos, classes=CLASSES)
    drawn = synth.generate("drawn", n=6, test=0, width=64, height=64)
    small = prep.resize(raw.photos, output="small", size=32).dataset
    opened = [prep.open("ds"), made.dataset, drawn, prep.split("drawn").dataset, small]
    paths = [made.root, prep.patches("drawn", size=16, per_image=1).folder, prep.report(Path("ds"))]
    before = [each[0].image for each in opened]
    sample = opened[0][0]
    mask = sample.mask
    monkeypatch.chdir("elsewhere")
    assert [each[0].image.tolist() for each in opened] == [image.tolist() for image in before]
    assert np.array_equal(pickle.loads(pickle.dumps(sample)).mask, mask)
    assert all(path.is_absolute() and path.exists() for path in paths)
    with pytest.raises(prep.SegError, match=r"^nowhere: no such folder"):
        prep.open("nowhere")


def test_a_sample_takes_no_other_one_to_another_process(dataset: Dataset) -> None:
    travelled = pickle.loads(pickle.dumps(dataset["image_000003"]))
    assert np.array_equal(travelled.image, dataset["image_000003"].image)
    assert travelled.dataset.samples == ()
    assert b"image_000004" not in pickle.dumps(dataset["image_000003"])


def test_from_photos_and_labels_to_patches(raw: Raw, capfd: pytest.CaptureFixture[str]) -> None:
    root = raw.target
    made = prep.convert(str(raw.masks), output=str(root), images=raw.photos, classes=CLASSES)
    assert made.converted == 3
    assert made.dataset.classes == CLASSES
    for seed, sample in enumerate(made.dataset):
        assert np.array_equal(sample.mask, random_mask(seed))
        assert np.array_equal(sample.image, random_image(seed))
    assert {finding.severity for finding in prep.check(made.dataset)} <= {"warning", "remark"}
    split = prep.split(made.dataset, ratios=(50, 25, 25), seed=3)
    assert {name: len(split.dataset.split(name)) for name in ("train", "val", "test")} == dict.fromkeys(
        ("train", "val", "test"), 1
    )
    found = prep.stats(made.dataset)  # not split when it was opened
    image = split.dataset.split("train")[0].image / 255
    assert np.allclose(found.mean, image.mean((0, 1)), atol=1e-12)
    cut = prep.patches(made.dataset, size=16, per_image=5)
    assert np.load(cut.folder / "images.npy").shape == (10, 16, 16, 3)
    page = prep.report(str(root))
    assert page == root / "report.html"
    assert b"campus" in page.read_bytes()
    out = prep.export(root, output=str(root.parent / "voc"), to="voc")
    assert (out.samples, out.left_out) == (3, ())
    assert sorted(path.stem for path in (root.parent / "voc" / "SegmentationClass").iterdir()) == ["a", "b", "c"]
    packed = prep.pack(root, output=root.parent / "packed")
    assert packed.samples == prep.unpack(root.parent / "packed", output=root.parent / "back").samples == 3
    assert tree(root.parent / "back") == tree(root)
    assert capfd.readouterr() == ("", "")
    lines = [json.loads(line) for line in (root / "provenance.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["command"] for line in lines] == [
        f"prep.{name}"
        for name in ("convert", "split", "stats", "patches", "report")  # an export changes nothing here
    ]
    assert lines[1]["arguments"] == {
        "dataset": str(root), "ratios": [50, 25, 25], "seed": 3, "group_by": None, "block": None, "dedupe": True,
        "folds": None, "max_failed": None, "workers": None, "overwrite": False,
    }  # fmt: skip
    assert lines[0]["arguments"]["classes"]["names"] == list(CLASSES.names)


def test_photos_and_datasets_are_resized(tmp_path: Path) -> None:
    for number in range(3):
        save(tmp_path / "photos" / f"{number}.png", random_image(number, 40, 60))
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    done: list[tuple[int, int]] = []
    first = prep.resize(tmp_path / "photos", output=tmp_path / "d", size=30, progress=lambda *at: done.append(at))
    assert [sample.size for sample in first.dataset] == [(30, 20)] * 3
    assert done[-1] == (4, 4)
    assert ["broken.jpg" in problem for problem in first.problems] == [True]
    boxed = prep.resize(first.dataset, output=tmp_path / "e", size=(16, 24), fit="letterbox", format="png")
    assert [sample.image.shape for sample in boxed.dataset] == [(24, 16, 3)] * 3
    one = prep.resize([tmp_path / "photos" / "1.png"], output=str(tmp_path / "f"), size=60)
    assert [sample.stem for sample in one.dataset] == ["1"]
    assert read_records(tmp_path / "f" / "photos.csv").keys() == {"1"}


def test_a_dataset_is_as_it_was_after_an_argument_that_is_refused_within(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = tree(dataset.root.parent, provenance=True)
    for ask, says in (
        (lambda: prep.split(dataset, group_by="place"), "--group-by place and --block METRES go together"),
        (lambda: prep.split(dataset, group_by="("), "--group-by '(' is no regular expression"),
        (lambda: prep.resize(dataset, output="x", size=64, span=(0, 1)), "leave --range out"),
        (lambda: prep.convert(dataset.root / "masks", output="x", match=("a", "b")), "{}"),
    ):
        with pytest.raises(prep.SegError) as error:
            ask()
        assert says in str(error.value)
        assert tree(dataset.root.parent, provenance=True) == before
        assert not Path("x").exists()


def test_synthetic_images(tmp_path: Path) -> None:
    ds = synth.generate(str(tmp_path / "s"), n=3, test=1, width=32, height=40)
    assert (len(ds), ds[0].size, ds.classes) == (4, (32, 40), ClassMap(*_names_and_colors(ds)))
    (line,) = (tmp_path / "s" / "provenance.jsonl").read_text(encoding="utf-8").splitlines()
    record = json.loads(line)
    assert record["command"] == "synth.generate"
    assert record["arguments"] == {
        "root": str(tmp_path / "s"), "n": 3, "test": 1, "width": 32, "height": 40, "max_shapes": 9, "seed": 0,
        "workers": None, "overwrite": False,
    }  # fmt: skip


def test_the_command_that_draws_is_recorded_once(tmp_path: Path) -> None:
    run_ok("synth", "--n", 1, "--test", 0, "--size", "32x40", "-o", tmp_path / "s")
    (line,) = (tmp_path / "s" / "provenance.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["command"].endswith(" synth")


def _names_and_colors(ds: Dataset) -> tuple[tuple[str, ...], tuple[tuple[int, int, int], ...]]:
    return ("background", "line", "ellipse"), ds.classes.colors


@pytest.mark.parametrize("change", [prep.split, prep.stats, prep.patches, prep.report])
def test_what_changes_a_dataset_first_finishes_what_a_killed_command_began(
    dataset: Dataset, change: Callable[[Path], object]
) -> None:
    root = dataset.root
    for number in range(20):
        with pytest.MonkeyPatch.context() as patch, suppress(Killed):
            dying_at(patch, number, before=False, recorded=lambda: pending(root))
            with Transaction(root, "test", {}) as transaction:
                for name in ("classes.txt", "legend.txt"):
                    transaction.path(name).write_bytes(b"new")
                transaction.commit(overwrite=True)
        if pending(root):
            break
    with pytest.raises(SegError, match="finishes the move"):
        Dataset.open(root)
    change(root)
    assert (root / "legend.txt").read_bytes() == b"new"
