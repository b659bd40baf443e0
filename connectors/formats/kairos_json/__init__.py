"""``kairos-json``: trainees' files, exchanged between training organisations and Kairos (*zéro saisie*)."""

from typing import Final

from connectors.formats.base import Event
from connectors.formats.fields import Fields
from connectors.formats.records import JsonRecords
from connectors.formats.trainings import CARRIES, WRITES, Paths, Standing, place_in_session

_AT: Final = Paths(
    number="session/numeroIntercarif", session="session/numeroSession", national="individu/identifiantNational",
    local="individu/identifiantLocal", starts_on="session/dateDebut", ends_on="session/dateFin",
    title="session/intitule", provider="session/organisme/libelle", siret="session/organisme/siret",
    insee="session/lieu/codeInsee", postcode="session/lieu/codePostal", town="session/lieu/commune",
    rome="session/codesRome", formacodes="session/formacodes", rncp="session/codesRncp",
    scheme="financement/dispositif", funders="financement/financeurs", prescriber="prescripteur",
)  # fmt: skip
#: What came of the collective information meeting: *retenu*, *absent ou annulé*, *non retenu*.
_ENROLLED: Final = {"icr": "ADMITTED", "ica": "CANCELLED", "icn": "REFUSED"}


class KairosJson(JsonRecords):
    """Trainees' files."""

    name = "kairos-json"
    default_source = "kairos-zero-saisie"
    envelopes = ("dossiers",)
    instant = "the file's name, else what is said beside it; each file has its own dateMaj as revision"
    carries = CARRIES
    writes = WRITES

    def mapped(self, one: Fields) -> tuple[Event, Event]:
        """One trainee's file."""
        return place_in_session(one, _AT, _standing(one), one.revision("dateMaj"))


def _standing(one: Fields) -> Standing:
    """The furthest step: who gave up did not finish, who finished had entered, who entered was admitted."""
    given_up = one.strict_day("abandon/date", "day of giving up")
    if given_up is not None:
        return Standing("DROPPED_OUT", given_up)
    finished = one.strict_day("bilan/dateFinReelle", "actual last day")
    if finished is not None:
        return Standing("COMPLETED", finished)
    if one.strict_day("aes/dateEntree", "day of entry") is not None:
        return Standing("ENTERED")
    return Standing(one.choice("inscription/code", _ENROLLED) or "PRESCRIBED")


FORMAT = KairosJson()
