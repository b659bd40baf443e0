"""All views in memory, kept up to date from their topics by one thread."""

import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

import structlog
from confluent_kafka import KafkaException, Message

from connectors.kafka import registry
from connectors.kafka.admin import topic_ids
from connectors.kafka.generations import in_force, number
from connectors.kafka.reading import at_end
from connectors.kafka.stuck import Follower
from portal.epochs import Epoch, Staged, generation_of
from portal.settings import PortalSettings
from portal.view import Change, Row, View, plain
from schemas.clock import Clock, to_millis
from schemas.contracts import EXITS_ROW, FRESHNESS_ROW, SESSIONS_ROW, SOURCE_FAILURE
from schemas.errors import BeffroiError
from schemas.topics import FAILURES, TOMBSTONES_KEPT_MS, VIEW_EXITS, VIEW_FRESHNESS, VIEW_SESSIONS

CONTRACTS: Final = {"exits": EXITS_ROW, "sessions": SESSIONS_ROW, "freshness": FRESHNESS_ROW}
TOPICS: Final = {"exits": VIEW_EXITS, "sessions": VIEW_SESSIONS, "freshness": VIEW_FRESHNESS}
#: Withdrawals are kept for 7 days; a position older than 6 days starts again, well before one could be missed.
RESUMABLE_MS: Final = TOMBSTONES_KEPT_MS - 24 * 3600 * 1000
#: Epochs are told from topics' ids; a topic made anew shows within this.
EPOCH_PERIOD_S: Final = 5.0
#: Kafka counts as away when it was not heard for this long.
AWAY_AFTER_S: Final = 10.0
_EPOCH_DIGITS: Final = 8
_BATCH: Final = 5_000
_POLL_S: Final = 0.05

log = structlog.get_logger(__name__)
#: Told each batch of changes of one view, in the reading thread.
Listener = Callable[[str, list[Change]], None]


class ReadModel:
    """The views, their freshness, and who listens to them.

    Args:
        settings: Of the portal.
        clock: Tells which positions are too old.
    """

    def __init__(self, settings: PortalSettings, clock: Clock) -> None:
        self.views = {name: View(name, settings.changes_held) for name in TOPICS}
        self.lock = threading.Lock()
        self._settings = settings
        self._clock = clock
        self._codec = registry.codec(settings.kafka)
        self._by_topic = {settings.prefix + topic: name for name, topic in TOPICS.items()}
        self._failures_topic = settings.prefix + FAILURES
        #: The last failure of each source, by its name; no view, for readers outside have nothing of it.
        self.failures: dict[str, dict[str, Any]] = {}
        self._listeners: set[Listener] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="read model", daemon=True)
        self._behind: set[str] = set(TOPICS)
        self._numbers = dict.fromkeys(TOPICS, Epoch())
        self._staged = {name: Staged() for name in TOPICS}
        self._heard_at = float("-inf")

    @property
    def caught_up(self) -> bool:
        """Whether every view was read to its end once."""
        return not self._behind

    @property
    def away_s(self) -> float:
        """Seconds since Kafka was last heard; 0 while it answers."""
        silent = monotonic() - self._heard_at
        return silent if silent > AWAY_AFTER_S else 0.0

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Cease to read."""
        self._stop.set()
        self._thread.join()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Be told of changes; gives what ends it. Call it with the lock held to miss nothing."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except (BeffroiError, KafkaException) as error:
                log.warning("views cannot be read; trying again", error=str(error))
                self._stop.wait(1.0)

    def _follow(self) -> None:
        epochs, found = self._epochs(), in_force(self._settings.kafka, self._settings.prefix, self._codec)
        with self.lock:
            begin = {
                (topic, 0): self._begin(name, Epoch(epochs[topic], number(found, name)))
                for topic, name in self._by_topic.items()
            }
        with Follower(self._settings.kafka, begin | {(self._failures_topic, 0): 0}) as follower:
            checked = monotonic()
            while not self._stop.is_set():
                self._poll(follower)
                if monotonic() - checked > EPOCH_PERIOD_S:
                    checked = monotonic()
                    if self._epochs() != epochs:
                        log.warning("a view's topic was made anew; reading it from its beginning")
                        return

    def _epochs(self) -> dict[str, str]:
        ids = topic_ids(self._settings.kafka, list(self._by_topic))
        self._heard_at = monotonic()
        return {topic: topic_id[:_EPOCH_DIGITS] for topic, topic_id in ids.items()}

    def _begin(self, name: str, epoch: Epoch) -> int:
        """Where to read on; rows are kept unless the topic itself is another one."""
        view, self._staged[name] = self.views[name], Staged()
        if self._numbers[name].topic != epoch.topic:
            self._numbers[name] = epoch
            view.begin(str(epoch))
            self._behind.add(name)
            self._tell(name, [])
        return view.offset + 1

    def _poll(self, follower: Follower) -> None:
        fresh: dict[str, list[Change]] = {}
        messages = follower.consume(_BATCH, 0)
        with self.lock:
            for message in messages:
                self._take(message, fresh)
            for name, changes in fresh.items():
                self._tell(name, changes)
        if not fresh:
            self._stop.wait(_POLL_S)

    def _take(self, message: Message, fresh: dict[str, list[Change]]) -> None:
        if message.topic() == self._failures_topic:
            self._fail(message)
            return
        name = self._by_topic[message.topic() or ""]
        if at_end(message):
            self._settle(name)
            self._behind.discard(name)
        elif message.error() is None:
            self._hear(name, message, fresh)

    def _fail(self, message: Message) -> None:
        """Where the topic was not made yet, there are none."""
        value = message.value()
        if message.error() is None and value:
            record = plain(self._codec.read(SOURCE_FAILURE, value))
            self.failures[record["source"]] = record

    def _hear(self, name: str, message: Message, fresh: dict[str, list[Change]]) -> None:
        """Take a row; those of a rebuilt view wait until all of them are there."""
        rebuilt, epoch, staged = generation_of(message), self._numbers[name], self._staged[name]
        if rebuilt > epoch.number and name in self._behind:
            self._numbers[name] = epoch = epoch._replace(number=rebuilt)
            self.views[name].epoch = str(epoch)
        if rebuilt > epoch.number:
            staged.add(rebuilt, (message.offset() or 0, *self._row(name, message)))
            return
        self._settle(name)
        fresh.setdefault(name, []).append(self._apply(name, message))

    def _settle(self, name: str) -> None:
        """Pass to the rebuilt view, if one is there: to readers it is one moment."""
        staged = self._staged[name]
        if staged.rows:
            self._staged[name] = Staged()
            epoch = self._numbers[name] = self._numbers[name]._replace(number=staged.number)
            self.views[name].replace(str(epoch), staged.rows)
            self._tell(name, [])
            log.info("view rebuilt", view=name, epoch=str(epoch), rows=len(staged.rows))

    def _row(self, name: str, message: Message) -> tuple[str, Row | None]:
        key, value = (message.key() or b"").decode(), message.value()
        return key, Row.of(key, self._codec.read(CONTRACTS[name], value)) if value else None

    def _apply(self, name: str, message: Message) -> Change:
        view, offset = self.views[name], message.offset() or 0
        key, row = self._row(name, message)
        if message.timestamp()[1] < to_millis(self._clock()) - RESUMABLE_MS:
            view.forget_before(offset)
        return view.apply(offset, key, row, live=name not in self._behind)

    def _tell(self, name: str, changes: list[Change]) -> None:
        for listener in list(self._listeners):
            listener(name, changes)

    def freshness(self) -> list[dict[str, Any]]:
        """How old each source's data are, by source."""
        with self.lock:
            rows = sorted(self.views["freshness"].rows.items())
        return [dict(row.data) for _, row in rows]
