"""How often state is written: many times a second what is live, every few seconds a backlog."""

from collections.abc import Callable
from typing import Final

#: More slots than this between two transactions may be a backlog; fewer cost little however often they are written.
BUSY_SLOTS: Final = 8_000
#: Events that were published longer ago than this, in seconds, are a backlog: nobody sees them come later still. It is
#: written less often, so that what changes again and again is written once, and transactions cost less.
BACKLOG_AGE_S: Final = 5.0
CATCHING_UP_S: Final = 10.0
#: What waits to be written is held with its wire bytes, about 600 bytes a slot: no more than 150 MB of it.
MOST_SLOTS: Final = 250_000


class Pace:
    """Decides when to write.

    Args:
        now: Seconds since 1970.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._heard = 0.0
        self._fresh = False

    def heard(self, published_at: float) -> None:
        """Events were taken in, the last of which was published at this instant, in seconds since 1970."""
        self._heard = published_at
        self._fresh = True

    def due(self, slots: int, waited_s: float) -> bool:
        """Whether to write so many slots, after this many seconds; asked every interval."""
        flowing, self._fresh = self._fresh, False
        live = slots < BUSY_SLOTS or self._now() - self._heard < BACKLOG_AGE_S
        return live or not flowing or slots >= MOST_SLOTS or waited_s >= CATCHING_UP_S
