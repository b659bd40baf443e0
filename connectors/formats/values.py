"""One value at a time: from what partners write to what contracts hold, or to what is wrong with it. Pure."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final, NamedTuple

from stdnum.exceptions import ValidationError
from stdnum.fr import siren, siret

from schemas.clock import PARIS

#: A date before this is a typing error: none of these systems existed.
EARLIEST: Final = date(1990, 1, 1)
#: No training is planned further ahead than this.
YEARS_AHEAD: Final = 10

#: 2026-12-18, 18/12/2026, 20261218; a time behind it is passed over.
_DAY: Final = re.compile(
    r"(?:(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})|(?P<d2>\d{2})/(?P<m2>\d{2})/(?P<y2>\d{4})|(?P<c>\d{8}))"
    r"(?:[T ]\d{2}:.*)?"
)
_ZEROS: Final = re.compile(r"0+")
#: What a spreadsheet would run (OWASP, "CSV Injection"): = or @ first, or a signed call or DDE link.
_FORMULA: Final = re.compile(r"[=@\t\r]|[+-][A-Za-z][^\s]*[(|!]")

COMMUNE: Final = re.compile(r"\d[\dAB]\d{3}")
POSTCODE: Final = re.compile(r"\d{5}")
FORMACODE: Final = re.compile(r"\d{5}")
ROME: Final = re.compile(r"[A-N]\d{4}")
RNCP: Final = re.compile(r"\d{1,5}")
IDENTIFIER: Final = re.compile(r"[\w.:/-]{1,64}")
FUNDER: Final = re.compile(r"\d{1,2}")
CERTIFICATION: Final = re.compile(r"(?:RNCP|RS)?\d{1,6}")

#: Financing schemes as partners write them → the contract's Scheme; everything else is OTHER.
SCHEMES: Final = {
    **{name: name for name in ("PRF", "AFC", "AIF", "AFPR", "POEI", "POEC", "CPF")},
    "POE": "POEI", "POEI2": "POEI", "AFPRPOEI": "AFPR",
}  # fmt: skip


class Fault(NamedTuple):
    """What is wrong with a value: its cause from a closed list, and a sentence."""

    code: str
    message: str
    fix: str


#: Absent values, as systems export them.
_NOTHING: Final = frozenset({"", "NULL", "null", "-", "N/A", "None"})


def present(text: str) -> str | None:
    """The text without spaces around; None for nothing and for the words that stand for it."""
    bare = text.strip()
    return None if bare in _NOTHING else bare


#: A mail address; a French phone number in any of the ways in which people write it.
#: Every run of letters is taken in one go, with a mail's domain behind it or not: to search for an @ from each letter
#: of a long word on takes the square of its length.
_MAIL: Final = re.compile(r"[\w.+-]+(@[\w-]++(?:\.[\w-]++)+)?")
_PHONE: Final = re.compile(r"(?<!\d)(?:(?:\+|00)33[ .-]?(?:\(0\)[ .-]?)?|0)[1-9](?:[ .-]?\d{2}){4}(?!\d)")


def without_contacts(text: str) -> str:
    """A description in which mail addresses and phone numbers are replaced by words."""
    bare = _MAIL.sub(lambda found: "[courriel]" if found[1] else found[0], text) if "@" in text else text
    return _PHONE.sub("[téléphone]", bare)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run the text."""
    return _FORMULA.match(text) is not None


@lru_cache(maxsize=8192)
def to_day(text: str, today: date) -> date | Fault:
    """A day as 2026-12-18, 18/12/2026 or 20261218, between 1990 and ten years ahead."""
    found = _DAY.fullmatch(text)
    day = _day(found) if found else None
    if day is None:
        return Fault("not-a-date", "not a date", "write it as 2026-05-22, 22/05/2026 or 20260522")
    return in_range(day, today)


def _day(found: re.Match[str]) -> date | None:
    whole = found["c"]
    year, month, day = (
        (whole[:4], whole[4:6], whole[6:])
        if whole
        else (found["y"] or found["y2"], found["m"] or found["m2"], found["d"] or found["d2"])
    )
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def in_range(day: date, today: date) -> date | Fault:
    """The day itself when it may be that of a training."""
    if day < EARLIEST or day.year > today.year + YEARS_AHEAD:
        return Fault(
            "date-out-of-range",
            f"the year {day.year} is out of range",
            f"check it: dates from {EARLIEST.year} to {today.year + YEARS_AHEAD} are taken",
        )
    return day


def to_instant(text: str) -> datetime | Fault:
    """An instant in ISO 8601; without an offset it is of Europe/Paris."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=PARIS)).astimezone(UTC)
    except (ValueError, OverflowError):
        return Fault("not-an-instant", "not an instant", "write it as 2026-11-23T08:00:00+01:00")


#: A day of a spreadsheet, with or without its time.
_MOMENT: Final = re.compile(r"(\d{2}/\d{2}/\d{4})(?: (\d{2}:\d{2})(?::\d{2})?)?")


def to_moment(text: str, today: date) -> datetime | Fault:
    """An instant in ISO 8601, or 18/11/2026 14:30 of Europe/Paris; a day alone is its first minute."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        return to_instant(text)
    day = to_day(found[1], today)
    return day if isinstance(day, Fault) else to_instant(f"{day}T{found[2] or '00:00'}")


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


def to_siren(text: str) -> str | Fault:
    """A SIREN with a right key."""
    try:
        number: str = siren.validate(text)
    except ValidationError:
        return Fault("bad-siren", "not a SIREN: 9 digits with a right key", "check it in the Sirene register")
    return number


def to_decimal(text: str) -> Decimal | Fault:
    """A number with a point or a comma."""
    try:
        found = Decimal(text.replace("\u202f", "").replace("\xa0", "").replace(" ", "").replace(",", "."))
    except InvalidOperation:
        found = Decimal("NaN")
    return found if found.is_finite() else Fault("not-a-number", "not a number", "write it with digits, as 12.50")


def to_scheme(text: str) -> str:
    """The financing scheme."""
    return SCHEMES.get(text.upper(), "OTHER")


def to_codes(text: str) -> tuple[str, ...]:
    """Codes of a list written as ``4;7``, each once."""
    return tuple(dict.fromkeys(code for code in re.split(r"[;,|\s]+", text) if code))
