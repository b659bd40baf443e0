"""How often state is written: many times a second what is live, once a second a backlog."""

from collections.abc import Callable
from typing import Final

#: More than this between two transactions may be a backlog; fewer cost little however often they are written.
BUSY_EVENTS: Final = 8_000
#: Events that were published longer ago than this, in seconds, are a backlog: nobody sees them come later still. It is
#: written less often, so that what changes again and again is written once, and transactions cost less.
BACKLOG_AGE_S: Final = 5.0
CATCHING_UP_S: Final = 1.0


class Pace:
    """Decides when to write.

    Args:
        now: Seconds since 1970.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._heard = 0.0

    def heard(self, published_at: float) -> None:
        """Events were taken in, the last of which was published at this instant, in seconds since 1970."""
        self._heard = published_at

    def due(self, events: int, waited_s: float) -> bool:
        """Whether to write so many events, after this many seconds."""
        live = events < BUSY_EVENTS or self._now() - self._heard < BACKLOG_AGE_S
        return live or waited_s >= CATCHING_UP_S
