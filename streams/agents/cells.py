"""What the release reads: every cell of the workers, and the signs of life of sources."""

import threading
from collections.abc import Callable
from time import perf_counter
from typing import Final, Self

import structlog
from confluent_kafka import Message

from connectors.kafka.admin import partition_counts
from connectors.kafka.reading import at_end
from connectors.kafka.stuck import Follower
from monitoring.release import ReleaseMetrics
from schemas.codec import Codec
from schemas.contracts import CELL, HEARTBEAT
from schemas.topics import HEARTBEATS
from streams.agents.publisher import PROGRESS_S
from streams.release.board import Board
from streams.settings import StreamSettings

_BATCH: Final = 10_000
#: The workers write their partitions at about the same time: what comes within this many seconds is published at once.
#: A single change waits for it in vain, so it is short; what comes during a publication shares the next one anyway.
_GATHER_S: Final = 0.002

log = structlog.get_logger(__name__)


class CellReader:
    """Takes what comes to the release's board; a context manager.

    Args:
        settings: Of this worker.
        codec: One for all.
        board: Told of it.
        metrics: What Prometheus reads.
        now: Seconds that never go back.

    Raises:
        TopicPlanRefused: A topic is missing.
    """

    def __init__(
        self, settings: StreamSettings, *, codec: Codec, board: Board, metrics: ReleaseMetrics,
        now: Callable[[], float],
    ) -> None:  # fmt: skip
        self._topic, beats = settings.cells, settings.prefix + HEARTBEATS
        self._wait_s = settings.publish_interval_s
        self._codec = codec
        self._cells = codec.reading({CELL: ("view", "cell", "n", "row")})
        self._board = board
        self._metrics = metrics
        count = partition_counts(settings.kafka, [self._topic, beats])[self._topic]
        self._behind = {(self._topic, number) for number in range(count)} | {(beats, 0)}
        self._follower = Follower(settings.kafka, dict.fromkeys(sorted(self._behind), 0), now)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Read no more."""
        self._follower.__exit__()

    def catch_up(self, stop: threading.Event) -> None:
        """Read everything once, before anything is said; a long reading says how far it is."""
        began = said = perf_counter()
        records = 0
        while self._behind and not stop.is_set():
            records += self.poll()
            if perf_counter() - said > PROGRESS_S:
                said = perf_counter()
                log.info("release catching up", records=records, seconds=round(said - began, 1))
        log.info("release has read", records=records, seconds=round(perf_counter() - began, 1))

    def poll(self) -> int:
        """Take what came, or wait a little for it; how many records.

        Raises:
            KafkaException: The cluster refuses.
            KafkaUnavailable: Cells wait, and none came for long.
        """
        records, messages = 0, self._follower.consume(1, self._wait_s)
        if messages:
            messages += self._follower.consume(_BATCH, _GATHER_S)
        for message in messages:
            if at_end(message):
                self._behind.discard((message.topic() or "", message.partition() or 0))
            elif message.error() is None:
                self._take(message)
                records += 1
        self._metrics.records.inc(records)
        return records

    def _take(self, message: Message) -> None:
        value = message.value()
        if value is None:
            return
        if message.topic() == self._topic:
            view, cell, n, row = self._cells.decode(value)[1]
            self._board.take(message.partition() or 0, {"view": view, "cell": cell, "n": n, "row": row})
        else:
            self._board.hear(self._codec.read(HEARTBEAT, value))
