"""What the OpenAPI description says of the doors, beside what FastAPI sees by itself."""

from typing import Any, Final

from connectors.formats import formats
from connectors.gateway.contracts import contract_formats
from connectors.gateway.problems import KINDS, MEDIA_TYPE, Rejected
from schemas.examples import examples

_VERDICT: Final = {
    "type": "object",
    "required": ["index", "line", "status", "event_id", "problems", "http_status"],
    "properties": {
        "index": {"type": "integer", "description": "place among the records, from 0"},
        "line": {"type": "integer", "description": "line of the file, or number of the record, from 1"},
        "status": {"enum": ["accepted", "duplicate", "refused"]},
        "http_status": {"enum": [200, 409, 422], "description": "409: the id is published with another content"},
        "event_id": {"type": ["string", "null"], "format": "uuid"},
        "problems": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "message", "fix"],
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "message", "fix")},
            },
        },
    },
}
_NUMBERS: Final = ("received", "accepted", "duplicate", "refused", "withdrawn")
_ANSWER: Final = {
    "type": "object",
    "required": ["tally", "verdicts"],
    "properties": {
        "tally": {
            "type": "object",
            "required": ["format", "source", "as_of", "published", *_NUMBERS],
            "properties": {
                "format": {"type": "string"},
                "source": {"type": "string"},
                "as_of": {"type": "string", "format": "date-time"},
                "published": {"type": "boolean"},
                **{name: {"type": "integer", "minimum": 0} for name in _NUMBERS},
            },
        },
        "verdicts": {"type": "array", "items": _VERDICT},
    },
}
_EXAMPLE: Final = {
    "tally": {
        "format": "beffroi.offers.v1.JobOffer", "source": "offres", "as_of": "2026-11-23T08:00:00+00:00",
        "published": True, "received": 1, "accepted": 1, "duplicate": 0, "refused": 0, "withdrawn": 0,
    },
    "verdicts": [{
        "index": 0, "line": 1, "status": "accepted", "event_id": "5f0e9a55-6f3c-5c1d-8e10-b0b5d3b47a0c",
        "problems": [], "http_status": 200,
    }],
}  # fmt: skip
_PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "fix", "instance"],
    "properties": {
        "status": {"type": "integer"},
        **{name: {"type": "string"} for name in ("type", "title", "detail", "fix", "instance")},
    },
}
_OUTCOMES: Final = {
    200: "every record is accepted or a duplicate",
    207: "some records are refused, the others are taken",
    409: "other contents are published under the ids of all records; or a problem",
    422: "every record is refused, nothing is taken; or a problem",
}


def _answers() -> dict[int | str, dict[str, Any]]:
    found: dict[int | str, dict[str, Any]] = {
        status: {
            "description": said,
            "content": {
                "application/json": {"schema": _ANSWER, "example": _EXAMPLE},
                "application/x-ndjson": {"schema": {"type": "string"}},
            },
        }
        for status, said in _OUTCOMES.items()
    }
    for code, kind in KINDS.items():
        one = found.setdefault(kind.status, {"description": kind.english, "content": {}})
        content = one["content"].setdefault(MEDIA_TYPE, {"schema": _PROBLEM, "examples": {}})
        example = {"type": f"/problems/{code}", "title": kind.english, "status": kind.status, "detail": ""}
        content["examples"][code] = {"value": {**example, "fix": kind.fix, "instance": "/v1/formats/kairos-csv"}}
    return found


def _door(media: dict[str, Any], name: str, known: list[str]) -> dict[str, Any]:
    headers = [
        {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 255},
         "description": "the same key with the same request gets the same answer for a day"},
        {"name": "Content-Encoding", "in": "header", "schema": {"enum": ["gzip", "identity"]}},
    ]  # fmt: skip
    return {
        "responses": _answers(),
        "openapi_extra": {
            "requestBody": {"required": True, "content": media},
            "security": [{"bearer": []}],
            "parameters": headers,
            f"x-known-{name}": known,
        },
    }


def _contract_media() -> dict[str, Any]:
    example = examples("beffroi.offers.v1.JobOffer").valid[0]
    avro = ("application/vnd.apache.avro", "application/avro", "avro/binary")
    binary: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
    return {
        "application/json": {"schema": {"type": "array", "items": {"type": "object"}}, "example": [example]},
        "application/x-ndjson": binary,
        **dict.fromkeys(avro, binary),
    }


def doors() -> tuple[dict[str, Any], dict[str, Any]]:
    """What is said of the door for formats and of that for contracts."""
    medias = sorted({media for form in formats().values() for media in form.media_types})
    binary = {"schema": {"type": "string", "format": "binary"}}
    return (
        {"summary": "Publish a file as you have it", **_door(dict.fromkeys(medias, binary), "formats", [*formats()])},
        {
            "summary": "Publish records of a contract",
            **_door(_contract_media(), "contracts", [*contract_formats()]),
        },
    )


def with_sign_in(description: dict[str, Any]) -> dict[str, Any]:
    """The description, with how the doors are opened."""
    bearer = {"type": "http", "scheme": "bearer", "description": "from `beffroi partner token`, or an OAuth2 JWT"}
    description.setdefault("components", {})["securitySchemes"] = {"bearer": bearer}
    return description


def problem_page(code: str) -> dict[str, Any]:
    """What one kind of problem is; raises Rejected for a kind that does not exist."""
    if code not in KINDS:
        raise Rejected("not-found")
    return KINDS[code]._asdict()
