"""Workers as real processes on a real broker: killed, paused, joined; no cell differs from a naive recount."""

import random
import signal
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from connectors.kafka.clients import producer
from connectors.kafka.settings import KafkaSettings
from schemas.codec import Codec
from schemas.contracts import TRAINING_ENROLMENT, TRAINING_SESSION
from schemas.topics import CELLS, QUARANTINE, TRAINING_EVENTS
from tests.bus import records, table
from tests.conftest import PARTITIONS
from tests.waiting import until
from tests.workers import Worker

CODEC = Codec()
DAY = date(2026, 12, 1)


class Sender:
    """Publishes random events and keeps the truth by brute force."""

    def __init__(self, kafka: KafkaSettings, prefix: str, seed: int) -> None:
        self._producer: Producer = producer(kafka)
        self._topic = prefix + TRAINING_EVENTS
        self._random = random.Random(seed)  # noqa: S311  # a seed, so that a failure can be played again
        self._newest: dict[tuple[int, int], tuple[int, bytes, date | None]] = {}
        self._described: set[int] = set()
        self.sent = 0

    def send(self, count: int) -> None:
        """Some events: corrections, withdrawals, repeats and late arrivals among them."""
        for _ in range(count):
            self._one(self._random.randrange(120), self._random.randrange(10), self._random.randrange(1, 1000))
        assert self._producer.flush(30) == 0
        self.sent += count

    def _one(self, session: int, person: int, version: int) -> None:
        common: dict[str, Any] = {
            "session_id": f"intercarif:{session}",
            "source": "kairos",
            "version": version,
            "occurred_at": datetime(2026, 11, 23, tzinfo=UTC),
            "withdrawn": person != 9 and self._random.random() < 0.1,
        }
        if person == 9:
            place = {"commune": {"code": "62498"}, "postcode": None, "label": None}
            self._put(session, CODEC.encode(TRAINING_SESSION, {**common, "source_key": str(session), "place": place}))
            self._described.add(session)
            return
        day = DAY + timedelta(self._random.randrange(40))
        record = {**common, "person": f"{person:032x}", "source_key": f"{session}/{person}", "status": "ENTERED"}
        wire = CODEC.encode(TRAINING_ENROLMENT, {**record, "planned_end_on": day})
        if (version, wire) > self._newest.get((session, person), (0, b"", None))[:2]:
            self._newest[session, person] = (version, wire, None if common["withdrawn"] else day)
        self._put(session, wire)
        if self._random.random() < 0.05:
            self._put(session, wire)

    def _put(self, session: int, wire: bytes) -> None:
        self._producer.produce(self._topic, key=f"intercarif:{session}".encode(), value=wire)
        self._producer.poll(0)

    def expected(self) -> dict[str, int]:
        """Persons by cell of the view exits."""
        counts: dict[str, int] = {}
        for (session, _), (_, _, day) in self._newest.items():
            place = "62498|" if session in self._described else "?|"
            if day:
                counts[f"{place}|{day}"] = counts.get(f"{place}|{day}", 0) + 1
        return counts


def counted(kafka: KafkaSettings, prefix: str) -> dict[str, int]:
    """What the workers wrote, summed over partitions."""
    totals: dict[str, int] = {}
    for number in range(PARTITIONS):
        for cell in partition_table(kafka, prefix, number).values():
            if cell["view"] == "exits" and cell["n"]:
                totals[cell["cell"]] = totals.get(cell["cell"], 0) + cell["n"]
    return totals


def partition_table(kafka: KafkaSettings, prefix: str, number: int) -> dict[str, dict[str, Any]]:
    from tests.bus import messages

    found = {}
    for message in messages(kafka, prefix + CELLS, PARTITIONS):
        if message.partition() == number:
            found[(message.key() or b"").decode()] = CODEC.decode(message.value() or b"")[1]
    return found


@pytest.mark.kafka
def test_no_cell_differs_after_kill_9_in_the_middle_of_work(kafka: KafkaSettings, topics: str, tmp_path: Path) -> None:
    sender = Sender(kafka, topics, 1)
    with Worker(kafka, topics, tmp_path, instance_id="one") as worker:  # a static member comes back at once
        worker.ready()
        for _ in range(4):
            before = counted(kafka, topics)
            sender.send(1500)
            until(lambda before=before: counted(kafka, topics) != before, 30, "the worker works")  # type: ignore[misc]  # bound early on purpose
            sender.send(500)
            worker.kill()  # in the middle: what was applied and not flushed must be read again
            worker.start()
        worker.ready()
        until(lambda: counted(kafka, topics) == sender.expected(), 60, "every cell as recounted")
    assert worker.text().count("partitions taken over") >= 5  # each kill bit
    assert table(kafka, topics + QUARANTINE) == {}


@pytest.mark.kafka
def test_a_paused_worker_that_wakes_is_fenced_and_changes_nothing(
    kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    sender = Sender(kafka, topics, 2)
    sender.send(1000)
    with Worker(kafka, topics, tmp_path) as first:
        first.ready()
        until(lambda: counted(kafka, topics) == sender.expected(), 30, "the first worker caught up")
        first.signal(signal.SIGSTOP)
        with Worker(kafka, topics, tmp_path) as second:
            sender.send(1000)
            until(lambda: counted(kafka, topics) == sender.expected(), 60, "the second worker took over")
            first.signal(signal.SIGCONT)
            sender.send(1000)
            until(lambda: counted(kafka, topics) == sender.expected(), 60, "still every cell as recounted")
            second.signal(signal.SIGTERM)
            assert second.process.wait(20) == 0


@pytest.mark.kafka
def test_a_worker_joins_and_leaves_and_no_cell_differs(kafka: KafkaSettings, topics: str, tmp_path: Path) -> None:
    sender = Sender(kafka, topics, 3)
    sender.send(1000)
    with Worker(kafka, topics, tmp_path) as first:
        first.ready()
        with Worker(kafka, topics, tmp_path) as second:
            second.ready()
            sender.send(1000)
            until(lambda: counted(kafka, topics) == sender.expected(), 60, "two workers share the work")
            second.signal(signal.SIGTERM)
            assert second.process.wait(20) == 0
        sender.send(1000)
        until(lambda: counted(kafka, topics) == sender.expected(), 60, "the first took all back")


@pytest.mark.kafka
def test_an_event_that_cannot_be_read_is_parked_and_its_neighbours_are_taken(
    kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    sender = Sender(kafka, topics, 4)
    sender._put(7, b"\x00\x00\x00\xff\xffnonsense")
    sender.send(200)
    with Worker(kafka, topics, tmp_path) as worker:
        worker.ready()
        until(lambda: counted(kafka, topics) == sender.expected(), 30, "the neighbours are counted")
    (parked,) = records(kafka, topics + QUARANTINE)
    assert (parked["code"], parked["content"]) == ("UnknownSchema", None)
    assert "not in the lock file" in parked["message"]
