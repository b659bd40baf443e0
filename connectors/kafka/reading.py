"""Reading topics without a group: to their end of this moment, or on and on."""

from collections.abc import Iterator
from time import monotonic
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.kafka.clients import ANSWER_PATIENCE_S, reader
from connectors.kafka.settings import KafkaSettings
from schemas.errors import KafkaUnavailable

_BATCH: Final = 10_000
#: A batch is given out when it is full, or after this long: the last one, which ends a reading, never is full.
_LULL_S: Final = 0.02
_ANSWER_S: Final = 12.0
#: A cluster that is there is heard of well within this: a record, or that there are no more.
_SILENCE_S: Final = 60.0
#: Records looked at first from the end: a key that each transaction writes lies among them.
_LOOK_BACK: Final = 1_000


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


def end_of(consumer: Consumer, topic: str, number: int) -> int:
    """The offset after the last record of a partition, markers of transactions included.

    Raises:
        KafkaException: The cluster does not answer.
    """
    end: int = consumer.get_watermark_offsets(TopicPartition(topic, number), _ANSWER_S)[1]
    return end


def last_of(consumer: Consumer, topic: str, number: int, key: bytes) -> Message | None:
    """The last committed record of a key in a partition, looked for from its end; None when there is none.

    Raises:
        KafkaException: The cluster refuses.
    """
    low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), _ANSWER_S)
    back = _LOOK_BACK
    while high > low:
        start = max(low, high - back)
        found = None
        for message in read_on(consumer, [TopicPartition(topic, number, start)]):
            found = message if message.key() == key else found
        if found or start == low:
            return found
        back *= 8
    return None


def read_on(consumer: Consumer, positions: list[TopicPartition]) -> Iterator[Message]:
    """Every committed record of some partitions from given positions to their end of this moment.

    Raises:
        KafkaException: The cluster refuses.
    """
    for messages in batches_on(consumer, positions):
        yield from messages


def batches_on(consumer: Consumer, positions: list[TopicPartition]) -> Iterator[list[Message]]:
    """The same in the batches in which the records come, for who reads millions.

    Raises:
        KafkaException: The cluster refuses.
        KafkaUnavailable: Nothing was heard for a minute.
    """
    consumer.assign(positions)
    left = {(position.topic, position.partition) for position in positions}
    silence_s = 0.0  # while it listens, not while its reader is at something else
    while left:
        messages = consumer.consume(_BATCH, _LULL_S)
        silence_s = 0.0 if messages else silence_s + _LULL_S
        if silence_s > _SILENCE_S:
            topic, number = min(left)
            raise KafkaUnavailable(
                f"nothing of {topic}/{number} was heard for {_SILENCE_S:.0f} s", fix="look at the brokers' health"
            )
        records = [message for message in messages if message.error() is None]
        if len(records) < len(messages):
            left -= _ended(messages)
        yield records


def _ended(messages: list[Message]) -> set[tuple[str, int]]:
    """The partitions of which some messages say that they are read to the end."""
    return {(message.topic() or "", message.partition() or 0) for message in messages if at_end(message)}


def read_settled(settings: KafkaSettings, where: TopicPartition, patience_s: float = 60.0) -> Iterator[Message]:
    """Every committed record of a partition from its beginning to its end of this moment, even just committed ones.

    The marker that makes a transaction visible may come a moment after its commit was answered.

    Args:
        settings: How to reach the cluster.
        where: The partition.
        patience_s: An open transaction of somebody else hides what comes after it for this long at most.

    Raises:
        TimeoutError: The end was not reached in time.
        KafkaException: The cluster refuses or does not answer.
    """
    end, deadline = _end(settings, where), monotonic() + patience_s
    consumer = reader(settings)
    try:
        consumer.assign([TopicPartition(where.topic, where.partition, 0)])
        while end:
            for message in consumer.consume(_BATCH, _LULL_S):
                over = (message.offset() or 0) >= end
                if not at_end(message) and message.error() is None and not over:
                    yield message
                if over:
                    return
            if monotonic() > deadline:
                raise TimeoutError(f"the end of {where.topic} is still hidden by an open transaction")
    finally:
        consumer.close()


def _end(settings: KafkaSettings, where: TopicPartition) -> int:
    """The end, committed or not."""
    consumer = reader(settings, **{"isolation.level": "read_uncommitted"})
    try:
        return consumer.get_watermark_offsets(where, ANSWER_PATIENCE_S)[1]
    finally:
        consumer.close()
