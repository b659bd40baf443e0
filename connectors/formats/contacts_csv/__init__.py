"""``contacts-csv``: who of a partner called on which establishment, exported from its customer relations (CRM)."""

from collections.abc import Iterator

from connectors.formats.base import Event
from connectors.formats.employers import CONTACT_COLUMNS, CONTACT_WRITES, contact
from connectors.formats.fields import Fields
from connectors.formats.records import TableRows
from connectors.formats.table import Columns
from schemas.contracts import EMPLOYER_CONTACT


class ContactsCsv(TableRows):
    """Contacts with employers."""

    name = "contacts-csv"
    default_source = "contacts"
    columns = Columns(
        required=("Identifiant", "SIRET", "Organisation", "Date du contact"), optional=CONTACT_COLUMNS
    )  # fmt: skip
    writes = {EMPLOYER_CONTACT: CONTACT_WRITES}  # noqa: RUF012  # a mapping that nobody changes, typed in the base

    def mapped(self, row: Fields) -> Iterator[Event]:
        """One contact."""
        yield contact(row, row.identifier("Identifiant", "identifier of the contact"))


FORMAT = ContactsCsv()
