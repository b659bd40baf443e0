"""``offres-json``: job offers as France Travail's API *Offres d'emploi v2* gives them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from connectors.formats.base import Event
from connectors.formats.fields import Fields
from connectors.formats.records import JsonRecords
from schemas.contracts import JOB_OFFER

_EXPERIENCE: Final = {"d": "BEGINNER", "s": "WISHED", "e": "REQUIRED"}
_ORIGIN: Final = {"1": "FRANCE_TRAVAIL", "2": "PARTNER"}
_NAF: Final = re.compile(r"\d{2}\.\d{2}[A-Z]")
_QUALIFICATION: Final = re.compile(r"[1-9X]")


class OffresJson(JsonRecords):
    """Job offers."""

    name = "offres-json"
    default_source = "offres"
    envelopes = ("resultats",)
    instant = "the file's name, else what is said beside it; each offer has its own dateActualisation as revision"
    writes = {  # noqa: RUF012  # a mapping that nobody changes, typed in the base
        JOB_OFFER: frozenset({
            "offer_id", "source_key", "title", "description", "rome_code", "appellation", "contract_type",
            "contract_label", "contract_nature", "work_study", "place", "positions", "published_at", "updated_at",
            "closed_at", "experience", "experience_label", "working_time", "salary_label", "qualification", "employer",
            "disability_friendly", "hard_to_fill", "url", "origin", "partner",
        })
    }  # fmt: skip

    def mapped(self, one: Fields) -> Iterator[Event]:
        """One offer; the objects ``contact`` and ``agence``, which name persons, are never looked at."""
        key = one.identifier("id", "id of the offer")
        revision = one.revision("dateActualisation")
        closed_at = one.instant("dateFermeture")
        partner = next((found.text("nom") for found in one.within("origineOffre/partenaires")), None)
        yield Event(JOB_OFFER, {
            "offer_id": one.own_key(key),
            "source_key": key,
            "title": one.text("intitule", "title", required=True),
            "description": one.prose("description"),
            "rome_code": one.rome("romeCode"),
            "appellation": one.text("appellationlibelle"),
            "contract_type": one.text("typeContrat"),
            "contract_label": one.text("typeContratLibelle"),
            "contract_nature": one.text("natureContrat"),
            "work_study": one.flag("alternance"),
            "place": one.place(
                "lieuTravail/commune", "lieuTravail/codePostal", "lieuTravail/libelle", "lieuTravail/latitude",
                "lieuTravail/longitude",
            ),
            "positions": one.number("nombrePostes", "number of positions"),
            "published_at": one.instant("dateCreation"),
            "updated_at": one.instant("dateActualisation"),
            "closed_at": closed_at,
            "experience": one.choice("experienceExige", _EXPERIENCE),
            "experience_label": one.text("experienceLibelle"),
            "working_time": one.text("dureeTravailLibelle"),
            "salary_label": one.text("salaire/libelle"),
            "qualification": one.code("qualificationCode", _QUALIFICATION, "qualification from 1 to 9"),
            "employer": _employer(one),
            "disability_friendly": one.flag("accessibleTH"),
            "hard_to_fill": one.flag("offresManqueCandidats"),
            "url": one.text("origineOffre/urlOrigine"),
            "origin": one.choice("origineOffre/origine", _ORIGIN),
            "partner": partner,
        }, version=revision, withdrawn=closed_at is not None)  # fmt: skip


def _employer(one: Fields) -> Mapping[str, Any] | None:
    found = {
        "name": one.text("entreprise/nom"),
        "siret": one.siret("entreprise/siret"),
        "naf": one.code("codeNAF", _NAF, "NAF code like 10.71C"),
        "size": one.text("trancheEffectifEtab"),
    }
    return found if any(found.values()) else None


FORMAT = OffresJson()
