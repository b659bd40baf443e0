"""The HTTP edge of a poller: asks one question politely and patiently, and says in our words what went wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import orjson
import stamina
from aiolimiter import AsyncLimiter

from connectors.pollers.credentials import Credentials
from connectors.pollers.feeds import Answer, Ask
from schemas.clock import Clock
from schemas.errors import BeffroiError, SourceChanged, SourceRefused, SourceUnavailable

#: The largest answers known, 1,000 structures, have 4 MB; a body that goes on and on is cut off.
MOST_BYTES: Final = 64 << 20
USER_AGENT: Final = "beffroi-poller/1"

_NO_CONTENT, _UNCHANGED = 204, 304
_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _GONE = 400, 401, 403, 404, 410
_TIMEOUT, _TOO_MANY = 408, 429
_REDIRECTION, _CLIENT_ERROR, _SERVER_ERROR = 300, 400, 500


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a poller waits, in seconds, and how often it tries.

    Attributes:
        attempts: Of one question; with the waits below they span a good minute.
        first_wait: Before the second attempt; doubled each time.
        longest_wait: Between two attempts.
        answer: For one whole answer, however slowly it trickles.
        connection: For a connection.
        retry_after: The longest wait that an API may ask for; if it asks for more, the sweep stops and goes on later.
    """

    attempts: int = 7
    first_wait: float = 1.0
    longest_wait: float = 60.0
    answer: float = 60.0
    connection: float = 10.0
    retry_after: float = 300.0


class _TryAgain(SourceUnavailable):
    """An attempt failed in a way that passes; how long the API asks to wait, if it does."""

    def __init__(self, why: str, wait_s: float | None = None) -> None:
        super().__init__(why)
        self.wait_s = wait_s


class _Unauthorised(SourceRefused):
    """Status 401 where a token was sent."""


#: Told of each answer: how it ended (see ``monitoring.polling``) and how many seconds it took.
Observe = Callable[[str, float], None]


@dataclass(frozen=True)
class Edge:
    """One API over HTTP.

    Attributes:
        client: Open as long as the edge is used; follows no redirection.
        where: What the API is, in words.
        address: Of the API.
        credentials: Who we are; None where the request itself says it.
        rate: Requests a second.
        patience: How long to wait.
        observe: Told of each answer.
        clock: For a Retry-After that is a date and comes without the server's own.
    """

    client: httpx2.AsyncClient
    where: str
    address: str
    credentials: Credentials | None
    rate: float
    patience: Patience
    observe: Observe
    clock: Clock

    @cached_property
    def _limiter(self) -> AsyncLimiter:
        return AsyncLimiter(1, 1 / self.rate)

    async def ask(self, ask: Ask, known: Mapping[str, str] | None = None) -> Answer:
        """The answer to a question.

        Args:
            ask: Asking twice changes nothing on the other side, so that it is asked again when no answer comes.
            known: Headers of a conditional request; the answer may then be 304.

        Raises:
            SourceUnavailable: No answer in time, however often it was asked.
            SourceRefused: Credentials or rights are wrong.
            SourceChanged: The API is gone, or no longer understands the question.
        """
        content = None if ask.body is None else orjson.dumps(ask.body)
        headers = {"Content-Type": "application/json", **(known or {})} if content else dict(known or {})
        return await self._patiently(ask.path, content, headers)

    async def post_form(self, form: dict[str, str]) -> object:
        """The JSON that answers a form; used for tokens. Raises as ``ask`` does."""
        content = str(httpx2.QueryParams(form)).encode()
        answer = await self._patiently("", content, {"Content-Type": "application/x-www-form-urlencoded"})
        return answer.content

    async def _patiently(self, path: str, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        patience = self.patience
        attempts = stamina.retry_context(
            on=self._wait_for, attempts=patience.attempts, timeout=None, wait_initial=patience.first_wait,
            wait_max=patience.longest_wait, wait_jitter=patience.first_wait,
        )  # fmt: skip
        try:
            async for attempt in attempts:
                with attempt:
                    return await self._once(path, content, headers)
        except _TryAgain as error:
            raise SourceUnavailable(
                f"{self.where} gave no answer in {patience.attempts} attempts: {error}",
                fix="nothing was withdrawn; the next poll goes on where this one stopped",
            ) from error
        raise AssertionError  # unreachable: the last attempt returns or raises

    @staticmethod
    def _wait_for(error: Exception) -> bool | float:
        if isinstance(error, _TryAgain):
            return True if error.wait_s is None else error.wait_s
        return False

    async def _once(self, path: str, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        """One attempt, and a second one at once with a new token when the first had an old one."""
        credentials = self.credentials
        if credentials is None:
            return await self._send(path, content, headers)
        token = await credentials.token()
        try:
            return await self._send(path, content, {**headers, "Authorization": f"Bearer {token}"})
        except _Unauthorised:
            if not credentials.forget(token):
                raise self._refused() from None
        token = await credentials.token()
        try:
            return await self._send(path, content, {**headers, "Authorization": f"Bearer {token}"})
        except _Unauthorised:
            raise self._refused() from None

    async def _send(self, path: str, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        await self._limiter.acquire()
        began = monotonic()
        outcome = "failed"
        try:
            async with self._in_time():
                response, body = await self._exchange(path, content, headers)
            outcome = _outcome(response.status_code)
            return self._understood(response, body)
        finally:
            self.observe(outcome, monotonic() - began)

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        """Whatever the network does to an answer is a reason to try again."""
        try:
            async with asyncio.timeout(self.patience.answer):
                yield
        except TimeoutError:
            raise _TryAgain(f"no whole answer within {self.patience.answer:g} s") from None
        except httpx2.TransportError as error:
            raise _TryAgain(f"the connection failed ({type(error).__name__})") from error
        except httpx2.DecodingError as error:
            raise _TryAgain("a body that cannot be decompressed") from error

    async def _exchange(
        self, path: str, content: bytes | None, headers: Mapping[str, str]
    ) -> tuple[httpx2.Response, bytes]:
        method = "GET" if content is None else "POST"
        request = self.client.build_request(
            method, self.address + path, content=content,
            headers={"Accept": "application/json", "User-Agent": USER_AGENT, **headers},
        )  # fmt: skip
        response = await self.client.send(request, stream=True)
        try:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise SourceChanged(
                        f"{self.where} sends more than {MOST_BYTES} bytes in one answer", fix="ask who runs it"
                    )
            return response, bytes(body)
        finally:
            await response.aclose()

    def _understood(self, response: httpx2.Response, body: bytes) -> Answer:
        status = response.status_code
        if status in {_TOO_MANY, _TIMEOUT} or status >= _SERVER_ERROR:
            raise self._later(response)
        if status == _UNCHANGED:
            return Answer(status, dict(response.headers))
        if status >= _REDIRECTION:
            raise self._error(response, body)
        if status == _NO_CONTENT or not body:
            return Answer(status, dict(response.headers))
        try:
            return Answer(status, dict(response.headers), orjson.loads(body))
        except orjson.JSONDecodeError:
            raise _TryAgain(f"an answer {status} of {len(body)} bytes that is no JSON or ends early") from None

    def _later(self, response: httpx2.Response) -> SourceUnavailable:
        wait = retry_after(response.headers, self.clock())
        why = f"status {response.status_code}"
        if wait is not None and wait > self.patience.retry_after:
            return SourceUnavailable(
                f"{self.where} answers {why} and asks to wait {wait:.0f} s",
                fix="the next poll goes on where this one stopped",
            )
        return _TryAgain(why, wait)

    def _error(self, response: httpx2.Response, body: bytes) -> BeffroiError:
        status = response.status_code
        if refusal := self._refusal(status, _oauth_error(body)):
            return refusal
        if status < _CLIENT_ERROR:
            host = urlsplit(response.headers.get("location", "")).hostname or "elsewhere"
            return self._changed(f"moved to {host} (status {status})", "set its new address in the settings")
        if status in {_NOT_FOUND, _GONE}:
            return self._changed(f"is not there any more (status {status})", "set its new address in the settings")
        return self._changed(
            f"does not understand what is asked (status {status})",
            "compare with the API's documentation; a newer Beffroi may know its new form",
        )

    def _refusal(self, status: int, cause: str) -> SourceRefused | None:
        """Whether it is about us: our rights, our credentials, or a token that ended."""
        if status == _FORBIDDEN or cause in {"invalid_scope", "unauthorized_client"}:
            return SourceRefused(
                f"{self.where} grants this application no right to what is asked (status {status})",
                fix="subscribe the application to this API on the partner's portal: all of its scopes are needed",
            )
        if status == _UNAUTHORIZED or cause in {"invalid_client", "invalid_grant"}:
            return self._refused() if self.credentials is None else _Unauthorised(f"status {status}")
        return None

    def _changed(self, what: str, fix: str) -> SourceChanged:
        return SourceChanged(f"{self.where} {what}", fix=fix)

    def _refused(self) -> SourceRefused:
        return SourceRefused(
            f"{self.where} refuses our credentials",
            fix="correct the client id and secret, or the token, in the settings, or ask the partner for new ones",
        )


def _outcome(status: int) -> str:
    named = {
        _NO_CONTENT: "empty",
        _UNCHANGED: "unchanged",
        _TOO_MANY: "limited",
        _UNAUTHORIZED: "refused",
        _FORBIDDEN: "refused",
    }
    return named.get(status, "taken" if status < _REDIRECTION else "failed")


def _oauth_error(body: bytes) -> str:
    """The ``error`` of a token service's answer (RFC 6749 §5.2)."""
    try:
        found: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    cause = found.get("error") if isinstance(found, dict) else None
    return cause if isinstance(cause, str) else ""


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that an answer asks to wait (RFC 9110 §10.2.3); a date is counted from the server's own clock."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    until = _date(text)
    if until is None:
        return None
    return max((until - (_date(headers.get("date", "")) or now)).total_seconds(), 0.0)


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
