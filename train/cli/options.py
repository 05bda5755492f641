"""Options that several seg-train commands share."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path

import click

from prep.cli.options import AnyNumber, AnyPath, WholeNumber
from prep.core.errors import SegError
from prep.dataset.dataset_files import INDEX
from train.runs.run_files import LAST, LATEST, MODEL, RUN_FOLDS
from train.windows.scale import Scale, parse_scale
from train.windows.window_settings import BLENDS, OVERLAPS, TTAS, WINDOW_PX

device_option = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    help="Where to compute; auto takes an NVIDIA GPU, or a Mac's if it computes rightly.",
)


def _parse_scale(ctx: click.Context, param: click.Parameter, value: str) -> Scale:
    """Read auto, fit or a factor; a usage error if it is none of these."""
    try:
        return parse_scale(value)
    except SegError as error:
        raise click.BadParameter(str(error)) from error


scale_option = click.option(
    "--scale",
    default="auto",
    metavar="auto|fit|FACTOR",
    callback=_parse_scale,
    help="Size at which a photo is labelled: auto and fit, that of the training's images; 1, its own. auto refuses "
    "what may show more instead of the same in more pixels.",
)


def runs_and_dataset(command: Callable[..., None]) -> Callable[..., None]:
    """Add the arguments [RUN]... [DATASET]: what is named last is the dataset if it is one, or follows a single run."""

    @wraps(command)
    def parted(*, runs: tuple[Path, ...], **others: object) -> None:
        dataset = runs[-1] if len(runs) > 1 and _is_meant_as_dataset(runs) else None
        command(runs=runs if dataset is None else runs[:-1], dataset=dataset, **others)

    argument = click.argument("runs", nargs=-1, type=AnyPath(path_type=Path), metavar="[RUN]... [DATASET]")
    return argument(parted)


def _is_meant_as_dataset(named: tuple[Path, ...]) -> bool:
    last = named[-1]
    if (last / INDEX).exists() or last.name in (MODEL, LAST, LATEST):
        return (last / INDEX).exists()
    if (last / MODEL).exists() or (last / RUN_FOLDS).exists():
        return False
    beside = last.parent.resolve() == named[0].parent.resolve()
    return len(named) == 2 and not beside  # a name with a typo beside a run is that of a run


def window_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add --window, --overlap, --blend and --tta: the arguments of Predictor.changed, None if not given."""
    for decorate in (_tta, _blend, _overlap, _window):
        command = decorate(command)
    return command


_window = click.option(
    "--window",
    type=WholeNumber(*WINDOW_PX),
    metavar="PIXELS",
    show_default="as in training",
    help="Side of the windows that are slid over an image.",
)
_overlap = click.option(
    "--overlap",
    type=AnyNumber(*OVERLAPS),
    metavar="SHARE",
    show_default="as in training",
    help="Overlap of neighbouring windows, 0 to 0.9 of their side; more is slower.",
)
_blend = click.option(
    "--blend",
    type=click.Choice(BLENDS),
    show_default="gaussian",
    help="How overlapping windows are averaged: alike, or with less weight towards their borders.",
)
_tta = click.option(
    "--tta",
    type=click.Choice(TTAS),
    show_default="off",
    help="d4 also averages over the eight ways to turn and mirror each window; eight times slower.",
)
