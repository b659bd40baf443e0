"""The events of one source partition, read again."""

from collections.abc import Iterator

from confluent_kafka import TopicPartition

from connectors.kafka.clients import reader
from connectors.kafka.reading import read_on
from connectors.kafka.settings import KafkaSettings
from streams.rebuild.replay import Event


def events_again(kafka: KafkaSettings, place: TopicPartition, end: int | None) -> Iterator[Event]:
    """The events from an offset on.

    Args:
        kafka: The cluster.
        place: Topic, partition and first offset.
        end: The offset before which to stop; None for the end of this moment.
    """
    if end is not None and place.offset >= end:
        return
    consumer = reader(kafka)
    try:
        for message in read_on(consumer, [place]):
            offset = message.offset() or 0
            if end is not None and offset >= end:
                return
            yield Event(offset, message.value())
    finally:
        consumer.close()
