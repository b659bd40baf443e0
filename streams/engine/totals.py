"""The cells of one source partition, and which of them are not written yet."""

from collections.abc import Iterable, Mapping
from typing import Final

from streams.engine.comparing import differing
from streams.engine.words import CellKey, CellValue, Contributed

_NOTHING: Final = CellValue(0, None)


class Totals:
    """Absolute values by cell; a cell that is zero is not held.

    Args:
        cells: As a predecessor wrote them.
    """

    def __init__(self, cells: Mapping[CellKey, CellValue]) -> None:
        self._cells = dict(cells)
        self._moved: dict[CellKey, None] = {}  # an ordered set: a replay writes the same log

    def __len__(self) -> int:
        return len(self._cells)

    def move(self, key: CellKey, old: Contributed | None, new: Contributed | None) -> None:
        """A root contributed one thing to a cell, and contributes another now."""
        n = self._cells.get(key, _NOTHING).n - (old.n if old else 0) + (new.n if new else 0)
        self._set(key, n, new.row if new else None)

    def _set(self, key: CellKey, n: int, row: bytes | None) -> None:
        if n or row is not None:
            self._cells[key] = CellValue(n, row)
        else:
            self._cells.pop(key, None)
        self._moved[key] = None

    def mend(self, logged: Mapping[CellKey, CellValue], right: Mapping[CellKey, CellValue]) -> int:
        """Correct what was taken over otherwise than it should have been; what moved since stays moved.

        Returns:
            How many cells were otherwise.
        """
        wrong = differing(right, logged)
        for key in wrong:
            was, should, now = (cells.get(key, _NOTHING) for cells in (logged, right, self._cells))
            self._set(key, now.n - was.n + should.n, should.row if now.row == was.row else now.row)
        return len(wrong)

    def rewrite(self, cells: Iterable[CellKey]) -> None:
        """Have these cells written again."""
        self._moved.update(dict.fromkeys(cells))

    def drain(self) -> dict[CellKey, CellValue]:
        """The cells that must be written, 0 among them; they need not be from now on."""
        moved, self._moved = self._moved, {}
        return {key: self._cells.get(key, _NOTHING) for key in moved}

    def snapshot(self) -> dict[CellKey, CellValue]:
        """Every cell that is not zero; the caller's own."""
        return dict(self._cells)
