"""Reading the log of one source partition: all of it for a new owner, its cells for an audit."""

from collections.abc import Callable
from typing import Final

from confluent_kafka import Consumer, Message, TopicPartition

from connectors.kafka.clients import reader
from connectors.kafka.reading import batches_on, end_of, last_of, read_settled
from schemas.codec import Codec
from schemas.contracts import CELL, CHECKPOINT
from schemas.errors import FutureGeneration
from streams.agents.restored import Progress, Restored
from streams.engine import CHECKPOINT_KEY, PARKED_KEY, CellKey, CellValue
from streams.settings import StreamSettings

#: An audit that cannot read the cells within this is left for the next time.
AUDIT_PATIENCE_S: Final = 60.0
#: First byte of the keys that are the engine's own.
_OURS: Final = CHECKPOINT_KEY[:1]


class LogReader:
    """Reads the log of one source partition.

    Args:
        settings: Of this worker.
        domain: Name of the domain.
        number: Number of the partition.
        codec: For cells and checkpoints.

    Attributes:
        told: Told how many more records were read.
    """

    def __init__(self, settings: StreamSettings, domain: str, number: int, codec: Codec) -> None:
        self._kafka = settings.kafka
        self.told: Callable[[float], object] = lambda _: None
        self._events = f"{settings.prefix}{domain}.events.v1"
        self._entities = settings.entities(domain)
        self._cells = settings.cells
        self._number = number
        self._codec = codec
        self._cell = codec.reading({CELL: ("n", "row")})

    def everything(self) -> Restored:
        """All that was written; says how far it is while it takes long.

        Raises:
            KafkaException: The cluster does not answer.
            FutureGeneration: The checkpoint lies behind the end of the events.
        """
        consumer = reader(self._kafka)
        try:
            restored = self._read(consumer)
            self._check(consumer, restored.next_offset or 0)
        finally:
            consumer.close()
        return restored

    def state(self) -> Restored:
        """All that was written, even when it goes beyond the events.

        Raises:
            KafkaException: The cluster does not answer.
        """
        consumer = reader(self._kafka)
        try:
            return self._read(consumer)
        finally:
            consumer.close()

    def _read(self, consumer: Consumer) -> Restored:
        restored, told = Restored(), Progress(self._number, self.told)
        places = [TopicPartition(topic, self._number, 0) for topic in (self._entities, self._cells)]
        for messages in batches_on(consumer, places):
            self._take(restored, messages)
            told.more(len(messages))
        restored.records = told.records
        return restored

    def _check(self, consumer: Consumer, checkpoint: int) -> None:
        end = end_of(consumer, self._events, self._number)
        if checkpoint > end:
            raise FutureGeneration(
                f"the state of partition {self._number} goes to offset {checkpoint} of {self._events}, which ends at "
                f"{end}: that topic was made anew",
                fix="restore its events if they are lost; then `beffroi views rebuild exits --apply` makes the state "
                "from those that are there",
            )

    def _take(self, restored: Restored, messages: list[Message]) -> None:
        """Millions of winners are only put in their place here, and read once all are there."""
        entities, winners = self._entities, restored.entities
        for message in messages:
            if message.topic() != entities:
                self._take_cell(restored.cells, message)
                continue
            key, value = message.key() or b"", message.value()
            if value and key[:1] != _OURS:
                winners[key] = value
            else:
                self._take_entity(restored, key, value)

    def _take_entity(self, restored: Restored, key: bytes, value: bytes | None) -> None:
        if key[:1] == _OURS:
            self._take_ours(restored, key, value)
        elif value:
            restored.entities[key] = value
        else:
            restored.entities.pop(key, None)

    def _take_ours(self, restored: Restored, key: bytes, value: bytes | None) -> None:
        if key == CHECKPOINT_KEY:
            restored.next_offset = self._codec.read(CHECKPOINT, value or b"")["next_offset"]
        elif value and key.startswith(PARKED_KEY):
            restored.parked[key] = value
        else:
            restored.parked.pop(key, None)

    def checkpoint(self) -> int | None:
        """The last checkpoint that was written; None when there is none.

        Raises:
            KafkaException: The cluster does not answer.
        """
        consumer = reader(self._kafka)
        try:
            found = last_of(consumer, self._entities, self._number, CHECKPOINT_KEY)
        finally:
            consumer.close()
        offset: int | None = self._codec.read(CHECKPOINT, found.value() or b"")["next_offset"] if found else None
        return offset

    def _take_cell(self, cells: dict[CellKey, CellValue], message: Message) -> None:
        view, _, cell = (message.key() or b"").decode().partition("\x1f")
        _, (n, row) = self._cell.decode(message.value() or b"")
        if n or row is not None:
            cells[view, cell] = CellValue(n, row)
        else:
            cells.pop((view, cell), None)

    def cells(self, patience_s: float = AUDIT_PATIENCE_S) -> dict[CellKey, CellValue] | None:
        """The cells that are not zero after the last transaction; None when they cannot be read in time.

        Raises:
            KafkaException: The cluster does not answer.
        """
        found: dict[CellKey, CellValue] = {}
        try:
            for message in read_settled(self._kafka, TopicPartition(self._cells, self._number), patience_s):
                self._take_cell(found, message)
        except TimeoutError:
            return None
        return found
