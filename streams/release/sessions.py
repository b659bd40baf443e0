"""The view ``sessions``: one row for each session that ends or starts soon."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

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


class _Held(NamedTuple):
    """What is held of a session: persons expected to finish, its facts as wire bytes, and its dates."""

    n: int
    facts: bytes
    dates: tuple[date, ...]


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
        self._dates = codec.reading({SESSION_FACTS: ("starts_on", "ends_on")})
        self._horizon = horizon_days
        self._held: dict[str, _Held] = {}
        self._dirty: set[str] = set()
        self._today: date | None = None

    def take(self, session_id: str, n: int, row: bytes | None) -> None:
        """Take what a source partition says of a session: persons expected to finish, and its facts."""
        held = self._held.get(session_id)
        if row is None:
            self._held.pop(session_id, None)
        elif held is not None and held.facts == row:
            self._held[session_id] = held._replace(n=n)
        else:
            self._held[session_id] = _Held(n, row, tuple(day for day in self._dates.decode(row)[1] if day is not None))
        self._dirty.add(session_id)

    def touch(self, session_ids: Iterable[str]) -> None:
        """Look at these again, whether they are held or not."""
        self._dirty.update(session_ids)

    def changes(self, today: date) -> Iterator[tuple[str, dict[str, Any] | None]]:
        """Key and row of what was touched or passed into or out of sight; None for what readers do not see."""
        if today != self._today:
            before, self._today = self._today, today
            self._dirty.update(
                session_id
                for session_id, held in self._held.items()
                if before is None or self._in_sight(held, before) != self._in_sight(held, today)
            )
        dirty, self._dirty = self._dirty, set()
        for session_id in sorted(dirty):
            found = self._held.get(session_id)
            yield session_id, self._row(found) if found and self._in_sight(found, today) else None

    def _row(self, held: _Held) -> dict[str, Any]:
        facts = self._codec.read(SESSION_FACTS, held.facts)
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
            "leavers": self._disclosure.of(held.n),
        }

    def _in_sight(self, held: _Held, today: date) -> bool:
        """Whether its next date, start or end, is within the horizon."""
        ahead = [day for day in held.dates if day >= today]
        return bool(ahead) and (min(ahead) - today).days <= self._horizon
