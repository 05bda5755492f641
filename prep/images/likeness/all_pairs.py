"""Compare the signs of all pairs of images, block by block: work for several processes, or for a cluster."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import overload

from prep.core.jobs import run_jobs
from prep.images.likeness.low_frequencies import ClosePairs, Signs, close_pairs, in_pieces, packed_signs

_BLOCK = 4096
"""Images of a side of a block, which is sent in 0.2 MB and compared in about 0.1 s."""

_MOST_PAIRS = 100_000
"""Close pairs of a block that are worth sending back; where there are more, comparing again costs less."""

_GATHERED = 100_000
"""Close pairs that are shown together: looking at those of one image costs less at once. An image of 100,000 drawn ones
has some ten of them in so many."""


def compare_all(signs: Sequence[int], look_at: Callable[[ClosePairs], None], workers: int | None = None) -> None:
    """Show `look_at` all close pairs, some thousands at a time, each time sorted by the first; in this process.

    signs: of each image, as `signs_of` gives them.  workers: as of `run_jobs`.
    """
    blocks = _Blocks(packed_signs(signs))
    gathered = _Gathered(look_at)

    def take(found: _Block | list[ClosePairs]) -> None:
        for pairs in found.pairs() if isinstance(found, _Block) else found:
            gathered.add(pairs)

    run_jobs(_compare, blocks, workers if len(blocks) > 1 else 1, take=take)
    gathered.show()


class _Gathered:
    """Close pairs of several blocks, until there are enough to be shown together."""

    def __init__(self, look_at: Callable[[ClosePairs], None]) -> None:
        self._look_at, self._found, self._number = look_at, list[ClosePairs](), 0

    def add(self, pairs: ClosePairs) -> None:
        self._found.append(pairs)
        self._number += len(pairs.ones)
        if self._number >= _GATHERED:
            self.show()

    def show(self) -> None:
        for pairs in in_pieces(self._found):
            self._look_at(pairs)
        self._found, self._number = [], 0


@dataclass(frozen=True)
class _Block:
    """Two ranges of images, of which each of the first is compared with each of the second that comes after it."""

    ones: Signs
    others: Signs

    def pairs(self) -> Iterator[ClosePairs]:
        return close_pairs(self.ones, self.others)


class _Blocks(Sequence[_Block]):
    """All blocks of the pairs of these images; each is cut out when it is asked for."""

    def __init__(self, signs: Signs) -> None:
        self._signs = signs
        ranges = [(begin, min(begin + _BLOCK, len(signs))) for begin in range(0, len(signs), _BLOCK)]
        self._places = list(combinations_with_replacement(ranges, 2))

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, number: int) -> _Block: ...
    @overload
    def __getitem__(self, number: slice) -> list[_Block]: ...
    def __getitem__(self, number: int | slice) -> _Block | list[_Block]:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        ones, others = self._places[number]
        return _Block(self._signs.part(*ones), self._signs.part(*others))


def _compare(block: _Block) -> _Block | list[ClosePairs]:
    """The close pairs of a block, or the block where there are too many to send."""
    found, number = [], 0
    for pairs in block.pairs():
        found.append(pairs)
        number += len(pairs.ones)
        if number > _MOST_PAIRS:
            return block
    return found
