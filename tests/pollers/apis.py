"""The partners' APIs as they are documented, on a local port, with faults on order."""

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from schemas.clock import PARIS
from tests.ports import free_port
from tests.waiting import until

CLIENT, SECRET, DATA_INCLUSION_TOKEN = "PAR_beffroi_test", "s3cret-of-the-client", "s3cret-token"
#: The scopes of the two descriptions: each API wants both of its own.
SCOPES = {"/offresdemploi": {"api_offresdemploiv2", "o2dsoffre"}, "/evenements": {"api_evenementsv1", "evenements"}}

#: A town of each département.
TOWNS = {"59": "59350", "62": "62041", "80": "80021"}

#: Answers instead of the API, or lets it answer (None).
Fault = Callable[[Request], Awaitable[Response | None]]


@dataclass
class Offer:
    """A listed offer."""

    id: str
    departement: str
    created: datetime
    content: dict[str, Any] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """As the search gives it, contact and agency included."""
        written = self.created.strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "id": self.id,
            "intitule": f"Offre {self.id}",
            "dateCreation": written,
            "dateActualisation": written,
            "lieuTravail": {"commune": TOWNS.get(self.departement, "75056")},
            "contact": {"nom": "Mme Untel", "courriel": "untel@example.org"},
            "agence": {"telephone": "0300000000"},
            **self.content,
        }


@dataclass
class Apis:
    """What is listed, who may ask, what was asked.

    Attributes:
        page: Largest range of offers.
        ceiling: Offers one question reaches.
        before: Run before each answer of an API, with the number of the question from 1: moves things between pages.
        faults: The next questions are met by these.
        etags: Answers of data·inclusion can be recognised.
        ahead: By how much the server's clock is ahead.
    """

    page: int = 150
    ceiling: int = 3150
    offers: dict[str, Offer] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    services: list[dict[str, Any]] = field(default_factory=list)
    structures: list[dict[str, Any]] = field(default_factory=list)
    before: Callable[[int], None] = lambda _: None
    faults: list[Fault] = field(default_factory=list)
    etags: bool = False
    ahead: timedelta = timedelta(0)
    lifetime: float | None = 1499
    granted: set[str] = field(default_factory=lambda: set.union(*SCOPES.values()))
    tokens: dict[str, set[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)
    renewals: int = 0
    url: str = ""
    never: asyncio.Event = field(default_factory=asyncio.Event)

    def app(self) -> FastAPI:
        """The application."""
        app = FastAPI()
        app.post("/connexion/oauth2/access_token")(self.token)
        app.get("/offresdemploi/v2/offres/search")(self.search)
        app.post("/evenements/v1/mee/evenements")(self.agenda)
        app.get("/api/v1/{kind}")(self.inclusion)
        app.middleware("http")(self._watched)
        return app

    async def _watched(self, request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        if request.url.path.endswith("access_token"):
            return await go_on(request)
        self.asked.append(f"{request.url.path}?{request.scope['query_string'].decode()}")
        self.before(len(self.asked))
        answer = await self.faults.pop(0)(request) if self.faults else None
        answer = answer or self._unauthorised(request) or await go_on(request)
        self.answered.append(answer.status_code)
        return answer

    def _unauthorised(self, request: Request) -> Response | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if request.url.path.startswith("/api/v1"):
            return None if token == DATA_INCLUSION_TOKEN else JSONResponse({"detail": "Not authenticated"}, 401)
        if token not in self.tokens:
            return JSONResponse({"message": "invalid token"}, 401)
        wanted = next(scopes for path, scopes in SCOPES.items() if request.url.path.startswith(path))
        return None if wanted <= self.tokens[token] else JSONResponse({"message": "insufficient scope"}, 403)

    async def token(self, request: Request) -> Response:
        """RFC 6749 §4.4 and §5."""
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        if request.query_params.get("realm") != "/partenaire" or form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "invalid_request"}, 400)
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return JSONResponse({"error": "invalid_client"}, 401)
        scopes = set(form.get("scope", "").split())
        if not scopes <= self.granted:
            return JSONResponse({"error": "invalid_scope"}, 400)
        self.renewals += 1
        token = f"token-{self.renewals}"
        self.tokens[token] = scopes
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": self.lifetime})

    async def search(self, request: Request) -> Response:
        """``range`` pages of offers, the newest first; hours are those of Paris whatever the Z says."""
        if b"%3A" in request.scope["query_string"].upper():
            return JSONResponse({"message": "date invalide"}, 400)
        asked = request.query_params
        first, last = (int(part) for part in asked["range"].split("-"))
        if last - first >= self.page or first > self.ceiling - self.page or last >= self.ceiling:
            return JSONResponse({"message": "La plage de résultats demandée est trop importante."}, 400)
        since, until = (datetime.fromisoformat(asked[name][:-1]) for name in ("minCreationDate", "maxCreationDate"))
        found = [
            offer for offer in sorted(self.offers.values(), key=lambda one: (one.created, one.id), reverse=True)
            if offer.departement in asked["departement"].split(",") and since <= _wall(offer.created) <= until
        ]  # fmt: skip
        if not found:
            return Response(status_code=204, headers={"Content-Range": "offres */0"})
        shown = found[first : last + 1]
        content_range = f"offres {first}-{first + len(shown) - 1}/{len(found)}"
        status = 200 if first + len(shown) >= len(found) else 206
        return JSONResponse({"resultats": [one.json() for one in shown]}, status, {"Content-Range": content_range})

    async def agenda(self, request: Request) -> Response:
        """Pages from 0, at most 100 events."""
        asked, body = request.query_params, await request.json()
        page, size = int(asked["page"]), int(asked["size"])
        if size > 100:
            return JSONResponse({"message": "size"}, 400)
        found = [
            one for one in self.events
            if one["codePostal"][:2] in body["departements"] and one["dateEvenement"][:10] >= body["dateDebut"]
        ]  # fmt: skip
        return JSONResponse({"totalElements": len(found), "content": found[page * size : (page + 1) * size]})

    async def inclusion(self, kind: str, request: Request) -> Response:
        """Pages from 1, at most 10,000 records."""
        asked = request.query_params
        page, size = int(asked["page"]), int(asked["size"])
        if page < 1 or not 1 <= size <= 10_000:
            return JSONResponse({"detail": [{"loc": ["query", "size"]}]}, 422)
        rows = self.services if kind == "services" else self.structures
        found = [one for one in rows if one["code_insee"].startswith(asked["code_departement"])]
        shown = found[(page - 1) * size : page * size]
        answer = JSONResponse({"items": shown, "total": len(found), "page": page, "size": len(shown)})
        if self.etags:
            tag = f'"{sha256(bytes(answer.body)).hexdigest()[:16]}"'
            if request.headers.get("if-none-match") == tag:
                return Response(status_code=304, headers={"ETag": tag})
            answer.headers["ETag"] = tag
        return answer

    def expire(self) -> None:
        """Every token that was given is worth nothing now."""
        self.tokens.clear()

    def ranges(self) -> list[tuple[int, int]]:
        """First and last index of each question for offers."""
        found = (re.search(r"range=(\d+)-(\d+)", path) for path in self.asked)
        return [(int(one[1]), int(one[2])) for one in found if one]


def _wall(instant: datetime) -> datetime:
    return instant.astimezone(PARIS).replace(tzinfo=None)


def status(code: int, **headers: str) -> Fault:
    """An answer without content."""

    async def fault(_: Request) -> Response:
        return Response(status_code=code, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return fault


def content(body: bytes, code: int = 200, **headers: str) -> Fault:
    """Some other answer."""

    async def fault(_: Request) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Response(body, code, named, "application/json")

    return fault


def cut(body: bytes) -> Fault:
    """A body that ends before its announced length."""

    async def fault(_: Request) -> Response:
        return StreamingResponse(iter([body]), 200, {"Content-Length": str(len(body) + 100)})

    return fault


def silence(apis: Apis) -> Fault:
    """An answer that begins and never ends."""

    async def fault(_: Request) -> Response:
        async def body() -> Any:
            yield b'{"resultats":['
            await apis.never.wait()

        return StreamingResponse(body(), 206)

    return fault


@contextmanager
def serving(apis: Apis) -> Iterator[Apis]:
    """The APIs on a port of this machine."""
    port = free_port()
    # The cut bodies are ours: uvicorn need not tell of them.
    config = uvicorn.Config(
        apis.app(), host="127.0.0.1", port=port, log_level="critical", lifespan="off", timeout_graceful_shutdown=1,
        date_header=False, headers=[("Date", _http_date(datetime.now(UTC) + apis.ahead))],
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="partners' APIs", daemon=True)
    thread.start()
    try:
        until(lambda: server.started, 10, "the APIs answer")
        apis.url = f"http://127.0.0.1:{port}"
        yield apis
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)


def _http_date(instant: datetime) -> str:
    from email.utils import format_datetime

    return format_datetime(instant, usegmt=True)
