"""Events that a real worker set aside, offered again once they can be read: counted once, or told why not."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from fastavro import schemaless_writer
from typer.testing import CliRunner, Result

from beffroi.cli import app
from connectors.kafka.registry import push
from connectors.kafka.settings import KafkaSettings
from schemas.clock import paris_day, system_clock
from schemas.contracts import TRAINING_ENROLMENT, lock_file, sources
from schemas.topics import TRAINING_EVENTS
from tests.bus import messages
from tests.conftest import PARTITIONS
from tests.journal import CODEC, Journal, Said
from tests.registry import running
from tests.truth import exits, held_exits
from tests.waiting import until
from tests.workers import Worker

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
Beffroi = Callable[..., Result]


def newer() -> dict[str, Any]:
    """The contract of enrolments as a later version of the package would have it."""
    schema = json.loads(json.dumps(sources()[TRAINING_ENROLMENT]))
    told = {"doc": "Invented.", "fr": "Inventé.", "class": "public"}
    schema["fields"].append({"name": "remark", "type": ["null", "string"], "default": None, **told})
    return dict(schema)


def enrolment(journal: Journal, session: int) -> Said:
    """One person more in a session of the journal, as this package would say it."""
    ends_on = paris_day(system_clock()) + timedelta(20)
    record = {
        "session_id": f"intercarif:{session}", "source": "kairos", "source_key": f"{session}/new", "version": 7,
        "occurred_at": system_clock(), "withdrawn": False, "person": "f" * 32, "status": "ENTERED",
        "planned_end_on": ends_on, "actual_end_on": None,
    }  # fmt: skip
    journal.enrolments[session, -7] = said = Said(7, CODEC.encode(TRAINING_ENROLMENT, record), record)
    return said


def written(number: int, schema: dict[str, Any], wire: bytes) -> bytes:
    """The same event with another schema, under an id that nobody knows yet."""
    full = {**CODEC.decode(wire)[1], "remark": "new"}
    out = BytesIO()
    schemaless_writer(out, schema, full)
    return b"\x00" + number.to_bytes(4, "big") + out.getvalue()


def waiting(run: Beffroi) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("quarantine", "ls", "--records", "--json").stdout.splitlines()]


def forget(kafka: KafkaSettings, one: dict[str, Any]) -> None:
    """What retention does to an event that waits."""
    topic, _, number = one["file"].rpartition("/")
    after = int(one["field"].removeprefix("offset ")) + 1
    admin = kafka.admin(kafka.client_config())
    (done,) = admin.delete_records([TopicPartition(topic, int(number), after)]).values()
    done.result(10)


def test_an_event_that_can_be_read_by_now_is_counted_once_and_one_that_is_gone_says_so(
    kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    journal = Journal(kafka, topics, 4)
    journal.send(300)
    before = exits(journal)
    session = next(number for number, said in journal.sessions.items() if not said.record["withdrawn"])
    with running(tmp_path) as url:
        push(url)
        unknown = max(one.id for one in lock_file().all()) + 1
        newest = written(unknown, newer(), enrolment(journal, session).wire)
        journal.put(session, newest)
        journal.put(session, b"\x00\x00\x00\xff\xffnonsense")
        journal.settle(30)
        given = {"KAFKA": kafka.bootstrap, "TOPIC_PREFIX": topics, "DATA_DIR": str(tmp_path), "REGISTRY": url}
        environment = {f"BEFFROI_{name}": value for name, value in given.items()}

        def run(*command: str) -> Result:
            return CliRunner().invoke(app, command, env=environment)

        with Worker(kafka, topics, tmp_path, registry=url) as worker:
            worker.ready()
            until(lambda: held_exits(kafka, topics, PARTITIONS) == before, 30, "the neighbours are counted")
            until(lambda: len(waiting(run)) == 2, 20, "both wait")
            early = run("quarantine", "replay", "--source", "training")
            assert (early.exit_code, len(waiting(run))) == (4, 2)
            assert early.stdout.count("is not in the registry") == 2
            with SchemaRegistryClient({"url": url}) as client:
                assert client.register_schema(TRAINING_ENROLMENT, Schema(json.dumps(newer()), "AVRO")) == unknown
            trial = run("quarantine", "replay", "--source", "training", "--dry-run")
            assert (trial.exit_code, "1 would be published" in trial.stdout) == (4, True)
            assert held_exits(kafka, topics, PARTITIONS) == before
            assert run("quarantine", "replay", "--source", "training").exit_code == 4
            until(lambda: held_exits(kafka, topics, PARTITIONS) == exits(journal), 20, "it is counted once")
        (left,) = waiting(run)
    wires = Counter(one.value() for one in messages(kafka, topics + TRAINING_EVENTS, PARTITIONS))
    assert wires[newest] == 2, "the same bytes lie there twice"
    forget(kafka, left)
    lost = run("quarantine", "replay", "--all")
    assert (lost.exit_code, "the bus no longer holds it" in lost.stdout) == (4, True)
    assert run("quarantine", "drop", "--all").exit_code == 0
    assert waiting(run) == []
