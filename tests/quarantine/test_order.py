"""Whatever the order in which records are published and mended, what the newest data say stands."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connectors.alone import Alone, single
from connectors.delivery import Delivery, Replayed, collect
from connectors.formats import format_named
from connectors.formats.base import Context
from connectors.inputs import Input
from connectors.ledger import Ledger
from connectors.privacy import Pseudonymiser
from connectors.verdicts import Judge, Rules
from schemas.codec import Codec
from tests.kairos import HEADER, row
from tests.reading import TERRITORY

FORM, CODEC = format_named("kairos-csv"), Codec()
FIRST = datetime(2026, 11, 1, tzinfo=UTC)
#: Days of the data, and whether a record of that day was mended later; each with a last day of its own.
HISTORY = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=8, unique=True)


def content(day: int, *, mended: bool) -> bytes:
    one = row(1, dd_datefinplanformation=f"2026-12-{2 * day + 1 + mended:02d}")
    return "\n".join(["|".join(HEADER), "|".join(one[name] for name in HEADER), ""]).encode()


def deliver(ledger: Ledger, day: int, *, mended: bool) -> None:
    context = Context("kairos", FIRST + timedelta(days=day), Pseudonymiser(b"k"), TERRITORY)
    delivery = _mended(day, context) if mended else _sent(day, context)
    ledger.learn(Judge(delivery, ledger, CODEC).judge(Rules(refuse_conflicts=mended)).entries)


def _sent(day: int, context: Context) -> Delivery:
    items = FORM.read(Input.of_bytes(content(day, mended=False)), context)
    return collect(items, FORM, context, "file", CODEC)


def _mended(day: int, context: Context) -> Delivery:
    which = Replayed("0" * 32)
    delivery = collect(single([Alone(content(day, mended=True), which)], FORM, context), FORM, context, "q", CODEC)
    delivery.replayed = (which,)
    return delivery


@given(HISTORY)
def test_the_newest_data_stand_and_of_the_same_data_what_was_taken_unmended(history: list[tuple[int, bool]]) -> None:
    ledger, wanted = Ledger(), Ledger()
    for day, mended in history:
        deliver(ledger, day, mended=mended)
    newest = max(day for day, _ in history)
    deliver(wanted, newest, mended=(newest, False) not in history)
    enrolments = [
        {key: entry.digest for key, entry in one.entries.items() if key[0] == "TrainingEnrolment"}
        for one in (ledger, wanted)
    ]
    assert enrolments[0] == enrolments[1]
