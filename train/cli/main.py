"""seg-train: from a prepared dataset to a model with scores one can believe."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import ClassVar

import click

from prep.cli.console import GOES_ON, PREPARING, SegGroup
from prep.cli.options import CONTEXT
from prep.dataset.dataset_files import INDEX
from train.cli.audit import audit
from train.cli.bench import bench
from train.cli.choices.networks import networks
from train.cli.choices.plan import plan
from train.cli.choices.recipes import recipes
from train.cli.export import export
from train.cli.fit import fit
from train.cli.predict import predict
from train.cli.score import score
from train.cli.serve import serve


class FitByDefault(SegGroup):
    """`seg-train DATASET --epochs 3` means `seg-train fit DATASET --epochs 3`."""

    after_interrupt: ClassVar[Mapping[str, str]] = {
        "fit": "A training goes on after its last saved epoch: seg-train --resume; before the first, start it again",
        "predict": GOES_ON,
    }

    elsewhere: ClassVar[Mapping[str, str]] = {
        "train": "seg-train fit",
        "test": "seg-train score",
        "evaluate": "seg-train score",
        **PREPARING,
    }

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `fit` in front of arguments that name no command; a command with a typo is told as one."""
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help", "--version")):
            word = args[0] if args and not args[0].startswith("-") else ""
            if word in self.elsewhere and not Path(word, INDEX).exists():
                return super().parse_args(ctx, args)
            near = get_close_matches(word, self.commands, n=1)
            if near and not Path(word).exists():
                ctx.fail(f"{word} is neither a command nor a dataset. Did you mean {near[0]!r}?")
            args = ["fit", *args]
        return super().parse_args(ctx, args)


@click.group(cls=FitByDefault, context_settings=CONTEXT)
@click.version_option(package_name="seg-prep", prog_name="seg-train")
def main() -> None:
    """Train a segmentation model and score it on whole images; without a command it means `fit`.

    Example:

    \b
        seg-train
        seg-train datasets/campus --epochs 30 --width 32
        seg-train score
    """


for command in (fit, plan, score, audit, predict, serve, export, recipes, networks, bench):
    main.add_command(command)
