"""What a worker tells Prometheus, and whether it is well."""

import threading
from collections.abc import Callable
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

#: From one transaction on an idle broker to one that nearly times out.
#: From an empty partition to one of ten million entities.
_RESTORE_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
#: A worker flushes ten times a second; one that did not for this long while it has input is stuck.
STUCK_AFTER_S: Final = 60.0


class StreamMetrics:
    """Metrics of a worker.

    Args:
        registry: Where they are collected.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.read = Counter(
            "beffroi_stream_read_events_total",
            "Events read; the outcomes follow when they are written",
            ["domain"],
            registry=registry,
        )
        self.events = Counter(
            "beffroi_stream_events_total",
            "Events read, by what became of them: changed, unchanged (known, older, superseded), parked",
            ["domain", "outcome"],
            registry=registry,
        )
        self.partitions = Gauge("beffroi_stream_partitions", "Source partitions held", ["domain"], registry=registry)
        self.roots = Gauge("beffroi_stream_roots", "Roots held", ["domain"], registry=registry)
        self.cells = Gauge("beffroi_stream_cells", "Cells held that are not zero", ["domain"], registry=registry)
        self.flush_seconds = Histogram(
            "beffroi_stream_flush_seconds", "Seconds of a transaction", ["domain"], buckets=_SECONDS, registry=registry
        )
        self.restore_seconds = Histogram(
            "beffroi_stream_restore_seconds",
            "Seconds of taking a partition over",
            ["domain"],
            buckets=_RESTORE_SECONDS,
            registry=registry,
        )
        self.restoring = Gauge(
            "beffroi_stream_restoring_partitions", "Source partitions being restored", ["domain"], registry=registry
        )
        self.restored_records = Counter(
            "beffroi_stream_restored_records_total", "Records read to restore state", ["domain"], registry=registry
        )
        self.audit_differences = Counter(
            "beffroi_stream_audit_differences_total",
            "Cells in the log that differed from the state at a take-over: 0 unless the rules of counting changed",
            ["domain"],
            registry=registry,
        )
        self.releasing = Gauge("beffroi_release_held", "1 while this worker holds the release role", registry=registry)


class WorkerHealth:
    """Whether a worker makes progress; thread-safe.

    Args:
        now: Monotonic seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._details: dict[str, Any] = {"assigned": False, "partitions": 0, "restoring": 0, "releasing": False}
        self._last_turn = now()

    def update(self, **details: Any) -> None:  # noqa: ANN401  # whatever JSON holds
        """Note what is so now, and that the worker's loop turns."""
        with self._lock:
            self._details.update(details)
            self._last_turn = self._now()

    def report(self) -> tuple[bool, dict[str, Any]]:
        """Well or not, and the details for ``/health``."""
        with self._lock:
            age = self._now() - self._last_turn
            well = bool(self._details["assigned"]) and age < STUCK_AFTER_S
            return well, {**self._details, "seconds_since_last_turn": round(age, 3)}
