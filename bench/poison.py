"""What a thousand poison records cost among sound ones: throughput with and without them, interleaved in one run.

Usage: ``python -m bench.poison [--events N] [--evidence]``. A third of the poison cannot be decoded, a third has a
schema nobody knows, and for a third our own code fails. Each is set aside: the record for quarantine is encoded too, as
a worker does. No broker takes part; the events are invented and seeded.
"""

import argparse
import gc
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

from bench.machine import Report
from connectors.kafka.settings import KafkaSettings
from schemas.clock import system_clock
from schemas.codec import Codec
from schemas.contracts import TRAINING_ENROLMENT
from streams.agents.log import PartitionLog
from streams.domains.counted import on_day
from streams.domains.training import TrainingRoot
from streams.engine import Partition, Shift
from streams.engine.words import Move
from streams.memory import spare_the_state
from streams.settings import StreamSettings
from streams.training import TrainingDomain, training_domain

RUNS = 3
BATCH = 20_000
POISON = 1_000
#: What the issue allows.
ALLOWED = 0.05
#: The day of the sound events on which the bench makes our own code fail.
_FATAL = date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class Event:
    """An event at its offset."""

    offset: int
    value: bytes


def make_events(codec: Codec, count: int) -> list[Event]:
    """Enrolments of 70 % distinct people, 12 to a session; the others correct them."""
    random = Random(1)  # noqa: S311  # a seed
    people = max(1, int(count * 0.7))
    events = []
    for offset in range(count):
        person = offset if offset < people else random.randrange(people)
        record = {
            "session_id": f"intercarif:{person // 12}",
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


def poisoned(events: list[Event], codec: Codec) -> list[Event]:
    """The same events with poison among them, at seeded places."""
    random = Random(2)  # noqa: S311  # a seed
    name, record = codec.decode(events[0].value)
    unreadable = events[0].value[:-3], b"\x00\x00\x00\xff\xff" + events[0].value[5:]
    mixed = [event.value for event in events]
    for number in range(POISON):
        # Each of a thing of its own: what is superseded before it is written is not taken in, and fails nobody.
        fatal = {**record, "person": f"f{number:031d}", "source_key": f"poison/{number}", "planned_end_on": _FATAL}
        bad = (*unreadable, codec.encode(name, fatal))
        mixed.insert(random.randrange(len(mixed)), bad[number % len(bad)])
    return [Event(offset, value) for offset, value in enumerate(mixed)]


def failing(domain: TrainingDomain) -> TrainingDomain:
    """The domain with a defect: it fails on people who finish on one day."""

    def move(root: TrainingRoot, shift: Shift) -> Iterable[Move] | None:
        if shift[1] == on_day(_FATAL):
            raise ZeroDivisionError
        return domain.move(root, shift)

    return replace(domain, move=move)


def seconds(domain: TrainingDomain, events: list[Event], log: PartitionLog) -> tuple[float, int]:
    """Seconds to apply, count and set aside; how many were set aside."""
    partition, parked = Partition(domain, 0), 0
    gc.collect()
    began = perf_counter()
    for first in range(0, len(events), BATCH):
        partition.apply(events[first : first + BATCH])
        flush = partition.drain()
        for one in flush.parked if flush else ():
            log._parked(one)  # noqa: SLF001  # what a transaction does with it, without the broker
            parked += 1
    return perf_counter() - began, parked


def cost(count: int) -> list[float]:
    """By how much throughput falls, in each run; raises AssertionError when not exactly the poison is set aside."""
    spare_the_state()
    codec = Codec()
    settings = StreamSettings(kafka=KafkaSettings(bootstrap="none:0"), data_dir=Path())
    domain = failing(training_domain(settings, codec))
    log = PartitionLog(settings, "training", 0, codec=codec, clock=system_clock)
    sound = make_events(codec, count)
    mixed = poisoned(sound, codec)
    ratios = []
    for turn in range(RUNS):
        first, second = (sound, mixed) if turn % 2 else (mixed, sound)
        taken = {id(events): seconds(domain, events, log) for events in (first, second)}
        (plain, none), (poison, parked) = taken[id(sound)], taken[id(mixed)]
        if (none, parked) != (0, POISON):
            raise AssertionError(f"{none} and {parked} were set aside")
        ratios.append((count / plain) / (count / poison))
    return [ratio - 1 for ratio in ratios]


def main() -> int:
    """Measure, print, keep; 1 when it costs more than allowed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--evidence", action="store_true", help="write docs/evidence/<date>-poison.md")
    asked = parser.parse_args()
    report = Report("poison", "What poison records cost", f"python -m bench.poison --events {asked.events}")
    found = cost(asked.events)
    report.say(
        f"{POISON:,} poison records among {asked.events:,} sound events; each of them was set aside, no other was.\n"
    )
    report.say(
        f"Throughput of the sound ones falls by {median(found):.1%} (median of {RUNS} interleaved: "
        f"{', '.join(f'{one:.1%}' for one in found)}; allowed {ALLOWED:.0%})."
    )
    report.keep(wanted=asked.evidence)
    return int(median(found) > ALLOWED)


if __name__ == "__main__":
    sys.exit(main())
