"""Compare the signs of all pairs of images, block by block: work for several processes, or for a cluster."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import overload

from prep.core.jobs import run_jobs
from prep.images.likeness.low_frequencies import ClosePairs, Signs, close_pairs, packed_signs

_BLOCK = 4096
"""Images of a side of a block, which is sent in 0.2 MB and compared in about 0.1 s."""

_MOST_PAIRS = 100_000
"""Close pairs of a block that are worth sending back; where there are more, comparing again costs less."""


def compare_all(signs: Sequence[int], look_at: Callable[[ClosePairs], None], workers: int | None = None) -> None:
    """Show `look_at` all close pairs, some thousands at a time, in any order; in this process.

    signs: of each image, as `signs_of` gives them.  workers: as of `run_jobs`.
    """
    blocks = _Blocks(packed_signs(signs))

    def take(found: _Block | list[ClosePairs]) -> None:
        for pairs in found.pairs() if isinstance(found, _Block) else found:
            look_at(pairs)

    run_jobs(_compare, blocks, workers if len(blocks) > 1 else 1, take=take)


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
