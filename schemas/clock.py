"""The one place that reads the wall clock; everywhere else time is an argument."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

#: A source of the present instant, aware, in UTC.
Clock = Callable[[], datetime]

#: The pact lives in mainland France: a training ends on a day of this zone.
PARIS = ZoneInfo("Europe/Paris")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def system_clock() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def paris_day(instant: datetime) -> date:
    """The calendar day of an aware instant in Europe/Paris."""
    return instant.astimezone(PARIS).date()


def day_begins(day: date) -> datetime:
    """The instant at which a day begins in Europe/Paris."""
    return datetime.combine(day, time(), PARIS).astimezone(UTC)


def day_after(day: date) -> date:
    """The next calendar day."""
    return day + timedelta(days=1)


def to_millis(instant: datetime) -> int:
    """Milliseconds since 1970-01-01T00:00:00Z, as Avro's ``timestamp-millis`` counts them."""
    return round((instant - EPOCH).total_seconds() * 1000)


def from_millis(millis: int) -> datetime:
    """The aware UTC instant of a ``timestamp-millis`` value."""
    return datetime.fromtimestamp(millis / 1000, UTC)
