"""Readers that hear nothing although something is there.

librdkafka may lose a partition whose leader goes and comes back, without a word and for good (its issues 5430 and 5593,
open in November 2026): whoever follows a topic for days looks now and then whether it is as far as others can see.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Final, Generic, Self, TypeVar

from confluent_kafka import Message, TopicPartition

from connectors.kafka.admin import latest
from connectors.kafka.clients import reader
from connectors.kafka.settings import KafkaSettings
from schemas.errors import KafkaUnavailable

#: A partition: its topic and number.
Where = tuple[str, int]
#: What names a partition to who looks.
Key = TypeVar("Key")
#: Looked at so often; a reader that was silent for longer than the patience meanwhile is stuck.
LOOK_S: Final = 10.0
PATIENCE_S: Final = 30.0


class Progress(Generic[Key]):
    """Tells since when each partition stands still although input waits; pure.

    Args:
        patience_s: Longer than this is stuck.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._seen: dict[Key, tuple[int | None, float]] = {}

    def stuck(self, now: float, reached: Mapping[Key, int | None], ends: Mapping[Key, int]) -> dict[Key, float]:
        """Seconds without progress of each stuck partition; arguments as of ``waiting``."""
        return {key: age for key, age in self.waiting(now, reached, ends).items() if age >= self._patience_s}

    def waiting(self, now: float, reached: Mapping[Key, int | None], ends: Mapping[Key, int]) -> dict[Key, float]:
        """Seconds without progress of each partition that is not at its end.

        Args:
            now: Monotonic seconds.
            reached: How far it came in each partition; None for the beginning.
            ends: End offsets of those whose end is known; a partition read to its end is well.
        """
        kept: dict[Key, tuple[int | None, float]] = {}
        found: dict[Key, float] = {}
        for key, offset in reached.items():
            kept[key] = offset, now
            if (offset or 0) < ends.get(key, 0):
                before = self._seen.get(key)
                if before and before[0] == offset:
                    kept[key] = before
                found[key] = now - kept[key][1]
        self._seen = kept
        return found


class Follower:
    """A reader of committed records that finds out when it is stuck; a context manager, which closes it.

    Args:
        kafka: The cluster.
        begin: Where it begins in each partition; all of a topic's are given.
        now: Seconds that never go back.
    """

    def __init__(self, kafka: KafkaSettings, begin: Mapping[Where, int], now: Callable[[], float] = monotonic) -> None:
        self._kafka = kafka
        self._now = now
        self._reached: dict[Where, int | None] = dict(begin)
        self._counts = Counter(topic for topic, _ in begin)
        self._progress: Progress[Where] = Progress(PATIENCE_S)
        self._looked_at = self._read_at = now()
        self._consumer = reader(kafka)
        self._consumer.assign([TopicPartition(topic, number, offset) for (topic, number), offset in begin.items()])

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Read no more."""
        self._consumer.close()

    def consume(self, most: int, wait_s: float) -> list[Message]:
        """What came: records, and that a partition was read to its end.

        Raises:
            KafkaUnavailable: Records wait, and none came for long; a new reader would hear them.
        """
        if self._now() - self._read_at > LOOK_S:  # whoever was at something else meanwhile missed nothing
            self._progress = Progress(PATIENCE_S)
        messages = self._consumer.consume(most, wait_s)
        self._read_at = self._now()
        for message in messages:
            where, offset = (message.topic() or "", message.partition() or 0), message.offset()
            if where in self._reached and offset is not None and offset >= 0:
                self._reached[where] = offset + (message.error() is None)
        if self._read_at - self._looked_at > LOOK_S:
            self._looked_at = self._read_at
            self._compare()
        return messages

    def _compare(self) -> None:
        stuck = self._progress.stuck(self._looked_at, self._reached, self._ends())
        if stuck:
            (topic, number), age = max(stuck.items(), key=lambda one: one[1])
            raise KafkaUnavailable(
                f"nothing of {topic}/{number} was heard for {age:.0f} s although something is there",
                fix="nothing: it is read with a new client",
            )

    def _ends(self) -> Mapping[Where, int]:
        """Nothing while the cluster is away: then it is not the reader that is stuck."""
        try:
            return latest(self._kafka, self._counts, committed=True)
        except KafkaUnavailable:
            return {}
