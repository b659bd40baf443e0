"""The search page as values: what was asked, what there is, and where to look when there is nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlencode

from portal.pages import words
from portal.pages.told import Told
from portal.queries import WINDOWS, Queries
from schemas.territory.areas import ARRONDISSEMENT, REGION, Area
from schemas.territory.trades import ALL

#: Sessions on one page.
SESSIONS_A_PAGE: Final = 15
#: Classes of the tiles.
CLASSES: Final = 5
MONTHS_SHOWN: Final = 6


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reader asked, resolved.

    Attributes:
        trade: Reference of the trade.
        area: The area.
        window: The window.
        trade_text: What was typed for the trade.
        area_text: What was typed for the area.
        notes: What the reader should know of how it was understood.
        as_of: The day that is over whose views are asked for, as ``2026-03-12``; empty for now.
    """

    trade: str
    area: Area
    window: str
    trade_text: str
    area_text: str
    notes: tuple[str, ...] = ()
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A way on: its words, its count, its address."""

    text: str
    count: str
    href: str


@dataclass(frozen=True, slots=True)
class Tile:
    """One area of the figure: class 0 is nobody, 1 to 5 are quantiles."""

    name: str
    count: str
    level: int
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class Result:
    """Everything the page shows."""

    asked: Asked
    sentence: str
    found: bool
    months: list[tuple[str, str]]
    sessions: list[Mapping[str, Any]]
    session_total: int
    page: int
    pages: int
    tiles: dict[str, list[Tile]]
    bounds: list[str]
    wider: list[Link] = field(default_factory=list)
    alternatives: list[Link] = field(default_factory=list)


class Search:
    """Answers searches.

    Args:
        told: What there is to tell.
        queries: What exists.
    """

    def __init__(self, told: Told, queries: Queries) -> None:
        self._told = told
        self._queries = queries
        self._territory = queries.territory
        self._trades = queries.trades

    def understand(self, trade: str, area: str, window: str, today: date, as_of: str = "") -> Asked:
        """What the reader means; what is not understood falls back to everything, and is said."""
        notes: list[str] = []
        chosen = window if window in WINDOWS or window in months(today) else "P90D"
        return Asked(
            self._trade(trade.strip(), notes), self._area(area.strip(), notes), chosen, trade.strip(), area.strip(),
            tuple(notes), as_of,
        )  # fmt: skip

    def _trade(self, text: str, notes: list[str]) -> str:
        if not text:
            return ALL
        if self._trades.known(text):
            return text
        found = self._trades.search(text, 1)
        if not found:
            notes.append(f"Aucun métier ne ressemble à « {text} » : voici tous les métiers.")
            return ALL
        return found[0]

    def _area(self, text: str, notes: list[str]) -> Area:
        region = self._territory.of_type(REGION)[0]
        if not text:
            return region
        found = self._queries.area_by_text(text)
        if found is None:
            notes.append(f"Aucun territoire de la région ne ressemble à « {text} » : voici toute la région.")
            return region
        return found

    def answer(self, asked: Asked, today: date, page: int) -> Result:
        """The whole page."""
        area = asked.area.ref
        disclosed = self._told.count(area, asked.trade, asked.window)
        sessions = self._sessions(asked, today)
        pages = max(1, -(-len(sessions) // SESSIONS_A_PAGE))
        current = min(max(1, page), pages)
        tiles, bounds = self._tiles(asked)
        return Result(
            asked=asked,
            sentence=self._sentence(asked, disclosed, today),
            found=disclosed is not None,
            months=[(words.month(m), words.short_count(self._told.count(area, asked.trade, m))) for m in months(today)],
            sessions=sessions[(current - 1) * SESSIONS_A_PAGE : current * SESSIONS_A_PAGE],
            session_total=len(sessions),
            page=current,
            pages=pages,
            tiles=tiles,
            bounds=bounds,
            wider=[] if disclosed is not None else self._wider(asked),
            alternatives=self._alternatives(asked),
        )

    def _sentence(self, asked: Asked, disclosed: Mapping[str, Any] | None, today: date) -> str:
        trade = "" if asked.trade == ALL else f" « {self._trades.title(asked.trade)} »"
        place = self.place(asked.area)
        when = words.until(asked.window, today)
        if disclosed is None:
            return f"Aucune sortie de formation{trade} n'est annoncée {place} {when}."
        who = words.count(disclosed)
        verb = "terminent" if disclosed["value"] != 1 else "termine"
        return f"{who[0].upper()}{who[1:]} personnes {verb} une formation{trade} {place} {when}."

    @staticmethod
    def place(area: Area) -> str:
        """``en Hauts-de-France``, ``dans l'arrondissement de Lens``, ``à Lens``."""
        if area.type == REGION:
            return f"en {area.name}"
        if area.type == "commune":
            return f"à {area.name}"
        if area.type == "outside":
            return "hors de la région" if area.code == "france" else "dans un lieu inconnu"
        kind = words.AREA_TYPES.get(area.type, area.type)
        if area.type == ARRONDISSEMENT:
            return f"dans l'{kind} {words.of(area.name)}"
        article = "l'" if kind[0] in "aeiou" else "le "
        return f"dans {article}{kind} {area.name}"

    def _sessions(self, asked: Asked, today: date) -> list[Mapping[str, Any]]:
        first, last = _days(asked.window, today)
        query = self._queries.parse(
            "sessions",
            {"area": asked.area.ref, "trade": asked.trade, "ends_from": str(first), "ends_until": str(last)},
        )
        found = [row.data for row in self._told.rows(query)]
        return sorted(found, key=lambda row: (row["ends_on"], row["session_id"]))

    def _tiles(self, asked: Asked) -> tuple[dict[str, list[Tile]], list[str]]:
        """Tiles by département, and the bounds of their classes."""
        areas = self._territory.of_type(ARRONDISSEMENT)
        counts = {area.ref: self._told.count(area.ref, asked.trade, asked.window) for area in areas}
        values = sorted(_value(one) for one in counts.values() if one)
        cuts = _quantiles(values)
        groups: dict[str, list[Tile]] = {}
        for area in areas:
            disclosed = counts[area.ref]
            level = 0 if disclosed is None else 1 + sum(_value(disclosed) > cut for cut in cuts)
            tile = Tile(
                area.name, words.short_count(disclosed), level, self.href(asked, area=area.ref), area == asked.area
            )
            groups.setdefault(self._departement(area.code), []).append(tile)
        return dict(sorted(groups.items())), _bounds(cuts, values)

    def _departement(self, arrondissement: str) -> str:
        commune = next(c for c in self._territory.communes if c.arrondissement == arrondissement)
        return self._territory.areas[f"departement:{commune.departement}"].name

    def _wider(self, asked: Asked) -> list[Link]:
        """Where there is somebody: the trade's domain and family here, the trade in neighbouring areas and above."""
        rollup = [ref for ref in self._trades.rollup([asked.trade]) if ref not in {asked.trade, ALL}]
        here = [self._link(self._trades.title(ref), asked, trade=ref) for ref in rollup]
        region = self._territory.of_type(REGION)
        near = [*self._territory.neighbours(asked.area.ref), *region]
        there = [self._link(area.name, asked, area=area.ref) for area in near if area != asked.area]
        everything = [self._link("tous les métiers", asked, trade=ALL)] if asked.trade != ALL else []
        later = [self._link("90 prochains jours", asked, window="P90D")] if asked.window != "P90D" else []
        return [link for link in [*later, *here, *there, *everything] if link is not None]

    def _link(self, text: str, asked: Asked, **changed: str) -> Link | None:
        disclosed = self._told.count(
            changed.get("area", asked.area.ref),
            changed.get("trade", asked.trade),
            changed.get("window", asked.window),
        )
        return Link(text, words.count(disclosed), self.href(asked, **changed)) if disclosed else None

    def _alternatives(self, asked: Asked) -> list[Link]:
        """Other trades that the typed text may mean."""
        if not asked.trade_text or self._trades.known(asked.trade_text):
            return []
        others = [ref for ref in self._trades.search(asked.trade_text, 8) if ref != asked.trade]
        links = [self._link(self._trades.title(ref), asked, trade=ref) for ref in others]
        return [link for link in links if link is not None]

    @staticmethod
    def href(asked: Asked, **changed: str) -> str:
        """The address of a search that differs in something."""
        state = {"metier": changed.get("trade", asked.trade), "lieu": changed.get("area", asked.area.ref)}
        state |= {"echeance": changed.get("window", asked.window), "page": changed.get("page", "")}
        state["as_of"] = changed.get("as_of", asked.as_of)
        return "/?" + urlencode({name: value for name, value in state.items() if value and value != ALL})


def months(today: date) -> list[str]:
    """The months that the page offers, as ``2026-11``, the current one first."""
    first = today.year * 12 + today.month - 1
    return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(first, first + MONTHS_SHOWN)]


def _days(window: str, today: date) -> tuple[date, date]:
    """First and last day of a window; of the current month, from today on."""
    if window in words.DAYS_AHEAD:
        return today, today + timedelta(days=words.DAYS_AHEAD[window] - 1)
    first = date.fromisoformat(f"{window}-01")
    following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    return max(first, today), following - timedelta(days=1)


def _value(disclosed: Mapping[str, Any]) -> int:
    """For classes only: fewer than the threshold counts as one."""
    return int(disclosed["value"]) if disclosed["value"] is not None else 1


def _quantiles(values: list[int]) -> list[int]:
    """Upper bounds of all classes but the last; equal bounds are joined."""
    cuts = [values[len(values) * n // CLASSES - 1] for n in range(1, CLASSES) if len(values) * n // CLASSES > 0]
    return sorted({cut for cut in cuts if values and cut < values[-1]})


def _bounds(cuts: list[int], values: list[int]) -> list[str]:
    """What each class holds, in words."""
    if not values:
        return []
    edges = [0, *cuts, values[-1]]
    return [
        (f"plus de {low} à {high}" if low else f"jusqu'à {high}") if high > 1 else "moins de 5"
        for low, high in pairwise(edges)
    ]
