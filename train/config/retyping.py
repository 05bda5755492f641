"""What to type for a training with given settings: the recipe that is nearest to them, and what they have otherwise."""

from collections.abc import Set
from typing import Any

from train.config.config import NONE, OF_VALIDATION, OFF_BY_NONE, SETTINGS, Config
from train.config.recipes import DEFAULT, Recipe, recipes

_LENGTHS = ("epochs", "minutes")


def options_of(config: Config, folds: int | None = None) -> str:
    """Options with which 'seg-train fit' has exactly these settings, whatever it would plan; as few as there can be.

    A recipe of a person's own may be gone by then, so only ours are named.  folds: of a cross-validation, which takes
    no settings that go by validation images.
    """
    config = config.without_unused()
    unused = {*config.unused, *(() if folds is None else OF_VALIDATION)}
    ways: list[list[str]] = [typed for each in [DEFAULT, *recipes()] if (typed := _options(each, config, unused))]
    fewest: list[str] = min(ways, key=len)
    return " ".join(fewest if folds is None else [*fewest, f"--folds {folds}"])


def _options(recipe: Recipe, config: Config, unused: Set[str]) -> list[str]:
    """Options that make these settings of a recipe, whatever is unused; none where no option takes away what it has."""
    base = Config(**recipe.settings)
    if config.encoder is None and base.encoder is not None and not config.is_plain:
        return []
    given: dict[str, Any] = {
        name: value
        for name in SETTINGS
        if name not in unused
        and (value := getattr(config, name)) is not None
        and (name in _LENGTHS or value != getattr(base, name))
    }
    given |= {name: NONE for name in OFF_BY_NONE if getattr(config, name) is None and getattr(base, name) is not None}
    made = recipe.config(given)
    if any(getattr(made, name) != getattr(config, name) for name in SETTINGS if name not in unused):
        return []
    is_said = recipe is not DEFAULT or config.epochs is None  # without either, the training would be planned
    return [*(["--recipe " + recipe.name] if is_said else []), *(SETTINGS[name].typed(given[name]) for name in given)]
