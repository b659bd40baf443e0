"""The format: something handed over in, one item for each row out."""

from collections.abc import Iterator
from functools import partial
from itertools import chain

from connectors.formats.base import Context, Format, Item, Problem, Refused
from connectors.formats.kairos_csv.assemble import SESSION, WRITES, assemble
from connectors.formats.kairos_csv.columns import SEPARATOR, positions
from connectors.formats.kairos_csv.rows import BadRow, Row, RowReader
from connectors.formats.lines import MAX_LINE_BYTES, Line, check_text, cut_in, encoding_of, lines
from connectors.inputs import Input
from schemas.errors import FileRefused


class KairosCsv(Format):
    """Rows of training entries and ends."""

    name = "kairos-csv"
    default_source = "kairos"
    suffixes = (".csv", ".txt")
    media_types = ("text/csv", "text/plain")
    writes = WRITES
    carries = frozenset({SESSION})
    sample = "sample.csv"

    def read(self, data: Input, context: Context) -> Iterator[Item]:
        """One item for each row; raises FileRefused when the file is broken as a whole."""
        check_text(data)
        context.notes.encoding = encoding_of(data)
        found = lines(data)
        header = next(found)
        at = positions(header)
        width = (header.content or b"").count(SEPARATOR) + 1
        first = next(found, None)
        if first is None:
            raise FileRefused(f"{data.name} holds a header and no row", fix="send the file again with its rows")
        reader = RowReader(at, width, context)
        rows: list[Row] = []
        context.notes.alone = partial(_alone, header.content or b"")
        yield from _rows(chain([first], found), reader, context, rows)
        yield from assemble(rows, context)


def _alone(header: bytes, row: bytes) -> bytes:
    return b"%s\n%s\n" % (header, row)


def _rows(found: Iterator[Line], reader: RowReader, context: Context, rows: list[Row]) -> Iterator[Refused]:
    """Put the good rows into a list, give the bad ones."""
    for number, content, ended in found:
        if content is None:
            yield Refused((_too_long(number),))
            continue
        if not content or content.isspace():
            continue
        if not ended:
            raise cut_in(number, content.count(SEPARATOR) + 1, reader.width)
        try:
            rows.append(reader.read(number, content))
        except BadRow as bad:
            yield Refused((bad.problem,), bad.content, bad.about, context.notes.alone(content))


def _too_long(line: int) -> Problem:
    return Problem(
        line, "row", "too-long", f"the line is longer than {MAX_LINE_BYTES} bytes",
        "a newline is missing: export the file again",
    )  # fmt: skip
