"""What one session contributes to the views ``exits`` and ``sessions``."""

from collections import Counter
from datetime import date
from typing import NamedTuple

from schemas.codec import Codec
from schemas.contracts import SESSION_FACTS
from schemas.territory.areas import UNKNOWN_COMMUNE, Territory
from schemas.territory.tables import Commune
from schemas.territory.trades import Trades
from streams.domains.claims import Precedence
from streams.domains.training import Session, TrainingRoot

EXITS = "exits"
SESSIONS = "sessions"

#: A cell: name of its view, key inside the view.
CellKey = tuple[str, str]


class Contribution(NamedTuple):
    """What one root adds to one cell: a number, and for a view of rows the row's facts as wire bytes."""

    n: int
    row: bytes | None = None


class TrainingViews:
    """The contributions of a session.

    Args:
        territory: Resolves places to communes of today.
        trades: Resolves codes to trades.
        codec: Encodes the facts of a row.
        order: Which source to believe.
    """

    def __init__(self, territory: Territory, trades: Trades, codec: Codec, order: Precedence) -> None:
        self._territory = territory
        self._trades = trades
        self._codec = codec
        self._order = order

    def cells(self, root: TrainingRoot) -> dict[CellKey, Contribution]:
        """Every cell the root contributes to.

        ``exits``: cell ``commune|trades|day``, persons whose exit is expected on that day. ``sessions``: cell
        ``session_id``, persons expected to finish, and the session's facts.
        """
        if root.withdrawn():
            return {}
        session = root.session(self._order)
        commune = self._commune(session)
        trades = self._trades.of(session.rome_codes or (), session.formacodes or ()) if session else ()
        prefix = f"{commune.code if commune else UNKNOWN_COMMUNE}|{','.join(trades)}|"
        days = self._days(root, session)
        cells = {(EXITS, f"{prefix}{day}"): Contribution(n) for day, n in days.items() if day}
        if session is not None:
            session_id = next(iter(root.claims())).root
            row = self._row(session_id, session, commune, trades, root.sources())
            cells[SESSIONS, session_id] = Contribution(days.total(), row)
        return cells

    def _days(self, root: TrainingRoot, session: Session | None) -> Counter[str]:
        """Persons expected to finish by ISO day; the empty day stands for an unknown one.

        A headcount stands in where no source knows the session's persons one by one.
        """
        fallback = session.ends_on if session else None
        people = list(root.enrolments(self._order))
        if not people and (count := root.headcount(self._order)):
            return +Counter({_iso(count.ends_on or fallback): count.coming})
        days = Counter([one.actual_end_on or one.planned_end_on or fallback for one in people if one.coming])
        return Counter({_iso(day): n for day, n in days.items()})

    def _commune(self, session: Session | None) -> Commune | None:
        if session is None:
            return None
        return self._territory.resolve(session.commune, session.postcode, session.place)

    def _row(
        self,
        session_id: str,
        session: Session,
        commune: Commune | None,
        trades: tuple[str, ...],
        sources: tuple[str, ...],
    ) -> bytes:
        count, basis = session.seats or (None, None)
        facts = {
            "session_id": session_id,
            "title": session.title,
            "provider": session.provider,
            "commune": commune.code if commune else None,
            "postcode": session.postcode,
            "place": session.place,
            "trades": list(trades),
            "starts_on": session.starts_on,
            "ends_on": session.ends_on,
            "recruitment": session.recruitment,
            "seats": count,
            "seats_basis": basis,
            "url": session.url,
            "sources": list(sources),
        }
        return self._codec.encode(SESSION_FACTS, facts)


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
