"""What 'seg-train audit' found in the labels of a dataset, as a list to work through."""

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from prep.core.errors import SegError
from prep.core.files import make_folder, write_text
from prep.core.jsonio import read_json
from prep.core.tables import read_table
from prep.core.words import counted, verb
from prep.dataset.index import Sample

AUDIT = "audit.csv"
MARKS = "findings.json"

Verdict = Literal["right", "corrected"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""What a person says of a finding: the label was right, or it was wrong and is corrected."""


@dataclass(frozen=True)
class SuspectRow:
    """A region whose label a model contradicts.

    x, y, width, height: the box around it, in pixels.  label, model: names of the classes.
    score: the higher, the more confident the model is that the label is wrong.
    """

    stem: str
    x: int
    y: int
    width: int
    height: int
    label: str
    model: str
    score: float

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 1:
            raise ValueError(f"a box of {self.width} x {self.height} pixels is none")

    @property
    def key(self) -> str:
        """Equal for the same finding in another audit."""
        return f"{self.stem} {self.x},{self.y} {self.width}x{self.height} {self.label} > {self.model}"


class Findings:
    """The findings of an audit in their order, numbered from 1, and which of them a person has seen.

    The marks are kept in a file, also those of findings in other audits. Methods may be called from any thread.
    """

    def __init__(self, findings: Iterable[SuspectRow], marks: Path) -> None:
        self._findings = tuple(findings)
        self._path = marks
        self._lock = threading.Lock()
        self._marks = read_marks(marks)

    def listed(self) -> list[dict[str, object]]:
        """Plain data of all findings: number, the fields of a SuspectRow, and seen: a Verdict or None."""
        with self._lock:
            return [self._plain(number) for number in range(1, len(self._findings) + 1)]

    def mark(self, number: int, verdict: Verdict | None) -> dict[str, object]:
        """Say what a finding was, None takes it back; returns the finding as `listed` does. IndexError: no such one."""
        if not 1 <= number <= len(self._findings):
            raise IndexError(number)
        key = self._findings[number - 1].key
        with self._lock:
            marks = {other: kept for other, kept in self._marks.items() if other != key}
            if verdict is not None:
                marks[key] = verdict
            make_folder(self._path.parent)
            write_text(self._path, json.dumps(marks, indent=1, ensure_ascii=False) + "\n")
            self._marks = marks
            return self._plain(number)

    def _plain(self, number: int) -> dict[str, object]:
        finding = self._findings[number - 1]
        return {"number": number, **vars(finding), "seen": self._marks.get(finding.key)}


def read_findings(path: Path) -> list[SuspectRow]:
    """Read audit.csv, or the one in a folder; SegError names the line that does not fit."""
    file = path / AUDIT if path.is_dir() else path
    if not file.exists():
        raise SegError(f"{file}: no such file; 'seg-train audit' writes one, name its folder with --audit FOLDER")
    return list(read_table(file, SuspectRow, remedy="run 'seg-train audit' again", others=True))


def in_dataset(findings: Iterable[SuspectRow], samples: Iterable[Sample]) -> tuple[list[SuspectRow], list[str]]:
    """The findings whose box lies in an image of the dataset, and in words which were left out."""
    sizes = {sample.stem: (sample.width, sample.height) for sample in samples if sample.image}
    kept: list[SuspectRow] = []
    unknown: dict[str, int] = {}
    outside: dict[str, int] = {}
    for each in findings:
        width, height = sizes.get(each.stem, (0, 0))
        if each.stem not in sizes:
            unknown[each.stem] = unknown.get(each.stem, 0) + 1
        elif each.x + each.width > width or each.y + each.height > height:
            outside[each.stem] = outside.get(each.stem, 0) + 1
        else:
            kept.append(each)
    told = [
        _left_out(unknown, "not in this dataset"),
        _left_out(outside, "smaller than when audited"),
    ]
    return kept, [words for words in told if words]


def read_marks(path: Path) -> dict[str, Verdict]:
    """Read what people said of findings, by their keys; SegError if the file is damaged."""
    if not path.exists():
        return {}
    marks = read_json(path, remedy="remove it to begin with no finding seen")
    if not isinstance(marks, dict) or not all(verdict in VERDICTS for verdict in marks.values()):
        raise SegError(f"{path}: holds other things than marks of findings; remove it to begin with no finding seen")
    return cast(dict[str, Verdict], marks)


def _left_out(counts: dict[str, int], why: str) -> str:
    """For example: 5 findings are left out: a, b, c and 2 more are not in this dataset."""
    if not counts:
        return ""
    stems, number = sorted(counts), sum(counts.values())
    names = ", ".join(stems[:3]) + (f" and {len(stems) - 3} more" if len(stems) > 3 else "")
    what = f"{counted(number, 'finding')} {verb(number, 'is', 'are')}"
    return f"{what} left out: {names} {verb(len(stems), 'is', 'are')} {why}"
