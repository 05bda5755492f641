"""Whether work grows as the number of samples does: operations are counted, no time is measured."""

from collections.abc import Callable

FEW, MANY = 250, 1000

_MOST = 1.1
"""Growth of the marginal cost: (MANY / FEW) ** _MOST is allowed from one step to the next."""


def grows_linearly(count: Callable[[int], float]) -> None:
    """Assert that `count(number)` operations for MANY samples are at most (MANY / FEW) ** 1.1 times those for FEW.

    What is done once, whatever the number, is taken out by count(1).
    """
    once = count(1)
    few, many = count(FEW) - once, count(MANY) - once
    assert few > 0, "nothing was counted"
    assert many <= few * (MANY / FEW) ** _MOST, f"{few:,} operations for {FEW} samples, {many:,} for {MANY}"
