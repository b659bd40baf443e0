"""Where a person counts, as one number: what the engine keeps of what a claim says."""

from datetime import date
from functools import lru_cache
from typing import Any, Final

from streams.engine import NOTHING

#: Where a person counts: nowhere, for no source holds them; nowhere, for they are not expected to finish; on the
#: session's own last day, if somebody knows it; above, on a day, by its number.
Counted = int
GONE: Final = NOTHING
NO_DAY: Final = 1
SOME_DAY: Final = 2

#: In these states a person is expected to finish.
COMING: Final = frozenset({"ADMITTED", "ENTERED"})


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
