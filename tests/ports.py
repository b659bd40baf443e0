"""Ports that nobody uses."""

import secrets
import socket
from contextlib import suppress


def free_port() -> int:
    """A free port below those that systems give to outgoing connections."""
    while True:
        port = 10_000 + secrets.randbelow(9_000)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
