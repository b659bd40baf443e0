"""Looking at a real bus in tests: everything in a topic, decoded."""

from typing import Any

from confluent_kafka import Message

from connectors.kafka.clients import reader
from connectors.kafka.reading import read_to_end
from connectors.kafka.settings import KafkaSettings
from schemas.codec import Codec
from schemas.topics import catalogue

CODEC = Codec()


def messages(kafka: KafkaSettings, topic: str, partitions: int) -> list[Message]:
    """Every committed record of a topic."""
    consumer = reader(kafka)
    try:
        return list(read_to_end(consumer, [(topic, number) for number in range(partitions)]))
    finally:
        consumer.close()


def records(kafka: KafkaSettings, topic: str, partitions: int = 1) -> list[dict[str, Any]]:
    """Every committed record of a topic, decoded; tombstones left out."""
    return [CODEC.decode(value)[1] for one in messages(kafka, topic, partitions) if (value := one.value())]


def table(kafka: KafkaSettings, topic: str, partitions: int = 1) -> dict[str, dict[str, Any]]:
    """The last record of each key; tombstones delete."""
    found: dict[str, dict[str, Any]] = {}
    for one in messages(kafka, topic, partitions):
        key, value = (one.key() or b"").decode(), one.value()
        if value:
            found[key] = CODEC.decode(value)[1]
        else:
            found.pop(key, None)
    return found


def headers(message: Message) -> dict[str, bytes]:
    """The headers of a record."""
    return {str(name): bytes(value or b"") for name, value in dict(message.headers() or []).items()}  # type: ignore[arg-type]  # librdkafka gives pairs


def every_byte(kafka: KafkaSettings, prefix: str, partitions: int) -> bytes:
    """Keys, values and headers of every record of every topic of a deployment."""
    parts: list[bytes] = []
    for topic in catalogue(partitions, prefix):
        for one in messages(kafka, topic.name, topic.partitions):
            parts += [one.key() or b"", one.value() or b""]
            parts += headers(one).values()
    return b"\n".join(parts)
