"""The view ``exits``: people who finish, by area, trade and window."""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any, Final

from schemas.territory.areas import UNKNOWN_COMMUNE, Area, Territory
from schemas.territory.trades import Trades
from streams.release.disclosure import FEWER, Disclosure
from streams.release.places import Place, Places
from streams.release.windows import windows

#: Readers have a row that this deployment would not write: whatever is said now, it is said anew.
_OTHERWISE: Final = -2
#: Key and row of a change; None where nobody is counted any more.
Change = tuple[str, dict[str, Any] | None]


class _Pair:
    """An area and a trade.

    Attributes:
        about: The fields of its rows that no count changes; None when no row of ours has them.
        totals: Persons in each window.
        said: What readers have, by window, where somebody is counted.
    """

    __slots__ = ("about", "said", "totals")

    def __init__(self, about: dict[str, Any] | None) -> None:
        self.about = about
        self.totals: list[int] = []
        self.said: dict[str, int] = {}


class ExitsBoard:
    """Sums of day cells, rolled up; gives the rows that differ from what readers have.

    Counts add up, so a place is first summed over each window and these few sums are then added to every area and trade
    it counts under. Rows are only made where what is said of a count differs.

    Args:
        territory: Rolls a commune up to its areas.
        trades: Rolls trades up, and names them.
        disclosure: What may be said of a count.
    """

    def __init__(self, territory: Territory, trades: Trades, disclosure: Disclosure) -> None:
        self._territory = territory
        self._trades = trades
        self._places = Places()
        self._pairs: dict[str, _Pair] = {}
        self._windows: tuple[str, ...] = ()
        self._dirty: set[str] = set()
        self._pairs_of = lru_cache(maxsize=262_144)(self._roll_up)
        self._said = lru_cache(maxsize=4_096)(disclosure.said)
        self._written = lru_cache(maxsize=4_096)(disclosure.written)
        #: Takes the absolute partial of a cell; a million of them in a catch-up, hence no method around it.
        self.take = self._places.take
        #: Rows that readers have.
        self.rows = 0

    def seen(self, key: str, row: dict[str, Any] | None) -> None:
        """Note what readers already have; None for a withdrawn row."""
        name, _, window = key.rpartition("|")
        pair = self._pair(name)
        self.rows -= window in pair.said
        if row is None:
            pair.said.pop(window, None)
        else:
            pair.said[window] = self._as_said(pair, row)
            self.rows += 1
        self._dirty.add(name)

    def _as_said(self, pair: _Pair, row: dict[str, Any]) -> int:
        about, count = pair.about, row["count"]
        if about is None or about["area"] != row["area"] or about["trade_title"] != row["trade_title"]:
            return _OTHERWISE
        said: int = FEWER if count["value"] is None else count["value"]
        return said if count == self._written(said) else _OTHERWISE

    def _pair(self, name: str, area: Area | None = None) -> _Pair:
        """The pair of a name ``area|trade``; made when it is new."""
        found = self._pairs.get(name)
        if found is None:
            ref, _, trade = name.partition("|")
            area = area or self._territory.areas.get(ref)
            found = self._pairs[name] = _Pair(self._about(area, trade) if area else None)
        return found

    def _about(self, area: Area, trade: str) -> dict[str, Any]:
        return {
            "area": {"type": area.type, "code": area.code, "vintage": area.vintage, "name": area.name},
            "trade": trade,
            "trade_title": self._trades.title(trade),
        }

    def _roll_up(self, place: str) -> tuple[str, ...]:
        """Every pair under which a place counts: the total once, for trades are a set."""
        commune, _, refs = place.partition("|")
        areas = self._territory.areas_of("" if commune == UNKNOWN_COMMUNE else commune)
        trades = self._trades.rollup(ref for ref in refs.split(",") if ref)
        named = {f"{area.ref}|{trade}": area for area in areas for trade in trades}
        for name, area in named.items():
            self._pair(name, area)
        return tuple(named)

    def changes(self, today: date) -> Iterator[Change]:
        """What readers have otherwise, on a day, by key; noted as theirs."""
        if self._places.turn(today):
            self._windows = windows(today)
            self._dirty.update(self._pairs)
            for pair in self._pairs.values():
                pair.totals = []
        for place, delta in self._places.moved():
            self._add(place, delta)
        dirty, self._dirty = self._dirty, set()
        for name in sorted(dirty):
            yield from self._differences(name, self._pairs[name])

    def _add(self, place: Place, delta: list[int]) -> None:
        names = self._pairs_of(place.name)
        for name in names:
            pair = self._pairs[name]
            pair.totals = [old + new for old, new in zip(pair.totals, delta, strict=True)] if pair.totals else delta
        self._dirty.update(names)

    def _differences(self, name: str, pair: _Pair) -> Iterator[Change]:
        said = self._said
        now = {window: said(n) for window, n in zip(self._windows, pair.totals, strict=False) if n}
        before, pair.said = pair.said, now
        if now == before:
            return
        self.rows += len(now) - len(before)
        for window in before:
            if window not in now:
                yield f"{name}|{window}", None
        for window, value in now.items():
            if before.get(window) != value:
                yield f"{name}|{window}", {**(pair.about or {}), "window": window, "count": self._written(value)}
