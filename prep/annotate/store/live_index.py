"""index.csv and states.csv of a dataset that other commands may change at any time."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from prep.annotate.access import inside
from prep.annotate.store.versions import SaveNotes, Stamp, stamp_of
from prep.core.errors import SegError
from prep.dataset.dataset import Sample, read_index, write_index
from prep.dataset.dataset_files import INDEX, STATES
from prep.dataset.states import IN_WORK, NEW, REJECTED, mask_name, own_mask_name, read_states_and_notes, write_states
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
        self._seen: tuple[Stamp | None, Stamp | None] | None = None
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
        return self._states.get(stem, NEW)

    def note(self, stem: str) -> str:
        """What a person noted on an image."""
        return self._notes_on.get(stem, "")

    def repair(self) -> None:
        """Write into the index what it should say; without this, it is only read so."""
        self._refresh()
        if self._repaired:
            self._write_masks(self._repaired)
            self._refresh()

    def begin(self, stem: str) -> None:
        """A first mask of this image is about to be written."""
        self._refresh()
        if self.state(stem) == NEW:
            self._write_states(stem, IN_WORK, self.note(stem))

    def name_mask(self, stem: str) -> None:
        """The mask of this image stands; say so in the index, unless the image is rejected."""
        self.repair()
        sample = self._samples[stem]
        if self.state(stem) != REJECTED and not sample.mask:
            self._write_masks({stem: mask_name(sample)})

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
        self._write_states(stem, state, self.note(stem))
        self.repair()

    def set_note(self, stem: str, note: str) -> None:
        """Note something on an image, on one line, in place of what was noted; Refusal (400) if it is too long."""
        plain = note.encode("utf-8", "replace").decode()  # half a sign fits into no file
        line = " ".join("".join(" " if sign < " " else sign for sign in plain).split())
        if len(line) > MAX_NOTE:
            raise Refusal(400, f"A note has {MAX_NOTE} characters at most; this one has {len(line)}.")
        self._refresh()
        self._write_states(stem, self.state(stem), line)
        self.repair()

    def _refresh(self) -> None:
        seen = (stamp_of(self._root / INDEX), stamp_of(self._root / STATES))
        if seen == self._seen:
            return
        self._samples = {sample.stem: sample for sample in read_index(self._root / INDEX)}
        self._states, self._notes_on = read_states_and_notes(self._root / STATES)
        self._seen = seen
        self._repaired = dict(self._repairs())
        for stem, mask in self._repaired.items():
            self._samples[stem] = replace(self._samples[stem], mask=mask)

    def _repairs(self) -> Iterator[tuple[str, str]]:
        """Stems whose mask in the index is not what it should be, and what it should be."""
        noted = self._notes.stems()
        for stem, sample in self._samples.items():
            state = self.state(stem)
            if state == REJECTED and sample.mask == own_mask_name(stem):
                yield stem, ""
            elif (
                state != REJECTED and not sample.mask and (state != NEW or stem in noted) and self._is_its_mask(sample)
            ):
                yield stem, mask_name(sample)

    def _is_its_mask(self, sample: Sample) -> bool:
        """Whether a mask of the size of this image stands where its mask belongs."""
        try:
            path = inside(self._root, mask_name(sample))
            return path.is_file() and image_size(path) == (sample.width, sample.height)
        except (SegError, Refusal):
            return False

    def _write_masks(self, masks: Mapping[str, str]) -> None:
        """Change the masks of these stems in the index as it is now: its other columns are of other commands."""
        samples = read_index(self._root / INDEX)
        write_index(self._root / INDEX, [replace(s, mask=masks.get(s.stem, s.mask)) for s in samples])
        self._seen = None  # another command may have written it since: it is read again

    def _write_states(self, stem: str, state: str, note: str) -> None:
        write_states(self._root / STATES, {**self._states, stem: state}, {**self._notes_on, stem: note})
        self._seen = None
