"""A worker as a real process on a real broker; how it bears kills and pauses is tested in ``tests/faults``."""

import inspect
import signal
import subprocess
import sys
from pathlib import Path

import faust
import mode
import pytest

from connectors.kafka.settings import KafkaSettings
from schemas.topics import QUARANTINE
from streams.agents.ending import EXIT_REBUILD
from streams.worker import LEAVING_S
from tests.bus import records
from tests.conftest import PARTITIONS
from tests.journal import Journal
from tests.truth import exits, held_exits
from tests.waiting import until
from tests.workers import Worker


@pytest.mark.kafka
def test_an_event_that_cannot_be_read_is_parked_and_its_neighbours_are_taken(
    kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    journal = Journal(kafka, topics, 4)
    journal.put(7, b"\x00\x00\x00\xff\xffnonsense")
    journal.send(200)
    with Worker(kafka, topics, tmp_path) as worker:
        worker.ready()
        until(lambda: held_exits(kafka, topics, PARTITIONS) == exits(journal), 30, "the neighbours are counted")
    (parked,) = records(kafka, topics + QUARANTINE)
    assert (parked["code"], parked["content"]) == ("UnknownSchema", None)
    assert "not in the lock file" in parked["message"]


STOPPING = """
import asyncio
from streams.agents.ending import leave_within

async def for_an_answer():
    await asyncio.Event().wait()

async def main():
    leave_within(0.2, asyncio.get_running_loop())
    await asyncio.gather(asyncio.create_task(for_an_answer(), name="asks Kafka"))

asyncio.run(main())
"""


def test_who_is_asked_to_stop_and_cannot_ends_all_the_same_and_tells_why() -> None:
    ended = subprocess.run([sys.executable, "-c", STOPPING], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == EXIT_REBUILD
    told = ended.stdout + ended.stderr
    assert "asked to stop, but something did not end" in told
    assert "asks Kafka: for_an_answer (" in told
    assert "MainThread" in told


@pytest.mark.parametrize("handler", ["_on_sigterm", "_on_sigint"])
def test_faust_still_stops_by_the_method_that_we_extend(handler: str) -> None:
    assert "self._schedule_shutdown(" in inspect.getsource(getattr(mode.Worker, handler))
    assert issubclass(faust.Worker, mode.Worker)


@pytest.mark.kafka
def test_a_worker_that_is_asked_to_stop_ends_with_0(kafka: KafkaSettings, topics: str, tmp_path: Path) -> None:
    Journal(kafka, topics, 4).send(200)
    with Worker(kafka, topics, tmp_path) as worker:
        worker.ready().signal(signal.SIGTERM)
        assert worker.process.wait(LEAVING_S) == 0, worker.text()
