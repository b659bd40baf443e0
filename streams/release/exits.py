"""The view ``exits``: people who finish, by area, trade and window."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

from schemas.territory.areas import UNKNOWN_COMMUNE, Area, Territory
from schemas.territory.trades import Trades
from streams.release.disclosure import FEWER, Disclosure
from streams.release.places import Place, Places
from streams.release.windows import windows

#: Readers have a row that this deployment would not write: whatever is said now, it is said anew.
_OTHERWISE: Final = -2
_BY_NAME: Final = attrgetter("name")
#: Whether every window is to be looked at, those that are no longer released too.
_ALL: Final = -1
#: Key and row of a change; None where nobody is counted any more.
Change = tuple[str, dict[str, Any] | None]


class _Pair:
    """An area and a trade.

    Attributes:
        name: ``area|trade``.
        about: The fields of its rows that no count changes; None when no row of ours has them.
        totals: Persons in each window.
        said: What readers have, by window, where somebody is counted.
        moved: Windows whose total moved since readers were told, as bits; ``_ALL`` asks for every one there ever was.
    """

    __slots__ = ("about", "moved", "name", "said", "totals")

    def __init__(self, name: str, about: dict[str, Any] | None, windows: int) -> None:
        self.name = name
        self.about = about
        self.totals = [0] * windows
        self.said: dict[str, int] = {}
        self.moved = 0


class ExitsBoard:
    """Sums of day cells, rolled up; gives the rows that differ from what readers have.

    Counts add up, so a place is first summed over each window; only the few sums that moved are then added to every
    area and trade it counts under, and only these windows of theirs are looked at again. Rows are only made where what
    is said of a count differs.

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
        self._dirty: list[_Pair] = []
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
        self._touch(pair, _ALL)

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
            about = self._about(area, trade) if area else None
            found = self._pairs[name] = _Pair(name, about, len(self._windows))
        return found

    def _about(self, area: Area, trade: str) -> dict[str, Any]:
        return {
            "area": {"type": area.type, "code": area.code, "vintage": area.vintage, "name": area.name},
            "trade": trade,
            "trade_title": self._trades.title(trade),
        }

    def _touch(self, pair: _Pair, moved: int) -> None:
        if not pair.moved:
            self._dirty.append(pair)
        pair.moved |= moved

    def _roll_up(self, place: str) -> tuple[_Pair, ...]:
        """Every pair under which a place counts: the total once, for trades are a set."""
        commune, _, refs = place.partition("|")
        areas = self._territory.areas_of("" if commune == UNKNOWN_COMMUNE else commune)
        trades = self._trades.rollup(ref for ref in refs.split(",") if ref)
        return tuple(self._pair(f"{area.ref}|{trade}", area) for area in areas for trade in trades)

    def changes(self, today: date) -> Iterator[Change]:
        """What readers have otherwise, on a day, by key; noted as theirs."""
        if self._places.turn(today):
            self._windows = windows(today)
            for pair in self._pairs.values():
                pair.totals = [0] * len(self._windows)
                self._touch(pair, _ALL)
        for place, delta in self._places.moved():
            self._add(place, delta)
        dirty, self._dirty = self._dirty, []
        dirty.sort(key=_BY_NAME)
        for pair in dirty:
            moved, pair.moved = pair.moved, 0
            yield from self._differences(pair) if moved == _ALL else self._moved(pair, moved)

    def _add(self, place: Place, delta: Sequence[tuple[int, int]]) -> None:
        moved = 0
        for column, _ in delta:
            moved |= 1 << column
        dirty = self._dirty
        for pair in self._pairs_of(place.name):
            totals = pair.totals
            for column, more in delta:
                totals[column] += more
            if not pair.moved:  # as ``_touch``, which costs a call for each of a million
                dirty.append(pair)
            pair.moved |= moved

    def _differences(self, pair: _Pair) -> Iterator[Change]:
        """All that readers have otherwise of a pair."""
        for window in [window for window in pair.said if window not in self._windows]:
            yield self._change(pair, window, 0)
        yield from self._moved(pair, (1 << len(self._windows)) - 1)

    def _moved(self, pair: _Pair, moved: int) -> Iterator[Change]:
        """What readers have otherwise in these windows."""
        said, totals, windows = pair.said, pair.totals, self._windows
        while moved:
            column = (moved & -moved).bit_length() - 1
            moved &= moved - 1
            n, window = totals[column], windows[column]
            if (self._said(n) if n else None) != said.get(window):
                yield self._change(pair, window, n)

    def _change(self, pair: _Pair, window: str, n: int) -> Change:
        """Note what readers have from now on of a window."""
        self.rows += bool(n) - (window in pair.said)
        if not n:
            del pair.said[window]
            return f"{pair.name}|{window}", None
        now = pair.said[window] = self._said(n)
        return f"{pair.name}|{window}", {**(pair.about or {}), "window": window, "count": self._written(now)}
