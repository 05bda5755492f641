"""Rows of the table: what was measured, and whether that is right."""

from collections.abc import Sequence
from dataclasses import dataclass

OK, SKIPPED, FAILED = "ok", "skipped", "FAILED"


@dataclass(frozen=True)
class Row:
    """What a part found.  seconds: that it took."""

    part: str
    found: str
    verdict: str
    seconds: float

    def line(self) -> str:
        """For people who watch."""
        return f"{self.part:22} {self.verdict:8} {self.seconds:6.1f} s  {self.found}"


def table(rows: Sequence[Row]) -> str:
    """All rows in Markdown, as docs/results.md takes them."""
    lines = [f"| {row.part} | {row.found.replace('|', '/')} | {row.verdict} | {row.seconds:.0f} s |" for row in rows]
    return "\n".join(["| part | found | | took |", "|---|---|---|---|", *lines])
