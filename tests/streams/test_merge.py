"""Merging claims: the same state for any order, repetition and splitting of arrivals."""

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import Codec
from schemas.contracts import TRAINING_ENROLMENT, TRAINING_HEADCOUNT, TRAINING_SESSION
from schemas.errors import CannotApply
from schemas.territory.areas import Territory
from schemas.territory.trades import Trades
from streams.domains.claims import Claim, precedence
from streams.domains.facts import TrainingReader
from streams.domains.training import TrainingMerge
from streams.engine import CellKey, CellValue
from streams.engine.roots import Roots
from streams.engine.totals import Totals
from streams.training import TrainingDomain, assemble
from streams.views.training import EXITS, SESSIONS, TrainingViews

CODEC = Codec()
ORDER = precedence(["kairos", "region"])
READER = TrainingReader(CODEC)
MERGE = TrainingMerge(READER, ORDER)
TERRITORY, TRADES = Territory.load(), Trades.load()
VIEWS = TrainingViews(TERRITORY, TRADES, CODEC, MERGE)
DOMAIN = assemble(READER, MERGE, VIEWS)
ROOT = "intercarif:SE_1"


def provenance(source: str, key: str, version: int, *, withdrawn: bool) -> dict[str, Any]:
    return {
        "session_id": ROOT,
        "source": source,
        "source_key": key,
        "version": version,
        "occurred_at": datetime.fromtimestamp(version, UTC),
        "withdrawn": withdrawn,
    }


def enrolment(person: int, version: int, *, source: str = "kairos", withdrawn: bool = False, **facts: Any) -> bytes:
    key = f"{person:032x}"
    return CODEC.encode(
        TRAINING_ENROLMENT,
        {**provenance(source, key, version, withdrawn=withdrawn), "person": key, "status": "ENTERED", **facts},
    )


def session(version: int, *, source: str = "kairos", withdrawn: bool = False, **facts: Any) -> bytes:
    place = {"commune": {"code": "62498"}, "postcode": None, "label": None}
    return CODEC.encode(
        TRAINING_SESSION,
        {**provenance(source, "1", version, withdrawn=withdrawn), "place": place, "formacodes": ["31816"], **facts},
    )


def headcount(version: int, *, source: str = "tally", withdrawn: bool = False, **facts: Any) -> bytes:
    return CODEC.encode(TRAINING_HEADCOUNT, {**provenance(source, "1", version, withdrawn=withdrawn), **facts})


def claim(wire: bytes) -> Claim:
    found = DOMAIN.read(wire)
    assert found is not None
    return found


class Sessioned:
    """A session, claim by claim, and what it comes to."""

    def __init__(self, domain: TrainingDomain = DOMAIN) -> None:
        self._roots = Roots(domain, {}, self._uncounted)
        self._totals = Totals({})

    @staticmethod
    def _uncounted(error: CannotApply) -> None:
        raise error

    def absorb(self, claim: Claim) -> bool:
        return self._roots.absorb(claim)

    def cells(self) -> dict[CellKey, CellValue]:
        for move in self._roots.moves():
            self._totals.move(*move)
        return self._totals.snapshot()


def session_of(*wires: bytes) -> Sessioned:
    found = Sessioned()
    for wire in wires:
        found.absorb(claim(wire))
    return found


def exits(session: Sessioned) -> dict[str, int]:
    return {cell: found.n for (view, cell), found in session.cells().items() if view == EXITS}


DAYS = st.sampled_from([date(2026, 12, 4), date(2026, 12, 11), date(2027, 1, 8), None])
EVENTS = st.one_of(
    st.builds(
        enrolment,
        st.integers(1, 3),
        st.integers(1, 4),
        source=st.sampled_from(["kairos", "region", "ouiform"]),
        withdrawn=st.booleans(),
        status=st.sampled_from(["ENTERED", "ADMITTED", "DROPPED_OUT", None]),
        planned_end_on=DAYS,
        actual_end_on=DAYS,
    ),
    st.builds(
        session,
        st.integers(1, 4),
        source=st.sampled_from(["kairos", "region"]),
        withdrawn=st.booleans(),
        ends_on=DAYS,
        title=st.sampled_from(["A", "B", None]),
    ),
    st.builds(
        headcount,
        st.integers(1, 4),
        source=st.sampled_from(["tally", "region"]),
        withdrawn=st.booleans(),
        entered=st.sampled_from([0, 7, None]),
        admitted=st.sampled_from([2, None]),
        ends_on=DAYS,
    ),
)


@given(st.lists(EVENTS, max_size=12).flatmap(lambda events: st.tuples(st.just(events), st.permutations(events * 2))))
def test_order_and_repetition_of_arrivals_change_no_cell(both: tuple[list[bytes], list[bytes]]) -> None:
    events, shuffled = both
    assert session_of(*events).cells() == session_of(*shuffled).cells()


def test_moving_the_end_date_moves_the_exit() -> None:
    before = session_of(session(1), enrolment(1, 1, planned_end_on=date(2026, 12, 4)))
    assert exits(before) == {"62498|formacode:31816|2026-12-04": 1}
    before.absorb(claim(enrolment(1, 2, planned_end_on=date(2026, 12, 11))))
    assert exits(before) == {"62498|formacode:31816|2026-12-11": 1}


def test_an_older_version_that_comes_late_changes_nothing() -> None:
    found = session_of(session(1), enrolment(1, 2, planned_end_on=date(2026, 12, 11)))
    assert not found.absorb(claim(enrolment(1, 1, planned_end_on=date(2026, 12, 4))))


def test_an_exit_is_on_the_actual_day_else_the_planned_else_the_sessions() -> None:
    root = session_of(
        session(1, ends_on=date(2027, 1, 8)),
        enrolment(1, 1, planned_end_on=date(2026, 12, 11), actual_end_on=date(2026, 12, 4)),
        enrolment(2, 1, planned_end_on=date(2026, 12, 11)),
        enrolment(3, 1),
        enrolment(4, 1, status="DROPPED_OUT"),
    )
    assert sorted(cell.rpartition("|")[2] for cell in exits(root)) == ["2026-12-04", "2026-12-11", "2027-01-08"]


def test_a_person_whom_two_sources_know_counts_once_and_the_first_source_decides() -> None:
    root = session_of(
        session(1),
        enrolment(1, 9, source="region", planned_end_on=date(2026, 12, 4)),
        enrolment(1, 1, source="kairos", planned_end_on=date(2026, 12, 11)),
    )
    assert exits(root) == {"62498|formacode:31816|2026-12-11": 1}


def test_a_source_that_takes_a_person_back_leaves_the_other_sources_word() -> None:
    root = session_of(
        session(1),
        enrolment(1, 1, source="region", planned_end_on=date(2026, 12, 4)),
        enrolment(1, 1, source="kairos", planned_end_on=date(2026, 12, 11)),
        enrolment(1, 2, source="kairos", withdrawn=True),
    )
    assert exits(root) == {"62498|formacode:31816|2026-12-04": 1}


def test_a_headcount_counts_only_where_nobody_is_known_one_by_one() -> None:
    day = date(2026, 12, 11)
    found = session_of(session(1, ends_on=day), headcount(1, entered=7, admitted=2, completed=4))
    assert exits(found) == {"62498|formacode:31816|2026-12-11": 9}
    found.absorb(claim(enrolment(1, 1)))
    assert exits(found) == {"62498|formacode:31816|2026-12-11": 1}
    found.absorb(claim(enrolment(1, 2, withdrawn=True)))
    assert exits(found) == {"62498|formacode:31816|2026-12-11": 9}


def test_a_cancelled_session_counts_nobody() -> None:
    root = session_of(session(1), enrolment(1, 1, planned_end_on=date(2026, 12, 4)), session(2, withdrawn=True))
    assert root.cells() == {}


def test_people_of_a_session_that_nobody_described_are_at_an_unknown_place() -> None:
    root = session_of(enrolment(1, 1, planned_end_on=date(2026, 12, 4)))
    assert exits(root) == {"?||2026-12-04": 1}
    assert not [view for view, _ in root.cells() if view == SESSIONS]
