"""folds.csv: which fold of a cross-validation each sample belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prep.core.tables import read_table, write_columns


@dataclass(frozen=True)
class _Row:
    stem: str
    fold: int


def read_folds(path: Path) -> dict[str, int]:
    """The fold of each sample, by stem; SegError if the file is damaged."""
    rows = read_table(path, _Row, unique="stem", others=True, remedy="write it again with 'seg-prep split --folds'")
    return {row.stem: row.fold for row in rows}


def write_folds(path: Path, folds: Mapping[str, int], groups: Mapping[str, str]) -> None:
    """Write stem, group and fold of each sample, sorted by stem; the group is empty for samples on their own."""
    write_columns(path, ("stem", "group", "fold"), ((stem, groups[stem], folds[stem]) for stem in sorted(folds)))
