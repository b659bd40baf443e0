"""Reading the log of one source partition: all of it for a new owner, its cells for an audit."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

import structlog
from confluent_kafka import Message, TopicPartition

from connectors.kafka.clients import reader
from connectors.kafka.reading import batches_on, read_settled
from schemas.codec import Codec
from schemas.contracts import CELL, CHECKPOINT
from schemas.topics import CELLS
from streams.engine import CHECKPOINT_KEY, PARKED_KEY, CellKey, CellValue
from streams.settings import StreamSettings

#: An audit that cannot read the cells within this is left for the next time.
AUDIT_PATIENCE_S: Final = 60.0
#: A long restore says how far it is at least this often.
PROGRESS_S: Final = 5.0
_BATCH: Final = 10_000

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Restored:
    """What a predecessor wrote.

    Attributes:
        entities: Winning events as wire bytes, by key.
        parked: Events that wait for their schema, by key.
        cells: Cells that are not zero.
        next_offset: Where it was; None when nobody ever wrote.
    """

    entities: dict[bytes, bytes] = field(default_factory=dict)
    parked: dict[bytes, bytes] = field(default_factory=dict)
    cells: dict[CellKey, CellValue] = field(default_factory=dict)
    next_offset: int | None = None


class LogReader:
    """Reads the log of one source partition.

    Args:
        settings: Of this worker.
        domain: Name of the domain.
        number: Number of the partition.
        codec: For cells and checkpoints.
    """

    def __init__(self, settings: StreamSettings, domain: str, number: int, codec: Codec) -> None:
        self._kafka = settings.kafka
        self._entities = f"{settings.prefix}{domain}.entities.v1"
        self._cells = settings.prefix + CELLS
        self._number = number
        self._codec = codec
        self._cell = codec.reading({CELL: ("n", "row")})

    def everything(self) -> Restored:
        """All that was written; says how far it is while it takes long.

        Raises:
            KafkaException: The cluster does not answer.
        """
        restored = Restored()
        consumer = reader(self._kafka)
        try:
            places = [TopicPartition(topic, self._number, 0) for topic in (self._entities, self._cells)]
            for messages in self._told(batches_on(consumer, places)):
                self._take(restored, messages)
        finally:
            consumer.close()
        return restored

    def _told(self, batches: Iterator[list[Message]]) -> Iterator[list[Message]]:
        began = said = perf_counter()
        count = 0
        for messages in batches:
            yield messages
            count += len(messages)
            if perf_counter() - said > PROGRESS_S:
                said = perf_counter()
                log.info("restoring", partition=self._number, records=count, seconds=round(said - began, 1))

    def _take(self, restored: Restored, messages: list[Message]) -> None:
        """Millions of winners are only put in their place here, and read once all are there."""
        entities, winners = self._entities, restored.entities
        for message in messages:
            if message.topic() != entities:
                self._take_cell(restored.cells, message)
                continue
            key, value = message.key() or b"", message.value()
            if value and key[:1] != b"\x00":
                winners[key] = value
            else:
                self._take_entity(restored, key, value)

    def _take_entity(self, restored: Restored, key: bytes, value: bytes | None) -> None:
        if key == CHECKPOINT_KEY:
            restored.next_offset = self._codec.read(CHECKPOINT, value or b"")["next_offset"]
            return
        found = restored.parked if key.startswith(PARKED_KEY) else restored.entities
        if value:
            found[key] = value
        else:
            found.pop(key, None)

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
