"""Where each poller is in its sweep, on the bus: a compacted topic, one record a feed."""

from dataclasses import dataclass, field
from datetime import datetime

from confluent_kafka import KafkaError, KafkaException

from connectors.kafka.admin import await_broker
from connectors.kafka.clients import ANSWER_PATIENCE_S, producer, reader
from connectors.kafka.reading import read_to_end
from connectors.kafka.sending import send
from connectors.kafka.settings import KafkaSettings
from schemas.codec import Codec
from schemas.contracts import POLL_CURSOR
from schemas.errors import KafkaUnavailable


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a poller is.

    Attributes:
        began_at: Of the sweep under way, aware; None between two.
        pending: Parts still to be read.
        digests: What was kept of each part that was read, in the order of reading.
        incomplete: Why parts that were read may lack records.
        completed_at: When the last sweep was handed over, aware.
    """

    began_at: datetime | None = None
    pending: tuple[str, ...] = ()
    digests: dict[str, str] = field(default_factory=dict)
    incomplete: dict[str, str] = field(default_factory=dict)
    completed_at: datetime | None = None


class CursorTopic:
    """The cursors of a deployment.

    Args:
        kafka: The cluster.
        topic: Its full name.
        codec: One for all.
    """

    def __init__(self, kafka: KafkaSettings, topic: str, codec: Codec) -> None:
        self._kafka = kafka
        self._topic = topic
        self._codec = codec
        self._producer = producer(kafka)

    def read(self, source: str) -> Cursor:
        """The last cursor of a feed.

        Raises:
            KafkaUnavailable: The topic cannot be read.
        """
        await_broker(self._kafka, ANSWER_PATIENCE_S)
        consumer = reader(self._kafka)
        found = Cursor()
        try:
            for message in read_to_end(consumer, [(self._topic, 0)]):
                value = message.value()
                if message.key() == source.encode() and value:
                    found = self._decoded(value)
        except KafkaException as error:
            raise _away(error.args[0], "read") from error
        finally:
            consumer.close()
        return found

    def write(self, source: str, cursor: Cursor) -> None:
        """Replace the cursor of a feed; it is on every in-sync replica when this returns.

        Raises:
            KafkaUnavailable: It was not acknowledged.
        """
        record = {
            "source": source,
            "began_at": cursor.began_at,
            "pending": list(cursor.pending),
            "done": list(cursor.digests),
            "digests": cursor.digests,
            "incomplete": cursor.incomplete,
            "completed_at": cursor.completed_at,
        }
        wire = self._codec.encode(POLL_CURSOR, record)
        try:
            send(self._producer, self._topic, [(source.encode(), wire)])
        except KafkaException as error:
            raise _away(error.args[0], "written") from error

    def _decoded(self, wire: bytes) -> Cursor:
        record = self._codec.decode(wire)[1]
        return Cursor(
            record["began_at"], tuple(record["pending"]), {name: record["digests"][name] for name in record["done"]},
            dict(record["incomplete"]), record["completed_at"],
        )  # fmt: skip


def _away(error: KafkaError, done: str) -> KafkaUnavailable:
    return KafkaUnavailable(
        f"the poller's cursor cannot be {done}: {error.str()}",
        fix="create the topic with `beffroi topics apply`, or look whether the brokers answer",
    )
