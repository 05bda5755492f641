"""What `--loss` may say: a sum of named losses with factors and parameters. No torch here: `--help` stays fast."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from prep.core.errors import SegError

EXAMPLE = "0.7*ce:smoothing=0.1+0.3*dice"


@dataclass(frozen=True)
class LossKind:
    """One loss that a spec can name: a line of help, its parameters with their usual values."""

    description: str
    defaults: Mapping[str, float]


LOSSES: dict[str, LossKind] = {
    "ce": LossKind("cross-entropy", {"smoothing": 0.0}),
    "bce": LossKind("binary cross-entropy of each class against the rest", {}),
    "dice": LossKind("1 - soft Dice over the batch, mean of the classes in it", {"smooth": 0.0}),
    "focal": LossKind("cross-entropy that counts sure pixels less, the more so the higher gamma", {"gamma": 2.0}),
    "tversky": LossKind(
        "Dice with weights alpha of false and beta of missed pixels", {"alpha": 0.3, "beta": 0.7, "smooth": 0.0}
    ),
    "lovasz": LossKind("1 - IoU, its convex extension (Lovasz-softmax), mean of the classes in the batch", {}),
}
"""Every loss by its name in a spec."""

_MOST_TERMS = 20

_TERM = re.compile(r"(?:(?P<factor>[^*]*)\*)?(?P<name>[^*:]*)(?::(?P<parameters>.*))?")


@dataclass(frozen=True)
class Term:
    """One summand of a spec; parameters holds all that the loss has, with their usual values where none is given."""

    factor: float
    name: str
    parameters: Mapping[str, float]


def parse_loss(spec: str) -> tuple[Term, ...]:
    """Read `[FACTOR*]NAME[:PARAMETER=VALUE,...]`, joined by `+`.

    Raises SegError for names, parameters and values that do not exist, with those that do.
    """
    terms = spec.split("+")
    if len(terms) > _MOST_TERMS:
        raise _wrong(f"{spec:.40}...", f"a sum of {len(terms):,}, and each takes memory; at most {_MOST_TERMS}")
    return tuple(_term(text.strip(), spec) for text in terms)


def _term(text: str, spec: str) -> Term:
    match = _TERM.fullmatch(text)
    if match is None:
        raise _wrong(spec, f"'{text}' is not [FACTOR*]NAME[:PARAMETER=VALUE,...]")
    name = match["name"].strip()
    if name not in LOSSES:
        raise _wrong(spec, f"no loss is named '{name}'")
    factor = 1.0 if match["factor"] is None else _number(match["factor"], "a factor", spec)
    if not factor > 0:
        raise _wrong(spec, f"a factor is above 0; got {factor:g}")
    return Term(factor, name, _parameters(name, match["parameters"], spec))


def _parameters(name: str, text: str | None, spec: str) -> dict[str, float]:
    values: dict[str, float] = {}
    for setting in [] if text is None else text.split(","):
        key, equals, value = (part.strip() for part in setting.partition("="))
        if not equals:
            raise _wrong(spec, f"'{key}' is not PARAMETER=VALUE")
        if key not in LOSSES[name].defaults:
            raise _wrong(spec, f"{name} has no parameter '{key}'")
        if key in values:
            raise _wrong(spec, f"{name} names {key} twice")
        values[key] = _number(value, key, spec)
        if values[key] < 0 or (key == "smoothing" and values[key] >= 1):
            raise _wrong(spec, f"{key} is {'0 to below 1' if key == 'smoothing' else '0 or more'}; got {values[key]:g}")
    values = {**LOSSES[name].defaults, **values}
    if name == "tversky" and values["alpha"] + values["beta"] + values["smooth"] == 0:
        raise _wrong(spec, "alpha and beta of tversky cannot both be 0")
    return values


def _number(text: str, what: str, spec: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _wrong(spec, f"{what} is a number; got '{text.strip()}'")
    return value


def _wrong(spec: str, reason: str) -> SegError:
    known = ", ".join(_signature(name) for name in LOSSES)
    return SegError(f"--loss '{spec}': {reason}; losses: {known}; for example --loss {EXAMPLE}")


def _signature(name: str) -> str:
    defaults = LOSSES[name].defaults
    return name + (":" if defaults else "") + ",".join(f"{key}={value:g}" for key, value in defaults.items())
