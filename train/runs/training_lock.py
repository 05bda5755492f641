"""One training a run: a lock from its beginning to its last score, apart from that of those who write into the run."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from prep.dataset.lock import InUse, holder, locked
from train.runs.run_files import TRAINING


@contextmanager
def only_training(run: Path) -> Iterator[None]:
    """Be the only one who trains a run; meanwhile others may score it, or predict with it.

    Raises InUse, which names the other training, if there is one for some seconds.
    """
    place = run / TRAINING
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(place))
        except InUse as error:
            raise InUse(
                f"{run}: {holder(place) or 'another command'} is training this run; nothing was changed, wait until it "
                "is done"
            ) from error
        yield
    with suppress(OSError):  # one that a killed training has made
        place.rmdir()
