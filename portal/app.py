"""The portal's application: built here, started by the composition."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any, Final

import structlog
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from monitoring.portal import PortalMetrics
from monitoring.serve import Place, run_web
from portal.api import snapshots, stream
from portal.api.problems import on_error
from portal.pages import routes
from portal.past import Past
from portal.queries import Queries
from portal.readmodel import ReadModel
from portal.settings import PortalSettings
from schemas.clock import Clock, system_clock
from schemas.errors import BeffroiError
from schemas.territory.areas import Territory
from schemas.territory.trades import Trades

#: Open feeds get their last word within this; without a bound one of them would keep the process alive for ever.
SHUTDOWN_S: Final = 3
_SECURITY: Final = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}

log = structlog.get_logger(__name__)


class Portal:
    """The parts of a portal, wired.

    Args:
        settings: Of the portal.
        clock: Decides days and ages.
    """

    def __init__(self, settings: PortalSettings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.territory = Territory.load(settings.region, settings.area_tables)
        self.trades = Trades.load(settings.trade_table)
        self.queries = Queries(self.territory, self.trades)
        self.metrics = PortalMetrics(CollectorRegistry())
        self.model = ReadModel(settings, clock)
        self.past = Past(settings.archive_dir, settings.prefix, clock)
        self.feeds = stream.Feeds(self.model, settings.queue, self.metrics.feeds.set)

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Well when every view was read to its end and Kafka answers."""
        away = self.model.away_s
        well = self.model.caught_up and not away
        rows = {name: len(view.rows) for name, view in self.model.views.items()}
        status = "ok" if well else ("kafka away" if away else "starting")
        return well, {"status": status, "rows": rows, "caught_up": self.model.caught_up}

    def scrape(self) -> bytes:
        """Prometheus text."""
        for name, view in self.model.views.items():
            self.metrics.rows.labels(name).set(len(view.rows))
        self.metrics.caught_up.set(self.model.caught_up)
        return generate_latest(self.metrics.registry)


def create_app(settings: PortalSettings, *, clock: Clock = system_clock) -> FastAPI:
    """Build the application; the read model starts and stops with it."""
    portal = Portal(settings, clock)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        portal.model.start()
        yield
        portal.feeds.close()
        portal.model.stop()

    app = FastAPI(
        title="Beffroi", version="1", summary="Who finishes training near here, when, and in which trade",
        lifespan=lifespan, docs_url=None, redoc_url=None,
    )  # fmt: skip
    app.state.portal = portal
    app.add_exception_handler(BeffroiError, on_error)
    app.middleware("http")(_measured(portal))
    app.include_router(stream.router(portal.model, portal.queries, portal.feeds))
    answers = snapshots.Sources(portal.model, portal.past, portal.queries)
    app.include_router(snapshots.router(answers))
    pages = routes.Pages(answers, settings, clock)
    app.include_router(routes.router(pages, portal.territory, portal.trades, settings))
    _monitoring(app, portal)
    return app


def _monitoring(app: FastAPI, portal: Portal) -> None:
    @app.get("/health", include_in_schema=False)
    def health() -> JSONResponse:
        well, details = portal.health()
        return JSONResponse(details, 200 if well else 503)

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(portal.scrape(), media_type=CONTENT_TYPE_LATEST)


Next = Callable[[Request], Awaitable[Response]]


def _measured(portal: Portal) -> Callable[[Request, Next], Awaitable[Response]]:
    async def measure(request: Request, call_next: Next) -> Response:
        began = perf_counter()
        response = await call_next(request)
        route = getattr(request.scope.get("route"), "path", "none")
        portal.metrics.requests.labels(route, f"{response.status_code // 100}xx").inc()
        portal.metrics.seconds.labels(route).observe(perf_counter() - began)
        response.headers.update(_SECURITY)
        return response

    return measure


class _Server(uvicorn.Server):
    """Tells open feeds to go as soon as a signal asks the process to stop."""

    def __init__(self, config: uvicorn.Config, portal: Portal) -> None:
        super().__init__(config)
        self._portal = portal

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._portal.feeds.close()
        await super().shutdown(sockets)


def run_portal(settings: PortalSettings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        SettingsError: The port is in use.
    """
    bound = Place("portal", "BEFFROI_PORTAL_PORT", settings.host, settings.port).bound()
    app = create_app(settings)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=SHUTDOWN_S, server_header=False
    )
    log.info("portal serves", address=f"http://{settings.host}:{bound.getsockname()[1]}/")
    run_web(_Server(config, app.state.portal), bound)
