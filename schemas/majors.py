"""Two majors of one contract side by side: how a record of one becomes a record of the other.

A breaking change makes a new major (``beffroi.training.v2.…``) that lives in the same topic. Whoever still writes
the old one is understood, for what is read is converted up; who still reads the old one is served by converting down.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from schemas.errors import ContractError

#: A decoded record.
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Conversion:
    """How records pass between two majors of a contract; written once, beside the newer contract.

    Attributes:
        older: Full name of the older major.
        newer: Full name of the newer one.
        up: Makes a record of the newer from one of the older; pure.
        down: Makes a record of the older from one of the newer; pure, ``down(up(record)) == record``.
    """

    older: str
    newer: str
    up: Callable[[Record], Record]
    down: Callable[[Record], Record]


#: Every conversion of this package: no contract has a second major yet.
CONVERSIONS: Final[tuple[Conversion, ...]] = ()


class Majors:
    """The conversions as chains.

    Args:
        conversions: One for each pair of neighbouring majors.
    """

    def __init__(self, conversions: Iterable[Conversion] = CONVERSIONS) -> None:
        self._up = {one.older: one for one in conversions}
        self._down = {one.newer: one for one in conversions}

    def is_old(self, name: str) -> bool:
        """Whether a newer major exists."""
        return name in self._up

    def newest(self, name: str, record: Record) -> tuple[str, Record]:
        """The record as its contract's newest major, with that one's name."""
        while name in self._up:
            step = self._up[name]
            name, record = step.newer, step.up(record)
        return name, record

    def older(self, name: str, record: Record, wanted: str) -> Record:
        """The record as an older major.

        Raises:
            ContractError: No chain of conversions leads there.
        """
        while name != wanted:
            if name not in self._down:
                raise ContractError(
                    f"nothing converts a {name} down to {wanted}", fix="write a Conversion in schemas/majors.py"
                )
            step = self._down[name]
            name, record = step.older, step.down(record)
        return record
