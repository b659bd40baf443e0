"""``ouiform-json``: prescriptions and what came of them, as the prescribers' tool Ouiform holds them."""

from typing import Final

from connectors.formats.base import Event
from connectors.formats.fields import Fields
from connectors.formats.records import JsonRecords
from connectors.formats.trainings import CARRIES, WRITES, Paths, Standing, place_in_session

_AT: Final = Paths(
    number="session/numeroIntercarif", session="session/id", national="beneficiaire/identifiantFranceTravail",
    local="beneficiaire/id", starts_on="session/dateDebut", ends_on="session/dateFin", title="session/intitule",
    provider="session/organisme", siret="session/siret", insee="session/codeInsee", postcode="session/codePostal",
    town="session/commune", rome="session/codesRome", formacodes="session/formacodes", rncp="session/codesRncp",
    scheme="dispositif", funders="financeurs", prescriber="prescripteur/reseau",
)  # fmt: skip
_STATUSES: Final = {
    "prescrit": "PRESCRIBED", "positionne": "PRESCRIBED", "convoque": "AWAITING", "en attente": "AWAITING",
    "liste d attente": "AWAITING", "retenu": "ADMITTED", "admis": "ADMITTED", "non retenu": "REFUSED",
    "refuse": "REFUSED", "absent": "CANCELLED", "annule": "CANCELLED", "entre": "ENTERED", "en cours": "ENTERED",
    "suspendu": "INTERRUPTED", "abandon": "DROPPED_OUT", "termine": "COMPLETED",
}  # fmt: skip


class OuiformJson(JsonRecords):
    """Prescriptions."""

    name = "ouiform-json"
    default_source = "ouiform"
    envelopes = ("prescriptions",)
    instant = "the file's name, else what is said beside it; each prescription has its own dateMaj as revision"
    carries = CARRIES
    writes = WRITES

    def mapped(self, one: Fields) -> tuple[Event, Event]:
        """One prescription."""
        status = one.choice("statut", _STATUSES) or "PRESCRIBED"
        left_on = one.strict_day("dateSortie", "actual last day")
        return place_in_session(one, _AT, Standing(status, left_on), one.revision("dateMaj"))


FORMAT = OuiformJson()
