"""Recipes: named settings of a training, as small TOML files that one can read, copy and change."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from prep.core.errors import SegError
from prep.core.files import read_bytes
from train.config.config import Config

_KINDS = get_type_hints(Config)
_KNOWN = {field.name for field in fields(Config)}
_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text in quotes"}


@dataclass(frozen=True)
class Recipe:
    """A name, one sentence on what it is for, the settings that differ from the defaults, and the file's text."""

    name: str
    description: str
    settings: dict[str, Any]
    text: str

    def config(self, given: Mapping[str, Any]) -> Config:
        """The settings with those that were given by options in their place."""
        return Config(**{**self.settings, **given})


_DEFAULT_DESCRIPTION = "A plain U-Net: AdamW, one cycle, cross-entropy, flips."
DEFAULT = Recipe("default", _DEFAULT_DESCRIPTION, {}, f'description = "{_DEFAULT_DESCRIPTION}"')


def recipes() -> list[Recipe]:
    """The recipes that come with the program, by name."""
    folder = files("train.config") / "recipes"
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return [_parse((folder / name).read_text("utf-8"), name.removesuffix(".toml"), name) for name in found]


def find_recipe(name: str) -> Recipe:
    """One of ours by name, or a TOML file by path; SegError if it is neither, or holds unknown settings."""
    if name.endswith(".toml"):
        path = Path(name)
        try:
            text = read_bytes(path).decode("utf-8")
        except UnicodeDecodeError as error:
            raise SegError(f"{path}: not a text file in UTF-8") from error
        return _parse(text, path.stem, str(path))
    known = {recipe.name: recipe for recipe in [DEFAULT, *recipes()]}
    if name not in known:
        near = get_close_matches(name, known, n=1)
        meant = f" (did you mean {near[0]}?)" if near else ""
        raise SegError(f"no recipe is named {name}{meant}; there are {', '.join(known)}, or the path of a .toml file")
    return known[name]


def _parse(text: str, name: str, source: str) -> Recipe:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SegError(f"{source}: not a TOML file ({error})") from error
    description = str(data.pop("description", ""))
    if unknown := sorted(set(data) - _KNOWN):
        raise SegError(f"{source}: unknown setting {', '.join(unknown)}; there is {', '.join(sorted(_KNOWN))}")
    for key, value in data.items():
        if (wanted := _other_kind(value, _KINDS[key])) is not None:
            raise SegError(f"{source}: {key} needs {wanted}; got {value!r}")
    return Recipe(name, description, data, text)


def _other_kind(value: object, hint: Any) -> str | None:  # noqa: ANN401
    """What a setting of this type hint needs, if the value of a TOML file is no such thing."""
    kinds = [kind for kind in get_args(hint) or (hint,) if kind is not type(None)]
    if get_origin(hint) is tuple:
        fits = isinstance(value, list) and len(value) == 2 and all(type(number) in (int, float) for number in value)
        return None if fits else "two numbers, like [0.8, 1.25]"
    kind = str if isinstance(kinds[0], str) or get_origin(kinds[0]) is Literal else kinds[0]
    return None if type(value) is kind or (kind is float and type(value) is int) else _WORDS[kind]
