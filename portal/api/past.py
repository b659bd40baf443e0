"""``?as_of=2026-03-12``: the answer of a day that is over."""

import hashlib
from datetime import datetime
from typing import Any, Final

from fastapi import Request, Response

from portal.api.forms import Wanted, page_of, written
from portal.past import Past
from portal.queries import Query
from schemas.archive import Said

#: What a view said at the end of a day never changes.
_FOR_EVER: Final = "public, max-age=31536000, immutable"
#: An answer from an earlier day gives way to the right one as soon as that is archived.
_SOON: Final = "public, max-age=300"


def head_of(said: Said) -> dict[str, Any]:
    """What an answer says of its instant."""
    return {
        "asked": str(said.asked),
        "since": _instant(said.held.since),
        "until": _instant(said.until),
        "exact": said.exact,
    }


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def answer(request: Request, past: Past, query: Query, wanted: Wanted, as_of: str) -> Response:
    """The view as it was, in any form; raises what ``Past.find`` raises."""
    said = past.find(query.view, as_of)
    headers = _headers(request, query, wanted, said)
    if headers["ETag"] in request.headers.get("if-none-match", "").split(", "):
        return Response(status_code=304, headers=headers)
    rows, following = page_of(list(past.rows(said, query)), wanted.limit, wanted.cursor)
    if following:
        headers["Link"] += f', <{request.url.include_query_params(cursor=following)}>; rel="next"'
    head = {
        "view": query.view,
        "as_of": head_of(said),
        "filters": dict(query.filters),
        "absent": "counts nobody",
        "freshness": past.freshness(said.asked) if wanted.form == "json" else [],
        "next": following,
    }
    return written(query.view, head, rows, wanted, headers)


def _headers(request: Request, query: Query, wanted: Wanted, said: Said) -> dict[str, str]:
    head = head_of(said)
    seed = "\n".join((str(said.held), str(request.url.query), wanted.form))
    live = f"/v1/views/{query.view}{'?' if query.text else ''}{query.text}"
    return {
        "ETag": f'"{hashlib.blake2b(seed.encode(), digest_size=12).hexdigest()}"',
        # A structured field (RFC 9651): the day asked for, and from when to when the view is known to have said this.
        "Beffroi-As-Of": f'"{said.asked}";since="{head["since"]}";until="{head["until"]}";exact=?{said.exact:d}',
        "Link": f'<{live}>; rel="latest-version"',  # RFC 5829
        "Cache-Control": _FOR_EVER if said.exact else _SOON,
        "Vary": "Accept, Accept-Language",
    }
