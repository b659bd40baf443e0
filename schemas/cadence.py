"""Whether a source is heard as often as it is expected; pure."""

from datetime import datetime, timedelta
from typing import Final, Literal

from schemas.registers import Source

State = Literal["ON_TIME", "LATE", "SILENT", "NEVER_HEARD"]

ON_TIME: Final = "ON_TIME"
LATE: Final = "LATE"
SILENT: Final = "SILENT"
NEVER_HEARD: Final = "NEVER_HEARD"
#: A nightly file that comes some hours later than the night before is on time: a quarter of the cadence.
_GRACE: Final = 1.25


def state(source: Source, heard_at: datetime | None, now: datetime) -> State:
    """How a source does.

    Args:
        source: Its entry in the register: how often it is expected, and when somebody should ask.
        heard_at: When a publication of it was last taken; None when none was.
        now: The present instant.
    """
    if heard_at is None:
        return NEVER_HEARD
    age = now - heard_at
    if age > timedelta(hours=source.late_after_hours):
        return SILENT
    return LATE if age > timedelta(hours=source.cadence_hours) * _GRACE else ON_TIME
