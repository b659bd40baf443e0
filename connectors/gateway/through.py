"""Records of a contract in JSON that go on the wire in one pass: turned, checked and written by one function.

What it does not take is turned, checked and explained step by step by :mod:`connectors.gateway.contracts`; a test
holds the two ways together.
"""

from collections.abc import Mapping
from typing import Any, Final

from connectors.envelope import BLANK, WITHDRAWN, shape, source_on_wire
from connectors.formats.base import Event
from schemas.checked import compile_checked_encoder
from schemas.clock import to_millis
from schemas.contracts import sources
from schemas.plain import turned_instant

_LONG: Final = 1 << 63
#: Types that are the same in JSON and in the codec: what a retraction needs is kept as it stands in the record.
_AS_THEY_ARE: Final = ("string", "int")


class Through:
    """Writes the records of one contract.

    Args:
        contract: Its full name.
    """

    def __init__(self, contract: str) -> None:
        self._contract = contract
        self._write = compile_checked_encoder(sources()[contract], b"", BLANK, json=True)

    @classmethod
    def of(cls, contract: str) -> "Through | None":
        """For a contract; None for one of which a retraction needs what JSON writes otherwise than the codec."""
        types = {one["name"]: one["type"] for one in sources()[contract]["fields"]}
        return cls(contract) if all(types[name] in _AS_THEY_ARE for name in shape(contract).needed) else None

    def event(self, given: Mapping[str, Any], source: str) -> Event | None:
        """What a record says; None when it must be looked at step by step."""
        version, withdrawn = given.get("version", 0), given.get("withdrawn", False)
        if version.__class__ is not int or not 0 <= version < _LONG or withdrawn.__class__ is not bool:
            return None
        if given.get("source", source) != source:
            return None
        body = self._write(given, source_on_wire(source), WITHDRAWN[withdrawn])
        if body is None:
            return None
        instant = None
        if "occurred_at" in given:
            found = turned_instant(given["occurred_at"])
            if found is None:
                return None
            instant = to_millis(found)
        return Event(self._contract, given, version or None, withdrawn=withdrawn, instant=instant, body=body)
