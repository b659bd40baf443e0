"""JSON records (RFC 8259) in bounded memory: an array, an object that holds one, or a record on each line (NDJSON)."""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import count
from math import isinf
from typing import IO, Any, Final

import ijson
import orjson

from connectors.formats.base import Context, Problem
from connectors.formats.lines import check_text
from connectors.inputs import Input
from schemas.errors import FileRefused

#: What is no longer than this is parsed at once: the fastest way, in memory of at most some ten times as much.
_WHOLE_BYTES: Final = 4 << 20
#: The longest record that any known system sends has 60 kB.
_RECORD_BYTES: Final = 1 << 20
_CHUNK: Final = 1 << 16
_BOM: Final = b"\xef\xbb\xbf"
#: Records hold objects in lists in objects; nothing known goes deeper than 8.
_DEPTH: Final = 32
#: What is deeper is not even parsed from a long file.
_PARSED_DEPTH: Final = 64
_TEXT: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
#: One half of a pair of surrogates without the other: no Unicode (RFC 8259, section 8.2). Escaped backslashes are gone.
_LONE: Final = re.compile(
    rb"\\u[dD](?:[89abAB]..(?!\\u[dD][c-fC-F])|[c-fC-F]..(?<!\\u[dD][89abAB]..\\u[dD][c-fC-F]..))", re.DOTALL
)
#: Nobody writes so many digits in one number; ijson's own code ends the process at an integer of more than 4,300.
_LONG: Final = re.compile(rb"\d{2000}")
_DIGITS: Final = b"0123456789"
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))

Found = tuple[int, Mapping[str, Any] | Problem, bytes]


def documents(data: Input, context: Context, *envelopes: str) -> Iterator[Found]:
    """Number, values and text of each record.

    Args:
        data: What was handed over.
        context: Told the encoding.
        envelopes: Names under which an object may hold the array.

    Raises:
        FileRefused: It is no JSON, or is cut.
    """
    check_text(data)
    context.notes.alone = alone
    data.file.seek(0)
    head = data.file.read(_WHOLE_BYTES + 1)
    body = head.removeprefix(_BOM)
    context.notes.encoding = "utf-8-sig" if len(body) < len(head) else "utf-8"
    start = len(head) - len(body)
    if body.lstrip()[:1] == b"{" and _is_lines(body):
        yield from _lines(data, start)
    elif len(head) <= _WHOLE_BYTES:
        yield from _numbered(_whole(body, envelopes))
    else:
        yield from _numbered(_streamed(data, start, body, envelopes))


def alone(record: bytes) -> bytes:
    """A file that holds one record: an array, for an object may itself hold a list under an envelope's name."""
    return b"[%s]" % record


def _is_lines(body: bytes) -> bool:
    """Whether the first line is a record by itself, and not the only one with an envelope's name."""
    first, newline, rest = body.lstrip().partition(b"\n")
    try:
        orjson.loads(first)
    except orjson.JSONDecodeError:
        return bool(newline) and rest.lstrip()[:1] == b"{" and first.rstrip().endswith(b"}")
    return bool(rest.strip())


def _numbered(found: Iterator[Any]) -> Iterator[Found]:
    empty = True
    for number, value in enumerate(found, 1):
        empty = False
        yield _record(number, value)
    if empty:
        raise FileRefused("there is no record in it", fix="send it again with its records")


def _record(number: int, value: Any) -> Found:  # noqa: ANN401  # any JSON
    if not isinstance(value, Mapping):
        return number, Problem(number, "", "type", "a record that is no object", "write an object {…}"), b""
    try:
        text = orjson.dumps(value)
    except (orjson.JSONEncodeError, TypeError):  # a lone surrogate, 255 levels
        text = b""
    # What has no more brackets than that is no deeper: counting them is a hundred times as fast as walking down.
    if (not text or text.count(b"{") + text.count(b"[") > _DEPTH) and _deeper(value, _DEPTH):
        return number, Problem(number, "", "too-deep", f"nested more than {_DEPTH} deep", "flatten it"), b""
    if not text:
        return number, Problem(number, "", "json", "text that JSON cannot hold", "write it in Unicode"), b""
    return number, value, text


def _deeper(value: Any, limit: int) -> bool:  # noqa: ANN401  # the same
    level = [value]
    for _ in range(limit):
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _whole(body: bytes, envelopes: tuple[str, ...]) -> Iterator[Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _broken(f"at byte {error.pos}") from None
    if isinstance(found, Mapping):
        held = next((found[name] for name in envelopes if isinstance(found.get(name), list)), None)
        yield from [found] if held is None else held
    elif isinstance(found, list):
        yield from found
    else:
        raise FileRefused("it holds a single value, no records", fix="send an array of objects")


def _streamed(data: Input, start: int, body: bytes, envelopes: tuple[str, ...]) -> Iterator[Any]:
    """From an array that is too long to be parsed at once."""
    name = next((name for name in envelopes if f'"{name}"'.encode() in body[:_CHUNK]), None)
    array = body.lstrip()[:1] == b"["
    if not array and name is None:
        raise FileRefused("an object of more than 4 MB that holds no array of records", fix="send an array of objects")
    data.file.seek(start)
    meter = _Meter(data.file)
    try:
        for value in ijson.items(meter, "item" if array else f"{name}.item", buf_size=_CHUNK):
            meter.since = 0
            yield _as_whole(value)
    except (ijson.JSONError, UnicodeDecodeError, ValueError, ArithmeticError) as error:
        raise _broken("where it is cut" if isinstance(error, ijson.IncompleteJSONError) else "in the middle") from None


def _as_whole(value: Any) -> Any:  # noqa: ANN401  # any JSON
    """A record as it would be had it been parsed at once: ijson gives decimal numbers, and integers of any length.

    Raises:
        ValueError: A number that no float can hold, or what is no JSON.
    """
    try:
        return orjson.loads(orjson.dumps(value, default=_float))
    except (orjson.JSONEncodeError, TypeError):  # an integer of more than 64 bits, perhaps
        return orjson.loads(json.dumps(value, default=_float))


def _float(value: Decimal) -> float:
    found = float(value)
    if isinf(found):
        raise ValueError(f"{value} is no float")
    return found


class _Meter:
    """Gives up on a record that does not end or goes ever deeper: the parser keeps the whole path of each level.

    And on a number of thousands of digits.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.since = 0
        self._open = self._begun = self._digits = b""

    def read(self, size: int = -1) -> bytes:
        found = self._file.read(size)
        self.since += len(found)
        if self.since > _RECORD_BYTES:
            raise FileRefused(f"a record of more than {_RECORD_BYTES} bytes", fix="send one object for each record")
        self._measure(found)
        return found

    def _measure(self, found: bytes) -> None:
        """Look how deep the brackets are that stand outside of texts, a text cut by the reading included."""
        text = self._begun + found
        bare, quote, begun = _TEXT.sub(b"", text).partition(b'"')
        self._begun = quote + begun
        if _SURROGATE.search(text) and _LONE.search(text.removesuffix(self._begun).replace(rb"\\", b"")):
            raise _broken("in the middle")
        self._count_digits(bare, cut=not quote)
        brackets = self._open + bare.translate(None, _NO_BRACKETS)
        for _ in range(_PARSED_DEPTH):
            brackets = (before := brackets).replace(b"{}", b"").replace(b"[]", b"")
            if len(brackets) == len(before):
                break
        if len(brackets) > _PARSED_DEPTH:
            raise FileRefused(f"nested more than {_PARSED_DEPTH} deep", fix="flatten it")
        self._open = brackets

    def _count_digits(self, bare: bytes, *, cut: bool) -> None:
        """Look how long the numbers outside of texts are, one that is cut by the reading included."""
        numbers = self._digits + bare
        if _LONG.search(numbers):
            raise _broken("in the middle, where a number has thousands of digits")
        self._digits = numbers[len(numbers.rstrip(_DIGITS)) :] if cut else b""


def _lines(data: Input, start: int) -> Iterator[Found]:
    data.file.seek(start)
    for number in count(1):
        line = data.file.readline(_RECORD_BYTES + 1)
        if not line:
            return
        ended = line.endswith(b"\n")
        if len(line) > _RECORD_BYTES and not ended:
            while (rest := data.file.readline(_RECORD_BYTES)) and not rest.endswith(b"\n"):
                pass
            yield number, Problem(number, "", "too-long", "a line of more than 1 MB", "write one record a line"), b""
        elif line.strip():
            yield _line(number, line, ended=ended)


def _line(number: int, line: bytes, *, ended: bool) -> Found:
    try:
        return _record(number, orjson.loads(line))
    except orjson.JSONDecodeError:
        if not ended:
            raise _broken(f"in line {number}, which does not end") from None
        return number, Problem(number, "", "json", "the line is no JSON", "write one object a line, in UTF-8"), line


def _broken(where: str) -> FileRefused:
    return FileRefused(
        f"it is no JSON, or cut: it cannot be read {where}",
        fix="send it again, whole and in UTF-8; nothing of it was taken",
    )
