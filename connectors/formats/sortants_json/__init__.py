"""``sortants-json``: how many who left a training found a job, as France Travail's API *Sortants de formation* says."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

import orjson

from connectors.formats.base import Context, Event, Item
from connectors.formats.documents import Found, documents
from connectors.formats.fields import Fields, items
from connectors.formats.records import JsonRecords
from connectors.formats.values import Fault
from connectors.inputs import Input
from schemas.contracts import OUTCOME_RATE

_VALUES: Final = "listeValeursParPeriode"
#: Referentiel type-territoires; a bassin is that of the survey of manpower needs (BMO).
_AREAS: Final = {
    "com": "COMMUNE", "epci": "EPCI", "arr": "ARRONDISSEMENT", "dep": "DEPARTEMENT", "reg": "REGION",
    "basbmo": "BASSIN", "bas": "BASSIN", "ze": "ZONE_EMPLOI", "nat": "COUNTRY",
}  # fmt: skip
#: Referentiel type-activites.
_ACTIVITIES: Final = {
    "rome": "ROME", "dompro": "ROME_DOMAIN", "form14": "FORMATION_FAMILY", "formacode": "FORMACODE", "cumul": "ALL",
}  # fmt: skip
_CODE: Final = re.compile(r"[\w.-]{1,20}")
_PERIOD: Final = re.compile(r"\d{4}(?:T[1-4])?")
#: In this order: what the answer gives depends on the indicator.
_RATES: Final = ("valeurPrincipaleTaux", "valeurSecondaireTaux", "valeurSecondairePourcentage")
_PERCENT: Final = 100


class _Measure(NamedTuple):
    months: int
    name: str


#: Nomenclatures ACCESEMP (delay) and DUREEEMP (lasting). A job of more than a month (SUP1M) is a measure that the
#: contract does not have, and must not be counted as another one.
_MEASURES: Final = {"6m": _Measure(6, "ACCESS"), "12m": _Measure(12, "ACCESS"), "sup6m": _Measure(6, "LASTING")}


class SortantsJson(JsonRecords):
    """Rates of access to employment."""

    name = "sortants-json"
    default_source = "sortants"
    envelopes = (_VALUES,)
    instant = "the file's name, else what is said beside it; each value has its own datMaj as revision"
    writes = {  # noqa: RUF012  # a mapping that nobody changes, typed in the base
        OUTCOME_RATE: frozenset({
            "rate_id", "source_key", "area", "activity", "period", "horizon_months", "measure", "denominator",
            "numerator", "rate", "masked",
        })
    }  # fmt: skip

    def read(self, data: Input, context: Context) -> Iterator[Item]:
        """One item for each value of each answer."""
        return items(_values(documents(data, context, *self.envelopes)), context, self.mapped)

    def mapped(self, one: Fields) -> Iterator[Event]:
        """One value: an area, an activity, a period, a delay."""
        area = one.area("codeTerritoire", *_coded(one, "Territoire", _AREAS))
        kind, subject = _coded(one, "Activite", _ACTIVITIES)
        period = one.code("codePeriode", _PERIOD, "period like 2025 or 2025T4", required=True)
        months, measure = _measure(one)
        masked = one.flag("estMasque")
        numbers = dict.fromkeys(("numerator", "denominator", "rate")) if masked else _numbers(one)
        yield Event(OUTCOME_RATE, {
            "rate_id": f"{area['type']}:{area['code']}|{kind}:{subject}|{period}|{months}|{measure}",
            "source_key": " ".join(_texts(one)),
            "area": area,
            "activity": {"type": kind, "code": subject, "label": one.text("libActivite")},
            "period": period,
            "horizon_months": months,
            "measure": measure,
            **numbers,
            "masked": masked,
        }, one.revision("datMaj"))  # fmt: skip


def _values(found: Iterator[Found]) -> Iterator[Found]:
    """The values themselves, numbered anew: a file may also hold whole answers, one after the other."""
    number = 0
    for _, one, raw in found:
        listed = one.get(_VALUES) if isinstance(one, Mapping) else None
        for value in listed if isinstance(listed, list) else ():
            number += 1
            yield number, value if isinstance(value, Mapping) else {}, orjson.dumps(value)
        if not isinstance(listed, list):
            number += 1
            yield number, one, raw


def _coded(one: Fields, what: str, types: Mapping[str, str]) -> tuple[str, str]:
    """Type and code of a territory or an activity: they are part of the key, so neither may be guessed."""
    path = f"codeType{what}"
    kind = one.choice(path, types, unknown=None, required=True) or "UNKNOWN"
    code = one.code(f"code{what}", _CODE, f"code of the {what.lower()}", required=True) or ""
    return kind, "FR" if kind == "COUNTRY" else code


def _measure(one: Fields) -> _Measure:
    found = one.choice("codeNomenclature", {name: name for name in _MEASURES}, unknown=None, required=True)
    return _MEASURES[found] if found else _Measure(6, "UNKNOWN")


def _texts(one: Fields) -> Iterator[str]:
    for path in ("codeTypeTerritoire", "codeTerritoire", "codeTypeActivite", "codeActivite", "codePeriode"):
        yield str(one.get(path))
    yield str(one.get("codeNomenclature"))


def _numbers(one: Fields) -> dict[str, Any]:
    """How many, of how many, and the rate; one of them must be there."""
    few, many = one.number("valeurPrincipaleNombre"), one.number("valeurSecondaireNombre")
    if few is not None and many is not None and few > many:
        one.fault("valeurSecondaireNombre", Fault(
            "range", "fewer people left than found a job; both numbers left out", "check the two numbers",
        ))  # fmt: skip
        few = many = None
    rate = next((rate for path in _RATES if (rate := _rate(one, path)) is not None), None)
    if rate is None and few is None:
        one.missing(_RATES[0], "rate or number")
    return {"numerator": few, "denominator": many, "rate": rate}


def _rate(one: Fields, path: str) -> Decimal | None:
    found = one.decimal(path, "rate in percent")
    if found is not None and not 0 <= found <= _PERCENT:
        one.fault(path, Fault("range", "not a rate from 0 to 100", "write it in percent"), str(found), required=True)
        return None
    return found


FORMAT = SortantsJson()
