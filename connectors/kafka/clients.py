"""Consumers and producers with the settings that exactness and latency need."""

from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer

from connectors.kafka.settings import KafkaSettings

#: A dead owner's open transaction hides later records of its partition until it times out or is fenced.
TRANSACTION_TIMEOUT_MS: Final = 15_000

#: An answer of the cluster; a longer silence means that it is away.
ANSWER_PATIENCE_S: Final = 12.0

#: acks=all and idempotence: what is acknowledged is on every in-sync replica, once.
#: murmur2_random: a key goes to the partition where Java clients put it.
_PRODUCER: Final[dict[str, Any]] = {
    "acks": "all",
    "enable.idempotence": True,
    "linger.ms": 20,
    "compression.type": "lz4",
    "partitioner": "murmur2_random",
    "delivery.report.only.error": True,
}

#: The two hidden stalls of a fast reader are the fetch back-off (1 s by default) and the fetch wait (500 ms).
_READER: Final[dict[str, Any]] = {
    "group.id": "beffroi-reader",  # librdkafka asks for one; nothing is ever committed or joined
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
    "enable.partition.eof": True,
    "fetch.queue.backoff.ms": 20,
    "fetch.wait.max.ms": 50,
    "allow.auto.create.topics": False,
}


def _base(settings: KafkaSettings) -> dict[str, Any]:
    # A broker that goes away is said by the caller, once; librdkafka would say it for each connection.
    return {**settings.client_config(), "log_level": 3, "log.connection.close": False}


def reader(settings: KafkaSettings, **overrides: Any) -> Consumer:  # noqa: ANN401  # librdkafka's own settings
    """A consumer without group for explicit assignment: ``read_committed``, partition ends are reported."""
    config = {**_base(settings), **_READER, **overrides}
    return settings.consumer(config)


def group_member(
    settings: KafkaSettings, group: str, session_s: float, instance_id: str | None = None
) -> Consumer:  # fmt: skip
    """A member of a group, for who is assigned what; it may fall silent for a day without losing its place.

    Args:
        settings: The cluster.
        group: Its name.
        session_s: Without a sign of life for so long it loses what it is assigned.
        instance_id: Of a static member: started again within that time it gets back what it had, at once.
    """
    config = {
        **_base(settings),
        **_READER,
        "group.id": group,
        "session.timeout.ms": round(session_s * 1000),
        "heartbeat.interval.ms": round(session_s * 1000 / 3),
        "max.poll.interval.ms": 24 * 3600 * 1000,  # the most that librdkafka takes
        **({"group.instance.id": instance_id} if instance_id else {}),
    }
    return settings.consumer(config)


def producer(settings: KafkaSettings, **overrides: Any) -> Producer:  # noqa: ANN401  # librdkafka's own settings
    """An idempotent producer; the caller passes ``on_delivery`` or checks each report."""
    config = {**_base(settings), **_PRODUCER, **overrides}
    return settings.producer(config)


def transactional_producer(
    settings: KafkaSettings, transactional_id: str, timeout_ms: int = TRANSACTION_TIMEOUT_MS
) -> Producer:
    """A producer of transactions; ``init_transactions`` fences whoever held the id before.

    Errors of single records surface in ``commit_transaction``.
    """
    return producer(settings, **{"transactional.id": transactional_id, "transaction.timeout.ms": timeout_ms})


def is_fenced(error: KafkaError, held: Producer) -> bool:
    """Whether another process took over the transactional id of a producer, which failed with an error.

    A call that produces says only *fatal error* of a producer that was fenced before; a transactional call says why.
    """
    if error.code() == KafkaError._FATAL:  # noqa: SLF001  # librdkafka's name
        try:
            held.abort_transaction(ANSWER_PATIENCE_S)
        except KafkaException as reason:
            error = reason.args[0]
    return error.code() in {KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH}  # noqa: SLF001  # librdkafka's name
