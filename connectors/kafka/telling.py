"""What Kafka's clients say, through Python's logging: what they say again and again is said once a minute."""

import logging
import math
import re
from collections.abc import Callable
from time import monotonic
from typing import Final

#: A broker that is away is told of by every client, several times a second.
_EVERY_S: Final = 60.0
#: What differs between two tellings of the same: the client's number, how long something took, how often it was told.
_NUMBER: Final = re.compile(r"(?<=producer-)\d+|(?<=consumer-)\d+|\d+(?= ?ms\b)|\d+(?= identical)")
_MOST: Final = 1_000


class Seldom(logging.Filter):
    """Lets a message pass that nobody read for a minute, with how many like it were held back meanwhile.

    Args:
        now: Seconds of a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._now = now
        self._told: dict[str, tuple[float, int]] = {}  # by what was said: when, and how many were held back since

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a message passes; one that does tells of those that did not."""
        words, now = record.getMessage(), self._now()
        kind = _NUMBER.sub("", words)
        at, held = self._told.get(kind, (-math.inf, 0))
        if now - at < _EVERY_S:
            self._told[kind] = at, held + 1
            return False
        if len(self._told) >= _MOST:
            self._told.clear()
        self._told[kind] = now, 0
        if held:
            record.msg, record.args = f"{words} (and {held} more like it since it was told)", ()
        return True


#: librdkafka's own words go here, never to stderr.
LIBRDKAFKA: Final = logging.getLogger("librdkafka")
#: Where aiokafka, Faust's client, tells of a broker that is away: some thirty lines a second.
_AIOKAFKA: Final = ("aiokafka", "aiokafka.conn", "aiokafka.consumer.fetcher", "aiokafka.consumer.group_coordinator")
for _logger in (LIBRDKAFKA, *map(logging.getLogger, _AIOKAFKA)):
    _logger.addFilter(Seldom())
