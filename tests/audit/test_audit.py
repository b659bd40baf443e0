"""The independent recount: 0 on a healthy bus, also while it works; planted damage is found and named."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi.audit import Recount
from connectors.kafka.clients import producer
from connectors.kafka.settings import KafkaSettings
from schemas.contracts import CELL, SESSION_FACTS
from schemas.topics import CELLS
from streams.engine import Partition
from tests.bus import messages
from tests.conftest import PARTITIONS
from tests.journal import Journal
from tests.streams.test_merge import CODEC, DOMAIN, EVENTS, TERRITORY, TRADES
from tests.streams.test_partition import Event
from tests.truth import exits, held_exits
from tests.waiting import until
from tests.workers import Worker


@given(st.lists(EVENTS, max_size=14))
@settings(deadline=None)
def test_two_ways_of_counting_agree_on_any_events(events: list[bytes]) -> None:
    partition, naive = Partition(DOMAIN, 0), Recount(["kairos", "region"], TERRITORY, TRADES)
    partition.apply([Event(offset, wire) for offset, wire in enumerate(events)])
    partition.drain()
    for wire in events:
        naive.hear(*CODEC.decode(wire), wire)
    held = {
        cell: (value.n, CODEC.read(SESSION_FACTS, value.row) if value.row is not None else None)
        for cell, value in partition.snapshot().items()
    }
    assert held == naive.cells()


class Auditor:
    """Runs `beffroi audit` on a deployment."""

    def __init__(self, kafka: KafkaSettings, prefix: str, folder: Path) -> None:
        made = {"KAFKA": kafka.bootstrap, "TOPIC_PREFIX": prefix, "DATA_DIR": str(folder)}
        self._environment = os.environ | {f"BEFFROI_{name}": value for name, value in made.items()}

    def run(self) -> tuple[int, str]:
        command = [sys.executable, "-m", "beffroi", "audit"]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr


def plant(kafka: KafkaSettings, prefix: str) -> tuple[str, str]:
    """Change one cell and forget another; their keys."""
    topic = prefix + CELLS
    found = [one for one in messages(kafka, topic, PARTITIONS) if (one.key() or b"").startswith(b"exits")]
    last = {one.key(): one for one in found if one.partition() == 0}
    changed, forgotten = [one for one in last.values() if CODEC.read(CELL, one.value() or b"")["n"]][:2]
    other = producer(kafka)
    for one, add in ((changed, 3), (forgotten, 0)):
        held = CODEC.read(CELL, one.value() or b"")
        value = CODEC.encode(CELL, {**held, "n": held["n"] + add if add else 0})
        other.produce(topic, key=one.key(), value=value, partition=0)
    assert other.flush(10) == 0
    return (changed.key() or b"").decode()[6:], (forgotten.key() or b"").decode()[6:]


@pytest.mark.kafka
def test_a_healthy_bus_is_audited_while_it_works_and_damage_is_named(
    kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    journal, auditor = Journal(kafka, topics, 31), Auditor(kafka, topics, tmp_path)
    journal.put(7, b"\x00\x00\x00\xff\xffnonsense")
    journal.send(800)
    enough = threading.Event()

    def work() -> None:
        while not enough.wait(0.02):
            journal.send(40)

    with Worker(kafka, topics, tmp_path) as worker:
        until(lambda: held_exits(kafka, topics, PARTITIONS) == exits(journal), 40, "every cell as recounted")
        busy = threading.Thread(target=work)
        busy.start()
        code, told = auditor.run()
        enough.set()
        busy.join()
        assert (code, told.splitlines()[-1]) == (0, "0 cells differ"), told
        assert ", 1 cannot be read" in told
        until(lambda: held_exits(kafka, topics, PARTITIONS) == exits(journal), 40, "the rest is counted")
        worker.kill()
    changed, forgotten = plant(kafka, topics)
    code, told = auditor.run()
    assert code == 1, told
    assert f"  exits {changed}: otherwise in the log\n" in told
    assert f"  exits {forgotten}: missing in the log\n" in told
    assert "2 cells differ\nfix: `beffroi views rebuild exits` says why" in told
