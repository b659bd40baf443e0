"""``contacts-csv``: who of a partner called on which establishment, exported from its customer relations (CRM)."""

import re
from collections.abc import Iterator
from typing import Final

from connectors.formats import values as v
from connectors.formats.base import Event
from connectors.formats.fields import Fields
from connectors.formats.records import TableRows
from connectors.formats.table import Columns
from schemas.contracts import EMPLOYER_CONTACT

_COLUMNS: Final = Columns(
    required=("Identifiant", "SIRET", "Organisation", "Date du contact"),
    optional=("Code agent", "Canal", "Motif", "Résultat", "Codes ROME", "Prochain contact"),
)
_CHANNELS: Final = {
    "visite": "VISIT", "telephone": "PHONE", "courriel": "EMAIL", "visioconference": "VIDEO", "evenement": "EVENT",
}  # fmt: skip
_PURPOSES: Final = {
    "recrutement": "RECRUITMENT", "formation": "TRAINING", "apprentissage": "APPRENTICESHIP",
    "immersion": "IMMERSION", "mobilite": "MOBILITY", "suivi": "FOLLOW_UP", "prospection": "PROSPECTING",
}  # fmt: skip
_OUTCOMES: Final = {
    "besoin": "NEED_FOUND", "besoin identifie": "NEED_FOUND", "pas de besoin": "NO_NEED", "a rappeler": "CALL_BACK",
    "injoignable": "UNREACHABLE", "refus": "REFUSED",
}  # fmt: skip
#: A code has a digit; what has none may be a name, which must not travel.
_AGENT: Final = re.compile(r"(?=.*\d)[\w.-]{1,32}")


class ContactsCsv(TableRows):
    """Contacts with employers."""

    name = "contacts-csv"
    default_source = "contacts"
    columns = _COLUMNS
    writes = {  # noqa: RUF012  # a mapping that nobody changes, typed in the base
        EMPLOYER_CONTACT: frozenset({
            "siret", "contact_id", "source_key", "organisation", "agent", "contacted_at", "channel", "purpose",
            "outcome", "rome_codes", "next_on",
        })
    }  # fmt: skip

    def mapped(self, row: Fields) -> Iterator[Event]:
        """One contact."""
        key = row.identifier("Identifiant", "identifier of the contact")
        yield Event(EMPLOYER_CONTACT, {
            "siret": row.siret("SIRET", required=True),
            "contact_id": row.own_key(key),
            "source_key": key,
            "organisation": row.text("Organisation", "name of the organisation", required=True),
            "agent": row.code("Code agent", _AGENT, "code of the agent, with a digit"),
            "contacted_at": row.moment("Date du contact", "instant of the contact"),
            "channel": row.choice("Canal", _CHANNELS),
            "purpose": row.choice("Motif", _PURPOSES),
            "outcome": row.choice("Résultat", _OUTCOMES),
            "rome_codes": row.codes("Codes ROME", v.ROME, "ROME code"),
            "next_on": row.day("Prochain contact"),
        })  # fmt: skip


FORMAT = ContactsCsv()
