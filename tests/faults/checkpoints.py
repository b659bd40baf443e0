"""Follows the checkpoints that workers write: who is late, how long a take-over took."""

import threading
from collections import defaultdict
from itertools import pairwise
from time import time
from types import TracebackType
from typing import NamedTuple, Self

from confluent_kafka import TopicPartition

from connectors.kafka.clients import reader
from connectors.kafka.settings import KafkaSettings
from schemas.topics import TRAINING_ENTITIES
from streams.engine import CHECKPOINT_KEY
from tests.waiting import until


class Checkpoint(NamedTuple):
    """When a checkpoint was made by its worker and seen by a reader, in seconds since 1970."""

    made: float
    seen: float


class Checkpoints:
    """Reads the checkpoints of every partition from now on.

    Args:
        kafka: The cluster.
        prefix: Of the topics.
        partitions: How many.
    """

    def __init__(self, kafka: KafkaSettings, prefix: str, partitions: int) -> None:
        self._kafka = kafka
        self._topic = prefix + TRAINING_ENTITIES
        self._partitions = partitions
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="checkpoints", daemon=True)
        self.seen: defaultdict[int, list[Checkpoint]] = defaultdict(list)
        self.began = time()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        consumer = reader(self._kafka)
        consumer.assign([TopicPartition(self._topic, number, 0) for number in range(self._partitions)])
        try:
            while not self._stop.is_set():
                for message in consumer.consume(1000, 0.1):
                    if message.error() is None and message.key() == CHECKPOINT_KEY:
                        made = message.timestamp()[1] / 1000
                        self.seen[message.partition() or 0].append(Checkpoint(made, time()))
        finally:
            consumer.close()

    def takeover(self, partitions: frozenset[int], at: float, patience_s: float = 120) -> float:
        """Seconds from an instant until a checkpoint made after it was seen in each of some partitions."""

        def first(number: int) -> float | None:
            return next((one.seen for one in reversed(self._after(number, at))), None)

        def all_of_them() -> float:
            found = [first(number) for number in partitions]
            return max((one for one in found if one is not None), default=0.0) if None not in found else 0.0

        return until(all_of_them, patience_s, f"partitions {sorted(partitions)} are taken over") - at

    def _after(self, number: int, at: float) -> list[Checkpoint]:
        """Those made after an instant, the first of them last."""
        found = []
        for one in reversed(self.seen[number]):
            if one.made <= at:
                break
            found.append(one)
        return found

    def longest_silence(self, since: float, until_: float) -> float:
        """The longest time, in seconds, in which a partition got no checkpoint between two instants."""
        gaps = []
        for number in range(self._partitions):
            instants = [since, *(one.seen for one in self.seen[number] if since < one.seen < until_), until_]
            gaps += [later - earlier for earlier, later in pairwise(instants)]
        return max(gaps)
