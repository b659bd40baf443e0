"""``region-csv``: the Région's export of its training programme, one row a trainee, planned and actual exit apart."""

from typing import Final

from connectors.formats.base import Event
from connectors.formats.fields import Fields
from connectors.formats.records import TableRows
from connectors.formats.table import Columns
from connectors.formats.trainings import CARRIES, WRITES, Paths, Standing, place_in_session

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


class RegionCsv(TableRows):
    """Rows of the regional programme."""

    name = "region-csv"
    default_source = "region"
    columns = _COLUMNS
    carries = CARRIES
    writes = WRITES

    def mapped(self, row: Fields) -> tuple[Event, Event]:
        """One row."""
        status = row.choice("Statut", _STATUSES) or "ENTERED"
        return place_in_session(row, _AT, Standing(status, row.strict_day("Date fin réelle", "actual last day")))


FORMAT = RegionCsv()
