"""What one session contributes to the views ``exits`` and ``sessions``."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from schemas.codec import Codec
from schemas.contracts import SESSION_FACTS
from schemas.territory.areas import UNKNOWN_COMMUNE, Territory
from schemas.territory.tables import Commune
from schemas.territory.trades import Trades
from streams.domains.facts import Session
from streams.domains.held import SOME_DAY, Counted, iso, on_day
from streams.domains.training import TrainingMerge, TrainingRoot

EXITS = "exits"
SESSIONS = "sessions"

#: A cell: name of its view, key inside the view.
CellKey = tuple[str, str]


class Contribution(NamedTuple):
    """What one root adds to one cell: a number, and for a view of rows the row's facts as wire bytes."""

    n: int
    row: bytes | None = None


#: A cell, what a root contributed to it, what it contributes now; None is nothing.
Moved = tuple[CellKey, Contribution | None, Contribution | None]


class TrainingViews:
    """The contributions of a session.

    Args:
        territory: Resolves places to communes of today.
        trades: Resolves codes to trades.
        codec: Encodes the facts of a row.
        merge: Tells what the sources say together.
    """

    def __init__(self, territory: Territory, trades: Trades, codec: Codec, merge: TrainingMerge) -> None:
        self._territory = territory
        self._trades = trades
        self._facts = codec.flat(SESSION_FACTS)
        self._merge = merge

    def cells(self, root: TrainingRoot) -> dict[CellKey, Contribution]:
        """Every cell the root contributes to.

        ``exits``: cell ``commune|trades|day``, persons whose exit is expected on that day. ``sessions``: cell
        ``session_id``, persons expected to finish, and the session's facts.
        """
        about: _About = root.about or self._about(root)
        root.about = about
        if about.withdrawn:
            return {}
        days = root.days if root.known else about.tally
        dated = _dated(days, about.ends_on) if SOME_DAY in days else days
        cells: dict[CellKey, Contribution] = {(EXITS, about.prefix + iso(day)): _persons(n) for day, n in dated.items()}
        if about.row is not None:
            cells[SESSIONS, about.session_id] = Contribution(sum(days.values()), about.row)
        return cells

    def moves(self, before: TrainingRoot, root: TrainingRoot) -> Iterable[Moved] | None:
        """What a root contributes otherwise than when it stood still; None when that must be counted anew.

        Nearly always only a person's day moved: then the days that differ say it all.
        """
        about: _About | None = root.about
        if about is None or about is not before.about or bool(before.known) != bool(root.known):
            return None
        was, now = before.days, root.days
        if about.withdrawn or not root.known or was == now:
            return ()
        return None if SOME_DAY in was or SOME_DAY in now else _moved(about, was, now)

    def _about(self, root: TrainingRoot) -> "_About":
        session, session_id, sources, withdrawn = self._merge.session(root)
        tally = self._tally(root)
        if session is None:
            return _not_described(tally, withdrawn=withdrawn)
        commune = self._territory.resolve(session.commune, session.postcode, session.place)
        trades = self._trades.of(session.rome_codes or (), session.formacodes or ())
        prefix = f"{commune.code if commune else UNKNOWN_COMMUNE}|{','.join(trades)}|"
        row = self._row(session_id or "", session, commune, trades, sources)
        return _About(withdrawn, prefix, session.ends_on, tally, session_id or "", row)

    def _tally(self, root: TrainingRoot) -> Mapping[Counted, int]:
        """Persons by day from a headcount, which stands in where no source knows the session's persons one by one."""
        count = self._merge.headcount(root)
        if not count or not count.coming:
            return _NOBODY
        return {on_day(count.ends_on) if count.ends_on else SOME_DAY: count.coming}

    def _row(
        self,
        session_id: str,
        session: Session,
        commune: Commune | None,
        trades: tuple[str, ...],
        sources: tuple[str, ...],
    ) -> bytes:
        count, basis = session.seats or (None, None)
        return self._facts(
            session_id, session.title, session.provider, commune.code if commune else None, session.postcode,
            session.place, trades, session.starts_on, session.ends_on, session.recruitment, count, basis, session.url,
            sources,
        )  # fmt: skip


class _About(NamedTuple):
    """What the session itself, and its headcounts, have to say.

    Attributes:
        withdrawn: Every source took it back: nobody counts.
        prefix: Commune and trades, as the cells of ``exits`` begin.
        ends_on: The day of those whose own day nobody knows.
        tally: Persons by day from a headcount.
        session_id: Key of its row.
        row: The facts of its row as wire bytes; None when no source holds it.
    """

    withdrawn: bool
    prefix: str
    ends_on: date | None
    tally: Mapping[Counted, int]
    session_id: str
    row: bytes | None


def _moved(about: _About, was: Mapping[Counted, int], now: Mapping[Counted, int]) -> Iterator[Moved]:
    """The cells of the days on which another number of persons finishes, and the session's own if the sum moved."""
    for day in {**was, **now}:
        old, new = was.get(day), now.get(day)
        if old != new:
            cell = (EXITS, about.prefix + iso(day))
            yield cell, _persons(old) if old else None, _persons(new) if new else None
    before, after = sum(was.values()), sum(now.values())
    if about.row is not None and before != after:
        yield (SESSIONS, about.session_id), Contribution(before, about.row), Contribution(after, about.row)


def _dated(days: Mapping[Counted, int], ends_on: date | None) -> Mapping[Counted, int]:
    """Those without a day of their own finish with the session, if that day is known."""
    dated = {day: n for day, n in days.items() if day != SOME_DAY}
    if ends_on is not None:
        last = on_day(ends_on)
        dated[last] = dated.get(last, 0) + days[SOME_DAY]
    return dated


#: A headcount that counts nobody.
_NOBODY: Mapping[Counted, int] = {}
_UNKNOWN = f"{UNKNOWN_COMMUNE}||"
#: Every session that nobody described.
_NOT_DESCRIBED = _About(withdrawn=False, prefix=_UNKNOWN, ends_on=None, tally=_NOBODY, session_id="", row=None)
#: Contributions of small numbers of persons are alike in all sessions.
_persons = lru_cache(maxsize=4_096)(Contribution)


def _not_described(tally: Mapping[Counted, int], *, withdrawn: bool) -> _About:
    return _About(withdrawn, _UNKNOWN, None, tally, "", None) if withdrawn or tally else _NOT_DESCRIBED
