"""What one setting is: section, help, unit and range; options, recipes, checks and docs/settings.md follow from it."""

from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from prep.core.arguments import ANY_NUMBER, NumberRange

_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text in quotes"}


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

    @property
    def kind(self) -> Any:  # noqa: ANN401
        """int, float, bool, str, or tuple for a range from one number to another."""
        kind = next(kind for kind in get_args(self.hint) or [self.hint] if kind is not type(None))
        return tuple if get_origin(self.hint) is tuple else str if self.choices else kind

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that it may be; empty if there is no list of them."""
        hints = [self.hint, *get_args(self.hint)]
        return next((get_args(hint) for hint in hints if get_origin(hint) is Literal), ())

    @property
    def shown_default(self) -> str:
        """The default in words."""
        if self.kind is bool:
            return "on" if self.default else "off"
        return self.usual or ("none" if self.default is None else str(self.default))

    def wanted(self, value: object) -> str | None:
        """What the setting needs, if the value is no such thing; None if it is one."""
        if value is None and type(None) in get_args(self.hint):
            return None
        if self.choices:
            return None if value in self.choices else "one of " + ", ".join(self.choices)
        if self.kind is tuple:
            numbers = str(self.within).replace("a number", "two numbers")
            return None if self._is_pair(value) else f"{numbers}, smallest first, like 0.8 1.25"
        if type(value) is not self.kind and not (self.kind is float and type(value) is int):
            return _WORDS[self.kind]
        if self.kind in (bool, str) or (value in self.within and _is_number(value)):  # type: ignore[operator]
            return None
        return f"{self.within}{self.reason and ': '}{self.reason}"

    def _is_pair(self, value: object) -> bool:
        if not isinstance(value, list | tuple) or len(value) != 2 or not all(map(_is_number, value)):
            return False
        return value[0] in self.within and value[1] in self.within and value[0] <= value[1]


def _is_number(value: object) -> bool:
    """Whether it is a number that torch can take: its whole numbers have 64 bits."""
    return type(value) is float or (type(value) is int and abs(value) < 2**63)


def setting(section: str, default: Any, help: str, unit: str | None = None, **more: Any) -> Any:  # noqa: ANN401
    """A field of a dataclass that is a setting; more: within, usual and reason of Setting."""
    return field(default=default, metadata={"section": section, "help": help, "unit": unit, **more})


def settings_of(kind: type) -> dict[str, Setting]:
    """The settings of a dataclass by name, in the order of its fields."""
    hints = get_type_hints(kind)
    return {each.name: Setting(each.name, each.default, hints[each.name], **each.metadata) for each in fields(kind)}
