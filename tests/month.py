"""The same invented month as five partners would write it."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

from beffroi.simulator.files import HEADER, row
from beffroi.simulator.region import Region, Session
from schemas.territory.areas import Territory


def sessions(territory: Territory, today: date) -> list[Session]:
    """Every session that has an Intercarif number, with the trainees whose national identifier all five partners give.

    Who is known by a local identifier alone cannot be recognised in another partner's files.
    """
    found = [one for one in Region(7, today, territory, 60).sessions if one.intercarif]
    return [replace(one, trainees=tuple(who for who in one.trainees if who.number % 50)) for one in found]


def kairos_csv(month: Iterable[Session]) -> bytes:
    lines = [HEADER, *(row(one, trainee) for one in month for trainee in one.trainees)]
    return ("\n".join(lines) + "\n").encode()


def _table(rows: Iterable[dict[str, Any]]) -> bytes:
    listed = list(rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(listed[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(listed)
    return out.getvalue().encode()


def region_csv(month: Iterable[Session]) -> bytes:
    return _table(
        {
            "Numéro de session": one.number, "Numéro Intercarif": one.intercarif, "Identifiant stagiaire": who.local,
            "Identifiant France Travail": who.national, "Intitulé": one.course.title, "Code INSEE": one.commune.code,
            "Formacode": one.course.formacode, "Date début": f"{one.starts_on:%d/%m/%Y}",
            "Date fin prévue": f"{one.ends_on:%d/%m/%Y}", "Statut": "En formation",
        }
        for one in month
        for who in one.trainees
    )  # fmt: skip


def kairos_json(month: Iterable[Session]) -> bytes:
    return "\n".join(
        json.dumps({
            "individu": {"identifiantNational": who.national},
            "session": {
                "numeroIntercarif": one.intercarif, "numeroSession": str(one.number), "intitule": one.course.title,
                "dateDebut": str(one.starts_on), "dateFin": str(one.ends_on), "formacodes": [one.course.formacode],
                "lieu": {"codeInsee": one.commune.code},
            },
            "aes": {"dateEntree": str(one.starts_on)},
        })
        for one in month
        for who in one.trainees
    ).encode() + b"\n"  # fmt: skip


def ouiform_json(month: Iterable[Session]) -> bytes:
    return json.dumps({
        "prescriptions": [
            {
                "beneficiaire": {"id": who.local, "identifiantFranceTravail": who.national}, "statut": "Entré",
                "session": {
                    "numeroIntercarif": one.intercarif, "id": str(one.number), "intitule": one.course.title,
                    "dateDebut": str(one.starts_on), "dateFin": str(one.ends_on), "codeInsee": one.commune.code,
                    "formacodes": one.course.formacode,
                },
            }
            for one in month
            for who in one.trainees
        ]
    }).encode()  # fmt: skip


def intercarif_xml(month: Iterable[Session]) -> bytes:
    trainings = "".join(
        f"<formation><domaine-formation><code-FORMACODE>{one.course.formacode}</code-FORMACODE></domaine-formation>"
        f"<intitule-formation>{escape(one.course.title)}</intitule-formation><action><lieu-de-formation><coordonnees>"
        f"<adresse><code-INSEE-commune>{one.commune.code}</code-INSEE-commune></adresse></coordonnees>"
        f'</lieu-de-formation><session numero="{one.intercarif}"><periode><debut>{one.starts_on:%Y%m%d}</debut>'
        f"<fin>{one.ends_on:%Y%m%d}</fin></periode></session></action></formation>"
        for one in month
    )
    return f'<lheo xmlns="http://lheo.gouv.fr/2.3"><offres>{trainings}</offres></lheo>'.encode()


def tally_csv(month: Iterable[Session]) -> bytes:
    return _table(
        {"Numéro de session": one.number, "Numéro Intercarif": one.intercarif, "Entrés": len(one.trainees)}
        for one in month
    )


WAYS = {
    "kairos-csv": kairos_csv, "region-csv": region_csv, "kairos-json": kairos_json, "ouiform-json": ouiform_json,
    "intercarif-xml": intercarif_xml, "tally-csv": tally_csv,
}  # fmt: skip
