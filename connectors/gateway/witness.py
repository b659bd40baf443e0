"""Answers that the gateway vouches for: whoever sends a nonce gets, with the answer, a signature over both.

``Beffroi-Witness`` is a compact JWS (RFC 7515) by Ed25519 (RFC 8037, RFC 9864). It says what was asked, by whom, and
what was answered; certificates are made of such answers, so that nobody needs to trust who ran the sheet.
"""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.files import private
from schemas.clock import Clock
from schemas.errors import FileRefused, SettingsError

NONCE: Final = "beffroi-nonce"
WITNESS: Final = "beffroi-witness"
#: Where anybody gets the public key, as PEM.
KEY_PATH: Final = "/v1/certificate-key"
_ALGORITHM: Final = "Ed25519"
#: A name of a run and of a step in it; longer ones are passed over.
_LONGEST: Final = 128
_DOORS: Final = ("/v1/formats/", "/v1/contracts/")


def key_file(data_dir: Path) -> Path:
    """Where the key lies that signs answers; gateways that share the folder share it."""
    return data_dir / "certificate.key"


def signing_key(path: Path) -> OKPKey:
    """The key that signs; made on first use, and readable by its owner alone.

    Raises:
        SettingsError: Others may read it, or it is none.
    """
    key = key_of(path, private(path, lambda: OKPKey.generate_key("Ed25519").as_pem(private=True)))
    if not key.is_private:
        raise SettingsError(f"{path} holds a public key, which signs nothing", fix="put the private one in its place")
    return key


def key_of(where: object, content: bytes) -> OKPKey:
    """A key from PEM; raises SettingsError, which names the place, for anything else."""
    try:
        key = OKPKey.import_key(content)
    except (JoseError, ValueError, TypeError):
        key = None
    if key is None or key.curve_name != "Ed25519":
        raise SettingsError(f"{where} gives no Ed25519 key", fix="name a PEM file, or a gateway, that does")
    return key


def attested(witness: str, key: OKPKey) -> Mapping[str, Any]:
    """What a witness says; raises FileRefused when it is not by this key."""
    try:
        found = orjson.loads(jws.deserialize_compact(witness.encode(), key, algorithms=[_ALGORITHM]).payload)
    except (JoseError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise FileRefused("an answer is not signed by that gateway", fix="do not trust it; ask for it anew")
    return found


class Witness:
    """Goes around the application, and signs the answers of requests that bring a nonce.

    Args:
        app: What it goes around.
        key: That signs.
        clock: Tells when.
    """

    def __init__(self, app: ASGIApp, key: OKPKey, clock: Clock) -> None:
        self._app = app
        self._key = key
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        nonce = _nonce(scope)
        if nonce is None:
            await self._app(scope, receive, send)
            return
        heard, told, start = _Heard(), bytearray(), dict[str, Any]()

        async def hearing() -> Message:
            return heard.noted(await receive())

        async def saying(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            told.extend(message.get("body", b""))
            if not message.get("more_body", False):
                headers = MutableHeaders(raw=start["headers"])
                headers[WITNESS] = self._sign(scope, nonce, heard.digest, start["status"], headers, bytes(told))
                await send(start)
                await send({"type": "http.response.body", "body": bytes(told)})

        await self._app(scope, hearing, saying)

    def _sign(  # the parts of an exchange
        self, scope: Scope, nonce: str, heard: str | None, status: int, headers: Headers, told: bytes
    ) -> str:
        query = scope["query_string"].decode("ascii", "replace")
        said = {
            "nonce": nonce,
            "at": self._clock().isoformat(),
            "target": scope["path"] + (f"?{query}" if query else ""),
            "request": heard,
            "partner": scope.get("state", {}).get("partner"),
            "status": status,
            "replayed": "idempotency-replayed" in headers,
            "answer": sha256(told).hexdigest(),
        }
        header = {"alg": _ALGORITHM, "kid": self._key.thumbprint()}
        return jws.serialize_compact(header, orjson.dumps(said), self._key, algorithms=[_ALGORITHM])


class _Heard:
    """The body of a request as far as the application asked for it."""

    def __init__(self) -> None:
        self._hash = sha256()
        self._whole = False

    def noted(self, message: Message) -> Message:
        """The same message."""
        if message["type"] == "http.request":
            self._hash.update(message.get("body", b""))
            self._whole = not message.get("more_body", False)
        return message

    @property
    def digest(self) -> str | None:
        """SHA-256, hexadecimal; None of one that was not read to its end: the answer does not depend on it."""
        return self._hash.hexdigest() if self._whole else None


def _nonce(scope: Scope) -> str | None:
    if scope["type"] != "http" or not scope["path"].startswith(_DOORS):
        return None
    found = Headers(scope=scope).get(NONCE, "")
    return found if 0 < len(found) <= _LONGEST else None
