"""Partners who speak Kafka: each record gets its verdict, once, whatever happens to the relay."""

import json
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kafka.settings import KafkaSettings
from connectors.relay.letters import Letter, ends, runs
from connectors.sealing import Sealed, load_or_create_keys
from schemas.topics import FAILURES, OFFERS_EVENTS, QUARANTINE
from tests.bus import records, table
from tests.conftest import PARTITIONS
from tests.gateway.desk import offer
from tests.kairos import PLANTED, row, write
from tests.relay.office import Office, offsets
from tests.waiting import until

OFFER = {"beffroi-contract": "JobOffer", "beffroi-source": "offres"}
KAIROS = {"beffroi-format": "kairos-csv", "beffroi-as-of": "2026-11-20"}


def letter(partition: int, offset: int, source: str | None, size: int) -> Letter:
    return Letter("p", "inbox.p.v1", partition, offset, None, size, source=source)


SOURCES = st.sampled_from(["offres", "kairos", None])
LETTERS = st.lists(st.tuples(st.integers(0, 3), SOURCES, st.integers(0, 5 << 20)), max_size=40)


@given(LETTERS)
def test_runs_hold_every_letter_once_in_its_partitions_order_and_one_source_each(
    drawn: list[tuple[int, str | None, int]],
) -> None:
    offsets: Counter[int] = Counter()
    letters = []
    for partition, source, size in drawn:
        letters.append(letter(partition, offsets[partition], source, size))
        offsets[partition] += 1
    done: Counter[int] = Counter()
    for run in runs(letters):
        assert len({one.source for one in run}) == 1
        assert len(run) == 1 or sum(one.size for one in run) <= 8 << 20
        for one in run:
            assert one.offset == done[one.partition], "out of its partition's order"
            done[one.partition] += 1
        assert ends(run) == {("inbox.p.v1", one.partition): done[one.partition] for one in run}
    assert done == offsets


@pytest.fixture
def office(kafka: KafkaSettings, topics: str, tmp_path: Path) -> Office:
    return Office(kafka, topics, tmp_path)


@pytest.mark.kafka
def test_every_record_gets_the_verdict_that_the_gateway_would_give_and_a_broken_one_stops_nobody(
    office: Office, kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    person = "0" * 32
    sent: list[tuple[Any, dict[str, str | bytes], tuple[str, Any]]] = [
        (offer(1), {**OFFER, "traceparent": "00-aa-bb-01"}, ("accepted", None)),
        (offer(1), {**OFFER}, ("duplicate", None)),
        (offer(1, title="Soudeur"), {**OFFER}, ("refused", "conflict")),
        ({**offer(2), "titel": "x"}, {**OFFER}, ("refused", "unknown-field")),
        (offer(3, source="region"), {**OFFER, "beffroi-source": "region"}, ("/problems/forbidden", 403)),
        (offer(3), {"beffroi-contract": "JobOfer", "beffroi-source": "offres"}, ("/problems/unknown-format", 415)),
        (offer(3), {**OFFER, "beffroi-sauce": "offres"}, ("/problems/query", 400)),
        (offer(3), {**OFFER, "beffroi-source": b"\xff"}, ("/problems/query", 400)),
        (offer(3), {}, ("/problems/query", 400)),
        (None, {**OFFER}, ("/problems/malformed", 400)),
        (b'[{"offer_id": ', {**OFFER}, ("/problems/malformed", 400)),
        ({"person": person}, {**OFFER, "beffroi-contract": "TrainingEnrolment"}, ("/problems/forbidden", 403)),
        (write(tmp_path / "a.csv", [row(1)]).read_bytes(), {**KAIROS}, ("accepted", None)),
        (offer(4), {**OFFER}, ("accepted", None)),
    ]
    for content, told, _ in sent:
        office.write(content, told)
    many = [{"offer_id": f"offres:{n}", "nothing": 1} for n in range(4_000)]
    office.write(many, {**OFFER}, partition=1)
    office.sent()
    with office.relay() as running:
        until(
            lambda: len([1 for one in office.verdicts() if one.get("last", True)]) > len(sent), 40, "all are answered"
        )
        found = office.verdicts()
        page = urllib.request.urlopen(f"http://127.0.0.1:{office.port}/metrics", timeout=5).read().decode()
        assert running.ended() == 0, running.text()
    first = [one for one in found if one["record"]["partition"] == 0]
    assert [one["record"]["offset"] for one in first] == list(range(len(sent)))
    assert [_told(one) for one in first] == [expected for _, _, expected in sent]
    parts = [one for one in found if one["record"]["partition"] == 1]
    assert len(parts) > 1
    assert [(one["part"], one["last"]) for one in parts] == [(n, n == len(parts)) for n in range(1, len(parts) + 1)]
    assert [one["index"] for part in parts for one in part["verdicts"]] == list(range(4_000))
    on_the_bus = [one["offer_id"] for one in records(kafka, topics + OFFERS_EVENTS, PARTITIONS)]
    assert sorted(on_the_bus) == ["offres:1", "offres:4"]
    aside = records(kafka, topics + QUARANTINE)
    assert len(aside) == 4_001
    (one,) = [one for one in aside if one["pointer"] == "/titel"]
    keys = load_or_create_keys(tmp_path / "data" / "quarantine.keys")
    sealed = Sealed(one["key_id"], one["sealed"])
    assert json.loads(keys.open(sealed, one["record_id"])) == [{**offer(2), "titel": "x"}]
    assert not [value for value in PLANTED if value in str(found)]
    (failure,) = table(kafka, topics + FAILURES).values()
    assert (failure["source"], failure["door"], failure["cause"]) == ("offres", "RELAY", "REFUSED")
    assert 'beffroi_relay_records_total{partner="france-travail",verdict="accepted"} 3.0' in page
    assert "beffroi_relay_waiting_records 0.0" in page


def _told(reply: dict[str, Any]) -> tuple[str, Any]:
    if "type" in reply:
        return reply["type"], reply["status"]
    (verdict,) = reply["verdicts"]
    return verdict["status"], verdict["problems"][0]["code"] if verdict["problems"] else None


@pytest.mark.kafka
def test_killed_in_the_middle_no_event_is_told_twice_and_no_verdict_is_lost(
    office: Office, kafka: KafkaSettings, topics: str
) -> None:
    total = 1_040  # every 13th is refused: some 160 transactions, of which a kill meets one in the middle
    for number in range(total):
        office.write(offer(number), OFFER if number % 13 else {}, partition=number % 4)
    office.sent()
    met = list[int]()
    for _ in range(2):
        with office.relay() as killed:
            before = met[-1] if met else 0
            until(lambda: office.heard() > before, 20, "some are answered", every_s=0.01)  # noqa: B023  # called at once
            killed.kill()
        met.append(len(office.verdicts()))
    assert 0 < met[0] < met[1] < total, "it was killed too late to be in the middle"
    with office.relay() as last:
        found = office.answered(total)
        assert last.ended() == 0, last.text()
    assert set(offsets(found).values()) == {1}
    assert len(offsets(found)) == total
    refused = total // 13
    assert Counter(_told(one)[0] for one in found) == {"accepted": total - refused, "/problems/query": refused}
    told = Counter(one["offer_id"] for one in records(kafka, topics + OFFERS_EVENTS, PARTITIONS))
    assert (len(told), set(told.values())) == (total - refused, {1})
