"""How fast the release takes cells in and publishes: a full catch-up, one change, a new day, a restart.

Usage: ``python -m bench.release [--cells N] [--evidence]`` (1,000,000, of which 3 in 100 are sessions). The cells are
invented and seeded: places (a commune and its trades) of one region, each with people who finish on about a hundred
days of the next 400. They lie in a real broker; the measured process holds the release alone and is pinned to one core
where the system allows it. What is timed is what a worker does: reading, rolling up, disclosing, comparing, encoding,
transactions.
"""

import argparse
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from threading import Event
from time import perf_counter, process_time

import psutil
import structlog
from confluent_kafka import Producer, TopicPartition
from prometheus_client import CollectorRegistry

from bench.machine import ROOT, Report, broker, topics
from connectors.kafka.clients import producer, reader
from connectors.kafka.settings import KafkaSettings
from monitoring.release import ReleaseMetrics
from schemas.clock import paris_day
from schemas.codec import Codec
from schemas.contracts import CELL, SESSION_FACTS
from schemas.territory.areas import Territory
from schemas.territory.tables import rome_titles
from schemas.topics import CELLS, VIEW_EXITS
from streams.agents.archivist import Archivist
from streams.agents.release import ReleaseRunner
from streams.memory import spare_the_state
from streams.settings import StreamSettings

#: In the past, for a broker takes no record from the future, and the next day is measured too.
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PARTITIONS = 4
DAYS_OF_A_PLACE = 97
WANTED = """\
Invented cells of a whole region in four partitions, rolled up over areas, trades and windows, disclosed and published
by a release that is pinned to one core. Wanted: a catch-up in at most 20 s, a single change in at most 20 ms."""
CHANGES = 21
#: Longer than any transaction takes.
QUIET_S = 3
#: So short that what is left is the work itself.
POLL_S = 0.001


def places(random: Random, count: int) -> list[str]:
    """``commune|trades``: few communes have many trainings, many have few."""
    communes = [commune.code for commune in Territory.load().communes]
    towns = random.sample(communes, 350)
    codes = sorted(rome_titles())
    found: set[str] = set()
    while len(found) < count:
        town = towns[int(random.paretovariate(0.6)) % len(towns)]
        trades = sorted(random.sample(codes, 1 if random.random() < 0.8 else 2))  # noqa: PLR2004  # one in five has two
        found.add(f"{town}|{','.join(f'rome:{code}' for code in trades)}")
    return sorted(found)


def cells(count: int) -> Iterator[tuple[int, str, str, int, bytes | None]]:
    """Partition, view, key, number and row of each cell."""
    random, codec, first = Random(1), Codec(), paris_day(NOW)  # noqa: S311  # a seed
    sessions = count * 3 // 100
    where = places(random, max(1, (count - sessions) // DAYS_OF_A_PLACE))
    ahead = range(-20, 380)
    made = [
        (random.randrange(PARTITIONS), "exits", f"{place}|{first + timedelta(days)}", random.randint(1, 9), None)
        for place in where
        for days in random.sample(ahead, DAYS_OF_A_PLACE)
    ]
    yield from random.sample(made, len(made))
    for number in range(count - len(made)):
        commune, _, trades = random.choice(where).partition("|")
        yield number % PARTITIONS, "sessions", f"intercarif:{number}", random.randint(0, 15), codec.encode(
            SESSION_FACTS, facts(number, commune, trades.split(","), first + timedelta(random.choice(ahead)))
        )  # fmt: skip


def facts(number: int, commune: str, trades: list[str], ends_on: date) -> dict[str, object]:
    """A session's facts."""
    return {
        "session_id": f"intercarif:{number}",
        "title": f"Formation {number % 500}",
        "provider": f"Organisme {number % 90}",
        "commune": commune,
        "postcode": None,
        "place": None,
        "trades": trades,
        "starts_on": ends_on - timedelta(120),
        "ends_on": ends_on,
        "recruitment": "OPEN",
        "seats": 15,
        "seats_basis": "TOTAL",
        "url": f"https://example.org/{number}",
        "sources": ["kairos"],
    }


def fill(kafka: KafkaSettings, count: int) -> None:
    """Write the cells as workers do, but for their transactions."""
    codec, out = Codec(), producer(kafka)
    for partition, view, cell, n, row in cells(count):
        send(out, partition, f"{view}\x1f{cell}", codec.encode(CELL, record(view, cell, n, row)))
    out.flush(60)


def record(view: str, cell: str, n: int, row: bytes | None = None) -> dict[str, object]:
    """A cell as the contract has it."""
    return {"view": view, "cell": cell, "n": n, "as_of": 1, "row": row}


def send(out: Producer, partition: int, key: str, value: bytes) -> None:
    """Produce, with patience for a full queue."""
    while True:
        try:
            out.produce(CELLS, key=key.encode(), value=value, partition=partition)
        except BufferError:
            out.poll(0.1)
        else:
            return


class Measured:
    """A release that runs here, and what its metrics say."""

    def __init__(self, kafka: KafkaSettings, folder: Path, now: datetime) -> None:
        self.now = now
        self.registry = CollectorRegistry()
        settings = StreamSettings(kafka=kafka, data_dir=folder, publish_interval_s=POLL_S, archive_dir=folder / "kept")
        metrics = ReleaseMetrics(self.registry)
        self.archivist = Archivist(settings, Codec(), metrics)
        self.runner = ReleaseRunner(settings, codec=Codec(), clock=lambda: self.now, metrics=metrics, on_failure=print)

    def number(self, name: str, view: str | None = None) -> float:
        """A metric."""
        return self.registry.get_sample_value(name, {"view": view} if view else {}) or 0.0

    def changes(self) -> float:
        """Rows published or withdrawn."""
        return sum(self.number("beffroi_release_changes_total", view) for view in ("exits", "sessions"))

    def caught_up(self) -> float:
        """Start and wait; seconds."""
        began = perf_counter()
        self.runner.start()
        while not self.number("beffroi_release_caught_up"):
            Event().wait(0.01)
        return perf_counter() - began

    def settled(self) -> float:
        """Seconds until nothing was published for a while."""
        began = last = perf_counter()
        before = self.changes()
        while perf_counter() - last < QUIET_S or last == began:
            Event().wait(0.005)
            if self.changes() != before:
                before, last = self.changes(), perf_counter()
        return last - began


def single_changes(kafka: KafkaSettings) -> list[float]:
    """Seconds from a cell's production to the row that a reader of the view gets, one at a time."""
    codec, out = Codec(), producer(kafka, **{"linger.ms": 0})
    consumer = reader(kafka)
    end = consumer.get_watermark_offsets(TopicPartition(VIEW_EXITS, 0), 10)[1]
    consumer.assign([TopicPartition(VIEW_EXITS, 0, end)])
    took = []
    for number in range(CHANGES):
        day = paris_day(NOW) + timedelta(5)
        value = codec.encode(CELL, record("exits", f"62498|rome:N4101|{day}", 1_000 + 50 * number))
        began = perf_counter()
        send(out, 0, f"exits\x1f62498|rome:N4101|{day}", value)
        out.flush(10)
        while not any(message.value() for message in consumer.consume(1, 5) if message.error() is None):
            pass
        took.append(perf_counter() - began)
        while consumer.consume(100, 0.3):
            pass  # the other rows of this change
    consumer.close()
    return took[1:]


def megabytes() -> float:
    """Resident memory."""
    return float(psutil.Process().memory_info().rss) / 1024**2


def measure(bootstrap: str, folder: Path, count: int) -> None:
    """The measured part, in a process of its own."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    spare_the_state()
    kafka = KafkaSettings(bootstrap=bootstrap)
    before = megabytes()
    release = Measured(kafka, folder, NOW)
    spent = process_time()
    took = release.caught_up()
    spent = process_time() - spent
    rows = {view: int(release.number("beffroi_release_rows", view)) for view in ("exits", "sessions")}
    print(f"catch-up: {count:,} cells to {sum(rows.values()):,} rows in {took:.1f} s ({spent:.1f} s of processor)")
    print(f"rows: {rows['exits']:,} of exits, {rows['sessions']:,} of sessions")
    print(f"memory {megabytes():.0f} MB, {before:.0f} MB before")
    single = single_changes(kafka)
    print(f"one change: median {median(single) * 1e3:.1f} ms, worst {max(single) * 1e3:.1f} ms of {len(single)}")
    published = release.changes()
    tomorrow = release.now + timedelta(days=1)
    began, spent = perf_counter(), process_time()
    release.archivist.turn(paris_day(tomorrow))
    took, spent = perf_counter() - began, process_time() - spent
    size = sum(path.stat().st_size for path in folder.glob("kept/*/*.parquet"))
    print(f"archive: the day is kept in {took:.1f} s ({spent:.1f} s of processor), {size / 1e6:.1f} MB")
    release.now, spent = tomorrow, process_time()
    took = release.settled()
    print(
        f"new day: {release.changes() - published:,.0f} rows change in {took:.1f} s, with {QUIET_S} s of watching "
        f"{process_time() - spent:.1f} s of processor"
    )
    now = release.now
    release.runner.stop()
    again = Measured(kafka, folder, now)
    spent = process_time()
    took = again.caught_up()
    spent = process_time() - spent
    print(
        f"restart: {took:.1f} s ({spent:.1f} s of processor) to read cells and rows; {again.changes():.0f} rows change"
    )
    again.runner.stop()


def main() -> None:
    """Start a broker, write the cells, measure, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=1_000_000)
    parser.add_argument("--evidence", action="store_true", help="write docs/evidence/<date>-release.md")
    asked = parser.parse_args()
    report = Report("release", "Release of a catch-up", f"python -m bench.release --cells {asked.cells}")
    report.say(f"{WANTED}\n")
    with broker() as kafka, tempfile.TemporaryDirectory() as folder:
        topics(kafka, "")
        fill(kafka, asked.cells)
        command = [sys.executable, "-m", "bench.release", "--measure", kafka.bootstrap, folder, str(asked.cells)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    for line in done.stdout.splitlines():
        report.say(f"* {line}")
    report.keep(wanted=asked.evidence)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
