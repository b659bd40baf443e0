"""How a poller says who it is: a fixed token, or OAuth2 client credentials whose token is kept nearly to its end."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from pydantic import SecretStr

from schemas.errors import SourceChanged

#: A token is renewed this long before it ends: longer than any single request takes.
MARGIN_S: Final = 60.0
#: Of the life of a token that lives shorter than the margin, this part is used.
_USED_OF_A_SHORT_LIFE: Final = 0.5

#: Posts the form of a token request; gives the JSON of the answer.
PostForm = Callable[[dict[str, str]], Awaitable[object]]


class Credentials(Protocol):
    """Gives the bearer token of a request."""

    async def token(self) -> str:
        """The token to send now."""
        ...

    def forget(self, token: str) -> bool:
        """A token was refused; whether another can be had."""
        ...


@dataclass(frozen=True)
class FixedToken:
    """A token that its holder was given once."""

    secret: SecretStr

    async def token(self) -> str:
        """The token itself."""
        return self.secret.get_secret_value()

    def forget(self, token: str) -> bool:
        """There is no other."""
        del token
        return False


class ClientCredentials:
    """OAuth2 client credentials (RFC 6749 §4.4).

    Ages are counted on the monotonic clock from before the request: neither a clock that is wrong nor a slow answer
    makes a token live longer.

    Args:
        client_id: Of the application.
        secret: Of the application.
        scopes: All of them are needed at once.
        post: Sends the request for a token.
        now: Monotonic seconds.
    """

    def __init__(
        self, client_id: str, secret: SecretStr, scopes: tuple[str, ...], post: PostForm, now: Callable[[], float]
    ) -> None:
        self._client_id = client_id
        self._secret = secret
        self._scopes = scopes
        self._post = post
        self._now = now
        self._token = ""
        self._until = float("-inf")
        self._renewal = asyncio.Lock()

    async def token(self) -> str:
        """The token that is held, or a new one; many may ask, one renews."""
        async with self._renewal:
            if self._now() >= self._until:
                await self._renew()
            return self._token

    def forget(self, token: str) -> bool:
        """Renew before the next request, unless somebody did already."""
        if token == self._token:
            self._until = float("-inf")
        return True

    async def _renew(self) -> None:
        began = self._now()
        answer = await self._post({
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._secret.get_secret_value(),
            "scope": " ".join(self._scopes),
        })  # fmt: skip
        self._token, life = _token_in(answer)
        self._until = began + max(life - MARGIN_S, life * _USED_OF_A_SHORT_LIFE)


def _token_in(answer: object) -> tuple[str, float]:
    """Token and its life in seconds (RFC 6749 §5.1)."""
    found = answer if isinstance(answer, dict) else {}
    token, life = found.get("access_token"), found.get("expires_in", 0)
    if not isinstance(token, str) or not token or not isinstance(life, int | float):
        raise SourceChanged(
            "the token service answered without access_token",
            fix="compare with the API's documentation, or correct the address of the token service",
        )
    return token, float(life)
