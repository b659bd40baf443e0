"""A Kafka in memory: partitions, transactions with fencing epochs and late markers, compaction; no thread, no clock.

What it models, from Kafka's protocol (KIP-98): a record of an open transaction hides all later ones from readers of
what is committed; the decision of a transaction is one moment, its markers reach each partition later and take an
offset; ``init`` ends what a predecessor left open and raises the epoch; compaction keeps the last record of a key,
below the first open transaction.
"""

from bisect import bisect_left
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

TP = tuple[str, int]
OPEN, COMMITTED, ABORTED = "open", "committed", "aborted"
#: Kafka never compacts the active segment; here it is the last records of a partition.
ACTIVE_SEGMENT: Final = 8


class Fenced(Exception):
    """Another producer took over the transactional id."""


@dataclass(slots=True, eq=False)
class Record:
    """One record at its place."""

    offset: int
    key: bytes | None
    value: bytes | None
    status: str


@dataclass(slots=True, eq=False)
class Transaction:
    """What one transaction wrote, by partition."""

    writer: Any
    records: dict[TP, list[Record]] = field(default_factory=dict)
    committed: bool = False


@dataclass(slots=True)
class PartitionLog:
    """One partition; ``open`` holds the first offset of each transaction whose marker is not there yet."""

    records: list[Record] = field(default_factory=list)
    end: int = 0
    open: dict[Transaction, int] = field(default_factory=dict)

    @property
    def stable(self) -> int:
        """The end of what ``read_committed`` may see."""
        return min(self.open.values(), default=self.end)


@dataclass(slots=True)
class _Producer:
    epoch: int = -1
    current: Transaction | None = None


class Fetched(NamedTuple):
    """Records, and the position after them."""

    records: list[Record]
    position: int


class Broker:
    """All partitions.

    Args:
        topics: Partitions by topic.
        note: Told everything that is written, for the trace.
    """

    def __init__(self, topics: Mapping[str, int], note: Callable[..., None]) -> None:
        self.topics = topics
        self.logs = {(topic, number): PartitionLog() for topic in topics for number in range(topics[topic])}
        self.late: list[tuple[Transaction, TP]] = []  # markers that are decided and not written
        self.owners: dict[str, object] = {}  # who last said that it owns a partition's log, or the release
        self.watchers: list[Callable[[Transaction], None]] = []
        self._producers: dict[str, _Producer] = {}
        self._note = note

    def init(self, name: str) -> int:
        """Fence whoever holds a transactional id; its epoch from now on."""
        state = self._producers.setdefault(name, _Producer())
        if state.current is not None:
            self._decide(state.current, committed=False)
            state.current = None
        self.settle()  # init waits until the last transaction's markers are written
        state.epoch += 1
        return state.epoch

    def append(self, name: str, epoch: int, writer: object, tp: TP, pair: tuple[bytes | None, bytes | None]) -> None:
        """Write one record inside a transaction, which begins with its first; raises Fenced."""
        state = self._held(name, epoch)
        if state.current is None:
            self.settle()  # the coordinator lets the next transaction wait for the markers of the last
            state.current = Transaction(writer)
        log = self.logs[tp]
        record = Record(log.end, *pair, OPEN)
        log.open.setdefault(state.current, log.end)
        log.records.append(record)
        log.end += 1
        state.current.records.setdefault(tp, []).append(record)
        self._note("append", *tp, record.offset, record.key, record.value)

    def end(self, name: str, epoch: int, *, committed: bool, late: bool = False) -> None:
        """Decide a transaction; its markers are written now, or late; raises Fenced."""
        state = self._held(name, epoch)
        if state.current is not None:
            transaction, state.current = state.current, None
            self._decide(transaction, committed=committed)
            if not late:
                self.settle()

    def _held(self, name: str, epoch: int) -> _Producer:
        state = self._producers[name]
        if state.epoch != epoch:
            raise Fenced(name)
        return state

    def open_ids(self) -> list[str]:
        """The transactional ids with a transaction under way."""
        return [name for name, state in self._producers.items() if state.current is not None]

    def expire_left(self, living: Container[object]) -> None:
        """The coordinator aborts what dead writers left open."""
        for name, state in self._producers.items():
            if state.current is not None and state.current.writer not in living:
                self.expire(name)

    def expire(self, name: str) -> None:
        """A transaction took too long: the coordinator aborts it and fences its producer."""
        self.init(name)

    def _decide(self, transaction: Transaction, *, committed: bool) -> None:
        transaction.committed = committed
        self.late += [(transaction, tp) for tp in transaction.records]
        self._note("commit" if committed else "abort", *transaction.records)
        if committed:
            for watch in self.watchers:
                watch(transaction)

    def settle(self) -> None:
        """Write every marker that is due."""
        while self.late:
            self.mark(0)

    def mark(self, index: int) -> None:
        """Write one marker: the partition's records of a transaction become what they are."""
        transaction, tp = self.late.pop(index)
        log = self.logs[tp]
        for record in transaction.records[tp]:
            record.status = COMMITTED if transaction.committed else ABORTED
        del log.open[transaction]
        log.end += 1  # a marker takes an offset
        self._note("marker", *tp, log.end)

    def fetch(self, tp: TP, position: int, *, committed: bool, limit: int) -> Fetched:
        """The next records that a reader may see."""
        log = self.logs[tp]
        end = log.stable if committed else log.end
        found: list[Record] = []
        at = bisect_left(log.records, position, key=lambda record: record.offset)
        for record in log.records[at:]:
            if record.offset >= end or len(found) == limit:
                return Fetched(found, max(min(end, record.offset), position))
            if not committed or record.status == COMMITTED:
                found.append(record)
        return Fetched(found, max(end, position))

    def compact(self, tp: TP, *, wholly: bool = False) -> None:
        """Keep the last record of each key: of all but the active segment, or of everything, deletes gone too."""
        log = self.logs[tp]
        until = log.stable if wholly else min(log.stable, log.end - ACTIVE_SEGMENT)
        old = [one for one in log.records if one.offset < until and one.status == COMMITTED]
        last = {one.key: one for one in old}
        kept = [one for one in last.values() if not (wholly and one.value is None)]
        kept.sort(key=lambda one: one.offset)
        log.records = kept + [one for one in log.records if one.offset >= until]
        self._note("compacted", *tp, until, len(log.records))

    def read(self, tp: TP) -> Iterable[Record]:
        """Every committed record, for those who judge."""
        return self.fetch(tp, 0, committed=True, limit=1 << 60).records

    def table(self, topic: str, number: int = 0) -> dict[bytes, bytes]:
        """The last value of each key; deletes left out."""
        found = {record.key or b"": record.value for record in self.read((topic, number))}
        return {key: value for key, value in found.items() if value is not None}
