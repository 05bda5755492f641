"""Connections that nobody uses give way to new ones, so that no number of them locks anybody out."""

from collections.abc import Collection
from typing import Any

from waitress.channel import HTTPChannel

MOST_CONNECTIONS = 100
"""Connections at one time."""

MOST_OF_ONE = 32
"""Of one address; a browser opens about six."""

IDLE_S = 30
"""Seconds without a byte after which a connection is closed that has no request at work."""

_SPARE = 4
"""Places below MOST at which room is made, so that there is always one for whoever comes next."""


class FairChannel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection that lets another one go where there are too many: the silent ones of whoever has most go first."""

    def __init__(self, server: Any, *details: Any, **more: Any) -> None:  # noqa: ANN401
        """As waitress makes it; room is made for the next one."""
        super().__init__(server, *details, **more)
        others = [each for each in self.server.active_channels.values() if each is not self and not each.will_close]
        if too_many := superfluous(others, self.addr[0]):
            too_many.will_close = True  # closed by the loop: to close it here would take the socket from under it


def superfluous(channels: Collection[Any], address: str) -> Any | None:  # noqa: ANN401
    """The connection that gives way when one more comes from `address`; None if there is room, or all are at work."""
    of_it = [each for each in channels if each.addr[0] == address]
    if len(of_it) >= MOST_OF_ONE:
        return _most_silent(of_it)
    if len(channels) < MOST_CONNECTIONS - _SPARE:
        return None
    numbers: dict[str, int] = {}
    for each in channels:
        numbers[each.addr[0]] = numbers.get(each.addr[0], 0) + 1
    by_number = sorted(numbers, key=lambda name: (-numbers[name], name))
    return next(
        filter(None, (_most_silent([each for each in channels if each.addr[0] == name]) for name in by_number)), None
    )


def _most_silent(channels: Collection[Any]) -> Any | None:  # noqa: ANN401
    idle = [each for each in channels if not each.requests]
    return min(idle, key=lambda each: each.last_activity, default=None)
