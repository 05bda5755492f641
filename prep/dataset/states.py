"""states.csv: how far the labelling of each image is; an image without a row is new."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from prep.core.tables import ONE_OF, read_table, write_table
from prep.dataset.dataset import Sample
from prep.dataset.dataset_files import MASKS

NEW, IN_WORK, DONE, REJECTED = "new", "in work", "done", "rejected"
ALL_STATES = (NEW, IN_WORK, DONE, REJECTED)


@dataclass(frozen=True)
class _Row:
    stem: str
    state: str = field(metadata={ONE_OF: ALL_STATES})


def own_mask_name(stem: str) -> str:
    """Where the mask of an image is written, relative to the dataset."""
    return f"{MASKS}/{stem}.png"


def mask_name(sample: Sample) -> str:
    """Where the mask of an image is, or will be: also while the index does not name it."""
    return sample.mask or own_mask_name(sample.stem)


def read_states(path: Path) -> dict[str, str]:
    """State of each image that is not new, by stem; empty without a file. SegError names the line that does not fit."""
    if not path.exists():
        return {}
    rows = read_table(path, _Row, unique="stem", remedy="restore the file, or delete it: all images are new then")
    return {row.stem: row.state for row in rows if row.state != NEW}


def write_states(path: Path, states: Mapping[str, str]) -> None:
    """Write states.csv atomically, sorted by stem, without the new ones."""
    write_table(path, _Row, (_Row(*item) for item in sorted(states.items()) if item[1] != NEW))
