"""What a partition took in since it last wrote.

Of all events that a glance tells about, only the newest of each slot is kept: nothing is taken into a root before it is
written, so what is superseded meanwhile costs a comparison. What must be read is taken in at once; claims may come in
any order.
"""

from collections.abc import Callable

from schemas.errors import BeffroiError, CannotApply
from streams.engine.words import PARKED_KEY, Applied, Glance, Parked

#: An event that a glance told about: that, its wire bytes and its offset. A plain tuple of plain things is none of the
#: garbage collector's business, which would look through a named one again and again.
Heard = tuple[Glance, bytes, int]


class Pending:
    """What must be taken in and written.

    Args:
        is_text: Whether what a glance told names a slot in readable text; asked once for each slot.

    Attributes:
        newest: The newest event of each slot that is not in its root yet, by the slot's bytes at a glance.
        waiting: Events that wait for their schema, by key in the log; None for those that need not any more.
        parked: Events that could not be read.
        taken: Events since the last time.
        changed: Of them, those that changed a root.
        refused: Of them, those that were set aside.
    """

    def __init__(self, is_text: Callable[[Glance], bool]) -> None:
        self._is_text = is_text
        self.newest: dict[bytes, Heard] = {}
        self.waiting: dict[bytes, bytes | None] = {}
        self.parked: list[Parked] = []
        self.taken = self.changed = self.refused = 0
        self._winners: dict[bytes, bytes] = {}  # wire bytes by a name of their slot, in the order in which they won

    def hear(self, seen: Glance, value: bytes, offset: int) -> bool:
        """Keep an event if none of its slot is newer: of two with equal versions the one with the greater bytes is.

        Returns:
            False for one that must be read, to learn why it cannot.
        """
        slot, version = seen[2], seen[3]
        known = self.newest.get(slot)
        if known is None:
            if not self._is_text(seen):
                return False
        elif version <= known[0][3] and (version < known[0][3] or value <= known[1]):
            return True
        self.newest[slot] = (seen, value, offset)
        return True

    def heard(self) -> list[Heard]:
        """What was kept, to be taken in now."""
        found, self.newest = self.newest, {}
        return list(found.values())

    def wins(self, slot: bytes, value: bytes) -> None:
        """An event changed a root; from now on it is the last that did. A slot may have two names: see ``entities``."""
        self.changed += 1
        self._winners.pop(slot, None)
        self._winners[slot] = value

    def set_aside(self, offset: int, value: bytes, error: Exception) -> None:
        """An event could not be taken in."""
        bug = CannotApply(f"a record could not be applied: {type(error).__name__}")
        known = error if isinstance(error, BeffroiError) else bug
        self.refused += 1
        self.tell(offset, known)
        if known.retriable:
            self.waiting[PARKED_KEY + b"%020d" % offset] = value

    def tell(self, offset: int, error: BeffroiError) -> None:
        """Something is to be told of an event, or of what it made of its root."""
        self.parked.append(Parked(offset, error))

    def entities(self, key: Callable[[bytes], bytes]) -> dict[bytes, bytes | None]:
        """What goes into the log, by key: of two names of one slot the later winner."""
        found = dict(self.waiting)
        for value in self._winners.values():
            found[key(value)] = value
        return found

    @property
    def done(self) -> Applied:
        """What became of the events, once all were taken in."""
        return Applied(self.changed, max(self.taken - self.changed - self.refused, 0), self.refused)
