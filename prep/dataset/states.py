"""states.csv: how far the labelling of each image is; an image without a row is new."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from prep.core.errors import SegError
from prep.core.files import read_bytes, write_text
from prep.dataset.dataset import Sample

STATES = "states.csv"
NEW, IN_WORK, DONE, REJECTED = "new", "in work", "done", "rejected"
ALL_STATES = (NEW, IN_WORK, DONE, REJECTED)
_COLUMNS = ["stem", "state"]


def own_mask_name(stem: str) -> str:
    """Where the mask of an image is written, relative to the dataset."""
    return f"masks/{stem}.png"


def mask_name(sample: Sample) -> str:
    """Where the mask of an image is, or will be: also while the index does not name it."""
    return sample.mask or own_mask_name(sample.stem)


def read_states(path: Path) -> dict[str, str]:
    """State of each image that is not new, by stem; empty without a file. SegError names the line that does not fit."""
    if not path.exists():
        return {}
    try:
        rows = list(csv.reader(io.StringIO(read_bytes(path).decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise SegError(
            f"{path}: no table in UTF-8 ({error}); restore it, or delete it: all images are new then"
        ) from error
    if not rows or rows[0] != _COLUMNS:
        raise SegError(f"{path}: its first line should be {','.join(_COLUMNS)}")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(_COLUMNS) or row[1] not in ALL_STATES:
            raise SegError(f"{path}, line {number}: expected a stem and one of {', '.join(ALL_STATES)}; found {row}")
    return {stem: state for stem, state in rows[1:] if state != NEW}


def write_states(path: Path, states: Mapping[str, str]) -> None:
    """Write states.csv atomically, sorted by stem, without the new ones."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(item for item in sorted(states.items()) if item[1] != NEW)
    write_text(path, text.getvalue())
