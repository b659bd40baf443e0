"""What readers would see change: rows before and after, under the disclosure rule as everywhere."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row that changes: None where it is not there."""

    key: str
    before: Row | None
    after: Row | None


@dataclass(slots=True)
class RowChanges:
    """Rows of one view that change, by key."""

    changed: list[RowChange] = field(default_factory=list)
    only_before: list[RowChange] = field(default_factory=list)
    only_after: list[RowChange] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many."""
        return len(self.changed) + len(self.only_before) + len(self.only_after)


def row_changes(before: Mapping[str, Row], changes: Iterable[tuple[str, Row | None]]) -> RowChanges:
    """Sort the changes of a view by kind.

    Args:
        before: What readers have, by key.
        changes: Rows that are to be otherwise; None for one that is to go.
    """
    found = RowChanges()
    for key, after in sorted(changes, key=lambda one: one[0]):
        change = RowChange(key, before.get(key), after)
        kind = found.only_before if after is None else found.only_after if change.before is None else found.changed
        kind.append(change)
    return found


def shown(row: Row | None) -> str:
    """A row in a few words: the count as readers get it, and what else it tells of a session."""
    if row is None:
        return "nothing"
    count = row.get("count") or row.get("leavers") or {}
    told = f"fewer than {count['below']}" if count.get("value") is None else f"about {count['value']}"
    return f"{told}, {row['title']}" if row.get("title") else told
