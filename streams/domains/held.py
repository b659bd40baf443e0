"""What a root keeps of a winning claim: one bytes object, for there are millions of them.

The version, 8 bytes that sort as it does; the event's wire bytes; where the person counts, 3 bytes. So of two claims in
one slot the one that holds is the one whose bytes are greater: a higher version, or equal versions and greater wire
bytes. (No record's wire bytes begin with another's: Avro says where a record ends.)
"""

from datetime import date
from functools import lru_cache
from struct import Struct
from typing import Any, Final

#: Where a person counts: nowhere, for no source holds them; nowhere, for they are not expected to finish; on the
#: session's own last day, if somebody knows it; above, on a day, by its number.
Counted = int
GONE: Final = 0
NO_DAY: Final = 1
SOME_DAY: Final = 2

#: In these states a person is expected to finish.
COMING: Final = frozenset({"ADMITTED", "ENTERED"})

_VERSION: Final = Struct(">Q").pack
#: Avro's longs have a sign; the lowest becomes 0.
_LOWEST: Final = 1 << 63
WIRE_AT: Final = 8
_COUNTED_AT: Final = -3


def hold(version: int, value: bytes, counted: Counted) -> bytes:
    """What is kept of a claim: its version, the event's wire bytes, where the person counts."""
    return _VERSION(version + _LOWEST) + value + _bytes_of(counted)


def outranks(new: bytes, held: bytes) -> bool:
    """Whether a claim replaces the one in its slot, by what ``hold`` made of them."""
    return new > held


def wire(held: bytes) -> bytes:
    """The event's wire bytes."""
    return held[WIRE_AT:_COUNTED_AT]


def counted(held: bytes) -> Counted:
    """Where the person counts if nobody else knows them."""
    return _number_of(held[_COUNTED_AT:])


def on_day(day: date) -> Counted:
    """Counted on a day."""
    return day.toordinal() + SOME_DAY


def place(facts: tuple[Any, ...], *, withdrawn: bool) -> Counted:
    """Where a person counts of whom one source speaks, from the facts of an ``Enrolment``."""
    return GONE if withdrawn else where(facts)


def where(facts: tuple[Any, ...]) -> Counted:
    """Where a person counts, from the facts of an ``Enrolment``: on the actual day, else the planned one."""
    status, planned_end_on, actual_end_on = facts
    if status not in COMING:
        return NO_DAY
    day = actual_end_on or planned_end_on
    return day.toordinal() + SOME_DAY if day else SOME_DAY


@lru_cache(maxsize=16_384)
def iso(day: Counted) -> str:
    """The day as ``2026-12-18``."""
    return date.fromordinal(day - SOME_DAY).isoformat()


@lru_cache(maxsize=16_384)
def _bytes_of(number: Counted) -> bytes:
    return number.to_bytes(3, "big")


@lru_cache(maxsize=16_384)
def _number_of(data: bytes) -> Counted:
    return int.from_bytes(data, "big")
