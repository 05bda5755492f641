"""The network that learns in the background: trained on what is labelled, trained again as that grows."""

import logging
import math
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from prep.annotate.background import Background
from prep.annotate.model.proposals import Order, Proposals
from prep.annotate.network import record
from prep.annotate.network.choice import LabelledPhoto, PhotoChoice, choose_photos
from prep.annotate.network.labelled import find_labelled, is_painted_by_hand
from prep.annotate.network.record import Record
from prep.annotate.network.trainer import BackgroundTrainer
from prep.annotate.network.training import Training
from prep.annotate.network.training_set import Stopped, write_training_set
from prep.annotate.store.store import AnnotationStore
from prep.core.errors import SegError
from prep.dataset.dataset_files import HIDDEN
from prep.web.guard import Refusal

NETWORK_FOLDER = "network"

MINUTES = 2.0
"""Of a training: the person at the page labels two photos meanwhile."""

GROWTH = 1.5
"""A network is trained again once so many times as many photos are labelled."""

_LOOK_S = 1.0
_IDLE_SHARE = 20
"""Seconds between two looks, and how many times as long as the last one took: 100,000 photos take a while."""


class Network:
    """Trains networks for one dataset while it is on; every method may be called from any thread.

    order: of the photos that a network looks at, as Proposals has it.
    """

    def __init__(self, store: AnnotationStore, trainer: BackgroundTrainer, order: Order = "name") -> None:
        self._store, self._trainer, self._order = store, trainer, order
        self._folder = store.root / HIDDEN / NETWORK_FOLDER
        self._background = Background(self._work, "network")
        self._record = record.read(self._folder)
        self._labelled = 0
        self._is_reading = False
        self._pause = _LOOK_S
        self._training: Training | None = None
        self._model: Proposals | None = None
        self._used = ""
        self._using = ExitStack()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Train in the background; the end of the block ends a training, which goes on at the next start."""
        with self._background.running():
            yield

    @property
    def model(self) -> Proposals | None:
        """The proposals of the network that is better than strokes; None while there is none, or it is off."""
        return self._model

    def turn(self, *, on: bool) -> None:
        """Switch it on or off; on again after a training that failed, it is tried again. SegError: the disk is full."""
        with self._background.news:
            self._keep(is_on=on, failed="")
            self._background.news.notify_all()

    def told(self) -> dict[str, object]:
        """Plain data for the page: the switch, what is at work, and what came of the last training."""
        with self._background.news:
            known, training = self._record, self._training
            labelled, is_reading = self._labelled, self._is_reading
        run, model = self._used, self._model
        is_opening = known.is_on and (run != known.run or (bool(run) and model is None))
        progress = training.progress if training else None
        return {
            "on": known.is_on,
            "state": "opening" if is_opening else _state(known, training, is_reading=is_reading),
            "failed": known.failed,
            "labelled": labelled,
            "next": _next_number(known),
            "progress": vars(progress) if progress else None,
            "comparison": vars(known.comparison) if known.comparison else None,
            "model": model.name if model else None,
            "run": run if model else "",
        }

    def _keep(self, **changes: object) -> None:
        """Change the record; whoever calls holds the news."""
        changed = replace(self._record, **changes)  # type: ignore[arg-type]
        record.write(self._folder, changed)
        self._record = changed

    # The thread.

    def _work(self) -> None:
        with self._using:
            while not self._background.is_stopping:
                try:
                    self._step()
                except Stopped:
                    pass
                except (SegError, Refusal) as error:
                    self._fail(str(error))
                except Exception as error:  # the page goes on without a network
                    logging.getLogger(__name__).exception("The network failed")
                    self._fail(f"{error or type(error).__name__}")
                self._wait()
            self._end_training()

    def _wait(self) -> None:
        """Until it is time to look again, or something was switched."""
        before = self._record
        with self._background.news:
            self._background.news.wait_for(
                lambda: self._background.is_stopping or self._record is not before, self._pause
            )

    def _step(self) -> None:
        known = self._record
        self._use(known.run if known.is_on else "")
        if not known.is_on:
            self._end_training()
        elif self._training is not None:
            if self._training.is_over:
                self._take(self._training)
        elif known.is_training:  # killed with the server that began it, or switched off
            before = self._folder / known.last if known.last else None
            self._training = Training(self._place(known.number), MINUTES, before)
        elif not known.failed:
            self._begin_if_due(known)

    def _use(self, run: str) -> None:
        """Let the network of this run propose, in place of the one before; none if it is empty."""
        if run == self._used:
            return
        self._used, self._model = run, None
        self._using.close()
        if not run:
            return
        try:
            model = Proposals(self._store, self._trainer.open_network(self._folder / run), self._order)
        except SegError:  # its file is damaged or gone, or no class is called as it was: the next training is due
            with self._background.news:
                self._keep(run="", labelled=0, last="", learnt=())
            return
        self._using.enter_context(model.working())
        self._model = model

    def _begin_if_due(self, known: Record) -> None:
        began = time.monotonic()
        photos = find_labelled(self._store)
        self._pause = max(_LOOK_S, _IDLE_SHARE * (time.monotonic() - began))
        with self._background.news:
            self._labelled = len(photos)
        classes = self._store.classes()[0].names
        if len(photos) < _next_number(known) and classes == known.classes:
            return
        self._begin(photos, classes, known)
        self._pause = _LOOK_S

    def _begin(self, photos: Sequence[LabelledPhoto], classes: tuple[str, ...], known: Record) -> None:
        """Begin the next training, with the network of the last one where photos are left to score that on."""
        painted = partial(is_painted_by_hand, self._store)
        last, learnt = (known.last, known.learnt) if classes == known.classes else ("", ())
        choice = choose_photos(photos, painted, learnt)
        if choice is None and learnt:
            last, learnt, choice = "", (), choose_photos(photos, painted)
        if choice is None:
            return
        number = known.number + 1
        choice = self._read(choice, number, known)
        with self._background.news:
            if self._record is known:  # not switched off meanwhile
                self._keep(
                    number=number, is_training=True, labelled=len(photos), classes=classes, last=last,
                    learnt=tuple(sorted({*learnt, *choice.train})),
                )  # fmt: skip

    def _read(self, choice: PhotoChoice, number: int, known: Record) -> PhotoChoice:
        """Copy the photos that a training needs; folders of trainings that are no longer needed go first."""
        needed = {run.partition("/")[0] for run in (self._used, known.last)}
        for folder in self._folder.iterdir() if self._folder.exists() else ():
            if folder.is_dir() and folder.name not in needed:
                shutil.rmtree(folder, ignore_errors=True)  # only space is lost if that fails
        self._is_reading = True
        try:
            return write_training_set(
                self._store, choice, self._place(number),
                lambda: self._background.is_stopping or self._record is not known,
            )  # fmt: skip
        finally:
            self._is_reading = False

    def _take(self, training: Training) -> None:
        """Take up what came of a training that is over."""
        self._end_training()
        if training.run is None or training.comparison is None:
            raise SegError(training.failure())
        run = training.run.relative_to(self._folder).as_posix()
        with self._background.news:
            self._keep(
                is_training=False, comparison=training.comparison, last=run,
                run=run if training.comparison.network_is_better else "",
            )  # fmt: skip

    def _fail(self, words: str) -> None:
        with self._background.news:
            failed = {"failed": words, "is_training": False, "labelled": 0, "last": "", "learnt": ()}
            try:
                self._keep(**failed)
            except SegError:  # a disk that is full, perhaps why it failed
                self._record = replace(self._record, **failed)  # type: ignore[arg-type]

    def _end_training(self) -> None:
        training, self._training = self._training, None
        if training is not None:
            training.end()

    def _place(self, number: int) -> Path:
        return self._folder / str(number)


def _next_number(known: Record) -> int:
    """How many labelled photos the next training waits for."""
    return max(2, math.ceil(GROWTH * known.labelled))


def _state(known: Record, training: Training | None, *, is_reading: bool) -> str:
    if not known.is_on:
        return "off"
    if known.failed:
        return "failed"
    if is_reading:
        return "reading"
    if known.is_training:
        return "comparing" if training is not None and training.is_comparing else "training"
    return "waiting"
