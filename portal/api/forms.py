"""The forms of an answer: JSON, NDJSON, CSV."""

import csv
import io
import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Response

from portal.view import Row

MEDIA: Final = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
}
#: A spreadsheet would run a cell that begins so.
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")
_BOM: Final = "\ufeff"

#: Columns of each view, in order; the order never changes, new ones come last.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "exits": (
        "area_type", "area_code", "area_vintage", "area_name", "trade", "trade_title", "window",
        "count", "fewer_than", "as_of",
    ),
    "sessions": (
        "session_id", "title", "provider", "commune", "commune_name", "postcode", "trade", "trade_title",
        "starts_on", "ends_on", "recruitment", "seats", "seats_basis", "leavers", "leavers_fewer_than", "url",
        "sources", "as_of",
    ),
    "freshness": ("source", "data_as_of", "heard_at", "accepted", "refused"),
}  # fmt: skip


def chosen(suffix: str | None, accept: str) -> str | None:
    """The form by the address's suffix, else by the Accept header; None when there is none such."""
    if suffix is not None:
        return suffix if suffix in MEDIA else None
    for form in ("csv", "ndjson"):
        if MEDIA[form].partition(";")[0] in accept:
            return form
    return "json" if not accept or "json" in accept or "*/*" in accept or "text/html" in accept else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request says besides its filters.

    Attributes:
        form: Of the answer.
        limit: Rows of one page; None for all.
        cursor: Key after which the page begins.
        rfc4180: CSV for machines.
    """

    form: str
    limit: int | None
    cursor: str
    rfc4180: bool


def page_of(rows: list[Row], limit: int | None, cursor: str) -> tuple[list[Row], str | None]:
    """One page of the rows, by key after a cursor, and the cursor of the next; None on the last."""
    rows.sort(key=lambda row: row.key)
    if cursor:
        rows = rows[bisect_right(rows, cursor, key=lambda row: row.key) :]
    page = rows if limit is None else rows[:limit]
    return page, page[-1].key if len(page) < len(rows) else None


def written(
    view: str, head: Mapping[str, Any], rows: list[Row], wanted: Wanted, headers: Mapping[str, str]
) -> Response:
    """The answer in the form that is wanted; only JSON has the head."""
    if wanted.form == "csv":
        body = to_csv(view, rows, rfc4180=wanted.rfc4180)
    else:
        body = to_ndjson(rows) if wanted.form == "ndjson" else to_json(head, rows)
    return Response(body, headers=headers, media_type=MEDIA[wanted.form])


def to_json(head: Mapping[str, Any], rows: Iterable[Row]) -> str:
    """One document: the head, then the rows, whose text was made once."""
    start = json.dumps(head, ensure_ascii=False, separators=(",", ":"))
    return f'{start[:-1]},"rows":[{",".join(row.text for row in rows)}]}}'


def to_ndjson(rows: Iterable[Row]) -> str:
    """One row a line."""
    return "".join(f"{row.text}\n" for row in rows)


def to_csv(view: str, rows: Iterable[Row], *, rfc4180: bool) -> str:
    """A table: for people's spreadsheets (BOM, ``;``, dangerous cells neutralised), or by RFC 4180."""
    out = io.StringIO()
    if not rfc4180:
        out.write(_BOM)
    writer = csv.writer(out, delimiter="," if rfc4180 else ";", lineterminator="\r\n")
    writer.writerow(COLUMNS[view])
    writer.writerows(_cells(view, row.data, guard=not rfc4180) for row in rows)
    return out.getvalue()


def _cells(view: str, data: Mapping[str, Any], *, guard: bool) -> Iterator[str]:
    flat = _flat(view, data)
    for name in COLUMNS[view]:
        value = flat.get(name)
        text = "" if value is None else str(value)
        yield f"'{text}" if guard and isinstance(value, str) and text.startswith(_DANGEROUS) else text


def _flat(view: str, data: Mapping[str, Any]) -> dict[str, Any]:
    if view == "exits":
        area, count = data["area"], data["count"]
        areas = {f"area_{name}": area[name] for name in ("type", "code", "vintage", "name")}
        return {**data, **areas, "count": count["value"], "fewer_than": count["below"]}
    if view == "sessions":
        leavers = data["leavers"]
        named = {"leavers": leavers["value"], "leavers_fewer_than": leavers["below"]}
        return {**data, **named, "sources": " ".join(data["sources"])}
    return dict(data)
