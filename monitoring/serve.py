"""Where a process listens and until when; and ``/metrics`` and ``/health`` of one that has no web server of its own."""

import json
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from schemas.errors import SettingsError

#: Well or not, and the details.
HealthReport = Callable[[], tuple[bool, dict[str, Any]]]

_OK, _NOT_FOUND, _UNWELL = 200, 404, 503


@dataclass(frozen=True, slots=True)
class Place:
    """Where something listens.

    Attributes:
        what: It is, for people.
        setting: The setting that names the port.
        host: Address of this machine.
        port: 0 takes a free one.
    """

    what: str
    setting: str
    host: str
    port: int

    def bound(self) -> socket.socket:
        """A socket that holds the place.

        Raises:
            SettingsError: The port is in use, or the address is not ours.
        """
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        # The protocol is named, for asyncio turns Nagle's algorithm off only where it is: an answer in two writes would
        # wait 40 ms for the client's delayed acknowledgement.
        made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((self.host, self.port))
        except OSError as error:
            made.close()
            reason = (error.strerror or "refused").lower()
            raise SettingsError(
                f"the {self.what} cannot listen at {self.host}:{self.port}: {reason}",
                fix=f"set {self.setting} to another port, or stop what uses this one",
            ) from None
        return made


class WebServer(Protocol):
    """What ``run_web`` runs: ``uvicorn.Server``."""

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until a signal says to end."""
        ...


def run_web(server: WebServer, bound: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; the end that they ask for is no failure."""
    on_end()  # uvicorn raises the signal once more when it is done
    server.run([bound])


def on_end(*ends: Callable[[], object]) -> None:
    """Call all of these when SIGTERM or SIGINT ask this process to end, instead of ending it."""

    def told(*_: object) -> None:
        for end in ends:
            end()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told)


class MonitoringServer:
    """A small server in a thread of its own.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self.port: int = server.server_address[1]
        threading.Thread(target=server.serve_forever, name="monitoring", daemon=True).start()

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()


def serve(place: Place, registry: CollectorRegistry, health: HealthReport) -> MonitoringServer:
    """Answer ``GET /metrics`` (Prometheus text) and ``GET /health`` (JSON; 200 when well, else 503).

    Raises:
        SettingsError: The port is in use.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # http.server's own name
            if self.path == "/metrics":
                self._answer(_OK, CONTENT_TYPE_LATEST, generate_latest(registry))
            elif self.path == "/health":
                well, details = health()
                body = json.dumps({"status": "ok" if well else "unwell", **details}).encode()
                self._answer(_OK if well else _UNWELL, "application/json", body)
            else:
                self._answer(_NOT_FOUND, "text/plain; charset=utf-8", b"try /metrics or /health\n")

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Scrapes are not news."""

    server = ThreadingHTTPServer((place.host, place.port), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = place.bound()
    server.server_address = server.socket.getsockname()
    server.server_activate()
    return MonitoringServer(server)
