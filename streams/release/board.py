"""All views together: takes what the workers counted, gives what readers may see and have not seen."""

import hashlib
from collections.abc import Iterator
from datetime import date
from typing import Any, Final, NamedTuple

from schemas.clock import EPOCH
from schemas.codec import Codec
from schemas.contracts import EXITS_ROW, FRESHNESS_ROW, SESSIONS_ROW
from streams.release.exits import ExitsBoard
from streams.release.sessions import SessionsBoard

EXITS: Final = "exits"
SESSIONS: Final = "sessions"
FRESHNESS: Final = "freshness"
#: Contract of each view's rows.
ROWS: Final = {EXITS: EXITS_ROW, SESSIONS: SESSIONS_ROW, FRESHNESS: FRESHNESS_ROW}
_DIGEST_BYTES: Final = 16


class Released(NamedTuple):
    """One change that readers get: a row without its instant, or None when it is withdrawn."""

    view: str
    key: str
    row: dict[str, Any] | None


class Board:
    """The state of the release; pure, the day is an argument.

    Args:
        exits: Counts.
        sessions: Rows of sessions.
        codec: Tells whether a row's content differs from what readers have.
    """

    def __init__(self, exits: ExitsBoard, sessions: SessionsBoard, codec: Codec) -> None:
        self._exits = exits
        self._sessions = sessions
        self._codec = codec
        self._heard: dict[str, dict[str, Any]] = {}
        self._seen: dict[tuple[str, str], bytes] = {}
        self._today: date | None = None

    def seen(self, view: str, key: str, row: dict[str, Any] | None) -> None:
        """Note what readers already have; None for a withdrawn row."""
        if row is None:
            self._seen.pop((view, key), None)
        else:
            self._seen[view, key] = self._digest(view, row)

    def rows_seen(self, view: str) -> int:
        """Rows that readers have of a view."""
        return sum(1 for name, _ in self._seen if name == view)

    def take(self, partition: int, cell: dict[str, Any]) -> None:
        """Take a cell as a worker wrote it."""
        if cell["view"] == EXITS:
            self._exits.take(partition, cell["cell"], cell["n"])
        elif cell["view"] == SESSIONS:
            self._sessions.take(cell["cell"], cell["n"], cell["row"])

    def hear(self, heartbeat: dict[str, Any]) -> None:
        """Take the last sign of life of a source."""
        names = ("source", "data_as_of", "heard_at", "accepted", "refused")
        self._heard[heartbeat["source"]] = {name: heartbeat[name] for name in names}

    def changes(self, today: date) -> Iterator[Released]:
        """What readers have not seen yet, rows whose content is the same left out; noted as seen."""
        if today != self._today:
            self._exits.touch_all()
            self._sessions.touch_all()
            stale_months = self._today is not None
            self._today = today
            if stale_months:
                yield from self._past_windows(today)
        for view, key, row in self._candidates(today):
            change = self._compare(view, key, row)
            if change:
                yield change

    def _candidates(self, today: date) -> Iterator[Released]:
        yield from (Released(EXITS, key, row) for key, row in self._exits.changes(today))
        yield from (Released(SESSIONS, key, row) for key, row in self._sessions.changes(today))
        heard, self._heard = self._heard, {}
        yield from (Released(FRESHNESS, source, row) for source, row in heard.items())

    def _compare(self, view: str, key: str, row: dict[str, Any] | None) -> Released | None:
        digest = None if row is None else self._digest(view, row)
        if self._seen.get((view, key)) == digest:
            return None
        if digest is None:
            del self._seen[view, key]
        else:
            self._seen[view, key] = digest
        return Released(view, key, row)

    def _past_windows(self, today: date) -> Iterator[Released]:
        """Rows of calendar months that are over."""
        month = f"{today:%Y-%m}"
        for view, key in list(self._seen):
            window = key.rpartition("|")[2]
            if view == EXITS and not window.startswith("P") and window < month:
                del self._seen[view, key]
                yield Released(view, key, None)

    def first_changes(self, today: date) -> list[Released]:
        """Like ``changes`` once everything was read: also withdraws rows of a predecessor that nothing supports."""
        self._today = today
        self._exits.touch_all()
        self._sessions.touch_all()
        changed: list[Released] = []
        produced: set[tuple[str, str]] = set()
        for view, key, row in self._candidates(today):
            if row is not None:
                produced.add((view, key))
            change = self._compare(view, key, row)
            if change:
                changed.append(change)
        return [*changed, *self._unsupported(produced)]

    def _unsupported(self, produced: set[tuple[str, str]]) -> Iterator[Released]:
        """Rows that readers have and nothing supports any more."""
        for view, key in list(self._seen):
            if view != FRESHNESS and (view, key) not in produced:
                del self._seen[view, key]
                yield Released(view, key, None)

    def _digest(self, view: str, row: dict[str, Any]) -> bytes:
        bare = {name: value for name, value in row.items() if name != "as_of"}
        wire = self._codec.encode(ROWS[view], bare if view == FRESHNESS else {**bare, "as_of": EPOCH})
        return hashlib.blake2b(wire, digest_size=_DIGEST_BYTES).digest()
