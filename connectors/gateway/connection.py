"""A connection whose requests begin in time: who drips a head, or never sends one, does not hold a place for ever.

uvicorn waits for a head as long as its sender likes, and counts the connection among those that it serves at once. How
long a head may be is h11's own limit, 16 kB while it is incomplete.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


def timely(patience_s: float) -> type[asyncio.Protocol]:
    """The protocol of a server that waits so many seconds for a head, from the connection or its first byte on."""
    return type("TimelyProtocol", (_Timely,), {"patience_s": patience_s})


class _Timely(H11Protocol):
    patience_s: float
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]  # a stream's, as all of a server
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._forget()
        elif self._deadline is None:  # of a further request on the same connection
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._deadline = self.loop.call_later(self.patience_s, self._give_up)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            headers: list[Any] = [(b"connection", b"close"), (b"content-length", b"0")]
            for event in (h11.Response(status_code=408, headers=headers), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
            self.transport.close()
