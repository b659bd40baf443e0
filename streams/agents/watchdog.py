"""Ends a worker that holds partitions with input waiting and makes no progress: its supervisor starts it again."""

import os
import threading
from collections.abc import Callable, Mapping
from typing import Final

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from connectors.kafka.clients import reader
from connectors.kafka.reading import at_end
from connectors.kafka.settings import KafkaSettings
from connectors.kafka.stuck import Progress

#: sysexits.h EX_TEMPFAIL: nothing is broken for good, start again.
EXIT_STUCK: Final = 75
#: Looks in each span of patience.
_LOOKS: Final = 12
_ANSWER_S: Final = 5.0

log = structlog.get_logger(__name__)
#: Next offset to write a checkpoint for, by partition; None for one that was never written.
Checkpoints = Mapping[int, int | None]


class Watchdog:
    """Looks on from a thread of its own, for the worker's loop may be what hangs.

    Args:
        kafka: The cluster.
        topic: The source topic.
        checkpoints: Those of the partitions held now.
        patience_s: Seconds without progress, with input waiting, that are too many.
        now: Monotonic seconds.
    """

    def __init__(
        self, kafka: KafkaSettings, topic: str, checkpoints: Callable[[], Checkpoints], *,
        patience_s: float, now: Callable[[], float],
    ) -> None:  # fmt: skip
        self._kafka = kafka
        self._topic = topic
        self._checkpoints = checkpoints
        self._patience_s = patience_s
        self._now = now
        self._progress: Progress[int] = Progress(patience_s)

    def start(self) -> None:
        """Begin to look; ends with the process."""
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def _run(self) -> None:
        consumer = reader(self._kafka)
        pause = threading.Event()
        while not pause.wait(self._patience_s / _LOOKS):
            checkpoints = dict(self._checkpoints())
            stuck = self._progress.stuck(self._now(), checkpoints, self._ends(consumer, checkpoints))
            stuck = {number: age for number, age in stuck.items() if self._waits(consumer, number, checkpoints[number])}
            if stuck:
                self._bark(stuck)

    def _ends(self, consumer: Consumer, checkpoints: Checkpoints) -> dict[int, int]:
        """End offsets; nothing when the broker is away: then it is not the worker that hangs."""
        try:
            return {
                number: consumer.get_watermark_offsets(TopicPartition(self._topic, number), _ANSWER_S)[1]
                for number in checkpoints
            }
        except KafkaException:
            return {}

    def _waits(self, consumer: Consumer, number: int, checkpoint: int | None) -> bool:
        """Whether a record really waits: behind the last one lie the markers of transactions."""
        consumer.assign([TopicPartition(self._topic, number, checkpoint or 0)])
        deadline = self._now() + _ANSWER_S
        try:
            while self._now() < deadline:
                message = consumer.poll(_ANSWER_S)
                if message is not None and at_end(message):
                    return False
                if message is not None and message.error() is None:
                    return True
        except KafkaException:
            return False
        finally:
            consumer.unassign()
        return False

    def _bark(self, stuck: Mapping[int, float]) -> None:
        log.critical(
            "no progress although input waits",
            partitions=sorted(stuck),
            seconds=round(max(stuck.values())),
            exit_code=EXIT_STUCK,
        )
        os._exit(EXIT_STUCK)
