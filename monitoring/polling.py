"""What a poller tells Prometheus, and whether it is well."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

#: From an answer of the same town to one that nearly times out.
_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class PollMetrics:
    """Metrics of the poller of one feed.

    Args:
        registry: Where they are collected.
        source: The feed.
    """

    def __init__(self, registry: CollectorRegistry, source: str) -> None:
        self._source = source
        self._requests = Counter(
            "beffroi_poll_requests_total",
            "Answers of a partner's API: taken, empty, unchanged, limited (asked to slow down), refused, failed",
            ["source", "outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "beffroi_poll_request_seconds", "Seconds to a whole answer", ["source"], buckets=_SECONDS, registry=registry
        )
        self._sweeps = Counter(
            "beffroi_poll_sweeps_total",
            "Sweeps, by how they ended: complete, incomplete (nothing withdrawn), held (for a human), empty, failed",
            ["source", "outcome"],
            registry=registry,
        )
        self._records = Gauge(
            "beffroi_poll_records", "Records that the last sweep handed over", ["source"], registry=registry
        )
        self._completed = Gauge(
            "beffroi_poll_last_completion_timestamp_seconds",
            "When the last sweep was handed over; 0 when none was",
            ["source"],
            registry=registry,
        )
        self._late_after = Gauge(
            "beffroi_poll_late_after_seconds",
            "Age of the last sweep from which the source counts as late",
            ["source"],
            registry=registry,
        )

    def answered(self, outcome: str, seconds: float) -> None:
        """An answer came, or none did."""
        self._requests.labels(self._source, outcome).inc()
        self._seconds.labels(self._source).observe(seconds)

    def swept(self, outcome: str, records: int) -> None:
        """A sweep was handed over."""
        self._sweeps.labels(self._source, outcome).inc()
        self._records.labels(self._source).set(records)

    def failed(self) -> None:
        """A sweep stopped half-way."""
        self._sweeps.labels(self._source, "failed").inc()

    def completed(self, instant: datetime | None, late_after_s: float) -> None:
        """When the last sweep was handed over, and how old that may become."""
        self._completed.labels(self._source).set(instant.timestamp() if instant else 0)
        self._late_after.labels(self._source).set(late_after_s)


class PollHealth:
    """Whether a poller gets through; thread-safe.

    Args:
        source: The feed.
        now: The present instant.
        late_after_s: Age of the last sweep from which it is not well.
    """

    def __init__(self, source: str, now: Callable[[], datetime], late_after_s: float) -> None:
        self._source = source
        self._now = now
        self._late_after_s = late_after_s
        self._lock = threading.Lock()
        self._since = now()
        self._last_failure = ""

    def succeeded(self, instant: datetime) -> None:
        """A sweep was handed over."""
        with self._lock:
            self._since, self._last_failure = instant, ""

    def failed(self, message: str) -> None:
        """A sweep stopped half-way."""
        with self._lock:
            self._last_failure = message

    def report(self) -> tuple[bool, dict[str, Any]]:
        """Well or not, and the details for ``/health``; a poller that just began is well."""
        with self._lock:
            age = (self._now() - self._since).total_seconds()
            details = {
                "source": self._source,
                "seconds_since_last_sweep": round(age),
                "last_failure": self._last_failure,
            }
            return age < self._late_after_s, details
