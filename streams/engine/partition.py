"""The state of one source partition: roots, their contributions, and what is not yet written.

Invariant: for each cell, the total is the sum of what the roots contribute to it. Totals are never stored as truth: a
new owner goes on from them at once, recounts them from the winning claims meanwhile (``recounted``), and mends what was
otherwise. What is written is absolute, so that writing it again changes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic

from schemas.errors import BeffroiError, CannotApply
from streams.engine.dormant import Dormant
from streams.engine.totals import Totals
from streams.engine.words import (
    PARKED_KEY,
    SEPARATOR,
    Applied,
    CellKey,
    CellValue,
    ClaimT,
    Contributed,
    Domain,
    Flush,
    InputRecord,
    Move,
    Parked,
    Root,
)


@dataclass(slots=True)
class _Pending:
    entities: dict[bytes, bytes | None] = field(default_factory=dict)
    parked: list[Parked] = field(default_factory=list)


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
        self._roots: dict[str, Root] = {}
        self._dormant = Dormant({})
        self._totals = Totals({})
        self._touched: dict[str, Root | None] = {}  # roots that changed, as the totals hold them
        self._pending = _Pending()

    @property
    def root_count(self) -> int:
        """Number of roots held."""
        return len(self._roots) + len(self._dormant)

    @property
    def cell_count(self) -> int:
        """Number of cells that are not zero."""
        return len(self._totals)

    def apply(self, records: Sequence[InputRecord]) -> Applied:
        """Take a batch in; records before the position are known and passed over."""
        start, read, absorb = self.next_offset or 0, self._domain.read, self._absorb
        entities, changed, parked = self._pending.entities, 0, len(self._pending.parked)
        for record in records:
            offset = record.offset
            if offset < start:
                continue
            start = self.next_offset = offset + 1
            try:
                claim = read(record.value or b"")
                if claim is not None and absorb(claim):
                    entities[claim.key] = claim.value
                    changed += 1
            except Exception as error:  # noqa: BLE001  # one record's bug must not stop the others
                self._park(record, error)
        parked = len(self._pending.parked) - parked
        return Applied(changed, len(records) - changed - parked, parked)

    def _park(self, record: InputRecord, caught: Exception) -> None:
        bug = CannotApply(f"a record could not be applied: {type(caught).__name__}")
        error = caught if isinstance(caught, BeffroiError) else bug
        self._pending.parked.append(Parked(record.offset, error))
        if error.retriable:
            self._pending.entities[PARKED_KEY + b"%020d" % record.offset] = record.value

    def _absorb(self, claim: ClaimT) -> bool:
        name = claim.root
        root = self._roots.get(name)
        if root is None:
            root = self._meet(name)
        elif name not in self._touched:
            self._touched[name] = self._domain.still(root)
        return self._domain.absorb(root, claim)

    def _meet(self, name: str) -> Root:
        """A root that is spoken of for the first time here: new, or as a predecessor left it."""
        if SEPARATOR.decode() in name:
            raise CannotApply("the key of a root holds a separator")
        root, before, claims = self._domain.new_root(), None, self._dormant.of(name)
        if claims:
            for claim in map(self._domain.read, claims):
                if claim is not None:
                    self._domain.absorb(root, claim)
            self._cells(root)  # from now on it counts, as it did for the predecessor
            before = self._domain.still(root)
            self._dormant.forget(name)
        self._roots[name], self._touched[name] = root, before
        return root

    def _cells(self, root: Root) -> Mapping[CellKey, Contributed]:
        """What a root contributes: nothing when it cannot be counted, today as after any restart."""
        try:
            return self._domain.cells(root)
        except Exception as error:  # noqa: BLE001  # one root's bug must not stop the others
            where = -1 if self.next_offset is None else self.next_offset
            self._pending.parked.append(Parked(where, CannotApply(f"a root cannot be counted: {type(error).__name__}")))
            return {}

    def drain(self) -> Flush | None:
        """What must be written now, and forget that it must be; None when nothing happened since the last time."""
        if self.next_offset is None or self.next_offset == self.written_offset:
            return None
        self._recount()
        pending, self._pending = self._pending, _Pending()
        self.written_offset = self.next_offset
        return Flush(pending.entities, self._totals.drain(), pending.parked, self.next_offset)

    def _recount(self) -> None:
        """Subtract what each touched root contributed, add what it contributes now."""
        move = self._totals.move
        for name, before in self._touched.items():
            root = self._roots[name]
            moves = None if before is None else self._domain.moves(before, root)
            for key, old, new in self._counted(before, root) if moves is None else moves:
                move(key, old, new)
        self._touched = {}

    def _counted(self, before: Root | None, root: Root) -> Iterator[Move]:
        """What a root contributes otherwise, from a count of all it contributed and all it does."""
        old = {} if before is None else self._cells(before)
        new = self._cells(root)
        for key, contribution in new.items():
            if old.get(key) != contribution:
                yield key, old.get(key), contribution
        for key, contribution in old.items():
            if key not in new:
                yield key, contribution, None

    def restore(
        self, winners: Mapping[bytes, bytes], cells: Mapping[CellKey, CellValue], next_offset: int | None
    ) -> None:
        """Go on where a predecessor stopped: its winning events, its cells and its checkpoint, all of one moment."""
        self._dormant, self._totals = Dormant(winners), Totals(cells)
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
                claim = self._domain.read(value)
            except BeffroiError:
                continue
            found += 1
            self._pending.entities[key] = None
            if claim is not None and self._absorb(claim):
                self._pending.entities[claim.key] = claim.value
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
