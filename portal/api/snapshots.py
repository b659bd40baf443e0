"""``GET /v1/views/{view}``: the view at one position, filtered, in any form."""

import hashlib
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from portal.api.forms import MEDIA, chosen, to_csv, to_json, to_ndjson
from portal.api.problems import problem
from portal.queries import FILTERS, BadQuery, Queries, Query
from portal.readmodel import ReadModel
from portal.view import Row

#: Rows of one page, at most; without ``limit`` everything is given.
MAX_LIMIT: Final = 100_000
#: Parameters that are no filters.
_CONTROLS: Final = frozenset({"limit", "cursor", "dialect", "after"})


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
    rows.sort(key=lambda row: row.key)
    if cursor:
        rows = rows[bisect_right(rows, cursor, key=lambda row: row.key) :]
    page = rows if limit is None else rows[:limit]
    return Page(page, position, page[-1].key if len(page) < len(rows) else None)


def query_of(request: Request, queries: Queries, view: str) -> Query:
    """The filter in a request's address."""
    given = {name: value for name, value in request.query_params.items() if name not in _CONTROLS}
    return queries.parse(view, given)


def router(model: ReadModel, queries: Queries) -> APIRouter:
    """The routes."""
    routes = APIRouter()

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
        "/v1/views/{name}", summary="A view at one position; suffix .json, .ndjson or .csv", response_model=None
    )
    def snapshot(
        request: Request, name: str, limit: int | None = None, cursor: str = "", dialect: str = ""
    ) -> Response:
        return _snapshot(request, model, queries, _Wanted(name, limit, cursor, dialect == "rfc4180"))

    @routes.get("/v1/views/{name}/", include_in_schema=False)
    def slash(name: str) -> RedirectResponse:
        return RedirectResponse(f"/v1/views/{name}")

    return routes


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What an address says besides its filters."""

    name: str
    limit: int | None
    cursor: str
    rfc4180: bool


def _snapshot(request: Request, model: ReadModel, queries: Queries, wanted: _Wanted) -> Response:
    view, _, suffix = wanted.name.partition(".")
    form = chosen(suffix or None, request.headers.get("accept", ""))
    if view not in model.views:
        return problem(request, 404, f"there is no view {view[:40]}", expected=", ".join(model.views))
    if form is None:
        return problem(request, 406, "a view is given as json, ndjson or csv", expected=", ".join(MEDIA))
    if wanted.limit is not None and not 0 < wanted.limit <= MAX_LIMIT:
        received = str(wanted.limit)
        raise BadQuery("limit is out of range", pointer="limit", received=received, expected=f"1 to {MAX_LIMIT}")
    query = query_of(request, queries, view)
    if not model.caught_up:
        return problem(request, 503)
    page = select(model, query, wanted.limit, wanted.cursor)
    return _answer(request, model, query, form, page, rfc4180=wanted.rfc4180)


def _answer(request: Request, model: ReadModel, query: Query, form: str, page: Page, *, rfc4180: bool) -> Response:
    headers = _headers(request, model, query, form, page)
    if headers["ETag"] in request.headers.get("if-none-match", "").split(", "):
        return Response(status_code=304, headers=headers)
    if form == "csv":
        body = to_csv(query.view, page.rows, rfc4180=rfc4180)
    elif form == "ndjson":
        body = to_ndjson(page.rows)
    else:
        head = {
            "view": query.view,
            "position": page.position,
            "filters": dict(query.filters),
            "absent": "counts nobody",
            "freshness": model.freshness(),
            "next": page.next,
        }
        body = to_json(head, page.rows)
    return Response(body, headers=headers, media_type=MEDIA[form])


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
