"""A plan: settings of a training, each with the reason for it, that can be kept as a recipe."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from train.config.config import SETTINGS, Config
from train.config.recipes import Recipe


@dataclass(frozen=True)
class Choice:
    """A setting, its value, and why it is so."""

    name: str
    value: Any
    reason: str

    @property
    def shown(self) -> str:
        """The setting as an option."""
        return SETTINGS[self.name].typed(self.value)


@dataclass(frozen=True)
class Plan:
    """description: of the recipe.  choices: settings that differ from the defaults, or might.  notes: what to know."""

    description: str
    choices: tuple[Choice, ...]
    notes: tuple[str, ...] = ()

    def with_options(self, given: Mapping[str, Any]) -> "Plan":
        """The plan with options in the place of what it chose; None was not given."""
        chosen = {each.name: each for each in self.choices}
        options = {name: Choice(name, value, "given") for name, value in given.items() if value is not None}
        return replace(self, choices=tuple({**chosen, **options}.values()))

    @property
    def config(self) -> Config:
        """The settings."""
        return Config(**{each.name: each.value for each in self.choices})

    def lines(self) -> list[str]:
        """The plan for people: one line a setting, with its reason, and the notes."""
        width = max(len(each.shown) for each in self.choices)
        return [*(f"{each.shown:<{width}}  {each.reason}" for each in self.choices), *self.notes]

    def to_toml(self) -> str:
        """The plan as the file of a recipe, reasons as comments."""
        head = [f"# {note}" for note in self.notes]
        settings = [f"{each.name} = {_toml(each.value)}  # {each.reason}" for each in self.choices]
        return "\n".join([*head, f"description = {_toml(self.description)}", *settings]) + "\n"

    def to_plain(self) -> dict[str, Any]:
        """The plan for programs."""
        choices = {each.name: {"value": each.value, "reason": each.reason} for each in self.choices}
        return {"description": self.description, "settings": choices, "notes": list(self.notes)}


def plan_of_recipe(recipe: Recipe, given: Mapping[str, Any]) -> Plan:
    """What a training by a recipe has, where it is not the default, and how long it is.

    given: settings chosen by options, which take the place of the recipe's; None was not given.
    """
    config = recipe.config(given)
    named = {name for name in SETTINGS if getattr(config, name) != getattr(Config(), name)}
    named |= {name for name, value in given.items() if value is not None}
    choices = [
        Choice(name, getattr(config, name), f"recipe {recipe.name}" if given.get(name) is None else "given")
        for name in SETTINGS
        if name in named and getattr(config, name) is not None  # no file can say that, and it is what there is without
    ]
    usual = [Choice("epochs", config.passes, "the usual")] if config.epochs is None and config.minutes is None else []
    return Plan(recipe.description, (*choices, *usual))


def _toml(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    # What JSON escapes in a text, TOML escapes alike; DEL is the one character that JSON leaves.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f") if isinstance(value, str) else repr(value)
