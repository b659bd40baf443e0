"""The release: disclosure, windows, roll-ups, and the board against a naive recomputation."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import Codec
from schemas.contracts import SESSION_FACTS
from schemas.territory.areas import Territory
from schemas.territory.trades import Trades
from streams.release.board import Board, Released
from streams.release.disclosure import Disclosure
from streams.release.exits import ExitsBoard
from streams.release.sessions import SessionsBoard
from streams.release.windows import counts, windows

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


def by_key(changes: list[Released]) -> dict[str, Any]:
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


PARTIALS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["62498|formacode:31816", "59350|rome:N4101", "91521|", "?|"]),
        st.integers(-40, 120),
        st.integers(0, 9),
    ),
    max_size=20,
)


def naive(partials: dict[tuple[int, str, date], int], today: date) -> dict[str, str]:
    """The released counts by brute force."""
    totals: Counter[str] = Counter()
    for (_, place, day), n in partials.items():
        commune, _, trade = place.partition("|")
        for area in TERRITORY.areas_of("" if commune == "?" else commune):
            for ref in TRADES.rollup([trade] if trade else []):
                for window in windows(today):
                    ahead = (day - today).days
                    inside = 0 <= ahead < int(window[1:3]) if window.startswith("P") else f"{day:%Y-%m}" == window
                    totals[f"{area.ref}|{ref}|{window}"] += n if inside else 0
    return {key: "<5" if n < 5 else str((n + 2) // 5 * 5) for key, n in totals.items() if n}


def told(rows: dict[str, Any]) -> dict[str, str]:
    return {key: "<5" if row["count"]["value"] is None else str(row["count"]["value"]) for key, row in rows.items()}


@given(st.lists(PARTIALS, min_size=1, max_size=4), st.integers(0, 45))
@settings(max_examples=25, deadline=None)
def test_the_board_is_the_naive_count_after_any_partials_and_any_midnight(
    rounds: list[list[tuple[int, str, int, int]]], days_later: int
) -> None:
    board, partials, readers = new_board(), {}, {}
    today = TODAY
    for number, partial in enumerate(rounds):
        for partition, place, ahead, n in partial:
            day = TODAY + timedelta(ahead)
            partials[partition, place, day] = n
            board.take(partition, cell("exits", f"{place}|{day}", n))
        today = TODAY + timedelta(days_later) if number == len(rounds) - 1 else TODAY
        for _, key, row in board.first_changes(today) if number == 0 else board.changes(today):
            readers.update({key: row}) if row is not None else readers.pop(key)
    assert told(readers) == naive(partials, today)


def test_a_restart_tells_nothing_when_nothing_changed() -> None:
    first = new_board()
    first.take(0, cell("exits", f"{LENS}|2026-12-04", 7))
    published = first.first_changes(TODAY)
    second = new_board()
    for view, key, row in published:
        second.seen(view, key, {**row, "as_of": datetime(2026, 11, 23, tzinfo=UTC)} if row else None)
    second.take(0, cell("exits", f"{LENS}|2026-12-04", 7))
    assert second.first_changes(TODAY) == []


def test_a_row_that_nothing_supports_any_more_is_withdrawn_after_a_restart() -> None:
    first = new_board()
    first.take(0, cell("exits", f"{LENS}|2026-12-04", 7))
    second = new_board()
    for view, key, row in first.first_changes(TODAY):
        second.seen(view, key, {**row, "as_of": datetime(2026, 11, 23, tzinfo=UTC)} if row else None)
    withdrawn = second.first_changes(TODAY)
    assert withdrawn
    assert all(row is None for _, _, row in withdrawn)


def test_a_month_that_is_over_is_withdrawn_at_midnight() -> None:
    board = new_board()
    board.take(0, cell("exits", f"{LENS}|2026-11-30", 7))
    board.first_changes(TODAY)
    changed = by_key(list(board.changes(date(2026, 12, 1))))
    assert changed["region:32|all|2026-11"] is None
    assert changed["region:32|all|P30D"] is None


def test_a_number_that_moves_within_its_rounding_changes_no_row() -> None:
    board = new_board()
    board.take(0, cell("exits", f"{LENS}|2026-12-04", 9))
    board.first_changes(TODAY)
    board.take(0, cell("exits", f"{LENS}|2026-12-04", 11))
    assert list(board.changes(TODAY)) == []


def facts(**changed: Any) -> bytes:
    record = {"session_id": "intercarif:SE_1", "trades": ["formacode:31816"], "sources": ["kairos"], "commune": "62498"}
    return CODEC.encode(SESSION_FACTS, {**record, **changed})


def test_a_session_is_shown_from_180_days_before_its_end_until_its_end() -> None:
    board = new_board()
    end = TODAY + timedelta(200)
    board.take(0, cell("sessions", "intercarif:SE_1", 3, facts(ends_on=end)))
    assert board.first_changes(TODAY) == []
    (shown,) = board.changes(TODAY + timedelta(20))
    assert shown.row is not None
    assert shown.row["leavers"] == {"disclosure": "FEWER_THAN", "value": None, "below": 5}
    assert shown.row["commune_name"] == "Lens"
    assert list(board.changes(end)) == []
    (gone,) = board.changes(end + timedelta(1))
    assert gone.row is None
