"""Why cells differ, as far as their keys and the winners tell."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from streams.engine import CellKey, CellValue, differing
from streams.views.training import EXITS


class Cause(Enum):
    """Why a cell differs."""

    MERGED = "sessions are merged otherwise: their winners differ"
    TRADES = "the table of trades changed: the same people under other trades"
    AREAS = "the table of areas changed: the same people in other communes"
    DATES = "the rule of dates changed: the same people on other days"
    ROWS = "facts of sessions are told otherwise"
    CELLS = "cells that their own winners do not support"


@dataclass(slots=True)
class CellChanges:
    """Cells that differ, and persons who are counted otherwise, by cause."""

    cells: Counter[Cause] = field(default_factory=Counter)
    persons: Counter[Cause] = field(default_factory=Counter)

    def add(
        self, before: Mapping[CellKey, CellValue], after: Mapping[CellKey, CellValue], moved: Iterable[CellKey],
        facts: Callable[[bytes], Mapping[str, Any]],
    ) -> None:  # fmt: skip
        """Explain the differences of one partition.

        Args:
            before: Cells of the state.
            after: Cells of the replay.
            moved: Cells of the roots whose winners differ.
            facts: Reads the facts of a row.
        """
        left, merged = {}, set(moved)
        for cell in differing(before, after):
            delta = _n(after, cell) - _n(before, cell)
            if cell in merged:
                self._count(Cause.MERGED, delta)
            elif cell[0] == EXITS:
                left[cell] = delta
            else:
                self._count(_told(before.get(cell), after.get(cell), facts), 0)
        self._pair(left)

    def _pair(self, deltas: dict[CellKey, int]) -> None:
        """Cells that balance each other when one part of their key is left out differ in that part."""
        for cause, part in ((Cause.TRADES, 1), (Cause.AREAS, 0), (Cause.DATES, 2)):
            for cells in _alike_but(part, deltas):
                if len(cells) > 1 and sum(deltas[cell] for cell in cells) == 0:
                    self._count_all(cause, [deltas.pop(cell) for cell in cells])
        self._count_all(Cause.CELLS, deltas.values())

    def _count_all(self, cause: Cause, deltas: Iterable[int]) -> None:
        for delta in deltas:
            self._count(cause, delta)

    def _count(self, cause: Cause, delta: int) -> None:
        self.cells[cause] += 1
        self.persons[cause] += max(delta, 0)


def _alike_but(part: int, cells: Iterable[CellKey]) -> list[list[CellKey]]:
    """Cells ``commune|trades|day`` by the two parts of their key that are not this one."""
    groups: dict[tuple[str, ...], list[CellKey]] = defaultdict(list)
    for cell in cells:
        parts = cell[1].split("|")
        groups[*parts[:part], "", *parts[part + 1 :]].append(cell)
    return list(groups.values())


def _n(cells: Mapping[CellKey, CellValue], cell: CellKey) -> int:
    return cells[cell].n if cell in cells else 0


def _told(old: CellValue | None, new: CellValue | None, facts: Callable[[bytes], Mapping[str, Any]]) -> Cause:
    """Why the row of a session differs although its winners do not."""
    if old is None or new is None or old.row is None or new.row is None:
        return Cause.CELLS
    before, after = facts(old.row), facts(new.row)
    changed = {name for name in after if before.get(name) != after[name]}
    if not changed:
        return Cause.CELLS
    return Cause.TRADES if changed == {"trades"} else Cause.AREAS if changed == {"commune"} else Cause.ROWS
