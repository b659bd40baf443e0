"""The format: a file in, a reading out."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from connectors.formats.base import Context, Problem, Reading, RefusedRow
from connectors.formats.kairos_csv.assemble import WRITES, assemble
from connectors.formats.kairos_csv.columns import SEPARATOR, positions
from connectors.formats.kairos_csv.rows import BadRow, Row, RowReader
from connectors.formats.lines import MAX_LINE_BYTES, Line, check_file, encoding_of, lines
from schemas.errors import FileRefused


class KairosCsv:
    """Rows of training entries and ends."""

    name = "kairos-csv"
    default_source = "kairos"
    writes = WRITES

    def read(self, path: Path, context: Context) -> Reading:
        """Read a file; raises FileRefused when it is broken as a whole."""
        check_file(path)
        reading = Reading(encoding=encoding_of(path))
        found = lines(path)
        header = next(found)
        at = positions(header)
        width = (header.content or b"").count(SEPARATOR) + 1
        first = next(found, None)
        if first is None:
            raise FileRefused(f"{path.name} holds a header and no row", fix="send the file again with its rows")
        reader = RowReader(at, width, reading.encoding, context, reading.warnings.append)
        assemble(_rows(chain([first], found), reader, width, reading), context.source, reading)
        return reading


def _rows(found: Iterator[Line], reader: RowReader, width: int, reading: Reading) -> Iterator[Row]:
    for line in found:
        if line.content is not None and not line.content.strip():
            continue
        reading.rows += 1
        _refuse_cut(line, width)
        try:
            yield _row(line, reader)
        except BadRow as bad:
            reading.refused.append(RefusedRow(bad.problem, bad.content))


def _row(line: Line, reader: RowReader) -> Row:
    if line.content is None:
        raise BadRow(Problem(
            line.number, "row", "too-long", f"the line is longer than {MAX_LINE_BYTES} bytes",
            "a newline is missing: export the file again",
        ))  # fmt: skip
    return reader.read(line.number, line.content)


def _refuse_cut(line: Line, width: int) -> None:
    if line.ended or line.content is None:
        return
    columns = line.content.count(SEPARATOR) + 1
    if columns < width:
        raise FileRefused(
            f"the file is cut in line {line.number}: {columns} columns of {width}, and no end of line",
            fix="its transfer was interrupted: send it again; nothing of it was taken",
        )
