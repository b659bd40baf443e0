"""Catching up with a backlog, one core: Beffroi's worker beside its peers, same topic, same work, in turns.

Usage: ``python -m bench.throughput [--events N] [--rounds N] [--peers] [--evidence]``

Without ``--peers``: the worker and the plain loop. Every engine's cells are compared with a naive count.
"""

import argparse
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median

from confluent_kafka.admin import AdminClient

from bench.events import Region, publish
from bench.machine import Report, broker, topics
from bench.peerage import Job, kafka_streams, plain_loop, python_peer
from bench.running import Run, WorkerProcess
from connectors.kafka.settings import KafkaSettings
from schemas.topics import TRAINING_EVENTS, catalogue

US = "Beffroi, durable"
PLAIN = "plain confluent-kafka, fastavro, dictionary; keeps nothing"
QUIX = "Quix Streams 3.28, State with changelog"
STREAMS = "Kafka Streams 4.3, in memory, cache 0, warm"
STOCK = "stock Faust 0.15, two tables"
#: Ours divided by theirs.
WANTED = {QUIX: 3.0, STREAMS: 1.5, STOCK: 20.0, PLAIN: 0.9}
#: Stock Faust is slow: it gets fewer events of the same kind.
SAMPLE = 20_000
NOTES = f"""\
What differs between the engines, to the peers' favour: ours also decides between equal versions, merges sources,
counts persons of headcounts, lets sessions move, keeps the rows of the view of sessions, and writes winners, partial
counts and its position in one transaction; the peers count persons by (commune, trade, day) of sessions that never
move. Kafka Streams reads Avro by hand and forwards only changes; it is at least once. To ours: it writes a backlog
every ten seconds, Kafka Streams commits each second (its default is 30 s) and writes its changelogs all the while.
Quix and stock Faust keep their counts by session, which spares them a repartition; the clock of Quix stops before its
last commit. Stock Faust gets {SAMPLE:,} events of the same kind on a topic of their own. The clock runs from an
engine's first record (ours: from the moment its first partition is taken over) to its last, ours to the commit of its
last transaction."""


def beffroi(kafka: KafkaSettings, prefix: str, events: int, folder: Path) -> Run:
    """The worker on topics without any state."""
    worker = WorkerProcess(kafka, prefix, folder)
    try:
        worker.until(events)
    finally:
        worker.stop()
    run = worker.run()
    forget(kafka, prefix)
    return run


def forget(kafka: KafkaSettings, prefix: str) -> None:
    """Empty everything but the events, so that the next worker begins from nothing; then they are there again."""
    client = AdminClient({"bootstrap.servers": kafka.bootstrap})
    names = {one.name for one in catalogue(4, prefix)} - {prefix + TRAINING_EVENTS}
    gone = client.delete_topics(list(names), request_timeout=60)
    left = client.delete_consumer_groups(["beffroi" + prefix], request_timeout=60)
    for done in (*gone.values(), *left.values()):
        done.result()
    pause = threading.Event()
    while names & set(client.list_topics(timeout=10).topics):
        pause.wait(0.1)
    topics(kafka, prefix)


class Field:
    """All engines on one topic.

    Args:
        kafka: The broker.
        events: In the topic.
        folder: For jobs and notes.
    """

    def __init__(self, kafka: KafkaSettings, events: int, folder: Path) -> None:
        self._kafka = kafka
        self._folder = folder
        self._events = events
        self._round = 0
        self._expected: dict[str, Counter[str]] = {}
        for prefix, count in (("all.", events), ("some.", SAMPLE)):
            topics(kafka, prefix)
            self._expected[prefix] = publish(kafka, prefix + TRAINING_EVENTS, Region(count // 10, count))

    def job(self, prefix: str, events: int) -> Job:
        """A job on one of the topics."""
        return Job(self._kafka, prefix + TRAINING_EVENTS, events, self._folder)

    def engines(self, *, peers: bool) -> dict[str, Callable[[], Run | None]]:
        """What runs in each round, in this order."""
        whole = self.job("all.", self._events)
        found: dict[str, Callable[[], Run | None]] = {
            US: lambda: beffroi(self._kafka, "all.", self._events, self._folder),
            PLAIN: lambda: plain_loop(whole),
        }
        if peers:
            found[QUIX] = lambda: python_peer("quix", whole)
            found[STREAMS] = lambda: kafka_streams(whole)
            found[STOCK] = lambda: python_peer("stock_faust", self.job("some.", SAMPLE))
        return found

    def differing(self, name: str, run: Run) -> int:
        """Cells that an engine counted otherwise than the naive count."""
        expected = self._expected["some." if name == STOCK else "all."]
        return sum(expected[cell] != run.cells[cell] for cell in {*expected, *run.cells})


def measure(field: Field, report: Report, rounds: int, *, peers: bool) -> dict[str, list[Run]]:
    """Every engine once a round."""
    runs: dict[str, list[Run]] = {}
    for number in range(1, rounds + 1):
        for name, engine in field.engines(peers=peers).items():
            run = engine()
            if run is None:
                report.say(f"{name}: no JDK: left out")
                continue
            print(f"round {number}: {name}: {run.rate:,.0f} events/s, {run.cost_us:.2f} µs of its core an event")
            if wrong := field.differing(name, run):
                raise AssertionError(f"{name} counted {wrong} cells otherwise than the naive count")
            runs.setdefault(name, []).append(run)
    return runs


def tell(report: Report, runs: dict[str, list[Run]]) -> None:
    """Medians and ratios."""
    rate = {name: median(run.rate for run in found) for name, found in runs.items()}
    cost = {name: median(run.cost_us for run in found) for name, found in runs.items()}
    report.table(
        ["engine", "events/s", "all rounds", "µs of its core an event", "ours / theirs", "by core time", "wanted"],
        [
            [
                name, f"{rate[name]:,.0f}", " ".join(f"{run.rate:,.0f}" for run in runs[name]), f"{cost[name]:.2f}",
                f"{rate[US] / rate[name]:.2f}", f"{cost[name] / cost[US]:.2f}",
                f"≥ {WANTED[name]}" if name in WANTED else "≥ 100,000 events/s",
            ]
            for name in runs
        ],
    )  # fmt: skip
    report.say("Cells that differ from a naive count: 0 in every run.\n")
    report.say(NOTES)


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", action="store_true", help="also Quix Streams, Kafka Streams and stock Faust")
    parser.add_argument("--evidence", action="store_true", help="write docs/evidence/<date>-throughput.md")
    asked = parser.parse_args()
    command = f"python -m bench.throughput --events {asked.events} --rounds {asked.rounds}{' --peers' * asked.peers}"
    report = Report("throughput", "Throughput of a catch-up on one core", command)
    report.say(
        f"{asked.events:,} TrainingEnrolment and TrainingSession events in 4 partitions, {asked.events // 10:,} "
        "entities, 30 % corrections, 5 % late; the engine pinned to one core, the broker to the others; medians, in "
        "turns.\n"
    )
    with broker() as kafka, tempfile.TemporaryDirectory() as folder:
        field = Field(kafka, asked.events, Path(folder))
        tell(report, measure(field, report, asked.rounds, peers=asked.peers))
    report.keep(wanted=asked.evidence)


if __name__ == "__main__":
    main()
