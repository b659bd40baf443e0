"""Errors as ``application/problem+json`` (RFC 9457), in English or French."""

from typing import Final

import structlog
from fastapi import Request
from fastapi.responses import JSONResponse

from portal.past import NotArchived
from portal.queries import BadQuery
from schemas.errors import ArchiveError, BeffroiError, PositionLost

_TITLES: Final = {
    400: ("what was asked makes no sense", "la demande n'a pas de sens"),
    404: ("there is nothing here", "il n'y a rien ici"),
    406: ("no such form", "cette forme n'existe pas"),
    410: ("the position is no longer held: start again", "la position n'est plus tenue : recommencez"),
    500: ("this failed here", "échec de notre côté"),
    503: ("the views are being read; try again in a moment", "les vues sont en cours de lecture ; réessayez"),
}
_TYPE: Final = "application/problem+json"

log = structlog.get_logger(__name__)


def french(request: Request) -> bool:
    """Whether the reader prefers French to English."""
    languages = request.headers.get("accept-language", "").lower()
    return "fr" in languages and languages.find("fr") <= (languages.find("en") if "en" in languages else len(languages))


def problem(request: Request, status: int, detail: str = "", **more: object) -> JSONResponse:
    """A problem document."""
    english, in_french = _TITLES.get(status, ("this failed", "échec"))
    body = {
        "type": f"/problems/{status}",
        "title": in_french if french(request) else english,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        **more,
    }
    headers = {"Retry-After": "2"} if status == 503 else {}  # noqa: PLR2004  # HTTP's own number
    return JSONResponse(body, status, headers, media_type=_TYPE)


async def on_error(request: Request, error: Exception) -> JSONResponse:
    """The answer to one of our own errors."""
    if isinstance(error, BadQuery):
        return problem(request, 400, str(error), **error.details)
    if isinstance(error, NotArchived):
        return problem(request, 404, str(error), **error.details)
    if isinstance(error, ArchiveError):
        log.error("the archive cannot be read", error=str(error))
        return problem(request, 500, "the archive of that day cannot be read; the operator's log says more")
    status = 410 if isinstance(error, PositionLost) else 400
    return problem(request, status, str(error) if isinstance(error, BeffroiError) else "")
