"""France Travail, « Offres d'emploi » v2: job offers of some départements.

The search gives at most 150 offers an answer and 3,150 in all (``range=p-d``, p ≤ 3000, d ≤ 3149). It says the total in
``Content-Range: offres p-d/t``, with 206 when there are more and 204 when there are none (official OpenAPI description,
2). So a part is a département and a stretch of creation dates, halved until it is under the ceiling.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final

from connectors.pollers.feeds import OK, Answer, Ask, Feed, Page, changed, query

#: Before any offer that is still listed.
FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
#: Nearly every listed offer is younger: one question tells that a département has few older ones, instead of twelve.
RECENT: Final = timedelta(days=365)
#: The API was seen to read the hours of ``minCreationDate`` as those of Paris in spite of their Z, and clocks differ.
AHEAD: Final = timedelta(days=1)
#: Halves share a second, for it is written nowhere whether bounds belong to their stretch; a shorter one is not cut.
SHORTEST_S: Final = 3

_RANGE: Final = re.compile(r"^(?:offres )?(?P<first>\d+)-(?P<last>\d+)/(?P<total>\d+)$")
_PARTIAL, _NO_CONTENT = 206, 204
_INSTANT: Final = "%Y-%m-%dT%H:%M:%SZ"


class Offres(Feed):
    """Job offers.

    Args:
        departements: Codes.
        page: Offers of an answer.
        ceiling: Offers that one question can reach.
    """

    source: ClassVar[str] = "offres"
    format: ClassVar[str] = "offres-json"
    overlap: ClassVar[int] = 1
    #: Public clients keep to 8 a second and are served; the rest is left to the application's other uses.
    rate: float = 5.0
    #: Persons: who recruits, and the agency's own phone and mail.
    never_kept: ClassVar[frozenset[str]] = frozenset({"contact", "agence"})

    def __init__(self, departements: Iterable[str], page: int = 150, ceiling: int = 3150) -> None:
        self._departements = tuple(departements)
        self.page = page
        self.ceiling: int | None = ceiling

    def parts(self, began: datetime) -> tuple[str, ...]:
        """Per département the offers of the last year, then the older ones."""
        recent, ahead = began - RECENT, began + AHEAD
        stretches = ((recent, ahead), (FIRST, recent + timedelta(seconds=1)))
        return tuple(_name(code, since, until) for code in self._departements for since, until in stretches)

    def question(self, part: str, start: int) -> Ask:
        """One page, the newest offer first, so that new ones shift what follows and are noticed."""
        code, since, until = part.split()
        last = start + self.page - 1
        path = query(
            "/v2/offres/search", range=f"{start}-{last}", sort=1, departement=code, minCreationDate=since,
            maxCreationDate=until,
        )  # fmt: skip
        return Ask(path, start=start)

    def read(self, ask: Ask, answer: Answer) -> Page:
        """The offers of an answer."""
        if answer.status == _NO_CONTENT:
            return Page((), 0)
        found = _RANGE.match(answer.headers.get("content-range", ""))
        items = answer.content.get("resultats") if isinstance(answer.content, dict) else None
        if answer.status not in {OK, _PARTIAL} or not found or not isinstance(items, list):
            raise changed("the search of offers", "a list resultats and a Content-Range", answer)
        if int(found["first"]) != ask.start:
            raise changed("the search of offers", f"the range from {ask.start} on", answer)
        return Page(self.cleaned(items, ask.start), int(found["total"]))

    def split(self, part: str) -> tuple[str, ...]:
        """The two halves of a stretch; they share a second."""
        code, since, until = part.split()
        first, last = _instant(since), _instant(until)
        seconds = int((last - first).total_seconds())
        if seconds < SHORTEST_S:
            return ()
        middle = first + timedelta(seconds=seconds // 2)
        return _name(code, middle, last), _name(code, first, middle + timedelta(seconds=1))


def _name(code: str, since: datetime, until: datetime) -> str:
    return f"{code} {since.strftime(_INSTANT)} {until.strftime(_INSTANT)}"


def _instant(text: str) -> datetime:
    return datetime.strptime(text, _INSTANT).replace(tzinfo=UTC)
