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
        self._seen: dict[str, dict[str, bytes]] = {SESSIONS: {}, FRESHNESS: {}}

    def seen(self, view: str, key: str, row: dict[str, Any] | None) -> None:
        """Note what readers already have; None for a withdrawn row."""
        if view == EXITS:
            self._exits.seen(key, row)
        elif row is None:
            self._seen[view].pop(key, None)
        else:
            self._seen[view][key] = self._digest(view, row)

    def rows_seen(self, view: str) -> int:
        """Rows that readers have of a view."""
        return self._exits.rows if view == EXITS else len(self._seen[view])

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
        """What readers have not seen yet, rows whose content is the same left out; noted as seen.

        Take all of it: what was not taken is found again only in part.
        """
        yield from (Released(EXITS, key, row) for key, row in self._exits.changes(today))
        for key, row in self._sessions.changes(today):
            yield from self._compare(SESSIONS, key, row)
        heard, self._heard = self._heard, {}
        for source, told in heard.items():
            yield from self._compare(FRESHNESS, source, told)

    def first_changes(self, today: date) -> Iterator[Released]:
        """Like ``changes`` once everything was read: also withdraws rows of a predecessor that nothing supports."""
        self._sessions.touch(self._seen[SESSIONS])
        return self.changes(today)

    def _compare(self, view: str, key: str, row: dict[str, Any] | None) -> Iterator[Released]:
        seen = self._seen[view]
        digest = None if row is None else self._digest(view, row)
        if seen.get(key) == digest:
            return
        if digest is None:
            del seen[key]
        else:
            seen[key] = digest
        yield Released(view, key, row)

    def _digest(self, view: str, row: dict[str, Any]) -> bytes:
        wire = self._codec.encode(ROWS[view], row if view == FRESHNESS else {**row, "as_of": EPOCH})
        return hashlib.blake2b(wire, digest_size=_DIGEST_BYTES).digest()
