"""The release on Kafka: reads all cells, publishes what changed; one holder at a time."""

import threading
from collections.abc import Callable
from datetime import date
from time import monotonic, perf_counter

import structlog
from confluent_kafka import Producer

from connectors.kafka.clients import ANSWER_PATIENCE_S, transactional_producer
from monitoring.release import ReleaseMetrics
from schemas.clock import Clock, paris_day
from schemas.codec import Codec
from streams.agents.archivist import Archivist
from streams.agents.boards import make_board, published
from streams.agents.cells import CellReader
from streams.agents.publisher import TOPICS, Publisher
from streams.agents.swap import Swap
from streams.agents.turn import Turn
from streams.settings import StreamSettings

log = structlog.get_logger(__name__)


class ReleaseRunner:
    """Publishes in a thread of its own, from ``start`` to ``stop``.

    Args:
        settings: Of this worker.
        codec: One for all.
        clock: Decides the day and the instants of rows.
        metrics: What Prometheus reads.
        on_failure: Called in the thread when it cannot go on: fenced, the broker is lost, or nothing is heard of it.
        now: Seconds that never go back.
    """

    def __init__(
        self, settings: StreamSettings, *, codec: Codec, clock: Clock, metrics: ReleaseMetrics,
        on_failure: Callable[[BaseException], object], now: Callable[[], float] = monotonic,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._codec = codec
        self._clock = clock
        self._metrics = metrics
        self._on_failure = on_failure
        self._stop = threading.Event()
        self._turn = Turn()
        self._paused = False
        self._thread = threading.Thread(target=self._run, name="release", daemon=True)
        self._board = make_board(settings, codec)
        self._publisher = Publisher(settings, codec=codec, clock=clock, metrics=metrics)
        self._archivist = Archivist(settings, codec, metrics)
        self._now = now

    def start(self) -> None:
        """Begin; what a predecessor had under way is aborted first."""
        self._thread.start()

    def pause(self) -> None:
        """Publish nothing until ``resume`` or ``stop``; returns when no transaction is under way."""
        self._turn.pause()
        self._paused = True

    def resume(self) -> None:
        """Publish again after a ``pause``."""
        self._paused = False
        self._turn.resume()

    def stop(self) -> None:
        """Cease, paused or not; returns when nothing more will be published."""
        self._stop.set()
        if self._paused:
            self.resume()
        self._thread.join()

    def _run(self) -> None:
        try:
            producer = transactional_producer(
                self._settings.kafka, f"{self._settings.app_id}-{self._settings.prefix}release"
            )
            with self._turn:
                if self._stop.is_set():
                    return
                producer.init_transactions(ANSWER_PATIENCE_S)
            swap = Swap(self._settings, self._codec).look()
            self._read_views()
            if swap.due:
                swap.await_state(self._stop)
            self._follow(producer, swap)
        except Exception as error:  # noqa: BLE001  # the thread's boundary: whoever holds the role must know
            self._on_failure(error)

    def _read_views(self) -> None:
        """What readers have already."""
        for view, key, row in published(self._settings, self._codec):
            self._board.seen(view, key, row)

    def _follow(self, producer: Producer, swap: Swap) -> None:
        try:
            with CellReader(
                self._settings, codec=self._codec, board=self._board, metrics=self._metrics, now=self._now
            ) as cells:
                cells.catch_up(self._stop)
                self._publish_first(producer, swap)
                while not self._stop.is_set():
                    cells.poll()
                    self._publish(producer)
        finally:
            self._metrics.caught_up.set(0)

    def _publish_first(self, producer: Producer, swap: Swap) -> None:
        began, day = perf_counter(), self._day()
        if day is None:
            return
        found = self._board.first_changes(day)
        if swap.due:
            with self._turn:
                if self._stop.is_set():
                    return
                changes = swap.publish(producer, self._publisher.encoded(found), self._clock)
        else:
            changes = self._publisher.publish(producer, found, self._turn, self._stop.is_set)
        if self._stop.is_set():
            return  # what is left the successor finds
        self._tell()
        self._metrics.caught_up.set(1)
        rows = {view: self._board.rows_seen(view) for view in TOPICS}
        log.info("release caught up", rows=rows, changes=changes, seconds=round(perf_counter() - began, 1))

    def _day(self) -> date | None:
        """The day of what is published next; what the views said until it began is kept first. None at the end."""
        with self._turn:
            if self._stop.is_set():
                return None
            today = paris_day(self._clock())
            self._archivist.turn(today)
            return today

    def _publish(self, producer: Producer) -> None:
        day = self._day()
        if day and self._publisher.publish(producer, self._board.changes(day), self._turn, self._stop.is_set):
            self._tell()

    def _tell(self) -> None:
        for view in TOPICS:
            self._metrics.rows.labels(view).set(self._board.rows_seen(view))
