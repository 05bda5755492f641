"""What one setting is: section, help, unit and range; options, recipes, checks and docs/settings.md follow from it."""

import shlex
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from prep.core.arguments import A_PATH, ANY_NUMBER, NumberRange, fits_type, refusal_of_path, type_words


@dataclass(frozen=True)
class Setting:
    """One setting with everything that is to be known of it, read from a field of a dataclass.

    hint: its type.  within: the range of its numbers.  unit: what its value stands for in help.  usual: what None
    means, in words.  reason: why the range is as it is.
    """

    name: str
    default: Any
    hint: Any
    section: str
    help: str
    unit: str | None = None
    within: NumberRange = ANY_NUMBER
    usual: str | None = None
    reason: str = ""

    @property
    def flag(self) -> str:
        """Name of its option."""
        return f"--{self.name.replace('_', '-')}"

    def typed(self, value: object) -> str:
        """Its option with a value, as a shell takes it."""
        if isinstance(value, bool):
            return self.flag if value else f"--no-{self.flag[2:]}"
        parts = value if isinstance(value, list | tuple) else [value]
        return shlex.join([self.flag, *(str(part).removesuffix(".0") for part in parts)])

    @property
    def kind(self) -> Any:  # noqa: ANN401
        """int, float, bool, str (of a file, too), or tuple for a range from one number to another."""
        kind = next(kind for kind in get_args(self.hint) or [self.hint] if kind is not type(None))
        return tuple if get_origin(self.hint) is tuple else str if self.choices else kind

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that it may be; empty if there is no list of them."""
        hints = [self.hint, *get_args(self.hint)]
        return next((get_args(hint) for hint in hints if get_origin(hint) is Literal), ())

    @property
    def is_path(self) -> bool:
        """Whether it may name a file."""
        return Path in get_args(self.hint)

    @property
    def shown_default(self) -> str:
        """The default in words."""
        if self.kind is bool:
            return "on" if self.default else "off"
        return self.usual or ("none" if self.default is None else str(self.default))

    def wanted(self, value: object) -> str | None:
        """What the setting needs, if the value is no such thing; None if it is one."""
        if fits_type(value, self.hint) and self._is_inside(value):
            return None
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.kind is tuple:
            numbers = str(self.within).replace("a number", "two numbers")
            return f"{numbers}, smallest first, like 0.8 1.25"
        if self.is_path:
            refusal = refusal_of_path(value) if isinstance(value, str | Path) else None
            return f"{A_PATH}: {refusal}" if refusal else A_PATH
        return f"{type_words(self.kind, self.within)}{self.reason and ': '}{self.reason}"

    def _is_inside(self, value: object) -> bool:
        """Whether numbers are in the range, smallest first, and such that torch can take: whole ones have 64 bits."""
        parts = value if isinstance(value, list | tuple) else (value,)
        numbers = [each for each in parts if isinstance(each, int | float) and not isinstance(each, bool)]
        fitting = all(each in self.within and (isinstance(each, float) or abs(each) < 2**63) for each in numbers)
        return fitting and numbers == sorted(numbers)


def setting(section: str, default: Any, help: str, unit: str | None = None, **more: Any) -> Any:  # noqa: ANN401
    """A field of a dataclass that is a setting; more: within, usual and reason of Setting."""
    return field(default=default, metadata={"section": section, "help": help, "unit": unit, **more})


def settings_of(kind: type) -> dict[str, Setting]:
    """The settings of a dataclass by name, in the order of its fields."""
    hints = get_type_hints(kind)
    return {each.name: Setting(each.name, each.default, hints[each.name], **each.metadata) for each in fields(kind)}
