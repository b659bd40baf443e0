"""Who finishes where and when: the cells of ``exits`` by place, and the sum of each place over every window."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from streams.release.windows import columns, windows

#: A day and a source partition make one number: the partition is its lowest bits. No topic has more partitions.
_PARTITION_BITS: Final = 16


class _Days(dict[str, int]):
    """Ordinals of ISO days; there are a few hundred, each in many cells."""

    def __missing__(self, day: str) -> int:
        self[day] = date.fromisoformat(day).toordinal() << _PARTITION_BITS
        return self[day]


class Place:
    """A commune with a set of trades: all of it rolls up the same way.

    Attributes:
        name: ``commune|trades``, as cells begin.
        partials: Persons by day and source partition; none is 0.
        sums: Persons in each window, as they were last rolled up.
    """

    __slots__ = ("name", "partials", "sums")

    def __init__(self, name: str) -> None:
        self.name = name
        self.partials: dict[int, int] = {}
        self.sums: list[int] | None = None


class Places:
    """Every place, and those whose sums may have moved."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}
        self._touched: dict[str, Place] = {}
        self._days = _Days()
        self._columns: dict[int, tuple[int, ...]] = {}
        self._today = date.min

    def take(self, partition: int, cell: str, n: int) -> None:
        """Take the absolute partial of a cell ``commune|trades|day`` from one source partition."""
        name, _, day = cell.rpartition("|")
        place = self._places.get(name)
        if place is None:
            if not n:
                return
            place = self._places[name] = Place(name)
        key = self._days[day] | partition
        partials = place.partials
        if partials.get(key, 0) == n:
            return
        if n:
            partials[key] = n
        else:
            del partials[key]
        self._touched[name] = place

    def turn(self, today: date) -> bool:
        """Look from a day on; whether other windows are released than before, so that no former sum holds."""
        if today == self._today:
            return False
        known = self._today != date.min and windows(self._today) == windows(today)
        self._today = today
        self._columns = {}
        self._touched = dict(self._places)
        if not known:
            for place in self._places.values():
                place.sums = None
        return not known

    def moved(self) -> Iterator[tuple[Place, Sequence[tuple[int, int]]]]:
        """Each place whose sums moved: in which windows, by their places in ``windows``, and by how much."""
        touched, self._touched = self._touched, {}
        nothing = [0] * len(windows(self._today))
        for place in touched.values():
            before, now = place.sums or nothing, self._sums(place)
            if now != before:
                place.sums = now
                changes = enumerate(zip(now, before, strict=True))
                yield place, [(column, new - old) for column, (new, old) in changes if new != old]

    def _sums(self, place: Place) -> list[int]:
        sums = [0] * len(windows(self._today))
        known = self._columns
        for key, n in place.partials.items():
            day = key >> _PARTITION_BITS
            found = known.get(day)
            if found is None:
                found = known[day] = columns(date.fromordinal(day), self._today)
            for column in found:
                sums[column] += n
        return sums
