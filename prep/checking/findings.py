"""What a check of a dataset finds: how bad it is, how much of it, where, and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from prep.core.words import printable

Severity = Literal["error", "warning", "remark"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "remark")
"""Worst first: wrong results, doubtful results, good to know."""


@dataclass(frozen=True)
class Finding:
    """One kind of problem with everything it concerns.

    kind: a slug such as "size-mismatch".  text: one sentence with the count.
    names: what it concerns, sorted: stems, files, classes or pairs, with details in brackets.
    advice: what to do or to type next.
    """

    severity: Severity
    kind: str
    text: str
    names: tuple[str, ...]
    advice: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", printable(self.text))
        object.__setattr__(self, "advice", printable(self.advice))
        object.__setattr__(self, "names", tuple(sorted(map(printable, self.names))))


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Sort by severity; among equals the order stays."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
