"""What is known of the trainings for a dataset, on the disk: reload, restart and kill change nothing."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from prep.annotate.network.comparison import HeldOutScores
from prep.core.errors import SegError
from prep.core.files import make_folder, write_text
from prep.core.jsonio import read_record

_RECORD = "network.json"
_REMEDY = "remove it to begin anew"


@dataclass(frozen=True)
class Record:
    """Everything about the networks of a dataset.

    is_on: whether they are trained and used.  number: of the last training, and of its folder; 0 before the first.
    is_training: whether that one is begun and not over.  labelled: photos that were labelled when it began.
    classes: names of the classes then.  comparison: what the last finished training gave.
    run: posix path, below the folder of all trainings, of the run that proposes; empty while strokes do.
    last: that of the last finished training, with which the next one begins; empty: it begins anew.
    learnt: stems of all photos that it, and those that it began with, have learnt from.
    failed: why the last training failed, for people; empty if it did not.
    """

    is_on: bool = False
    number: int = 0
    is_training: bool = False
    labelled: int = 0
    classes: tuple[str, ...] = ()
    comparison: HeldOutScores | None = None
    run: str = ""
    last: str = ""
    learnt: tuple[str, ...] = ()
    failed: str = ""


def read(folder: Path) -> Record:
    """The record in the folder of all trainings; a new one where there is none, or where it is damaged."""
    path = folder / _RECORD
    if not path.exists():
        return Record()
    try:
        return read_record(path, Record, remedy=_REMEDY)
    except SegError:  # nothing is lost but a training, and the switch that a person sees is off
        return Record()


def write(folder: Path, record: Record) -> None:
    """Write it atomically; SegError if the disk does not take it."""
    make_folder(folder)
    write_text(folder / _RECORD, json.dumps(asdict(record), indent=1) + "\n")
