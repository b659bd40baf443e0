"""Rows as wire bytes and back: what many rows have in common is encoded and decoded once."""

from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from schemas.codec import Codec
from streams.release.board import EXITS, FRESHNESS, ROWS, Released

#: A row of ``exits`` in the order of its contract: what its area and trade say, then what each row says.
_ABOUT: Final = ("area", "trade", "trade_title")
_EACH: Final = ("window", "count", "as_of")


class RowWriter:
    """Encodes changes.

    Args:
        codec: Knows the contracts.
    """

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._exits = codec.writing(ROWS[EXITS])
        self._whole = self._exits.names != (*_ABOUT, *_EACH)  # a contract that grew is written as any other
        self._abouts: dict[str, bytes] = {}
        self._windows: dict[str, bytes] = {}
        self._counts: dict[int | None, bytes] = {}
        self._instants = lru_cache(maxsize=1)(lambda as_of: self._exits.write("as_of", as_of))

    def write(self, change: Released, as_of: datetime) -> bytes | None:
        """The record of a change, as of an instant; None for a withdrawn row."""
        view, key, row = change
        if row is None:
            return None
        if view == FRESHNESS:
            return self._codec.encode(ROWS[view], row)
        if view != EXITS or self._whole:
            return self._codec.encode(ROWS[view], {**row, "as_of": as_of})
        return self._said(key, row) + self._instants(as_of)

    def _said(self, key: str, row: dict[str, Any]) -> bytes:
        """All of a row of ``exits`` but its instant."""
        name, _, window = key.rpartition("|")
        value = row["count"]["value"]
        about = self._abouts.get(name)
        if about is None:
            about = self._abouts[name] = self._exits.header + self._fields(row, *_ABOUT)
        when = self._windows.get(window)
        if when is None:
            when = self._windows[window] = self._fields(row, "window")
        count = self._counts.get(value)
        if count is None:
            count = self._counts[value] = self._fields(row, "count")
        return about + when + count

    def _fields(self, row: dict[str, Any], *names: str) -> bytes:
        return b"".join(self._exits.write(name, row[name]) for name in names)


class RowReader:
    """Decodes what readers have, for who takes the release over.

    Args:
        codec: Knows the contracts.
    """

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._parts = codec.reading({ROWS[EXITS]: _EACH})
        self._writer = codec.writing(ROWS[EXITS])
        self._abouts: dict[str, tuple[bytes, dict[str, Any]]] = {}

    def read(self, view: str, key: str, value: bytes) -> dict[str, Any]:
        """The row in a record; raises ContractError."""
        if view == EXITS:
            about, row = self._abouts.get(key.rpartition("|")[0], (None, {}))
            if about is not None and value.startswith(about):
                window, count, as_of = self._parts.decode(value)[1]
                return {**row, "window": window, "count": count, "as_of": as_of}
        row = self._codec.read(ROWS[view], value)
        if view == EXITS:
            about = self._writer.header + b"".join(self._writer.write(name, row[name]) for name in _ABOUT)
            self._abouts[key.rpartition("|")[0]] = about, {name: row[name] for name in _ABOUT}
        return row
