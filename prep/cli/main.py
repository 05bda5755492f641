"""seg-prep: from raw photos and raw labels to a dataset one can trust."""

import click

from prep.cli.annotate import annotate
from prep.cli.check import check
from prep.cli.console import SegGroup
from prep.cli.masks import masks
from prep.cli.options import CONTEXT
from prep.cli.patches import patches
from prep.cli.report import report
from prep.cli.resize import resize
from prep.cli.split import split
from prep.cli.stats import stats
from prep.cli.synth import synth


@click.group(cls=SegGroup, context_settings=CONTEXT)
@click.version_option(package_name="seg-prep", prog_name="seg-prep")
def main() -> None:
    """Turn raw photos and raw label masks into a dataset that one can train on and trust.

    Example:

    \b
        seg-prep synth --n 100
        seg-prep patches --size 96 --per-image 20
        seg-train
    """


for command in (synth, resize, masks, annotate, check, split, stats, patches, report):
    main.add_command(command)
