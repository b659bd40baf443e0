"""The columns: which are read, which must be there, and how a header is checked."""

from typing import Final

from rapidfuzz import process

from connectors.formats.lines import Line
from schemas.errors import FileRefused

SEPARATOR: Final = b"|"
#: Separators that people's spreadsheets write instead.
_OTHERS: Final = {b";": "semicolon", b",": "comma", b"\t": "tab"}

#: Who the row is about: turned into a pseudonym at once.
IDENTITY: Final = ("dn_individu_national", "c_individulocal")
#: What differs from row to row. But for the identity it is never read, only searched for national numbers.
PERSONAL: Final = (
    *IDENTITY, "c_nomcorrespondance", "c_prenomcorrespondance", "c_adresseemail", "c_telephone1", "c_telephone2",
)  # fmt: skip
#: Dates and money of this person's place.
PERSONAL_PLAN: Final = (
    "dd_datedebutplanformation", "dd_datefinplanformation", "liste_financeur", "c_dispositifformation"
)  # fmt: skip
_FORMACODES: Final = ("dc_formacode_ppal_id", *(f"dc_formacode_secondaire{n}_id" for n in range(1, 5)))
_CERTIFICATIONS: Final = tuple(f"dn_certifinfo_{n}_id" for n in range(1, 6))
#: What the row says of its session; the same in all rows of a session, but for certifications.
SESSION: Final = (
    "dn_session_id", "dc_numeroicsession", "dc_lblformation", "dc_lblorganisme", "dc_raisonsociale", "dc_siret",
    "dc_cp_lieuformation", "dc_insee_lieuformation", "dc_ville_lieuformation", *_FORMACODES, *_CERTIFICATIONS,
)  # fmt: skip
FORMACODES: Final = _FORMACODES
CERTIFICATIONS: Final = _CERTIFICATIONS

#: Without these a row cannot be understood; the others may be missing from a file.
REQUIRED: Final = frozenset({
    *IDENTITY, "dn_session_id", "dc_lblformation", "dd_datedebutplanformation", "dd_datefinplanformation",
    "dc_cp_lieuformation", "dc_insee_lieuformation", "dc_ville_lieuformation", "dc_formacode_ppal_id",
    "dc_numeroicsession",
})  # fmt: skip
#: Every column that becomes a value; names, mails and phones are not among them and are never read.
READ: Final = (*IDENTITY, *PERSONAL_PLAN, *SESSION)
_KNOWN: Final = frozenset({*READ, *PERSONAL})
_LIKE_ENOUGH: Final = 70


def positions(header: Line) -> dict[str, int]:
    """Where each known column stands.

    Raises:
        FileRefused: Another separator, a missing or a repeated column.
    """
    content = header.content or b""
    if SEPARATOR not in content:
        raise _no_header(content)
    names = [name.strip().decode("ascii", "replace").lower() for name in content.split(SEPARATOR)]
    _check(names)
    return {name: at for at, name in enumerate(names) if name in _KNOWN}


def _check(names: list[str]) -> None:
    repeated = next((name for name in READ if names.count(name) > 1), None)
    if repeated:
        raise FileRefused(f"line 1: column {repeated} stands twice", fix="keep one of the two")
    missing = sorted(REQUIRED - set(names))
    if missing:
        raise _missing(missing, names)


def _no_header(content: bytes) -> FileRefused:
    found = max(_OTHERS, key=content.count)
    if content.count(found):
        return FileRefused(
            f"line 1: columns are separated by {_OTHERS[found]}, kairos-csv separates them by |",
            fix="export the file again with | as separator, without quoting",
        )
    return FileRefused(
        "line 1 is no header of kairos-csv: it has one column", fix="the first line names the columns, separated by |"
    )


def _missing(missing: list[str], names: list[str]) -> FileRefused:
    near = process.extractOne(missing[0], names, score_cutoff=_LIKE_ENOUGH)
    hint = f"; is {near[0]} meant for {missing[0]}?" if near else ""
    return FileRefused(
        f"line 1: missing column{'s' if len(missing) > 1 else ''} {', '.join(missing)}{hint}",
        fix="columns are found by their names, in any order: add what is missing",
    )
