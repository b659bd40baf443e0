"""The release on Kafka: reads all cells, publishes what changed; one holder at a time."""

import threading
from collections.abc import Callable
from typing import Any, Final

import structlog
from confluent_kafka import Consumer, Message, Producer, TopicPartition

from connectors.kafka.admin import partition_counts
from connectors.kafka.clients import ANSWER_PATIENCE_S, reader, transactional_producer
from connectors.kafka.reading import at_end, read_to_end
from monitoring.release import ReleaseMetrics
from schemas.clock import Clock, paris_day
from schemas.codec import Codec
from schemas.contracts import CELL, HEARTBEAT
from schemas.territory.areas import Territory
from schemas.territory.trades import Trades
from schemas.topics import CELLS, HEARTBEATS, VIEW_EXITS, VIEW_FRESHNESS, VIEW_SESSIONS
from streams.release.board import EXITS, FRESHNESS, ROWS, SESSIONS, Board, Released
from streams.release.disclosure import Disclosure
from streams.release.exits import ExitsBoard
from streams.release.sessions import SessionsBoard
from streams.settings import StreamSettings

TOPICS: Final = {EXITS: VIEW_EXITS, SESSIONS: VIEW_SESSIONS, FRESHNESS: VIEW_FRESHNESS}
#: Readers get a large change in pieces of this many rows, each piece at once.
ROWS_PER_TRANSACTION: Final = 5_000
_BATCH: Final = 10_000

log = structlog.get_logger(__name__)


def make_board(settings: StreamSettings, codec: Codec) -> Board:
    """An empty board with the tables of this deployment."""
    territory = Territory.load(settings.region, settings.area_tables)
    trades = Trades.load(settings.trade_table)
    rule = Disclosure(settings.disclosure_base, settings.disclosure_threshold)
    sessions = SessionsBoard(territory, trades, rule, codec, settings.horizon_days)
    return Board(ExitsBoard(territory, trades, rule), sessions, codec)


class ReleaseRunner:
    """Publishes in a thread of its own, from ``start`` to ``stop``.

    Args:
        settings: Of this worker.
        codec: One for all.
        clock: Decides the day and the instants of rows.
        metrics: What Prometheus reads.
        on_failure: Called in the thread when it cannot go on: fenced, or the broker is lost.
    """

    def __init__(
        self, settings: StreamSettings, *, codec: Codec, clock: Clock, metrics: ReleaseMetrics,
        on_failure: Callable[[BaseException], object],
    ) -> None:  # fmt: skip
        self._settings = settings
        self._codec = codec
        self._clock = clock
        self._metrics = metrics
        self._on_failure = on_failure
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="release", daemon=True)
        self._board = make_board(settings, codec)
        self._behind: set[tuple[str, int]] = set()

    def start(self) -> None:
        """Begin; what a predecessor had under way is aborted first."""
        self._thread.start()

    def stop(self) -> None:
        """Cease; returns when nothing more will be published."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            producer = transactional_producer(
                self._settings.kafka, f"{self._settings.app_id}-{self._settings.prefix}release"
            )
            producer.init_transactions(ANSWER_PATIENCE_S)
            self._read_views()
            self._follow(producer)
        except Exception as error:  # noqa: BLE001  # the thread's boundary: whoever holds the role must know
            self._on_failure(error)

    def _read_views(self) -> None:
        """What readers have already."""
        views = {self._settings.prefix + topic: view for view, topic in TOPICS.items()}
        consumer = reader(self._settings.kafka)
        try:
            for message in read_to_end(consumer, [(topic, 0) for topic in views]):
                view, value = views[message.topic() or ""], message.value()
                row = self._codec.read(ROWS[view], value) if value else None
                self._board.seen(view, (message.key() or b"").decode(), row)
        finally:
            consumer.close()

    def _follow(self, producer: Producer) -> None:
        consumer = reader(self._settings.kafka)
        try:
            self._assign(consumer)
            while self._behind and not self._stop.is_set():
                self._poll(consumer)
            if not self._stop.is_set():
                self._publish(producer, self._board.first_changes(paris_day(self._clock())))
                self._metrics.caught_up.set(1)
                log.info("release caught up", rows={view: self._board.rows_seen(view) for view in TOPICS})
            while not self._stop.is_set():
                self._poll(consumer)
                self._publish(producer, list(self._board.changes(paris_day(self._clock()))))
        finally:
            self._metrics.caught_up.set(0)
            consumer.close()

    def _assign(self, consumer: Consumer) -> None:
        cells, beats = self._settings.prefix + CELLS, self._settings.prefix + HEARTBEATS
        count = partition_counts(self._settings.kafka, [cells, beats])[cells]
        self._behind = {(cells, number) for number in range(count)} | {(beats, 0)}
        consumer.assign([TopicPartition(topic, number, 0) for topic, number in self._behind])

    def _poll(self, consumer: Consumer) -> None:
        for message in consumer.consume(_BATCH, self._settings.publish_interval_s):
            if at_end(message):
                self._behind.discard((message.topic() or "", message.partition() or 0))
            elif message.error() is None:
                self._take(message)

    def _take(self, message: Message) -> None:
        value = message.value()
        if value is None:
            return
        if message.topic() == self._settings.prefix + CELLS:
            self._board.take(message.partition() or 0, self._codec.read(CELL, value))
        else:
            self._board.hear(self._codec.read(HEARTBEAT, value))

    def _publish(self, producer: Producer, changes: list[Released]) -> None:
        for first in range(0, len(changes), ROWS_PER_TRANSACTION):
            with self._metrics.publish_seconds.time():
                self._transaction(producer, changes[first : first + ROWS_PER_TRANSACTION])
        if changes:
            self._metrics.last_published.set(self._clock().timestamp())
            for view in TOPICS:
                self._metrics.rows.labels(view).set(self._board.rows_seen(view))

    def _transaction(self, producer: Producer, changes: list[Released]) -> None:
        as_of = self._clock()
        producer.begin_transaction()
        for view, key, row in changes:
            value = None if row is None else self._codec.encode(ROWS[view], self._dated(view, row, as_of))
            producer.produce(self._settings.prefix + TOPICS[view], key=key.encode(), value=value, partition=0)
            self._metrics.changes.labels(view).inc()
        producer.commit_transaction(ANSWER_PATIENCE_S)

    @staticmethod
    def _dated(view: str, row: dict[str, Any], as_of: object) -> dict[str, Any]:
        return row if view == FRESHNESS else {**row, "as_of": as_of}
