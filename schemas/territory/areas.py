"""Areas: a type, a code and a vintage, never a bare code.

France Travail's bassin 3205 is Chauny, INSEE's zone d'emploi 3205 is Béthune: the type is part of the reference.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Self

from rapidfuzz import fuzz, process

from schemas.errors import TerritoryError
from schemas.territory.tables import VINTAGE, AreaTables, Commune, area_tables
from schemas.territory.text import fold

COMMUNE: Final = "commune"
EPCI: Final = "epci"
ARRONDISSEMENT: Final = "arrondissement"
DEPARTEMENT: Final = "departement"
REGION: Final = "region"
OUTSIDE: Final = "outside"

#: Where a place lies that is in France but not in this deployment's region.
OUTSIDE_REGION: Final = f"{OUTSIDE}:france"
#: Where a place lies that nothing tells us.
OUTSIDE_UNKNOWN: Final = f"{OUTSIDE}:unknown"
#: Commune of a place that nothing tells us, in cells.
UNKNOWN_COMMUNE: Final = "?"

_COLUMNS: Final = ("commune", "type", "code", "name", "vintage")
#: Below this likeness (0 to 100) a name is not proposed.
_LIKE_ENOUGH: Final = 60


@dataclass(frozen=True, slots=True)
class Area:
    """A territory.

    Attributes:
        type: commune, epci, arrondissement, departement, region, outside, or the type of an extra table.
        code: Code within the type.
        vintage: Year of the code list.
        name: Its name.
    """

    type: str
    code: str
    vintage: str
    name: str

    @property
    def ref(self) -> str:
        """``type:code``, as addresses and keys write it."""
        return f"{self.type}:{self.code}"


_OUTSIDES: Final = (
    Area(OUTSIDE, "france", VINTAGE, "Hors région"),
    Area(OUTSIDE, "unknown", VINTAGE, "Lieu inconnu"),
)


class Territory:
    """The areas of one region, and the way from any commune of France into them.

    Args:
        region: INSEE code of the region.
        tables: Facts.
        extra: Areas of extra tables, by commune.
    """

    def __init__(self, region: str, tables: AreaTables, extra: Mapping[str, tuple[Area, ...]]) -> None:
        if region not in tables.regions:
            known = ", ".join(f"{code} {name}" for code, name in tables.regions.items())
            raise TerritoryError(f"there is no region {region}", fix=f"set BEFFROI_REGION to one of: {known}")
        self.region = region
        self._tables = tables
        self._extra = extra

    @classmethod
    def load(cls, region: str = "32", extra_tables: Sequence[Path] = ()) -> Self:
        """The territory from the committed table and the operator's own; raises TerritoryError."""
        extra: dict[str, tuple[Area, ...]] = {}
        for path in extra_tables:
            for commune, area in _read_extra(path):
                extra[commune] = (*extra.get(commune, ()), area)
        return cls(region, area_tables(), extra)

    def commune(self, code: str) -> Commune | None:
        """The current commune behind a code of today or of the past."""
        return self._tables.communes.get(code) or self._tables.communes.get(self._tables.former.get(code, ""))

    def inside(self, commune: Commune) -> bool:
        """Whether a commune is in the region."""
        found = self._tables.departements.get(commune.departement)
        return found is not None and found[1] == self.region

    def areas_of(self, code: str) -> tuple[Area, ...]:
        """Every area that holds a commune, from the commune up; one outside area for what is not in the region."""
        commune = self.commune(code)
        if commune is None:
            return (_OUTSIDES[1],)
        if not self.inside(commune):
            return (_OUTSIDES[0],)
        own = Area(COMMUNE, commune.code, VINTAGE, commune.name)
        return (own, *self._above(commune), *self._extra.get(commune.code, ()))

    def _above(self, commune: Commune) -> Iterable[Area]:
        if commune.epci:
            yield Area(EPCI, commune.epci, VINTAGE, self._tables.epci[commune.epci])
        if commune.arrondissement:
            yield Area(ARRONDISSEMENT, commune.arrondissement, VINTAGE, self._arrondissement(commune.arrondissement))
        yield Area(DEPARTEMENT, commune.departement, VINTAGE, self._tables.departements[commune.departement][0])
        yield Area(REGION, self.region, VINTAGE, self._tables.regions[self.region])

    def _arrondissement(self, code: str) -> str:
        return self._tables.arrondissements[code][0]

    @cached_property
    def areas(self) -> Mapping[str, Area]:
        """Every area of the region and the two outside it, by reference, larger types first."""
        found = {area.ref: area for commune in self.communes for area in self.areas_of(commune.code)}
        order = {REGION: 0, DEPARTEMENT: 1, ARRONDISSEMENT: 2, EPCI: 3, COMMUNE: 5}
        listed = sorted(found.values(), key=lambda area: (order.get(area.type, 4), area.type, fold(area.name)))
        return {area.ref: area for area in (*listed, *_OUTSIDES)}

    @cached_property
    def communes(self) -> tuple[Commune, ...]:
        """The region's communes."""
        return tuple(commune for commune in self._tables.communes.values() if self.inside(commune))

    def of_type(self, kind: str) -> tuple[Area, ...]:
        """The region's areas of one type, by name."""
        return tuple(area for area in self.areas.values() if area.type == kind)

    @cached_property
    def population(self) -> Mapping[str, int]:
        """Persons living in each area of the region, by reference."""
        totals: dict[str, int] = {}
        for commune in self.communes:
            for area in self.areas_of(commune.code):
                totals[area.ref] = totals.get(area.ref, 0) + commune.population
        return totals

    def neighbours(self, ref: str, count: int = 4) -> tuple[Area, ...]:
        """Other areas of the same type in the same département, then in the region, the most populous first."""
        area = self.areas.get(ref)
        if area is None or area.type == OUTSIDE:
            return ()
        near = self._departements_of(ref)
        others = [other for other in self.of_type(area.type) if other.ref != ref]
        others.sort(key=lambda o: (not near & self._departements_of(o.ref), -self.population[o.ref]))
        return tuple(others[:count])

    @cached_property
    def _departements(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for commune in self.communes:
            for area in self.areas_of(commune.code):
                found.setdefault(area.ref, set()).add(commune.departement)
        return {ref: frozenset(codes) for ref, codes in found.items()}

    def _departements_of(self, ref: str) -> frozenset[str]:
        return self._departements.get(ref, frozenset())

    @cached_property
    def _folded(self) -> Mapping[str, str]:
        return {ref: fold(area.name) for ref, area in self.areas.items() if area.type != OUTSIDE}

    def nearest(self, text: str, count: int = 3) -> tuple[Area, ...]:
        """The areas whose names are most like a text; those of the same name first, larger types first."""
        wanted = fold(text)
        same = [ref for ref, name in self._folded.items() if name == wanted]
        like = process.extract(wanted, self._folded, scorer=fuzz.WRatio, limit=count, score_cutoff=_LIKE_ENOUGH)
        refs = dict.fromkeys([*same, *(ref for _, _, ref in like)])
        return tuple(self.areas[ref] for ref in list(refs)[:count])

    @cached_property
    def _by_postcode(self) -> Mapping[str, tuple[Commune, ...]]:
        found: dict[str, tuple[Commune, ...]] = {}
        for commune in self._tables.communes.values():
            for postcode in commune.postcodes:
                found[postcode] = (*found.get(postcode, ()), commune)
        return found

    def by_postcode(self, postcode: str) -> tuple[Commune, ...]:
        """The communes of a postcode, anywhere in France."""
        return self._by_postcode.get(postcode, ())

    def resolve(self, insee: str | None, postcode: str | None, city: str | None) -> Commune | None:
        """The current commune of a place: by its INSEE code, else by postcode and name, else by a postcode of one."""
        found = self.commune(insee) if insee else None
        if found or not postcode:
            return found
        candidates = self.by_postcode(postcode)
        named = [one for one in candidates if city and fold(one.name) == fold(city)]
        chosen = named or list(candidates)
        return chosen[0] if len(chosen) == 1 else None


def _read_extra(path: Path) -> Iterable[tuple[str, Area]]:
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise TerritoryError(
            f"the table of areas {path} cannot be read: {error.strerror}", fix="correct BEFFROI_AREA_TABLES"
        ) from None
    rows = csv.DictReader(text.splitlines())
    missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise TerritoryError(
            f"line 1 of {path} lacks the columns {', '.join(missing)}", fix=f"the header is {','.join(_COLUMNS)}"
        )
    for line, row in enumerate(rows, 2):
        empty = [name for name in _COLUMNS if not row[name]]
        if empty:
            raise TerritoryError(f"line {line} of {path}: column {empty[0]} is empty", fix="fill it or drop the line")
        yield row["commune"], Area(row["type"], row["code"], row["vintage"], row["name"])
