"""Topics that Kafka's cleaner compacts at once, and the proof that it has."""

from collections.abc import Callable
from dataclasses import replace

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its stubs forget to re-export these names
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from connectors.kafka import admin
from connectors.kafka.clients import reader
from connectors.kafka.reading import read_to_end
from connectors.kafka.settings import KafkaSettings
from schemas.topics import CELLS, TRAINING_ENTITIES, VIEW_EXITS, VIEW_SESSIONS, Topic, catalogue
from tests.waiting import until

#: Segments of some seconds, cleaned at the first superseded record; a tombstone goes with the next cleaning.
AGGRESSIVE = {
    "segment.ms": "5000",
    "segment.bytes": str(1024 * 1024),
    "min.cleanable.dirty.ratio": "0.01",
    "min.compaction.lag.ms": "0",
    "delete.retention.ms": "100",
}
COMPACTED = (TRAINING_ENTITIES, CELLS, VIEW_EXITS, VIEW_SESSIONS)


def create(kafka: KafkaSettings, prefix: str, partitions: int, replication: int) -> None:
    """The catalogue, its compacted topics compacted aggressively."""
    topics = [_hastened(topic) for topic in catalogue(partitions, prefix)]
    admin.apply(kafka, admin.plan({}, topics), replication)


def _hastened(topic: Topic) -> Topic:
    return (
        replace(topic, config={**topic.config, **AGGRESSIVE}) if topic.config["cleanup.policy"] == "compact" else topic
    )


def hasten(kafka: KafkaSettings) -> None:
    """Have the cleaners of a given cluster look every half second, for as long as its brokers run."""
    client = admin._client(kafka)
    entry = ConfigEntry("log.cleaner.backoff.ms", "500", incremental_operation=AlterConfigOpType.SET)
    brokers = client.list_topics(timeout=10).brokers
    found = [ConfigResource(ResourceType.BROKER, str(number), incremental_configs=[entry]) for number in brokers]
    for future in client.incremental_alter_configs(found).values():
        future.result(15)


class Compaction:
    """Waits until everything before this moment is compacted.

    Args:
        kafka: The cluster.
        prefix: Of the topics.
        partitions: Of entities and cells.
    """

    def __init__(self, kafka: KafkaSettings, prefix: str, partitions: int) -> None:
        self._kafka = kafka
        counts = (partitions, partitions, 1, 1)
        names = [(prefix + name, count) for name, count in zip(COMPACTED, counts, strict=True)]
        self._marks = {(name, number): self._end(name, number) for name, count in names for number in range(count)}
        self.removed = 0

    def _end(self, topic: str, number: int) -> int:
        from confluent_kafka import TopicPartition

        consumer = reader(self._kafka)
        try:
            return consumer.get_watermark_offsets(TopicPartition(topic, number), 15)[1]
        finally:
            consumer.close()

    def complete(self, nudge: Callable[[], None], patience_s: float) -> int:
        """Write a little, so that segments are closed, until the cleaner is through; how many offsets it removed."""

        def done() -> bool:
            nudge()
            return self.repeated() == 0 and self.removed > 0

        until(done, patience_s, "every key once in what was compacted", 1.0)
        return self.removed

    def repeated(self) -> int:
        """Records before the marks whose key comes again before the marks: none after full compaction."""
        repeats, held = 0, 0
        keys: dict[tuple[str, int], set[bytes]] = {}
        consumer = reader(self._kafka)
        try:
            for one in read_to_end(consumer, list(self._marks)):
                where = (one.topic() or "", one.partition() or 0)
                if (one.offset() or 0) < self._marks[where]:
                    seen, key = keys.setdefault(where, set()), one.key() or b""
                    repeats += key in seen
                    held += 1
                    seen.add(key)
        finally:
            consumer.close()
        self.removed = sum(self._marks.values()) - held
        return repeats
