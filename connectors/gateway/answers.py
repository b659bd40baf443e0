"""What a report says over HTTP: a status, a tally and one verdict for each record, at once or line by line."""

from collections.abc import Iterator
from typing import Any, Final

import orjson

from connectors.report import REFUSED, Report, Verdict
from connectors.verdicts import CONFLICT

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
OK, MIXED, NONE_TAKEN, CONFLICTING = 200, 207, 422, 409


def status(report: Report) -> int:
    """200 all taken or known, 207 some refused, 422 all refused, 409 all because other contents have their ids."""
    if not report.refused:
        return OK
    if report.accepted or report.duplicate:
        return MIXED
    return CONFLICTING if all(one.problems[0].code == CONFLICT for one in report.refused) else NONE_TAKEN


def tally(report: Report, form: str) -> dict[str, Any]:
    """The whole in numbers: ``received = accepted + duplicate + refused``."""
    return {
        "format": form,
        "source": report.source,
        "as_of": report.as_of.isoformat(),
        "published": report.published,
        "received": report.rows,
        "accepted": report.accepted,
        "duplicate": report.duplicate,
        "refused": len(report.refused),
        "withdrawn": report.withdrawn,
    }


def as_lines(report: Report, form: str) -> Iterator[bytes]:
    """A verdict on each line, the tally on the last."""
    for one in report.verdicts():
        yield orjson.dumps(verdict(one)) + b"\n"
    yield orjson.dumps({"tally": tally(report, form)}) + b"\n"


def as_json(report: Report, form: str) -> bytes:
    """One object."""
    return orjson.dumps({"tally": tally(report, form), "verdicts": [verdict(one) for one in report.verdicts()]})


def verdict(one: Verdict) -> dict[str, Any]:
    """One verdict, with the status that its record would get alone."""
    return {**one.as_json(), "http_status": _http(one)}


def _http(one: Verdict) -> int:
    if one.status != REFUSED:
        return OK
    return CONFLICTING if one.problems[0].code == CONFLICT else NONE_TAKEN
