"""One case for each format, for the shared conformance suite: how its files are made, broken and corrected."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

Record = Mapping[str, Any]

#: Personal values that stand in every file and must be found nowhere else.
#: A commune that merged, and the one that it is part of today.
MERGED, TODAY = "59020", "59009"

PLANTED = ("PLANTEDNAME", "planted@mail.invalid", "0698765432", "7777777")


@dataclass(frozen=True)
class Case:
    """How to try one format.

    Attributes:
        format: Its name.
        record: A good record by number.
        render: A file of records.
        correction: What a newer file says otherwise; by path.
        broken: A change that refuses the record, with the pointer and the code that are told.
        text: Path of a text that is published.
        encodings: In which its files are taken.
        decode: How a rendered file is written in an encoding.
        commune: A change that gives the commune by its code ``MERGED``, for formats that give one.
    """

    format: str
    record: Callable[[int], Record]
    render: Callable[[Iterable[Record]], str]
    correction: Record
    broken: tuple[Record, str, str]
    text: str
    encodings: tuple[str, ...]
    decode: Callable[[str, str], bytes] = field(default=lambda text, encoding: text.encode(encoding))
    commune: Record | None = None

    def file(self, records: Iterable[Record], encoding: str = "utf-8") -> bytes:
        return self.decode(self.render(records), encoding)


def changed(record: Record, change: Record) -> dict[str, Any]:
    """A record with other values at some paths like ``a/b``."""
    result = json.loads(json.dumps(record))
    for path, value in change.items():
        *parents, last = path.split("/") if path not in record else [path]
        inner = result
        for name in parents:
            inner = inner.setdefault(name, {})
        inner[last] = value
    return dict(result)


def table(separator: str = ";", quoting: int = csv.QUOTE_MINIMAL) -> Callable[[Iterable[Record]], str]:
    def render(records: Iterable[Record]) -> str:
        listed = list(records)
        out = io.StringIO()
        names = list(dict.fromkeys(name for one in listed for name in one))
        options: dict[str, Any] = {"quotechar": None} if quoting == csv.QUOTE_NONE else {}
        writer = csv.DictWriter(out, names, delimiter=separator, quoting=quoting, lineterminator="\n", **options)  # type: ignore[arg-type]  # csv's own numbers
        writer.writeheader()
        writer.writerows(listed)
        return out.getvalue()

    return render


def array(envelope: str = "") -> Callable[[Iterable[Record]], str]:
    def render(records: Iterable[Record]) -> str:
        listed = list(records)
        return json.dumps({envelope: listed} if envelope else listed, ensure_ascii=False)

    return render


CSV = ("utf-8", "utf-8-sig", "cp1252")
JSON = ("utf-8", "utf-8-sig")


def kairos(number: int) -> Record:
    from tests.kairos import row

    return row(number, dc_lblformation="Électricien", c_nomcorrespondance="PLANTEDNAME")


def region(number: int) -> Record:
    return {
        "Numéro de session": "R100", "Numéro Intercarif": "SE_0000000100", "Identifiant stagiaire": f"S{number}",
        "Identifiant France Travail": f"7777777{number:03d}", "Nom": "PLANTEDNAME", "Courriel": "planted@mail.invalid",
        "Téléphone": "0698765432", "Intitulé": "Électricien", "Organisme": "Formaplaine", "Code INSEE": "62498",
        "Code postal": "62300", "Commune": "Lens", "Formacode": "31816", "Date début": "07/09/2026",
        "Date fin prévue": "18/12/2026", "Date fin réelle": "", "Statut": "En formation", "Dispositif": "PRF",
        "Financeurs": "2",
    }  # fmt: skip


def session(number: int) -> Record:
    return {"numero": f"SE_{number:010d}", "debut": "20260907", "fin": "20261218", "titre": "Électricien"}


def lheo(records: Iterable[Record]) -> str:
    body = "".join(
        f"<formation><domaine-formation><code-FORMACODE>31816</code-FORMACODE></domaine-formation>"
        f"<intitule-formation>{escape(one['titre'])}</intitule-formation>"
        f"<contact-formation><coordonneFs><nom>PLANTEDNAME</nom><courriel>planted@mail.invalid</courriel>"
        f"<portable><numtel>0698765432</numtel></portable></coordonneFs></contact-formation>"
        f"<action><lieu-de-formation><coordonnees><adresse><codepostal>62300</codepostal><ville>Lens</ville>"
        f"<code-INSEE-commune>{one.get('commune', '62498')}</code-INSEE-commune></adresse></coordonnees>"
        f"</lieu-de-formation>"
        f'<session numero="{escape(one["numero"])}"><periode><debut>{one["debut"]}</debut><fin>{one["fin"]}</fin>'
        f"</periode></session></action></formation>\n"
        for one in records
    )
    return f'<?xml version="1.0" encoding="ENCODING"?>\n<lheo xmlns="http://www.lheo.org/2.2"><offres>{body}</offres></lheo>\n'


def offer(number: int) -> Record:
    return {
        "id": f"900{number:04d}", "intitule": "Électricien (H/F)",
        "description": "Écrire à planted@mail.invalid ou appeler le 06 98 76 54 32.", "romeCode": "F1602",
        "dateCreation": "2026-11-01T08:00:00Z", "dateActualisation": "2026-11-10T08:00:00Z",
        "lieuTravail": {"libelle": "62 - LENS", "codePostal": "62300", "commune": "62498"}, "typeContrat": "CDI",
        "contact": {"nom": "PLANTEDNAME", "courriel": "planted@mail.invalid", "telephone": "0698765432"},
        "agence": {"courriel": "planted@mail.invalid"}, "nombrePostes": 2,
    }  # fmt: skip


def agenda(number: int) -> Record:
    return {
        "id": 910000 + number, "titre": "Forum de l'électricité", "type": "Forum",
        "description": "Contact : planted@mail.invalid, 0698765432.",
        "dateEvenement": "2026-12-03T08:00:00.000+00:00", "heureDebut": "08:00:00", "heureFin": "15:00:00",
        "ville": "Lens", "codePostal": "62300", "codeInsee": "62498", "modalites": ["en physique"],
        "nomContact": "PLANTEDNAME",
    }  # fmt: skip


def service(number: int) -> Record:
    return {
        "id": f"exemple--service-{number}", "structure_id": "exemple--structure-1", "nom": "Prêt de vélos électriques",
        "date_maj": "2026-10-02", "thematiques": ["mobilite--louer-un-vehicule"], "frais": "gratuit",
        "code_insee": "62498", "code_postal": "62300", "commune": "Lens", "contact_nom_prenom": "PLANTEDNAME",
    }  # fmt: skip


def _session(names: tuple[str, str, str]) -> dict[str, Any]:
    number, own, title = names
    return {
        number: "SE_0000000100",
        own: "100",
        title: "Électricien",
        "dateDebut": "2026-09-07",
        "dateFin": "2026-12-18",
    }


def dossier(number: int) -> Record:
    return {
        "dateMaj": "2026-11-10T10:00:00+01:00",
        "individu": {
            "identifiantNational": f"7777777{number:03d}", "nom": "PLANTEDNAME", "courriel": "planted@mail.invalid",
            "telephone": "0698765432",
        },
        "session": {
            **_session(("numeroIntercarif", "numeroSession", "intitule")), "formacodes": ["31816"],
            "lieu": {"codeInsee": "62498", "codePostal": "62300", "commune": "Lens"},
        },
        "prescripteur": "France Travail", "inscription": {"code": "ICR"}, "aes": {"dateEntree": "2026-09-07"},
    }  # fmt: skip


def prescription(number: int) -> Record:
    return {
        "id": f"P{number}", "dateMaj": "2026-11-10T10:00:00+01:00", "statut": "Entré",
        "beneficiaire": {
            "id": f"B{number}", "identifiantFranceTravail": f"7777777{number:03d}", "nom": "PLANTEDNAME",
            "courriel": "planted@mail.invalid", "telephone": "0698765432",
        },
        "session": {
            **_session(("numeroIntercarif", "id", "intitule")), "codeInsee": "62498", "codePostal": "62300",
            "commune": "Lens", "formacodes": ["31816"],
        },
    }  # fmt: skip


def tally(number: int) -> Record:
    return {
        "Numéro de session": f"T{number}", "Numéro Intercarif": f"SE_{number:010d}", "Prescrits": "", "Entrés": "12",
        "Abandons": "1", "Date fin": "18/12/2026", "Commentaire": "PLANTEDNAME planted@mail.invalid 0698765432",
    }  # fmt: skip


def contact(number: int) -> Record:
    return {
        "Identifiant": f"C{number}", "SIRET": "00000001800010", "Organisation": "Électricité d'exemple",
        "Code agent": "A1", "Date du contact": "18/11/2026 14:30", "Canal": "Visite", "Codes ROME": "N4101",
        "Interlocuteur": "PLANTEDNAME planted@mail.invalid 0698765432",
    }  # fmt: skip


def outcome(number: int) -> Record:
    return {
        "datMaj": "2026-10-15T06:00:00+02:00", "codeTypeTerritoire": "DEP", "codeTerritoire": "62",
        "codeTypeActivite": "ROME", "codeActivite": f"N{number:04d}", "libActivite": "Électricité",
        "codeNomenclature": "6M", "codePeriode": "2025T4", "valeurPrincipaleNombre": 251, "valeurPrincipaleTaux": 59.8,
        "contact": "PLANTEDNAME planted@mail.invalid 0698765432",
    }  # fmt: skip


def opening(number: int) -> Record:
    return {
        "siret": "00000001800010", "rome": f"D{number:04d}", "name": "Électricité d'exemple",
        "appellations": [{"appellationLabel": "Électricien"}], "address": {"postcode": "62300", "city": "Lens"},
        "contactMode": "PHONE", "remoteWorkMode": "ON_SITE", "updatedAt": "2026-11-10T09:00:00.000Z",
        "additionalInformation": "PLANTEDNAME planted@mail.invalid 0698765432",
    }  # fmt: skip


def agreement(number: int) -> Record:
    return {
        "Nature": "Offre", "Identifiant": f"O{number}", "SIRET": "00000001800010", "Entreprise": "Transports Exemple",
        "Intitulé": "Électricien (H/F)", "Description": "Écrire à planted@mail.invalid ou au 06 98 76 54 32.",
        "Code ROME": "F1602", "Code INSEE": "62498", "Code postal": "62300", "Commune": "Lens", "Nombre": "2",
        "Date début": "02/11/2026", "Interlocuteur": "PLANTEDNAME",
    }  # fmt: skip


CASES = {
    case.format: case
    for case in (
        Case(
            "kairos-csv", kairos, table("|", csv.QUOTE_NONE), {"dd_datefinplanformation": "2027-01-15 00:00:00.0"},
            ({"dd_datefinplanformation": "never"}, "dd_datefinplanformation", "not-a-date"), "dc_lblformation", CSV,
            commune={"dc_insee_lieuformation": MERGED},
        ),
        Case(
            "region-csv", region, table(), {"Date fin prévue": "15/01/2027"},
            ({"Date fin prévue": "32/12/2026"}, "Date fin prévue", "not-a-date"), "Intitulé", CSV,
            commune={"Code INSEE": MERGED},
        ),
        Case(
            "intercarif-xml", session, lheo, {"fin": "20270115"},
            ({"fin": "20261332"}, "/session/periode/fin", "not-a-date"), "titre",
            ("utf-8", "utf-8-sig", "iso-8859-1", "utf-16"),
            lambda text, encoding: text.replace("ENCODING", encoding.replace("-sig", "")).encode(encoding),
            commune={"commune": MERGED},
        ),
        Case(
            "offres-json", offer, array("resultats"),
            {"nombrePostes": 5, "dateActualisation": "2026-11-20T08:00:00Z"},
            ({"intitule": None}, "/intitule", "missing"), "description", JSON,
            commune={"lieuTravail/commune": MERGED},
        ),
        Case(
            "kairos-json", dossier, array("dossiers"),
            {"session/dateFin": "2027-01-15", "dateMaj": "2026-11-20T08:00:00Z"},
            ({"session/dateFin": "2026-12-32"}, "/session/dateFin", "not-a-date"), "session/intitule", JSON,
            commune={"session/lieu/codeInsee": MERGED},
        ),
        Case(
            "ouiform-json", prescription, array(),
            {"session/dateFin": "2027-01-15", "dateMaj": "2026-11-20T08:00:00Z"},
            ({"session/dateFin": "2026-12-32"}, "/session/dateFin", "not-a-date"), "session/intitule", JSON,
            commune={"session/codeInsee": MERGED},
        ),
        Case(
            "contacts-csv", contact, table(), {"Canal": "Téléphone"},
            ({"Date du contact": "32/11/2026"}, "Date du contact", "not-a-date"), "Organisation", CSV,
        ),
        Case(
            "tally-csv", tally, table(), {"Entrés": "13"},
            ({"Entrés": "douze"}, "Entrés", "not-a-number"), "Numéro Intercarif", CSV,
        ),
        Case(
            "evenements-json", agenda, array("content"), {"heureFin": "17:00:00"},
            ({"dateEvenement": "never"}, "/dateEvenement", "not-an-instant"), "titre", JSON,
            commune={"codeInsee": MERGED},
        ),
        Case(
            "data-inclusion-json", service, array("items"), {"frais": "payant"},
            ({"nom": None}, "/nom", "missing"), "description", JSON,
            commune={"code_insee": MERGED, "zone_eligibilite": [MERGED]},
        ),
        Case(
            "sortants-json", outcome, array("listeValeursParPeriode"),
            {"valeurPrincipaleTaux": 60.1, "datMaj": "2026-11-20T08:00:00Z"},
            ({"valeurPrincipaleTaux": 159.8}, "/valeurPrincipaleTaux", "range"), "libActivite", JSON,
            commune={"codeTypeTerritoire": "COM", "codeTerritoire": MERGED},
        ),
        Case(
            "immersions-json", opening, array("data"),
            {"contactMode": "EMAIL", "updatedAt": "2026-11-20T08:00:00Z"},
            ({"name": "@x"}, "/name", "formula"), "name", JSON,
        ),
        Case(
            "prochemploi-csv", agreement, table(), {"Nombre": "5"},
            ({"Intitulé": ""}, "Intitulé", "missing"), "Description", CSV,
            commune={"Code INSEE": MERGED},
        ),
    )
}  # fmt: skip
