"""Trades: ROME when a source gives it, else Formacode."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import TerritoryError
from schemas.territory.tables import rome_titles
from schemas.territory.trades import Trades

TRADES = Trades.load()


def test_the_table_holds_1584_trades_of_rome_4() -> None:
    assert len(rome_titles()) == 1584


def test_rome_codes_come_before_formacodes() -> None:
    assert TRADES.of(["N4101"], ["31816"]) == ("rome:N4101",)
    assert TRADES.of([], ["31816", "31734"]) == ("formacode:31816",)
    assert TRADES.of([], []) == ()
    assert TRADES.of(["nonsense"], ["12"]) == ()


def test_a_trade_counts_under_its_domain_its_family_and_all_once() -> None:
    assert TRADES.rollup(["rome:N4101", "rome:N4105"]) == (
        "all", "rome-domain:N41", "rome-family:N", "rome:N4101", "rome:N4105",
    )  # fmt: skip


@given(st.lists(st.sampled_from(sorted(f"rome:{code}" for code in rome_titles()))))
def test_a_roll_up_holds_each_reference_once_and_only_known_ones(refs: list[str]) -> None:
    rolled = TRADES.rollup(refs)
    assert len(rolled) == len(set(rolled))
    assert all(TRADES.known(ref) for ref in rolled)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("aide soignant", "rome:J1501"), ("N4101", "rome:N4101"), ("n41", "rome-domain:N41"), ("soudeur", "rome:H2913")],
)
def test_people_find_a_trade_by_its_words_or_its_code(text: str, expected: str) -> None:
    assert TRADES.search(text)[0] == expected


def test_an_operators_table_links_formacodes_to_rome(tmp_path: Path) -> None:
    table = tmp_path / "formacodes.csv"
    table.write_text("formacode,title,rome\n31816,Conducteur routier,N4101\n", "utf-8")
    trades = Trades.load(table)
    assert trades.of([], ["31816"]) == ("formacode:31816", "rome:N4101")
    assert trades.title("formacode:31816") == "Conducteur routier"


def test_a_table_with_a_code_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "formacodes.csv"
    table.write_text("formacode,title,rome\n31816,Conducteur routier,Z9999\n", "utf-8")
    with pytest.raises(TerritoryError, match="31816 names no ROME 4 code"):
        Trades.load(table)
