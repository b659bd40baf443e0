"""What becomes of records that were worked on, and what is said when the bus does not answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from confluent_kafka import KafkaException

from connectors.aside import AsideWriter
from connectors.delivery import Replayed
from connectors.quarantine.board import Aside
from connectors.verdicts import Settled
from schemas.codec import Codec
from schemas.errors import KafkaUnavailable


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a record.

    Attributes:
        record: Which one.
        outcome: In the words of the contract QuarantineOutcome; empty when it stays where it is.
        why: Why it stays there.
        fix: What to do about it.
        event_id: Of its event, when it is on the bus.
    """

    record: Aside
    outcome: str = ""
    why: str = ""
    fix: str = ""
    event_id: str | None = None


def closing(done: Sequence[Done], codec: Codec, now: datetime) -> list[tuple[bytes, bytes]]:
    """Keys and values that close records in the quarantine's topic."""
    return [
        (
            one.record.source.encode(),
            AsideWriter(one.record.source, codec, None).outcome(
                Replayed(one.record.record_id), Settled(one.outcome, one.event_id), now
            ),
        )
        for one in done
    ]


def away(error: KafkaException) -> KafkaUnavailable:
    """The quarantine is out of reach; nothing was done."""
    return KafkaUnavailable(
        f"the quarantine cannot be reached: {error.args[0].str()}; nothing was done",
        fix="create the topic with `beffroi topics apply`, or look whether the brokers answer",
    )
