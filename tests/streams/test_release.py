"""The release: disclosure, windows, roll-ups, and the board against a naive recomputation."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.clock import from_millis
from schemas.codec import Codec
from schemas.contracts import EXITS_ROW, SESSION_FACTS, lock_file
from schemas.territory.areas import Territory
from schemas.territory.trades import Trades
from streams.release.board import Board, Released
from streams.release.disclosure import Disclosure
from streams.release.exits import ExitsBoard
from streams.release.sessions import SessionsBoard
from streams.release.windows import counts, windows
from streams.release.wire import RowReader, RowWriter
from tests.oracle import areas, disclosed
from tests.oracle import windows as windows_of
from tests.values import fitting

CODEC = Codec()
TERRITORY = Territory.load()
TRADES = Trades.load()
TODAY = date(2026, 11, 23)
LENS = "62498|formacode:31816"


def new_board() -> Board:
    rule = Disclosure()
    return Board(ExitsBoard(TERRITORY, TRADES, rule), SessionsBoard(TERRITORY, TRADES, rule, CODEC, 180), CODEC)


def cell(view: str, key: str, n: int, row: bytes | None = None) -> dict[str, Any]:
    return {"view": view, "cell": key, "n": n, "as_of": 1, "row": row}


def by_key(changes: Iterable[Released]) -> dict[str, Any]:
    return {key: row for _, key, row in changes}


@given(st.integers(0, 10_000))
def test_no_count_of_one_to_four_persons_is_ever_told(n: int) -> None:
    told = Disclosure().of(n)
    if 0 < n < 5:
        assert told == {"disclosure": "FEWER_THAN", "value": None, "below": 5}
    else:
        assert told["value"] % 5 == 0
        assert abs(told["value"] - n) <= 2
        assert (told["value"] == 0) == (n == 0)


@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 500), st.integers(0, 500))
def test_more_people_never_show_as_fewer(base: int, threshold: int, a: int, b: int) -> None:
    rule = Disclosure(base, threshold)
    low, high = rule.of(min(a, b)), rule.of(max(a, b))
    if low["value"] is not None and high["value"] is not None:
        assert low["value"] <= high["value"]


def test_windows_are_days_from_today_and_whole_months() -> None:
    days = {
        TODAY: 1,
        TODAY + timedelta(29): 1,
        TODAY + timedelta(30): 1,
        TODAY - timedelta(1): 1,
        TODAY + timedelta(89): 1,
    }
    assert counts(days, TODAY) == {"P30D": 2, "P60D": 3, "P90D": 4, "2026-11": 2, "2026-12": 2, "2027-02": 1}
    assert windows(TODAY)[3:] == tuple(f"{2026 + (10 + n) // 12}-{(10 + n) % 12 + 1:02d}" for n in range(12))


def test_a_count_rolls_up_to_every_area_and_trade_once() -> None:
    board = new_board()
    board.take(0, cell("exits", "62498|rome:N4101,rome:N4105|2026-12-04", 7))
    rows = by_key(board.first_changes(TODAY))
    areas = ["commune:62498", "epci:246200364", "arrondissement:627", "departement:62", "region:32"]
    trades = ["all", "rome-domain:N41", "rome-family:N", "rome:N4101", "rome:N4105"]
    ahead = ["P30D", "P60D", "P90D", "2026-12"]
    assert set(rows) == {f"{area}|{trade}|{window}" for area in areas for trade in trades for window in ahead}
    assert {row["count"]["value"] for row in rows.values()} == {5}


PLACES = ["62498|formacode:31816", "62498|rome:N4101,rome:N4105", "59350|rome:N4101", "91521|", "?|"]
PARTIALS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(PLACES), st.integers(-40, 400), st.integers(0, 9)), max_size=20
)
#: What the workers write, how many days pass before the release looks, and whether a successor looks instead.
ROUNDS = st.lists(
    st.tuples(PARTIALS, st.sampled_from([0, 0, 1, 7, 31, 45, 400]), st.booleans()), min_size=1, max_size=5
)
AREAS = areas()


def naive(partials: dict[tuple[int, str, date], int], today: date) -> dict[str, str]:
    """The released counts by brute force."""
    totals: Counter[str] = Counter()
    for (_, place, day), n in partials.items():
        commune, _, refs = place.partition("|")
        codes = [ref.removeprefix("rome:") for ref in refs.split(",") if ref.startswith("rome:")]
        trades = {"all", *(ref for ref in refs.split(",") if ref)}
        trades |= {f"rome-domain:{code[:3]}" for code in codes} | {f"rome-family:{code[0]}" for code in codes}
        for area in AREAS.get(commune, ["outside:unknown"]):
            for trade in trades:
                for window in windows_of(day, today):
                    totals[f"{area}|{trade}|{window}"] += n
    return {key: disclosed(n) for key, n in totals.items() if n}


def told(rows: dict[str, Any]) -> dict[str, str]:
    return {key: "< 5" if row["count"]["value"] is None else str(row["count"]["value"]) for key, row in rows.items()}


class Readers:
    """Who follows the release, whoever holds it, and whatever the workers wrote."""

    def __init__(self) -> None:
        self.partials: dict[tuple[int, str, date], int] = {}
        self.rows: dict[str, Any] = {}
        self.board = new_board()
        self.fresh = True

    def succeed(self) -> None:
        """Another process takes the release over: it reads what readers have, and all cells."""
        self.board, self.fresh = new_board(), True
        for key, row in self.rows.items():
            self.board.seen("exits", key, row)
        for (partition, place, day), n in self.partials.items():
            self.board.take(partition, cell("exits", f"{place}|{day}", n))

    def look(self, today: date) -> list[str]:
        """The release looks: keys of what it published."""
        changes = self.board.first_changes(today) if self.fresh else self.board.changes(today)
        self.fresh = False
        published = []
        for _, key, row in changes:
            assert row != self.rows.get(key), "nothing is told twice"
            published.append(key)
            self.rows.update({key: row}) if row is not None else self.rows.pop(key)
        assert self.board.rows_seen("exits") == len(self.rows)
        return published


@given(ROUNDS)
@settings(max_examples=60, deadline=None)
def test_readers_have_the_naive_count_after_any_partials_any_midnight_and_any_successor(
    rounds: list[tuple[list[tuple[int, str, int, int]], int, bool]],
) -> None:
    readers, today = Readers(), TODAY
    for partial, days_later, successor in rounds:
        for partition, place, ahead, n in partial:
            day = TODAY + timedelta(ahead)
            readers.partials[partition, place, day] = n
            readers.board.take(partition, cell("exits", f"{place}|{day}", n))
        today += timedelta(days_later)
        if successor:
            readers.succeed()
        readers.look(today)
        assert told(readers.rows) == naive(readers.partials, today)
        assert readers.look(today) == []


def test_a_clock_that_is_set_back_over_a_month_gives_what_that_day_gives() -> None:
    readers = Readers()
    day = date(2026, 12, 4)
    readers.partials[0, LENS, day] = 7
    readers.board.take(0, cell("exits", f"{LENS}|{day}", 7))
    for today in (date(2026, 12, 1), date(2026, 11, 30)):
        readers.look(today)
        assert told(readers.rows) == naive(readers.partials, today)


@given(fitting(lock_file().by_name(EXITS_ROW).text), st.integers(0, 4_000_000_000_000))
@settings(deadline=None)
def test_a_row_in_pieces_is_the_row_as_the_codec_writes_it(row: dict[str, Any], millis: int) -> None:
    writer, reader, as_of = RowWriter(CODEC), RowReader(CODEC), from_millis(millis)
    bare = {name: value for name, value in row.items() if name != "as_of"}
    for _ in range(2):  # the second time from what was kept
        change = Released("exits", f"region:32|all|{row['window']}", bare)
        wire = CODEC.encode(EXITS_ROW, {**bare, "as_of": as_of})
        assert writer.write(change, as_of) == wire
        assert reader.read("exits", change.key, wire) == CODEC.read(EXITS_ROW, wire)


@pytest.mark.parametrize(
    "changed", [{"trade_title": "another"}, {"count": {"disclosure": "FEWER_THAN", "value": None, "below": 11}}]
)
def test_a_row_that_another_deployment_wrote_otherwise_is_told_again(changed: dict[str, Any]) -> None:
    first, second = new_board(), new_board()
    for board in (first, second):
        board.take(0, cell("exits", f"{LENS}|2026-12-04", 7))
    key, *_ = rows = by_key(first.first_changes(TODAY))
    for one, row in rows.items():
        second.seen("exits", one, {**row, **(changed if one == key else {})})
    assert by_key(second.first_changes(TODAY)) == {key: rows[key]}


def test_a_restart_tells_nothing_when_nothing_changed() -> None:
    first = new_board()
    first.take(0, cell("exits", f"{LENS}|2026-12-04", 7))
    published = list(first.first_changes(TODAY))
    second = new_board()
    for view, key, row in published:
        second.seen(view, key, {**row, "as_of": datetime(2026, 11, 23, tzinfo=UTC)} if row else None)
    second.take(0, cell("exits", f"{LENS}|2026-12-04", 7))
    assert list(second.first_changes(TODAY)) == []


def test_a_row_that_nothing_supports_any_more_is_withdrawn_after_a_restart() -> None:
    first = new_board()
    first.take(0, cell("exits", f"{LENS}|2026-12-04", 7))
    second = new_board()
    for view, key, row in first.first_changes(TODAY):
        second.seen(view, key, {**row, "as_of": datetime(2026, 11, 23, tzinfo=UTC)} if row else None)
    withdrawn = list(second.first_changes(TODAY))
    assert withdrawn
    assert all(row is None for _, _, row in withdrawn)


def test_a_month_that_is_over_is_withdrawn_at_midnight() -> None:
    board = new_board()
    board.take(0, cell("exits", f"{LENS}|2026-11-30", 7))
    list(board.first_changes(TODAY))
    changed = by_key(list(board.changes(date(2026, 12, 1))))
    assert changed["region:32|all|2026-11"] is None
    assert changed["region:32|all|P30D"] is None


def test_a_number_that_moves_within_its_rounding_changes_no_row() -> None:
    board = new_board()
    board.take(0, cell("exits", f"{LENS}|2026-12-04", 9))
    list(board.first_changes(TODAY))
    board.take(0, cell("exits", f"{LENS}|2026-12-04", 11))
    assert list(board.changes(TODAY)) == []


def facts(**changed: Any) -> bytes:
    record = {"session_id": "intercarif:SE_1", "trades": ["formacode:31816"], "sources": ["kairos"], "commune": "62498"}
    return CODEC.encode(SESSION_FACTS, {**record, **changed})


def test_a_session_is_shown_from_180_days_before_its_end_until_its_end() -> None:
    board = new_board()
    end = TODAY + timedelta(200)
    board.take(0, cell("sessions", "intercarif:SE_1", 3, facts(ends_on=end)))
    assert list(board.first_changes(TODAY)) == []
    (shown,) = board.changes(TODAY + timedelta(20))
    assert shown.row is not None
    assert shown.row["leavers"] == {"disclosure": "FEWER_THAN", "value": None, "below": 5}
    assert shown.row["commune_name"] == "Lens"
    assert list(board.changes(end)) == []
    (gone,) = board.changes(end + timedelta(1))
    assert gone.row is None
