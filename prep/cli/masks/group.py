"""seg-prep masks: the group of what is done with raw labels."""

import click

from prep.cli.console import ListedGroup
from prep.cli.masks.convert import convert
from prep.cli.masks.export import export
from prep.cli.masks.inspect import inspect
from prep.cli.options import CONTEXT


@click.group(cls=ListedGroup, context_settings=CONTEXT)
def masks() -> None:
    """Turn raw label masks into the class indices of a dataset.

    Example:

    \b
        seg-prep masks convert labels/ -o datasets/campus --images photos/ --classes classes.txt
    """


for command in (inspect, convert, export):  # help lists them in the order of the work
    masks.add_command(command)
