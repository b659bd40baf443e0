"""A source partition against naive counting, under crashes at any point, duplicates and reordering."""

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

import streams.engine.roots
from schemas.codec import Codec
from schemas.contracts import TRAINING_ENROLMENT, TRAINING_SESSION, LockFile, lock_file, relock, sources
from streams.domains.facts import ENROLMENT, Enrolment, TrainingReader
from streams.domains.training import TrainingMerge
from streams.engine import CHECKPOINT_KEY, PARKED_KEY, CellValue, Flush, Partition, differing, recounted
from streams.engine.things import Things
from streams.training import assemble
from tests.simulation.replacing import replaced
from tests.streams.test_merge import CODEC, DOMAIN, EVENTS, ORDER, VIEWS, claim, enrolment, session


@dataclass(frozen=True)
class Event:
    """An event at its place in the source partition."""

    offset: int
    value: bytes | None


@dataclass
class Log:
    """What transactions wrote: all of one or nothing."""

    entities: dict[bytes, bytes | None] = field(default_factory=dict)
    cells: dict[tuple[str, str], CellValue] = field(default_factory=dict)
    next_offset: int | None = None

    def commit(self, flush: Flush) -> None:
        assert CHECKPOINT_KEY not in flush.entities
        self.entities |= flush.entities
        self.cells |= flush.cells
        self.next_offset = flush.next_offset

    def state(self) -> tuple[dict[bytes, bytes], dict[tuple[str, str], CellValue]]:
        """Winning claims, and the cells that are not zero."""
        winners = {key: value for key, value in self.entities.items() if value and not key.startswith(PARKED_KEY)}
        return winners, {key: cell for key, cell in self.cells.items() if cell != CellValue(0, None)}


def naive(values: list[bytes]) -> dict[tuple[str, str], tuple[int, bool]]:
    """Cells by brute force: the winning claim of each slot by comparing all of them, then counting."""
    slots: dict[Any, list[Any]] = {}
    for value in values:
        one = claim(value)
        slots.setdefault((one.thing, one.kind, one.source, one.source_key), []).append(one)
    winners = [max(group, key=lambda one: (one.version, one.value)) for group in slots.values()]
    sources = ("kairos", "region")

    def believed(thing: bytes) -> list[Any]:
        held = [one for one in winners if one.thing == thing and not one.withdrawn]
        rank = [(sources.index(one.source) if one.source in sources else 9, one.source, -one.version) for one in held]
        return [one for _, one in sorted(zip(rank, held, strict=True), key=lambda pair: pair[0])]

    def fact(claims: list[Any], name: str) -> Any:
        facts = [Enrolment(*one.facts) if one.kind == ENROLMENT else one.facts for one in claims]
        return next((value for one in facts if (value := getattr(one, name)) is not None), None)

    described = believed(b"")
    if any(one.thing == b"" for one in winners) and not described:
        return {}
    place = "62498|formacode:31816" if described else "?|"
    counts: Counter[str] = Counter()
    leavers = 0
    people = {one.thing for one in winners} - {b"", b"#"}
    if not any(believed(person) for person in people) and (tally := believed(b"#")):
        leavers = (tally[0].facts.entered or 0) + (tally[0].facts.admitted or 0)
        day = tally[0].facts.ends_on or fact(described, "ends_on")
        counts.update({f"{place}|{day}": leavers} if day and leavers else {})
    for person in people:
        known = believed(person)
        if fact(known, "status") in {"ENTERED", "ADMITTED"}:
            leavers += 1
            day = fact(known, "actual_end_on") or fact(known, "planned_end_on") or fact(described, "ends_on")
            counts.update([f"{place}|{day}"] if day else [])
    cells = {("exits", cell): (n, False) for cell, n in counts.items()}
    return cells | ({("sessions", winners[0].root.decode()): (leavers, True)} if described else {})


def shown(cells: dict[tuple[str, str], CellValue]) -> dict[tuple[str, str], tuple[int, bool]]:
    """Cells that are not zero, as the naive count gives them."""
    return {key: (n, row is not None) for key, (n, row) in cells.items() if n or row is not None}


class Owners(RuleBasedStateMachine):
    """One partition, its owners one after the other, and the log between them."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []
        self.log = Log()
        self.owner = Partition(DOMAIN, 0)

    @rule(values=st.lists(EVENTS, min_size=1, max_size=5))
    def publish(self, values: list[bytes]) -> None:
        first = self.events[-1].offset + 2 if self.events else 0  # transaction markers leave gaps
        self.events += [Event(first + at, value) for at, value in enumerate(values)]

    @rule(again=st.integers(0, 3))
    def deliver(self, again: int) -> None:
        at = self.owner.next_offset or 0
        self.owner.apply([event for event in self.events if event.offset >= at - again])

    @rule()
    def flush(self) -> None:
        flush = self.owner.drain()
        if flush:
            self.log.commit(flush)

    @rule()
    def die_with_a_transaction_open(self) -> None:
        self.owner.drain()  # never committed
        self.take_over()

    @rule()
    def take_over(self) -> None:
        self.owner = Partition(DOMAIN, 0)
        winners, cells = self.log.state()
        self.owner.restore(winners, cells, self.log.next_offset)
        assert recounted(DOMAIN, winners.values()) == cells

    @invariant()
    def the_log_is_the_naive_count_up_to_its_checkpoint(self) -> None:
        seen = [event.value for event in self.events if event.offset < (self.log.next_offset or 0)]
        assert shown(self.log.cells) == naive([value for value in seen if value is not None])


class OwnersOfFewHashes(Owners):
    """The same, where many things have the hash of another."""

    def __init__(self) -> None:
        self._few = ExitStack()
        self._few.enter_context(
            replaced(streams.engine.roots, Things=partial(Things, hash_of=lambda key: sum(key) % 3))
        )
        super().__init__()

    def teardown(self) -> None:
        self._few.close()


for machine in (Owners, OwnersOfFewHashes):
    machine.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestOwners, TestOwnersOfFewHashes = Owners.TestCase, OwnersOfFewHashes.TestCase


def test_what_cannot_be_read_is_parked_and_passed() -> None:
    partition = Partition(DOMAIN, 0)
    partition.apply([Event(0, session(1)), Event(1, b"garbage"), Event(2, None), Event(3, enrolment(1, 1))])
    flush = partition.drain()
    assert flush is not None
    assert (flush.done.changed, flush.done.parked) == (2, 2)
    assert [parked.offset for parked in flush.parked] == [1, 2]
    assert flush.next_offset == 4


def test_an_event_of_a_schema_yet_unknown_waits_and_is_taken_in_once_it_is_known() -> None:
    upgraded = with_a_note()
    day = date(2026, 12, 4)
    late = enrolment(1, 1, planned_end_on=day)
    record = {**Codec().read(TRAINING_ENROLMENT, late), "note": "new"}
    old = Partition(DOMAIN, 0)
    old.apply([Event(0, session(1)), Event(1, upgraded.encode(TRAINING_ENROLMENT, record))])
    flush = old.drain()
    assert flush is not None
    waiting = {key: value for key, value in flush.entities.items() if key.startswith(PARKED_KEY) and value}
    assert len(waiting) == 1
    assert Partition(DOMAIN, 0).retry(waiting) == 0
    reader = TrainingReader(upgraded)
    new = Partition(assemble(reader, TrainingMerge(reader, ORDER), VIEWS), 0)
    new.restore({claim(session(1)).key: session(1)}, {}, 2)
    assert new.retry(waiting) == 1
    flush = new.drain()
    assert flush is not None
    assert flush.cells["exits", f"62498|formacode:31816|{day}"].n == 1
    assert [flush.entities[key] for key in waiting] == [None]


def with_a_note() -> Codec:
    """A codec whose enrolment has a field more."""
    newer = {**sources()[TRAINING_ENROLMENT]}
    newer["fields"] = [*newer["fields"], {"name": "note", "type": ["null", "string"], "default": None}]
    entries = [one.entry() for one in lock_file().all()]
    return Codec(LockFile(relock(entries, {TRAINING_ENROLMENT: newer})))


UPGRADED = with_a_note()
READER = TrainingReader(UPGRADED)


@given(st.lists(st.tuples(st.integers(1, 6), st.booleans(), st.booleans()), max_size=12))
def test_the_newest_event_of_a_slot_holds_whatever_schemas_it_was_written_with(
    said: list[tuple[int, bool, bool]],
) -> None:
    """Two schemas name one slot by different bytes. Each time: its version, whether by the newer, whether written."""
    partition, log, wires = Partition(assemble(READER, TrainingMerge(READER, ORDER), VIEWS), 0), Log(), []
    for offset, (version, new, write) in enumerate(said):
        wire = enrolment(1, version, planned_end_on=date(2026, 12, version))
        wires.append(UPGRADED.encode(TRAINING_ENROLMENT, CODEC.read(TRAINING_ENROLMENT, wire)) if new else wire)
        partition.apply([Event(offset, wires[-1])])
        flush = partition.drain() if write else None
        if flush:
            log.commit(flush)
    if flush := partition.drain():
        log.commit(flush)
    winner = max(((READER.read(wire).version, wire) for wire in wires), default=None)  # type: ignore[union-attr]  # they can be read
    assert list(log.entities.values()) == ([winner[1]] if winner else [])
    assert [key[1][-2:] for key, cell in log.cells.items() if cell.n] == ([f"{winner[0]:02}"] if winner else [])


def test_what_is_superseded_before_it_is_written_changed_nothing() -> None:
    partition = Partition(DOMAIN, 0)
    partition.apply([Event(at, enrolment(1, version)) for at, version in enumerate((1, 3, 2, 3))])
    assert partition.unwritten == 1
    flush = partition.drain()
    assert flush is not None
    assert (flush.done, flush.next_offset) == ((1, 3, 0), 4)
    assert list(flush.entities.values()) == [enrolment(1, 3)]


def test_nothing_new_opens_no_transaction() -> None:
    partition = Partition(DOMAIN, 0)
    assert partition.drain() is None
    partition.apply([Event(0, session(1))])
    assert partition.drain() is not None
    assert partition.drain() is None
    partition.apply([Event(1, session(1))])
    flush = partition.drain()
    assert flush is not None
    assert (flush.entities, flush.cells, flush.next_offset) == ({}, {}, 2)


def test_a_cell_that_falls_to_zero_is_written_as_zero() -> None:
    partition = Partition(DOMAIN, 0)
    day = date(2026, 12, 4)
    partition.apply([Event(0, session(1)), Event(1, enrolment(1, 1, planned_end_on=day))])
    partition.drain()
    partition.apply([Event(2, enrolment(1, 2, planned_end_on=day + timedelta(days=7)))])
    flush = partition.drain()
    assert flush is not None
    assert flush.cells["exits", "62498|formacode:31816|2026-12-04"] == CellValue(0, None)


BATCHES = st.lists(EVENTS, max_size=6)
LENS_ON = [("exits", "62498|formacode:31816|2026-12-04"), ("exits", "?||2026-12-04"), ("sessions", "intercarif:1")]


@given(
    st.lists(EVENTS, min_size=1, max_size=6), BATCHES, BATCHES,
    st.dictionaries(st.integers(0, 9), st.integers(-3, 3).filter(bool), max_size=3), st.sampled_from(LENS_ON),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_what_a_predecessor_counted_otherwise_is_mended_while_more_comes(
    before: list[bytes], between: list[bytes], after: list[bytes], wrong: dict[int, int], beside: tuple[str, str]
) -> None:
    log, first = Log(), Partition(DOMAIN, 0)
    first.apply([Event(offset, value) for offset, value in enumerate(before)])
    if flush := first.drain():
        log.commit(flush)
    winners, right = log.state()
    logged = dict(right)
    for place, error in wrong.items():
        key = [*right, beside][place % (len(right) + 1)]
        n, row = right.get(key, CellValue(0, None))
        logged[key] = CellValue(n + error, None if row is None else row + b"otherwise")
    owner = Partition(DOMAIN, 0)
    owner.restore(winners, logged, log.next_offset)
    log.cells = dict(logged)
    batch = [*before, *between]
    owner.apply([Event(offset, value) for offset, value in enumerate(batch)])
    if flush := owner.drain():
        log.commit(flush)
    found = recounted(DOMAIN, winners.values())
    assert found == right
    assert owner.mend(logged, right) == len(differing(logged, right))
    owner.apply([Event(offset, value) for offset, value in enumerate([*batch, *after])])
    if flush := owner.drain():
        log.commit(flush)
    assert shown(log.cells) == naive([*batch, *after])


def test_claims_of_a_schema_yet_unknown_are_not_recounted() -> None:
    assert recounted(DOMAIN, [session(1), b"\x00\x00\x00\xff\xff\x00"]) is None
    assert recounted(DOMAIN, []) == {}


def test_a_key_that_would_hide_where_it_ends_is_refused() -> None:
    partition = Partition(DOMAIN, 0)
    record = {**Codec().read(TRAINING_SESSION, session(1)), "session_id": "intercarif:1\x1fx"}
    partition.apply([Event(0, Codec().encode(TRAINING_SESSION, record))])
    flush = partition.drain()
    assert flush is not None
    assert flush.done.parked == 1
