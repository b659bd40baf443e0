"""``/metrics`` and ``/health`` of a process that has no web server of its own."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from schemas.errors import SettingsError

#: Well or not, and the details.
HealthReport = Callable[[], tuple[bool, dict[str, Any]]]

_OK, _NOT_FOUND, _UNWELL = 200, 404, 503


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


def serve(host: str, port: int, registry: CollectorRegistry, health: HealthReport) -> MonitoringServer:
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

    try:
        return MonitoringServer(ThreadingHTTPServer((host, port), Handler))
    except OSError:
        raise SettingsError(
            f"port {port} of {host} is in use by another program", fix="set BEFFROI_WORKER_PORT to another port"
        ) from None
