"""One source partition, replayed from its first event with today's code, tables and settings."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Generic, NamedTuple

from streams.engine import PARKED_KEY, CellKey, CellValue, Domain, Flush, InputRecord, Parked, Partition
from streams.engine.words import ClaimT, Root

#: Events between two counts of what they changed: a root that many of them touch is counted once.
BATCH: Final = 50_000
#: Records of one transaction, well within its time.
CHUNK: Final = 50_000


@dataclass(frozen=True, slots=True)
class State:
    """What the log of a partition holds, by key: cells that are zero left out.

    Attributes:
        winners: Winning events as wire bytes, and events that wait for their schema.
        cells: Partial counts.
    """

    winners: Mapping[bytes, bytes] = field(default_factory=dict)
    cells: Mapping[CellKey, CellValue] = field(default_factory=dict)


class Event(NamedTuple):
    """An event at its offset."""

    offset: int
    value: bytes | None


class Replay(Generic[Root, ClaimT]):
    """Replays events into a partition of its own.

    Args:
        domain: The pure functions.
        number: Number of the partition.

    Attributes:
        events: How many were read.
        parked: Those that could not be read.
    """

    def __init__(self, domain: Domain[Root, ClaimT], number: int) -> None:
        self.events = 0
        self.parked: list[Parked] = []
        self._partition = Partition(domain, number)
        self._winners: dict[bytes, bytes] = {}

    def take(self, events: Iterable[InputRecord]) -> None:
        """Take events in, in the order of their offsets."""
        left = iter(events)
        while batch := list(islice(left, BATCH)):
            self.events += len(batch)
            self._partition.apply(batch)
            flush = self._partition.drain()
            if flush:
                self.parked += flush.parked
                self._keep(flush.entities)

    def _keep(self, entities: Mapping[bytes, bytes | None]) -> None:
        for key, value in entities.items():
            if value is None:
                self._winners.pop(key, None)
            else:
                self._winners[key] = value

    @property
    def next_offset(self) -> int:
        """The checkpoint of what was taken in."""
        return self._partition.next_offset or 0

    def state(self) -> State:
        """What an owner would have written by now."""
        return State(dict(self._winners), self._partition.snapshot())

    def waiting(self) -> int:
        """Events that wait for their schema."""
        return sum(key.startswith(PARKED_KEY) for key in self._winners)

    def flushes(self, refused: Iterable[Parked] = ()) -> Iterator[Flush]:
        """The state as transactions; each carries the checkpoint, for none is read before all are there.

        Args:
            refused: What is to be set aside.
        """
        parked, winners, cells = list(refused), iter(self._winners.items()), iter(self._partition.snapshot().items())
        yield Flush({}, {}, parked, self.next_offset)
        while some := dict(islice(winners, CHUNK)):
            yield Flush(dict(some), {}, [], self.next_offset)
        while counted := dict(islice(cells, CHUNK)):
            yield Flush({}, counted, [], self.next_offset)
