"""Options that several seg-train commands share."""

from collections.abc import Callable

import click

device_option = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    help="Where to compute; auto takes an NVIDIA GPU if there is one.",
)


BLENDS = ("average", "gaussian", "spline")
TTAS = ("d4",)
"""As in train.windows.blending and train.windows.tta, whose import would make --help slow."""


def window_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add --window, --overlap, --blend and --tta: the arguments of Predictor.changed."""
    for decorate in (_tta, _blend, _overlap, _window):
        command = decorate(command)
    return command


_window = click.option(
    "--window",
    type=click.IntRange(16, 8192),
    metavar="PIXELS",
    show_default="as in training",
    help="Side of the windows that are slid over an image.",
)
_overlap = click.option(
    "--overlap",
    type=click.FloatRange(0, 0.9),
    metavar="SHARE",
    show_default="as in training",
    help="Overlap of neighbouring windows, 0 to 0.9 of their side; more is slower.",
)
_blend = click.option(
    "--blend",
    type=click.Choice(BLENDS),
    default="gaussian",
    help="How overlapping windows are averaged: alike, or with less weight towards their borders.",
)
_tta = click.option(
    "--tta",
    type=click.Choice(TTAS),
    show_default="off",
    help="d4 also averages over the eight ways to turn and mirror each window; eight times slower.",
)
