"""``GET /v1/views/{view}/stream``: a snapshot, a mark, then every change, with exact resume."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from portal.api.problems import problem
from portal.api.snapshots import query_of
from portal.queries import BadQuery, Queries, Query
from portal.readmodel import ReadModel
from portal.view import Change, Row, View

#: A reader knows at least this often that the feed lives and how old each source is.
PROGRESS_S: Final = 15.0
#: Rows of a snapshot that are written to the socket at once.
_ROWS_AT_ONCE: Final = 500
#: Ends a feed: the reader was too slow, or the view began anew.
_RESTART: Final = "restart"
_SHUTDOWN: Final = "shutdown"


@dataclass(eq=False)
class Subscriber:
    """One open feed: what waits for it, in a bounded queue."""

    query: Query
    loop: asyncio.AbstractEventLoop
    bound: int
    waiting: list[Change] = field(default_factory=list)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    ended: str | None = None
    stop: Callable[[], None] = lambda: None  # nothing to end until it listens

    def __call__(self, view: str, changes: list[Change]) -> None:
        """Told by the reading thread; hands over to the loop."""
        if view == self.query.view:
            self.loop.call_soon_threadsafe(self._take, changes)

    def _take(self, changes: list[Change]) -> None:
        self.waiting.extend(changes)
        if not changes or len(self.waiting) > self.bound:
            self.end(_RESTART)
        self.wake.set()

    def end(self, why: str) -> None:
        """Close the feed with a last word."""
        self.ended = self.ended or why
        self.wake.set()


class Feeds:
    """The open feeds of this portal.

    Args:
        model: The views.
        bound: Changes that may wait for one reader.
        on_count: Told how many are open.
    """

    def __init__(self, model: ReadModel, bound: int, on_count: Callable[[int], object]) -> None:
        self._model = model
        self._bound = bound
        self._open: set[Subscriber] = set()
        self._on_count = on_count

    def close(self) -> None:
        """Tell every reader to come back elsewhere."""
        for subscriber in list(self._open):
            subscriber.end(_SHUTDOWN)

    def open(self, query: Query, after: str | None) -> tuple[Subscriber, str, list[Row] | None, list[Change]]:
        """Subscribe and take what there is, as one step.

        Returns:
            The subscriber, the position, the snapshot (None on a resume), and the changes missed.

        Raises:
            PositionLost: The position cannot be resumed.
        """
        subscriber = Subscriber(query, asyncio.get_running_loop(), self._bound)
        with self._model.lock:
            view: View = self._model.views[query.view]
            missed = view.since(after) if after else []
            rows = None if after else [row for row in view.rows.values() if query.matches(row)]
            position = view.position
            subscriber.stop = self._model.listen(subscriber)
        self._open.add(subscriber)
        self._on_count(len(self._open))
        return subscriber, position, rows, missed

    def leave(self, subscriber: Subscriber) -> None:
        """Forget a reader who went."""
        subscriber.stop()
        self._open.discard(subscriber)
        self._on_count(len(self._open))


def seen(change: Change, query: Query) -> tuple[str, str] | None:
    """What a filtered reader gets of a change: ``upsert`` with the row, ``delete`` with the key, or nothing.

    A row that leaves the filter is a delete. When it is not known whether the row was inside before, a delete is
    sent: for a reader who never had it that changes nothing.
    """
    if change.new is not None and query.matches(change.new):
        return "upsert", change.new.text
    was_inside = query.matches(change.old) if change.old is not None else not change.old_known
    return ("delete", json.dumps({"key": change.key})) if was_inside else None


def router(model: ReadModel, queries: Queries, feeds: Feeds) -> APIRouter:
    """The routes."""
    routes = APIRouter()

    @routes.get(
        "/v1/views/{name}/stream",
        summary="Follow a view: server-sent events, or NDJSON by Accept; Last-Event-ID or ?after= resumes",
        response_model=None,
    )
    async def stream(request: Request, name: str, after: str | None = None) -> Response:
        if name not in model.views:
            return problem(request, 404, f"there is no view {name[:40]}", expected=", ".join(model.views))
        if "as_of" in request.query_params:
            raise BadQuery(
                "a feed follows the view as it is now", pointer="as_of", received=request.query_params["as_of"][:80],
                expected=f"no as_of; /v1/views/{name}?as_of= says what was",
            )  # fmt: skip
        query = query_of(request, queries, name)
        if not model.caught_up:
            return problem(request, 503)
        resumed = request.headers.get("last-event-id") or after
        opened = feeds.open(query, resumed)
        plain = "ndjson" in request.headers.get("accept", "")
        form = _ndjson if plain else _sse
        return StreamingResponse(
            _feed(model, feeds, opened, form),
            media_type="application/x-ndjson" if plain else "text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Beffroi-Position": opened[1]},
        )

    return routes


#: Writes one event: its name, its data as JSON text, and the position after it, if it may be resumed from.
Form = Callable[[str, str, str | None], str]


def _sse(event: str, data: str, position: str | None) -> str:
    mark = f"id: {position}\n" if position else ""
    return f"{mark}event: {event}\ndata: {data}\n\n"


def _ndjson(event: str, data: str, position: str | None) -> str:
    mark = f',"position":"{position}"' if position else ""
    return f'{{"event":"{event}"{mark},"data":{data}}}\n'


async def _feed(
    model: ReadModel, feeds: Feeds, opened: tuple[Subscriber, str, list[Row] | None, list[Change]], form: Form
) -> AsyncIterator[str]:
    subscriber, position, rows, missed = opened
    epoch = position.rpartition(".")[0]
    try:
        for first in range(0, len(rows or ()), _ROWS_AT_ONCE):
            part = (rows or [])[first : first + _ROWS_AT_ONCE]
            yield "".join(form("snapshot", row.text, None) for row in part)
        if missed:
            yield _changes(missed, subscriber.query, epoch, form)
        yield form("caught-up", json.dumps({"position": position}), position)
        async for text in _follow(model, subscriber, position, form):
            yield text
    finally:
        feeds.leave(subscriber)


async def _follow(model: ReadModel, subscriber: Subscriber, position: str, form: Form) -> AsyncIterator[str]:
    epoch = position.rpartition(".")[0]
    while True:
        try:
            await asyncio.wait_for(subscriber.wake.wait(), PROGRESS_S)
        except TimeoutError:
            yield form("progress", json.dumps(_progress(model, position)), position)
            continue
        subscriber.wake.clear()
        if subscriber.ended:
            yield form(subscriber.ended, json.dumps({"position": position}), None)
            return
        changes, subscriber.waiting = subscriber.waiting, []
        if changes:
            position = f"{epoch}.{changes[-1].offset}"
            text = _changes(changes, subscriber.query, epoch, form)
            if text:
                yield text


def _changes(changes: list[Change], query: Query, epoch: str, form: Form) -> str:
    """Each key's last change, in order: those that a later one of the same flush makes old are left out."""
    first: dict[str, Change] = {}
    last: dict[str, Change] = {}
    for change in changes:
        first.setdefault(change.key, change)
        last[change.key] = change
    parts = []
    for change in sorted(last.values(), key=lambda one: one.offset):
        before = first[change.key]
        told = seen(change._replace(old=before.old, old_known=before.old_known), query)
        if told:
            parts.append(form(told[0], told[1], f"{epoch}.{change.offset}"))
    return "".join(parts)


def _progress(model: ReadModel, position: str) -> dict[str, Any]:
    return {"position": position, "freshness": model.freshness()}
