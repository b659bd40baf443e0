"""Windows of time, relative to a day of Europe/Paris."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Final

#: ``P30D`` is today and the 29 days after it.
DAYS_AHEAD: Final[Mapping[str, int]] = {"P30D": 30, "P60D": 60, "P90D": 90}
#: Whole calendar months, the current one first.
MONTHS_AHEAD: Final = 12


@cache
def months(today: date) -> tuple[str, ...]:
    """The calendar months that are released, as ``2026-11``."""
    first = today.year * 12 + today.month - 1
    return tuple(f"{month // 12:04d}-{month % 12 + 1:02d}" for month in range(first, first + MONTHS_AHEAD))


def windows(today: date) -> tuple[str, ...]:
    """Every window that is released."""
    return (*DAYS_AHEAD, *months(today))


def counts(days: Mapping[date, int], today: date) -> dict[str, int]:
    """Persons in each window, from persons on each day; windows without anybody are left out."""
    names = windows(today)
    totals = [0] * len(names)
    for day, n in days.items():
        for column in columns(day, today):
            totals[column] += n
    return {name: n for name, n in zip(names, totals, strict=True) if n}


def columns(day: date, today: date) -> tuple[int, ...]:
    """Which of the windows a day lies in, by their places in ``windows``."""
    ahead = (day - today).days
    found = [column for column, length in enumerate(DAYS_AHEAD.values()) if 0 <= ahead < length]
    month = (day.year - today.year) * 12 + day.month - today.month
    return (*found, len(DAYS_AHEAD) + month) if 0 <= month < MONTHS_AHEAD else tuple(found)
