"""Recipes: named settings of a training, as small TOML files that one can read, copy and change."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from prep.core.arguments import A_PATH, shown_value
from prep.core.errors import SegError
from prep.core.files import read_bytes
from train.config.config import IMAGENET_WEIGHTS, NONE, SETTINGS, Config, need_validation

_IN_TOML = {"True or False": "true or false", "a text": "a text in quotes", A_PATH: "a text in quotes"}
"""What a setting needs, as Python and as TOML spell it."""


@dataclass(frozen=True)
class Recipe:
    """A name, one sentence on what it is for, the settings that differ from the defaults, and the file's text."""

    name: str
    description: str
    settings: dict[str, Any]
    text: str

    def config(self, given: Mapping[str, Any]) -> Config:
        """The settings with those that were given by options in their place; None was not given.

        A length that was given, epochs or minutes, takes the place of the recipe's, whichever that is; minutes also
        of its patience, which would end them. The encoder "none" is the plain U-Net, without what a recipe has of
        another network. What the network does not follow is the default, whatever a recipe says;
        SegError for options that it would not follow.
        """
        options = {name: value for name, value in given.items() if value is not None}
        settings = dict(self.settings)
        if lengths := options.keys() & {"epochs", "minutes"}:
            replaced = {"epochs", "minutes", *({"patience"} if "minutes" in lengths else ())}
            settings = {name: value for name, value in settings.items() if name not in replaced}
        if options.get("encoder") == NONE:
            settings = {name: value for name, value in settings.items() if not _is_of_encoder(name, value)}
        config = Config(**{**settings, **options})
        if options.get("encoder") == NONE and not config.is_plain:
            raise SegError(f"--encoder none: is of the plain U-Net, and --arch {config.arch} is not: add --arch unet")
        config.need_used(options)
        return config.without_unused()


def _is_of_encoder(name: str, value: object) -> bool:
    return name == "decoder_width" or (name == "weights" and value in IMAGENET_WEIGHTS)


_DEFAULT_DESCRIPTION = "A plain U-Net: AdamW, one cycle, cross-entropy, flips."
DEFAULT = Recipe("default", _DEFAULT_DESCRIPTION, {}, f'description = "{_DEFAULT_DESCRIPTION}"')


def recipes() -> list[Recipe]:
    """The recipes that come with the program, by name."""
    folder = files("train.config") / "recipes"
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return [_parse((folder / name).read_text("utf-8"), name.removesuffix(".toml"), name) for name in found]


def find_recipe(name: str | Path) -> Recipe:
    """One of ours by name, or a TOML file by path; SegError if it is neither, or holds unknown settings."""
    name = str(name)
    if name.endswith(".toml"):
        path = Path(name)
        try:
            text = read_bytes(path).decode("utf-8")
        except UnicodeDecodeError as error:
            raise SegError(f"{path}: not a text file in UTF-8") from error
        return _parse(text, path.stem, str(path))
    known = {recipe.name: recipe for recipe in [DEFAULT, *recipes()]}
    if name not in known:
        raise SegError(
            f"no recipe is named {name}{_meant(name, known)}; there are {', '.join(known)}, or the path of a .toml file"
        )
    return known[name]


def named_config(named: Config | str | Path, folds: int | None) -> Config:
    """Settings as they are, or those of a recipe by its name or file; SegError for some that nothing would follow."""
    if not isinstance(named, Config):
        return find_recipe(named).config({})
    values = {name: getattr(named, name) for name in SETTINGS}
    chosen = {name: value for name, value in values.items() if value != SETTINGS[name].default}
    named.need_used(chosen)
    if folds is not None:
        need_validation(chosen)
    return named


def _parse(text: str, name: str, source: str) -> Recipe:
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise SegError(f"{source}: not a TOML file ({error})") from error
    description = str(data.pop("description", ""))
    for key, value in data.items():
        if key not in SETTINGS:
            raise SegError(
                f"{source}: unknown setting {key}{_meant(key, SETTINGS)}; there is {', '.join(sorted(SETTINGS))}"
            )
        if (wanted := SETTINGS[key].wanted(value)) is not None:
            raise SegError(f"{source}: {key} needs {_IN_TOML.get(wanted, wanted)}; got {shown_value(value)}")
    Config.from_plain(data, source)  # what settings need of each other
    return Recipe(name, description, data, text)


def _meant(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""
