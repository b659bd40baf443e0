"""What the gateway tells Prometheus."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

#: Around the targets: 50 ms for one record, 2 s for 10,000.
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30)


class GatewayMetrics:
    """Metrics of the gateway.

    Args:
        registry: Where they are collected.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.requests = Counter(
            "beffroi_gateway_requests_total", "Answers, by door and status", ["door", "status"], registry=registry
        )
        self.seconds = Histogram(
            "beffroi_gateway_request_seconds",
            "Seconds to the end of an answer",
            ["door"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.records = Counter(
            "beffroi_gateway_records_total", "Records that were published or refused", ["verdict"], registry=registry
        )
        self.bytes = Counter("beffroi_gateway_body_bytes_total", "Bytes of bodies, unpacked", registry=registry)
        self.open = Gauge("beffroi_gateway_requests_open", "Requests under way", registry=registry)
        self.kafka_up = Gauge("beffroi_gateway_kafka_up", "1 while Kafka answers", registry=registry)
