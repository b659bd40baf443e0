"""data·inclusion v1: mobility services of some départements, and the structures that offer them.

``GET /services`` and ``GET /structures`` (pages from 1, at most 10,000 records) answer ``{"items": [...], "total": n}``
(the API's own code, gip-inclusion/data-inclusion). Structures cannot be asked for by theme: those without a mobility
service are left out here.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, ClassVar

from connectors.pollers.feeds import Answer, Ask, Feed, Kept, Page, query, records_in

_SERVICES, _STRUCTURES = "services", "structures"


class DataInclusion(Feed):
    """Mobility services and structures.

    Args:
        departements: Codes.
        page: Records of an answer.
    """

    source: ClassVar[str] = "data-inclusion"
    format: ClassVar[str] = "data-inclusion-json"
    #: No limit is published; a public service with one database behind it.
    rate: float = 2.0
    #: Names, mails and phones of the persons in charge.
    never_kept: ClassVar[frozenset[str]] = frozenset({"contact_nom_prenom"})

    def __init__(self, departements: Iterable[str], page: int = 1000) -> None:
        self._departements = tuple(departements)
        self.page = page

    def parts(self, began: datetime) -> tuple[str, ...]:
        """Services, then structures, of each département."""
        del began
        return tuple(f"{kind} {code}" for kind in (_SERVICES, _STRUCTURES) for code in self._departements)

    def question(self, part: str, start: int) -> Ask:
        """One page of services or structures."""
        kind, code = part.split()
        theme = {"thematiques": "mobilite"} if kind == _SERVICES else {}
        page = start // self.page + 1
        return Ask(query(f"/{kind}", code_departement=code, page=page, size=self.page, **theme), start=start)

    def read(self, ask: Ask, answer: Answer) -> Page:
        """The records of an answer."""
        items, total = records_in(answer, "items", "total", "the list of services or structures")
        return Page(self.cleaned(items, ask.start), total)

    def chosen(self, parts: Iterable[str], kept: Kept) -> Iterator[tuple[str, Any]]:
        """Services, then the structures that one of them names; keys begin with the kind."""
        names = tuple(parts)
        services = dict(super().chosen((name for name in names if name.startswith(_SERVICES)), kept))
        wanted = {item.get("structure_id") for item in services.values() if isinstance(item, dict)}
        structures = super().chosen((name for name in names if name.startswith(_STRUCTURES)), kept)
        yield from ((f"{_SERVICES} {key}", item) for key, item in services.items())
        yield from ((f"{_STRUCTURES} {key}", item) for key, item in structures if key in wanted)
