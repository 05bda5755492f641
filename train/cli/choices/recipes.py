"""seg-train recipes."""

import click

from prep.cli.console import emit
from prep.cli.options import json_option


@click.command()
@click.argument("name", required=False)
@json_option
def recipes(name: str | None, as_json: bool) -> None:
    """List the recipes, or show the file of one: save it under another name, change it, and give its path to --recipe.

    Example:

    \b
        seg-train recipes
        seg-train recipes aerial
    """
    from train.config.recipes import find_recipe
    from train.config.recipes import recipes as all_recipes

    if name is None:
        found = all_recipes()
        lines = [f"{recipe.name:<10} {recipe.description}" for recipe in found]
        emit({recipe.name: recipe.description for recipe in found}, "\n".join(lines))
        return
    recipe = find_recipe(name)
    emit({"description": recipe.description, **recipe.settings}, recipe.text.rstrip())
