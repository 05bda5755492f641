"""Masks of ids that were stored with loss or scaled smoothly: numbers at edges are those of other classes."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from prep.converting.values.meaning import Meaning
from prep.core.errors import SegError
from prep.core.files import explained, open_to_read
from prep.labels.reader import Codes, LabelReader, RawLabel, read_codes

_LOOKED_AT = 6
_SIDE = 4096
"""Pixels of a mask's sides that are looked at."""

_FEWEST_CLASSES = 3
_FAR = 16
"""Ids that are so far apart are told from their noise: --unknown nearest mends it."""

_BETWEEN, _EDGES = 0.2, 0.3
"""Where masks were scaled smoothly, so large a share of their edges goes over other ids; of all pixels fewer than the
second share are edges, except in noise."""


_STORED = (
    "the numbers of classes were stored with loss (JPEG or WebP), and at every edge they are those of other classes"
)
_SCALED = (
    "the numbers of classes go over those between them at every edge, as where a mask was scaled with interpolation or "
    "blurred; these pixels are of classes that nobody drew there"
)


def refuse_lossy_ids(meaning: Meaning, reader: LabelReader, labels: Sequence[RawLabel], asked: str | None) -> str:
    """SegError where ids cannot be believed; where a person has asked for ids, a note that says so instead.

    Of two classes the noise is told from them, and so it is where ids are far apart.
    """
    ids = sorted({*meaning.classes.ids})
    if reader.name != "ids" or len(ids) < _FEWEST_CLASSES or min(np.diff(ids)) >= _FAR:
        return ""
    found = _why_not(reader, labels[:: max(1, len(labels) // _LOOKED_AT)][:_LOOKED_AT])
    if not found:
        return ""
    if asked == "ids":
        return f"{found}; taken as they are, as --from ids says: look at some masks"
    raise SegError(
        f"{found}. If so, they cannot be mended: export or scale the masks anew, as PNG, with nearest neighbour. If "
        "they were drawn so (thin layers one inside the other), add --from ids"
    )


def _why_not(reader: LabelReader, labels: Sequence[RawLabel]) -> str:
    for label in labels:
        with suppress(SegError):  # of one that cannot be read, converting it says what is wrong
            if _is_stored_with_loss(label.path):
                return f"{label.name}: {_STORED}"
            if _is_scaled_smoothly(read_codes(reader, label)):
                return f"{label.name}: {_SCALED}"
    return ""


def _is_stored_with_loss(path: Path) -> bool:
    with explained(path), open_to_read(path) as file:
        start = file.read(16)
    is_webp = start[:4] == b"RIFF" and start[8:12] == b"WEBP"
    return start[:3] == b"\xff\xd8\xff" or (is_webp and start[12:16] == b"VP8 ")


def _is_scaled_smoothly(codes: Codes) -> bool:
    """Whether edges go over several numbers between, along rows or columns; in a drawn mask they jump."""
    height, width = codes.shape
    top, left = max(0, (height - _SIDE) // 2), max(0, (width - _SIDE) // 2)
    window = codes[top : top + _SIDE, left : left + _SIDE]
    passed: set[int] = set()
    ramps = edges = 0
    for before, here, after in (
        (window[:, :-2], window[:, 1:-1], window[:, 2:]),
        (window[:-2], window[1:-1], window[2:]),
    ):
        between = ((before < here) & (here < after)) | ((before > here) & (here > after))
        ramps += int(between.sum())
        edges += int((before != after).sum())
        passed.update(np.unique(here[between]).tolist())
    return len(passed) > 1 and ramps > _BETWEEN * edges and edges < _EDGES * 2 * window.size
