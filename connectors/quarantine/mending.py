"""Giving fields of a single record another value; pure."""

import csv
from collections.abc import Mapping
from io import BytesIO, StringIO
from typing import Any, Final

import orjson

from connectors.formats.lines import encoding_of
from connectors.inputs import Input
from schemas.errors import QuarantineError

_SEPARATORS: Final = "|;,\t"
#: Kairos writes its columns without quotes.
_BARE: Final = "|"
_BY_HAND: Final = "write the record with --content into a file, correct it there, and give it with --file"


def mended(content: bytes, changes: Mapping[str, str]) -> bytes:
    """A record, alone in a file, with other values.

    Args:
        content: The file.
        changes: By column for tables, by JSON pointer (RFC 6901) for JSON.

    Raises:
        QuarantineError: It has no such field, or is of a form that is corrected as a whole.
    """
    start = content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
    if start in {b"[", b"{"}:
        return _json(content, changes)
    if start == b"<":
        raise QuarantineError("an XML record is not corrected by its fields", fix=_BY_HAND)
    return _table(content, changes)


def _table(content: bytes, changes: Mapping[str, str]) -> bytes:
    encoding = encoding_of(Input(name="record", file=BytesIO(content)))
    text = content.decode(encoding, "surrogateescape")
    separator = max(_SEPARATORS, key=text.partition("\n")[0].count)
    form: dict[str, Any] = {"delimiter": separator}
    if separator == _BARE:
        form |= {"quoting": csv.QUOTE_NONE, "quotechar": None}
    header, row = list(csv.reader(StringIO(text, newline=""), **form))[:2]
    if len(header) != len(row):
        raise QuarantineError(f"the row has {len(row)} columns, its header {len(header)}", fix=_BY_HAND)
    for name, value in changes.items():
        row[_column(header, name)] = value
    out = StringIO()
    try:
        csv.writer(out, lineterminator="\n", **form).writerows([header, row])
    except csv.Error:
        raise QuarantineError(f"a value holds the separator {separator}", fix="leave it out") from None
    return out.getvalue().encode(encoding, "surrogateescape")


def _column(header: list[str], name: str) -> int:
    places = [at for at, one in enumerate(header) if one.strip().lower() == name.strip().lower()]
    if len(places) != 1:
        raise QuarantineError(f"the record has no column {name}", fix=f"name one of {', '.join(header)}")
    return places[0]


def _json(content: bytes, changes: Mapping[str, str]) -> bytes:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise QuarantineError("the record is no JSON, so that no field of it can be named", fix=_BY_HAND) from None
    record = found[0] if isinstance(found, list) else found
    for pointer, value in changes.items():
        _set(record, pointer, value)
    return orjson.dumps([record])


def _set(record: Any, pointer: str, value: str) -> None:  # noqa: ANN401  # any JSON
    *way, last = [one.replace("~1", "/").replace("~0", "~") for one in pointer.removeprefix("/").split("/")]
    inner = record
    for name in way:
        inner = _step(inner, name, pointer)
    if isinstance(inner, dict):
        inner[last] = _typed(value, inner.get(last))
    elif isinstance(inner, list) and last.isdigit() and int(last) < len(inner):
        inner[int(last)] = _typed(value, inner[int(last)])
    else:
        raise _nowhere(pointer)


def _step(inner: Any, name: str, pointer: str) -> Any:  # noqa: ANN401  # the same
    if isinstance(inner, dict):
        return inner.setdefault(name, {})
    if isinstance(inner, list) and name.isdigit() and int(name) < len(inner):
        return inner[int(name)]
    raise _nowhere(pointer)


def _nowhere(pointer: str) -> QuarantineError:
    return QuarantineError(f"the record has no place {pointer}", fix="name it as show does, such as /session/dateFin")


def _typed(value: str, before: Any) -> Any:  # noqa: ANN401  # the same
    """Text where text stood; else what it says as JSON, when it is JSON."""
    if isinstance(before, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
