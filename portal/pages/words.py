"""French wording: dates, windows, counts. Never the same words for different things."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from schemas.clock import PARIS

MONTHS: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
DAYS_AHEAD: Final[Mapping[str, int]] = {"P30D": 30, "P60D": 60, "P90D": 90}
AREA_TYPES: Final[Mapping[str, str]] = {
    "region": "région",
    "departement": "département",
    "arrondissement": "arrondissement",
    "epci": "intercommunalité",
    "commune": "commune",
    "bassin": "bassin d'emploi",
    "outside": "hors région",
}
#: Older data than this are said to be old.
OLD_HOURS: Final = 36


def day(value: str | date | None) -> str:
    """``26/11/2026``."""
    found = date.fromisoformat(value) if isinstance(value, str) else value
    return f"{found:%d/%m/%Y}" if found else "date inconnue"


def long_day(value: date) -> str:
    """``26 novembre 2026``."""
    number = "1er" if value.day == 1 else str(value.day)
    return f"{number} {MONTHS[value.month - 1]} {value.year}"


def month(value: str) -> str:
    """``novembre 2026`` of ``2026-11``."""
    year, _, number = value.partition("-")
    return f"{MONTHS[int(number) - 1]} {year}"


def window(value: str) -> str:
    """``30 prochains jours`` or a month."""
    return f"{DAYS_AHEAD[value]} prochains jours" if value in DAYS_AHEAD else month(value)


def until(value: str, today: date) -> str:
    """``d'ici le 22 décembre 2026`` or ``en décembre 2026``."""
    if value not in DAYS_AHEAD:
        name = month(value)
        return f"en {name}"
    last = today + timedelta(days=DAYS_AHEAD[value] - 1)
    return f"d'ici le {long_day(last)}"


def count(disclosed: Mapping[str, Any] | None) -> str:
    """``aucune``, ``moins de 5`` or ``environ 40``."""
    if disclosed is None or disclosed["value"] == 0:
        return "aucune"
    return f"moins de {disclosed['below']}" if disclosed["value"] is None else f"environ {number(disclosed['value'])}"


def short_count(disclosed: Mapping[str, Any] | None) -> str:
    """``0``, ``< 5`` or ``40``, for tiles and tables."""
    if disclosed is None:
        return "0"
    return f"moins de {disclosed['below']}" if disclosed["value"] is None else number(disclosed["value"])


def of(name: str) -> str:
    """``de Lens``, ``d'Arras``, ``du Havre``."""
    if name.startswith("Le "):
        return f"du {name[3:]}"
    return f"d'{name}" if name[0] in "AEIOUYÉÈÊÎÂH" else f"de {name}"


def number(value: int) -> str:
    """Thousands apart by a narrow no-break space."""
    return f"{value:,}".replace(",", "\u202f")


def moment(value: str) -> str:
    """``le 23/11/2026 à 14 h 05`` in Europe/Paris."""
    local = datetime.fromisoformat(value).astimezone(PARIS)
    return f"le {local:%d/%m/%Y} à {local.hour} h {local:%M}"


def age(row: Mapping[str, Any], now: datetime) -> str:
    """How old a source is, as a sentence; old data say so."""
    data = datetime.fromisoformat(row["data_as_of"])
    hours = (now - data).total_seconds() / 3600
    late = f" (plus de {OLD_HOURS} heures)" if hours > OLD_HOURS else ""
    return f"{row['source'].capitalize()} : données arrêtées {moment(row['data_as_of'])}{late}"
