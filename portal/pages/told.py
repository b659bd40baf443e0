"""What a page tells from: the views as they are now, or as they were at the end of a day that is over."""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple, Protocol

from portal.api.snapshots import select
from portal.past import Past
from portal.queries import Query
from portal.readmodel import ReadModel
from portal.view import Row
from schemas.archive import Said

Count = Mapping[str, Any]


class Told(Protocol):
    """The counts and rows of one instant."""

    def count(self, area: str, trade: str, window: str) -> Count | None:
        """The disclosed count of one combination; None when nobody is counted."""
        ...

    def rows(self, query: Query) -> list[Row]:
        """The rows that match, by key."""
        ...


class Now:
    """The views as they are.

    Args:
        model: Holds them.
    """

    def __init__(self, model: ReadModel) -> None:
        self._model = model

    def count(self, area: str, trade: str, window: str) -> Count | None:
        """See ``Told``."""
        row = self._model.views["exits"].rows.get(f"{area}|{trade}|{window}")
        return row.data["count"] if row else None

    def rows(self, query: Query) -> list[Row]:
        """See ``Told``."""
        return select(self._model, query).rows


class Answered(NamedTuple):
    """Which files answer for a day, of both views that a page shows."""

    exits: Said
    sessions: Said

    @classmethod
    def by(cls, past: Past, as_of: str) -> "Answered":
        """Raises what ``Past.find`` raises."""
        return cls(past.find("exits", as_of), past.find("sessions", as_of))

    @property
    def exact(self) -> bool:
        """Whether both views are known to have said this at the end of the day asked for."""
        return self.exits.exact and self.sessions.exact

    @property
    def day(self) -> date:
        """The day whose rows these are."""
        return self.exits.asked if self.exact else min(self.exits.held.day, self.sessions.held.day)


class Then:
    """The views as they were; a page asks of few trades, and each is read from the archive once.

    Args:
        past: Reads the archive.
        answered: Which files.
    """

    def __init__(self, past: Past, answered: Answered) -> None:
        self._past = past
        self._answered = answered
        self._counts: dict[str, dict[str, Count]] = {}

    def count(self, area: str, trade: str, window: str) -> Count | None:
        """See ``Told``; raises ArchiveError."""
        if trade not in self._counts:
            rows = self._past.rows(self._answered.exits, Query("exits", (("trade", trade),)))
            self._counts[trade] = {row.key: row.data["count"] for row in rows}
        return self._counts[trade].get(f"{area}|{trade}|{window}")

    def rows(self, query: Query) -> list[Row]:
        """See ``Told``, for sessions; raises ArchiveError."""
        return list(self._past.rows(self._answered.sessions, query))
