"""Arguments of the functions that prep, synth and train offer: all are described, all are checked before any work."""

import inspect
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import prep
import synth
import train
from prep.photos.ranges import Percentiles
from tests.support import tree

FUNCTIONS = [
    pytest.param(getattr(package, name), id=f"{package.__name__}.{name}")
    for package in (prep, synth, train)
    for name in package.__all__
    if inspect.isfunction(getattr(package, name))
]
ARGUMENTS = [
    pytest.param(each.values[0], name, id=f"{each.id}({name})")
    for each in FUNCTIONS
    for name in inspect.signature(each.values[0]).parameters  # type: ignore[arg-type]
]
NEEDED = {
    "path": "d", "photos": "p", "rasters": "p", "labels": "l", "dataset": "d", "output": "o", "size": 64, "to": "voc",
    "url": "u", "address": "a", "root": "r", "images": "p",
}  # fmt: skip
"""Values of the arguments that have no default, each of the right type; none of these folders is there."""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, which stays empty."""
    monkeypatch.chdir(tmp_path)


def refused(function: Callable[..., object], wrong: dict[str, Any]) -> str:
    """The error of a call with wrong arguments, before which nothing was written."""
    parameters = inspect.signature(function).parameters.values()
    needed = {each.name: NEEDED[each.name] for each in parameters if each.default is inspect.Parameter.empty}
    if "torchscript" in str(function.__annotations__.get("to")) and "to" in needed:
        needed["to"] = "onnx"
    with pytest.raises(prep.SegError) as error:
        made = function(**{**needed, **wrong})
        if function is prep.cluster:
            made.__enter__()  # type: ignore[attr-defined]
    assert tree(Path(), provenance=True) == {}
    return str(error.value)


def takes_paths(function: Callable[..., object], name: str) -> bool:
    hint = str(inspect.signature(function).parameters[name].annotation)
    return "Path" in re.sub(r"Sequence\[.*\]", "", hint)


@pytest.mark.parametrize(("function", "name"), ARGUMENTS)
def test_docstrings_name_every_argument(function: Callable[..., object], name: str) -> None:
    assert re.search(rf"\b{name}\b", (inspect.getdoc(function) or "").partition("\n\n    ")[0])


@pytest.mark.parametrize(("function", "name"), ARGUMENTS)
def test_values_of_another_type_are_refused(function: Callable[..., object], name: str) -> None:
    for value in (object(), 1j, b"bytes", {"a": 1}):
        assert re.match(rf"{name}[= ]", refused(function, {name: value}))


@pytest.mark.parametrize(("function", "name"), [each for each in ARGUMENTS if takes_paths(*each.values)])
def test_texts_that_name_no_file_are_refused(function: Callable[..., object], name: str) -> None:
    assert re.match(f"{name}='': (a path has at least one|needs train.Config)", refused(function, {name: ""}) + " ")
    for path in ("a\0b", Path("a\0b")):
        assert re.match(f"{name}=.*x00.*: (a path holds no NUL|needs train.Config)", refused(function, {name: path}))


TAKE_URLS = {(prep.pack, "output"), (prep.unpack, "url"), (prep.cluster, "address")}


@pytest.mark.parametrize(("function", "name"), [each for each in ARGUMENTS if takes_paths(*each.values)])
def test_urls_are_no_paths(function: Callable[..., object], name: str) -> None:
    if (function, name) not in TAKE_URLS and name != "config":
        told = refused(function, {name: "s3://anna:secret@bucket/a"})
        assert told.startswith(f"{name}='s3://bucket/a': a URL, and this names a file or folder of this machine; ")


HUGE, DIGITS = 10**5000, "a number of thousands of digits"
SIZE = "size={}: needs a whole number of pixels from 16 to 65,500, or two, (width, height)"
BANDS = "bands={}: needs three numbers of bands, of which the first is 1, such as (4, 3, 2)"
SCALE = "scale={}: needs auto, fit, or a factor from 0.001 to 8"
TILES = "a whole number from 0 to below 512"
SPAN = "span={}: needs two numbers, the lower one first, for example (0, 4095)"
COLORS = "colors={}: needs (class, (r, g, b)) of each, three whole numbers from 0 to 255, such as"
RATIOS = "ratios={}: needs three numbers, of train, val and test, such as (80, 10, 10), that of train above 0"
PATH = "a path (str or Path)"
MANY = "a list of which each is"


@pytest.mark.parametrize(
    ("function", "wrong", "says"),
    [
        (prep.open, {"path": None}, f"path=None: needs {PATH}"),
        (prep.resize, {"photos": ["a", 1]}, f"photos=['a', 1]: needs {PATH} or a Dataset or {MANY} {PATH}"),
        (prep.resize, {"photos": ["a", ""]}, "photos=['a', '']: a path has at least one character; the working folder"),
        (prep.cluster, {"folders": ["a\0"]}, "folders=['a\\x00']: a path holds no NUL character"),
        (prep.resize, {"photos": []}, "photos=[]: needs a path, or several"),
        (prep.tile, {"rasters": []}, "rasters=[]: needs a path, or several"),
        (prep.resize, {"size": (20,)}, SIZE.format("(20,)")),
        (prep.resize, {"size": 64.0}, SIZE.format("64.0")),
        (prep.resize, {"size": True}, SIZE.format("True")),
        (prep.resize, {"size": 4}, SIZE.format("4")),
        (prep.resize, {"size": -1}, SIZE.format("-1")),
        (prep.resize, {"size": (64, 65_501), "fit": "exact"}, SIZE.format("(64, 65501)")),
        (prep.resize, {"size": HUGE}, SIZE.format(DIGITS)),
        (prep.resize, {"size": (48, 64)}, "size=(48, 64): two sides, but fit='long' sets one; give size=48, or fit="),
        (prep.resize, {"span": HUGE}, SPAN.format(DIGITS)),
        (prep.resize, {"span": (0, HUGE)}, SPAN.format(DIGITS)),
        (prep.resize, {"span": (np.int64(5), np.float32(1))}, SPAN.format("(5, 1.0)")),
        (prep.resize, {"max_megapixels": HUGE}, f"max_megapixels={DIGITS}: needs a number above 0"),
        (prep.split, {"seed": HUGE}, f"seed={DIGITS}: needs a whole number, at least 0"),
        (prep.resize, {"bands": []}, BANDS.format("[]")),
        (prep.tile, {"bands": (3, 2)}, BANDS.format("(3, 2)")),
        (prep.convert, {"bands": (1.5, 2, 3)}, BANDS.format("(1.5, 2, 3)")),
        (prep.resize, {"fit": "wide"}, "fit='wide': there is 'long', 'short', 'exact', 'letterbox'"),
        (prep.resize, {"format": "gif"}, "format='gif': there is 'jpg', 'png', None"),
        (prep.resize, {"enlarge": 1}, "enlarge=1: needs True or False"),
        (prep.resize, {"quality": 90.5}, "quality=90.5: needs a whole number from 1 to 100, or None"),
        (prep.resize, {"quality": 0}, "quality=0: needs a whole number from 1 to 100, or None"),
        (prep.resize, {"max_megapixels": -1}, "max_megapixels=-1: needs a number above 0"),
        (prep.resize, {"max_megapixels": math.nan}, "max_megapixels=nan: needs a number above 0"),
        (prep.resize, {"span": (5, 1)}, SPAN.format("(5, 1)")),
        (prep.resize, {"span": (1, math.inf)}, SPAN.format("(1, inf)")),
        (prep.resize, {"span": "2%:98%"}, SPAN.format("'2%:98%'")),
        (prep.resize, {"span": Percentiles(2, 101)}, SPAN.format("Percentiles(low=2, high=101)")),
        (prep.resize, {"bands": (0, 1, 2)}, BANDS.format("(0, 1, 2)")),
        (prep.resize, {"bands": "4,3,2"}, BANDS.format("'4,3,2'")),
        (prep.resize, {"max_failed": -1}, "max_failed=-1: needs a whole number, at least 0, or None"),
        (prep.resize, {"workers": 0}, "workers=0: needs a whole number, at least 1, or None"),
        (prep.resize, {"workers": 1.5}, "workers=1.5: needs a whole number, at least 1, or None"),
        (prep.tile, {"size": 0}, "size=0: needs a whole number, at least 1"),
        (prep.tile, {"overlap": -1}, "overlap=-1: needs a whole number, at least 0"),
        (prep.tile, {"size": 512, "overlap": 512}, f"overlap=512: needs {TILES}"),
        (prep.tile, {"order": "first"}, "order='first': there is 'file', 'class', 'size'"),
        (prep.tile, {"attribute": 3}, "attribute=3: needs a text or None"),
        (prep.tile, {"area": 3}, f"area=3: needs {PATH} or None"),
        (prep.tile, {"span": (5, 1)}, SPAN.format("(5, 1)")),
        (prep.convert, {"colors": [("x", "#ff0000")]}, COLORS.format("[('x', '#ff0000')]")),
        (prep.convert, {"colors": [("x", (0, 0, 256))]}, COLORS.format("[('x', (0, 0, 256))]")),
        (prep.convert, {"match": "img_{}"}, "match='img_{}': needs (a text, a text), or None"),
        (prep.convert, {"classes": ["a"]}, f"classes=['a']: needs {PATH} or a ClassMap or None"),
        (prep.convert, {"reader": "yolov8"}, "reader='yolov8': there is 'rgb', 'ids', "),
        (prep.convert, {"first_id": -1}, "first_id=-1: needs a whole number, at least 0, or None"),
        (prep.convert, {"unknown": "guess"}, "unknown='guess': there is 'error', 'ignore', 'nearest', 'background'"),
        (prep.convert, {"variable": None}, "variable=None: needs a text"),
        (prep.check, {"workers": -1}, "workers=-1: needs a whole number, at least 1, or None"),
        (prep.split, {"ratios": (70, 20)}, RATIOS.format("(70, 20)")),
        (prep.split, {"ratios": (70, 20, "a")}, RATIOS.format("(70, 20, 'a')")),
        (prep.split, {"ratios": (0, 50, 50)}, RATIOS.format("(0, 50, 50)")),
        (prep.split, {"ratios": (70, -20, 50)}, RATIOS.format("(70, -20, 50)")),
        (prep.split, {"seed": -1}, "seed=-1: needs a whole number, at least 0"),
        (prep.split, {"group_by": 3}, "group_by=3: needs a text or None"),
        (prep.split, {"block": 0}, "block=0: needs a number above 0, or None"),
        (prep.split, {"folds": 1}, "folds=1: needs a whole number, at least 2, or None"),
        (prep.split, {"folds": 2.5}, "folds=2.5: needs a whole number, at least 2, or None"),
        (prep.stats, {"split": "training"}, "split='training': there is 'train', 'val', 'test', 'all'"),
        (prep.stats, {"seed": 1.5}, "seed=1.5: needs a whole number, at least 0"),
        (prep.patches, {"size": 16.5}, "size=16.5: needs a whole number, at least 16"),
        (prep.patches, {"size": 8}, "size=8: needs a whole number, at least 16"),
        (prep.patches, {"per_image": 2.5}, "per_image=2.5: needs a whole number, at least 1"),
        (prep.patches, {"foreground": 1.5}, "foreground=1.5: needs a number from 0 to 1"),
        (prep.patches, {"format": "tiff"}, "format='tiff': there is 'npy', 'png'"),
        (prep.patches, {"seed": -1}, "seed=-1: needs a whole number, at least 0"),
        (prep.report, {"workers": "2"}, "workers='2': needs a whole number, at least 1, or None"),
        (prep.export, {"to": "png"}, "to='png': there is 'rgb', 'voc', 'coco', 'labelme', 'cvat', 'yolo'"),
        (prep.export, {"overwrite": "no"}, "overwrite='no': needs True or False"),
        (prep.pack, {"shard_size": "a"}, "shard_size='a': needs a whole number, at least 65,536"),
        (prep.pack, {"shard_size": 1000}, "shard_size=1000: needs a whole number, at least 65,536"),
        (prep.unpack, {"split": "train"}, f"split='train': needs {MANY} 'train', 'val', 'test'"),
        (prep.unpack, {"split": ["tset"]}, "split='tset': there is 'train', 'val', 'test'"),
        (prep.cluster, {"folders": "here"}, f"folders='here': needs {MANY} {PATH}"),
        (synth.generate, {"n": 0}, "n=0: needs a whole number, at least 1"),
        (synth.generate, {"n": -1}, "n=-1: needs a whole number, at least 1"),
        (synth.generate, {"n": "x"}, "n='x': needs a whole number, at least 1"),
        (synth.generate, {"n": 1.5}, "n=1.5: needs a whole number, at least 1"),
        (synth.generate, {"test": -3}, "test=-3: needs a whole number, at least 0"),
        (synth.generate, {"width": 0}, "width=0: needs a whole number from 32 to 99,999"),
        (synth.generate, {"height": 100_000}, "height=100000: needs a whole number from 32 to 99,999"),
        (synth.generate, {"max_shapes": 0}, "max_shapes=0: needs a whole number, at least 1"),
        (synth.generate, {"seed": -1}, "seed=-1: needs a whole number, at least 0"),
        (synth.generate, {"workers": 0}, "workers=0: needs a whole number, at least 1, or None"),
        (train.fit, {"config": {"epochs": 3}}, "config={'epochs': 3}: needs train.Config(...), or the name or .toml"),
        (train.fit, {"folds": 1}, "folds=1: needs a whole number, at least 2, or None"),
        (train.fit, {"device": "gpu"}, "device='gpu': there is 'auto', 'cpu', 'cuda', 'mps'"),
        (train.fit, {"say": "loud"}, "say='loud': needs a function"),
        (train.plan, {"minutes": 0}, "minutes=0: needs a number above 0, or None"),
        (train.plan, {"output": "mine.txt"}, "mine.txt: --recipe finds a file by the end of its name"),
        (train.resume, {"run": ["a", "b"]}, f"run=['a', 'b']: needs {PATH} or a Run"),
        (train.load, {"run": []}, 'run=[]: needs a run, several, or "latest"'),
        (train.load, {"scale": 9}, SCALE.format("9")),
        (train.load, {"scale": HUGE}, SCALE.format(DIGITS)),
        (train.audit, {"scale": np.array([1, 2])}, SCALE.format("array([1, 2])")),
        (train.predict, {"scale": True}, SCALE.format("True")),
        (train.predict, {"simplify": HUGE}, f"simplify={DIGITS}: needs pixels like 1.5, or metres like '0.5m'"),
        (train.fit, {"config": HUGE}, f"config={DIGITS}: needs train.Config(...)"),
        (train.score, {"split": "tset"}, "split='tset': there is 'train', 'val', 'test', 'all'"),
        (train.score, {"scale": "half"}, SCALE.format("'half'")),
        (train.score, {"max_failed": 0.5}, "max_failed=0.5: needs a whole number, at least 0, or None"),
        (train.predict, {"save": ["png"]}, "save='png': there is 'masks', 'colors', 'overlays', "),
        (train.predict, {"save": "masks"}, f"save='masks': needs {MANY} 'masks', 'colors', 'overlays', "),
        (train.predict, {"simplify": -1}, "simplify -1: is neither pixels like 1.5 nor metres like 0.5m"),
        (train.predict, {"min_area": 0}, "min_area=0: needs a whole number, at least 1"),
        (train.predict, {"min_area": 1.5}, "min_area=1.5: needs a whole number, at least 1"),
        (train.audit, {"split": "tset"}, "split='tset': there is 'train', 'val', 'test', 'all'"),
        (train.audit, {"max_failed": -1}, "max_failed=-1: needs a whole number, at least 0, or None"),
        (train.export, {"to": "tflite"}, "to='tflite': there is 'onnx', 'torchscript'"),
    ],
)
def test_values_out_of_range_are_refused(function: Callable[..., object], wrong: dict[str, Any], says: str) -> None:
    assert refused(function, wrong).startswith(says)


def test_every_number_has_a_range() -> None:
    """A number that no function can have is refused by each that takes one."""
    for each in ARGUMENTS:
        function, name = each.values
        hint = str(inspect.signature(function).parameters[name].annotation)  # type: ignore[arg-type]
        if re.search(r"\b(int|float)\b", hint.partition(" | tuple")[0]):
            assert name in refused(function, {name: -1e9 if "float" in hint else -(10**9)})  # type: ignore[arg-type]


def test_numbers_of_numpy_are_numbers() -> None:
    number: Any = np.int64
    ds = synth.generate("d", n=number(3), test=number(1), width=number(40), height=number(50), seed=number(5))
    assert [(sample.size, len(ds)) for sample in ds] == [((40, 50), 4)] * 4
    wide = prep.resize(ds, output="w", size=(number(32), number(24)), fit="exact", max_megapixels=np.float64(2))
    assert {sample.size for sample in wide.dataset} == {(32, 24)}
    done = prep.split("d", ratios=(number(50), np.float64(25), 25), seed=number(1))
    cut = prep.patches(done.dataset, size=number(16), per_image=number(2), foreground=np.float64(0.5))
    assert cut.folder.name == "size16"
    told = [json.loads(line)["arguments"] for line in Path("d/provenance.jsonl").read_text().splitlines()]
    assert [arguments["seed"] for arguments in told if "seed" in arguments] == [5, 1, 0]


def test_true_of_numpy_is_no_number() -> None:
    assert refused(prep.split, {"seed": np.True_}) == f"seed={np.True_!r}: needs a whole number, at least 0"


def test_numbers_of_thousands_of_digits_are_refused_in_words() -> None:
    assert refused(prep.pack, {"shard_size": -(10**5000)}).startswith(
        "shard_size=a number of thousands of digits: needs"
    )


def test_an_argument_that_there_is_not_is_told_by_python() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'number'"):
        synth.generate("d", number=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="output"):
        prep.resize("photos", size=64)  # type: ignore[call-arg]
