"""What the formats that tell of employers have in common: contacts with them, and who called."""

import re
from typing import Final

from connectors.formats import values as v
from connectors.formats.base import Event
from connectors.formats.fields import Fields
from schemas.contracts import EMPLOYER_CONTACT

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
#: The fields of a contact that these formats fill.
CONTACT_WRITES: Final = frozenset({
    "siret", "contact_id", "source_key", "organisation", "agent", "contacted_at", "channel", "purpose", "outcome",
    "rome_codes", "next_on",
})  # fmt: skip
#: The columns of a contact besides those of its key, its establishment and its organisation.
CONTACT_COLUMNS: Final = ("Code agent", "Canal", "Motif", "Résultat", "Codes ROME", "Prochain contact")


def agent(row: Fields) -> str | None:
    """The partner's own code of who called."""
    return row.code("Code agent", _AGENT, "code of the agent, with a digit")


def organisation(row: Fields) -> str | None:
    """Who of the partners it is."""
    return row.text("Organisation", "name of the organisation", required=True)


def contact(row: Fields, key: str) -> Event:
    """That somebody called on an establishment."""
    return Event(EMPLOYER_CONTACT, {
        "siret": row.siret("SIRET", required=True),
        "contact_id": row.own_key(key),
        "source_key": key,
        "organisation": organisation(row),
        "agent": agent(row),
        "contacted_at": row.moment("Date du contact", "instant of the contact"),
        "channel": row.choice("Canal", _CHANNELS),
        "purpose": row.choice("Motif", _PURPOSES),
        "outcome": row.choice("Résultat", _OUTCOMES),
        "rome_codes": row.codes("Codes ROME", v.ROME, "ROME code"),
        "next_on": row.day("Prochain contact"),
    })  # fmt: skip
