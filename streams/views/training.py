"""What one session contributes to the views ``exits`` and ``sessions``."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from schemas.codec import Codec
from schemas.contracts import SESSION_FACTS
from schemas.territory.areas import UNKNOWN_COMMUNE, Territory
from schemas.territory.tables import Commune
from schemas.territory.trades import Trades
from streams.domains.counted import NO_DAY, SOME_DAY, Counted, iso, on_day
from streams.domains.facts import Session
from streams.domains.training import TrainingMerge, TrainingRoot
from streams.engine import Shift

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

    def cells(self, root: TrainingRoot, said: Mapping[Counted, int]) -> dict[CellKey, Contribution]:
        """Every cell the root contributes to.

        ``exits``: cell ``commune|trades|day``, persons whose exit is expected on that day. ``sessions``: cell
        ``session_id``, persons expected to finish, and the session's facts.

        Args:
            root: The session.
            said: How many of its enrolments count their person where.
        """
        root.told = None  # for as long as it cannot be counted
        about: _About = root.about or self._about(root)
        root.about = root.told = about
        if about.withdrawn:
            return {}
        people, coming = (said, root.coming) if root.known else (about.tally, sum(about.tally.values()))
        cells: dict[CellKey, Contribution] = {
            (EXITS, about.prefix + iso(day)): _persons(n) for day, n in _by_day(people, about).items() if n
        }
        if about.row is not None:
            cells[SESSIONS, about.session_id] = Contribution(coming, about.row)
        return cells

    def move(self, root: TrainingRoot, shift: Shift) -> Sequence[Moved] | None:
        """Tell a root of a shift, and what it contributes otherwise by that; None when it must be counted anew.

        Nearly always only a person's day moved: one less on the one, one more on the other.
        """
        about: _About | None = root.about
        if about is None:  # nobody counted it yet, or something new is said of the session itself
            root.move(shift)
            return None
        by_person, coming = root.known > 0, root.coming
        root.move(shift)
        if about is not root.about or about is not root.told or by_person != (root.known > 0):
            return None
        if about.withdrawn or not by_person:
            return ()
        return _moved(about, about.day(shift[0]), about.day(shift[1]), (coming, root.coming))

    def _about(self, root: TrainingRoot) -> "_About":
        session, session_id, sources, withdrawn = self._merge.session(root)
        tally = self._tally(root)
        if session is None:
            return _not_described(tally, withdrawn=withdrawn)
        commune = self._territory.resolve(session.commune, session.postcode, session.place)
        trades = self._trades.of(session.rome_codes or (), session.formacodes or ())
        prefix = f"{commune.code if commune else UNKNOWN_COMMUNE}|{','.join(trades)}|"
        row = self._row(session_id or "", session, commune, trades, sources)
        last = on_day(session.ends_on) if session.ends_on else NO_DAY
        return _About(withdrawn, prefix, last, tally, session_id or "", row)

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
        last: The day of those whose own day nobody knows.
        tally: Persons by day from a headcount.
        session_id: Key of its row.
        row: The facts of its row as wire bytes; None when no source holds it.
    """

    withdrawn: bool
    prefix: str
    last: Counted
    tally: Mapping[Counted, int]
    session_id: str
    row: bytes | None

    def day(self, place: Counted) -> Counted:
        """The day on which somebody counts; not above ``SOME_DAY`` for none."""
        return self.last if place == SOME_DAY else place


def _by_day(people: Mapping[Counted, int], about: _About) -> Mapping[Counted, int]:
    """How many finish on which day."""
    days = dict[Counted, int]()
    for place, n in people.items():
        day = about.day(place)
        if day > SOME_DAY:
            days[day] = days.get(day, 0) + n
    return days


def _moved(about: _About, was: Counted, now: Counted, coming: tuple[int, int]) -> list[Moved]:
    """The cells of the days on which one person more or less finishes, and the session's own if the sum moved."""
    moved = list[Moved]()
    if was > SOME_DAY:
        moved.append(((EXITS, about.prefix + iso(was)), _ONE, None))
    if now > SOME_DAY:
        moved.append(((EXITS, about.prefix + iso(now)), None, _ONE))
    if about.row is not None and coming[0] != coming[1]:
        before, after = (Contribution(n, about.row) for n in coming)
        moved.append(((SESSIONS, about.session_id), before, after))
    return moved


#: A headcount that counts nobody.
_NOBODY: Mapping[Counted, int] = {}
_UNKNOWN = f"{UNKNOWN_COMMUNE}||"
#: Every session that nobody described.
_NOT_DESCRIBED = _About(withdrawn=False, prefix=_UNKNOWN, last=NO_DAY, tally=_NOBODY, session_id="", row=None)
#: Contributions of small numbers of persons are alike in all sessions.
_persons = lru_cache(maxsize=4_096)(Contribution)
_ONE = _persons(1)


def _not_described(tally: Mapping[Counted, int], *, withdrawn: bool) -> _About:
    return _About(withdrawn, _UNKNOWN, NO_DAY, tally, "", None) if withdrawn or tally else _NOT_DESCRIBED
