"""What the release reads: every cell of the workers, and the signs of life of sources."""

import threading
from collections.abc import Mapping
from time import perf_counter
from typing import Final

import structlog
from confluent_kafka import Consumer, Message, TopicPartition

from connectors.kafka.admin import partition_counts
from connectors.kafka.clients import reader
from connectors.kafka.reading import at_end
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


class Reading:
    """Where in the cells the release is, for the watchdog's thread."""

    def __init__(self) -> None:
        self._next: dict[int, int] = {}
        self._waits = False

    def positions(self) -> Mapping[int, int | None]:
        """The next offset of each partition; none while the release is at something else than reading."""
        return dict(self._next) if self._waits else {}

    def waits(self, *, begin: bool) -> None:
        """It waits for records from now on, or does not."""
        self._waits = begin

    def reach(self, number: int, offset: int) -> None:
        """A partition was read up to an offset."""
        self._next[number] = offset

    def end(self) -> None:
        """The role was given back."""
        self._waits = False
        self._next = {}


class CellReader:
    """Takes what comes to the release's board.

    Args:
        settings: Of this worker.
        codec: One for all.
        board: Told of it.
        metrics: What Prometheus reads.
        reading: Told how far it is.
    """

    def __init__(
        self, settings: StreamSettings, *, codec: Codec, board: Board, metrics: ReleaseMetrics, reading: Reading
    ) -> None:
        self._settings = settings
        self._codec = codec
        self._cells = codec.reading({CELL: ("view", "cell", "n", "row")})
        self._board = board
        self._metrics = metrics
        self._reading = reading
        self._behind: set[tuple[str, int]] = set()
        self._consumer: Consumer = reader(settings.kafka)

    def assign(self) -> None:
        """Begin at the beginning."""
        cells, beats = self._settings.cells, self._settings.prefix + HEARTBEATS
        count = partition_counts(self._settings.kafka, [cells, beats])[cells]
        self._behind = {(cells, number) for number in range(count)} | {(beats, 0)}
        for number in range(count):
            self._reading.reach(number, 0)
        self._consumer.assign([TopicPartition(topic, number, 0) for topic, number in self._behind])

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
        """
        self._reading.waits(begin=True)
        records, messages = 0, self._consumer.consume(1, self._settings.publish_interval_s)
        self._reading.waits(begin=False)
        if messages:
            messages += self._consumer.consume(_BATCH, _GATHER_S)
        for message in messages:
            if at_end(message):
                self._behind.discard((message.topic() or "", message.partition() or 0))
                self._reach(message, 0)
            elif message.error() is None:
                self._take(message)
                self._reach(message, 1)
                records += 1
        self._metrics.records.inc(records)
        return records

    def close(self) -> None:
        """Read no more."""
        self._reading.end()
        self._consumer.close()

    def _reach(self, message: Message, more: int) -> None:
        if message.topic() == self._settings.cells:
            self._reading.reach(message.partition() or 0, (message.offset() or 0) + more)

    def _take(self, message: Message) -> None:
        value = message.value()
        if value is None:
            return
        if message.topic() == self._settings.cells:
            view, cell, n, row = self._cells.decode(value)[1]
            self._board.take(message.partition() or 0, {"view": view, "cell": cell, "n": n, "row": row})
        else:
            self._board.hear(self._codec.read(HEARTBEAT, value))
