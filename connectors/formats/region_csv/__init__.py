"""``region-csv``: the Région's export of its training programme, one row a trainee, planned and actual exit apart."""

from collections.abc import Iterator
from typing import Final

from connectors.formats import values as v
from connectors.formats.base import Context, Event, Format, Item
from connectors.formats.fields import Fields, items
from connectors.formats.table import Columns, table
from connectors.inputs import Input
from schemas.contracts import TRAINING_ENROLMENT, TRAINING_SESSION

_COLUMNS: Final = Columns(
    required=("Numéro de session", "Identifiant stagiaire", "Intitulé", "Date début", "Date fin prévue"),
    optional=(
        "Numéro Intercarif", "Identifiant France Travail", "Statut", "Date fin réelle", "Dispositif", "Financeurs",
        "Prescripteur", "Organisme", "SIRET", "Code INSEE", "Code postal", "Commune", "Formacode", "Code ROME", "RNCP",
    ),
)  # fmt: skip
STATUSES: Final = {
    "prescrit": "PRESCRIBED", "en attente": "AWAITING", "admis": "ADMITTED", "inscrit": "ADMITTED",
    "refuse": "REFUSED", "annule": "CANCELLED", "entre": "ENTERED", "en formation": "ENTERED",
    "interrompu": "INTERRUPTED", "abandon": "DROPPED_OUT", "sorti": "COMPLETED", "termine": "COMPLETED",
}  # fmt: skip
PRESCRIBERS: Final = {
    "france travail": "FRANCE_TRAVAIL", "pole emploi": "FRANCE_TRAVAIL", "mission locale": "MISSION_LOCALE",
    "cap emploi": "CAP_EMPLOI", "departement": "DEPARTEMENT", "afpa": "AFPA", "autre": "OTHER",
}  # fmt: skip


class RegionCsv(Format):
    """Rows of the regional programme."""

    name = "region-csv"
    default_source = "region"
    suffixes = (".csv",)
    media_types = ("text/csv",)
    carries = frozenset({"TrainingSession"})
    sample = "sample.csv"
    writes = {  # noqa: RUF012  # a mapping that nobody changes, typed in the base
        TRAINING_SESSION: frozenset({
            "session_id", "source_key", "title", "provider", "place", "rome_codes", "formacodes", "certifications",
            "starts_on", "ends_on",
        }),
        TRAINING_ENROLMENT: frozenset({
            "session_id", "person", "source_key", "status", "planned_start_on", "planned_end_on", "actual_end_on",
            "prescriber", "scheme", "funders",
        }),
    }  # fmt: skip

    def read(self, data: Input, context: Context) -> Iterator[Item]:
        """One item for each row."""
        return items(table(data, context, _COLUMNS), context, _mapped, prefix="")


def _mapped(row: Fields) -> Iterator[Event]:
    root, key = row.session("Numéro Intercarif", "Numéro de session")
    starts_on = row.strict_day("Date début", "first day")
    planned = row.day("Date fin prévue", "planned last day", required=True)
    row.in_order(starts_on, planned, "Date fin prévue")
    yield _enrolment(row, root, key)
    yield Event(TRAINING_SESSION, {
        "session_id": root,
        "source_key": key,
        "title": row.text("Intitulé"),
        "provider": {"name": row.text("Organisme"), "siret": row.siret("SIRET"), "nda": None},
        "place": row.place("Code INSEE", "Code postal", "Commune"),
        "rome_codes": row.codes("Code ROME", v.ROME, "ROME code"),
        "formacodes": row.codes("Formacode", v.FORMACODE, "Formacode of five digits"),
        "certifications": certifications(row.codes("RNCP", v.RNCP, "RNCP number")),
        "starts_on": starts_on,
        "ends_on": planned,
    }, rank=str(planned))  # fmt: skip


def _enrolment(row: Fields, root: str, key: str) -> Event:
    person = row.person("Identifiant France Travail", "Identifiant stagiaire")
    planned, actual = row.day("Date fin prévue"), row.strict_day("Date fin réelle", "actual last day")
    scheme = row.text("Dispositif")
    return Event(TRAINING_ENROLMENT, {
        "session_id": root,
        "person": person,
        "source_key": f"{key}/{person}",
        "status": row.choice("Statut", STATUSES) or "ENTERED",
        "planned_start_on": row.strict_day("Date début", "first day"),
        "planned_end_on": planned,
        "actual_end_on": actual,
        "prescriber": row.choice("Prescripteur", PRESCRIBERS),
        "scheme": scheme and v.to_scheme(scheme),
        "funders": row.codes("Financeurs", v.FUNDER, "code of dict-financeurs"),
    }, rank=f"{actual or ''}{planned}")  # fmt: skip


def certifications(numbers: list[str] | None, scheme: str = "RNCP") -> list[dict[str, str]] | None:
    """Certifications of one register."""
    return [{"scheme": scheme, "code": number} for number in numbers] if numbers else None


FORMAT = RegionCsv()
