"""What the relay tells Prometheus, and whether it is well."""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge

_VERDICTS: Final = ("accepted", "duplicate", "refused", "failed")
#: A turn takes some milliseconds, one with a broker that restarts up to a commit's patience of 60 s.
STUCK_AFTER_S: Final = 120.0


class RelayMetrics:
    """Metrics of the relay.

    Args:
        registry: Where they are collected.
        partners: Who writes: labels are there from the start, so that the first of a kind is seen to come.
        now: Seconds since the epoch.
    """

    def __init__(self, registry: CollectorRegistry, partners: Iterable[str], now: Callable[[], float]) -> None:
        self._now = now
        self._records = Counter(
            "beffroi_relay_records_total",
            "Records by verdict: accepted, duplicate, refused, failed (by us)",
            ["partner", "verdict"],
            registry=registry,
        )
        for partner in partners:
            for verdict in _VERDICTS:
                self._records.labels(partner, verdict)
        self._waiting = Gauge("beffroi_relay_waiting_records", "Records that are not read yet", registry=registry)
        self._turned = Gauge(
            "beffroi_relay_last_turn_timestamp_seconds", "When the relay last got through all it had", registry=registry
        )
        self._turned.set(now())
        self.kafka_up = Gauge("beffroi_relay_kafka_up", "1 while Kafka answers", registry=registry)

    def settled(self, partner: str, counts: Mapping[str, int]) -> None:
        """A record of the partner's topic was dealt with: what became of the records in it."""
        for verdict, count in counts.items():
            self._records.labels(partner, verdict).inc(count)

    def turned(self, waiting: int) -> None:
        """All that was read was dealt with."""
        self._waiting.set(waiting)
        self._turned.set(self._now())


class RelayHealth:
    """Whether the relay gets through; thread-safe.

    Args:
        now: Seconds that never go back.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._failure = "starting"
        self._last_turn = now()
        self._assigned = False
        self._kafka_up = True
        self._away_since = 0.0
        self._up_since = now()

    def turned(self, assigned: bool) -> None:  # noqa: FBT001  # the one thing it tells
        """All that was read was dealt with; whether partitions are held."""
        with self._lock:
            self._failure, self._last_turn, self._assigned = "", self._now(), assigned

    def kafka(self, up: bool) -> float | None:  # noqa: FBT001  # the one thing it tells
        """Whether Kafka answers; gives, when that changed, the seconds it was away: 0 when it just went."""
        with self._lock:
            if up == self._kafka_up:
                return None
            now, self._kafka_up = self._now(), up
            if up:
                self._up_since = now
                return now - self._away_since
            self._away_since = now
            return 0.0

    def moved(self) -> None:
        """Something was done, though not all that was read: records get through."""
        with self._lock:
            self._failure, self._last_turn, self._assigned = "", self._now(), True

    def stands_still_s(self) -> float:
        """For how many seconds nothing was done although Kafka answers."""
        with self._lock:
            return self._now() - max(self._last_turn, self._up_since) if self._kafka_up else 0.0

    def failed(self, message: str) -> None:
        """Something keeps records from being taken."""
        with self._lock:
            self._failure, self._last_turn = message, self._now()

    def report(self) -> tuple[bool, dict[str, Any]]:
        """Well or not, and the details for ``/health``; one that waits beside another relay is well."""
        with self._lock:
            age = self._now() - self._last_turn
            well = not self._failure and self._kafka_up and age < STUCK_AFTER_S
            details = {"last_failure": self._failure, "kafka_up": self._kafka_up, "assigned": self._assigned}
            away_s = 0.0 if self._kafka_up else self._now() - self._away_since
            return well, {**details, "kafka_away_s": round(away_s, 1), "seconds_since_last_turn": round(age, 3)}
