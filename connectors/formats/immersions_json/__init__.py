"""``immersions-json``: establishments open to immersions, as the API v3 of *Immersion Facilitée* finds them."""

from collections.abc import Iterator
from typing import Final

from connectors.formats.base import Event
from connectors.formats.fields import Fields
from connectors.formats.records import JsonRecords
from schemas.contracts import IMMERSION_OPENING

_MODES: Final = {"email": "EMAIL", "phone": "PHONE", "in person": "IN_PERSON"}
#: ``NO_REMOTE`` is what the API said before ``ON_SITE``.
_REMOTE: Final = {"on site": "NONE", "no remote": "NONE", "hybrid": "PARTIAL", "full remote": "FULL"}


class ImmersionsJson(JsonRecords):
    """Openings."""

    name = "immersions-json"
    default_source = "immersions"
    envelopes = ("data",)
    instant = "the file's name, else what is said beside it; each opening has its own updatedAt as revision"
    writes = {  # noqa: RUF012  # a mapping that nobody changes, typed in the base
        IMMERSION_OPENING: frozenset({
            "opening_id", "source_key", "siret", "name", "rome_code", "appellation", "place", "contact_mode", "remote",
            "url",
        })
    }  # fmt: skip

    def mapped(self, one: Fields) -> Iterator[Event]:
        """One establishment and trade; what no longer takes anybody is withdrawn."""
        siret, rome = one.siret("siret", required=True), one.rome("rome", required=True)
        key = f"{siret}:{rome}"
        closed = False in {one.flag("isAvailable"), one.flag("voluntaryToImmersion")}
        yield Event(IMMERSION_OPENING, {
            "opening_id": one.own_key(key),
            "source_key": key,
            "siret": siret,
            "name": one.text("customizedName") or one.text("name"),
            "rome_code": rome,
            "appellation": next((found.text("appellationLabel") for found in one.within("appellations")), None),
            "place": one.place("", "address/postcode", "address/city", "position/lat", "position/lon"),
            "contact_mode": one.choice("contactMode", _MODES),
            "remote": one.choice("remoteWorkMode", _REMOTE),
            "url": one.text("website") or one.text("urlOfPartner"),
        }, one.revision("updatedAt"), one.text("locationId") or "", withdrawn=closed)  # fmt: skip


FORMAT = ImmersionsJson()
