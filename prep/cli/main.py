"""seg-prep: from raw photos and raw labels to a dataset one can trust."""

from collections.abc import Mapping
from typing import ClassVar

import click

from prep.cli.annotate import annotate
from prep.cli.check import check
from prep.cli.console import PREPARING, TRAINING, SegGroup
from prep.cli.masks.group import masks
from prep.cli.options import CONTEXT
from prep.cli.patches import patches
from prep.cli.report import report
from prep.cli.resize import resize
from prep.cli.split import split
from prep.cli.stats import stats
from prep.cli.storage.pack import pack, unpack
from prep.cli.synth import synth
from prep.cli.tile import tile


class Preparation(SegGroup):
    """Knows the commands that people look for here and that stand elsewhere."""

    elsewhere: ClassVar[Mapping[str, str]] = {
        **TRAINING,
        **PREPARING,
        "train": "seg-train",
        "label": "seg-prep annotate",
    }


@click.group(cls=Preparation, context_settings=CONTEXT)
@click.version_option(package_name="seg-prep", prog_name="seg-prep")
def main() -> None:
    """Turn raw photos and raw label masks into a dataset that one can train on and trust.

    Example:

    \b
        seg-prep synth --n 100
        seg-prep patches --size 96 --per-image 20
        seg-train
    """


for command in (synth, resize, tile, masks, annotate, check, split, stats, patches, report, pack, unpack):
    main.add_command(command)
