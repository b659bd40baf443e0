"""What the watch over sources and quarantine tells Prometheus, and whether it is well."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, Gauge

#: A watch that did not look for so long is stuck; it looks every second.
_STUCK_AFTER_S: Final = 60.0


class WatchMetrics:
    """Metrics of the watch; sources are those of the register, codes those of our own code.

    Args:
        registry: Where they are collected.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, says: str, *labels: str) -> Gauge:
            return Gauge(name, says, labels, registry=registry)

        self._success = gauge(
            "beffroi_source_last_success_timestamp_seconds", "When a publication of it was last taken", "source"
        )
        self._event = gauge(
            "beffroi_source_last_event_timestamp_seconds", "When one last brought something new", "source"
        )
        self._failure = gauge(
            "beffroi_source_last_failure_timestamp_seconds",
            "When something of it last could not be taken as a whole", "source", "door", "cause",
        )  # fmt: skip
        self._data = gauge("beffroi_source_data_timestamp_seconds", "Instant of its last data", "source")
        self._late_after = gauge(
            "beffroi_source_late_after_seconds", "Silence from which somebody should ask", "source"
        )
        self._hidden = gauge(
            "beffroi_hidden_seconds", "For how long one open transaction has hidden the records behind it", "topic"
        )
        self._open = gauge("beffroi_quarantine_open_records", "Records that wait for somebody", "source", "code")
        self._oldest = gauge(
            "beffroi_quarantine_oldest_open_timestamp_seconds", "Since when the first of them waits", "source"
        )

    def heard(self, source: str, success: float, data: float, event: float | None, late_after: float | None) -> None:
        """A source told something; instants in seconds since 1970, the last is a time."""
        self._success.labels(source).set(success)
        self._data.labels(source).set(data)
        if event is not None:
            self._event.labels(source).set(event)
        if late_after is not None:
            self._late_after.labels(source).set(late_after)

    def hidden(self, seconds: Mapping[str, float]) -> None:
        """For how long records of each topic have been hidden; 0 where none are."""
        for topic, age in seconds.items():
            self._hidden.labels(topic).set(age)

    def failed(self, source: str, door: str, cause: str, at: float) -> None:
        """What of a source last could not be taken: one series a source, in seconds since 1970."""
        self._failure.remove_by_labels({"source": source})
        self._failure.labels(source, door, cause).set(at)

    def waiting(self, counts: Mapping[tuple[str, str], int], oldest: Mapping[str, float]) -> None:
        """How many records wait by source and code, and since when by source."""
        self._open.clear()
        self._oldest.clear()
        for (source, code), count in counts.items():
            self._open.labels(source, code).set(count)
        for source, since in oldest.items():
            self._oldest.labels(source).set(since)


class WatchHealth:
    """Whether a watch follows what happens.

    Args:
        ticks: Seconds that never go back.
    """

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._looked_at = ticks()
        self._silent: list[str] = []

    def looked(self, silent: Iterable[str]) -> None:
        """It looked, and these sources are silent."""
        self._looked_at = self._ticks()
        self._silent = sorted(silent)

    def report(self) -> tuple[bool, dict[str, Any]]:
        """Well or not, and the details for ``/health``: a silent source is no illness of the watch."""
        since = self._ticks() - self._looked_at
        return since < _STUCK_AFTER_S, {"looked_seconds_ago": round(since, 1), "silent_sources": self._silent}
