"""What readers get, in transactions of the view topics."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from time import perf_counter
from typing import Final, NamedTuple

import structlog
from confluent_kafka import Producer

from connectors.kafka.clients import ANSWER_PATIENCE_S
from monitoring.release import ReleaseMetrics
from schemas.clock import Clock, to_millis
from schemas.codec import Codec
from schemas.topics import VIEW_EXITS, VIEW_FRESHNESS, VIEW_SESSIONS
from streams.agents.turn import Turn
from streams.release.board import EXITS, FRESHNESS, SESSIONS, Released
from streams.release.wire import RowWriter
from streams.settings import StreamSettings

TOPICS: Final = {EXITS: VIEW_EXITS, SESSIONS: VIEW_SESSIONS, FRESHNESS: VIEW_FRESHNESS}
#: A long publication says how far it is at least this often.
PROGRESS_S: Final = 5.0

log = structlog.get_logger(__name__)


class Encoded(NamedTuple):
    """A row as it travels: its view, its topic, its key and its wire bytes; None withdraws it."""

    view: str
    topic: str
    key: bytes
    value: bytes | None


class Publisher:
    """Writes changes of the views.

    Readers get a change whole; one of more than ``publish_rows`` rows in pieces, each at once: a transaction of so many
    takes a fraction of a second, far less than its timeout, and fits the producer's queue (100,000 records). What a
    crash leaves undone between two pieces the successor completes, for it compares with what readers have.

    Args:
        settings: Of this worker.
        codec: One for all.
        clock: For the instants of rows.
        metrics: What Prometheus reads.
    """

    def __init__(self, settings: StreamSettings, *, codec: Codec, clock: Clock, metrics: ReleaseMetrics) -> None:
        self._topics = {view: settings.prefix + topic for view, topic in TOPICS.items()}
        self._rows = settings.publish_rows
        self._writer = RowWriter(codec)
        self._clock = clock
        self._metrics = metrics

    def publish(self, producer: Producer, changes: Iterator[Released], turn: Turn, stopped: Callable[[], bool]) -> int:
        """Write all changes, unless it is told to stop in between; how many were written.

        Args:
            producer: That holds the release.
            changes: What readers do not have yet.
            turn: Taken for each piece anew: who pauses us waits for one piece, not for all.
            stopped: Whether to leave the rest to a successor.

        Raises:
            KafkaException: Another process holds the release now, or a transaction could not be committed.
        """
        rows, began = 0, perf_counter()
        said = began
        while written := self._piece(producer, changes, turn, stopped):
            rows += written
            if perf_counter() - said > PROGRESS_S:
                said = perf_counter()
                log.info("publishing", rows=rows, seconds=round(said - began, 1))
        if rows:
            self._metrics.last_published.set(self._clock().timestamp())
        return rows

    def _piece(self, producer: Producer, changes: Iterator[Released], turn: Turn, stopped: Callable[[], bool]) -> int:
        """The next piece; 0 at the end."""
        with turn:
            piece = [] if stopped() else list(islice(changes, self._rows))
            if piece:
                with self._metrics.publish_seconds.time():
                    self._transaction(producer, piece)
        return len(piece)

    def encoded(self, changes: Iterator[Released]) -> Iterator[Encoded]:
        """Changes as they travel, for a transaction of somebody else's."""
        as_of = self._clock()
        for change in changes:
            value = self._writer.write(change, as_of)
            yield Encoded(change.view, self._topics[change.view], change.key.encode(), value)

    def _transaction(self, producer: Producer, changes: list[Released]) -> None:
        as_of = self._clock()
        write, topics, millis = self._writer.write, self._topics, to_millis(as_of)
        producer.begin_transaction()
        for change in changes:
            key, value = change.key.encode(), write(change, as_of)
            producer.produce(topics[change.view], key=key, value=value, partition=0, timestamp=millis)
        producer.commit_transaction(ANSWER_PATIENCE_S)
        for view, count in Counter(change.view for change in changes).items():
            self._metrics.changes.labels(view).inc(count)
