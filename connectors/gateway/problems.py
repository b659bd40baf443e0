"""Errors as ``application/problem+json`` (RFC 9457), in English or French: all that the gateway answers."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from fastapi import Request
from fastapi.responses import JSONResponse

from schemas.errors import BeffroiError, FileHeld, FileRefused

MEDIA_TYPE: Final = "application/problem+json"


class Kind(NamedTuple):
    """One kind of problem.

    Attributes:
        status: Of the answer.
        english: What it is.
        french: The same.
        fix: What to do.
        fix_french: The same.
    """

    status: int
    english: str
    french: str
    fix: str
    fix_french: str


KINDS: Final[Mapping[str, Kind]] = {
    "malformed": Kind(
        400, "the body cannot be read", "le corps ne peut pas être lu",
        "correct it and send it again; nothing of it was taken",
        "corrigez-le et renvoyez-le ; rien n'en a été pris",
    ),
    "query": Kind(
        400, "the request makes no sense", "la demande n'a pas de sens",
        "see /openapi.json for what may be asked", "voyez /openapi.json pour ce qui peut être demandé",
    ),
    "unauthorised": Kind(
        401, "no valid token came with the request", "aucun jeton valable n'accompagne la demande",
        "send Authorization: Bearer and your token; ask the operator for one",
        "envoyez Authorization: Bearer et votre jeton ; demandez-en un à l'exploitant",
    ),
    "forbidden": Kind(
        403, "this token may not publish that", "ce jeton ne permet pas de publier cela",
        "name one of your own sources with ?source=", "nommez une de vos sources avec ?source=",
    ),
    "not-found": Kind(
        404, "there is nothing here", "il n'y a rien ici",
        "post to /v1/formats/{format} or /v1/contracts/{contract}",
        "publiez vers /v1/formats/{format} ou /v1/contracts/{contract}",
    ),
    "method": Kind(
        405, "this method is not for this address", "cette méthode ne convient pas à cette adresse",
        "use the method that Allow names", "utilisez la méthode qu'indique Allow",
    ),
    "slow": Kind(
        408, "the body came too slowly", "le corps est arrivé trop lentement",
        "send it again over a faster line, or with gzip; nothing of it was taken",
        "renvoyez-le sur une ligne plus rapide, ou avec gzip ; rien n'en a été pris",
    ),
    "held": Kind(
        409, "a human must look first", "un humain doit d'abord regarder",
        "if it is right, send it again with ?confirm=true",
        "si c'est juste, renvoyez-le avec ?confirm=true",
    ),
    "in-progress": Kind(
        409, "a request with this Idempotency-Key is under way",
        "une demande avec cette Idempotency-Key est en cours",
        "wait for its answer, then ask again", "attendez sa réponse, puis redemandez",
    ),
    "too-large": Kind(
        413, "the body is too large", "le corps est trop grand",
        "send it in several parts; nothing of it was taken",
        "envoyez-le en plusieurs parties ; rien n'en a été pris",
    ),
    "unknown-format": Kind(
        415, "there is no format or contract of this name", "aucun format ou contrat ne porte ce nom",
        "write one of the names in known", "écrivez un des noms de known",
    ),
    "media-type": Kind(
        415, "this content type or encoding is not taken here",
        "ce type ou ce codage de contenu n'est pas pris ici",
        "send one of the types in known with Content-Type; as Content-Encoding gzip or none",
        "envoyez un des types de known avec Content-Type ; comme Content-Encoding gzip ou rien",
    ),
    "key-reused": Kind(
        422, "this Idempotency-Key came before with something else",
        "cette Idempotency-Key est déjà venue avec autre chose",
        "use a new key for each new content", "prenez une nouvelle clé pour chaque nouveau contenu",
    ),
    "quota": Kind(
        429, "too many requests", "trop de demandes",
        "wait as Retry-After says; put many records into one request",
        "attendez selon Retry-After ; mettez beaucoup d'enregistrements dans une demande",
    ),
    "defect": Kind(
        500, "this failed on our side", "échec de notre côté",
        "send it again later; sending twice harms nothing",
        "renvoyez-le plus tard ; envoyer deux fois ne nuit pas",
    ),
    "away": Kind(
        503, "Kafka does not answer", "Kafka ne répond pas",
        "send the same request again after Retry-After; sending twice harms nothing",
        "renvoyez la même demande après Retry-After ; envoyer deux fois ne nuit pas",
    ),
}  # fmt: skip
#: A broker that restarts is back within some seconds.
RETRY_AFTER_S: Final = 5


class Rejected(BeffroiError):
    """A request that gets a problem for its answer.

    Args:
        code: Of ``KINDS``.
        detail: What happened in this case; in English, without values.
        headers: Of the answer.
        more: Members of the answer.
    """

    def __init__(
        self, code: str, detail: str = "", headers: Mapping[str, str] | None = None, **more: object
    ) -> None:  # fmt: skip
        super().__init__(detail or KINDS[code].english, fix=KINDS[code].fix)
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more


def french(languages: str) -> bool:
    """Whether an ``Accept-Language`` prefers French to English; the order of names decides when weights do not."""
    ranks: dict[str, tuple[float, int]] = {}
    for place, part in enumerate(languages.lower().split(",")):
        name, _, weight = part.partition(";")
        ranks.setdefault(name.strip()[:2], (_weight(weight), -place))
    return "fr" in ranks and ranks["fr"][0] > 0 and ranks["fr"] > ranks.get("en", (0.0, 0))


def _weight(text: str) -> float:
    try:
        return float(text.strip().removeprefix("q=") or 1)
    except ValueError:
        return 0.0


def refused_whole(error: FileRefused) -> Rejected:
    """The problem that something gets which the pipeline refuses as a whole."""
    return Rejected("held" if isinstance(error, FileHeld) else "malformed", error.message, fix=error.fix)


def document(error: Rejected, instance: str, *, in_french: bool = False) -> dict[str, object]:
    """The problem document of an address."""
    kind = KINDS[error.code]
    return {
        "type": f"/problems/{error.code}",
        "title": kind.french if in_french else kind.english,
        "status": kind.status,
        "detail": error.detail,
        "fix": kind.fix_french if in_french else kind.fix,
        "instance": instance,
        **error.more,
    }


def answer(request: Request, error: Rejected) -> JSONResponse:
    """The problem document as an answer."""
    kind = KINDS[error.code]
    in_french = french(request.headers.get("accept-language", ""))
    headers = {"Content-Language": "fr" if in_french else "en", "Vary": "Accept-Language", **error.headers}
    if kind.status == 503:  # noqa: PLR2004  # HTTP's own number
        headers.setdefault("Retry-After", str(RETRY_AFTER_S))
    if kind.status == 401:  # noqa: PLR2004  # the same
        headers["WWW-Authenticate"] = 'Bearer realm="beffroi"'
    body = document(error, request.url.path, in_french=in_french)
    return JSONResponse(body, kind.status, headers, media_type=MEDIA_TYPE)
