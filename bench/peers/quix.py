"""The same work in Quix Streams, with its State and changelog topics.

Usage: ``python quix.py JOB``, see ``plain_loop.py``. State is kept by message key, which is the session: its place, and
each of its people; counts by cell are kept in the same store, one partial count for each session, and summed at the
end. The clock stops at the last record: its last commit is not counted.
"""

import json
import struct
import sys
import tempfile
import uuid
from collections import Counter
from io import BytesIO
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import fastavro
from quixstreams import Application, State  # type: ignore[import-not-found]  # in its own environment

JOB = json.loads(Path(sys.argv[1]).read_text())
SCHEMAS = {int(number): fastavro.parse_schema(schema) for number, schema in JOB["schemas"].items()}
#: Every partial count as it was written last, to be compared with the naive count.
COUNTS: dict[tuple[str, str], int] = {}


def decode(value: bytes) -> dict[str, Any]:
    """The record behind wire bytes."""
    found: Any = fastavro.schemaless_reader(BytesIO(value[5:]), SCHEMAS[struct.unpack_from(">I", value, 1)[0]], None)
    return dict(found)


def upsert(record: dict[str, Any], state: State) -> None:
    """Versioned upsert by key; subtract the old contribution, add the new one."""
    if "person" in record:
        enrolment(record, state)
        return
    held = state.get("place")
    if held is None or held[0] < record["version"]:
        place = f"{record['place']['commune']['code']}|rome:{record['rome_codes'][0]}|"
        state.set("place", [record["version"], place])


def enrolment(record: dict[str, Any], state: State) -> None:
    """A person counts on the last day of theirs that is known."""
    version = record["version"]
    key = f"{record['source']}|{record['source_key']}"
    held = state.get(key)
    if held is not None and held[0] >= version:
        return
    cell = state.get("place")[1] + (record["actual_end_on"] or record["planned_end_on"]).isoformat()
    state.set(key, [version, cell])
    if held is not None:
        if held[1] == cell:
            return
        move(record["session_id"], held[1], -1, state)
    move(record["session_id"], cell, 1, state)


def move(session: str, cell: str, n: int, state: State) -> None:
    """Add to a count."""
    count = state.get("#" + cell, 0) + n
    state.set("#" + cell, count)
    COUNTS[session, cell] = count


class Clock:
    """Starts at the first record, ends at the last."""

    def __init__(self) -> None:
        self.left = JOB["events"]
        self.began = self.used = self.took = self.spent = 0.0

    def first(self, value: bytes) -> bytes:
        """Called for each record before anything else."""
        if not self.began:
            self.began, self.used = perf_counter(), process_time()
        return value

    def last(self, _record: dict[str, Any]) -> None:
        """Called for each record after everything else."""
        self.left -= 1
        if not self.left:
            self.took, self.spent = perf_counter() - self.began, process_time() - self.used


def main() -> None:
    """Read every event once, commit, write the result."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        app = Application(
            broker_address=JOB["bootstrap"], consumer_group=f"quix-{uuid.uuid4().hex}", auto_offset_reset="earliest",
            state_dir=folder, commit_interval=1.0, loglevel="ERROR",
            consumer_extra_config={"fetch.queue.backoff.ms": 20, "fetch.wait.max.ms": 50},
            producer_extra_config={"linger.ms": 20, "compression.type": "lz4"},
        )  # fmt: skip
        topic = app.topic(JOB["topic"], value_deserializer="bytes", key_deserializer="str")
        app.dataframe(topic).apply(clock.first).apply(decode).update(upsert, stateful=True).update(clock.last)
        app.run(count=JOB["events"], timeout=120)
    cells: Counter[str] = Counter()
    for (_, cell), n in COUNTS.items():
        cells[cell] += n
    result = {"events": JOB["events"], "seconds": clock.took, "processor": clock.spent, "cells": dict(+cells)}
    Path(JOB["result"]).write_text(json.dumps(result))


if __name__ == "__main__":
    main()
