"""What the views said at the end of a day that is over, from the archive that the release writes."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from portal.queries import BadQuery, Query
from portal.readmodel import CONTRACTS
from portal.view import Row, plain
from schemas.archive import Archive, Said
from schemas.clock import Clock, paris_day
from schemas.contracts import sources
from schemas.errors import QueryError

#: How many archived days are named to who asked for one that is not.
_NAMED = 3


class NotArchived(QueryError):
    """Nothing is known of a day: it lies before the archive, or there is none.

    Args:
        message: What is not held.
        received: The day asked for.
        nearest: The archived days nearest to it.
    """

    def __init__(self, message: str, received: date, nearest: list[date]) -> None:
        super().__init__(
            message, fix=f"ask for {nearest[0]} or later" if nearest else "days are kept as they end: come back"
        )
        self.asked, self.nearest = received, nearest
        days = [str(day) for day in nearest]
        self.details = {"pointer": "as_of", "received": str(received), "nearest": days[0] if days else None,
                        "archived_days": days}  # fmt: skip


class Past:
    """Reads the archive.

    Args:
        folder: Of the archive; None when there is none.
        prefix: Of the deployment's topics.
        clock: Tells which days are over.
    """

    def __init__(self, folder: Path | None, prefix: str, clock: Clock) -> None:
        self._clock = clock
        self._archives: Mapping[str, Archive] = (
            {name: Archive(folder / f"{prefix}{name}", sources()[contract]) for name, contract in CONTRACTS.items()}
            if folder
            else {}
        )

    @property
    def begun(self) -> bool:
        """Whether any day is held."""
        return bool(self._archives) and bool(self._archives["exits"].days())

    def find(self, view: str, text: str) -> Said:
        """Which file answers for a day.

        Raises:
            BadQuery: It is no day, or it is not over.
            NotArchived: Nothing of that time is held.
            ArchiveError: A file cannot be read.
        """
        archive = self._archives.get(view)
        days = archive.days() if archive else []
        asked = self._day(text, days)
        said = archive.find(asked) if archive else None
        if said is None:
            nearest = sorted(days, key=lambda day: abs(day - asked))[:_NAMED]
            held = f"the archive begins with {days[0]}" if days else "the archive is empty"
            raise NotArchived(f"what the view {view} said on {asked} is not held: {held}", asked, nearest)
        return said

    def _day(self, text: str, days: list[date]) -> date:
        last = str(days[-1]) if days else ""
        try:
            asked = date.fromisoformat(text)
        except ValueError:
            raise BadQuery(
                "as_of is no day", pointer="as_of", received=text[:80], expected="a day as 2026-03-12", nearest=last
            ) from None
        if asked >= paris_day(self._clock()):
            raise BadQuery(
                f"the day {asked} is not over", pointer="as_of", received=text,
                expected="a day before today; without as_of you get what the view says now", nearest=last,
            )  # fmt: skip
        return asked

    def rows(self, said: Said, query: Query) -> Iterator[Row]:
        """The rows that match, by key; raises ArchiveError."""
        for key, record in self._archives[query.view].rows(said.held.day, query.prefix, **query.equal):
            row = Row.of(key, record)
            if query.matches(row):
                yield row

    def freshness(self, asked: date) -> list[dict[str, Any]]:
        """How old each source's data were, as far as that was kept; raises ArchiveError."""
        archive = self._archives["freshness"]
        said = archive.find(asked)
        return [plain(record) for _, record in archive.rows(said.held.day)] if said else []
