"""The two heads that most formats share: JSON records, and rows of a table; each is read through ``Fields``."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import ClassVar

from connectors.formats.base import Context, Event, Format, Item
from connectors.formats.documents import documents
from connectors.formats.fields import Fields, items
from connectors.formats.table import Columns, table
from connectors.inputs import Input


class JsonRecords(Format):
    """JSON: an array, an object that holds one, or a record on each line.

    Attributes:
        envelopes: Names under which an object may hold the array.
    """

    suffixes = (".json", ".ndjson")
    media_types = ("application/json", "application/x-ndjson")
    sample = "sample.json"
    envelopes: ClassVar[tuple[str, ...]]

    def read(self, data: Input, context: Context) -> Iterator[Item]:
        """One item for each record; raises FileRefused for what is no JSON, or is cut."""
        return items(documents(data, context, *self.envelopes), context, self.mapped)

    @abstractmethod
    def mapped(self, one: Fields) -> Iterable[Event]:
        """What a record says; the first event decides its verdict."""


class TableRows(Format):
    """CSV with a header.

    Attributes:
        columns: Which there are.
    """

    suffixes = (".csv",)
    media_types = ("text/csv",)
    sample = "sample.csv"
    columns: ClassVar[Columns]

    def read(self, data: Input, context: Context) -> Iterator[Item]:
        """One item for each row; raises FileRefused for what is no such table, or is cut."""
        return items(table(data, context, self.columns), context, self.mapped, prefix="")

    @abstractmethod
    def mapped(self, row: Fields) -> Iterable[Event]:
        """What a row says; the first event decides its verdict."""
