"""How the engine's cost and memory grow with the entities it holds, without a broker: 100 thousand to 10 million.

Usage: ``python -m bench.growth [--most N] [--evidence]``; 10 million need about 6 GB.

At each size: microseconds of processor time for an event that corrects one of the entities held, and the bytes that the
process grew by for each of them. *Beyond the strings themselves* means: less the wire bytes of the winning event and
the key of the thing (32 characters), which the state holds as its content.
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

import psutil

from bench.machine import Report, cores, on
from connectors.kafka.settings import KafkaSettings
from schemas.codec import Codec
from schemas.contracts import TRAINING_ENROLMENT
from streams.engine import Partition
from streams.memory import onto_huge_pages, spare_the_state
from streams.settings import StreamSettings
from streams.training import training_domain

SIZES = (100_000, 1_000_000, 10_000_000)
PEOPLE = 12
#: Corrections at each size, in batches as the transport hands them over, and how often that is measured.
SAMPLE, ROUNDS = 100_000, 3
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


def cost_us(partition: Partition, people: People, size: int, version: int) -> float:  # type: ignore[type-arg]  # the same
    """Microseconds of processor time an event, apply and drain."""
    batches, spent = list(corrections(people, size, version)), 0.0
    for records in batches:
        began = process_time()
        partition.apply(records)
        partition.drain()
        spent += process_time() - began
    return spent / SAMPLE * 1e6


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
    settings = StreamSettings(kafka=KafkaSettings(bootstrap="none:0"), data_dir=Path())
    people, partition = People(), Partition(training_domain(settings, Codec()), 0)
    grow(partition, people, 0, BATCH)  # tables and caches are there before anything is measured
    onto_huge_pages()
    before, held, wire, rows, first = resident(), BATCH, 0, list[list[str]](), 0.0
    with on(cores()[0]):
        for number, size in enumerate((size for size in SIZES if size <= asked.most), 1):
            wire += grow(partition, people, held, size)
            held = size
            onto_huge_pages()  # as a worker does every ten seconds
            each = (resident() - before) / (held - BATCH)
            own = wire / (held - BATCH) + KEY_BYTES
            cost = median(cost_us(partition, people, size, 2_000 * number + one) for one in range(ROUNDS))
            first = first or cost
            sizes = (f"{one:.0f}" for one in (each, own, each - own))
            rows.append([f"{size:,}", f"{cost:.2f}", f"{cost / first - 1:+.0%}", *sizes])
            print(*rows[-1])
    head = ["entities", "µs an event", "against the first", "bytes each", "of it strings", "beyond them"]
    report.table(head, rows)
    report.say(
        f"An entity is an enrolment; {PEOPLE} to a session. µs of processor time for a random correction, apply and "
        f"drain, medians of {ROUNDS} times {SAMPLE:,}. Bytes: growth of the resident set after a collection, by the "
        "entities added. Wanted: ≤ 20 % slower, ≤ 200 bytes beyond the strings."
    )
    report.keep(wanted=asked.evidence)


if __name__ == "__main__":
    main()
