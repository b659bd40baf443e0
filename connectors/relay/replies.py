"""What a partner finds on its topic of verdicts: what the gateway would answer, in parts that fit into a record."""

from collections.abc import Iterator
from typing import Any, Final

import orjson

from connectors.gateway.answers import tally, verdict
from connectors.gateway.problems import Rejected, document, refused_whole
from connectors.relay.letters import Letter
from connectors.report import Report
from schemas.errors import FileHeld, FileRefused

JSON: Final = b"application/json"
PROBLEM: Final = b"application/problem+json"
#: Brokers take records of 1 MiB unless told otherwise (message.max.bytes); headers and key come on top.
PART_BYTES: Final = 512 << 10
_CONFIRM: Final = "if it is right, send it again with the header beffroi-confirm: true"

#: Content type and body.
Reply = tuple[bytes, bytes]


def replies(letter: Letter, outcome: Report | FileRefused | Rejected) -> Iterator[Reply]:
    """The bodies for one letter: a problem document, or verdicts in as many parts as they need."""
    if isinstance(outcome, Report):
        yield from _parts(letter, outcome)
        return
    error = outcome if isinstance(outcome, Rejected) else refused_whole(outcome)
    told = document(error, letter.topic) | ({"fix": _CONFIRM} if isinstance(outcome, FileHeld) else {})
    yield PROBLEM, orjson.dumps({"record": _record(letter), **told})


def counts(outcome: Report | FileRefused | Rejected) -> dict[str, int]:
    """Records by verdict; something that is refused whole counts as one."""
    if isinstance(outcome, Report):
        return {"accepted": outcome.accepted, "duplicate": outcome.duplicate, "refused": len(outcome.refused)}
    return {"failed" if isinstance(outcome, Rejected) and outcome.code == "defect" else "refused": 1}


def _parts(letter: Letter, report: Report) -> Iterator[Reply]:
    head = {"record": _record(letter), "tally": tally(report, letter.form)}
    part, found, size = 1, list[Any](), 0
    for one in report.verdicts():
        body = orjson.dumps(verdict(one))
        if found and size + len(body) > PART_BYTES:
            yield JSON, _body(head, part, found, last=False)
            part, found, size = part + 1, [], 0
        found.append(orjson.Fragment(body))
        size += len(body)
    yield JSON, _body(head, part, found, last=True)


def _body(head: dict[str, Any], part: int, found: list[Any], *, last: bool) -> bytes:
    return orjson.dumps({**head, "part": part, "last": last, "verdicts": found})


def _record(letter: Letter) -> dict[str, Any]:
    return {"topic": letter.topic, "partition": letter.partition, "offset": letter.offset}
