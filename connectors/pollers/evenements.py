"""France Travail, « Mes événements emploi » v1: recruitment events of some départements.

``POST /mee/evenements?page=n&size=100`` (pages from 0, at most 100 events) answers
``{"totalElements": n, "content": [...]}`` (official OpenAPI description, 1.0.0).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar, Final

from connectors.pollers.feeds import Answer, Ask, Feed, Page, query, records_in
from schemas.clock import paris_day

#: An event that took place was not withdrawn: it stays asked for until no view speaks of it any more.
PAST: Final = timedelta(days=31)


class Evenements(Feed):
    """Recruitment events.

    Args:
        departements: Codes.
        page: Events of an answer.
    """

    source: ClassVar[str] = "evenements"
    format: ClassVar[str] = "evenements-json"
    rate: float = 5.0

    def __init__(self, departements: Iterable[str], page: int = 100) -> None:
        self._departements = tuple(departements)
        self.page = page

    def parts(self, began: datetime) -> tuple[str, ...]:
        """One for each département, from a day on."""
        since = paris_day(began) - PAST
        return tuple(f"{code} {since.isoformat()}" for code in self._departements)

    def question(self, part: str, start: int) -> Ask:
        """One page of a département."""
        code, since = part.split()
        path = query("/mee/evenements", page=start // self.page, size=self.page)
        return Ask(path, {"departements": [code], "dateDebut": since}, start)

    def read(self, ask: Ask, answer: Answer) -> Page:
        """The events of an answer."""
        items, total = records_in(answer, "content", "totalElements", "the search of events")
        return Page(self.cleaned(items, ask.start), total)
