"""Files as Pôle emploi writes them."""

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

from beffroi.simulator.region import Session, Trainee
from schemas.clock import PARIS

#: The columns of real files, in their order.
HEADER = (
    "c_nomcorrespondance|c_prenomcorrespondance|c_adresseemail|c_telephone1|c_telephone2|c_validitemail_id|"
    "dn_individu_national|dn_session_id|c_individulocal|dc_formation_id|dc_lblformation|dd_datedebutplanformation|"
    "dd_datefinplanformation|dc_organisme_id|dc_cp_lieuformation|dc_insee_lieuformation|dc_ville_lieuformation|"
    "dc_formacode_ppal_id|dc_formacode_secondaire1_id|dc_formacode_secondaire2_id|dc_formacode_secondaire3_id|"
    "dc_formacode_secondaire4_id|dn_certifinfo_1_id|dn_certifinfo_2_id|dn_certifinfo_3_id|dn_certifinfo_4_id|"
    "dn_certifinfo_5_id|dc_siret|dc_lblorganisme|dc_raisonsociale|departement|dc_numeroicsession|dc_numeroicaction|"
    "liste_financeur|c_dispositifformation|dc_siretorganismeformateur|dc_lblorganismeorganismeformateur|"
    "dc_raisonsocialeorganismeformateur"
)


def file_name(instant: datetime) -> str:
    """A name that says the instant of the data, in Europe/Paris."""
    return f"stagiaires-pe_{instant.astimezone(PARIS):%Y-%m-%dT%H-%M-%S}.csv"


def write_file(path: Path, sessions: Iterable[Session]) -> Path:
    """Write the rows of some sessions; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".part")
    with fresh.open("w", encoding="utf-8", newline="\n") as file:
        file.write(HEADER + "\n")
        file.writelines(f"{row(session, trainee)}\n" for session in sessions for trainee in session.trainees)
    return fresh.replace(path)


def row(session: Session, trainee: Trainee) -> str:
    """One trainee's row, with the literal NULLs, zero SIRETs and holes of real files."""
    n = trainee.number
    odd = n % 7 == 0
    null = {True: "NULL", False: ""}[odd]
    number = session.intercarif or "NULL"
    cells = [
        f"FICTIF{n}", "EXEMPLE", f"personne{n}@exemple.invalid", "0100000000", null, "V",
        "NULL" if n % 50 == 0 else trainee.national, str(session.number), trainee.local,
        f"32_AF_{session.number:010d}", session.course.title, _instant(session.starts_on), _instant(session.ends_on),
        f"14{session.number:018d}", next(iter(session.commune.postcodes), "NULL"),
        session.commune.code, session.commune.name, session.course.formacode, "", "", "", "",
        null or "8122", "", "", "", "",
        "00000000000000" if session.number % 40 == 0 else session.siret, session.provider, session.provider.upper(),
        session.commune.departement, number, f"32_{number}",
        "4;7" if odd else "4", session.scheme, "NULL", "NULL", "NULL",
    ]  # fmt: skip
    return "|".join(cells)


def _instant(day: date) -> str:
    return f"{day} 00:00:00.0"
