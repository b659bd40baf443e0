"""How fast enrolments are encoded and decoded: µs for each, and ratios to plain fastavro in the same run.

Usage: ``python bench/codec.py [EVENTS]`` (20,000 for each measure; five rounds, the methods by turns, medians).
"""

import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from io import BytesIO
from statistics import median
from time import perf_counter
from typing import Any

from fastavro import schemaless_reader, schemaless_writer

from schemas.codec import Codec
from schemas.contracts import TRAINING_ENROLMENT, lock_file
from streams.domains.facts import TrainingReader

ROUNDS = 5
PERSON = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
RECORD: dict[str, Any] = {
    "session_id": "intercarif:SE_0000160070",
    "person": PERSON,
    "source": "kairos",
    "source_key": f"SE_0000160070/{PERSON}",
    "version": 1763884800000,
    "occurred_at": datetime(2026, 11, 23, 8, tzinfo=UTC),
    "withdrawn": False,
    "status": "ENTERED",
    "planned_start_on": date(2026, 9, 7),
    "planned_end_on": date(2026, 12, 11),
    "actual_end_on": None,
    "prescriber": "FRANCE_TRAVAIL",
    "scheme": "PRF",
    "funders": ["2"],
}


def seconds(call: Callable[[], object], count: int) -> float:
    """Time of one call, in a loop of many."""
    began = perf_counter()
    for _ in range(count):
        call()
    return (perf_counter() - began) / count


def main(count: int) -> None:
    """Measure and print."""
    codec, schema = Codec(), lock_file().by_name(TRAINING_ENROLMENT).schema
    engine, wire = TrainingReader(codec), codec.encode(TRAINING_ENROLMENT, RECORD)
    body = wire[5:]

    def plain_encode() -> bytes:
        out = BytesIO()
        schemaless_writer(out, schema, RECORD)
        return out.getvalue()

    calls: dict[str, Callable[[], object]] = {
        "fastavro encode": plain_encode,
        "fastavro decode": lambda: schemaless_reader(BytesIO(body), schema, None),
        "codec encode": lambda: codec.encode(TRAINING_ENROLMENT, RECORD),
        "codec decode, every field": lambda: codec.decode(wire),
        "codec decode, the engine's fields": lambda: engine.read(wire),
        "a glance, what the engine knows": lambda: engine.look([wire]),
    }
    rounds = [{name: seconds(call, count) for name, call in calls.items()} for _ in range(ROUNDS)]
    took = {name: median(one[name] for one in rounds) for name in calls}
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, TrainingEnrolment of {len(wire)} bytes")
    for name, one in took.items():
        print(f"{name:<36}{one * 1e6:8.2f} µs")
    both = took["codec encode"] + took["codec decode, every field"]
    plain = took["fastavro encode"] + took["fastavro decode"]
    print(f"encode and decode: {plain / both:.2f} x plain fastavro")
    engine_ratio = took["fastavro decode"] / took["codec decode, the engine's fields"]
    glance_ratio = took["fastavro decode"] / took["a glance, what the engine knows"]
    print(f"decode for the engine: {engine_ratio:.2f} x plain fastavro; at a glance: {glance_ratio:.2f} x")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
