"""``intercarif-xml``: the offer of trainings in LHEO 2.2 and 2.3, as C2RP and the other CARIF-OREF publish it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from connectors.formats import values as v
from connectors.formats.base import Context, Event, Format, Item
from connectors.formats.fields import Fields, items
from connectors.formats.intercarif_xml.lheo import exported_at, sessions
from connectors.inputs import Input
from schemas.contracts import TRAINING_SESSION

#: LHEO 2.3, lheo.gouv.fr/2.3/lheo/dict-….html: etat-recrutement, modalites-entrees-sorties, modalites-enseignement
#: (0 *formation entièrement présentielle*, 1 *formation mixte*, 2 *formation entièrement à distance*).
_RECRUITMENT: Final = {"1": "OPEN", "2": "CLOSED", "3": "SUSPENDED"}
_ENTRIES: Final = {"0": "FIXED", "1": "PERMANENT"}
_MODALITIES: Final = {"0": "ONSITE", "1": "MIXED", "2": "REMOTE"}


class IntercarifXml(Format):
    """Sessions of trainings."""

    name = "intercarif-xml"
    default_source = "intercarif"
    suffixes = (".xml",)
    media_types = ("application/xml", "text/xml")
    instant = "the file's name, else its own export date (extras flux-intercarif), else what is said beside it"
    sample = "sample.xml"
    writes = {  # noqa: RUF012  # a mapping that nobody changes, typed in the base
        TRAINING_SESSION: frozenset({
            "session_id", "source_key", "title", "provider", "place", "rome_codes", "formacodes", "certifications",
            "level", "starts_on", "ends_on", "recruitment", "seats", "entry_mode", "modality", "funders", "hours",
            "public_contact",
        })
    }  # fmt: skip

    def read(self, data: Input, context: Context) -> Iterator[Item]:
        """One item for each session."""
        return items(sessions(data, context), context, _mapped)

    def instant_of(self, data: Input) -> datetime | None:
        """The date and time of export that stand at the end of the file."""
        return exported_at(data)


def _mapped(one: Fields) -> Iterator[Event]:
    number = one.identifier("session/@numero", "number of the session")
    starts_on, ends_on = (
        one.strict_day("session/periode/debut", "first day"),
        one.strict_day("session/periode/fin", "last day"),
    )
    one.in_order(starts_on, ends_on, "session/periode/fin")
    url = (
        one.text("session/url-session/urlweb")
        or one.text("action/url-action/urlweb")
        or one.text("url-formation/urlweb")
    )
    yield Event(TRAINING_SESSION, {
        "session_id": f"intercarif:{number}",
        "source_key": number,
        "title": one.text("intitule-formation"),
        "provider": _provider(one),
        "place": one.place(
            "lieu/code-INSEE-commune", "lieu/codepostal", "lieu/ville", "lieu/latitude", "lieu/longitude"
        ),
        "rome_codes": one.codes("domaine-formation/code-ROME", v.ROME, "ROME code"),
        "formacodes": one.codes("domaine-formation/code-FORMACODE", v.FORMACODE, "Formacode of five digits"),
        "certifications": _certifications(one),
        "level": one.code("code-niveau-sortie", v.FUNDER, "level of dict-niveaux"),
        "starts_on": starts_on,
        "ends_on": ends_on,
        "recruitment": _recruitment(one),
        "seats": _seats(one),
        "entry_mode": one.choice("action/modalites-entrees-sorties", _ENTRIES),
        "modality": one.choice("action/modalites-enseignement", _MODALITIES),
        "funders": _funders(one),
        "hours": _some({
            "centre": one.number("action/nombre-heures-centre", "number of hours"),
            "company": one.number("action/nombre-heures-entreprise", "number of hours"),
        }),
        "public_contact": {"phone": None, "email": None, "url": url} if url else None,
    }, rank=one.get("session/@datemaj") or "")  # fmt: skip


def _provider(one: Fields) -> Mapping[str, Any] | None:
    return _some({
        "name": one.text("organisme/nom-organisme") or one.text("organisme/raison-sociale"),
        "siret": one.siret("organisme/SIRET"),
        "nda": one.text("organisme/numero-activite"),
    })  # fmt: skip


def _certifications(one: Fields) -> list[dict[str, str]] | None:
    schemes = {"RNCP": "code-RNCP", "RS": "code-RS", "CERTIFINFO": "code-CERTIFINFO"}
    return [
        {"scheme": scheme, "code": code}
        for scheme, path in schemes.items()
        for code in one.codes(f"certification/{path}", v.CERTIFICATION, "number of the register") or ()
    ] or None


def _recruitment(one: Fields) -> Mapping[str, Any] | None:
    found = {
        "state": one.choice("session/etat-recrutement", _RECRUITMENT),
        "from": one.day("session/periode-inscription/periode/debut"),
        "until": one.day("session/periode-inscription/periode/fin"),
    }
    return {**found, "state": found["state"] or "UNKNOWN"} if any(found.values()) else None


def _funders(one: Fields) -> list[dict[str, Any]] | None:
    found = [
        {"code": code, "seats": funder.number("nb-places-financees", "number of places")}
        for funder in one.within("financeurs")
        if (code := funder.code("code-financeur", v.FUNDER, "code of dict-financeurs"))
    ]
    return found or None


def _seats(one: Fields) -> Mapping[str, Any] | None:
    """Places of the session's own recruitment (LHEO 2.3), else those that its funders pay."""
    recruited = one.number("session/recrutement/nb-places", "number of places")
    if recruited is not None:
        return {"count": recruited, "basis": "RECRUITMENT"}
    funded = [funder["seats"] for funder in _funders(one) or () if funder["seats"] is not None]
    return {"count": sum(funded), "basis": "FUNDED"} if funded else None


def _some(found: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return found if any(value is not None for value in found.values()) else None


FORMAT = IntercarifXml()
