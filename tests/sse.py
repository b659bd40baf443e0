"""A reader of server-sent events (WHATWG HTML, section 9.2), small enough to be trusted."""

import json
from collections.abc import Iterator
from types import TracebackType
from typing import Any, NamedTuple, Self

import httpx2


class Event(NamedTuple):
    """One event."""

    name: str
    data: Any
    id: str


class Feed:
    """An open feed.

    Args:
        url: Its address.
        position: Sent as Last-Event-ID.
    """

    def __init__(self, url: str, position: str | None = None) -> None:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": position} if position else {})
        self._client = httpx2.Client(timeout=httpx2.Timeout(30))
        self._request = self._client.stream("GET", url, headers=headers)
        self._last_id = position or ""

    def __enter__(self) -> Self:
        self._response = self._request.__enter__()
        assert self._response.status_code == 200, self._response.read()
        self._events = self._read()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._request.__exit__(kind, error, trace)
        self._client.close()

    def _read(self) -> Iterator[Event]:
        name, data = "message", ""
        for line in self._response.iter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                data += value
            elif field == "id":
                self._last_id = value
            elif not line and data:
                yield Event(name, json.loads(data), self._last_id)
                name, data = "message", ""

    def take(self, count: int) -> list[Event]:
        """The next events, progress left out."""
        found: list[Event] = []
        while len(found) < count:
            event = next(self._events)
            if event.name != "progress":
                found.append(event)
        return found

    def until(self, name: str) -> Event:
        """Read on to the first event of a name."""
        return next(event for event in self._events if event.name == name)
