"""One field at a time: from the bytes of a cell to a value, or to what is wrong with it."""

import re
from datetime import date, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from stdnum.exceptions import ValidationError
from stdnum.fr import siret

#: A date before this is a typing error: Kairos did not exist.
EARLIEST: Final = date(1990, 1, 1)
#: No training is planned further ahead than this.
YEARS_AHEAD: Final = 10

_DATE: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?: \d{2}:\d{2}:\d{2}(?:\.\d+)?)?")
_ZEROS: Final = re.compile(r"0+")

#: c_dispositifformation → the contract's Scheme; everything else is OTHER.
SCHEMES: Final = {
    **{name: name for name in ("PRF", "AFC", "AIF", "AFPR", "POEI", "POEC", "CPF")},
    "POE": "POEI", "POEI2": "POEI", "AFPRPOEI": "AFPR",
}  # fmt: skip


class Fault(NamedTuple):
    """What is wrong with a value: its cause from a closed list, and a sentence."""

    code: str
    message: str
    fix: str


def present(cell: bytes) -> bytes | None:
    """The cell without spaces around; None for nothing and for the literal ``NULL``."""
    bare = cell.strip()
    return None if not bare or bare == b"NULL" else bare


@lru_cache(maxsize=8192)
def to_date(text: str, today: date) -> date | Fault:
    """A day written ``2018-05-22 00:00:00.0`` or ``2018-05-22``, between 1990 and ten years ahead."""
    found = _DATE.fullmatch(text)
    try:
        day = datetime.strptime(found[1], "%Y-%m-%d").date() if found else None  # noqa: DTZ007  # a calendar day has no zone
    except ValueError:
        day = None
    if day is None:
        return Fault("not-a-date", "not a date", "write it as 2026-05-22 or 2026-05-22 00:00:00.0")
    if day < EARLIEST or day.year > today.year + YEARS_AHEAD:
        return Fault(
            "date-out-of-range",
            f"the year {day.year} is out of range",
            f"check it: dates from {EARLIEST.year} to {today.year + YEARS_AHEAD} are taken",
        )
    return day


@lru_cache(maxsize=8192)
def to_siret(text: str) -> str | Fault | None:
    """A SIRET with a right key (La Poste's own rule included); zeros stand for none."""
    if _ZEROS.fullmatch(text):
        return None
    try:
        number: str = siret.validate(text)
    except ValidationError:
        return Fault("bad-siret", "not a SIRET: 14 digits with a right key", "check it in the Sirene register")
    return number


def to_scheme(text: str) -> str:
    """The financing scheme."""
    return SCHEMES.get(text.upper(), "OTHER")


def to_funders(text: str) -> tuple[str, ...]:
    """LHEO dict-financeurs codes, written ``4;7``."""
    return tuple(dict.fromkeys(code for code in re.split(r"[;,\s]+", text) if re.fullmatch(r"\d{1,2}", code)))
