"""What makes a certificate believed: each of its answers is signed by the gateway, and judged again by the sheet."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson
from joserfc.jwk import OKPKey

from beffroi.kit.sheet import Came, Matter, Step, sheet
from beffroi.kit.taking import Taken, nonce_of
from connectors.files import replacing
from connectors.gateway.witness import attested
from schemas.errors import FileRefused, SettingsError

_ANEW: Final = "do not trust it; ask for it anew"
_FIX: Final = "it is of another version of Beffroi, or was changed: ask for it anew"


def write(path: Path, certificate: Mapping[str, Any]) -> None:
    """Put a certificate in its place, whole; raises SettingsError when that cannot be written."""
    try:
        with replacing(path) as file:
            file.write(orjson.dumps(certificate, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise SettingsError(f"{path} cannot be written: {reason}", fix="choose another place with --output") from None


def read(path: Path) -> dict[str, Any]:
    """What a file says, nothing of which is proved yet; raises FileRefused for what is no certificate."""
    told: Any = None
    try:
        told = orjson.loads(content(path))
        known = all(isinstance(told[name], str) for name in ("partner", "format", "source", "run", "gateway"))
    except (ValueError, KeyError, TypeError):
        known = False
    if not known or not isinstance(told.get("steps"), list):
        raise FileRefused(f"{path} is no certificate", fix="name a file that `beffroi partner certify` wrote")
    return dict(told)


def content(path: Path) -> bytes:
    """Of a file; raises FileRefused when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise FileRefused(f"{path} cannot be read: {reason}", fix="correct the path") from None


def proved(told: Mapping[str, Any], matter: Matter, key: OKPKey) -> list[Taken]:
    """Every step of the sheet, judged by what the gateway signed and by nothing that the certificate says itself.

    Args:
        told: The certificate.
        matter: What its run published, made anew.
        key: The gateway's public key.

    Raises:
        FileRefused: An answer is missing, was changed, or is to something else; or another partner got it.
    """
    taken, came, before = list[Taken](), dict[str, Came](), ""
    steps = list(sheet(matter))
    if len(told["steps"]) != len(steps):
        raise FileRefused(f"it has {len(told['steps'])} steps, the sheet {len(steps)}", fix=_FIX)
    for step, one in zip(steps, told["steps"], strict=True):
        said, answer = _said(one, step, key)
        _check(step, said, answer, told["partner"], nonce_of(matter, step))
        if said["at"] < before:
            raise FileRefused(f"step {step.name} was answered before the one before it", fix=_ANEW)
        before = said["at"]
        came[step.name] = Came(said["status"], {"idempotency-replayed": "true"} if said["replayed"] else {}, answer)
        taken.append(Taken(step, came[step.name], step.holds(came[step.name], came)))
    return taken


def _said(one: Any, step: Step, key: OKPKey) -> tuple[Mapping[str, Any], bytes]:  # noqa: ANN401  # whatever a file holds
    try:
        witness, answer = one["witness"], one["answer"].encode()
    except (TypeError, KeyError, AttributeError):
        raise FileRefused(f"step {step.name} has no signed answer", fix=_ANEW) from None
    return attested(str(witness), key), answer


def _check(step: Step, said: Mapping[str, Any], answer: bytes, partner: str, nonce: str) -> None:
    same = said["request"] in {None, sha256(step.ask.body).hexdigest()}  # none where nobody needed to read the body
    if said["nonce"] != nonce or not same or not said["target"].endswith(step.ask.path):
        raise FileRefused(f"step {step.name} holds the answer to another request", fix=_FIX)
    if said["answer"] != sha256(answer).hexdigest():
        raise FileRefused(f"the answer to step {step.name} was changed after it was signed", fix=_ANEW)
    if said["partner"] not in {None, partner}:  # none where the answer came before anybody looked at the token
        raise FileRefused(
            f"step {step.name} was answered to another partner", fix="certify under the name of the token's partner"
        )
