"""``tally-csv``: how many people stand where in each session, from organisations that may not share persons."""

from collections.abc import Iterator
from typing import Final

from connectors.formats.base import Event
from connectors.formats.fields import Fields
from connectors.formats.records import TableRows
from connectors.formats.table import Columns
from schemas.contracts import TRAINING_HEADCOUNT

_COUNTS: Final = {
    "prescribed": "Prescrits", "admitted": "Admis", "entered": "Entrés", "interrupted": "Interrompus",
    "dropped_out": "Abandons", "completed": "Terminés",
}  # fmt: skip
_COLUMNS: Final = Columns(
    required=("Numéro de session", "Entrés"),
    optional=("Numéro Intercarif", "Date fin", *(column for column in _COUNTS.values() if column != "Entrés")),
)


class TallyCsv(TableRows):
    """Counts of sessions."""

    name = "tally-csv"
    default_source = "tally"
    columns = _COLUMNS
    writes = {  # noqa: RUF012  # a mapping that nobody changes, typed in the base
        TRAINING_HEADCOUNT: frozenset({"session_id", "source_key", *_COUNTS, "ends_on"})
    }

    def mapped(self, row: Fields) -> Iterator[Event]:
        """One session."""
        root, key = row.session("Numéro Intercarif", "Numéro de session")
        counts = {name: row.strict_number(column, "number of people") for name, column in _COUNTS.items()}
        if all(count is None for count in counts.values()):
            row.missing("Entrés", "number of people")
        yield Event(TRAINING_HEADCOUNT, {
            "session_id": root, "source_key": key, **counts, "ends_on": row.strict_day("Date fin", "last day"),
        })  # fmt: skip


FORMAT = TallyCsv()
