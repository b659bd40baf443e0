"""``data-inclusion-json``: services and structures of the schema v1 of data·inclusion."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from connectors.formats.base import Event
from connectors.formats.fields import Fields
from connectors.formats.records import JsonRecords
from schemas.contracts import MOBILITY_AID, MOBILITY_PROVIDER

_FEE: Final = {"gratuit": "FREE", "payant": "PAID"}
_RECEPTION: Final = {"en presentiel": "ONSITE", "a distance": "REMOTE"}
_MOBILISED_BY: Final = {"usagers": "USERS", "professionnels": "PROFESSIONALS"}
_MOBILISATION: Final = {
    "envoyer un courriel": "EMAIL", "telephoner": "PHONE", "se presenter": "IN_PERSON",
    "utiliser lien mobilisation": "LINK",
}  # fmt: skip
_THEMATIC: Final = re.compile(r"[a-z-]+(?:--[a-z-]+)?")
#: Codes of zone_eligibilite by their form: France, region in data·inclusion is not used, département, EPCI, commune.
_AREAS: Final = {
    "COUNTRY": re.compile(r"france"), "EPCI": re.compile(r"\d{9}"), "COMMUNE": re.compile(r"\d[\dAB]\d{3}"),
    "DEPARTEMENT": re.compile(r"\d[\dAB]|97\d"),
}  # fmt: skip


class DataInclusionJson(JsonRecords):
    """Aids to mobility and who offers them."""

    name = "data-inclusion-json"
    default_source = "data-inclusion"
    envelopes = ("items", "services", "structures")
    writes = {  # noqa: RUF012  # a mapping that nobody changes, typed in the base
        MOBILITY_AID: frozenset({
            "aid_id", "source_key", "provider_id", "name", "description", "updated_on", "kind", "thematics", "publics",
            "publics_detail", "conditions", "fee", "fee_detail", "eligible_areas", "place", "reception", "mobilised_by",
            "mobilisation", "mobilisation_detail", "mobilisation_url", "contact", "opening_hours", "weekly_hours",
            "weeks",
        }),
        MOBILITY_PROVIDER: frozenset({
            "provider_id", "source_key", "name", "siret", "description", "updated_on", "place", "address", "networks",
            "contact", "opening_hours", "accessibility_url",
        }),
    }  # fmt: skip

    def mapped(self, one: Fields) -> Iterator[Event]:
        """A service names its structure, a structure names none; ``contact_nom_prenom`` is never looked at."""
        yield _aid(one) if one.get("structure_id") is not None else _provider(one)


def _aid(one: Fields) -> Event:
    key = one.identifier("id", "id of the service")
    return Event(MOBILITY_AID, {
        "aid_id": key,
        "source_key": key,
        "provider_id": one.identifier("structure_id", "id of the structure"),
        "name": one.text("nom", "name", required=True),
        "description": one.text("description"),
        "updated_on": one.day("date_maj"),
        "kind": one.text("type"),
        "thematics": one.codes("thematiques", _THEMATIC, "theme like mobilite--louer-un-vehicule"),
        "publics": one.words("publics"),
        "publics_detail": one.text("publics_precisions"),
        "conditions": one.text("conditions_acces"),
        "fee": one.choice("frais", _FEE),
        "fee_detail": one.text("frais_precisions"),
        "eligible_areas": _areas(one),
        "place": _place(one),
        "reception": one.choices("modes_accueil", _RECEPTION),
        "mobilised_by": one.choices("mobilisable_par", _MOBILISED_BY),
        "mobilisation": one.choices("modes_mobilisation", _MOBILISATION),
        "mobilisation_detail": one.text("mobilisation_precisions"),
        "mobilisation_url": one.text("lien_mobilisation"),
        "contact": _contact(one, None),
        "opening_hours": one.text("horaires_accueil"),
        "weekly_hours": one.decimal("volume_horaire_hebdomadaire", places=1),
        "weeks": one.number("nombre_semaines", "number of weeks", low=1),
    })  # fmt: skip


def _provider(one: Fields) -> Event:
    key = one.identifier("id", "id of the structure")
    return Event(MOBILITY_PROVIDER, {
        "provider_id": key,
        "source_key": key,
        "name": one.text("nom", "name", required=True),
        "siret": one.siret("siret"),
        "description": one.text("description"),
        "updated_on": one.day("date_maj"),
        "place": _place(one),
        "address": one.text("adresse"),
        "networks": one.words("reseaux_porteurs"),
        "contact": _contact(one, "site_web"),
        "opening_hours": one.text("horaires_accueil"),
        "accessibility_url": one.text("accessibilite_lieu"),
    })  # fmt: skip


def _place(one: Fields) -> Mapping[str, Any] | None:
    return one.place("code_insee", "code_postal", "commune", "latitude", "longitude")


def _contact(one: Fields, url: str | None) -> Mapping[str, Any] | None:
    found = {"phone": one.text("telephone"), "email": one.text("courriel"), "url": one.text(url) if url else None}
    return found if any(found.values()) else None


def _areas(one: Fields) -> list[dict[str, str | None]] | None:
    found = [
        one.area("zone_eligibilite", kind, code.upper() if kind != "COUNTRY" else "FR")
        for code in one.words("zone_eligibilite") or ()
        for kind, pattern in _AREAS.items()
        if pattern.fullmatch(code)
    ]
    return found or None


FORMAT = DataInclusionJson()
