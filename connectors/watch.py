"""The watch: follows heartbeats and quarantine, tells operators who is silent, what waits, and what nobody sees."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import Event
from time import monotonic
from typing import Any, Final

import structlog
from confluent_kafka import KafkaException, Message, Producer

from connectors.kafka.clients import producer
from connectors.kafka.hidden import HiddenWatch
from connectors.kafka.reading import at_end
from connectors.kafka.sending import send
from connectors.kafka.settings import KafkaSettings
from connectors.kafka.stuck import Follower
from connectors.quarantine.board import Board
from monitoring.watch import WatchHealth, WatchMetrics
from schemas.cadence import SILENT, state
from schemas.clock import EPOCH, Clock
from schemas.codec import Codec
from schemas.contracts import HEARTBEAT, SOURCE_FAILURE, SOURCE_STATUS
from schemas.errors import KafkaUnavailable
from schemas.registers import Source
from schemas.topics import CATALOGUE, FAILURES, HEARTBEATS, QUARANTINE, STATUS

#: States move by the hour; what is told is a second old at most.
LOOK_S: Final = 1.0
#: Kafka away: asked again after this.
RETRY_S: Final = 5.0
#: Transactions of others are looked for so often.
HIDDEN_EVERY_S: Final = 15.0
_BATCH: Final = 1_000
#: For a feed that is in no register, so that metrics keep a closed set of labels.
_OTHER: Final = "other"
#: What a worker sets aside is called by its domain.
_DOMAINS: Final = frozenset(topic.name.partition(".")[0] for topic in CATALOGUE if ".events." in topic.name)

log = structlog.get_logger(__name__)
Status = dict[str, Any]


def status(
    source: Source, heard: Mapping[str, Any] | None, failed: Mapping[str, Any] | None, now: datetime
) -> Status:  # fmt: skip
    """How a source does, as the contract SourceStatus says it.

    Args:
        source: Its entry in the register.
        heard: Its last heartbeat.
        failed: Its last failure.
        now: The present instant.
    """
    told = heard or dict.fromkeys(("heard_at", "file", "last_event_at"))
    return {
        "source": source.name,
        "format": source.format,
        "state": state(source, told["heard_at"], now),
        "cadence_hours": source.cadence_hours,
        "last_file": told["file"],
        "last_event_at": told["last_event_at"],
        "last_success_at": told["heard_at"],
        "last_failure_at": failed["failed_at"] if failed else None,
        "last_failure": failed["cause"].lower() if failed else None,
        "last_failure_door": failed["door"].lower() if failed else None,
        "as_of": now,
    }


class Watch:
    """Looks after the sources of the register.

    Args:
        kafka: The cluster.
        prefix: Put before topic names.
        sources: Of the register.
        codec: One for all.
        metrics: Told what it sees.
        health: Told that it looks.
        clock: Decides who is late.
    """

    def __init__(  # noqa: PLR0913  # its world: cluster, sources, those who are told, time
        self,
        kafka: KafkaSettings,
        prefix: str,
        sources: Sequence[Source],
        *,
        codec: Codec,
        metrics: WatchMetrics,
        health: WatchHealth,
        clock: Clock,
    ) -> None:
        self._kafka = kafka
        self._codec = codec
        self._metrics = metrics
        self._health = health
        self._clock = clock
        self._sources = {one.name: one for one in sources if one.state == "live"}
        self._known = frozenset(one.name for one in sources)
        self._hidden = HiddenWatch(kafka, prefix, monotonic)
        self._status_topic = prefix + STATUS
        takers = {HEARTBEATS: self._hear, FAILURES: self._fail, STATUS: self._said, QUARANTINE: self._set_aside}
        self._takers: dict[str, Callable[[bytes], None]] = {prefix + name: taker for name, taker in takers.items()}
        self._begin()

    def _begin(self) -> None:
        self._board = Board(whole=False)
        self._heard: dict[str, Mapping[str, Any]] = {}
        self._failed: dict[str, Mapping[str, Any]] = {}
        self._told: dict[str, Status] = {}
        self._behind = set(self._takers)

    def always(self, stop: Event) -> None:
        """Watch until told to stop; while Kafka is away it tries again."""
        while not stop.is_set():
            self._begin()
            try:
                self._follow(stop)
            except (KafkaException, KafkaUnavailable) as error:
                log.warning("watch cannot read, trying again", error=str(error))
                stop.wait(RETRY_S)

    def _follow(self, stop: Event) -> None:
        sender, looked = producer(self._kafka), float("-inf")
        with Follower(self._kafka, {(topic, 0): 0 for topic in self._takers}) as follower:
            while not stop.is_set():
                self._read(follower)
                if monotonic() - looked > HIDDEN_EVERY_S:
                    self._metrics.hidden(self._hidden.look() or {})
                    looked = monotonic()
                if not self._behind:
                    self._look(sender)
                stop.wait(0 if self._behind else LOOK_S)

    def _read(self, follower: Follower) -> None:
        """Everything that came since the last look."""
        while messages := follower.consume(_BATCH, 0.05):
            for message in messages:
                self._take(message)

    def _take(self, message: Message) -> None:
        topic, value = message.topic() or "", message.value()
        if at_end(message):
            self._behind.discard(topic)
        elif message.error() is None and value:
            self._takers[topic](value)

    def _hear(self, wire: bytes) -> None:
        record = self._codec.read(HEARTBEAT, wire)
        self._heard[record["source"]] = record

    def _fail(self, wire: bytes) -> None:
        record = self._codec.read(SOURCE_FAILURE, wire)
        name = record["source"]
        self._failed[name] = record
        if name in self._known:
            self._metrics.failed(
                name, record["door"].lower(), record["cause"].lower(), record["failed_at"].timestamp()
            )  # fmt: skip

    def _said(self, wire: bytes) -> None:
        record = self._codec.read(SOURCE_STATUS, wire)
        self._told[record["source"]] = record

    def _set_aside(self, wire: bytes) -> None:
        self._board.take(*self._codec.decode(wire))

    def _look(self, sender: Producer) -> None:
        now = self._clock()
        found = {
            name: status(source, self._heard.get(name), self._failed.get(name), now)
            for name, source in self._sources.items()
        }
        news = {name: one for name, one in found.items() if self._is_news(one)}
        for name, one in news.items():
            say = log.warning if one["state"] == SILENT else log.info
            say("source status", source=name, state=one["state"])
        self._write(sender, news)
        self._measure()
        self._health.looked(name for name, one in found.items() if one["state"] == SILENT)

    def _is_news(self, one: Status) -> bool:
        told = self._told.get(one["source"])
        return told is None or {**told, "as_of": EPOCH} != {**one, "as_of": EPOCH}

    def _write(self, sender: Producer, news: Mapping[str, Status]) -> None:
        wires = ((name.encode(), self._codec.encode(SOURCE_STATUS, one)) for name, one in news.items())
        send(sender, self._status_topic, wires)
        self._told |= news

    def _measure(self) -> None:
        for name, heard in self._heard.items():
            if name in self._known:
                late_after = self._sources[name].late_after_hours * 3600 if name in self._sources else None
                event = heard["last_event_at"]
                self._metrics.heard(
                    name, heard["heard_at"].timestamp(), heard["data_as_of"].timestamp(),
                    None if event is None else event.timestamp(), late_after,
                )  # fmt: skip
        waiting = [(self._label(one.source), one) for one in self._board.open.values()]
        oldest: dict[str, float] = {}
        for label, one in waiting:
            since = one.first_at.timestamp()
            oldest[label] = min(since, oldest.get(label, since))
        self._metrics.waiting(Counter((label, one.code) for label, one in waiting), oldest)

    def _label(self, source: str) -> str:
        return source if source in self._known or source in _DOMAINS else _OTHER
