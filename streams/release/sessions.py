"""The view ``sessions``: one row for each session that ends or starts soon."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from schemas.codec import Codec
from schemas.contracts import SESSION_FACTS
from schemas.territory.areas import Territory
from schemas.territory.trades import ALL, Trades
from streams.release.disclosure import Disclosure

#: Facts that pass into the row as they are.
_AS_THEY_ARE = (
    *("title", "provider", "commune", "postcode", "starts_on", "ends_on"),
    *("recruitment", "seats", "seats_basis", "url", "sources"),
)


class SessionsBoard:
    """Facts of sessions; gives the rows of what changed.

    Args:
        territory: Rolls a commune up to its areas.
        trades: Rolls trades up, and names them.
        disclosure: What may be said of a count.
        codec: Reads the facts.
        horizon_days: A session whose next date is later is not released yet.
    """

    def __init__(
        self, territory: Territory, trades: Trades, disclosure: Disclosure, codec: Codec, horizon_days: int
    ) -> None:
        self._territory = territory
        self._trades = trades
        self._disclosure = disclosure
        self._codec = codec
        self._horizon = horizon_days
        self._facts: dict[str, tuple[int, bytes]] = {}
        self._dirty: set[str] = set()

    def take(self, session_id: str, n: int, row: bytes | None) -> None:
        """Take what a source partition says of a session: persons expected to finish, and its facts."""
        if row is None:
            self._facts.pop(session_id, None)
        else:
            self._facts[session_id] = (n, row)
        self._dirty.add(session_id)

    def touch_all(self) -> None:
        """A new day began: sessions pass out of and into sight."""
        self._dirty.update(self._facts)

    def changes(self, today: date) -> Iterator[tuple[str, dict[str, Any] | None]]:
        """Key and row of what was touched; None for what readers do not see."""
        dirty, self._dirty = self._dirty, set()
        for session_id in sorted(dirty):
            held = self._facts.get(session_id)
            yield session_id, self._row(*held, today) if held else None

    def _row(self, n: int, row: bytes, today: date) -> dict[str, Any] | None:
        facts = self._codec.read(SESSION_FACTS, row)
        if not self._in_sight(facts, today):
            return None
        commune = self._territory.commune(facts["commune"] or "")
        first = max(facts["trades"], key=lambda ref: ref.startswith("rome:"), default=None)
        return {
            "session_id": facts["session_id"],
            **{name: facts[name] for name in _AS_THEY_ARE},
            "commune_name": commune.name if commune else facts["place"],
            "areas": [area.ref for area in self._territory.areas_of(facts["commune"] or "")],
            "trades": sorted({*self._trades.rollup(facts["trades"])} - {ALL}),
            "trade": first,
            "trade_title": self._trades.title(first) if first else None,
            "leavers": self._disclosure.of(n),
        }

    def _in_sight(self, facts: dict[str, Any], today: date) -> bool:
        """Whether its next date, start or end, is within the horizon."""
        dates = [day for day in (facts["starts_on"], facts["ends_on"]) if day is not None and day >= today]
        return bool(dates) and (min(dates) - today).days <= self._horizon
