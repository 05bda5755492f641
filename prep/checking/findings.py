"""What a check of a dataset finds: of which kind, where, and in words."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from prep.checking.kinds import FINDING_KINDS, SEVERITIES, Severity, filled
from prep.core.words import natural_key, printable

_SPLIT = "seg-prep split"
_KINDS = {kind.name: kind for kind in FINDING_KINDS}


@dataclass(frozen=True)
class Finding:
    """One kind of problem with everything it concerns.

    kind: name of a FindingKind.  text: one sentence with the count.  advice: what to do or to type next.
    names: what it concerns, sorted, 2 before 10: stems, files, classes or pairs, with details in brackets.
    """

    severity: Severity
    kind: str
    text: str
    names: tuple[str, ...]
    advice: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", printable(self.text))
        object.__setattr__(self, "advice", printable(self.advice))
        object.__setattr__(self, "names", tuple(sorted(map(printable, self.names), key=natural_key)))


def found(slug: str, names: Collection[str] | None, /, n: int | None = None, **values: object) -> Iterator[Finding]:
    """Give the finding of the kind `slug`, or none if `names` is empty; None: about the dataset as a whole.

    n: how many there are, if not as many as names.  values: what else its text needs.
    """
    if names is None or names:
        kind = _KINDS[slug]
        number = len(names or ()) if n is None else n
        text, advice = (filled(template, number, values) for template in (kind.text, kind.advice))
        yield Finding(kind.severity, slug, text, tuple(names or ()), advice)


def as_split_before(findings: Iterable[Finding], grouping: str) -> list[Finding]:
    """The findings, with these options of the last split in the commands that split again.

    Without them, what was kept together would come apart; those that name others are meant so.
    """
    if not grouping:
        return list(findings)
    return [
        replace(finding, advice=finding.advice.replace(_SPLIT, f"{_SPLIT} {grouping}"))
        if "--group-by" not in finding.advice
        else finding
        for finding in findings
    ]


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Sort by severity; among equals the order stays."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
