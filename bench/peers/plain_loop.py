"""A plain loop: confluent-kafka, fastavro and a dictionary; it keeps nothing.

Usage: ``python plain_loop.py JOB``, where JOB is a JSON file: bootstrap, topic, partitions, events, schemas (by id),
result. Prints nothing; writes events, seconds, processor seconds and cells to ``result``.
"""

import gc
import json
import struct
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import fastavro
from confluent_kafka import Consumer, Message, TopicPartition

#: Nothing that is allocated here is part of a cycle.
gc.set_threshold(100_000, 1_000, 1_000)


class State:
    """Versioned upsert by key; subtract the old contribution, add the new one."""

    def __init__(self) -> None:
        self.places: dict[str, tuple[int, str]] = {}
        self.people: dict[tuple[str, str, str], tuple[int, str]] = {}
        self.cells: Counter[str] = Counter()

    def session(self, record: dict[str, Any]) -> None:
        """A session says where and what; here it never moves."""
        key, version = record["session_id"], record["version"]
        held = self.places.get(key)
        if held is None or held[0] < version:
            place = f"{record['place']['commune']['code']}|rome:{record['rome_codes'][0]}|"
            self.places[key] = version, place

    def enrolment(self, record: dict[str, Any]) -> None:
        """A person counts on the last day of theirs that is known."""
        key, version = (record["session_id"], record["source"], record["source_key"]), record["version"]
        held = self.people.get(key)
        if held is not None and held[0] >= version:
            return
        cell = self.places[key[0]][1] + (record["actual_end_on"] or record["planned_end_on"]).isoformat()
        self.people[key] = version, cell
        if held is not None:
            if held[1] == cell:
                return
            self.cells[held[1]] -= 1
        self.cells[cell] += 1


def reader(job: dict[str, Any]) -> Consumer:
    """A consumer of all partitions, from their beginning."""
    consumer = Consumer({
        "bootstrap.servers": job["bootstrap"], "group.id": "plain", "enable.auto.commit": False,
        "fetch.queue.backoff.ms": 20, "fetch.wait.max.ms": 50, "fetch.message.max.bytes": 4 * 1024 * 1024,
    })  # fmt: skip
    consumer.assign([TopicPartition(job["topic"], number, 0) for number in range(job["partitions"])])
    return consumer


def take(
    messages: list[Message], schemas: dict[int, Any], takes: Mapping[int, Callable[[dict[str, Any]], None]]
) -> None:
    """Decode each message and take it in."""
    for message in messages:
        value = message.value() or b""
        number = struct.unpack_from(">I", value, 1)[0]
        record: Any = fastavro.schemaless_reader(BytesIO(value[5:]), schemas[number], None)
        takes[number](record)


def main(job: dict[str, Any]) -> None:
    """Read every event once."""
    schemas = {int(number): fastavro.parse_schema(schema) for number, schema in job["schemas"].items()}
    state = State()
    takes = {
        int(number): state.session if schema["name"].endswith("TrainingSession") else state.enrolment
        for number, schema in job["schemas"].items()
    }
    consumer = reader(job)
    left, began, used = job["events"], 0.0, 0.0
    while left:
        messages = consumer.consume(10_000, 1.0)
        began, used = (began, used) if began or not messages else (perf_counter(), process_time())
        take(messages, schemas, takes)
        left -= len(messages)
    took, spent = perf_counter() - began, process_time() - used
    cells = {cell: n for cell, n in state.cells.items() if n}
    result = {"events": job["events"], "seconds": took, "processor": spent, "cells": cells}
    Path(job["result"]).write_text(json.dumps(result))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
