"""Small kairos files for tests, with planted personal values that must never be found anywhere."""

from collections.abc import Iterable
from pathlib import Path

HEADER = (
    "c_nomcorrespondance",
    "c_prenomcorrespondance",
    "c_adresseemail",
    "c_telephone1",
    "dn_individu_national",
    "dn_session_id",
    "c_individulocal",
    "dc_lblformation",
    "dd_datedebutplanformation",
    "dd_datefinplanformation",
    "dc_cp_lieuformation",
    "dc_insee_lieuformation",
    "dc_ville_lieuformation",
    "dc_formacode_ppal_id",
    "dn_certifinfo_1_id",
    "dc_siret",
    "dc_lblorganisme",
    "dc_numeroicsession",
    "liste_financeur",
    "c_dispositifformation",
)

#: Names, mails, phones and raw identifiers that stand in the rows.
PLANTED = ("PLANTEDNAME", "PLANTEDFIRST", "planted@mail.invalid", "0698765432", "7777777", "0888888888Z")


def row(person: int, **changed: str) -> dict[str, str]:
    """One trainee of session 100 at Lens, who finishes on 2026-12-18."""
    cells = {
        "c_nomcorrespondance": "PLANTEDNAME",
        "c_prenomcorrespondance": "PLANTEDFIRST",
        "c_adresseemail": "planted@mail.invalid",
        "c_telephone1": "0698765432",
        "dn_individu_national": f"7777777{person:03d}",
        "dn_session_id": "100",
        "c_individulocal": "0888888888Z",
        "dc_lblformation": "Conducteur routier",
        "dd_datedebutplanformation": "2026-09-07 00:00:00.0",
        "dd_datefinplanformation": "2026-12-18 00:00:00.0",
        "dc_cp_lieuformation": "62300",
        "dc_insee_lieuformation": "62498",
        "dc_ville_lieuformation": "Lens",
        "dc_formacode_ppal_id": "31816",
        "dn_certifinfo_1_id": "8122",
        "dc_siret": "00000000000000",
        "dc_lblorganisme": "Formaplaine",
        "dc_numeroicsession": "SE_0000000100",
        "liste_financeur": "4;7",
        "c_dispositifformation": "AIF",
    }
    return cells | changed


def write(path: Path, rows: Iterable[dict[str, str]], encoding: str = "utf-8") -> Path:
    """A file of these rows."""
    lines = ["|".join(HEADER), *("|".join(one[name] for name in HEADER) for one in rows)]
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return path
