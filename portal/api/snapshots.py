"""``GET /v1/views/{view}``: the view at one position, filtered, in any form."""

import hashlib
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from portal.api.forms import MEDIA, Wanted, chosen, page_of, written
from portal.api.past import answer as past_answer
from portal.api.problems import problem
from portal.past import Past
from portal.queries import FILTERS, BadQuery, Queries, Query
from portal.readmodel import ReadModel
from portal.view import Row

#: Rows of one page, at most; without ``limit`` everything is given.
MAX_LIMIT: Final = 100_000
#: Parameters that are no filters.
_CONTROLS: Final = frozenset({"limit", "cursor", "dialect", "after", "as_of"})


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one answer.

    Attributes:
        rows: By key.
        position: Of the view.
        next: Cursor of the next page; None on the last.
    """

    rows: list[Row]
    position: str
    next: str | None


def select(model: ReadModel, query: Query, limit: int | None = None, cursor: str = "") -> Page:
    """The rows that match, after a cursor, by key."""
    with model.lock:
        view = model.views[query.view]
        position = view.position
        key = query.key
        if key is not None:
            rows = [view.rows[key]] if key in view.rows else []
        else:
            rows = [row for row in view.rows.values() if query.matches(row)]
    page, following = page_of(rows, limit, cursor)
    return Page(page, position, following)


def query_of(request: Request, queries: Queries, view: str) -> Query:
    """The filter in a request's address."""
    given = {name: value for name, value in request.query_params.items() if name not in _CONTROLS}
    return queries.parse(view, given)


@dataclass(frozen=True, slots=True)
class Sources:
    """What answers come from.

    Attributes:
        model: The views as they are now.
        past: The views as they were.
        queries: What exists.
    """

    model: ReadModel
    past: Past
    queries: Queries


class _Asked(NamedTuple):
    """What an address says besides its filters."""

    limit: int | None
    cursor: str
    dialect: str
    as_of: str | None


def router(sources: Sources) -> APIRouter:
    """The routes."""
    routes, model = APIRouter(), sources.model

    @routes.get("/v1/views", summary="Every view, with its filters and position")
    def views() -> dict[str, Any]:
        with model.lock:
            positions = {name: view.position for name, view in model.views.items()}
        return {
            "views": [
                {"name": name, "position": positions[name], "filters": FILTERS[name], "href": f"/v1/views/{name}"}
                for name in model.views
            ]
        }

    @routes.get(
        "/v1/views/{name}",
        summary="A view at one position, or as_of a day that is over; suffix .json, .ndjson or .csv",
        response_model=None,
    )
    def snapshot(
        request: Request, name: str, limit: int | None = None, cursor: str = "", dialect: str = "",
        as_of: str | None = None,
    ) -> Response:  # fmt: skip
        return _snapshot(request, sources, name, _Asked(limit, cursor, dialect, as_of))

    @routes.get("/v1/views/{name}/", include_in_schema=False)
    def slash(name: str) -> RedirectResponse:
        return RedirectResponse(f"/v1/views/{name}")

    return routes


def _snapshot(request: Request, sources: Sources, name: str, asked: _Asked) -> Response:
    view, _, suffix = name.partition(".")
    form = chosen(suffix or None, request.headers.get("accept", ""))
    if view not in sources.model.views:
        return problem(request, 404, f"there is no view {view[:40]}", expected=", ".join(sources.model.views))
    if form is None:
        return problem(request, 406, "a view is given as json, ndjson or csv", expected=", ".join(MEDIA))
    if asked.limit is not None and not 0 < asked.limit <= MAX_LIMIT:
        received = str(asked.limit)
        raise BadQuery("limit is out of range", pointer="limit", received=received, expected=f"1 to {MAX_LIMIT}")
    query = query_of(request, sources.queries, view)
    wanted = Wanted(form, asked.limit, asked.cursor, asked.dialect == "rfc4180")
    if asked.as_of is not None:
        return past_answer(request, sources.past, query, wanted, asked.as_of)
    if not sources.model.caught_up:
        return problem(request, 503)
    return _answer(request, sources.model, query, wanted)


def _answer(request: Request, model: ReadModel, query: Query, wanted: Wanted) -> Response:
    page = select(model, query, wanted.limit, wanted.cursor)
    headers = _headers(request, model, query, wanted.form, page)
    if headers["ETag"] in request.headers.get("if-none-match", "").split(", "):
        return Response(status_code=304, headers=headers)
    head = {
        "view": query.view,
        "position": page.position,
        "filters": dict(query.filters),
        "absent": "counts nobody",
        "freshness": model.freshness(),
        "next": page.next,
    }
    return written(query.view, head, page.rows, wanted, headers)


def _headers(request: Request, model: ReadModel, query: Query, form: str, page: Page) -> dict[str, str]:
    with model.lock:
        fresh = model.views["freshness"].position
    seed = "\n".join((page.position, fresh, str(request.url.query), form))
    links = [f'</v1/views/{query.view}/stream?{_and(query.text)}after={page.position}>; rel="monitor"']
    if page.next:
        links.append(f'<{request.url.include_query_params(cursor=page.next)}>; rel="next"')
    return {
        "ETag": f'"{hashlib.blake2b(seed.encode(), digest_size=12).hexdigest()}"',
        "Beffroi-Position": page.position,
        "Link": ", ".join(links),
        "Cache-Control": "public, max-age=30, stale-while-revalidate=300",
        "Vary": "Accept, Accept-Language",
    }


def _and(text: str) -> str:
    return f"{text}&" if text else ""
