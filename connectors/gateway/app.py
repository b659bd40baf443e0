"""The gateway's application: built here, started by the composition."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Annotated, Any, Final

import uvicorn
from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from joserfc.jwk import OKPKey
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException

from connectors.formats import formats
from connectors.gateway.connection import timely
from connectors.gateway.contracts import contract_formats
from connectors.gateway.describe import doors, problem_page, with_sign_in
from connectors.gateway.door import Ask, Door
from connectors.gateway.problems import Rejected, answer
from connectors.gateway.settings import GatewaySettings
from connectors.gateway.watch import Watch, log
from connectors.gateway.witness import KEY_PATH, Witness, key_file, signing_key
from connectors.intake import Intake
from monitoring.gateway import GatewayMetrics
from monitoring.serve import Place, run_web
from schemas.clock import Clock, system_clock

#: A publication takes up to some seconds; whoever waits for its answer gets it.
SHUTDOWN_S: Final = 15
#: An idle connection costs a file descriptor.
_KEEP_ALIVE_S: Final = 30
#: Connections at once; each request of a partner holds one.
_MOST_CONNECTIONS: Final = 1_000


def create_app(
    settings: GatewaySettings, intake: Intake, *, clock: Clock = system_clock, ticks: Callable[[], float] = monotonic
) -> FastAPI:
    """Build the application; what it holds starts and stops with it."""
    metrics = GatewayMetrics(CollectorRegistry())
    door = Door(settings, intake, metrics, clock, ticks)
    key = signing_key(key_file(settings.data_dir))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        door.start()
        yield
        door.stop()

    app = _Gateway(
        title="Beffroi: gateway", version="1", summary="Publish what you have; get a verdict on each record",
        lifespan=lifespan, docs_url=None, redoc_url=None,
    )  # fmt: skip
    _errors(app)
    _doors(app, door)
    _public_key(app, key)
    _monitoring(app, door, metrics)
    app.add_middleware(Watch, metrics=metrics, ticks=ticks)
    app.add_middleware(Witness, key=key, clock=clock)
    return app


class _Gateway(FastAPI):
    """Says in its description how partners sign in."""

    def openapi(self) -> dict[str, Any]:
        return with_sign_in(super().openapi())


def _doors(app: FastAPI, door: Door) -> None:
    contracts = contract_formats()
    of_formats, of_contracts = doors()

    @app.post("/v1/formats/{format}", **of_formats)
    async def publish_format(request: Request, format: str, ask: Annotated[Ask, Query()]) -> Response:  # noqa: A002  # its name in the address
        return await door.take(request, format, formats(), ask)

    @app.post("/v1/contracts/{contract}", **of_contracts)
    async def publish_contract(request: Request, contract: str, ask: Annotated[Ask, Query()]) -> Response:
        return await door.take(request, contract, contracts, ask)

    @app.get("/problems/{code}", summary="What a kind of problem is", include_in_schema=False)
    async def page(code: str) -> dict[str, Any]:
        return problem_page(code)


def _public_key(app: FastAPI, key: OKPKey) -> None:
    @app.get(KEY_PATH, summary="The public key that certificates are checked with, as PEM", response_class=Response)
    async def public() -> Response:
        return Response(key.as_pem(private=False), media_type="application/x-pem-file")


def _monitoring(app: FastAPI, door: Door, metrics: GatewayMetrics) -> None:
    @app.get("/health", include_in_schema=False)
    async def health() -> JSONResponse:
        return JSONResponse({"status": "ok" if door.link.up else "kafka away"}, 200 if door.link.up else 503)

    @app.get("/metrics", include_in_schema=False)
    def scrape() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _errors(app: FastAPI) -> None:
    @app.exception_handler(Rejected)
    async def rejected(request: Request, error: Rejected) -> Response:
        request.state.code = error.code
        return answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def query(request: Request, error: RequestValidationError) -> Response:
        wrong = sorted({str(one["loc"][-1]) for one in error.errors()})
        return await rejected(request, Rejected("query", f"makes no sense: {', '.join(wrong)}"))

    @app.exception_handler(HTTPException)
    async def unknown(request: Request, error: HTTPException) -> Response:
        code = "method" if error.status_code == 405 else "not-found"  # noqa: PLR2004  # HTTP's own number
        return await rejected(request, Rejected(code, headers=error.headers))


def run_gateway(settings: GatewaySettings, intake: Intake) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        SettingsError: The port is in use.
    """
    bound = Place("gateway", "BEFFROI_GATEWAY_PORT", settings.host, settings.port).bound()
    config = uvicorn.Config(
        create_app(settings, intake), log_config=None, access_log=False, server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_S, timeout_keep_alive=_KEEP_ALIVE_S, limit_concurrency=_MOST_CONNECTIONS,
        http=timely(settings.body_timeout_s),
    )  # fmt: skip
    log.info("gateway serves", address=f"http://{settings.host}:{bound.getsockname()[1]}/")
    run_web(uvicorn.Server(config), bound)
