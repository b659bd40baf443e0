"""What a rebuild would change, as text for people; no exact count of persons in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from streams.rebuild.cells import CellChanges
from streams.rebuild.rows import RowChange, RowChanges, shown
from streams.rebuild.winners import WinnerChanges
from streams.release.disclosure import Disclosure

#: Rows of each kind that are shown.
SAMPLES: Final = 5


@dataclass(slots=True)
class Comparison:
    """The state as it is against the events replayed.

    Attributes:
        generation: Of the state compared.
        events: Replayed.
        waiting: Events that cannot be read yet.
        unreadable: Partitions whose state could not be read at all.
        winners: Winning events that differ, roots and cells of each partition added up.
        cells: Cells that differ, by cause.
        rows: Rows that readers would see change, by view.
    """

    generation: int = 0
    events: int = 0
    waiting: int = 0
    unreadable: list[int] = field(default_factory=list)
    winners: WinnerChanges = field(default_factory=WinnerChanges)
    cells: CellChanges = field(default_factory=CellChanges)
    rows: Mapping[str, RowChanges] = field(default_factory=dict)

    def add(self, found: WinnerChanges) -> None:
        """Count the winners of one partition."""
        total = self.winners
        total.only_before += found.only_before
        total.only_after += found.only_after
        total.other += found.other
        total.roots |= found.roots


def render(found: Comparison, view: str, rule: Disclosure) -> str:
    """The comparison as text.

    Args:
        found: What differs.
        view: Whose rows are shown.
        rule: What may be said of counts of persons.
    """
    return "\n".join(_lines(found, view, rule))


def _lines(found: Comparison, view: str, rule: Disclosure) -> Iterator[str]:
    yield f"generation {found.generation} of the state against {found.events:,} events, replayed with what holds today"
    for number in found.unreadable:
        yield f"  partition {number} of the state cannot be read: all of it is made anew"
    if found.waiting:
        yield f"  {found.waiting:,} events cannot be read: their schema is not known yet"
    winners = found.winners
    yield (
        f"winning events  {winners.other:,} other, {winners.only_before:,} that no event supports, "
        f"{winners.only_after:,} missing; of {len(winners.roots):,} sessions"
    )
    yield f"cells           {sum(found.cells.cells.values()):,} differ"
    for cause, count in found.cells.cells.most_common():
        persons = shown({"count": rule.of(found.cells.persons[cause])})
        yield f"  {count:>9,}  {cause.value} ({persons} persons)"
    for name, changes in sorted(found.rows.items()):
        yield (
            f"rows of {name:<10}{changes.count:,} change: {len(changes.changed):,} otherwise, "
            f"{len(changes.only_before):,} go, {len(changes.only_after):,} come"
        )
        yield from _samples(changes) if name == view else ()


def _samples(changes: RowChanges) -> Iterator[str]:
    for kind in (changes.changed, changes.only_before, changes.only_after):
        yield from (_sample(change) for change in kind[:SAMPLES])
        if len(kind) > SAMPLES:
            yield f"    … and {len(kind) - SAMPLES:,} like these"


def _sample(change: RowChange) -> str:
    return f"    {change.key}: {shown(change.before)} → {shown(change.after)}"
