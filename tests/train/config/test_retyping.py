"""What is typed for given settings trains with these settings."""

import shlex

import click
import pytest
from click.testing import CliRunner

from train.cli.settings import recipe_option, setting_options
from train.config.config import Config
from train.config.recipes import DEFAULT, find_recipe, recipes
from train.config.retyping import options_of


def typed(options: str) -> tuple[str | None, Config]:
    """The recipe that is named, and the settings that the options are read as."""
    read: list[tuple[str | None, Config]] = []

    @click.command()
    @recipe_option
    @setting_options
    def command(recipe: str | None, **settings: object) -> None:
        read.append((recipe, find_recipe(recipe or "default").config(settings)))

    assert not CliRunner().invoke(command, shlex.split(options), catch_exceptions=False).exit_code
    return read[0]


@pytest.mark.parametrize("recipe", [DEFAULT, *recipes()], ids=lambda recipe: recipe.name)
@pytest.mark.parametrize(
    "given",
    [
        {}, {"minutes": 2.5}, {"epochs": 3, "minutes": 1.0}, {"flips": False, "vertical_flips": True, "film": True},
        {"scale": (0.75, 1.5), "lr": 3e-5, "encoder": "resnet34", "loss": "0.7*bce+0.3*dice"},
        {"weights": "runs/a b/model.pt", "image_size": 1024, "window": 128, "overlap": 0.0, "seed": 7},
    ],
    ids=str,
)  # fmt: skip
def test_options_are_read_as_the_settings_and_nothing_is_planned(recipe: object, given: dict[str, object]) -> None:
    config = recipe.config(given)  # type: ignore[attr-defined]
    named, read = typed(options_of(config))
    assert read == config
    assert named is not None or config.epochs is not None
