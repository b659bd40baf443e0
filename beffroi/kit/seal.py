"""The seal of a certificate: a signature that anybody checks with the operator's public key alone, offline.

A compact JWS (RFC 7515) by Ed25519 (RFC 8037, RFC 9864) over the certificate as JSON.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from connectors.files import private, replacing
from schemas.errors import FileRefused, SettingsError

_ALGORITHM: Final = "Ed25519"
_ANEW: Final = "do not trust it; ask for it anew"


def signing_key(path: Path) -> OKPKey:
    """The key that signs; made on first use, with its public half beside it, and readable by its owner alone.

    Raises:
        SettingsError: Others may read it, or it is none.
    """
    key = _key(path, private(path, lambda: OKPKey.generate_key("Ed25519").as_pem(private=True)))
    if not key.is_private:
        raise SettingsError(f"{path} holds a public key, which signs nothing", fix="name the private one")
    public = public_path(path)
    if not public.exists():
        public.write_bytes(key.as_pem(private=False))
    return key


def public_path(path: Path) -> Path:
    """Where the public half of a key lies."""
    return path.with_suffix(".pub.pem")


def _key(path: Path, content: bytes) -> OKPKey:
    try:
        key = OKPKey.import_key(content)
    except (JoseError, ValueError, TypeError):
        key = None
    if key is None or key.curve_name != "Ed25519":
        raise SettingsError(f"{path} is no Ed25519 key", fix="name a PEM file that holds one")
    return key


def sealed(certificate: Mapping[str, Any], key: OKPKey) -> bytes:
    """The file of a certificate: to be read by people, and its seal."""
    text = orjson.dumps(certificate)
    seal = jws.serialize_compact({"alg": _ALGORITHM, "kid": key.thumbprint()}, text, key, algorithms=[_ALGORITHM])
    return orjson.dumps({"certificate": certificate, "seal": seal}, option=orjson.OPT_INDENT_2)


def write(path: Path, content: bytes) -> None:
    """Put a certificate in its place, whole; raises SettingsError when that cannot be written."""
    try:
        with replacing(path) as file:
            file.write(content + b"\n")
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise SettingsError(f"{path} cannot be written: {reason}", fix="choose another place with --output") from None


def opened(path: Path, public: Path) -> Mapping[str, Any]:
    """What a certificate says, once its seal holds.

    Args:
        path: The file.
        public: The public key of who should have signed it.

    Raises:
        FileRefused: It is none, was changed, or somebody else signed it.
    """
    try:
        told = orjson.loads(_content(path))
        certificate, seal = told["certificate"], told["seal"].encode()
    except (ValueError, KeyError, TypeError, AttributeError):
        raise FileRefused(f"{path} is no certificate", fix="name a file that `beffroi partner certify` wrote") from None
    key = _key(public, _content(public))
    try:
        signed = orjson.loads(jws.deserialize_compact(seal, key, algorithms=[_ALGORITHM]).payload)
    except (JoseError, ValueError):
        raise FileRefused(
            f"the seal of {path} is not by the key {public}", fix="do not trust it; ask for it anew"
        ) from None
    if signed != certificate:
        raise FileRefused(f"{path} was changed after it was sealed", fix=_ANEW)
    return dict(certificate)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise FileRefused(f"{path} cannot be read: {reason}", fix="correct the path") from None
