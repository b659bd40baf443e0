"""``prochemploi-csv``: what Proch'emploi's platforms agree with employers, one thing a row, its nature in a column."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from connectors.formats import values as v
from connectors.formats.base import Event
from connectors.formats.employers import CONTACT_COLUMNS, CONTACT_WRITES, agent, contact, organisation
from connectors.formats.fields import Fields
from connectors.formats.records import TableRows
from connectors.formats.table import Columns
from schemas.contracts import (
    EMPLOYER_COMMITMENT,
    EMPLOYER_CONTACT,
    EMPLOYER_REFERENT,
    HIRING_TRAINING_REQUEST,
    JOB_OFFER,
    SKILLS_NEED,
)

_COMMITMENTS: Final = {
    "embauche": "HIRE", "immersion": "IMMERSION", "apprentissage": "APPRENTICESHIP",
    "formation avant embauche": "TRAIN_BEFORE_HIRING", "visite": "VISIT", "parrainage": "MENTORING",
}  # fmt: skip
_SCHEMES: Final = {"afpr": "AFPR", "poei": "POEI", "poec": "POEC"}
_STATES: Final = {
    "ouverte": "OPEN", "pourvue": "MATCHED", "financee": "FUNDED", "refusee": "REFUSED", "close": "CLOSED",
}  # fmt: skip
_CERTAINTIES: Final = {"finance": "FUNDED", "prevu": "PLANNED", "estime": "ESTIMATED"}
_COLUMNS: Final = Columns(
    required=("Nature", "Identifiant"),
    optional=(
        *("SIRET", "Entreprise", "Organisation", "Date du contact"), *CONTACT_COLUMNS,
        *("Intitulé", "Description", "Code ROME", "Formacodes", "Code INSEE", "Code postal", "Commune"),
        *("Nombre", "Nombre tenu", "Heures", "Type de contrat", "Dispositif", "Engagement", "Certitude", "Projet"),
        *("Date début", "Date fin", "Date de clôture", "Statut", "OPCO"),
    ),
)  # fmt: skip


class ProchemploiCsv(TableRows):
    """Rows of offers, short circuits, contacts, referents, commitments, requests and needs."""

    name = "prochemploi-csv"
    default_source = "prochemploi"
    columns = _COLUMNS
    writes = {  # noqa: RUF012  # a mapping that nobody changes, typed in the base
        JOB_OFFER: frozenset({
            "offer_id", "source_key", "title", "description", "rome_code", "contract_type", "place", "positions",
            "published_at", "closed_at", "employer", "origin", "partner",
        }),
        EMPLOYER_CONTACT: CONTACT_WRITES,
        EMPLOYER_REFERENT: frozenset({"siret", "source_key", "organisation", "agent", "since_on", "until_on"}),
        EMPLOYER_COMMITMENT: frozenset({
            "siret", "commitment_id", "source_key", "kind", "rome_code", "promised", "kept", "signed_on", "due_on",
        }),
        HIRING_TRAINING_REQUEST: frozenset({
            "request_id", "source_key", "scheme", "siret", "opco", "rome_code", "formacodes", "place", "positions",
            "hours", "starts_by", "hires_by", "contract_type", "state",
        }),
        SKILLS_NEED: frozenset({
            "need_id", "source_key", "project", "siret", "rome_code", "formacodes", "count", "needed_from",
            "needed_by", "certainty", "stated_by",
        }),
    }  # fmt: skip

    def mapped(self, row: Fields) -> Iterator[Event]:
        """One row; of an unknown nature, it is refused and stands for whatever has its key."""
        key = row.identifier("Identifiant", "identifier of the row")
        nature = row.choice("Nature", {name: name for name in _NATURES}, unknown=None, required=True)
        if nature is None:
            yield from (Event(contract, {"source_key": key}) for contract in self.writes)
        else:
            yield _NATURES[nature](row, key)


def _offer(row: Fields, key: str, partner: str = "Proch'emploi") -> Event:
    closed_on = row.strict_day("Date de clôture", "day on which the offer was closed")
    employer = {"name": row.text("Entreprise"), "siret": row.siret("SIRET"), "naf": None, "size": None}
    return Event(JOB_OFFER, {
        "offer_id": row.own_key(key),
        "source_key": key,
        "title": row.text("Intitulé", "title", required=True),
        "description": row.prose("Description"),
        "rome_code": row.rome("Code ROME"),
        "contract_type": row.text("Type de contrat"),
        "place": row.place("Code INSEE", "Code postal", "Commune"),
        "positions": row.number("Nombre", "number of positions"),
        "published_at": row.midnight("Date début"),
        "closed_at": row.midnight("Date de clôture"),
        "employer": employer if any(employer.values()) else None,
        "origin": "PARTNER",
        "partner": partner,
    }, withdrawn=closed_on is not None)  # fmt: skip


def _short_circuit(row: Fields, key: str) -> Event:
    return _offer(row, key, "Proch'emploi, circuit court")


def _referent(row: Fields, key: str) -> Event:
    since, until = row.day("Date début"), row.strict_day("Date fin", "last day")
    row.in_order(since, until, "Date fin")
    return Event(EMPLOYER_REFERENT, {
        "siret": row.siret("SIRET", required=True),
        "source_key": key,
        "organisation": organisation(row),
        "agent": agent(row),
        "since_on": since,
        "until_on": until,
    })  # fmt: skip


def _commitment(row: Fields, key: str) -> Event:
    return Event(EMPLOYER_COMMITMENT, {
        "siret": row.siret("SIRET", required=True),
        "commitment_id": row.own_key(key),
        "source_key": key,
        "kind": row.choice("Engagement", _COMMITMENTS) or "UNKNOWN",
        "rome_code": row.rome("Code ROME"),
        "promised": row.strict_number("Nombre", "number promised"),
        "kept": row.strict_number("Nombre tenu", "number kept"),
        "signed_on": row.day("Date début"),
        "due_on": row.day("Date fin"),
    })  # fmt: skip


def _request(row: Fields, key: str) -> Event:
    return Event(HIRING_TRAINING_REQUEST, {
        "request_id": row.own_key(key),
        "source_key": key,
        "scheme": row.choice("Dispositif", _SCHEMES) or "UNKNOWN",
        "siret": row.siret("SIRET"),
        "opco": row.text("OPCO"),
        "rome_code": row.rome("Code ROME"),
        "formacodes": row.codes("Formacodes", v.FORMACODE, "Formacode of five digits"),
        "place": row.place("Code INSEE", "Code postal", "Commune"),
        "positions": row.number("Nombre", "number of positions"),
        "hours": row.number("Heures", "number of hours"),
        "starts_by": row.day("Date début"),
        "hires_by": row.day("Date fin"),
        "contract_type": row.text("Type de contrat"),
        "state": row.choice("Statut", _STATES),
    })  # fmt: skip


def _need(row: Fields, key: str) -> Event:
    return Event(SKILLS_NEED, {
        "need_id": row.own_key(key),
        "source_key": key,
        "project": row.text("Projet"),
        "siret": row.siret("SIRET"),
        "rome_code": row.rome("Code ROME"),
        "formacodes": row.codes("Formacodes", v.FORMACODE, "Formacode of five digits"),
        "count": row.number("Nombre", "number of people", required=True),
        "needed_from": row.day("Date début"),
        "needed_by": row.day("Date fin"),
        "certainty": row.choice("Certitude", _CERTAINTIES),
        "stated_by": row.text("Organisation"),
    })  # fmt: skip


_NATURES: Final[Mapping[str, Callable[[Fields, str], Event]]] = {
    "offre": _offer, "circuit court": _short_circuit, "contact": contact, "referent": _referent,
    "engagement": _commitment, "formation": _request, "besoin": _need,
}  # fmt: skip

FORMAT = ProchemploiCsv()
