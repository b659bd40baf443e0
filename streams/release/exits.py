"""The view ``exits``: people who finish, by area, trade and window."""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any

from schemas.territory.areas import UNKNOWN_COMMUNE, Area, Territory
from schemas.territory.trades import Trades
from streams.release.disclosure import Disclosure
from streams.release.windows import counts, windows

#: An area's reference and a trade's.
Pair = tuple[str, str]


class ExitsBoard:
    """Sums of day cells, rolled up; gives the rows of what changed.

    Args:
        territory: Rolls a commune up to its areas.
        trades: Rolls trades up, and names them.
        disclosure: What may be said of a count.
    """

    def __init__(self, territory: Territory, trades: Trades, disclosure: Disclosure) -> None:
        self._territory = territory
        self._trades = trades
        self._disclosure = disclosure
        self._partials: dict[tuple[int, str], int] = {}
        self._series: dict[Pair, dict[date, int]] = {}
        self._areas: dict[str, Area] = {}
        self._dirty: set[Pair] = set()
        self._pairs = lru_cache(maxsize=65_536)(self._pairs_of)

    def take(self, partition: int, cell: str, n: int) -> None:
        """Take the absolute partial of a cell ``commune|trades|day`` from one source partition."""
        delta = n - self._partials.get((partition, cell), 0)
        if n:
            self._partials[partition, cell] = n
        else:
            self._partials.pop((partition, cell), None)
        if delta:
            place, _, day = cell.rpartition("|")
            self._add(place, date.fromisoformat(day), delta)

    def _add(self, place: str, day: date, delta: int) -> None:
        for pair in self._pairs(place):
            days = self._series.setdefault(pair, {})
            left = days.get(day, 0) + delta
            if left:
                days[day] = left
            else:
                del days[day]
            self._dirty.add(pair)

    def _pairs_of(self, place: str) -> tuple[Pair, ...]:
        """Every (area, trade) under which a ``commune|trades`` counts: the total once, for trades are a set."""
        commune, _, refs = place.partition("|")
        areas = self._territory.areas_of("" if commune == UNKNOWN_COMMUNE else commune)
        self._areas.update({area.ref: area for area in areas})
        rollup = self._trades.rollup(ref for ref in refs.split(",") if ref)
        return tuple((area.ref, trade) for area in areas for trade in rollup)

    def touch_all(self) -> None:
        """A new day began: every window moved."""
        self._dirty.update(self._series)

    def changes(self, today: date) -> Iterator[tuple[str, dict[str, Any] | None]]:
        """Key and row of each window of what was touched; None where nobody is counted."""
        dirty, self._dirty = self._dirty, set()
        for pair in sorted(dirty):
            totals = counts(self._series[pair], today)
            for window in windows(today):
                n = totals.get(window, 0)
                yield f"{pair[0]}|{pair[1]}|{window}", self._row(pair, window, n) if n else None
            if not self._series[pair]:
                del self._series[pair]

    def _row(self, pair: Pair, window: str, n: int) -> dict[str, Any]:
        area = self._areas[pair[0]]
        return {
            "area": {"type": area.type, "code": area.code, "vintage": area.vintage, "name": area.name},
            "trade": pair[1],
            "trade_title": self._trades.title(pair[1]),
            "window": window,
            "count": self._disclosure.of(n),
        }
