"""What a rebuild says: replayed state, differences by cause, and no exact count of persons."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.contracts import SESSION_FACTS
from schemas.territory.trades import Formacode, Trades
from streams.engine import CellKey, CellValue, Partition, recounted
from streams.rebuild import Cause, CellChanges, Replay, State, changed_winners
from streams.rebuild.report import Comparison, render
from streams.rebuild.rows import row_changes
from streams.release.disclosure import Disclosure
from streams.training import assemble
from streams.views.training import EXITS, TrainingViews
from tests.streams.test_merge import CODEC, DOMAIN, EVENTS, MERGE, READER, TERRITORY, enrolment, session
from tests.streams.test_partition import Event

DAY = date(2026, 12, 4)


def replayed(wires: list[bytes], domain: Any = DOMAIN) -> Replay[Any, Any]:
    replay: Replay[Any, Any] = Replay(domain, 0)
    replay.take(Event(offset, wire) for offset, wire in enumerate(wires))
    return replay


@given(st.lists(EVENTS, max_size=12))
@settings(deadline=None)
def test_a_replay_is_the_state_of_an_owner_and_what_it_writes_restores_to_it(events: list[bytes]) -> None:
    replay = replayed(events)
    owner = Partition(DOMAIN, 0)
    owner.apply([Event(offset, wire) for offset, wire in enumerate(events)])
    owner.drain()
    assert replay.state().cells == owner.snapshot()
    written: dict[bytes, bytes | None] = {}
    counted: dict[CellKey, CellValue] = {}
    for flush in replay.flushes():
        written |= flush.entities
        counted |= flush.cells
        assert flush.next_offset == len(events)
    successor = Partition(DOMAIN, 0)
    winners = {key: value for key, value in written.items() if value}
    successor.restore(winners, counted, replay.next_offset)
    assert recounted(DOMAIN, winners.values()) == successor.snapshot() == counted == owner.snapshot()


def causes(before: State, after: State, domain: Any = DOMAIN) -> dict[Cause, int]:
    found = CellChanges()
    moved = changed_winners(domain, before, after).cells
    found.add(before.cells, after.cells, moved, lambda row: CODEC.read(SESSION_FACTS, row))
    return dict(found.cells)


EVENTS_OF_SEVEN = [session(1, ends_on=DAY), *(enrolment(person, 1) for person in range(7))]


def test_nothing_differs_from_itself() -> None:
    state = replayed(EVENTS_OF_SEVEN).state()
    assert causes(state, state) == {}


def test_another_table_of_trades_is_told_from_another_merge_and_from_damage() -> None:
    before = replayed(EVENTS_OF_SEVEN).state()
    tables = Trades({"31816": Formacode("Conducteur routier", ("N4101",))})
    other = assemble(READER, MERGE, TrainingViews(TERRITORY, tables, CODEC, MERGE))
    assert causes(before, replayed(EVENTS_OF_SEVEN, other).state(), other) == {Cause.TRADES: 3}
    later = replayed([*EVENTS_OF_SEVEN, session(2, ends_on=DAY + timedelta(days=7))]).state()
    assert causes(before, later) == {Cause.MERGED: 3}
    (cell,) = (key for key in before.cells if key[0] == EXITS)
    damaged = State(before.winners, {**before.cells, cell: before.cells[cell]._replace(n=9)})
    assert causes(damaged, before) == {Cause.CELLS: 1}


def test_winners_are_told_apart_by_where_they_are() -> None:
    before, after = replayed(EVENTS_OF_SEVEN[:-1]).state(), replayed([*EVENTS_OF_SEVEN[1:], session(2)]).state()
    found = changed_winners(DOMAIN, before, after)
    assert (found.other, found.only_before, found.only_after, len(found.roots)) == (1, 0, 1, 1)


def test_the_report_shows_rows_as_readers_see_them_and_rounds_persons() -> None:
    rule = Disclosure()
    rows = [{"count": rule.of(n), "key": n} for n in (3, 12)]
    found = Comparison(events=9)
    found.cells.add(
        replayed(EVENTS_OF_SEVEN[:3]).state().cells, replayed(EVENTS_OF_SEVEN).state().cells, [], lambda _: {}
    )  # fmt: skip
    found.rows = {"exits": row_changes({"a": rows[0], "b": rows[0]}, [("c", rows[1]), ("a", rows[1]), ("b", None)])}
    told = render(found, "exits", rule)
    assert "    a: fewer than 5 → about 10\n    b: fewer than 5 → nothing\n    c: nothing → about 10" in told
    assert "1 otherwise, 1 go, 1 come" in told
    assert "(about 5 persons)" in told
    assert "    a:" not in render(found, "sessions", rule)
