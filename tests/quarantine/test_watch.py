"""The watch as a process of its own: who is silent and what waits, in metrics and on the bus."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from confluent_kafka import Producer

from beffroi.commands.inbox import EX_REFUSED
from connectors.kafka.clients import producer
from connectors.kafka.settings import KafkaSettings
from connectors.watch import status
from schemas.cadence import state
from schemas.clock import system_clock
from schemas.codec import Codec
from schemas.contracts import HEARTBEAT
from schemas.registers import Source, sources_register
from schemas.topics import HEARTBEATS, STATUS
from tests.bus import every_byte, table
from tests.conftest import PARTITIONS
from tests.connectors.test_intake import intake
from tests.inbox.dropping import InboxProcess
from tests.kairos import row, write
from tests.portal.conftest import Portal
from tests.ports import free_port
from tests.waiting import until

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
KAIROS = next(one for one in sources_register() if one.name == "kairos")


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(0, "ON_TIME"), (30, "ON_TIME"), (31, "LATE"), (48, "LATE"), (49, "SILENT"), (None, "NEVER_HEARD")],
)
def test_a_source_is_late_after_its_cadence_and_silent_when_somebody_should_ask(
    hours: int | None, expected: str
) -> None:
    heard_at = None if hours is None else NOW - timedelta(hours=hours)
    assert state(KAIROS, heard_at, NOW) == expected
    assert status(KAIROS, None, None, NOW)["state"] == "NEVER_HEARD"


class Watching:
    """``beffroi watch`` as a process of its own."""

    def __init__(self, kafka: KafkaSettings, prefix: str, folder: Path) -> None:
        self.port = free_port()
        made = {
            "KAFKA": kafka.bootstrap, "TOPIC_PREFIX": prefix, "DATA_DIR": str(folder), "WATCH_PORT": str(self.port),
        }  # fmt: skip
        environment = os.environ | {f"BEFFROI_{name}": value for name, value in made.items()}
        self.log = folder / "watch.log"
        with self.log.open("wb") as out:
            command = [sys.executable, "-m", "beffroi", "watch"]
            self.process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)

    def page(self, path: str) -> str:
        """Empty while it does not answer."""
        try:
            return httpx2.get(f"http://127.0.0.1:{self.port}{path}", timeout=2).text
        except httpx2.HTTPError:
            return ""


@pytest.fixture
def watching(kafka: KafkaSettings, topics: str, tmp_path: Path) -> Iterator[Watching]:
    running = Watching(kafka, topics, tmp_path)
    yield running
    running.process.kill()
    running.process.wait()


def heartbeat(sender: Producer, prefix: str, source: Source, at: datetime) -> None:
    """What a publication of then left on the bus."""
    record = {
        "source": source.name, "format": source.format, "data_as_of": at, "heard_at": at, "accepted": 1,
        "duplicates": 0, "refused": 0, "file": "stagiaires.csv", "last_event_at": at,
    }  # fmt: skip
    sender.produce(prefix + HEARTBEATS, key=source.name.encode(), value=Codec().encode(HEARTBEAT, record))
    assert sender.flush(10) == 0


@pytest.mark.kafka
def test_silence_and_what_waits_are_told_to_operators(
    kafka: KafkaSettings, topics: str, tmp_path: Path, watching: Watching
) -> None:
    since = system_clock().replace(microsecond=0) - timedelta(hours=100)
    heartbeat(producer(kafka), topics, KAIROS, since)
    until(lambda: '"silent_sources": ["kairos"]' in watching.page("/health"), 20, "the watch says who is silent")
    told = until(lambda: table(kafka, topics + STATUS), 5, "the bus says it too")
    assert (told["kairos"]["state"], told["kairos"]["last_file"]) == ("SILENT", "stagiaires.csv")
    assert told["kairos"]["last_success_at"] == since
    assert told["ouiform"]["state"] == "NEVER_HEARD"
    metrics = watching.page("/metrics")
    assert 'beffroi_source_late_after_seconds{source="kairos"} 172800.0' in metrics
    assert "source status" in watching.log.read_text()

    rows = [row(1), row(2, dd_datefinplanformation="jamais"), row(3, dd_datefinplanformation="PLANTEDNAME")]
    intake(kafka, topics).publish_file(write(tmp_path / "stagiaires_2026-11-23.csv", rows), "kairos-csv")
    waiting = 'beffroi_quarantine_open_records{code="not-a-date",source="kairos"} 2.0'
    until(lambda: waiting in watching.page("/metrics"), 10, "what waits is counted")
    assert 'beffroi_quarantine_oldest_open_timestamp_seconds{source="kairos"}' in watching.page("/metrics")
    until(lambda: table(kafka, topics + STATUS)["kairos"]["state"] == "ON_TIME", 10, "it was heard again")
    assert '"silent_sources": []' in watching.page("/health")
    watching.process.send_signal(signal.SIGTERM)
    assert watching.process.wait(10) == 0


@pytest.mark.kafka
def test_what_could_not_be_taken_as_a_whole_is_told_with_its_door_and_its_kind(
    kafka: KafkaSettings, topics: str, tmp_path: Path, watching: Watching
) -> None:
    began = system_clock()
    (tmp_path / "inbox" / "kairos").mkdir(parents=True)
    (tmp_path / "inbox" / "kairos" / "PLANTEDNAME_2026-11-23.csv").write_text("no|such|columns\n1|2|3\n")
    with InboxProcess(kafka.bootstrap, topics, tmp_path, "--once") as inbox:
        assert inbox.process.wait(30) == EX_REFUSED, inbox.log()

    def failed() -> list[dict[str, Any]]:
        return [one for one in table(kafka, topics + STATUS).values() if one["last_failure"]]

    (told,) = until(failed, 20, "the bus says it")
    assert (told["last_failure"], told["last_failure_door"]) == ("refused", "inbox")
    assert began <= told["last_failure_at"] + timedelta(milliseconds=1) <= system_clock() + timedelta(milliseconds=1)
    assert (told["state"], told["last_success_at"]) == ("NEVER_HEARD", None)
    series = 'beffroi_source_last_failure_timestamp_seconds{cause="refused",door="inbox",source="kairos"} '
    assert series in watching.page("/metrics")
    with Portal(kafka, topics, tmp_path) as portal:
        until(lambda: "par la boîte de dépôt : illisible" in portal.get("/sources").text, 10, "readers see it")
        assert "PLANTEDNAME" not in portal.get("/sources").text
    assert b"PLANTEDNAME" not in every_byte(kafka, topics, PARTITIONS)
