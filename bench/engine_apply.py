"""How fast the engine applies events, without a broker: events/s on one core.

Usage: ``python bench/engine_apply.py [EVENTS]`` (200,000; 100 sessions of 12 people for each 1,000 keys, 30 %
corrections, a drain every 20,000 events). The events are invented and seeded.
"""

import gc
import os
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

from connectors.kafka.settings import KafkaSettings
from schemas.codec import Codec
from schemas.contracts import TRAINING_ENROLMENT
from streams.engine import Partition
from streams.memory import spare_the_state
from streams.settings import StreamSettings
from streams.training import training_domain

RUNS = 3
BATCH = 20_000


@dataclass(frozen=True, slots=True)
class Event:
    """An event at its offset."""

    offset: int
    value: bytes


def make_events(codec: Codec, count: int) -> list[Event]:
    """Enrolments of 70 % distinct people."""
    random = Random(1)  # noqa: S311  # a seed
    people = int(count * 0.7)
    events = []
    for offset in range(count):
        person = offset if offset < people else random.randrange(people)
        session = f"intercarif:{person // 12}"
        record = {
            "session_id": session,
            "person": f"{person:032x}",
            "source": "kairos",
            "source_key": f"{person // 12}/{person:032x}",
            "version": offset,
            "occurred_at": datetime(2026, 11, 23, tzinfo=UTC),
            "status": "ENTERED",
            "planned_end_on": date(2026, 12, 1) + timedelta(days=random.randrange(180)),
        }
        events.append(Event(offset, codec.encode(TRAINING_ENROLMENT, record)))
    return events


def main(count: int) -> None:
    """Measure and print."""
    spare_the_state()
    codec = Codec()
    domain = training_domain(StreamSettings(kafka=KafkaSettings(bootstrap="none:0"), data_dir=Path()), codec)
    events = make_events(codec, count)
    rates = []
    for _ in range(RUNS):
        partition = Partition(domain, 0)
        gc.collect()
        began = perf_counter()
        for first in range(0, count, BATCH):
            partition.apply(events[first : first + BATCH])
            partition.drain()
        rates.append(count / (perf_counter() - began))
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {count:,} events, {partition.root_count:,} roots")
    print(f"apply and drain: {median(rates):,.0f} events/s on one core (median of {RUNS})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
