"""A worker as a real process on a real broker; how it bears kills and pauses is tested in ``tests/faults``."""

from pathlib import Path

import pytest

from connectors.kafka.settings import KafkaSettings
from schemas.topics import QUARANTINE
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
