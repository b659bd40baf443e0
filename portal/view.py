"""One view in memory: its rows, and the changes that a subscriber who comes back may have missed; pure."""

import json
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from schemas.errors import PositionLost


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a view.

    Attributes:
        key: Its key in the view.
        data: Its fields, as JSON has them.
        text: The same as JSON text; made once for all readers.
    """

    key: str
    data: Mapping[str, Any]
    text: str

    @classmethod
    def of(cls, key: str, record: Mapping[str, Any]) -> "Row":
        """The row of a decoded record: dates and instants as ISO 8601."""
        data = plain(record)
        return cls(key, data, json.dumps({"key": key, **data}, ensure_ascii=False, separators=(",", ":")))


def plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """A decoded record as JSON has it: dates and instants as ISO 8601."""
    return {name: _plain(value) for name, value in record.items()}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


class Change(NamedTuple):
    """One change of a view.

    Attributes:
        offset: Of the record in the view's topic.
        key: Of the row.
        old: The row before; None when it was not there, or when that is not known.
        new: The row now; None when it is withdrawn.
        old_known: False for records read at start: what stood before them may have been compacted away.
    """

    offset: int
    key: str
    old: Row | None
    new: Row | None
    old_known: bool = True


class View:
    """Rows by key, and the last changes.

    Args:
        name: Of the view.
        held: How many changes are kept.
    """

    def __init__(self, name: str, held: int) -> None:
        self.name = name
        self.epoch = ""
        self.offset = -1
        self.rows: dict[str, Row] = {}
        self._changes: deque[Change] = deque()
        self._held = held
        self._floor = -1

    @property
    def position(self) -> str:
        """``<epoch>.<offset>`` of the last change; opaque to readers."""
        return f"{self.epoch}.{self.offset}"

    def begin(self, epoch: str) -> None:
        """The topic was made anew: nothing of before holds."""
        self.epoch, self.offset, self._floor = epoch, -1, -1
        self.rows = {}
        self._changes.clear()

    def replace(self, epoch: str, rows: Iterable[tuple[int, str, Row | None]]) -> None:
        """Pass to a rebuilt view at once: its differing rows as (offset, key, row); older positions are lost."""
        for offset, key, row in rows:
            self.apply(offset, key, row)
        self.epoch, self._floor = epoch, self.offset
        self._changes.clear()

    def apply(self, offset: int, key: str, row: Row | None, *, live: bool = True) -> Change:
        """Take one record of the topic, in the order of offsets; ``live`` once the view was read to its end."""
        old = self.rows.pop(key, None) if row is None else self.rows.get(key)
        if row is not None:
            self.rows[key] = row
        change = Change(offset, key, old, row, old_known=live or old is not None)
        self.offset = offset
        self._changes.append(change)
        if len(self._changes) > self._held:
            self._floor = self._changes.popleft().offset
        return change

    def forget_before(self, offset: int) -> None:
        """A position before this offset cannot be resumed: withdrawals after it may have been compacted away."""
        self._floor = max(self._floor, offset)

    def since(self, position: str) -> list[Change]:
        """The changes after a position, in order.

        Raises:
            PositionLost: It is of another epoch, or no longer held.
        """
        epoch, _, number = position.rpartition(".")
        if epoch != self.epoch or not number.lstrip("-").isdigit():
            raise PositionLost(
                f"the position does not belong to the view {self.name} as it is now",
                fix="fetch the view again and follow it from the position it gives",
            )
        offset = int(number)
        if not self._floor <= offset <= self.offset:
            raise PositionLost(
                f"the changes of {self.name} after this position are no longer held",
                fix="fetch the view again and follow it from the position it gives",
            )
        changes = list(self._changes)
        return changes[bisect_right(changes, offset, key=lambda change: change.offset) :]
