"""The state of one source partition: roots, their contributions, and what is not yet written.

Invariant: for each cell, the total is the sum of what the roots contribute to it. Totals are never stored as truth: a
new owner goes on from them at once, recounts them from the winning claims meanwhile (``recounted``), and mends what was
otherwise. What is written is absolute, so that writing it again changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Final, Generic

from schemas.errors import BeffroiError, CannotApply
from streams.engine.pending import Pending
from streams.engine.roots import Roots
from streams.engine.settling import Settling
from streams.engine.totals import Totals
from streams.engine.words import CellKey, CellValue, ClaimT, Domain, Flush, InputRecord, Root

#: So many events are taken in together: enough to meet their things all at once, few enough for the processor's cache.
_AT_ONCE: Final = 1_000


class Partition(Generic[Root, ClaimT]):
    """One source partition of a domain.

    Args:
        domain: The pure functions.
        number: Number of the partition.
    """

    def __init__(self, domain: Domain[Root, ClaimT], number: int) -> None:
        self.number = number
        self.next_offset: int | None = None
        self.written_offset: int | None = None
        self._domain = domain
        self._roots = Roots(domain, {}, self._uncounted)
        self._totals = Totals({})
        self._pending = Pending(domain.is_text)

    @property
    def root_count(self) -> int:
        """Number of roots held."""
        return len(self._roots)

    @property
    def unwritten(self) -> int:
        """Number of slots of which something newer waits to be written."""
        return len(self._pending.newest)

    @property
    def cell_count(self) -> int:
        """Number of cells that are not zero."""
        return len(self._totals)

    def apply(self, records: Sequence[InputRecord]) -> None:
        """Take a batch in; records before the position are known and passed over."""
        new, pending = _since(records, self.next_offset or 0), self._pending
        if not new:
            return
        self.next_offset = new[-1].offset + 1
        pending.taken += len(new)
        for record in pending.hear(new, self._domain.look):
            self._read_at(record.offset, record.value or b"")

    def settle(self) -> None:
        """Take into the roots what was only looked at so far."""
        heard = iter(self._pending.heard())
        while some := list(islice(heard, _AT_ONCE)):
            for value, offset in Settling(self._domain, self._roots, self._pending).take(some):
                self._read_at(offset, value)

    def _read_at(self, offset: int, value: bytes) -> None:
        try:
            self._read(value)
        except Exception as error:  # noqa: BLE001  # one record's bug must not stop the others
            self._pending.set_aside(offset, value, error)

    def _read(self, value: bytes) -> None:
        claim = self._domain.read(value)
        if claim is not None and self._roots.absorb(claim):
            self._pending.wins(claim.key, value)

    def _uncounted(self, error: CannotApply) -> None:
        self._pending.tell(-1 if self.next_offset is None else self.next_offset, error)

    def drain(self) -> Flush | None:
        """What must be written now, and forget that it must be; None when nothing happened since the last time."""
        if self.next_offset is None or self.next_offset == self.written_offset:
            return None
        self.settle()
        for key, old, new in self._roots.moves():
            self._totals.move(key, old, new)
        pending, self._pending = self._pending, Pending(self._domain.is_text)
        self.written_offset = self.next_offset
        return Flush(pending.entities, self._totals.drain(), pending.parked, self.next_offset, pending.done)

    def restore(
        self, winners: Mapping[bytes, bytes], cells: Mapping[CellKey, CellValue], next_offset: int | None
    ) -> None:
        """Go on where a predecessor stopped: its winning events, its cells and its checkpoint, all of one moment."""
        self._roots, self._totals = Roots(self._domain, winners, self._uncounted), Totals(cells)
        self.next_offset = self.written_offset = next_offset

    def mend(self, logged: Mapping[CellKey, CellValue], right: Mapping[CellKey, CellValue]) -> int:
        """Correct the cells that a predecessor wrote otherwise than its claims give; how many."""
        wrong = self._totals.mend(logged, right)
        if wrong:
            self.written_offset = None
        return wrong

    def retry(self, parked: Mapping[bytes, bytes]) -> int:
        """Take in what a predecessor could not read, as far as its schema is known now.

        Args:
            parked: Wire bytes by key among the entities. Late is not lost: claims may arrive in any order.

        Returns:
            How many could be read.
        """
        found = 0
        for key, value in parked.items():
            try:
                self._read(value)
            except BeffroiError:
                continue
            found += 1
            self._pending.entities[key] = None
        if found:
            self.written_offset = None
        return found

    def snapshot(self) -> dict[CellKey, CellValue]:
        """Every cell that is not zero, as of the last ``drain``; the caller's own."""
        return self._totals.snapshot()

    def rewrite(self, cells: Iterable[CellKey]) -> None:
        """Write these cells again at the next flush."""
        self._totals.rewrite(cells)
        self.written_offset = None


def _since(records: Sequence[InputRecord], offset: int) -> Sequence[InputRecord]:
    """Those of a batch that do not lie before an offset."""
    if records and records[0].offset >= offset:
        return records
    return [record for record in records if record.offset >= offset]
