"""states.csv: how far the labelling of each image is, and what a person notes on it; without a row it is new."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from prep.core.tables import IF_USED, ONE_OF, read_table, write_table
from prep.core.words import counted, list_some, verb
from prep.dataset.dataset_files import INDEX, MASKS, STATES
from prep.dataset.index import Sample

NEW_STATE, IN_WORK, DONE, REJECTED = "new", "in work", "done", "rejected"
ALL_STATES = (NEW_STATE, IN_WORK, DONE, REJECTED)


@dataclass(frozen=True)
class _Row:
    stem: str
    state: str = field(metadata={ONE_OF: ALL_STATES})
    note: str = field(default="", metadata={IF_USED: True})


def own_mask_name(stem: str) -> str:
    """Where the mask of an image is written, relative to the dataset."""
    return f"{MASKS}/{stem}.png"


def mask_name(sample: Sample) -> str:
    """Where the mask of an image is, or will be: also while the index does not name it."""
    return sample.mask or own_mask_name(sample.stem)


def with_rejected_mask(root: Path, sample: Sample, states: Mapping[str, str]) -> Sample:
    """A sample with its mask, which the index does not name while it is rejected: the rejection can be taken back."""
    name = own_mask_name(sample.stem)
    rejected = states.get(sample.stem) == REJECTED and not sample.mask and (root / name).is_file()
    return replace(sample, mask=name) if rejected else sample


def without_rejected_mask(sample: Sample, states: Mapping[str, str]) -> Sample:
    """A sample as the index has it, whoever writes it: that of a rejected one names no mask, though a file is there."""
    rejected = states.get(sample.stem) == REJECTED and sample.mask == own_mask_name(sample.stem)
    return replace(sample, mask="") if rejected else sample


def notes_on_rejected(root: Path, stems: Iterable[str]) -> list[str]:
    """A note on those of these samples, which were given masks, that are rejected all the same."""
    states = read_states(root / STATES)
    stay = sorted(stem for stem in stems if states.get(stem) == REJECTED)
    if not stay:
        return []
    return [
        f"{counted(len(stay), 'sample')} {verb(len(stay), 'stays', 'stay')} rejected ({list_some(stay)}): {INDEX} does "
        f"not name {verb(len(stay), 'its mask', 'their masks')}; "
        f"'{shlex.join(['seg-prep', 'annotate', str(root)])}' takes a rejection back"
    ]


@dataclass(frozen=True)
class LabellingStates:
    """How far images are, by stem, and what is noted on them."""

    states: dict[str, str]
    notes: dict[str, str]


def joined_labelling(
    here: LabellingStates, there: LabellingStates, where: str, *, overwrite: bool
) -> tuple[LabellingStates, list[str]]:
    """What is known of the images of a dataset, with what comes along with samples of another one, `where`; and notes.

    What a person said here stays, unless it is overwritten; a rejection stays whichever side it is of, and so do the
    notes that are here.
    """
    later = there.states if overwrite else here.states
    states = {**here.states, **there.states, **later}
    rejected = [stem for each in (here, there) for stem, state in each.states.items() if state == REJECTED]
    states |= dict.fromkeys(rejected, REJECTED)
    kept = [s for s, state in there.states.items() if states[s] != state and states[s] != REJECTED]
    new = sorted(stem for stem in rejected if here.states.get(stem, REJECTED) != REJECTED)
    told = []
    if kept:
        told.append(
            f"in the state of labelling that they have here, another one than in {where}: "
            f"{counted(len(kept), 'sample')} ({list_some(sorted(kept))})"
        )
    if new:
        told.append(f"rejected now, as in {where}: {counted(len(new), 'sample')} ({list_some(new)})")
    return LabellingStates(states, {**there.notes, **here.notes}), told


def read_states(path: Path) -> dict[str, str]:
    """State of each image that is not new, by stem; empty without a file. SegError names the line that does not fit."""
    return read_states_and_notes(path)[0]


def read_states_and_notes(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """States as of read_states, and the notes that there are, by stem; errors as of read_states."""
    if not path.exists():
        return {}, {}
    rows = list(read_table(path, _Row, unique="stem", remedy="restore the file, or delete it: all images are new then"))
    return {row.stem: row.state for row in rows if row.state != NEW_STATE}, {
        row.stem: row.note for row in rows if row.note
    }


def write_states(path: Path, states: Mapping[str, str], notes: Mapping[str, str]) -> None:
    """Write states.csv atomically, sorted by stem, without images that are new and have no note."""
    rows = (_Row(stem, states.get(stem, NEW_STATE), notes.get(stem, "")) for stem in sorted({*states, *notes}))
    write_table(path, _Row, (row for row in rows if row.state != NEW_STATE or row.note))
