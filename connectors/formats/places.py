"""Which commune a place lies in today, whatever its source calls it; one way for all formats. Pure."""

from typing import Final, NamedTuple

from connectors.formats.values import Fault
from schemas.territory.areas import Territory
from schemas.territory.tables import VINTAGE, Commune

_UNKNOWN: Final = Fault(
    "unknown-commune",
    "no commune is known under this code, postcode and town; counted as an unknown place",
    "give the INSEE code of the commune",
)
_POSTCODE: Final = Fault(
    "postcode-for-commune",
    "the postcode stands where the INSEE code belongs; found by postcode and town",
    "give the INSEE code of the commune",
)


class Place(NamedTuple):
    """Where something lies.

    Attributes:
        code: INSEE code of today's commune; the source's own when nobody knows it.
        vintage: Of the code, when it is not the source's own.
        faults: What is to be said to the source; none of it refuses the record.
    """

    code: str | None
    vintage: str | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def commune(self) -> dict[str, str | None] | None:
        """As contracts hold it."""
        return None if self.code is None else {"code": self.code, "vintage": self.vintage}


def locate(territory: Territory, code: str | None, postcode: str | None, town: str | None) -> Place:
    """The commune of a place: by its code, which may be one that has merged since, else by postcode and town."""
    said: tuple[Fault, ...] = ()
    if code is not None and code == postcode and not _is_postcode_of(territory.commune(code), code):
        # Seen in real files: 75019, which was once the INSEE code of Châtenay-Malabry, for Paris.
        code, said = None, (_POSTCODE,)
    commune = territory.resolve(code, postcode, town)
    if commune is None:
        return Place(code, None, (*said, _UNKNOWN))
    if code == commune.code:
        return Place(code, None, said)
    return Place(commune.code, VINTAGE, said if code is None else (*said, _merged(code, commune)))


def _merged(code: str, commune: Commune) -> Fault:
    return Fault(
        "merged-commune", f"commune {code} is part of {commune.code} {commune.name} today; mapped to it",
        f"write {commune.code}",
    )  # fmt: skip


def _is_postcode_of(commune: Commune | None, postcode: str) -> bool:
    return commune is not None and postcode in commune.postcodes
