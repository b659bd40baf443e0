"""The pages' addresses."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from jinja2 import Environment, PackageLoader, select_autoescape

from portal.api.snapshots import Sources
from portal.pages import words
from portal.pages.search import Search, months
from portal.pages.told import Answered, Now, Then, Told
from portal.past import NotArchived
from portal.queries import WINDOWS, BadQuery
from portal.settings import PortalSettings
from schemas.cadence import LATE, NEVER_HEARD, ON_TIME, SILENT, state
from schemas.clock import Clock, paris_day
from schemas.registers import sources_register
from schemas.territory.areas import ARRONDISSEMENT, DEPARTEMENT, EPCI, REGION, Territory
from schemas.territory.trades import FAMILIES, Trades

_STATIC: Final = Path(__file__).parent.parent / "static"
#: What is served beside the pages, and as what.
_FILES: Final = {"beffroi.css": "text/css", "live.js": "text/javascript"}
_DAY: Final = "public, max-age=86400"


class Pages:
    """Renders pages.

    Args:
        answers: What pages tell from.
        settings: Of the portal.
        clock: Decides the day.
    """

    def __init__(self, answers: Sources, settings: PortalSettings, clock: Clock) -> None:
        self._model = answers.model
        self._past = answers.past
        self._queries = answers.queries
        self._settings = settings
        self._clock = clock
        self._templates = Environment(
            loader=PackageLoader("portal"), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True
        )
        self._templates.globals["words"] = words
        self._sources = {one.name: one for one in sources_register(settings.sources_register)}

    def render(self, name: str, territory: Territory, status: int = 200, **values: object) -> HTMLResponse:
        """A page with what all pages show, which its own values may replace."""
        now = self._clock()
        common = {
            "region": territory.of_type(REGION)[0],
            "freshness": [words.age(row, self._sources.get(row["source"]), now) for row in self._model.freshness()],
            "away": _since(self._model.away_s),
            "theme": self._settings.theme_css is not None,
        }
        headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language"}
        return HTMLResponse(self._templates.get_template(name).render(common | values), status, headers)

    def sources(self, territory: Territory) -> HTMLResponse:
        """How each source does, against what is expected of it; those that never came are there too."""
        now, heard = self._clock(), {row["source"]: row for row in self._model.freshness()}
        live = [source for source in self._sources.values() if source.state == "live"]
        found = [(one, heard.get(one.name, {}), state(one, _instant(heard.get(one.name)), now)) for one in live]
        found.sort(key=lambda one: (_FIRST.index(one[2]), one[0].name))
        return self.render("sources.html", territory, found=found, failures=self._model.failures)

    def home(self, territory: Territory, trades: Trades, params: "Params") -> HTMLResponse:
        """The search page, of now or of a day that is over."""
        if not params.as_of:
            with self._model.lock:
                position = self._model.views["exits"].position
            values = self._searched(territory, trades, params, Now(self._model), paris_day(self._clock()))
            return self.render("exits.html", territory, **values, position=position, relived=self._past.begun)
        try:
            answered = Answered.by(self._past, params.as_of)
        except (BadQuery, NotArchived) as error:
            return self._no_day(territory, params, error)
        values = self._searched(territory, trades, params, Then(self._past, answered), answered.day)
        heard = self._past.freshness(answered.day)
        fresh = [words.age(row, None, self._clock()) for row in heard]
        return self.render("exits.html", territory, **values, answered=answered, freshness=fresh, away="")

    def _no_day(self, territory: Territory, params: "Params", error: BadQuery | NotArchived) -> HTMLResponse:
        """Nothing of a day is held: which days are."""
        search = Search(Now(self._model), self._queries)
        asked = search.understand(params.trade, params.area, params.window, paris_day(self._clock()))
        if isinstance(error, NotArchived):
            status, days = 404, error.nearest
            reason = f"Ce qui était publié le {words.long_day(error.asked)} n'a pas été conservé"
        else:
            status, nearest = 400, error.details["nearest"]
            days = [date.fromisoformat(nearest)] if nearest else []
            reason = "Ce n'est pas un jour passé : écrivez-le comme 2026-03-12"
        links = [(words.long_day(day), search.href(asked, as_of=str(day))) for day in days]
        return self.render("no_day.html", territory, status, reason=reason, days=links, live=search.href(asked))

    def _searched(
        self, territory: Territory, trades: Trades, params: "Params", told: Told, today: date
    ) -> dict[str, Any]:  # fmt: skip
        """What the search page shows of some instant."""
        search = Search(told, self._queries)
        asked = search.understand(params.trade, params.area, params.window, today, params.as_of)
        return {
            "result": search.answer(asked, today, params.page),
            "trade_title": "" if asked.trade == "all" else trades.title(asked.trade),
            "area_label": _label(asked.area.name, asked.area.type),
            "options": _options(territory),
            "families": sorted(FAMILIES.values()),
            "windows": [(window, words.window(window)) for window in (*WINDOWS, *months(today))],
            "href": search.href,
        }


#: What somebody should look at stands first; who never came, last.
_FIRST: Final = (SILENT, LATE, ON_TIME, NEVER_HEARD)


def _instant(row: Mapping[str, Any] | None) -> datetime | None:
    return None if row is None else datetime.fromisoformat(row["heard_at"])


class Params:
    """What the address of a search says."""

    def __init__(
        self, metier: str = "", lieu: str = "", echeance: str = "P90D", page: int = 1, as_of: str = ""
    ) -> None:  # fmt: skip
        self.trade, self.area, self.window, self.page = metier[:120], lieu[:120], echeance[:10], page
        self.as_of = as_of.strip()[:40]


def _label(name: str, kind: str) -> str:
    return "" if kind == REGION else f"{name} ({words.AREA_TYPES.get(kind, kind)})"


def _options(territory: Territory) -> list[str]:
    kinds = (DEPARTEMENT, ARRONDISSEMENT, EPCI)
    return [_label(area.name, area.type) for kind in kinds for area in territory.of_type(kind)]


def _since(seconds: float) -> str:
    if not seconds:
        return ""
    return "depuis le démarrage" if seconds == float("inf") else f"depuis {round(seconds)} secondes"


def router(pages: Pages, territory: Territory, trades: Trades, settings: PortalSettings) -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/", response_model=None)
    def home(
        metier: str = "", lieu: str = "", echeance: str = "P90D", page: int = 1, as_of: str = ""
    ) -> Response:  # fmt: skip
        return pages.home(territory, trades, Params(metier, lieu, echeance, page, as_of))

    def plain(name: str) -> Callable[[Request], Response]:
        def page(request: Request) -> Response:
            return pages.render(f"{name}.html", territory, base=str(request.base_url).rstrip("/"))

        return page

    for address, name in (("/glossaire", "glossary"), ("/donnees-personnelles", "privacy"), ("/api", "api")):
        routes.add_api_route(address, plain(name), response_model=None)

    routes.add_api_route("/sources", lambda: pages.sources(territory), response_model=None)

    @routes.get("/static/{name}", response_model=None)
    def static(name: str) -> Response:
        if name == "theme.css" and settings.theme_css is not None:
            return FileResponse(settings.theme_css, media_type="text/css", headers={"Cache-Control": _DAY})
        if name not in _FILES:
            return Response(status_code=404)
        return FileResponse(_STATIC / name, media_type=_FILES[name], headers={"Cache-Control": _DAY})

    return routes
