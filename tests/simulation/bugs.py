"""Deliberate defects, each of which the simulation must catch; the product itself carries no switch.

Each replaces a function of the real code for a while. Two that one would expect are missing, for the design makes them
harmless: a worker that keeps a partition's state over a missed generation, and one that does not drop it when it is
revoked, hold a producer that is fenced as soon as another worker opens the log; their next write ends them. Here both
also fence again and read on from the log's checkpoint, which is what would do harm.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

import connectors.kafka.stuck
import streams.agents.log
import streams.agents.release
import streams.agents.restore
import streams.domains.claims
import streams.domains.facts
import streams.domains.training
from connectors.kafka.clients import reader, transactional_producer
from schemas.errors import BeffroiError
from streams.agents.log import PartitionLog
from streams.agents.owned import Owned
from streams.agents.release import ReleaseRunner
from streams.agents.restore import LogReader
from streams.agents.shell import Shell
from streams.domains.counted import where
from streams.engine import PARKED_KEY, CellKey, CellValue, Flush, Partition
from streams.engine.roots import Roots
from streams.engine.things import Things
from streams.fetching import Batch
from streams.release.board import Board
from streams.transport import BatchConsumer
from tests.simulation.replacing import replaced
from tests.simulation.sources import FIRST_DAY
from tests.simulation.world import domains

Bug = Callable[[], AbstractContextManager[None]]
BUGS: dict[str, Bug] = {}


def bug(made: Bug) -> Bug:
    """Enter a defect into the list, under its own name; what is remembered of records neither hides nor outlives it."""

    @contextmanager
    @wraps(made)
    def alone() -> Iterator[None]:
        domains.cache_clear()
        try:
            with made():
                yield
        finally:
            domains.cache_clear()

    BUGS[made.__name__] = alone
    return made


# the three traps


@bug
def checkpoint_apart_from_cells() -> AbstractContextManager[None]:
    """Entities and checkpoint in one transaction, cells in the next: a crash between them loses cells."""
    real = PartitionLog.write

    def write(self: PartitionLog, flush: Flush) -> None:
        real(self, Flush(flush.entities, {}, flush.parked, flush.next_offset))
        real(self, Flush({}, flush.cells, [], flush.next_offset))

    return replaced(PartitionLog, write=write)


def _unfenced(owner: object) -> AbstractContextManager[None]:
    """Each process has its own transactional id, so that nobody fences anybody."""
    numbers = itertools.count()

    def made(settings: Any, name: str) -> Any:
        return transactional_producer(settings, f"{name}-of-{next(numbers)}")

    return replaced(owner, transactional_producer=made)


@bug
def no_fence() -> AbstractContextManager[None]:
    """Each owner has its own transactional id: a worker that wakes writes over the new owner's log."""
    return _unfenced(streams.agents.log)


@bug
@contextmanager
def groups_offset_decides() -> Iterator[None]:
    """The group's committed offset says where to go on: without one, what was fetched and dropped is passed over.

    Nobody looks for the hole either: the product would find it and go back.
    """

    async def perform_seek(self: Any) -> None:
        known = self._group.committed
        await self.seek_wait({tp: known[tp] for tp in self.assignment() if tp in known})

    with replaced(BatchConsumer, perform_seek=perform_seek), replaced(Batch, follows=lambda _self, _position: True):
        yield


# merging


@contextmanager
def _ranks(outranks: Callable[[int, bytes, int, bytes], bool]) -> Iterator[None]:
    with replaced(streams.domains.claims, outranks=outranks), replaced(streams.engine.settling, outranks=outranks):
        yield


@bug
def version_unchecked() -> AbstractContextManager[None]:
    """The last claim to arrive holds, whatever its version."""
    return _ranks(lambda _version, value, _held_version, held: value != held)


@bug
def version_compared_the_wrong_way() -> AbstractContextManager[None]:
    """The lowest version holds."""
    return _ranks(lambda version, value, held_version, held: (version, held) < (held_version, value))


@bug
def tie_not_decided_by_bytes() -> AbstractContextManager[None]:
    """Of equal versions the first to arrive holds."""
    return _ranks(lambda version, _value, held_version, _held: version > held_version)


@bug
@contextmanager
def withdrawn_counts() -> Iterator[None]:
    """Persons whom their source took back are counted."""

    def place(facts: tuple[Any, ...], *, withdrawn: bool) -> int:  # noqa: ARG001  # that is the defect
        return where(facts)

    with replaced(streams.domains.facts, place=place), replaced(streams.domains.training, place=place):
        yield


# the state of a partition


@bug
def old_contribution_stays() -> AbstractContextManager[None]:
    """A root's new contribution is added, its old one is not subtracted."""
    real = Roots.moves
    return replaced(Roots, moves=lambda self: ((key, None, new) for key, _, new in real(self)))


@bug
def some_touched_roots_forgotten() -> AbstractContextManager[None]:
    """Of several roots touched since the last flush, one is not counted again."""
    real = Roots.moves

    def moves(self: Any) -> Iterator[Any]:
        if len(self._touched) > 1:
            self._touched.popitem()
        return real(self)

    return replaced(Roots, moves=moves)


@bug
def members_forgotten() -> AbstractContextManager[None]:
    """A root does not keep which things are its own, and counts without them when it is counted anew."""
    return replaced(Things, say=lambda _self, _root: Counter())


@bug
def differences_instead_of_absolutes() -> AbstractContextManager[None]:
    """Cells are written as what was added since the last flush."""
    real, written = Partition.drain, WeakKeyDictionary[Any, dict[CellKey, int]]()

    def drain(self: Any) -> Flush | None:
        flush = real(self)
        before = written.setdefault(self, {})
        if flush:
            for key, (n, row) in flush.cells.items():
                flush.cells[key] = CellValue(n - before.get(key, 0), row)
                before[key] = n
        return flush

    return replaced(Partition, drain=drain)


@bug
def unreadable_record_ends_its_batch() -> AbstractContextManager[None]:
    """What follows an unreadable record in its batch is passed over with it."""
    real = Partition.apply

    def apply(self: Any, records: Any) -> None:
        for at, record in enumerate(records):
            try:
                self._domain.read(record.value or b"")
            except BeffroiError:
                real(self, records[: at + 1])
                self.next_offset = max(self.next_offset, records[-1].offset + 1)
                return
        real(self, records)

    return replaced(Partition, apply=apply)


# ownership


@bug
def state_not_dropped() -> AbstractContextManager[None]:
    """State of a partition that was given away is taken up again when it comes back."""
    real, held = Owned.restored, WeakKeyDictionary[Any, dict[int, Owned]]()

    def restored(domain: Any, number: int, wire: Any) -> Owned:
        mine = held.setdefault(wire._kafka._process, {})
        owned = real(domain, number, wire)
        if number in mine:
            kept = mine[number].partition
            kept.next_offset = kept.written_offset = owned.partition.next_offset
            owned = Owned(kept, wire, owned.committed)
        mine[number] = owned
        return owned

    return replaced(Owned, restored=staticmethod(restored))


@bug
def missed_generation_unnoticed() -> AbstractContextManager[None]:
    """State is kept although a generation was missed, in which another worker owned the partition, and none asks."""
    reassign, restore = Shell.reassign, Shell.restore
    kept: WeakKeyDictionary[Shell, dict[int, Owned]] = WeakKeyDictionary()

    async def reassigned(self: Shell, numbers: set[int], generation: int) -> list[int]:
        missed = generation != self._generation + 1
        stale = {number: self._held[number] for number in self._held.keys() & numbers} if missed else {}
        kept[self] = {number: one for number, one in kept.get(self, {}).items() if number in numbers} | stale
        return await reassign(self, numbers, generation)

    async def restored(self: Shell, number: int) -> bool:
        here = await restore(self, number)
        owned = kept[self].pop(number, None)
        if here and owned:
            fresh = self._held[number]
            owned.partition.next_offset = owned.partition.written_offset = fresh.partition.next_offset
            self._held[number] = Owned(owned.partition, fresh.wire, fresh.committed)
        return here

    async def unasked(_self: Shell, _owned: Owned) -> None:
        """Whether another one fenced us is not asked."""

    return replaced(Shell, reassign=reassigned, restore=restored, _stay_owner=unasked)


@bug
def checkpoint_past_an_unapplied_batch() -> AbstractContextManager[None]:
    """A batch of an older generation is dropped, but its end becomes the position."""
    real = Shell.apply

    def apply(self: Shell, batch: Batch, generation: int) -> bool:
        if batch.generation != generation and batch.partition in self._held:
            self._held[batch.partition].partition.next_offset = batch.records[-1].offset + 1
        return real(self, batch, generation)

    return replaced(Shell, apply=apply)


@bug
def acknowledged_before_the_commit() -> AbstractContextManager[None]:
    """The group is told the new position before its transaction is committed."""
    real = Shell._settle

    async def settle(self: Shell, owned: Owned) -> None:
        owned.committed = owned.partition.next_offset
        await real(self, owned)

    return replaced(Shell, _settle=settle)


# the log


@bug
def zero_cell_not_written() -> AbstractContextManager[None]:
    """A cell that falls to zero is left out of the flush."""
    real = PartitionLog._produce

    def produce(self: PartitionLog, producer: Any, flush: Flush) -> None:
        cells = {key: cell for key, cell in flush.cells.items() if cell != CellValue(0, None)}
        real(self, producer, Flush(flush.entities, cells, flush.parked, flush.next_offset))

    return replaced(PartitionLog, _produce=produce)


@bug
def entity_not_written() -> AbstractContextManager[None]:
    """Of several winners of a flush the last one is left out."""
    real = PartitionLog._produce

    def produce(self: PartitionLog, producer: Any, flush: Flush) -> None:
        entities = dict(list(flush.entities.items())[: max(1, len(flush.entities) - 1)])
        real(self, producer, Flush(entities, flush.cells, flush.parked, flush.next_offset))

    return replaced(PartitionLog, _produce=produce)


@bug
def parked_events_not_restored() -> AbstractContextManager[None]:
    """Events that wait for their schema are passed over by the next owner."""
    real = LogReader._take_entity

    def take(self: LogReader, restored: Any, key: bytes, value: bytes | None) -> None:
        if not key.startswith(PARKED_KEY):
            real(self, restored, key, value)

    return replaced(LogReader, _take_entity=take)


def _uncommitted(owner: object) -> AbstractContextManager[None]:
    return replaced(owner, reader=lambda kafka, **more: reader(kafka, **more | {"isolation.level": "read_uncommitted"}))


@bug
def restore_reads_uncommitted() -> AbstractContextManager[None]:
    """A new owner restores what its predecessor's aborted transactions held."""
    return _uncommitted(streams.agents.restore)


# the release


@bug
def release_reads_uncommitted() -> AbstractContextManager[None]:
    """The release publishes what aborted transactions held."""
    return _uncommitted(connectors.kafka.stuck)


@bug
def release_without_fence() -> AbstractContextManager[None]:
    """A release that wakes publishes over its successor."""
    return _unfenced(streams.agents.release)


@bug
def partials_of_partitions_mixed_up() -> AbstractContextManager[None]:
    """A partition's partial replaces that of another partition for the same cell, instead of being summed with it."""
    real = Board.take

    def take(self: Board, _partition: int, cell: dict[str, Any]) -> None:
        real(self, 0, cell)

    return replaced(Board, take=take)


@bug
def views_not_read() -> AbstractContextManager[None]:
    """A new release does not read what readers have, and leaves them rows that nothing supports any more."""
    return replaced(ReleaseRunner, _read_views=lambda _: None)


@bug
def midnight_unnoticed() -> AbstractContextManager[None]:
    """The release stays on the day on which it first looked, although every window moved."""
    return replaced(streams.agents.release, paris_day=lambda _: FIRST_DAY)


def documented() -> Mapping[str, str]:
    """What each defect is, in one sentence."""
    return {name: (made.__doc__ or "").strip() for name, made in BUGS.items()}
