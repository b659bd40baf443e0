"""Who asks: a partner by its bearer token, ours or an OAuth2 one; whatever is wrong gets one and the same answer."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx2
import structlog
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet
from joserfc.jwt import JWTClaimsRegistry

from connectors.gateway.problems import Rejected
from connectors.gateway.settings import GatewaySettings
from connectors.gateway.tokens import PREFIX, TokenFile
from schemas.clock import Clock

#: Signatures by asymmetric keys alone (RFC 8725 §3.1): no ``none``, no secret shared with the issuer.
ALGORITHMS: Final = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP", "Ed25519": "OKP"}
#: Tokens of the known issuers have up to 2 kB.
_TOKEN_MOST: Final = 8_192
#: Clocks of two well-kept machines differ by less.
_LEEWAY_S: Final = 30
#: A stranger who invents key ids must not make us ask the issuer more often.
_REFETCH_S: Final = 30.0
_FETCH_TIMEOUT_S: Final = 3.0
#: A set of keys has some kilobytes.
_KEYS_MOST: Final = 262_144

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        partner: Name of the partner.
        sources: Those it may publish.
    """

    partner: str
    sources: frozenset[str]


class Keys:
    """The issuer's keys, by id; fetched when an unknown id comes, but not often.

    Args:
        url: Of the JSON Web Key Set (RFC 7517).
        monotonic: Seconds that never go back.
    """

    def __init__(self, url: str, monotonic: Callable[[], float]) -> None:
        self._url = url
        self._monotonic = monotonic
        self._asked: float | None = None
        self._lock = asyncio.Lock()
        self._keys: dict[str, Key] = {}

    async def by_id(self, kid: str) -> Key | None:
        """The key; None when the issuer has none of this id."""
        if kid not in self._keys:
            async with self._lock:
                now = self._monotonic()
                if kid not in self._keys and (self._asked is None or now - self._asked >= _REFETCH_S):
                    self._asked = now
                    await self._fetch()
        return self._keys.get(kid)

    async def _fetch(self) -> None:
        try:
            async with (
                httpx2.AsyncClient(timeout=_FETCH_TIMEOUT_S, follow_redirects=False) as client,
                client.stream("GET", self._url) as response,
            ):
                response.raise_for_status()
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > _KEYS_MOST:
                        raise ValueError  # noqa: TRY301  # no key set is that long
            found = KeySet.import_key_set(httpx2.Response(200, content=bytes(body)).json())
        except (httpx2.HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
            log.warning("issuer keys unavailable", error=type(error).__name__)
            return
        self._keys = {str(key.kid): key for key in found.keys if key.kid and not key.is_private}


class Authenticator:
    """Tells who asks.

    Args:
        settings: Of the gateway.
        clock: Decides about expiry.
        monotonic: Seconds that never go back.
    """

    def __init__(self, settings: GatewaySettings, clock: Clock, monotonic: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._tokens = TokenFile(settings.token_file)
        self._keys = Keys(settings.jwks_url, monotonic) if settings.jwks_url else None

    async def caller(self, headers: Sequence[str]) -> Caller:
        """Who asks, by the ``Authorization`` headers; raises Rejected, always the same."""
        found = await self._caller(headers[0]) if len(headers) == 1 else None
        if found is None or not found.sources:
            raise Rejected("unauthorised")
        return found

    async def _caller(self, header: str) -> Caller | None:
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "bearer" or not text.isascii() or not text or len(text) > _TOKEN_MOST:
            return None
        if text.startswith(PREFIX):
            token = self._tokens.find(text, self._clock())
            return Caller(token.partner, frozenset(token.sources)) if token else None
        return await self._by_jwt(text) if self._keys else None

    async def _by_jwt(self, text: str) -> Caller | None:
        try:
            key = await self._key(jws.extract_compact(text.encode()).headers())
            if key is None:
                return None
            token = jwt.decode(text, key, algorithms=list(ALGORITHMS))
            self._claims().validate(token.claims)
            return self._named(token.claims)
        except (JoseError, ValueError, KeyError, TypeError, AttributeError):
            return None

    async def _key(self, header: Mapping[str, Any]) -> Key | None:
        kid, algorithm = header.get("kid"), header.get("alg")
        wanted = ALGORITHMS.get(algorithm) if isinstance(algorithm, str) else None
        if wanted is None or not isinstance(kid, str) or "crit" in header or self._keys is None:
            return None
        key = await self._keys.by_id(kid)
        return key if key is not None and key.key_type == wanted else None

    def _claims(self) -> JWTClaimsRegistry:
        return JWTClaimsRegistry(
            now=int(self._clock().timestamp()),
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": self._settings.issuer or ""},
            aud={"essential": True, "value": self._settings.audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    def _named(self, claims: Mapping[str, Any]) -> Caller | None:
        sources = claims.get(self._settings.sources_claim, ())
        names = sources.split() if isinstance(sources, str) else sources
        if not isinstance(names, list | tuple) or not all(isinstance(one, str) and one for one in names):
            return None
        return Caller(str(claims["sub"]), frozenset(names))
