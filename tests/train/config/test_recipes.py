"""Recipes: files of settings."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from prep.core.errors import SegError
from train.config.config import Config
from train.config.plan import plan_of_recipe
from train.config.recipes import DEFAULT, find_recipe, named_config, recipes
from train.config.retyping import options_of
from train.networks.networks import build_network

NAMES = ["aerial", "buildings", "campus", "mini", "photos", "rocks", "shapes"]


def test_there_is_one_for_each_published_project() -> None:
    assert [recipe.name for recipe in recipes()] == NAMES
    assert all(recipe.description.endswith(".") for recipe in recipes())


@pytest.mark.parametrize("name", NAMES)
def test_each_builds_a_network_that_runs(name: str) -> None:
    network = build_network(find_recipe(name).config({}), 4).eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 4, 64, 64)


def test_options_replace_settings() -> None:
    config = find_recipe("campus").config({"batch": 3, "weights": "none"})
    assert (config.batch, config.weights, config.lr, config.best) == (3, "none", 1e-3, "loss")


@pytest.mark.parametrize("other", [{"encoder": "resnet18"}, {"arch": "atrous-unet"}])
def test_sizes_of_the_plain_network_are_refused_of_another_one_unless_a_recipe_has_them(other: dict[str, str]) -> None:
    ((name, value),) = other.items()
    words = f"--width: of the plain U-Net, and --{name} {value} is another network, if there is one of that name: leave"
    for recipe in ("default", "mini"):
        with pytest.raises(SegError, match=words):
            find_recipe(recipe).config({"width": 16, **other})
    with pytest.raises(SegError, match="--width and --depth: of the plain U-Net"):
        named_config(Config(width=8, depth=3, **other), None)  # type: ignore[arg-type]
    config = find_recipe("mini").config(other)
    assert (config.width, config.batch) == (Config().width, 4)
    assert named_config(config, None) is config
    assert plan_of_recipe(find_recipe("mini"), other).config == replace(config, epochs=config.passes)
    old = replace(config, width=32)  # of a run that was begun when this was no error
    assert "--width" not in options_of(old)


def test_what_goes_by_validation_images_is_refused_of_folds_unless_a_recipe_has_it() -> None:
    with pytest.raises(
        SegError, match="--best and --patience: by validation images, and trainings of --folds have none"
    ):
        named_config(Config(best="loss", patience=3), 5)
    assert named_config(Config(patience=0), 5) == Config(patience=0)
    assert named_config("campus", 5).patience == 7
    assert options_of(Config(epochs=3, best="loss", patience=3), folds=5) == "--epochs 3 --folds 5"
    told = options_of(find_recipe("campus").config({"minutes": 5}), folds=5)
    assert told == "--recipe campus --minutes 5 --folds 5"


def test_none_takes_encoder_and_augmentations_of_a_recipe_away(tmp_path: Path) -> None:
    assert Config(encoder="none", augment="none") == Config()
    config = find_recipe("photos").config({"encoder": "none"})
    assert (config.encoder, config.weights, config.size) == (None, "none", 256)
    assert options_of(replace(config, epochs=3)) == "--recipe photos --weights none --epochs 3 --encoder none"
    mine = tmp_path / "mine.toml"
    mine.write_text('encoder = "resnet18"\nweights = "imagenet"\ndecoder_width = 128\naugment = "a.yml"\nbatch = 4')
    assert find_recipe(mine).config({"encoder": "none", "augment": "none"}) == Config(batch=4)
    assert find_recipe(mine).config({"encoder": "none", "weights": "imagenet"}).weights == "imagenet"  # told later
    plan = plan_of_recipe(find_recipe(mine), {"encoder": "none", "augment": "none"})
    (tmp_path / "plan.toml").write_text(plan.to_toml())
    assert find_recipe(tmp_path / "plan.toml").config({}) == Config(batch=4, epochs=12)
    with pytest.raises(SegError, match="--encoder none: is of the plain U-Net, and --arch deeplabv3 is not: add"):
        find_recipe("rocks").config({"encoder": "none"})
    assert find_recipe("rocks").config({"encoder": "none", "arch": "unet"}).is_plain
    assert options_of(Config(arch="deeplabv3")) == "--recipe default --arch deeplabv3"


def test_the_default_recipe_is_the_defaults() -> None:
    assert find_recipe("default").config({}) == Config() == DEFAULT.config({})


def test_a_file_is_a_recipe(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('description = "My own."\nscale = [0.5, 2]\nepochs = 3\n')
    recipe = find_recipe(str(tmp_path / "mine.toml"))
    assert (recipe.name, recipe.description) == ("mine", "My own.")
    assert (recipe.config({}).scale, recipe.config({}).epochs) == ((0.5, 2), 3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("epoch = 3", "unknown setting epoch (did you mean epochs?); there is accumulate, arch, "),
        ("epochs = ", "not a TOML file"),
        ("epochs = 0", "mine.toml: epochs needs a whole number, at least 1; got 0"),
        ('epochs = "3"', "mine.toml: epochs needs a whole number, at least 1; got '3'"),
        (
            "batch = 8.0",
            "batch needs a whole number, at least 2: batch normalisation compares the patches of a batch; got 8.0",
        ),
        ("epochs = true", "epochs needs a whole number, at least 1; got True"),
        ('film = "no"', "film needs true or false; got 'no'"),
        ("encoder = 5", "encoder needs a text in quotes; got 5"),
        ("optimizer = 5", "optimizer needs one of adamw, adam, sgd; got 5"),
        ("schedule = 5", "schedule needs one of one-cycle, cosine, step, poly, constant; got 5"),
        ('lr = "fast"', "lr needs a number above 0; got 'fast'"),
        ("scale = 2", "scale needs two numbers from 0.1 to 10, smallest first, like 0.8 1.25; got 2"),
        ('scale = [1, "2"]', "scale needs two numbers"),
        ('optimizer = "lion"', "mine.toml: optimizer needs one of adamw, adam, sgd; got 'lion'"),
        ('loss = "dise"', "mine.toml: --loss 'dise': no loss is named 'dise'"),
        ("width = 3000", "mine.toml: width needs a whole number from 1 to 1,024; got 3000"),
        ("width = 1024\ndepth = 8", "mine.toml: --width 1024 with --depth 8 makes 131,072 channels"),
        ("window = 0", "mine.toml: window needs a whole number from 16 to 8,192; got 0"),
        ("depth = 6\nsize = 32", "mine.toml: --size needs at least 64 pixels with --depth 6; got 32"),
        ("overlap = 1", "mine.toml: overlap needs a number from 0 to 0.9; got 1"),
        ("lr = nan", "mine.toml: lr needs a number above 0; got nan"),
        ("clip = inf", "mine.toml: clip needs a number above 0; got inf"),
        (f"seed = 1{'0' * 40}", "mine.toml: seed needs a whole number, at least 0; got 1000"),
        (f"epochs = 1{'0' * 5000}", "mine.toml: not a TOML file"),
        (f"batch = 0x{'f' * 5000}", "mine.toml: batch needs a whole number, at least 2"),
        (f"seed = -0x{'f' * 5000}", "mine.toml: not a TOML file"),
        (
            f"width = 0x{'f' * 5000}",
            "mine.toml: width needs a whole number from 1 to 1,024; got a number of thousands of digits",
        ),
        (f'loss = "ce{"+ce" * 20}"', "a sum of 21, and each takes memory; at most 20"),
        (f"scale = {'[' * 20_000}", "mine.toml: not a TOML file"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(SegError) as caught:
        find_recipe(str(tmp_path / "mine.toml"))
    assert words in str(caught.value)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(
        SegError, match=r"named campsu \(did you mean campus\?\); there are default, aerial, .*\.toml file"
    ):
        find_recipe("campsu")
