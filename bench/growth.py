"""How the cost of an event and the engine's memory grow with the entities held: 100 thousand to 10 million.

Usage: ``python -m bench.growth [--most N] [--evidence]``; 10 million need about 6 GB.

At each size: microseconds of processor time for an event that corrects one of the entities held, drawn at random, which
is the worst that can come: taken in, merged, and written in its transaction to a real broker; and of that the engine's
own share. A machine is faster now and slower then, so a second partition, of the first size, is measured in turns with
each. And the bytes that the process grew by for each of the entities. *Beyond the strings themselves* means: less the
wire bytes of the winning event and the key of the thing (32 characters), which the state holds as its content.
"""

import argparse
import ctypes
import gc
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from time import process_time
from typing import NamedTuple

import psutil

from bench.machine import Report, broker, cores, on, topics
from connectors.kafka.settings import KafkaSettings
from schemas.clock import system_clock
from schemas.codec import Codec
from schemas.contracts import TRAINING_ENROLMENT
from streams.agents.log import PartitionLog
from streams.engine import Partition
from streams.memory import onto_huge_pages, spare_the_state
from streams.settings import StreamSettings
from streams.training import training_domain

SIZES = (100_000, 1_000_000, 10_000_000)
PEOPLE = 12
#: Corrections at each size, in batches as the transport hands them over, and how often that is measured.
SAMPLE, ROUNDS = 100_000, 5
#: Events between two flushes: 20,000 a second in four partitions, written every 100 ms. A larger one would flatter the
#: small sizes, where it meets the same sessions again and again.
BATCH = 500
#: What the state holds as content beside the wire bytes: the person's pseudonym.
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Record:
    """A record at its offset."""

    offset: int
    value: bytes


class People:
    """Enrolments, seeded."""

    def __init__(self) -> None:
        self._codec = Codec()
        self.random = Random(1)  # noqa: S311  # a seed
        self._offset = 0

    def event(self, thing: int, version: int, day: int) -> bytes:
        """The enrolment of a thing, its session decided by its number."""
        session = thing // PEOPLE
        name = f"{thing:032x}"
        record = {
            "session_id": f"intercarif:SE_{session:010d}", "person": name, "source": "kairos",
            "source_key": f"SE_{session:010d}/{name}", "version": version,
            "occurred_at": datetime(2026, 11, 23, 8, tzinfo=UTC), "status": "ENTERED",
            "planned_start_on": date(2026, 9, 7), "planned_end_on": date(2026, 12, 1) + timedelta(days=day),
            "prescriber": "FRANCE_TRAVAIL", "scheme": "PRF", "funders": ["2"],
        }  # fmt: skip
        return self._codec.encode(TRAINING_ENROLMENT, record)

    def batch(self, things: list[int], version: int) -> list[Record]:
        """Events about these things."""
        first, self._offset = self._offset, self._offset + len(things)
        days = [(thing // PEOPLE) % 170 + self.random.randrange(5) for thing in things]
        return [Record(first + at, self.event(thing, version, days[at])) for at, thing in enumerate(things)]


class Held(NamedTuple):
    """A partition and its log."""

    partition: Partition  # type: ignore[type-arg]  # the training domain's
    log: PartitionLog


def hold(kafka: KafkaSettings, number: int) -> Held:
    """An empty one, fenced."""
    settings, codec = StreamSettings(kafka=kafka, data_dir=Path()), Codec()
    log = PartitionLog(settings, "training", number, codec=codec, clock=system_clock)
    log.fence()
    return Held(Partition(training_domain(settings, codec), number), log)


def grow(partition: Partition, people: People, first: int, until: int) -> int:  # type: ignore[type-arg]  # the training domain's
    """Tell the partition of new things; gives their wire bytes."""
    wire = 0
    for start in range(first, until, BATCH):
        records = people.batch(list(range(start, min(start + BATCH, until))), 1_000)
        wire += sum(len(one.value) for one in records)
        partition.apply(records)
        partition.drain()
    return wire


def corrections(people: People, size: int, version: int) -> Iterator[list[Record]]:
    """Batches about things that are held, drawn at random."""
    for _ in range(0, SAMPLE, BATCH):
        yield people.batch([people.random.randrange(size) for _ in range(BATCH)], version)


class Cost(NamedTuple):
    """Microseconds of processor time an event: taken in, merged and written; of it taken in and merged."""

    whole: float
    engine: float


def cost(held: Held, people: People, size: int, version: int) -> Cost:
    """Of corrections at random, handed over when they were just made, as by a fetch; all threads count, Kafka's too."""
    engine, whole = 0.0, 0.0
    for records in corrections(people, size, version):
        began = process_time()
        held.partition.apply(records)
        flush = held.partition.drain()
        engine += process_time() - began
        if flush:
            held.log.write(flush)
        whole += process_time() - began
    return Cost(whole / SAMPLE * 1e6, engine / SAMPLE * 1e6)


def resident() -> int:
    """Bytes of this process in memory, once what is free was given back."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
    return int(psutil.Process().memory_info().rss)


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=SIZES[-1])
    parser.add_argument("--evidence", action="store_true", help="write docs/evidence/<date>-growth.md")
    asked = parser.parse_args()
    report = Report("growth", "Growth of the engine's state", f"python -m bench.growth --most {asked.most}")
    spare_the_state()
    with broker() as kafka, on(cores()[0]):
        topics(kafka, "")
        rows = measure(hold(kafka, 0), hold(kafka, 1), [size for size in SIZES if size <= asked.most])
    head = [
        "entities", "µs an event", "100,000 in turns", "more", "µs of it the engine", "100,000 in turns", "more",
        "bytes each", "of it strings", "beyond them",
    ]  # fmt: skip
    report.table(head, rows)
    report.say(
        f"An entity is an enrolment; {PEOPLE} to a session. µs of processor time for a random correction, {BATCH} to a "
        f"flush, medians of {ROUNDS} times {SAMPLE:,}. Bytes: growth of the resident set after a collection, by the "
        "entities added. Wanted: ≤ 20 % slower, ≤ 200 bytes beyond the strings."
    )
    report.keep(wanted=asked.evidence)


def measure(held: Held, first: Held, sizes: list[int]) -> list[list[str]]:
    """A row for each size."""
    people, others, rows, wire, count = People(), People(), list[list[str]](), 0, BATCH
    grow(first.partition, others, 0, SIZES[0])
    grow(held.partition, people, 0, count)  # tables and caches are there before anything is measured
    onto_huge_pages()
    before = resident()
    for number, size in enumerate(sizes, 1):
        wire += grow(held.partition, people, count, size)
        count = size
        onto_huge_pages()  # as a worker does every ten seconds
        each = (resident() - before) / (count - BATCH)
        own = wire / (count - BATCH) + KEY_BYTES
        found = [
            (cost(first, others, SIZES[0], version), cost(held, people, size, version))
            for version in range(2_000 * number, 2_000 * number + ROUNDS)
        ]
        rows.append([f"{size:,}", *compared(found), f"{each:.0f}", f"{own:.0f}", f"{each - own:.0f}"])
        print(*rows[-1])
    return rows


def compared(found: list[tuple[Cost, Cost]]) -> Iterator[str]:
    """Each cost, that of the first size, and by how much it is higher."""
    for kind in Cost._fields:
        of_first, of_size = (median(getattr(cost, kind) for cost in side) for side in zip(*found, strict=True))
        yield f"{of_size:.2f}"
        yield f"{of_first:.2f}"
        yield f"{of_size / of_first - 1:+.0%}"


if __name__ == "__main__":
    main()
