"""French wording: dates, windows, counts. Never the same words for different things."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from schemas.cadence import LATE, ON_TIME, SILENT, State, state
from schemas.clock import PARIS
from schemas.registers import Source

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


def published(asked: date, day: date) -> str:
    """Of which day that is over a page tells; one that was not kept says which day stands for it."""
    told = f"el que publié le {long_day(day)}."
    if asked == day:
        return f"T{told}"
    return f"Le {long_day(asked)} n'a pas été conservé : voici le dernier état connu d'avant, t{told}"


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
    """``le 23/11/2026 à 14 h 05`` in Europe/Paris; an hour is never cut by the end of a line."""
    local = datetime.fromisoformat(value).astimezone(PARIS)
    return f"le {local:%d/%m/%Y} à {local.hour}\xa0h\xa0{local:%M}"


#: What is rarer is told in days.
_HOURS_TOLD: Final = 72
#: Spans of so many days have a name.
_EACH: Final = {
    1: "chaque jour", 7: "chaque semaine", **dict.fromkeys((30, 31), "chaque mois"),
    **dict.fromkeys((90, 91, 92), "chaque trimestre"), **dict.fromkeys((365, 366), "chaque année"),
}  # fmt: skip


def cadence(hours: int) -> str:
    """``toutes les 6 heures``, ``chaque jour``, ``chaque trimestre``: how often a source is expected."""
    if hours <= _HOURS_TOLD and hours % 24:
        return "chaque heure" if hours == 1 else f"toutes les {hours} heures"
    days = round(hours / 24)
    return _EACH.get(days, f"tous les {days} jours")


def duration(hours: int) -> str:
    """``une heure``, ``36 heures``, ``2 jours``, ``92 jours``."""
    if hours <= _HOURS_TOLD and hours % 24:
        return "une heure" if hours == 1 else f"{hours} heures"
    days = round(hours / 24)
    return "un jour" if days == 1 else f"{days} jours"


def standing(found: State, heard_at: str | None) -> str:
    """``à l'heure``, ``en retard``, ``muette depuis le 22/11/2026 à 8 h 00``, ``jamais entendue``."""
    if found == SILENT and heard_at:
        return f"muette depuis {moment(heard_at)}"
    return {ON_TIME: "à l'heure", LATE: "en retard"}.get(found, "jamais entendue")


_DOORS: Final = {
    "COMMAND": "en ligne de commande",
    "INBOX": "par la boîte de dépôt",
    "GATEWAY": "par HTTP",
    "POLLER": "au relevé",
    "RELAY": "par Kafka",
}
_CAUSES: Final = {
    "REFUSED": "illisible",
    "HELD": "retenu pour vérification",
    "DEFECT": "défaut de notre côté",
    "UNAVAILABLE": "source injoignable",
    "FORBIDDEN": "accès refusé par la source",
    "CHANGED": "réponse inattendue de la source",
}


def failure(found: Mapping[str, Any]) -> str:
    """``le 22/11/2026 à 8 h 00 par la boîte de dépôt : illisible``, of a record of SourceFailure."""
    told = f"{moment(found['failed_at'])} {_DOORS.get(found['door'], '')}".rstrip()
    return f"{told} : {_CAUSES.get(found['cause'], 'cause inconnue')}"


def age(row: Mapping[str, Any], source: Source | None, now: datetime) -> str:
    """How old the data of a source are, as a sentence; one that is late or silent says so.

    Args:
        row: Of the view freshness.
        source: Its entry in the register; None for one that is in none, of which nothing is expected.
        now: The present instant.
    """
    told = f"{row['source'].capitalize()} : données arrêtées {moment(row['data_as_of'])}"
    if source is None:
        return told
    found = state(source, datetime.fromisoformat(row["heard_at"]), now)
    expected = f"attendue {cadence(source.cadence_hours)}"
    return told if found == ON_TIME else f"{told} ; {standing(found, row['heard_at'])} ({expected})"
