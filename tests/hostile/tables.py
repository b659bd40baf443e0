"""Damage to tables: encodings, separators, quotes, columns, lines."""

import csv
from collections.abc import Iterator
from typing import Final

from tests.hostile.damage import FORMULAS, GIGABYTE, ODD, Damage, Endless, Verdict, encoded, strangers

#: Separator, a text column that every record needs or publishes, and one that may hold anything.
LAYOUT: Final = {
    "kairos-csv": ("|", "dc_lblformation"),
    "region-csv": (";", "Intitulé"),
    "contacts-csv": (";", "Organisation"),
    "tally-csv": (";", "Numéro Intercarif"),
    "prochemploi-csv": (";", "Intitulé"),
}
#: This format knows no quotes: its export writes none, and a quote is a letter like others.
_PLAIN: Final = "kairos-csv"


class Table:
    """A sample whose first row is damaged.

    Args:
        name: Of the format.
        sample: Its content.
    """

    def __init__(self, name: str, sample: bytes) -> None:
        self.separator, self.column = LAYOUT[name]
        self.text = sample.decode()
        self.header, *self.rows = self.text.splitlines()
        self.at = self.header.split(self.separator).index(self.column)
        row = self.rows[0]
        plain = name == _PLAIN
        self.cells = row.split(self.separator) if plain else next(csv.reader([row], delimiter=self.separator))

    def file(self, *rows: str, header: str | None = None) -> bytes:
        return ("\n".join([header or self.header, *rows]) + "\n").encode()

    def first(self, row: str) -> bytes:
        """Everything, but for another first row."""
        return self.file(row, *self.rows[1:])

    def cell(self, text: str) -> bytes:
        """Another text in the first row, as it is."""
        cells = [f'"{one}"' if self.separator in one else one for one in self.cells]
        cells[self.at] = text
        return self.first(self.separator.join(cells))


def damages(name: str, sample: bytes) -> Iterator[Damage]:
    """Every damage of a format."""
    table = Table(name, sample)
    yield from strangers()
    yield from encoded(table.text, "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp500")
    yield from _encodings(table)
    yield from _columns(table)
    yield from _quotes(table)
    yield from _lines(table)
    yield from _cells(table)


def _encodings(table: Table) -> Iterator[Damage]:
    text = table.text
    yield Damage("Windows-1252", "harmless", text.encode("cp1252"), "spreadsheets write it")
    yield Damage("a byte order mark", "harmless", text.encode("utf-8-sig"), "spreadsheets write it")
    yield Damage("two byte order marks", "harmless", b"\xef\xbb\xbf" + text.encode("utf-8-sig"), "no name begins so")
    yield Damage("a byte that no encoding has", "record", table.cell("x@").replace(b"x@", b"x\x81"),
                 elsewhere=dict.fromkeys(("region-csv", "tally-csv"), "whole"))  # fmt: skip # their header has accents


def _columns(table: Table) -> Iterator[Damage]:
    header, rows, own = table.header, table.rows, table.separator
    for word, other in {"commas": ",", "tabs": "\t", "colons": ":", "spaces": " "}.items():
        yield Damage(f"{word} between cells", "whole", table.text.replace(own, other).encode())
    other = "," if own != "," else ";"
    yield Damage("another separator in one row", "record", table.first(rows[0].replace(own, other)))
    yield Damage("a cell too many", "record", table.first(rows[0] + own + "x"))
    yield Damage("a cell too few", "record", table.first(rows[0].rpartition(own)[0]))
    yield Damage("100,000 cells in a row", "record", table.first(own * 100_000))
    yield Damage("separators alone in a row", "record", table.first(own * rows[0].count(own)))
    yield Damage("no header", "whole", table.file(*rows[1:], header=rows[0]))
    yield Damage("a header alone", "whole", table.file())
    yield Damage("the same column twice", "whole", table.text.replace(
        header, own.join([header, table.column])).encode())  # fmt: skip
    yield Damage("a column without which nothing is known", "whole", table.file(
        *rows, header=own.join("x" for _ in header.split(own))))  # fmt: skip
    yield Damage("100,000 columns", "whole", table.file(*rows, header=own.join(["x"] * 100_000)))
    if table.column in {LAYOUT[_PLAIN][1], "Organisation"}:  # the way of reading is the same for all others
        yield Damage("a header of a gigabyte", "whole", Endless(b"x" + own.encode(), b"x", GIGABYTE, b"\n"))
        yield Damage("a row of a gigabyte", "record", Endless(table.file(*rows), b"x", GIGABYTE, b"\n"))
        yield Damage("200,000 rows that are none", "whole", table.file(*["x"] * 200_000))


def _quotes(table: Table) -> Iterator[Damage]:
    plain: dict[str, Verdict] = {_PLAIN: "harmless"}
    yield Damage("a quote that is never closed", "whole", table.cell('"x'), elsewhere=plain)
    yield Damage("text behind a quote", "whole", table.cell('"x"y'), elsewhere=plain)
    yield Damage("a quote inside a cell", "harmless", table.cell('x"y'), "it begins no quoted cell")


def _lines(table: Table) -> Iterator[Damage]:
    text = table.text
    yield Damage("ends of line of Windows", "harmless", text.replace("\n", "\r\n").encode(), "RFC 4180 itself")
    yield Damage("ends of line of an old Mac", "whole", text.replace("\n", "\r").encode())
    yield Damage("empty lines", "harmless", text.replace("\n", "\n\n").encode(), "nothing is lost")
    yield Damage("no end of line at its end", "whole", text.rstrip("\n").encode())
    yield Damage("a row of 70,000 letters", "record", table.cell("x" * 70_000))


def _cells(table: Table) -> Iterator[Damage]:
    for text in FORMULAS:
        quoted = text if table.separator == "|" else '"' + text.replace('"', '""') + '"'
        yield Damage(f"the formula {text}", "record", table.cell(quoted))
    for what, text in ODD.items():
        yield Damage(f"{what} in a text", "harmless", table.cell(text), "a text is only a text")
