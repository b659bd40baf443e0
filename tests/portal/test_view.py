"""A view in memory: whatever the moment of leaving, a reader who comes back ends with the same rows."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.api.stream import seen
from portal.queries import Query
from portal.view import Row, View
from schemas.errors import PositionLost

TRADES = ("all", "rome:N4101")
EVERYTHING = Query("exits", ())
ONE_TRADE = Query("exits", (("trade", "all"),))


def row(key: str, trade: str, value: int) -> Row:
    return Row.of(key, {"area": {"type": "region", "code": "32"}, "trade": trade, "window": "P30D", "value": value})


@dataclass
class Reader:
    """A subscriber: what it holds, and where it is."""

    query: Query
    rows: dict[str, Any]
    position: str

    def follow(self, view: View) -> None:
        for change in view.since(self.position):
            told = seen(change, self.query)
            if told and told[0] == "upsert":
                self.rows[change.key] = change.new.data if change.new else None
            elif told:
                self.rows.pop(change.key, None)
        self.position = view.position


def filled() -> View:
    view = View("exits", 1000)
    view.begin("cafe")
    return view


RECORDS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(TRADES), st.one_of(st.none(), st.integers(0, 5))), max_size=30
)


@given(RECORDS, st.sets(st.integers(0, 30)), st.sampled_from([EVERYTHING, ONE_TRADE]))
def test_a_reader_who_leaves_and_comes_back_ends_with_the_rows_of_the_view(
    records: list[tuple[str, str, int | None]], visits: set[int], query: Query
) -> None:
    view = filled()
    reader = Reader(query, {}, view.position)
    for offset, (key, trade, value) in enumerate(records):
        view.apply(offset * 2, key, None if value is None else row(key, trade, value))
        if offset in visits:
            reader.follow(view)
    reader.follow(view)
    assert reader.rows == {key: one.data for key, one in view.rows.items() if query.matches(one)}


@given(RECORDS, st.integers(0, 30), st.sampled_from([EVERYTHING, ONE_TRADE]))
def test_nothing_is_lost_when_the_portal_itself_starts_anew_on_a_compacted_topic(
    records: list[tuple[str, str, int | None]], left: int, query: Query
) -> None:
    before = filled()
    reader = Reader(query, {}, before.position)
    for offset, (key, trade, value) in enumerate(records):
        before.apply(offset, key, None if value is None else row(key, trade, value))
        if offset == left:
            reader.follow(before)
    last = {key: offset for offset, (key, _, _) in enumerate(records)}
    after = filled()
    for offset, (key, trade, value) in enumerate(records):
        if last[key] == offset:  # compaction keeps the last record of each key, withdrawals included
            after.apply(offset, key, None if value is None else row(key, trade, value), live=False)
    reader.follow(after)
    assert reader.rows == {key: one.data for key, one in after.rows.items() if query.matches(one)}


def test_a_position_of_another_epoch_or_too_old_is_lost() -> None:
    view = View("exits", 2)
    view.begin("cafe")
    for offset in range(5):
        view.apply(offset, "a", row("a", "all", offset))
    assert [change.offset for change in view.since("cafe.2")] == [3, 4]
    for position in ("beef.3", "cafe.1", "cafe.9", "cafe.", "nonsense", "cafe.-7"):
        with pytest.raises(PositionLost):
            view.since(position)
    view.begin("beef")
    with pytest.raises(PositionLost):
        view.since("cafe.4")


def test_a_row_that_comes_into_sight_of_nobody_disturbs_nobody() -> None:
    view = filled()
    change = view.apply(0, "a", row("a", "rome:N4101", 1))
    assert seen(change, ONE_TRADE) is None
    assert seen(view.apply(1, "a", row("a", "all", 1)), ONE_TRADE) is not None
    told = seen(view.apply(2, "a", row("a", "rome:N4101", 1)), ONE_TRADE)
    assert told is not None
    assert told[0] == "delete"


def test_a_rebuilt_view_replaces_the_old_one_at_once_and_its_positions_are_lost() -> None:
    view = View("exits", 100)
    view.begin("e")
    for offset, key in enumerate("abc"):
        view.apply(offset, key, row(key, "all", offset))
    before = view.position
    view.replace("e-1", [(3, "a", None), (4, "b", row("b", "all", 9)), (5, "d", row("d", "all", 7))])
    assert {key: one.data["value"] for key, one in view.rows.items()} == {"b": 9, "c": 2, "d": 7}
    assert view.position == "e-1.5"
    assert view.since(view.position) == []
    view.apply(6, "c", None)
    assert [change.key for change in view.since("e-1.5")] == ["c"]
    for lost in (before, "e.5", "e-1.4"):
        with pytest.raises(PositionLost):
            view.since(lost)
