"""``region-csv``: the Région's export of its training programme, one row a trainee, planned and actual exit apart."""

from collections.abc import Iterator
from typing import Final

from connectors.formats.base import Context, Event, Format, Item
from connectors.formats.fields import Fields, items
from connectors.formats.table import Columns, table
from connectors.formats.trainings import CARRIES, WRITES, Paths, Standing, place_in_session
from connectors.inputs import Input

_AT: Final = Paths(
    number="Numéro Intercarif", session="Numéro de session", national="Identifiant France Travail",
    local="Identifiant stagiaire", starts_on="Date début", ends_on="Date fin prévue", title="Intitulé",
    provider="Organisme", siret="SIRET", insee="Code INSEE", postcode="Code postal", town="Commune", rome="Code ROME",
    formacodes="Formacode", rncp="RNCP", scheme="Dispositif", funders="Financeurs", prescriber="Prescripteur",
)  # fmt: skip
_COLUMNS: Final = Columns(
    required=(_AT.session, _AT.local, _AT.title, _AT.starts_on, _AT.ends_on),
    optional=(
        _AT.number, _AT.national, "Statut", "Date fin réelle", _AT.scheme, _AT.funders, _AT.prescriber, _AT.provider,
        _AT.siret, _AT.insee, _AT.postcode, _AT.town, _AT.formacodes, _AT.rome, _AT.rncp,
    ),
)  # fmt: skip
_STATUSES: Final = {
    "prescrit": "PRESCRIBED", "en attente": "AWAITING", "admis": "ADMITTED", "inscrit": "ADMITTED",
    "refuse": "REFUSED", "annule": "CANCELLED", "entre": "ENTERED", "en formation": "ENTERED",
    "interrompu": "INTERRUPTED", "abandon": "DROPPED_OUT", "sorti": "COMPLETED", "termine": "COMPLETED",
}  # fmt: skip


class RegionCsv(Format):
    """Rows of the regional programme."""

    name = "region-csv"
    default_source = "region"
    suffixes = (".csv",)
    media_types = ("text/csv",)
    carries = CARRIES
    sample = "sample.csv"
    writes = WRITES

    def read(self, data: Input, context: Context) -> Iterator[Item]:
        """One item for each row."""
        return items(table(data, context, _COLUMNS), context, _mapped, prefix="")


def _mapped(row: Fields) -> tuple[Event, Event]:
    status = row.choice("Statut", _STATUSES) or "ENTERED"
    return place_in_session(row, _AT, Standing(status, row.strict_day("Date fin réelle", "actual last day")))


FORMAT = RegionCsv()
