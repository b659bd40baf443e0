"""Two majors of a contract at once, on an invented breaking change: dates of exit move into a record of their own."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from beffroi.contracts.usage import as_text, look
from connectors.kafka.clients import producer
from connectors.kafka.settings import KafkaSettings
from schemas.codec import Codec
from schemas.contracts import TRAINING_ENROLMENT, LockFile, relock, sources
from schemas.errors import ContractError
from schemas.evolution import judge, worst
from schemas.majors import Conversion, Record
from schemas.topics import TRAINING_EVENTS
from streams.domains.claims import Claim
from streams.domains.facts import ENROLMENT, READS, Enrolment, TrainingReader, claim_of
from streams.domains.training import TrainingMerge
from streams.training import assemble
from streams.views.training import EXITS, TrainingViews
from tests.streams.test_merge import CODEC, ORDER, TERRITORY, TRADES, Sessioned, enrolment, session
from tests.values import values

V1, V2 = TRAINING_ENROLMENT, "beffroi.training.v2.TrainingEnrolment"
_MOVED = {"planned_end_on": "planned_on", "actual_end_on": "actual_on"}


def second_major() -> dict[str, Any]:
    """The enrolment with ``exit {planned_on, actual_on}`` in place of two dates."""
    schema = deepcopy(sources()[V1])
    moved = [field for field in schema["fields"] if field["name"] in _MOVED]
    kept = [field for field in schema["fields"] if field["name"] not in _MOVED]
    inner = [{**field, "name": _MOVED[field["name"]]} for field in moved]
    exit_of = {"type": "record", "name": "Exit", "doc": "When they leave.", "fr": "Quand ils sortent.", "fields": inner}
    kept.append({"name": "exit", "type": exit_of, "doc": "The exit.", "fr": "La sortie.", "class": "pseudonym"})
    return {**schema, "namespace": "beffroi.training.v2", "fields": kept}


def up(record: Record) -> Record:
    kept = {name: value for name, value in record.items() if name not in _MOVED}
    return {**kept, "exit": {new: record[old] for old, new in _MOVED.items()}}


def down(record: Record) -> Record:
    kept = {name: value for name, value in record.items() if name != "exit"}
    return {**kept, **{old: record["exit"][new] for old, new in _MOVED.items()}}


LOCK = LockFile(relock(relock([], sources()), {V2: second_major()}))
UP = Conversion(V1, V2, up, down)


class SecondMajorReader(TrainingReader):
    """The reader once it speaks the second major: it reads the exit where that one has it."""

    def __init__(self) -> None:
        super().__init__(Codec(LOCK))
        self._newest = Codec(LOCK, [UP])

    def read(self, value: bytes) -> Claim | None:
        name, record = self._newest.decode(value)
        if name != V2:
            return super().read(value)
        common = tuple(record[name] for name in READS[V1][:5])
        facts = Enrolment(record["status"], record["exit"]["planned_on"], record["exit"]["actual_on"])
        return claim_of(common, value, record["person"].encode(), ENROLMENT, facts)


def exits(reader: TrainingReader, *wires: bytes) -> dict[str, int]:
    merge = TrainingMerge(reader, ORDER)
    found = Sessioned(assemble(reader, merge, TrainingViews(TERRITORY, TRADES, CODEC, merge)))
    for wire in wires:
        claim = reader.read(wire)
        assert claim is not None
        found.absorb(claim)
    return {cell: found.n for (view, cell), found in found.cells().items() if view == EXITS}


def test_the_change_is_breaking_so_it_needs_a_major() -> None:
    assert worst(judge(sources()[V1], {**second_major(), "namespace": "beffroi.training.v1"})) == "breaking"


def test_up_and_down_are_each_others_inverse() -> None:
    @given(values(sources()[V1]))
    def there_and_back(record: Record) -> None:
        assert down(up(record)) == record

    there_and_back()


def test_a_record_of_either_major_is_read_as_the_newest() -> None:
    codec = Codec(LOCK, [UP])
    old = Codec(LOCK).read(V1, codec.encode(V1, Codec().read(V1, enrolment(1, 1, planned_end_on=date(2026, 12, 4)))))
    assert codec.decode(codec.encode(V1, old)) == codec.decode(codec.encode(V2, up(old))) == (V2, up(old))


def test_who_still_reads_the_old_major_is_served() -> None:
    codec = Codec(LOCK, [UP])
    record = up(Codec().read(V1, enrolment(1, 1, planned_end_on=date(2026, 12, 4))))
    assert Codec(LOCK).read(V1, codec.encode_older(V2, record, V1)) == down(record)
    with pytest.raises(ContractError, match="nothing converts"):
        codec.encode_older(V2, record, "beffroi.training.v1.TrainingSession")


def test_producers_of_either_major_feed_the_same_entities() -> None:
    codec, reader, day = Codec(LOCK, [UP]), SecondMajorReader(), date(2026, 12, 4)
    first = Codec().read(V1, enrolment(1, 1, planned_end_on=day))
    moved = Codec().read(V1, enrolment(1, 2, planned_end_on=day + timedelta(days=7)))
    other = Codec().read(V1, enrolment(2, 1, planned_end_on=day))
    described = codec.encode("beffroi.training.v1.TrainingSession", Codec().decode(session(1))[1])
    wires = [described, codec.encode(V1, first), codec.encode(V2, up(moved)), codec.encode(V2, up(other))]
    expected = {"62498|formacode:31816|2026-12-04": 1, "62498|formacode:31816|2026-12-11": 1}
    assert exits(reader, *wires) == exits(reader, *reversed(wires)) == expected
    old_again = codec.encode(V1, {**first, "version": 3})
    assert exits(reader, *wires, old_again) == {"62498|formacode:31816|2026-12-04": 2}


@pytest.mark.kafka
def test_usage_tells_who_still_writes_and_who_reads_the_old_major(kafka: KafkaSettings, topics: str) -> None:
    codec, sender = Codec(LOCK, [UP]), producer(kafka)
    record = Codec().read(V1, enrolment(1, 1))
    for name, value, source in ((V1, record, "kairos"), (V1, record, "kairos"), (V2, up(record), "region")):
        sender.produce(topics + TRAINING_EVENTS, codec.encode(name, value), headers=[("ce_source", source.encode())])
    sender.flush(10)
    reads_all(kafka, topics + TRAINING_EVENTS, "an-old-dashboard", 3)
    usage = look(kafka, topics, datetime.now(UTC) - timedelta(hours=1), ids=LOCK, conversions=(UP,))
    found = {(one.contract, one.source): (one.records, usage.age(one)) for one in usage.written}
    assert found == {(V1, "kairos"): (2, "older major"), (V2, "region"): (1, "current")}
    assert usage.readers(usage.written[0]) == ("group an-old-dashboard",)
    assert "2 records of kairos" in as_text(usage)
    assert not look(kafka, topics, datetime.now(UTC) + timedelta(minutes=1), ids=LOCK).written


def reads_all(kafka: KafkaSettings, topic: str, group: str, count: int) -> None:
    """A consumer of somebody else that commits its position."""
    from confluent_kafka import Consumer

    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": group, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    assert len(consumer.consume(count, 20)) == count
    consumer.commit(asynchronous=False)
    consumer.close()
