"""What to ask next, from what was answered: parts, pages, halves and second tries. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.pollers.feeds import Ask, Feed, Page, Part

#: A list that moved while its pages were read is read anew so often; busier than that, its sweep cannot be complete.
READINGS: Final = 3


@dataclass
class _Reading:
    """A part while its pages are read."""

    name: str
    total: int | None = None
    items: dict[str, Any] = field(default_factory=dict)
    start: int = 0
    last: str | None = None


class Planner:
    """Plans one sweep.

    Args:
        feed: The API.
        parts: Names of the parts that are still to be read, in their order.

    Attributes:
        incomplete: Why parts that were read may lack records, by name of the part.
    """

    def __init__(self, feed: Feed, parts: Iterable[str]) -> None:
        self._feed = feed
        self._pending = list(parts)
        self._reading: _Reading | None = None
        self._readings = 0
        self.incomplete: dict[str, str] = {}

    @property
    def pending(self) -> tuple[str, ...]:
        """Parts that are not finished, the one that is being read included."""
        return (*([self._reading.name] if self._reading else []), *self._pending)

    def ask(self) -> Ask | None:
        """The next question; None when every part is finished."""
        if self._reading is None:
            if not self._pending:
                return None
            self._reading, self._readings = _Reading(self._pending.pop(0)), 1
        return self._feed.question(self._reading.name, self._reading.start)

    def take(self, page: Page) -> Part | None:
        """Learn from the answer to the last question; gives the part that it finished, if it did."""
        reading = self._reading
        assert reading is not None, "an answer without a question"  # noqa: S101  # a defect of ours
        if reading.total is None:
            reading.total = page.total
            if self._too_many(page.total) and self._halve(reading.name):
                return None
        if self._moved(reading, page) and self._again(reading):
            return None
        reading.items.update(page.items)
        reading.last = page.items[-1][0] if page.items else None
        return self._after(reading)

    def _too_many(self, total: int) -> bool:
        return self._feed.ceiling is not None and total > self._feed.ceiling

    def _halve(self, name: str) -> bool:
        halves = self._feed.split(name)
        if not halves:
            self.incomplete[name] = f"more than {self._feed.ceiling} records that cannot be told apart by their date"
            return False
        self._reading = None
        self._pending[:0] = halves
        return True

    def _moved(self, reading: _Reading, page: Page) -> bool:
        """Whether the list changed since its first page: another total, or the record that pages share left."""
        if page.total != reading.total:
            return True
        shared = self._feed.overlap and reading.start and reading.last is not None
        return bool(shared) and reading.last not in dict(page.items)

    def _after(self, reading: _Reading) -> Part | None:
        feed = self._feed
        reachable = min(reading.total or 0, feed.ceiling or reading.total or 0)
        if reading.start + feed.page < reachable:
            following = reading.start + feed.page - feed.overlap
            reading.start = following if feed.ceiling is None else min(following, feed.ceiling - feed.page)
            return None
        if len(reading.items) != reachable and self._again(reading):
            return None
        self._reading = None
        return Part(reading.name, reading.items)

    def _again(self, reading: _Reading) -> bool:
        """Read a part anew from its first page; after the last reading it goes on as it is, and is incomplete."""
        if self._readings == READINGS:
            self.incomplete.setdefault(reading.name, f"the list moved in each of {READINGS} readings")
            return False
        self._readings += 1
        self._reading = _Reading(reading.name)
        return True
