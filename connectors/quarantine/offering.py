"""Events that a worker set aside are offered to the workers once more: the same bytes, at the end of their partition.

Whatever else was said of the thing meanwhile, the versioned merge decides what holds (decision 3), so that offering an
event twice, or late, changes nothing that is right.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, cast

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from connectors.kafka.clients import ANSWER_PATIENCE_S, reader, transactional_producer
from connectors.kafka.reading import read_on
from connectors.kafka.settings import KafkaSettings
from connectors.quarantine.board import Aside
from connectors.quarantine.outcomes import Done, away, closing
from schemas.clock import Clock
from schemas.codec import Codec
from schemas.errors import ContractError, QuarantineError
from schemas.topics import QUARANTINE

#: Where an event lies, as a worker wrote it: the topic and partition, then the offset.
_PLACE: Final = re.compile(r"(?P<topic>.+\.events\.v\d+)/(?P<partition>\d+) offset (?P<offset>\d+)")
#: Events of one transaction: held in memory, some megabytes.
_TOGETHER: Final = 1_000
_Held = tuple[Done, Message | None]


def place_of(one: Aside) -> TopicPartition:
    """Where an event lies on the bus; raises QuarantineError when that is not told."""
    found = _PLACE.fullmatch(f"{one.file} {one.pointer}")
    if found is None:
        raise QuarantineError(
            "nobody told where on the bus it lies", fix="drop it here; its source may publish it again"
        )
    return TopicPartition(found["topic"], int(found["partition"]), int(found["offset"]))


class Offering:
    """Offers events again.

    Args:
        kafka: The cluster.
        prefix: Put before topic names.
        codec: Tells whether an event can be read now.
        clock: For the instant of an outcome.
    """

    def __init__(self, kafka: KafkaSettings, prefix: str, codec: Codec, clock: Clock) -> None:
        self._kafka = kafka
        self._prefix = prefix
        self._codec = codec
        self._clock = clock

    def offer(self, records: Sequence[Aside], *, dry_run: bool) -> Iterator[Done]:
        """Offer events, those of a partition in their order; each is closed in the transaction that offers it.

        One whose bytes are gone, or that still cannot be read, stays where it is.

        Raises:
            KafkaUnavailable: No broker answers; what was not told as done is as it was.
        """
        ordered = sorted(records, key=lambda one: (one.file or "", len(one.pointer), one.pointer))
        for begin in range(0, len(ordered), _TOGETHER):
            batch = ordered[begin : begin + _TOGETHER]
            try:
                found = self._found(batch)
                if not dry_run:
                    self._publish([one for one in found if one[1] is not None])
            except KafkaException as error:
                raise away(error) from error
            yield from (done for done, _ in found)

    def _found(self, records: Sequence[Aside]) -> list[_Held]:
        consumer = reader(self._kafka)
        try:
            return [self._look(consumer, one) for one in records]
        finally:
            consumer.close()

    def _look(self, consumer: Consumer, one: Aside) -> _Held:
        try:
            message = _read(consumer, place_of(one))
            self._codec.decode(message.value() or b"")
        except (ContractError, QuarantineError) as error:
            return Done(one, why=error.message, fix=error.fix), None
        return Done(one, "REPLAYED", event_id=_id(message)), message

    def _publish(self, held: Sequence[_Held]) -> None:
        if not held:
            return
        producer = transactional_producer(self._kafka, f"{self._prefix}beffroi-quarantine")
        producer.init_transactions(ANSWER_PATIENCE_S)
        producer.begin_transaction()
        for _, message in held:
            assert message is not None  # noqa: S101  # or it stays
            producer.produce(
                message.topic() or "", message.value(), message.key(), message.partition() or 0,
                headers=_headers(message),
            )  # fmt: skip
        for key, value in closing([done for done, _ in held], self._codec, self._clock()):
            producer.produce(self._prefix + QUARANTINE, key=key, value=value)
        producer.commit_transaction(ANSWER_PATIENCE_S)


def _read(consumer: Consumer, place: TopicPartition) -> Message:
    """The record at a place; raises QuarantineError when it is not there any more."""
    message = next(read_on(consumer, [place]), None)
    if message is None or message.offset() != place.offset:
        raise QuarantineError(
            f"the bus no longer holds it: {place.topic}/{place.partition} has nothing at offset {place.offset}",
            fix="its retention is over, or the topic was made anew: have its source publish it again, and drop it here",
        )
    return message


def _headers(message: Message) -> list[tuple[str, str | bytes | None]]:
    return cast("list[tuple[str, str | bytes | None]]", message.headers() or [])


def _id(message: Message) -> str | None:
    found = dict(_headers(message)).get("ce_id")
    return found.decode() if isinstance(found, bytes) else None
