"""``evenements-json``: recruitment and information events as France Travail's *Mes événements emploi* gives them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Final

from connectors.formats.base import Event
from connectors.formats.fields import Fields
from connectors.formats.records import JsonRecords
from connectors.formats.values import Fault
from schemas.contracts import EMPLOYMENT_EVENT

_KINDS: Final = {
    "reunion d information": "INFORMATION_MEETING", "reunion information": "INFORMATION_MEETING", "forum": "FORUM",
    "conference": "CONFERENCE", "atelier": "WORKSHOP", "salon en ligne": "ONLINE_FAIR", "job dating": "JOB_DATING",
    "visite d entreprise": "COMPANY_VISIT", "portes ouvertes": "OPEN_DAY", "journee portes ouvertes": "OPEN_DAY",
}  # fmt: skip
_MODALITIES: Final = {"en physique": "ONSITE", "a distance": "REMOTE"}
#: The contract takes codes and their beginnings: N, N41, N4101.
_ROME: Final = re.compile(r"[A-N](?:\d{2}(?:\d{2})?)?")
_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?")


class EvenementsJson(JsonRecords):
    """Events of the agenda."""

    name = "evenements-json"
    default_source = "evenements"
    envelopes = ("content",)
    writes = {  # noqa: RUF012  # a mapping that nobody changes, typed in the base
        EMPLOYMENT_EVENT: frozenset({
            "event_id", "source_key", "title", "description", "kind", "starts_at", "ends_at", "timezone", "place",
            "modalities", "targets", "publics", "operations", "rome_codes", "multi_sector", "seats_onsite",
            "seats_remote", "registered_onsite", "registered_remote", "organiser", "agency", "offer_ids", "cancelled",
            "url",
        })
    }  # fmt: skip

    def mapped(self, one: Fields) -> Iterator[Event]:
        """One event."""
        key = one.identifier("id", "id of the event")
        starts_at, ends_at = _hours(one)
        modalities = one.choices("modalites", _MODALITIES)
        offers = one.words("offresId")
        yield Event(EMPLOYMENT_EVENT, {
            "event_id": one.own_key(key),
            "source_key": key,
            "title": one.text("titre", "title", required=True),
            "description": one.prose("description"),
            "kind": one.choice("type", _KINDS) or "UNKNOWN",
            "starts_at": starts_at,
            "ends_at": ends_at,
            "timezone": one.text("timezone"),
            "place": None if modalities == ["REMOTE"] else one.place(
                "codeInsee", "codePostal", "ville", "latitude", "longitude"
            ),
            "modalities": modalities,
            "targets": one.words("objectifs"),
            "publics": one.words("publics"),
            "operations": one.words("operations"),
            "rome_codes": one.codes("codesRome", _ROME, "ROME code or its beginning"),
            "multi_sector": one.flag("multisectoriel"),
            "seats_onsite": one.number("nombrePlaceTotalPresentiel"),
            "seats_remote": one.number("nombrePlaceTotalDistance"),
            "registered_onsite": one.number("nombreInscritPresentiel"),
            "registered_remote": one.number("nombreInscritDistance"),
            "organiser": one.text("libelleOrganisateurPrincipal"),
            "agency": one.text("libelleEtablissement"),
            "offer_ids": offers and [f"offres:{offer}" for offer in offers],
            "cancelled": one.flag("annule") or False,
            "url": one.text("urlDetailEvenement"),
        })  # fmt: skip


def _hours(one: Fields) -> tuple[datetime | None, datetime | None]:
    """First and last instant: the day of ``dateEvenement`` with the hours, which are in UTC."""
    instant = one.instant("dateEvenement", "day of the event", required=True)
    first, last = (_time(one, path) for path in ("heureDebut", "heureFin"))
    if instant is None:
        return None, None
    starts_at = datetime.combine(instant.date(), first, UTC) if first else instant
    ends_at = datetime.combine(instant.date(), last, UTC) if last else None
    if ends_at is not None and ends_at < starts_at:
        ends_at += timedelta(days=1)  # past midnight in UTC
    return starts_at, ends_at


def _time(one: Fields, path: str) -> time | None:
    found = one.code(path, _TIME, "time like 08:30:00")
    if found is None:
        return None
    try:
        return time.fromisoformat(found)
    except ValueError:
        one.fault(path, Fault("not-a-time", "not a time", "write it as 08:30:00"), found)
        return None


FORMAT = EvenementsJson()
