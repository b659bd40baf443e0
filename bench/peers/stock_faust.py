"""The same work in stock Faust with two Tables, one event at a time.

Usage: ``python stock_faust.py JOB``, see ``plain_loop.py``. It ends after ``events`` events, which are a sample. Both
tables are keyed by the message's key, the session: with another key Faust loses counts when partitions move.
"""

import json
import os
import struct
import sys
import uuid
from collections import Counter
from datetime import date
from io import BytesIO
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import fastavro
import faust

JOB = json.loads(Path(sys.argv[1]).read_text())
SCHEMAS = {int(number): fastavro.parse_schema(schema) for number, schema in JOB["schemas"].items()}

app = faust.App(
    f"stock-{uuid.uuid4().hex}", broker=f"kafka://{JOB['bootstrap']}", store="memory://", web_enabled=False,
    topic_partitions=JOB["partitions"], topic_disable_leader=True, producer_linger=0.05,
    broker_max_poll_records=4_000, consumer_auto_offset_reset="earliest", stream_wait_empty=False,
    datadir=Path(JOB["result"]).with_suffix(".data"),
)  # fmt: skip
events = app.topic(JOB["topic"], value_type=bytes, value_serializer="raw", key_serializer="raw", key_type=bytes)
held = app.Table("held", default=dict, partitions=JOB["partitions"])
counts = app.Table("counts", default=dict, partitions=JOB["partitions"])
clock: dict[str, float] = {"left": JOB["events"], "began": 0.0, "used": 0.0}


def decode(value: bytes) -> dict[str, Any]:
    """The record behind wire bytes."""
    found: Any = fastavro.schemaless_reader(BytesIO(value[5:]), SCHEMAS[struct.unpack_from(">I", value, 1)[0]], None)
    return dict(found)


def upsert(record: dict[str, Any]) -> None:
    """Versioned upsert by key; subtract the old contribution, add the new one."""
    session, version = record["session_id"], record["version"]
    things = held[session]
    key = f"{record['source']}|{record['source_key']}" if "person" in record else ""
    before = things.get(key)
    if before is not None and before[0] >= version:
        return
    said = things[""][1] + last_day(record).isoformat() if key else place(record)
    held[session] = {**things, key: [version, said]}
    if key:
        move(session, before and before[1], said)


def last_day(record: dict[str, Any]) -> date:
    """The last day of a person that is known."""
    day: date = record["actual_end_on"] or record["planned_end_on"]
    return day


def place(record: dict[str, Any]) -> str:
    """Where and what a session is, as its cells begin."""
    return f"{record['place']['commune']['code']}|rome:{record['rome_codes'][0]}|"


def move(session: str, before: str | None, after: str) -> None:
    """Count a person in another cell."""
    if before == after:
        return
    cells = dict(counts[session])
    if before is not None:
        cells[before] -= 1
    cells[after] = cells.get(after, 0) + 1
    counts[session] = cells


@app.agent(events)
async def take(stream: Any) -> None:  # noqa: ANN401  # faust.Stream
    """One event at a time."""
    async for value in stream:
        if not clock["began"]:
            clock["began"], clock["used"] = perf_counter(), process_time()
        upsert(decode(value))
        clock["left"] -= 1
        if not clock["left"]:
            finish()


def finish() -> None:
    """Write the result and end."""
    took, spent = perf_counter() - clock["began"], process_time() - clock["used"]
    cells: Counter[str] = Counter()
    for of_session in counts.values():
        cells.update(of_session)
    result = {"events": JOB["events"], "seconds": took, "processor": spent, "cells": dict(+cells)}
    Path(JOB["result"]).write_text(json.dumps(result))
    os._exit(0)


if __name__ == "__main__":
    sys.argv = [sys.argv[0], "worker", "-l", "error", "--without-web"]
    app.main()
