"""index.csv and states.csv of a dataset that other commands may change at any time."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from prep.annotate.access import inside
from prep.annotate.store.row_edits import added_row, changed_row, removed_row
from prep.annotate.store.versions import FileStamp, SaveNotes, stamp_of
from prep.core.errors import SegError
from prep.core.files import read_bytes, write_bytes
from prep.dataset.dataset_files import INDEX, STATES
from prep.dataset.index import Sample, read_index, write_index
from prep.dataset.states import (
    IN_WORK,
    NEW_STATE,
    REJECTED,
    mask_name,
    own_mask_name,
    read_states_and_notes,
    write_states,
)
from prep.images.imageio import image_size
from prep.web.guard import Refusal

MAX_NOTE = 500
"""Characters of a note on an image."""


class LiveIndex:
    """Samples and states as the files say now; both are read again when they have changed, and before each change.

    Whatever two files may say differently after a death between two writes is repaired when they are read: a rejected
    image has no mask in the index; an image that was labelled here has the one that stands. Whoever writes holds the
    lock of the dataset. Not for several threads at once.
    """

    def __init__(self, root: Path, notes: SaveNotes) -> None:
        self._root = root
        self._notes = notes
        self._seen: tuple[FileStamp | None, FileStamp | None] | None = None
        self._samples: dict[str, Sample] = {}
        self._states: dict[str, str] = {}
        self._notes_on: dict[str, str] = {}
        self._repaired: dict[str, str] = {}

    def samples(self) -> Mapping[str, Sample]:
        """All samples by stem, in the order of the index."""
        self._refresh()
        return self._samples

    def state(self, stem: str) -> str:
        """The state of an image."""
        return self._states.get(stem, NEW_STATE)

    def note(self, stem: str) -> str:
        """What a person noted on an image."""
        return self._notes_on.get(stem, "")

    def repair(self) -> None:
        """Write into the index what it should say; without this, it is only read so."""
        self._refresh()
        if self._repaired:
            self._write_masks(self._repaired)
            self._repaired = {}
            self._refresh()

    def begin(self, stem: str) -> None:
        """A first mask of this image is about to be written."""
        self._refresh()
        if self.state(stem) == NEW_STATE:
            self._write_state(stem, IN_WORK, self.note(stem))

    def name_mask(self, stem: str) -> None:
        """The mask of this image stands; say so in the index, unless the image is rejected."""
        self.repair()
        sample = self._samples[stem]
        if self.state(stem) != REJECTED and not sample.mask:
            self._write_masks({stem: mask_name(sample)})

    def unname_mask(self, stem: str) -> None:
        """The mask of this image is about to go: nothing is labelled in it any more."""
        self.repair()
        if self._samples[stem].mask:
            self._write_masks({stem: ""})

    def set_state(self, stem: str, state: str) -> None:
        """Change the state of an image. states.csv counts: it is written first to reject, last to take that back.

        Refusal (409) if its mask has another name than ours, so that it could not be found again.
        """
        sample = self.samples()[stem]
        if state == REJECTED and sample.mask not in ("", own_mask_name(stem)):
            text = f"Its mask is {sample.mask}, and would not be found again."
            raise Refusal(409, f"{text} Rename it to {own_mask_name(stem)}, also in {INDEX}, to reject this image.")
        if self.state(stem) == REJECTED != state and self._is_its_mask(sample):
            self._write_masks({stem: mask_name(sample)})
        self._write_state(stem, state, self.note(stem))
        self.repair()

    def set_note(self, stem: str, note: str) -> None:
        """Note something on an image, on one line, in place of what was noted; Refusal (400) if it is too long."""
        plain = note.encode("utf-8", "replace").decode()  # half a sign fits into no file
        line = " ".join("".join(" " if sign < " " else sign for sign in plain).split())
        if len(line) > MAX_NOTE:
            raise Refusal(400, f"A note has {MAX_NOTE} characters at most; this one has {len(line)}.")
        self._refresh()
        self._write_state(stem, self.state(stem), line)

    def _refresh(self) -> None:
        seen = (stamp_of(self._root / INDEX), stamp_of(self._root / STATES))
        if seen == self._seen:
            return
        self._samples = {sample.stem: sample for sample in read_index(self._root / INDEX)}
        self._states, self._notes_on = read_states_and_notes(self._root / STATES)
        self._seen = seen
        noted = self._notes.having(self._samples)
        found = ((stem, self._mask_to_be(sample, stem in noted)) for stem, sample in self._samples.items())
        self._repaired = {stem: mask for stem, mask in found if mask is not None}
        for stem, mask in self._repaired.items():
            self._samples[stem] = replace(self._samples[stem], mask=mask)

    def _mask_to_be(self, sample: Sample, noted: bool) -> str | None:
        """The mask that the index should name for an image; None if it does. noted: whether a save of it was begun."""
        state = self.state(sample.stem)
        if state == REJECTED:
            return "" if sample.mask == own_mask_name(sample.stem) else None
        if sample.mask == own_mask_name(sample.stem) and noted and self._notes.took_away(sample.stem):
            return None if (self._root / sample.mask).exists() else ""
        missing = not sample.mask and (state != NEW_STATE or noted) and self._is_its_mask(sample)
        return mask_name(sample) if missing else None

    def _is_its_mask(self, sample: Sample) -> bool:
        """Whether a mask of the size of this image stands where its mask belongs."""
        try:
            path = inside(self._root, mask_name(sample))
            return path.is_file() and image_size(path) == (sample.width, sample.height)
        except (SegError, Refusal):
            return False

    def _write_masks(self, masks: Mapping[str, str]) -> None:
        """Change the masks of these stems in the index as it is now: its other columns are of other commands."""
        path = self._root / INDEX
        if len(masks) == 1:
            [(stem, mask)] = masks.items()
            if self._edited(path, lambda table: changed_row(table, stem, {"mask": mask})):
                self._samples[stem] = replace(self._samples[stem], mask=mask)
                return
        write_index(path, [replace(s, mask=masks.get(s.stem, s.mask)) for s in read_index(path)])
        self._seen = None  # another command may have written it since: it is read again

    def _write_state(self, stem: str, state: str, note: str) -> None:
        """Change the row of an image in states.csv."""
        path = self._root / STATES
        is_told = stem in self._states or stem in self._notes_on
        row = {"stem": stem, "state": state, **({"note": note} if self._notes_on or note else {})}

        def edit(table: bytes) -> bytes | None:
            if self.note(stem) and not note:
                return None  # without any note the column goes
            if not is_told:
                return added_row(table, row)
            return changed_row(table, stem, row) if state != NEW_STATE or note else removed_row(table, stem)

        if not self._edited(path, edit):
            write_states(path, {**self._states, stem: state}, {**self._notes_on, stem: note})
            self._seen = None
            return
        _keep(self._states, stem, state, unless=NEW_STATE)
        _keep(self._notes_on, stem, note, unless="")
        mask = self._mask_to_be(self._samples[stem], self._notes.has(stem))
        if mask is not None:
            self._repaired[stem] = mask
            self._samples[stem] = replace(self._samples[stem], mask=mask)

    def _edited(self, path: Path, edit: Callable[[bytes], bytes | None]) -> bool:
        """Change a file that is as it was when it was read, and know what it holds then; whether that was possible."""
        known = {self._root / name: stamp for name, stamp in zip((INDEX, STATES), self._seen or (), strict=False)}
        if known.get(path) is None:
            return False
        table = read_bytes(path)
        if stamp_of(path) != known[path] or (new := edit(table)) is None:
            return False
        write_bytes(path, new)
        known[path] = stamp_of(path)
        self._seen = known[self._root / INDEX], known[self._root / STATES]
        return True


def _keep(values: dict[str, str], stem: str, value: str, *, unless: str) -> None:
    """Take a value of a stem in; `unless` is the one that is not kept."""
    if value == unless:
        values.pop(stem, None)
    else:
        values[stem] = value
