"""What a partition took in since it last wrote.

Of all events that a glance tells about, only the newest of each slot is kept: nothing is taken into a root before it is
written, so what is superseded meanwhile costs a comparison. What must be read is taken in at once; claims may come in
any order.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from schemas.errors import BeffroiError, CannotApply
from streams.engine.words import PARKED_KEY, Applied, Glance, InputRecord, Look, Parked

#: So many events are looked at together: enough to go each step with all of them, few enough for the processor's cache.
_AT_ONCE: Final = 4_000
#: An event that a glance told about: its version, its wire bytes, what it says, its offset; of two of one slot the
#: greater tuple holds. A plain tuple of plain things is none of the garbage collector's business, which would look
#: through a named one again and again.
Heard = tuple[int, bytes, int, int]


class Pending:
    """What must be taken in and written.

    Args:
        is_text: Whether the bytes of a slot name it in readable text; asked once for each.

    Attributes:
        newest: The newest event of each slot that is not in its root yet, by the slot's bytes at a glance.
        entities: What goes into the log, by key: the last winner, and events that wait for their schema; None for those
            that need not any more.
        parked: Events that could not be read.
        taken: Events since the last time.
        changed: Of them, those that changed a root.
        refused: Of them, those that were set aside.
    """

    def __init__(self, is_text: Callable[[bytes], bool]) -> None:
        self._is_text = is_text
        self.newest: dict[bytes, Heard] = {}
        self.entities: dict[bytes, bytes | None] = {}
        self.parked: list[Parked] = []
        self.taken = self.changed = self.refused = 0

    def hear(self, records: Sequence[InputRecord], look: Look) -> list[InputRecord]:
        """Keep of each slot the newest event: of two with equal versions the one with the greater bytes is.

        One loop without a call of its own for each event: it meets every event there is.

        Args:
            records: In any order.
            look: What events tell at a glance.

        Returns:
            Those that must be read, be it to learn why they cannot.
        """
        unread, newest, is_text = list[InputRecord](), self.newest, self._is_text
        known_of = newest.get
        for record, value, seen in chain.from_iterable(_seen(records, look)):
            if seen is None:
                unread.append(record)
                continue
            slot, version, said = seen
            heard = version, value, said, record.offset
            known = known_of(slot)
            if known is None:
                if not is_text(slot):
                    unread.append(record)
                    continue
            elif heard <= known:
                continue
            newest[slot] = heard
        return unread

    def heard(self) -> Iterable[tuple[bytes, Heard]]:
        """What was kept, by the slot's bytes, to be taken in now."""
        found, self.newest = self.newest, {}
        return found.items()

    def wins(self, key: bytes, value: bytes) -> None:
        """An event changed a root; from now on it is the last that did of its key in the log."""
        self.changed += 1
        self.entities[key] = value

    def set_aside(self, offset: int, value: bytes, error: Exception) -> None:
        """An event could not be taken in."""
        bug = CannotApply(f"a record could not be applied: {type(error).__name__}")
        known = error if isinstance(error, BeffroiError) else bug
        self.refused += 1
        self.tell(offset, known)
        if known.retriable:
            self.entities[PARKED_KEY + b"%020d" % offset] = value

    def tell(self, offset: int, error: BeffroiError) -> None:
        """Something is to be told of an event, or of what it made of its root."""
        self.parked.append(Parked(offset, error))

    @property
    def done(self) -> Applied:
        """What became of the events, once all were taken in."""
        return Applied(self.changed, max(self.taken - self.changed - self.refused, 0), self.refused)


def _seen(records: Sequence[InputRecord], look: Look) -> Iterator[Iterable[tuple[InputRecord, bytes, Glance | None]]]:
    """Records, their wire bytes, and what these tell at a glance."""
    for first in range(0, len(records), _AT_ONCE):
        some = records[first : first + _AT_ONCE]
        values = [record.value or b"" for record in some]
        yield zip(some, values, look(values), strict=True)
