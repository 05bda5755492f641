"""Random sequences of saves, states, other commands, deaths and restarts, against a simple model of what is there."""

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from numpy.typing import NDArray

from prep.annotate.store.store import AnnotationStore, Conflict, ListedImage
from prep.dataset.index import Sample, read_index, write_index
from prep.images.imageio import write_png
from tests.prep.annotate.store.storing import change, died, on_disk, send, to_label

HEIGHT, WIDTH = 3, 4
STEMS = st.sampled_from(["s0", "s1"])
PAGES = st.sampled_from(["page 0", "page 1"])
VALUES = st.sampled_from([0, 1, 2, 255])
Pixels = NDArray[np.uint8]


@dataclass
class Sent:
    """The last save of a page: its id, the mask it was drawn on, and what it should make of it."""

    save: str
    base: str
    body: bytes
    result: Pixels


@dataclass
class Page:
    """What a page knows of a mask."""

    version: str
    pixels: Pixels
    sent: Sent | None = None


def same(one: Pixels | None, other: Pixels | None) -> bool:
    return one is other is None or (one is not None and other is not None and np.array_equal(one, other))


class Labelling(RuleBasedStateMachine):
    """masks: the true pixels by stem, None without a file; made: the save that made them, None for another command."""

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.root = to_label(Path(self.folder.name) / "d", [(HEIGHT, WIDTH)] * 2)
        self.stores: list[AnnotationStore] = []
        self.start()
        self.masks: dict[str, Pixels | None] = {"s0": None, "s1": None}
        self.made: dict[str, str | None] = {"s0": None, "s1": None}
        self.states = {"s0": "new", "s1": "new"}
        self.splits = {"s0": "", "s1": ""}
        self.stale: tuple[Sample, ...] = read_index(self.root / "index.csv")
        self.pages: dict[tuple[str, str], Page] = {}
        self.number = 0

    def start(self) -> None:
        self.store = AnnotationStore(self.root)
        self.stores.append(self.store)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            for store in self.stores:  # threads of dead ones live on, and would write into the folder
                store.close()
            self.folder.cleanup()

    def blank(self, stem: str) -> Pixels:
        mask = self.masks[stem]
        return np.full((HEIGHT, WIDTH), 255, np.uint8) if mask is None else mask

    def written(self, stem: str, pixels: Pixels, save: str | None) -> None:
        self.masks[stem], self.made[stem] = pixels if (pixels != 255).any() else None, save
        if save is not None and self.states[stem] == "new":
            self.states[stem] = "in work"

    @rule(page=PAGES, stem=STEMS)
    def load(self, page: str, stem: str) -> None:
        mask = self.store.mask(stem)
        np.testing.assert_array_equal(mask.pixels, self.blank(stem))
        assert (mask.version == "none") == (self.masks[stem] is None)
        self.pages[page, stem] = Page(mask.version, mask.pixels)

    def draw(self, page: Page, x: int, y: int, value: int) -> Sent:
        self.number += 1
        drawn = page.pixels.copy()
        drawn[y:, x] = value
        body = change(x, y, np.full((HEIGHT - y, 1), value, np.uint8))
        return Sent(f"save {self.number}", page.version, body, drawn)

    @precondition(lambda self: self.pages)
    @rule(data=st.data(), x=st.integers(0, WIDTH - 1), y=st.integers(0, HEIGHT - 1), value=VALUES)
    def paint(self, data: st.DataObject, x: int, y: int, value: int) -> None:
        """A page saves: done if nobody changed the mask since it read it, else refused."""
        name, stem = data.draw(st.sampled_from(sorted(self.pages)))
        page = self.pages[name, stem]
        page.sent = self.draw(page, x, y, value)
        fits = self.fits(page, stem)
        try:
            entry = send(self.store, stem, page.sent.body, page.sent.base, page.sent.save)
        except Conflict:
            assert not fits
            return
        assert fits
        self.done(name, stem, entry)

    def fits(self, page: Page, stem: str) -> bool:
        return same(page.pixels if page.version != "none" else None, self.masks[stem])

    def done(self, name: str, stem: str, entry: ListedImage, *, again: bool = False) -> None:
        page = self.pages[name, stem]
        assert page.sent
        state = self.states[stem]
        self.written(stem, page.sent.result, page.sent.save)
        if again and entry.state == state:
            self.states[stem] = state  # nothing was written again: somebody called it new in between
        assert entry.version
        page.version, page.pixels = entry.version, page.sent.result
        assert (entry.stem, entry.state) == (stem, self.states[stem])
        present = np.unique(page.pixels)
        assert entry.classes == present[present != 255].tolist()

    @precondition(lambda self: any(page.sent for page in self.pages.values()))
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """A page sends its last save again, as if the answer had been lost."""
        name, stem = data.draw(st.sampled_from(sorted(key for key, page in self.pages.items() if page.sent)))
        sent = self.pages[name, stem].sent
        assert sent
        try:
            entry = send(self.store, stem, sent.body, sent.base, sent.save)
        except Conflict:
            assert self.made[stem] != sent.save
            return
        found = on_disk(self.root, stem)
        np.testing.assert_array_equal(self.blank(stem) if found is None else found, sent.result)  # no "done" if not
        self.done(name, stem, entry, again=True)

    @precondition(lambda self: self.pages)
    @rule(data=st.data(), value=VALUES, countdown=st.integers(0, 12), before=st.booleans())
    def die(self, data: st.DataObject, value: int, countdown: int, before: bool) -> None:
        """The server is killed in the middle of a save, and started again; the page repeats its save."""
        name, stem = data.draw(st.sampled_from(sorted(self.pages)))
        page = self.pages[name, stem]
        page.sent = self.draw(page, 0, 0, value)

        def try_to_save() -> None:
            assert page.sent
            try:
                send(self.store, stem, page.sent.body, page.sent.base, page.sent.save)
            except Conflict:
                return

        died(countdown, try_to_save, before=before)
        self.start()
        state = self.store.entry(stem).state
        assert state in (self.states[stem], "in work" if self.states[stem] == "new" else self.states[stem])
        found = on_disk(self.root, stem)
        if not same(found, self.masks[stem]):
            assert self.fits(page, stem)
            np.testing.assert_array_equal(np.uint8(255) if found is None else found, page.sent.result)
            self.written(stem, page.sent.result, page.sent.save)
            assert self.states[stem] == state
        self.states[stem] = state

    @rule(stem=STEMS, state=st.sampled_from(["new", "in work", "done", "rejected"]))
    def set_state(self, stem: str, state: str) -> None:
        assert self.store.set_state(stem, state).state == state
        self.states[stem] = state

    @rule(crash=st.booleans())
    def restart(self, crash: bool) -> None:
        if not crash:
            self.store.close()
        self.start()  # writes what the index should say: reading alone changes no file
        for sample in read_index(self.root / "index.csv"):
            assert sample == self.store.sample(sample.stem)

    @rule(stem=STEMS, seed=st.integers(0, 3))
    def convert(self, stem: str, seed: int) -> None:
        """Another command writes a mask and its row in the index."""
        pixels = np.random.default_rng(seed).integers(0, 3, (HEIGHT, WIDTH)).astype(np.uint8)
        (self.root / "masks").mkdir(exist_ok=True)
        write_png(self.root / "masks" / f"{stem}.png", pixels)
        samples = read_index(self.root / "index.csv")
        named = [replace(s, mask=f"masks/{s.stem}.png") if s.stem == stem else s for s in samples]
        write_index(self.root / "index.csv", named)
        self.written(stem, pixels, None)

    @rule()
    def look(self) -> None:
        """Another command reads the index; it will write it later."""
        self.stale = read_index(self.root / "index.csv")

    @rule(split=st.sampled_from(["train", "val", ""]))
    def split(self, split: str) -> None:
        """Another command writes the index that it read before, with other splits."""
        write_index(self.root / "index.csv", [replace(sample, split=split) for sample in self.stale])
        self.splits = dict.fromkeys(self.splits, split)

    @invariant()
    def all_is_as_it_should_be(self) -> None:
        if not hasattr(self, "store"):
            return
        entries = {entry.stem: entry for entry in self.store.entries()}
        samples = {sample.stem: sample for sample in read_index(self.root / "index.csv")}
        for stem, mask in self.masks.items():
            assert same(on_disk(self.root, stem), mask)
            assert (entries[stem].state, entries[stem].split) == (self.states[stem], self.splits[stem])
            assert samples[stem].split == self.splits[stem]
            if self.states[stem] == "rejected" or mask is None:
                assert self.store.sample(stem).mask == ""
            elif self.states[stem] != "new":
                assert self.store.sample(stem).mask == f"masks/{stem}.png"


TestLabelling = Labelling.TestCase
TestLabelling.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
