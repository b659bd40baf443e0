"""A few records that must be there before one goes on."""

from collections.abc import Iterable

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from connectors.kafka.clients import ANSWER_PATIENCE_S


def send(sender: Producer, topic: str, records: Iterable[tuple[bytes, bytes]]) -> None:
    """Send keys and values; they are on every in-sync replica when this returns.

    Raises:
        KafkaException: One of them was not acknowledged; of the others nothing is known.
    """
    failures: list[KafkaError] = []

    def reported(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failures.append(error)

    for key, value in records:
        sender.produce(topic, key=key, value=value, on_delivery=reported)
    left = sender.flush(ANSWER_PATIENCE_S)
    if left:
        sender.purge()
        failures.append(KafkaError(KafkaError._MSG_TIMED_OUT))  # noqa: SLF001  # librdkafka's name
    if failures:
        raise KafkaException(failures[0])
