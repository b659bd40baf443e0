"""Ports that nobody uses."""

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

#: Below the ports that systems give to outgoing connections, which begin at 32768 on Linux.
_FIRST: Final = 10_000
#: Tests that run side by side have so many each, so that none takes what another was given and does not use yet.
_SHARE: Final = 1_000
_SHARES: Final = 9


def _mine() -> Iterator[int]:
    """The ports of this process, over and over: one that was given comes again after all others."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", f"gw{_SHARES - 1}").removeprefix("gw")) % _SHARES
    number = secrets.randbelow(_SHARE)
    while True:
        number = (number + 1) % _SHARE
        yield _FIRST + worker * _SHARE + number


_PORTS: Final = _mine()


def free_port() -> int:
    """A port that nobody uses, and that was given to nobody else who has yet to use it."""
    while True:
        port = next(_PORTS)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
