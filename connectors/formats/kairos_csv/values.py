"""One cell at a time: from its bytes to a value, or to what is wrong with it."""

import re
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from connectors.formats.values import Fault, in_range

_DATE: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?: \d{2}:\d{2}:\d{2}(?:\.\d+)?)?")


#: What stands in a cell that says nothing.
NOTHING: Final = frozenset({"", "NULL"})


def present(cell: bytes) -> bytes | None:
    """The cell without spaces around; None for nothing and for the literal ``NULL``."""
    bare = cell.strip()
    return None if not bare or bare == b"NULL" else bare


@lru_cache(maxsize=8192)
def to_date(text: str, today: date) -> date | Fault:
    """A day written ``2018-05-22 00:00:00.0`` or ``2018-05-22``, between 1990 and ten years ahead."""
    found = _DATE.fullmatch(text)
    try:
        day = datetime.strptime(found[1], "%Y-%m-%d").date() if found else None  # noqa: DTZ007  # a calendar day has no zone
    except ValueError:
        day = None
    if day is None:
        return Fault("not-a-date", "not a date", "write it as 2026-05-22 or 2026-05-22 00:00:00.0")
    return in_range(day, today)


def to_funders(text: str) -> tuple[str, ...]:
    """LHEO dict-financeurs codes, written ``4;7``."""
    return tuple(dict.fromkeys(code for code in re.split(r"[;,\s]+", text) if re.fullmatch(r"\d{1,2}", code)))
