"""Answers that are given again: ``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header).

They lie in a file of this gateway alone. A retry that reaches another gateway, or comes after a day, is judged anew:
ids of events are made from their content, so that it gets *duplicate* instead of *accepted*, and nothing comes twice.
"""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from connectors.gateway.problems import Rejected
from schemas.clock import Clock

#: Whoever repeats a request does so within the hour; a day covers a night's outage.
KEPT_S: Final = 86_400
#: UUIDs have 36 characters.
_KEY_MOST: Final = 255
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS answers (
    partner TEXT, key TEXT, request TEXT, status INTEGER, media TEXT, body BLOB, at REAL, PRIMARY KEY (partner, key)
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that can be given again."""

    status: int
    media: str
    body: bytes


def key_of(header: str | None) -> str | None:
    """The key as the header gives it, quoted or not; raises Rejected when it is none."""
    if header is None:
        return None
    key = header.strip().strip('"')
    if not key or len(key) > _KEY_MOST or not key.isascii() or not key.isprintable():
        raise Rejected("query", f"Idempotency-Key must be a text of 1 to {_KEY_MOST} printable ASCII characters")
    return key


class Memory:
    """The answers of the last day.

    Args:
        path: Of the file.
        clock: For the age of answers.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._lock = Lock()
        self._under_way: set[tuple[str, str]] = set()
        self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()

    @contextmanager
    def claimed(self, partner: str, key: str | None) -> Iterator[None]:
        """Nobody else works on this key meanwhile; raises Rejected when somebody does."""
        if key is None:
            yield
            return
        with self._lock:
            if (partner, key) in self._under_way:
                raise Rejected("in-progress", headers={"Retry-After": "1"})
            self._under_way.add((partner, key))
        try:
            yield
        finally:
            self._under_way.discard((partner, key))

    def recall(self, partner: str, key: str, request: str) -> Answer | None:
        """The answer that this request got; raises Rejected when the key came with another request."""
        with self._lock:
            row = self._base.execute(
                "SELECT request, status, media, body FROM answers WHERE partner = ? AND key = ? AND at > ?",
                (partner, key, self._clock().timestamp() - KEPT_S),
            ).fetchone()
        if row is None:
            return None
        if row[0] != request:
            raise Rejected("key-reused")
        return Answer(row[1], row[2], zlib.decompress(row[3]))

    def keep(self, partner: str, key: str, request: str, answer: Answer) -> None:
        """Remember an answer; forget those of yesterday."""
        now = self._clock().timestamp()
        with self._lock:
            self._base.execute("DELETE FROM answers WHERE at <= ?", (now - KEPT_S,))
            self._base.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)",
                (partner, key, request, answer.status, answer.media, zlib.compress(answer.body, 1), now),
            )
