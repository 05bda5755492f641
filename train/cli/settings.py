"""The options of a training: one for each setting of train/config/config.py, in sections."""

from typing import Any

import click

from prep.cli.options import AnyNumber, Command, WholeNumber
from train.config.config import SETTINGS
from train.config.settings import Setting


class SectionedCommand(click.Command):
    """A command whose help lists the settings under the headings of their sections, the others under Options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for parameter in sorted(self.get_params(ctx), key=lambda parameter: parameter.name in SETTINGS):
            record = parameter.get_help_record(ctx)
            if isinstance(parameter, click.Option) and record is not None:
                setting = SETTINGS.get(parameter.name or "")
                sections.setdefault(setting.section if setting else "Options", []).append(record)
        for name, records in sections.items():
            with formatter.section(name):
                formatter.write_dl(records)


recipe_option = click.option(
    "--recipe",
    metavar="NAME|FILE",
    show_default="default; for fit and plan, without --epochs, what is planned",
    help="Settings to begin with; options change single ones. 'seg-train recipes' lists them.",
)


def setting_options(command: Command) -> Command:
    """Add an option for each setting; one that was not given is None."""
    for setting in reversed(SETTINGS.values()):
        flags = f"{setting.flag}/--no-{setting.flag[2:]}" if setting.kind is bool else setting.flag
        command = click.option(
            flags,
            setting.name,
            type=_type_of(setting),
            metavar=setting.unit,
            default=None,
            show_default=setting.shown_default,
            help=setting.help,
        )(command)
    return command


def _type_of(setting: Setting) -> Any:  # noqa: ANN401
    """What click takes for the type of an option; it refuses what is out of range."""
    within = setting.within
    if setting.kind is tuple:
        return (float, float)
    if setting.kind in (int, float):
        range_of: Any = WholeNumber if setting.kind is int else AnyNumber
        return range_of(within.low, within.high, within.without_low, within.without_high)
    return click.Choice(setting.choices) if setting.choices else setting.kind
