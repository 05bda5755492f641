"""The class editor's backend: classes.json and masks change together, pixel by pixel as asked, or not at all."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from prep.annotate.app import annotate_app
from prep.annotate.store.class_changes import (
    ClassChange,
    Use,
    UsedClasses,
    WantedClass,
    change_classes,
    plan_change,
)
from prep.annotate.store.store import AnnotationStore
from prep.core.classes import IGNORE_INDEX, ClassMap, distinct_color, format_color, read_classes, write_classes
from prep.core.errors import SegError
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample, read_index, write_index
from prep.images.imageio import read_mask, write_png
from tests.prep.dataset.committing import dying_at, recover
from tests.support import Killed, no_space, tree

BEFORE = ClassMap(
    ("sky", "road", "tree"),
    ((0, 0, 255), (90, 90, 90), (0, 160, 0)),
    ids=(0, 7, 2),
    ignored=((1, 2, 3),),
    ignored_ids=(4,),
    more_ids=((), (8, 9), ()),
    more_colors=(((0, 0, 200),), (), ()),
)
MASKS = {
    "a": np.array([[0, 1, 255], [255, 2, 2]], np.uint8),
    "b": np.array([[0, 0, 0], [0, 0, 0]], np.uint8),
    "rejected": np.array([[1, 1, 1], [2, 255, 255]], np.uint8),
}
SWAPPED = [
    WantedClass(1, "road", (90, 90, 90)),
    WantedClass(0, "sky", (0, 0, 255)),
    WantedClass(2, "tree", (0, 160, 0)),
]


def make(root: Path, masks: dict[str, NDArray[np.uint8]], classes: ClassMap = BEFORE) -> Dataset:
    """A dataset with stats and patches; the mask of "rejected" is not in its index, "new" has none."""
    (root / "masks").mkdir(parents=True)
    (root / "patches" / "size96").mkdir(parents=True)
    for name in ("stats.json", "patches/size96/images.npy"):
        (root / name).write_bytes(b"of the old masks")
    for stem, mask in masks.items():
        write_png(root / f"masks/{stem}.png", mask)
    write_classes(root / "classes.json", classes)
    names = {stem: "" if stem == "rejected" else f"masks/{stem}.png" for stem in masks} | {"new": ""}
    write_index(root / "index.csv", [Sample(stem, "", mask, 3, 2) for stem, mask in names.items()])
    return Dataset.open(root)


def kept(index: int, **other: object) -> WantedClass:
    return WantedClass(**{"now": index, "name": BEFORE.names[index], "color": BEFORE.colors[index], **other})  # type: ignore[arg-type]


@st.composite
def changes(draw: st.DrawFn) -> tuple[int, list[int | None], dict[int, int]]:
    """Of up to 6 classes some in another order, with new ones between, and what becomes of those that are dropped."""
    count = draw(st.integers(0, 6))
    order: list[int | None] = list(draw(st.permutations(range(count))))[: draw(st.integers(0, count))]
    for _ in range(draw(st.integers(0 if order else 1, 2))):
        order.insert(draw(st.integers(0, len(order))), None)
    dropped = sorted(set(range(count)) - set(order))
    targets = st.sampled_from([IGNORE_INDEX, *range(len(order))])
    return count, order, {index: draw(targets) for index in dropped}


@given(changes(), st.integers(0, 2**32 - 1))
def test_every_pixel_becomes_what_was_asked(
    tmp_path_factory: pytest.TempPathFactory, change: tuple[int, list[int | None], dict[int, int]], seed: int
) -> None:
    count, order, pixels = change
    stream = np.random.default_rng(seed)
    names, colors = zip(*[(f"class {n}", distinct_color(n)) for n in range(count + 2)], strict=True)
    ids = tuple(stream.permutation(300)[:count].tolist())
    before = ClassMap(names[:count], colors[:count], ids=ids) if count else ClassMap((), ())
    values = np.array([*range(count), IGNORE_INDEX], np.uint8)
    masks = {stem: stream.choice(values[: stream.integers(1, count + 2)], (2, 3)) for stem in ("a", "rejected")}
    root = tmp_path_factory.mktemp("dataset") / "d"
    dataset = make(root, masks, before if count else BEFORE)
    wanted = [WantedClass(now, f"new {place}", (place, 1, 1)) for place, now in enumerate(order)]
    dataset = Dataset(root, before, dataset.samples)
    changed = change_classes(dataset, plan_change(before, wanted, pixels), workers=1)

    for stem, mask in masks.items():
        expected = [[becomes(value, order, pixels) for value in row] for row in mask.tolist()]
        assert read_mask(root / f"masks/{stem}.png").tolist() == expected
        assert (f"masks/{stem}.png" in changed.masks) == (expected != mask.tolist())
    after = read_classes(root / "classes.json")
    assert after.names == tuple(entry.name for entry in wanted)
    for place, now in enumerate(order):
        assert after.ids[place] == ids[now] if now is not None else after.ids[place] not in ids
    assert not (root / "stats.json").exists()
    assert (root / "patches").exists() == (not changed.masks)


def becomes(value: int, order: list[int | None], pixels: dict[int, int]) -> int:
    """One pixel at a time, without a table."""
    if value == IGNORE_INDEX:
        return IGNORE_INDEX
    return order.index(value) if value in order else pixels[value]


def test_ids_further_values_and_ignored_ones_stay_with_their_classes(tmp_path: Path) -> None:
    dataset = make(tmp_path / "d", MASKS)
    wanted = [kept(2), WantedClass(None, "water", (0, 200, 200)), kept(1, name="street", color=(1, 1, 1)), kept(0)]
    change_classes(dataset, plan_change(BEFORE, wanted, {}))
    after = read_classes(dataset.root / "classes.json")
    assert after.names == ("tree", "water", "street", "sky")
    assert after.ids == (2, 1, 7, 0)
    assert after.more_ids == ((), (), (8, 9), ())
    assert after.more_colors == ((), (), (), ((0, 0, 200),))
    assert (after.ignored, after.ignored_ids) == (BEFORE.ignored, BEFORE.ignored_ids)


def test_a_new_class_never_gets_the_id_of_one_that_is_dropped_or_ignored() -> None:
    wanted = [kept(0), kept(1), *(WantedClass(None, f"new {n}", (n, n, n)) for n in range(4))]
    # Raw masks may still hold 2, the id of the dropped tree; 4 is ignored; 7 to 9 are the road's.
    assert plan_change(BEFORE, wanted, {2: 255}).after.ids == (0, 7, 1, 3, 5, 6)


def test_names_and_colours_touch_no_mask(tmp_path: Path) -> None:
    dataset = make(tmp_path / "d", MASKS)
    old = tree(dataset.root)
    recolored = plan_change(BEFORE, [kept(0, color=(5, 5, 5)), kept(1), kept(2)], {})
    done = change_classes(dataset, recolored)
    assert (done.masks, done.removed) == ((), ())
    assert {**tree(dataset.root), "classes.json": b""} == {**old, "classes.json": b""}
    renamed = plan_change(recolored.after, [kept(0, color=(5, 5, 5)), kept(1, name="street"), kept(2)], {})
    assert change_classes(Dataset.open(dataset.root), renamed).removed == ("stats.json",)  # it holds the names
    assert (dataset.root / "patches").exists()


def test_a_used_class_is_not_dropped_without_saying_what_becomes_of_it(tmp_path: Path) -> None:
    dataset = make(tmp_path / "d", MASKS)
    old = tree(dataset.root)
    with pytest.raises(UsedClasses, match=r"pixels of road \(2 images\), tree \(2 images\); say what") as refused:
        change_classes(dataset, plan_change(BEFORE, [kept(0)], {}))
    assert refused.value.used == {1: Use(2, 4), 2: Use(2, 3)}  # the rejected image counts
    assert tree(dataset.root) == old
    with pytest.raises(UsedClasses) as refused:
        change_classes(dataset, plan_change(BEFORE, [kept(0)], {1: 0}))
    assert refused.value.used == {2: Use(2, 3)}
    assert tree(dataset.root) == old
    change_classes(dataset, plan_change(BEFORE, [kept(0)], {1: 0, 2: 255}))
    assert read_mask(dataset.root / "masks/a.png").tolist() == [[0, 0, 255], [255, 255, 255]]


def test_an_unused_class_is_dropped_without_a_word(tmp_path: Path) -> None:
    dataset = make(tmp_path / "d", {"b": MASKS["b"]})
    done = change_classes(dataset, plan_change(BEFORE, [kept(0)], {}))
    assert (done.masks, done.removed) == ((), ("stats.json",))


@pytest.mark.parametrize(
    ("wanted", "pixels", "error"),
    [
        ([], {}, "keep at least one class"),
        ([kept(0), WantedClass(3, "x", (9, 9, 9))], {}, "there is no class 3; there are 3"),
        ([kept(0), kept(0, name="x", color=(9, 9, 9))], {}, "one class cannot become two"),
        ([kept(0), kept(1)], {2: 2}, "pixels of 'tree' cannot become class 2; there are 2"),
        ([kept(0), kept(1)], {1: 0, 2: 0}, "class 'road' stays"),
        ([kept(0), kept(1, name="sky")], {2: 0}, "the name sky stands twice"),
        ([kept(0), kept(1, name=" ")], {2: 0}, "empty name"),
        ([kept(0), kept(1, name="a\nb")], {2: 0}, "characters that cannot be shown"),
        ([kept(0), kept(1, name="Ignore")], {2: 0}, "'ignore' is no name for a class"),
        ([kept(0), WantedClass(None, "x", (1, 2, 3))], {}, "the colour #010203 stands twice"),
        ([WantedClass(None, f"{n}", distinct_color(n)) for n in range(251)], {}, "at most 250 classes"),
    ],
)
def test_refusals_in_words(wanted: list[WantedClass], pixels: dict[int, int], error: str) -> None:
    with pytest.raises(SegError, match=error):
        plan_change(BEFORE, wanted, pixels)


def test_a_damaged_mask_stops_everything(tmp_path: Path) -> None:
    dataset = make(tmp_path / "d", {**MASKS, "z": np.array([[3, 0, 0]], np.uint8)})
    old = tree(dataset.root)
    with pytest.raises(SegError, match=r"z\.png: holds the value 3, but classes\.json has only the classes 0 to 2"):
        change_classes(dataset, plan_change(BEFORE, SWAPPED, {}))
    (dataset.root / "masks/z.png").write_bytes(b"\x89PNG\r\n\x1a\nhalf")
    old["masks/z.png"] = b"\x89PNG\r\n\x1a\nhalf"
    with pytest.raises(SegError, match="truncated or damaged"):
        change_classes(dataset, plan_change(BEFORE, SWAPPED, {}))
    assert tree(dataset.root) == old


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_death_at_every_point(tmp_path: Path, before: bool) -> None:
    """Killed at each rename, unlink, mkdir and rmtree: opened again, all masks and the classes are old, or all new."""
    old = tree(make(tmp_path / "old", MASKS).root)
    change = plan_change(BEFORE, SWAPPED, {})
    change_classes(make(tmp_path / "new", MASKS), change, workers=1)
    new = tree(tmp_path / "new")
    outcomes = list(deaths(tmp_path, change, old, new, before=before))
    assert len(outcomes) > 8
    assert outcomes == sorted(outcomes)
    assert set(outcomes) == {False, True}


def deaths(
    tmp_path: Path, change: ClassChange, old: dict[str, bytes], new: dict[str, bytes], *, before: bool
) -> Iterator[bool]:
    for countdown in range(200):
        dataset = make(tmp_path / f"{countdown}", MASKS)
        with pytest.MonkeyPatch.context() as patch:
            dying_at(patch, countdown, before=before, recorded=bool)
            try:
                change_classes(dataset, change, workers=1)
            except Killed:
                pass
            else:
                return
        recover(dataset.root)
        found = {name: content for name, content in tree(dataset.root).items() if not name.startswith(".unfinished")}
        assert found in (old, new), f"neither old nor new after death at change {countdown}"
        yield found == new
        if found == old:  # and the same change can be made then, whatever the dead one left behind
            change_classes(dataset, change, workers=1)
            assert tree(dataset.root) == new


def test_a_change_after_a_death_takes_up_nothing_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The staged masks of a killed change are older than strokes that were saved since."""
    dataset = make(tmp_path / "d", MASKS)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("prep.annotate.store.class_changes.write_classes", interrupt)
        change_classes(dataset, plan_change(BEFORE, SWAPPED, {}))
    assert any(dataset.root.glob(".unfinished-*/new/masks/*"))
    erased = np.full((2, 3), IGNORE_INDEX, np.uint8)
    write_png(dataset.root / "masks/a.png", erased)
    change_classes(dataset, plan_change(BEFORE, SWAPPED, {}))
    assert (read_mask(dataset.root / "masks/a.png") == erased).all()
    assert json.loads((dataset.root / "classes.json").read_text())["classes"][0]["name"] == "road"


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    root = make(tmp_path / "d", MASKS).root
    samples = read_index(root / "index.csv")
    write_index(root / "index.csv", [replace(sample, image=f"images/{sample.stem}.png") for sample in samples])
    store = AnnotationStore(root)
    yield annotate_app(store, only_here=True).test_client()
    store.close()


def entries(*names: str) -> list[dict[str, object]]:
    """Classes of BEFORE by name, or new ones, as the page sends them."""
    known = {name: index for index, name in enumerate(BEFORE.names)}
    colors = [format_color(BEFORE.colors[known[name]]) if name in known else "#112233" for name in names]
    return [{"from": known.get(name), "name": name, "color": color} for name, color in zip(names, colors, strict=True)]


def test_the_page_changes_classes(client: FlaskClient, tmp_path: Path) -> None:
    told = client.get("/api/classes").json
    assert [entry["name"] for entry in told["classes"]] == list(BEFORE.names)
    assert (told["masks"], told["derived"]) == (3, ["patches", "stats.json"])
    body = {"classes_version": told["classes_version"], "classes": entries("tree", "water", "sky")}
    asked = client.put("/api/classes", json=body)
    assert asked.status_code == 409
    assert asked.json == {
        "error": "masks hold pixels of road (2 images); say what becomes of them: another class, or unlabelled.",
        "used": {"1": {"images": 2, "pixels": 4}},
    }
    changed = client.put("/api/classes", json={**body, "pixels": {"1": 2}})
    assert changed.status_code == 200
    assert (changed.json["changed"], changed.json["removed"]) == (3, ["patches", "stats.json"])
    assert [(entry["index"], entry["name"]) for entry in changed.json["classes"]] == [
        (0, "tree"),
        (1, "water"),
        (2, "sky"),
    ]
    assert read_mask(tmp_path / "d/masks/a.png").tolist() == [[2, 2, 255], [255, 0, 0]]
    pixels = client.get("/api/images/a/mask")
    assert list(pixels.data) == [2, 2, 255, 255, 0, 0]  # and not what was read before
    assert pixels.headers["X-Classes-Version"] == changed.json["classes_version"] != told["classes_version"]
    late = client.put("/api/classes", json={**body, "pixels": {"1": 2}})
    assert (late.status_code, late.json["conflict"]) == (409, "classes")


def test_a_stroke_of_the_old_classes_is_refused(client: FlaskClient) -> None:
    version = client.get("/api/classes").json["classes_version"]
    stored = client.get("/api/images/new/mask").headers
    client.put("/api/classes", json={"classes_version": version, "classes": entries("road", "sky", "tree")})
    head = {"X-Base-Version": stored["X-Version"], "X-Save": "1", "X-Classes-Version": version}
    answer = client.post("/api/images/new/mask", headers=head, data=np.array([0, 0, 1, 1], "<u4").tobytes() + b"\0")
    assert (answer.status_code, answer.json["conflict"]) == (409, "classes")


def test_without_room_on_the_disk_nothing_is_changed(
    client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = written(tmp_path / "d")
    version = client.get("/api/classes").json["classes_version"]
    body = {"classes_version": version, "classes": entries("road", "sky", "tree")}
    write = Path.write_bytes
    with monkeypatch.context() as patch:
        patch.setattr(
            Path, "write_bytes", lambda path, data: no_space() if "masks" in path.parts else write(path, data)
        )
        answer = client.put("/api/classes", json=body)
    assert answer.status_code == 422
    assert "no space left on the disk" in answer.json["error"]
    assert written(tmp_path / "d") == old
    assert client.put("/api/classes", json=body).status_code == 200


def written(root: Path) -> dict[str, bytes]:
    """The dataset without what the page remembers for itself, which is counted in the background."""
    return {path: content for path, content in tree(root).items() if not path.startswith(".annotate/")}


@pytest.mark.parametrize(
    "change",
    [
        {"classes": None},
        {"classes": [{"from": 0, "name": "x"}]},
        {"classes": [{"from": True, "name": "x", "color": "#000001"}]},
        {"classes": [{"from": 9, "name": "x", "color": "#000001"}]},
        {"classes": [{"from": None, "name": "x", "color": "red"}]},
        {"classes": []},
        {"pixels": {"x": 0}},
        {"pixels": {"1": "0"}},
        {"pixels": {"1": 77}},
        {"pixels": [0]},
    ],
)
def test_wrong_requests_are_refused(client: FlaskClient, tmp_path: Path, change: dict[str, object]) -> None:
    old = written(tmp_path / "d")
    version = client.get("/api/classes").json["classes_version"]
    body = {"classes_version": version, "classes": entries("sky", "tree"), "pixels": {"1": 0}, **change}
    answer = client.put("/api/classes", json=body)
    assert answer.status_code == 400
    assert answer.json["error"].endswith(".")
    assert written(tmp_path / "d") == old
