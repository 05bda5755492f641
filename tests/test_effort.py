"""The robot that labels photos whose masks are known: what it paints is right, what it tells adds up."""

import json
from pathlib import Path

import numpy as np
import pytest

from prep.annotate.regions.superpixels import find_superpixels
from prep.core.classes import write_classes
from prep.dataset.index import Sample, write_index
from tests.bench.effort.__main__ import main, tools_named
from tests.bench.effort.canvas import Canvas
from tests.bench.effort.correcting import GOALS, Move, corrected
from tests.bench.effort.figures import area, reached, told
from tests.bench.effort.gestures import CORNER_S, KEY_S, STROKE_PX_S, STROKE_S, Gesture, outline, strokes, superpixels
from tests.bench.effort.plans import Hand, gain_of, plans_for
from tests.bench.effort.regions import Region, classes_of, largest_wrong, mean_iou
from tests.bench.effort.robot import Step
from tests.bench.effort.teaching import price, taught
from tests.prep.annotate.learn.scenes import CLASSES, scene
from tests.prep.annotate.sam.onnx_files import write_pair
from tests.support import save

EMPTY = np.full((90, 120), 255, np.uint8)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three photos of sand, stripes and grass with their masks."""
    root = tmp_path_factory.mktemp("effort") / "campus"
    rows = []
    for seed in range(3):
        image, mask = scene(seed, 90, 120)
        mask[:2] = 255
        save(root / f"images/s{seed}.png", image)
        save(root / f"masks/s{seed}.png", mask)
        rows.append(Sample(f"s{seed}", f"images/s{seed}.png", f"masks/s{seed}.png", 120, 90))
    write_index(root / "index.csv", rows)
    write_classes(root / "classes.json", CLASSES)
    return root


def told_of(dataset: Path, capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    main([str(dataset), *map(str, arguments), "--json"])
    return capsys.readouterr().out


def test_one_json_object_with_a_key_for_each_mix(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = told_of(dataset, capsys, "--tools", "polygon+brush,superpixel,learn", "--photos", 2)
    found = json.loads(out)
    assert list(found) == ["polygon+brush", "superpixel", "learn"]
    for figures in found.values():
        assert list(figures["seconds_to"]) == list(figures["gestures_to"]) == ["0.70", "0.80", "0.85", "0.90"]
        assert set(figures) == {"seconds_to", "gestures_to", "best", "area", "first"}
    polygons = found["polygon+brush"]
    assert polygons["best"] >= 0.9
    assert polygons["seconds_to"]["0.90"] >= polygons["seconds_to"]["0.70"] > 3 * CORNER_S


def test_the_same_seeds_give_the_same_bytes(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--tools", "brush+learn", "--photos", 2, "--most", 40)
    first = told_of(dataset, capsys, *arguments)
    assert first == told_of(dataset, capsys, *arguments)
    assert first != told_of(dataset, capsys, *arguments, "--seeds", 2)


def test_the_second_photo_opens_with_what_was_learnt(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(told_of(dataset, capsys, "--tools", "brush+learn", "--photos", 2))["brush+learn"]
    assert found["seconds_to"]["0.70"] < found["first"]["seconds_to"]["0.70"]


def test_sam_by_files(dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_pair(tmp_path, "osam-sam1")
    out = told_of(dataset, capsys, "--tools", "sam,all", "--photos", 1, "--most", 20, "--sam", tmp_path)
    assert list(json.loads(out)) == ["sam", "all"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--tools", "polygon+lasso"], "'lasso' is no tool; there are polygon, brush, superpixel, learn, sam, all"),
        (["--tools", "brush+sam"], "sam needs the folder of its ONNX files: --sam FOLDER"),
    ],
)
def test_wrong_tools_are_told_in_a_line(dataset: Path, arguments: list[str], words: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([str(dataset), *arguments])
    assert words in str(stopped.value)
    assert "\n" not in str(stopped.value)


def test_a_dataset_without_masks_is_told_in_a_line(tmp_path: Path) -> None:
    save(tmp_path / "images/s.png", np.zeros((8, 8, 3), np.uint8))
    write_index(tmp_path / "index.csv", [Sample("s", "images/s.png", "", 8, 8)])
    write_classes(tmp_path / "classes.json", CLASSES)
    with pytest.raises(SystemExit, match="no mask with a class in it"):
        main([str(tmp_path)])


def test_learn_alone_is_all_that_the_page_offers_while_it_learns() -> None:
    assert tools_named("learn", sam=True) == {"polygon", "brush", "superpixel", "learn"}
    assert tools_named("all", sam=False) == tools_named("learn", sam=False)
    assert tools_named("all", sam=True) == tools_named("learn", sam=True) | {"sam"}
    assert tools_named("brush+learn", sam=False) == {"brush", "learn"}


def test_mean_iou_counts_what_is_unlabelled_as_wrong_and_leaves_out_what_is_ignored() -> None:
    truth = np.array([[0, 0, 1, 1, 255]], np.uint8)
    assert mean_iou(truth, truth) == 1
    assert mean_iou(truth, np.array([[0, 255, 1, 0, 0]], np.uint8)) == pytest.approx((1 / 3 + 1 / 2) / 2)


def test_the_largest_region_is_connected_and_wrong() -> None:
    truth = scene(1, 90, 120)[1]
    shown = truth.copy()
    shown[5:15, 5:25], shown[40:44, 3:6] = 1, 255
    region = largest_wrong(truth, shown, np.zeros(truth.shape, np.bool_), classes_of(truth))
    assert region is not None
    assert (region.value, region.place, region.pixels.all()) == (0, np.s_[5:15, 5:25], True)


def region_of(truth: np.ndarray, value: int) -> Region:  # type: ignore[type-arg]
    left_out = np.zeros(truth.shape, np.bool_)
    region = largest_wrong(truth, EMPTY, left_out, np.array([value], np.uint8))
    assert region is not None
    return region


def test_an_outline_costs_its_corners_and_paints_what_it_surrounds() -> None:
    truth = np.zeros(EMPTY.shape, np.uint8)
    truth[20:61, 30:81] = 1
    gesture = outline(region_of(truth, 1))
    assert gesture is not None
    assert gesture.seconds == pytest.approx(4 * CORNER_S + KEY_S)
    np.testing.assert_array_equal(gesture.pixels, truth[gesture.place] == 1)


def test_a_stroke_stays_inside_and_costs_its_length() -> None:
    truth = scene(2, 90, 120)[1]
    region = region_of(truth, 1)
    gesture = strokes(np.random.default_rng(0))(region)
    assert gesture is not None
    assert gain_of(gesture, truth, EMPTY) == gesture.pixels.sum() > 0
    assert STROKE_S <= gesture.seconds <= STROKE_S + np.hypot(90, 120) / STROKE_PX_S


def test_a_region_has_the_plan_of_the_best_tool() -> None:
    """A mix is never slower on a region than its fastest tool alone."""
    image, truth = scene(3, 90, 120)
    tools = [
        outline,
        strokes(np.random.default_rng(0)),
        *(superpixels(find_superpixels(image, size), size) for size in (8, 16)),
    ]
    region = region_of(truth, 1)

    def rates(mix: list) -> list[float]:  # type: ignore[type-arg]
        return [plan.rate for plan in plans_for(region, mix, Hand(), truth, EMPTY)]

    assert max(rates(tools)) >= max(rate for tool in (tools[0], *tools[2:]) for rate in rates([tool]))
    for plan in plans_for(region, tools, Hand(), truth, EMPTY):
        assert all(gain > 0 for gain in plan.gains)


def test_keys_are_paid_for_what_changes() -> None:
    hand, pixels = Hand(), np.ones((1, 1), np.bool_)
    first = Gesture("brush", 1, 0, 0, pixels, 2.0, 4)
    assert hand.seconds(first) == pytest.approx(2 + 2 * KEY_S)
    hand.make(first)
    assert hand.seconds(first) == 2
    assert hand.seconds(Gesture("brush", 1, 0, 0, pixels, 2.0, 8)) == pytest.approx(2 + KEY_S)


def test_figures_are_medians_and_nothing_where_most_did_not_get_there() -> None:
    ways = [[Step(0, 0, 0), Step(seconds, 3, quality)] for seconds, quality in ((10, 0.95), (20, 0.72), (30, 0.72))]
    found = told([ways], 100)
    assert found["seconds_to"] == {"0.70": 20.0, "0.80": None, "0.85": None, "0.90": None}
    assert reached(ways[0], 0.9) == (10, 3)
    assert area([Step(0, 0, 0), Step(10, 1, 0.8)], 100) == pytest.approx(0.4)
    assert set(told([ways * 4], 100)) >= {"first", "from_fifth", "tenth"}


def test_learning_is_never_dearer_than_any_of_its_tools_without_it() -> None:
    """A page that proposes nonsense costs nothing: the best moment to accept it is before the first gesture."""
    image, truth = scene(4, 90, 120)
    brush = strokes(np.random.default_rng(0))
    clicks = [superpixels(find_superpixels(image, size), size) for size in (8, 16)]
    ways = [[outline, brush, *clicks], clicks, [outline, brush]]

    def nonsense(by_hand: np.ndarray) -> np.ndarray | None:  # type: ignore[type-arg]
        return np.full_like(by_hand, 2) if len(np.unique(by_hand)) > 2 else None

    moves, canvas = taught(Canvas.empty(truth), brush, ways, nonsense, 300)
    assert canvas.quality() == pytest.approx(moves[-1].quality)
    for tools in ways:
        assert price(moves, 300) <= price(corrected(Canvas.empty(truth), tools, 300), 300)


def test_a_right_proposal_is_accepted_after_one_stroke_a_class() -> None:
    truth = scene(5, 90, 120)[1]
    brush = strokes(np.random.default_rng(0))
    classes = len(classes_of(truth))

    def right(by_hand: np.ndarray) -> np.ndarray | None:  # type: ignore[type-arg]
        return truth if len(classes_of(by_hand)) == classes else None

    moves, canvas = taught(Canvas.empty(truth), brush, [[outline, brush]], right, 300)
    assert len(moves) <= classes + 1
    assert (moves[-1].quality, canvas.quality()) == (1, 1)
    assert (canvas.by_hand == truth).sum() < truth.size  # what was accepted is not by hand


def test_the_price_is_the_mean_logarithm_of_the_seconds_to_the_goals() -> None:
    moves = [Move(10.0, 0.75), Move(10.0, 0.95)]
    seconds = np.array([10, 20, 20, 20])
    assert len(GOALS) == len(seconds)
    assert price(moves, 300) == pytest.approx(np.log(seconds).mean(), abs=1e-3)
    assert price(moves[:1], 300) == pytest.approx((np.log(10) + 3 * np.log(600)) / 4, abs=1e-3)
