"""What the release tells Prometheus."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class ReleaseMetrics:
    """Metrics of the release role.

    Args:
        registry: Where they are collected.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.changes = Counter(
            "beffroi_release_changes_total", "Rows published or withdrawn", ["view"], registry=registry
        )
        self.records = Counter("beffroi_release_records_total", "Cells and signs of life read", registry=registry)
        self.rows = Gauge("beffroi_release_rows", "Rows that readers see", ["view"], registry=registry)
        self.publish_seconds = Histogram(
            "beffroi_release_publish_seconds", "Seconds of a publication", buckets=_SECONDS, registry=registry
        )
        self.caught_up = Gauge(
            "beffroi_release_caught_up", "1 once the release has read what the workers wrote", registry=registry
        )
        self.archived = Gauge(
            "beffroi_release_archived_until_timestamp_seconds", "End of the last archived day", ["view"],
            registry=registry,
        )  # fmt: skip
        self.archive_failures = Counter(
            "beffroi_release_archive_failures_total", "Days that could not be archived", ["view"], registry=registry
        )
        self.last_published = Gauge(
            "beffroi_release_last_publication_timestamp_seconds", "Instant of the last publication", registry=registry
        )
