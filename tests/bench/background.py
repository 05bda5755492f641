"""The network that is trained in the background, for measurements of labelling: it trains in real time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prep.annotate.model.proposals import Proposals
from prep.annotate.network.labelled import find_labelled
from prep.annotate.network.network import Network
from prep.annotate.network.trainer import BackgroundTrainer
from prep.annotate.store.store import AnnotationStore

_PAUSE_S = 0.1


@contextmanager
def background_network(store: AnnotationStore, trainer: BackgroundTrainer) -> Iterator[Callable[[], Proposals | None]]:
    """Train while the block is at work on the photos of a store.

    Gives a function that waits until all that is labelled now is learnt from, if that is due, and returns what the
    network proposes, or None where strokes propose better.  Photos count once they are done; two classes have to
    be on them.
    """
    network = Network(store, trainer)

    def proposals() -> Proposals | None:
        while not _is_settled(network, store):
            time.sleep(_PAUSE_S)
        return network.model

    with network.working():
        network.turn(on=True)
        yield proposals


def _is_settled(network: Network, store: AnnotationStore) -> bool:
    told, labelled = network.told(), len(find_labelled(store))
    if told["state"] == "failed":
        raise RuntimeError(told["failed"])
    return told["state"] == "waiting" and labelled < int(str(told["next"]))
