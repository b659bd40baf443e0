"""Reading topics without a group: to their end of this moment, or on and on."""

from collections.abc import Iterator
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

_BATCH: Final = 10_000


def at_end(message: Message) -> bool:
    """Whether a message only says that its partition is read to the end.

    Raises:
        KafkaException: It says that the cluster refuses; what can be tried again is passed over.
    """
    error = message.error()
    if error is None or error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  # librdkafka's name
        return error is not None
    if not error.retriable():
        raise KafkaException(error)
    return False


def read_to_end(consumer: Consumer, partitions: list[tuple[str, int]]) -> Iterator[Message]:
    """Every committed record of some partitions from their beginning to their end of this moment.

    Raises:
        KafkaException: The cluster refuses.
    """
    yield from read_on(consumer, [TopicPartition(topic, number, 0) for topic, number in partitions])


def read_on(consumer: Consumer, positions: list[TopicPartition]) -> Iterator[Message]:
    """Every committed record of some partitions from given positions to their end of this moment.

    Raises:
        KafkaException: The cluster refuses.
    """
    consumer.assign(positions)
    left = {(position.topic, position.partition) for position in positions}
    while left:
        for message in consumer.consume(_BATCH, 0.5):
            if at_end(message):
                left.discard((message.topic() or "", message.partition() or 0))
            elif message.error() is None:
                yield message
