"""Every request is measured and gets one line in the log; no defect of ours shows its inside to a client."""

from collections.abc import Callable
from typing import Any, Final

import structlog
from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.gateway.problems import Rejected, answer
from monitoring.gateway import GatewayMetrics

#: Closed labels: whatever else is asked for is "other".
_DOORS: Final = {"/v1/formats/": "formats", "/v1/contracts/": "contracts"}
#: What proxies write into their logs when a client goes away in mid-request.
CUT: Final = 499

log = structlog.get_logger("beffroi.gateway")


class Watch:
    """Goes around the application.

    Args:
        app: What it goes around.
        metrics: Told of each request.
        ticks: Seconds that never go back.
    """

    def __init__(self, app: ASGIApp, metrics: GatewayMetrics, ticks: Callable[[], float]) -> None:
        self._app = app
        self._metrics = metrics
        self._ticks = ticks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        door = next((name for start, name in _DOORS.items() if scope.get("path", "").startswith(start)), "other")
        if scope["type"] != "http" or door == "other":
            await self._app(scope, receive, send)
            return
        began, status = self._ticks(), CUT

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._metrics.open.track_inprogress():
            try:
                await self._app(scope, receive, sending)
            except ClientDisconnect:
                pass
            except Exception:  # the edge: a client never sees a traceback, whatever fails
                log.exception("request failed")
                if status == CUT:
                    await answer(Request(scope), Rejected("defect"))(scope, receive, sending)
        self._tell(scope.get("state", {}), door, status, self._ticks() - began)

    def _tell(self, state: dict[str, Any], door: str, status: int, seconds: float) -> None:
        self._metrics.requests.labels(door, str(status)).inc()
        self._metrics.seconds.labels(door).observe(seconds)
        report = state.get("report")
        counts = (
            {"accepted": report.accepted, "duplicate": report.duplicate, "refused": len(report.refused)}
            if report
            else {}
        )
        log.info(
            "request answered", door=door, partner=state.get("partner"), format=state.get("format"), status=status,
            problem=state.get("code"), seconds=round(seconds, 4), **counts,
        )  # fmt: skip
