"""The options of a training: one for each setting of train/config/config.py, in sections."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar, get_args

import click

from train.config.config import Best, Config, Optimizer, Precision, Schedule

Command = TypeVar("Command", bound=Callable[..., Any])

_COUNT = click.IntRange(min=1)
_ABOVE_0 = click.FloatRange(min=0, min_open=True)
_NOT_NEGATIVE = click.FloatRange(min=0)
_SHARE = click.FloatRange(min=0, max=1, max_open=True)
_UPTO_1 = click.FloatRange(min=0, max=1)

_DEFAULTS = {field.name: field.default for field in fields(Config)}


class SectionedCommand(click.Command):
    """A command whose help lists the options under the headings of `SECTIONS`, the others under Options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": [], **{name: [] for name in SECTIONS}}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if isinstance(parameter, click.Option) and record is not None:
                sections[_section_of(parameter.name or "")].append(record)
        for name, records in sections.items():
            with formatter.section(name):
                formatter.write_dl(records)


def _section_of(name: str) -> str:
    return next((section for section, options in SECTIONS.items() if name in options), "Options")


def _setting(kind: Any, metavar: str | None, help_: str, usual: str | None = None) -> dict[str, Any]:  # noqa: ANN401
    return {"type": kind, "metavar": metavar, "help": help_, "usual": usual}


recipe_option = click.option(
    "--recipe",
    default="default",
    metavar="NAME|FILE",
    help="Settings to begin with; options change single ones. 'seg-train recipes' lists them.",
)


SECTIONS: dict[str, dict[str, dict[str, Any]]] = {
    "Network": {
        "arch": _setting(str, "NAME", "Architecture; 'seg-train networks' lists them."),
        "encoder": _setting(
            str, "NAME", "Encoder of the architecture; 'seg-train networks' lists them.", "none: plain"
        ),
        "weights": _setting(str, "none|imagenet|imagenet-lite|FILE", "Initial weights; FILE is the model.pt of a run."),
        "width": _setting(_COUNT, "CHANNELS", "Channels of the plain U-Net's first level."),
        "depth": _setting(_COUNT, "NUMBER", "Times that the plain U-Net halves the resolution."),
        "compile": _setting(bool, None, "Compile the network: slower to begin, then faster on GPUs."),
    },
    "Training": {
        "epochs": _setting(_COUNT, "NUMBER", "Times that every patch is shown."),
        "minutes": _setting(_ABOVE_0, "NUMBER", "Time budget: anneal and stop by then."),
        "batch": _setting(click.IntRange(min=2), "NUMBER", "Patches that the network sees at once."),
        "accumulate": _setting(_COUNT, "NUMBER", "Batches in one step of the optimizer."),
        "loss": _setting(str, "SUM", "Loss, such as ce, ce+dice, 0.5*bce+0.5*dice, focal:gamma=2."),
        "class_weights": _setting(bool, None, "Weight the loss by the class weights of stats.json."),
        "optimizer": _setting(click.Choice(get_args(Optimizer)), None, "Optimizer; sgd has Nesterov momentum."),
        "lr": _setting(_ABOVE_0, "RATE", "Highest learning rate.", "adamw 0.003, adam 0.001, sgd 0.05"),
        "schedule": _setting(
            click.Choice(get_args(Schedule)), None, "Learning rate over the training.", "one-cycle; step for sgd"
        ),
        "warm_up": _setting(_SHARE, "SHARE", "Share of the training in which the rate rises.", "one-cycle 0.2"),
        "weight_decay": _setting(_NOT_NEGATIVE, "RATE", "Weight decay.", "adamw 0.01, adam 0, sgd 0.0001"),
        "clip": _setting(_ABOVE_0, "NORM", "Highest norm of the gradient.", "no limit"),
        "ema": _setting(_SHARE, "DECAY", "Keep a running mean of the weights, such as 0.99; 0 keeps the weights."),
        "best": _setting(click.Choice(get_args(Best)), None, "Validation figure that decides on the model kept."),
        "patience": _setting(
            click.IntRange(min=0), "EPOCHS", "Stop after so many epochs without a better one; 0 never stops."
        ),
    },
    "Patches and augmentation": {
        "size": _setting(click.IntRange(min=16), "PIXELS", "Side of a patch.", "the patches there are, else 96"),
        "crops": _setting(_COUNT, "NUMBER", "Random crops of each image in an epoch, where there are no patches."),
        "flips": _setting(bool, None, "Flip at random."),
        "vertical_flips": _setting(bool, None, "Flip upside down, too, not only left to right."),
        "quarter_turns": _setting(bool, None, "Turn by multiples of 90 degrees."),
        "rotate": _setting(click.FloatRange(0, 180), "DEGREES", "Turn by up to so much, either way."),
        "scale": _setting((float, float), "LOW HIGH", "Enlarge by a random factor between these.", "1 1"),
        "brightness": _setting(_UPTO_1, "SHARE", "Add up to this share of white, either way."),
        "contrast": _setting(_UPTO_1, "SHARE", "Change contrast by up to this share, either way."),
        "blur": _setting(_NOT_NEGATIVE, "PIXELS", "Blur by a Gaussian of up to this deviation."),
        "noise": _setting(_UPTO_1, "SHARE", "Add noise of up to this deviation, as a share of white."),
        "augment": _setting(str, "FILE", "Any transform of albumentations, as YAML or JSON."),
    },
    "Predicting whole images": {
        "window": _setting(click.IntRange(min=16), "PIXELS", "Side of a window.", "twice the patch"),
        "overlap": _setting(_SHARE, "SHARE", "Share of a window that the next one covers again."),
    },
    "Pictures and logs": {
        "film": _setting(bool, None, "Write progress.mp4: one validation image, epoch by epoch."),
        "tensorboard": _setting(bool, None, "Write TensorBoard events too."),
    },
    "Reproducing": {
        "seed": _setting(click.IntRange(min=0), "NUMBER", "Seed of every random choice."),
        "precision": _setting(click.Choice(get_args(Precision)), None, "auto is bf16 where hardware computes it."),
    },
}
"""Heading -> setting -> its option. Defaults are those of Config; a recipe may set others."""


def setting_options(command: Command) -> Command:
    """Add an option for each setting; one that was not given is None."""
    for options in reversed(SECTIONS.values()):
        for name, option in reversed(options.items()):
            command = _option(name, **option)(command)
    return command


def _option(name: str, type: Any, metavar: str | None, help: str, usual: str | None) -> Callable[[Command], Command]:  # noqa: ANN401
    flag = f"--{name.replace('_', '-')}"
    default = _DEFAULTS[name]
    if type is bool:
        shown = "on" if default else "off"
        return click.option(f"{flag}/--no-{flag[2:]}", name, default=None, show_default=shown, help=help)
    return click.option(
        flag,
        name,
        type=type,
        metavar=metavar,
        default=None,
        show_default=usual or ("none" if default is None else str(default)),
        help=help,
    )
