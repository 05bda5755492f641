"""What a run tells to do next: few, true, each with what to type."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample
from prep.dataset.stats import ClassStats, Stats
from tests.support import CLASSES
from train.config.config import Config
from train.config.recipes import find_recipe
from train.reporting.next_steps import next_steps
from train.runs.device import Hardware
from train.scoring.score_files import Metrics

RUN = Path("runs/a b")
FLAT = [0.8] * 20
DEFAULT = Config()


def dataset(train: int, val: int, test: int, side: int = 400) -> Dataset:
    splits = ["train"] * train + ["val"] * val + ["test"] * test
    samples = (Sample(f"{n}", "i", "m", side, 300, "", split) for n, split in enumerate(splits))
    return Dataset(Path("datasets/campus"), CLASSES, tuple(samples))


def stats(*pixels: int, images: int = 50) -> Stats:
    entries = (
        ClassStats(n, name, own, images if own else 0, 0.0, 1.0, 1.0, 1.0)
        for n, (name, own) in enumerate(zip(CLASSES.names, pixels, strict=True))
    )
    return Stats("train", "", images, sum(pixels), 0, (0.5,) * 3, (0.2,) * 3, 0.0, tuple(entries))


def metrics(*iou: float) -> Metrics:
    classes = [SimpleNamespace(iou=value, pixels=9) for value in iou]
    return SimpleNamespace(classes=classes)  # type: ignore[return-value]


def steps(
    data: Dataset, counts: Stats, config: Config = DEFAULT, validated: list[float] = FLAT, scores: Metrics | None = None
) -> list[str]:
    return next_steps(RUN, data, counts, config, 96, 1000, validated, scores)


def test_a_run_that_shows_nothing_tells_nothing() -> None:
    assert steps(dataset(80, 10, 10), stats(5, 5, 5), scores=metrics(0.9, 0.9, 0.9)) == []
    assert steps(dataset(80, 10, 10), stats(5, 5, 5), validated=[]) == []


def test_a_class_that_nobody_drew_is_named() -> None:
    assert steps(dataset(80, 10, 10), stats(5, 0, 0)) == [
        "no training mask holds line, ellipse, so no model can find them; label some: seg-prep annotate datasets/campus"
    ]


def test_splits_that_measure_nothing() -> None:
    little = "val is 1 image and test is 1 image of 9, which measures little"
    assert steps(dataset(7, 1, 1), stats(5, 5, 5)) == [
        f"{little}; a cross-validation measures on more: seg-train datasets/campus --recipe default --folds 5"
    ]
    begun = steps(dataset(7, 1, 1), stats(5, 5, 5), Config(weights="runs/a/model.pt", width=8))
    assert begun == [
        f"{little}; a cross-validation measures on more: seg-train datasets/campus --recipe default --width 8 --folds 5"
    ]
    samples = dataset(7, 1, 1).samples
    unlabelled = replace(dataset(7, 1, 1), samples=(*samples, replace(samples[0], stem="more", mask="", split="")))
    assert steps(unlabelled, stats(5, 5, 5)) == [f"{little}; label more: seg-prep annotate datasets/campus"]
    (told,) = steps(dataset(40, 12, 4), stats(5, 5, 5))
    assert told == (
        "test is 4 images, which measures little; train again after: seg-prep split datasets/campus --ratios 60/20/20 "
        "--overwrite"
    )
    for divided in (dataset(24, 8, 8), dataset(32, 9, 9)):  # as that command divides them: it would change nothing
        (told,) = steps(divided, stats(5, 5, 5))
        assert "which measures little; a cross-validation measures on more" in told


def test_dividing_anew_groups_as_before(tmp_path: Path) -> None:
    arguments = {"ratios": [80, 10, 10], "group_by": "place", "block": 60.0}
    (tmp_path / "provenance.jsonl").write_text(json.dumps({"command": "seg-prep split", "arguments": arguments}))
    (told,) = steps(replace(dataset(40, 12, 4), root=tmp_path), stats(5, 5, 5))
    assert told.endswith(f"seg-prep split {tmp_path} --ratios 60/20/20 --group-by place --block 60m --overwrite")


@pytest.mark.parametrize(
    ("groups", "told"),
    [("abc", "seg-train datasets/campus --recipe default --folds 3"), ("a", "seg-prep annotate datasets/campus")],
)
def test_a_cross_validation_that_is_advised_has_no_more_folds_than_there_are_groups(groups: str, told: str) -> None:
    samples = tuple(
        replace(sample, group=groups[n % len(groups)]) if sample.split != "test" else sample
        for n, sample in enumerate(dataset(6, 3, 3).samples)
    )
    (step,) = steps(replace(dataset(6, 3, 3), samples=samples), stats(5, 5, 5))
    assert step.endswith(f": {told}")


def test_the_worst_class_with_few_labels_needs_more() -> None:
    (told,) = steps(dataset(80, 10, 10), stats(5, 5, 5, images=4), scores=metrics(0.9, 0.5, 0.3))
    assert told == (
        "ellipse is found with IoU 0.30 and is in 4 training images only; label more of it: "
        "seg-prep annotate datasets/campus --model 'runs/a b' --order uncertainty"
    )
    assert steps(dataset(80, 10, 10), stats(5, 5, 5), scores=metrics(0.9, 0.5, 0.3)) == []


@pytest.mark.parametrize(
    ("config", "length"),
    [
        (Config(minutes=2), "--recipe default --minutes 4"),
        (Config(epochs=12), "--epochs 24"),
        (Config(), "--epochs 24"),
        (find_recipe("photos").config({}), "--recipe photos --epochs 40"),
        (find_recipe("photos").config({"lr": 0.01, "minutes": 2.5}), "--recipe photos --lr 0.01 --minutes 5"),
        (find_recipe("campus").config({"minutes": 8}), "--recipe campus --minutes 16"),
        (
            Config(epochs=3, minutes=2.0, augment="a b.yml", flips=False, scale=(0.5, 2.0)),
            "--epochs 6 --minutes 4 --no-flips --scale 0.5 2 --augment 'a b.yml'",
        ),
    ],
)
def test_what_still_got_better_is_to_go_on(config: Config, length: str) -> None:
    rising = [0.1, 0.3, 0.5, 0.6, 0.7]
    assert steps(dataset(80, 10, 10), stats(5, 5, 5), config, rising) == [
        f"it was still getting better when it ended: seg-train datasets/campus {length}"
    ]
    assert steps(dataset(80, 10, 10), stats(5, 5, 5), config, [*rising, float("nan"), 0.701]) == []


def test_trainings_that_are_advised_are_where_this_one_was() -> None:
    def told(data: Dataset, place: Hardware) -> list[str]:
        found = next_steps(RUN, data, stats(5, 5, 5), DEFAULT, 96, 7, FLAT, None, place)
        return [step.rpartition("seg-train datasets/campus ")[2] for step in found]

    where = "--device cpu --devices 2 --nodes 3"
    assert told(dataset(80, 10, 10), Hardware("cpu", 2, 3)) == [f"--epochs 60 {where}"]
    assert told(dataset(7, 1, 1), Hardware("cpu", 2)) == [
        "--epochs 60 --device cpu --devices 2",
        "--recipe default --folds 5 --device cpu",
    ]
    assert told(dataset(80, 10, 10), Hardware()) == ["--epochs 60"]


def test_scores_after_few_steps_tell_nothing_of_the_labels() -> None:
    scores, counts = metrics(0.9, 0.5, 0.3), stats(5, 5, 5, images=4)
    assert next_steps(RUN, dataset(80, 10, 10), counts, Config(minutes=1), 96, 7, [0.1, 0.2], scores) == [
        "7 steps teach a network little; train longer: seg-train datasets/campus --recipe default --minutes 5"
    ]
    assert next_steps(RUN, dataset(80, 10, 10), counts, Config(), 96, 1, [0.1, 0.2], scores)[0].startswith(
        "1 step teaches"
    )


def test_images_that_are_many_crops_across() -> None:
    (told,) = steps(dataset(80, 10, 10, side=4000), stats(5, 5, 5))
    assert told.endswith("seg-train datasets/campus --recipe default --image-size 1024")


def test_a_cross_validation_has_the_settings_and_time_of_the_run_for_each_fold() -> None:
    (told,) = steps(dataset(7, 1, 1), stats(5, 5, 5), find_recipe("aerial").config({"minutes": 3}))
    assert told.endswith(": seg-train datasets/campus --recipe aerial --minutes 15 --folds 5")


def test_at_most_four_are_told() -> None:
    found = steps(dataset(7, 1, 1, 4000), stats(5, 5, 0, images=3), Config(), [0, 0, 0, 0, 1], metrics(0.9, 0.1, 0.1))
    assert len(found) == 4
    assert found[0].startswith("no training mask holds ellipse, so no model can find it")
