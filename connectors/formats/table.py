"""CSV with declared columns (RFC 4180): named by the header in any order, quoted cells, any encoding partners use."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from io import StringIO
from typing import Final

from rapidfuzz import process

from connectors.formats.base import Context, Problem
from connectors.formats.lines import MAX_LINE_BYTES, check_text, cut_in, encoding_of, lines
from connectors.inputs import Input
from schemas.errors import FileRefused
from schemas.territory.text import fold

_OTHERS: Final = {";": "semicolon", ",": "comma", "\t": "tab", "|": "bar"}
#: Below this likeness (0 to 100) another column's name is not proposed.
_LIKE_ENOUGH: Final = 70
#: Bytes that mean nothing in the file's encoding come through as these.
_BROKEN: Final = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Columns:
    """What a table holds.

    Attributes:
        required: Without these no row can be understood.
        optional: Read when they are there; every other column is never looked at.
        separator: Between cells.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]
    separator: str = ";"


def table(data: Input, context: Context, columns: Columns) -> Iterator[tuple[int, Mapping[str, str] | Problem, bytes]]:
    """Line, cells by column and text of each row.

    Raises:
        FileRefused: It is no such table, or is cut.
    """
    check_text(data)
    context.notes.encoding = encoding_of(data)
    source = _Source(data, context.notes.encoding.replace("-sig", ""))
    rows = csv.reader(source, delimiter=columns.separator, strict=True)
    try:
        header = next(rows, None)
        if header is None:
            raise FileRefused(f"{data.name} is empty", fix="send the file again: its transfer may have failed")
        places = _places(header, columns)
        context.notes.alone = _Alone(header, columns.separator, context.notes.encoding)
        source.record_begins()
        count = 0
        for cells in rows:
            count += 1
            yield source.line, _row(source, cells, len(header), places), b"" if source.too_long else _joined(cells)
            source.record_begins()
    except csv.Error:
        raise FileRefused(
            f"line {source.line}: a quote that is opened there is never closed, or stands inside a cell",
            fix="double the quotes inside quoted cells, and send the whole file again",
        ) from None
    if not count:
        raise FileRefused(f"{data.name} holds a header and no row", fix="send the file again with its rows")


#: Bytes that mean nothing in the file's encoding stay what they are, there and back.
_AS_THEY_ARE: Final = "surrogateescape"


def _joined(cells: list[str]) -> bytes:
    return "\x1f".join(cells).encode("utf-8", _AS_THEY_ARE)


class _Alone:
    """Writes a row with its header, as a table of its own in the encoding of the whole."""

    def __init__(self, header: list[str], separator: str, encoding: str) -> None:
        self._header = header
        self._separator = separator
        self._encoding = encoding

    def __call__(self, joined: bytes) -> bytes:
        out = StringIO()
        writer = csv.writer(out, delimiter=self._separator, lineterminator="\n")
        writer.writerow(self._header)
        writer.writerow(joined.decode("utf-8", _AS_THEY_ARE).split("\x1f"))
        return out.getvalue().encode(self._encoding, _AS_THEY_ARE)


class _Source:
    """Lines for the reader, and where the record began."""

    def __init__(self, data: Input, encoding: str) -> None:
        self._lines = lines(data)
        self._encoding = encoding
        self._at = 0
        self.line = 1
        self.ended = True
        self.too_long = False

    def record_begins(self) -> None:
        self.line = self._at + 1
        self.too_long = False

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            if self.line > self._at and line.content is not None and not line.content.strip():
                self._at += 1  # an empty line between records
                self.line = self._at + 1
                continue
            self._at = line.number
            self.ended = line.ended
            self.too_long |= line.content is None
            yield (line.content or b"").decode(self._encoding, "surrogateescape") + "\n"


def _row(source: _Source, cells: list[str], width: int, places: Mapping[str, int]) -> Mapping[str, str] | Problem:
    line = source.line
    if source.too_long:
        return Problem(line, "row", "too-long", f"the line is longer than {MAX_LINE_BYTES} bytes",
                       "a newline is missing: export the file again")  # fmt: skip
    if not source.ended:
        raise cut_in(line, len(cells), width)
    if len(cells) != width:
        return Problem(line, "row", "column-count", f"{len(cells)} columns where the header names {width}",
                       "put cells that hold the separator in quotes")  # fmt: skip
    found = {name: cells[at] for name, at in places.items()}
    broken = next((name for name, text in found.items() if not text.isascii() and _BROKEN.search(text)), None)
    if broken:
        return Problem(line, broken, "encoding", "a byte that means nothing in the file's encoding",
                       "save the file as UTF-8")  # fmt: skip
    return found


def _places(header: list[str], columns: Columns) -> dict[str, int]:
    """Where each known column stands; names are compared without case, accents and spaces."""
    if len(header) == 1:
        raise _one_column(header[0], columns.separator)
    names = [_bare(name) for name in header]
    known = _by_bare_name(columns)
    repeated = next((name for name in known if names.count(name) > 1), None)
    if repeated:
        raise FileRefused(f"line 1: column {known[repeated]} stands twice", fix="keep one of the two")
    places = {known[name]: at for at, name in enumerate(names) if name in known}
    _check_there(columns, places, names)
    return places


@cache
def _by_bare_name(columns: Columns) -> Mapping[str, str]:
    return {_bare(name): name for name in (*columns.required, *columns.optional)}


def _check_there(columns: Columns, places: Mapping[str, int], names: list[str]) -> None:
    missing = [name for name in columns.required if name not in places]
    if missing:
        near = process.extractOne(_bare(missing[0]), names, score_cutoff=_LIKE_ENOUGH)
        hint = f"; is {near[0]} meant for {missing[0]}?" if near else ""
        raise FileRefused(
            f"line 1: missing column{'s' if len(missing) > 1 else ''} {', '.join(missing)}{hint}",
            fix="columns are found by their names, in any order: add what is missing",
        )


def _bare(name: str) -> str:
    return fold(name).replace(" ", "_")


def _one_column(text: str, separator: str) -> FileRefused:
    found = max(_OTHERS, key=text.count)
    if text.count(found):
        return FileRefused(
            f"line 1: columns are separated by {_OTHERS[found]}, this format separates them by {_OTHERS[separator]}",
            fix=f"export the file again with {_OTHERS[separator]} as separator",
        )
    return FileRefused(
        "line 1 is no header: it has one column", fix=f"the first line names the columns, separated by {separator}"
    )
