"""What the portal tells Prometheus."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class PortalMetrics:
    """Metrics of the portal.

    Args:
        registry: Where they are collected.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.requests = Counter(
            "beffroi_portal_requests_total",
            "Answers, by route and class of status",
            ["route", "status"],
            registry=registry,
        )
        self.seconds = Histogram(
            "beffroi_portal_request_seconds",
            "Seconds to the head of an answer",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.feeds = Gauge("beffroi_portal_feeds", "Live feeds that are open", registry=registry)
        self.rows = Gauge("beffroi_portal_rows", "Rows held", ["view"], registry=registry)
        self.caught_up = Gauge("beffroi_portal_caught_up", "1 once every view was read to its end", registry=registry)
