"""The cells in the log against the recount, each partition at one cut; work may go on meanwhile."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from confluent_kafka import Consumer, TopicPartition

from beffroi.audit.recount import Cell, Record, Recount
from connectors.kafka import admin
from connectors.kafka.clients import reader
from connectors.kafka.generations import STATE, in_force, number
from connectors.kafka.reading import last_of, read_on
from connectors.kafka.settings import KafkaSettings
from schemas.codec import Codec
from schemas.contracts import CELL, CHECKPOINT, SESSION_FACTS
from schemas.errors import BeffroiError
from schemas.territory.areas import Territory
from schemas.territory.trades import Trades
from schemas.topics import CELLS, TRAINING_ENTITIES, TRAINING_EVENTS, of_generation

#: Key of the owner's checkpoint among the entities.
_CHECKPOINT_KEY: Final = b"\x00checkpoint"
_SEPARATOR: Final = "\x1f"
Counted = Mapping[Cell, tuple[int, Record | None]]


class Difference(NamedTuple):
    """A cell that differs: which, and where it is; never its number, which may be of few persons."""

    cell: Cell
    kind: Literal["otherwise in the log", "only in the log", "missing in the log"]


@dataclass(frozen=True, slots=True)
class Audited:
    """One partition.

    Attributes:
        partition: Its number.
        cut: Offset of the events at which both sides were compared.
        events: Counted.
        unreadable: Events that could not be read.
        cells: That are not zero, by the recount.
        differences: Those that differ.
    """

    partition: int
    cut: int
    events: int
    unreadable: int
    cells: int
    differences: Sequence[Difference]


@dataclass(frozen=True, slots=True)
class _Log:
    """Where one deployment's topics are."""

    kafka: KafkaSettings
    codec: Codec
    events: str
    entities: str
    cells: str


def audit(
    kafka: KafkaSettings, prefix: str, codec: Codec, sources: Sequence[str], tables: tuple[Territory, Trades]
) -> Iterator[Audited]:
    """Recount each partition and compare.

    Args:
        kafka: The cluster.
        prefix: Of the topics.
        codec: Reads events and cells.
        sources: In the order in which they are believed.
        tables: Areas and trades.

    Raises:
        KafkaException: The cluster does not answer.
    """
    held = number(in_force(kafka, prefix, codec), STATE)
    derived = [prefix + of_generation(name, held) for name in (TRAINING_ENTITIES, CELLS)]
    log = _Log(kafka, codec, prefix + TRAINING_EVENTS, *derived)
    for partition in range(admin.partition_counts(kafka, [log.events])[log.events]):
        yield _one(log, partition, Recount(sources, *tables))


def _one(log: _Log, partition: int, recount: Recount) -> Audited:
    consumer = reader(log.kafka)
    try:
        cut, logged = _cells(log, consumer, partition)
        events, unreadable = _hear(log, consumer, partition, cut, recount)
    finally:
        consumer.close()
    counted = recount.cells()
    return Audited(partition, cut, events, unreadable, len(counted), _differences(logged, counted))


def _cells(log: _Log, consumer: Consumer, partition: int) -> tuple[int, Counted]:
    """The cells, and the offset of the events at which they stand.

    A transaction's cells carry its checkpoint. The greatest one that was read, or the checkpoint from before the
    reading if that is later, is a cut: no event before it is missing in these cells, and none after it is in them.
    """
    found = last_of(consumer, log.entities, partition, _CHECKPOINT_KEY)
    cut = log.codec.read(CHECKPOINT, found.value() or b"")["next_offset"] if found else 0
    cells: dict[Cell, tuple[int, Record | None]] = {}
    for message in read_on(consumer, [TopicPartition(log.cells, partition, 0)]):
        view, _, cell = (message.key() or b"").decode().partition(_SEPARATOR)
        record = log.codec.read(CELL, message.value() or b"")
        cut = max(cut, record["as_of"])
        row = None if record["row"] is None else log.codec.read(SESSION_FACTS, record["row"])
        cells[view, cell] = (record["n"], row)
    return cut, {cell: held for cell, held in cells.items() if held != (0, None)}


def _hear(log: _Log, consumer: Consumer, partition: int, cut: int, recount: Recount) -> tuple[int, int]:
    events = unreadable = 0
    for message in read_on(consumer, [TopicPartition(log.events, partition, 0)]):
        if (message.offset() or 0) >= cut:
            break
        events += 1
        wire = message.value() or b""
        try:
            recount.hear(*log.codec.decode(wire), wire)
        except BeffroiError:
            unreadable += 1
    return events, unreadable


def _differences(logged: Counted, counted: Counted) -> list[Difference]:
    found = []
    for cell in sorted(logged.keys() | counted.keys()):
        if cell not in counted:
            found.append(Difference(cell, "only in the log"))
        elif cell not in logged:
            found.append(Difference(cell, "missing in the log"))
        elif not _same(logged[cell], counted[cell]):
            found.append(Difference(cell, "otherwise in the log"))
    return found


def _same(one: tuple[int, Record | None], other: tuple[int, Record | None]) -> bool:
    facts: list[Any] = [dict(row) if row is not None else None for _, row in (one, other)]
    return one[0] == other[0] and facts[0] == facts[1]
