"""What the formats that tell of trainees have in common: a person's place in a session, and the session beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from connectors.formats import values as v
from connectors.formats.base import Event
from connectors.formats.fields import Fields
from schemas.contracts import TRAINING_ENROLMENT, TRAINING_SESSION

PRESCRIBERS: Final = {
    "france travail": "FRANCE_TRAVAIL", "pole emploi": "FRANCE_TRAVAIL", "mission locale": "MISSION_LOCALE",
    "cap emploi": "CAP_EMPLOI", "departement": "DEPARTEMENT", "afpa": "AFPA", "autre": "OTHER",
}  # fmt: skip
#: The fields that these formats fill.
WRITES: Final[Mapping[str, frozenset[str]]] = {
    TRAINING_SESSION: frozenset({
        "session_id", "source_key", "title", "provider", "place", "rome_codes", "formacodes", "certifications",
        "starts_on", "ends_on",
    }),
    TRAINING_ENROLMENT: frozenset({
        "session_id", "person", "source_key", "status", "planned_start_on", "planned_end_on", "actual_end_on",
        "prescriber", "scheme", "funders",
    }),
}  # fmt: skip
#: Sessions come along with their trainees.
CARRIES: Final = frozenset({"TrainingSession"})


@dataclass(frozen=True, slots=True)
class Paths:
    """Where a record tells what; a column or a path.

    Attributes:
        number: Intercarif number of the session.
        session: The source's own number of the session.
        national: France Travail identifier of the trainee.
        local: The source's own identifier of the trainee.
        starts_on: Planned first day.
        ends_on: Planned last day.
        title: Of the training.
        provider: Name of the organisation, with its ``siret``.
        insee: Commune, with ``postcode`` and ``town``.
        rome: ROME codes, ``formacodes`` and ``rncp`` numbers.
        scheme: Financing scheme, with ``funders`` and ``prescriber``.
    """

    number: str
    session: str
    national: str
    local: str
    starts_on: str
    ends_on: str
    title: str
    provider: str
    siret: str
    insee: str
    postcode: str
    town: str
    rome: str
    formacodes: str
    rncp: str
    scheme: str
    funders: str
    prescriber: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands.

    Attributes:
        status: A word of the contract.
        left_on: Actual last day.
    """

    status: str
    left_on: date | None = None


def place_in_session(one: Fields, at: Paths, standing: Standing, version: int | None = None) -> tuple[Event, Event]:
    """The enrolment that a record tells, and the session that comes along with it."""
    root, key = one.session(at.number, at.session)
    starts_on = one.strict_day(at.starts_on, "planned first day")
    ends_on = one.day(at.ends_on, "planned last day", required=True)
    one.in_order(starts_on, ends_on, at.ends_on)
    person = one.person(at.national, at.local)
    scheme = one.text(at.scheme)
    enrolment = {
        "session_id": root,
        "person": person,
        "source_key": f"{key}/{person}",
        "status": standing.status,
        "planned_start_on": starts_on,
        "planned_end_on": ends_on,
        "actual_end_on": standing.left_on,
        "prescriber": one.choice(at.prescriber, PRESCRIBERS),
        "scheme": scheme and v.to_scheme(scheme),
        "funders": one.codes(at.funders, v.FUNDER, "code of dict-financeurs"),
    }
    rank = f"{standing.left_on or ''}{ends_on}"
    session = Event(TRAINING_SESSION, _session(one, at, root, key, (starts_on, ends_on)), rank=str(ends_on))
    return Event(TRAINING_ENROLMENT, enrolment, version, rank), session


def _session(
    one: Fields, at: Paths, root: str, key: str, days: tuple[date | None, date | None]
) -> Mapping[str, Any]:  # fmt: skip
    rncp = one.codes(at.rncp, v.RNCP, "RNCP number")
    provider = {"name": one.text(at.provider), "siret": one.siret(at.siret), "nda": None}
    return {
        "session_id": root,
        "source_key": key,
        "title": one.text(at.title),
        "provider": provider if any(provider.values()) else None,
        "place": one.place(at.insee, at.postcode, at.town),
        "rome_codes": one.codes(at.rome, v.ROME, "ROME code"),
        "formacodes": one.codes(at.formacodes, v.FORMACODE, "Formacode of five digits"),
        "certifications": [{"scheme": "RNCP", "code": number} for number in rncp] if rncp else None,
        "starts_on": days[0],
        "ends_on": days[1],
    }
