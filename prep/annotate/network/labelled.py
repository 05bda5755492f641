"""Which photos of a dataset are labelled enough to learn from."""

from contextlib import suppress

from prep.annotate.access import inside
from prep.annotate.network.choice import LabelledPhoto
from prep.annotate.store.store import AnnotationStore
from prep.annotate.store.versions import stamp_of
from prep.core.classes import IGNORE_INDEX
from prep.core.errors import SegError
from prep.dataset.states import DONE, REJECTED, mask_name
from prep.web.guard import Refusal


def find_labelled(store: AnnotationStore) -> list[LabelledPhoto]:
    """The labelled photos, without the one at work: the one whose mask changed last, unless it is done."""
    try:
        entries = [entry for entry in store.entries() if entry.labelled and entry.state != REJECTED]
    except SegError:  # index.csv is being written by somebody; the page tells if it stays damaged
        return []
    found, last = dict[str, LabelledPhoto](), (-1, "", "")
    for entry in entries:
        with suppress(Refusal, SegError):  # an index of others may name what is not in the dataset
            sample = store.sample(entry.stem)
            stamp = stamp_of(inside(store.root, mask_name(sample)))
            found[entry.stem] = LabelledPhoto(entry.stem, frozenset(entry.classes or ()), sample.group, entry.split)
            last = max(last, (stamp[1] if stamp else 0, entry.stem, entry.state))
    if last[2] != DONE:
        found.pop(last[1], None)
    return list(found.values())


def is_painted_by_hand(store: AnnotationStore, stem: str) -> bool:
    """Whether people painted on a photo themselves, not only accepted what was proposed."""
    with suppress(Refusal, SegError):  # whoever opens this photo is told
        return bool((store.by_hand(stem) != IGNORE_INDEX).any())
    return False
