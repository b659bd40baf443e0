"""From a partner's publication to what readers see: milliseconds, at a steady rate, with a worker that also releases.

Usage: ``python -m bench.latency [--rates 1000 20000] [--seconds N] [--evidence]``

A background of corrections flows at the rate. Ten times a second a probe is published: five persons of a session of its
own commune finish on a day, and so a row of ``view.exits.v1`` that nobody else touches changes. The time runs from the
probe's ``produce`` to the moment a ``read_committed`` consumer holds the row. The worker has a core, the broker, the
load and the reader share the others.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from bench.events import PEOPLE, Region
from bench.machine import ROOT, Report, broker, cores, on, topics
from connectors.kafka.clients import producer, reader
from connectors.kafka.reading import at_end
from connectors.kafka.settings import KafkaSettings
from schemas.clock import paris_day, system_clock
from schemas.codec import Codec
from schemas.contracts import TRAINING_ENROLMENT, TRAINING_SESSION
from schemas.territory.areas import Territory
from schemas.topics import TRAINING_EVENTS, VIEW_EXITS

PROBE_EVERY_S = 0.1
#: A step of the load: so many times a second, a part of the rate.
STEPS = 50
THINGS = 100_000
#: A count of persons shows in steps of five.
GROUP = 5
WANTED_MS = {1_000: 250, 20_000: 500}
#: The load flows for so long before the first probe: a rate is steady when its beginning was worked off.
WARM_UP_S = 5.0
#: The load lasts for so long after the last probe; said a second time, an event would change nothing.
SPARE_S = 10.0
_PATIENCE_S = 60.0
_NO_COORDINATOR_YET = {
    KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
}  # fmt: skip


class Probes:
    """Publishes probes and says which row each of them changes.

    Args:
        kafka: The broker.
        prefix: Of the topics.
        today: The day it is; probes count in ``P30D``.
    """

    def __init__(self, kafka: KafkaSettings, prefix: str, today: date) -> None:
        self._producer = producer(kafka, **{"linger.ms": 0})
        self._topic = prefix + TRAINING_EVENTS
        self._codec = Codec()
        self._day = today + timedelta(days=7)
        self._communes = sorted(one.code for one in Territory.load().communes)[-1_500:]
        self.sent: dict[str, float] = {}

    def send(self, number: int) -> None:
        """One probe: a session in a commune of its own, and five persons."""
        commune, root = self._communes[number], f"intercarif:PR_{number:010d}"
        common = {
            "session_id": root, "source": "probe", "version": 1, "occurred_at": datetime(2026, 11, 23, tzinfo=UTC),
        }  # fmt: skip
        place = {"commune": {"code": commune}, "postcode": None, "label": None}
        session = {**common, "source_key": root, "place": place, "rome_codes": ["N4101"], "ends_on": self._day}
        people = [
            {**common, "source_key": f"{root}/{one}", "person": f"{number:016x}{one:016x}", "status": "ENTERED"}
            for one in range(GROUP)
        ]
        wires = [self._codec.encode(TRAINING_SESSION, session)]
        wires += [self._codec.encode(TRAINING_ENROLMENT, one) for one in people]
        self.sent[f"commune:{commune}|all|P30D"] = time.perf_counter()
        for wire in wires:
            self._producer.produce(self._topic, key=root.encode(), value=wire)
        self._producer.poll(0)


class Reader:
    """Notes when the row of each probe can be read.

    Args:
        kafka: The broker.
        prefix: Of the topics.
    """

    def __init__(self, kafka: KafkaSettings, prefix: str) -> None:
        self._consumer = reader(kafka, **{"fetch.wait.max.ms": 5})
        self._consumer.assign([TopicPartition(prefix + VIEW_EXITS, 0, 0)])
        self.seen: dict[str, float] = {}
        self.rows = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            for message in self._consumer.consume(1_000, 0.005):
                if not at_end(message) and message.error() is None:
                    self.rows += 1
                    self.seen.setdefault((message.key() or b"").decode(), time.perf_counter())

    def close(self) -> None:
        """Cease."""
        self._stop.set()
        self._thread.join()
        self._consumer.close()


@contextmanager
def worker(kafka: KafkaSettings, prefix: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``beffroi worker`` with its release, on the measured core."""
    names = {"KAFKA": kafka.bootstrap, "TOPIC_PREFIX": prefix, "DATA_DIR": str(folder), "WORKER_PORT": "0"}
    environment = os.environ | {f"BEFFROI_{name}": value for name, value in names.items()}
    with on(cores()[0]), (folder / "worker.log").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "beffroi", "worker"], cwd=ROOT, env=environment, stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def load(kafka: KafkaSettings, topic: str, values: list[tuple[bytes, bytes]], rate: int, stop: threading.Event) -> None:
    """Publish these events at a rate, until told to stop; from the first again should they end."""
    sender: Producer = producer(kafka, **{"linger.ms": 5, "queue.buffering.max.messages": 500_000})
    step, at = rate // STEPS, 0
    due = time.perf_counter()
    while not stop.wait(max(0.0, due - time.perf_counter())):
        due += 1 / STEPS
        for key, value in values[at : at + step]:
            sender.produce(topic, key=key, value=value)
        at = (at + step) % (len(values) - step)
        sender.poll(0)
    sender.flush(30)


def caught_up(kafka: KafkaSettings, prefix: str, events: int) -> None:
    """Wait until the worker has written what was published before the measure."""
    consumer = reader(kafka, **{"group.id": "beffroi" + prefix})
    where = [TopicPartition(prefix + TRAINING_EVENTS, number) for number in range(4)]
    pause, deadline = threading.Event(), time.monotonic() + 4 * _PATIENCE_S
    while _committed(consumer, where) < events:
        if pause.wait(0.5) or time.monotonic() > deadline:
            raise TimeoutError("the worker did not catch up")
    consumer.close()


def _committed(consumer: Consumer, where: list[TopicPartition]) -> int:
    """Events before the group's offsets; none while its coordinator is being found."""
    try:
        return sum(max(one.offset, 0) for one in consumer.committed(where, 60))
    except KafkaException as error:
        if error.args[0].code() not in _NO_COORDINATOR_YET:
            raise
        return 0


def measure(kafka: KafkaSettings, prefix: str, rate: int, seconds: int, folder: Path) -> tuple[list[float], int]:
    """Milliseconds of each probe, sorted; and how many rows were published meanwhile."""
    topics(kafka, prefix)
    flowing = round(rate * (WARM_UP_S + seconds + SPARE_S))
    values = [(one.key, one.value) for one in Region(THINGS, THINGS + flowing).events()]
    sender = producer(kafka)
    for key, value in values[:THINGS]:
        sender.produce(prefix + TRAINING_EVENTS, key=key, value=value)
        sender.poll(0)
    sender.flush(60)
    with worker(kafka, prefix, folder):
        caught_up(kafka, prefix, THINGS)
        found, stop = Reader(kafka, prefix), threading.Event()
        feeding = threading.Thread(target=load, args=(kafka, prefix + TRAINING_EVENTS, values[THINGS:], rate, stop))
        feeding.start()
        probes = Probes(kafka, prefix, paris_day(system_clock()))
        pace = threading.Event()
        pace.wait(WARM_UP_S)
        rows = found.rows
        for number in range(int(seconds / PROBE_EVERY_S)):
            probes.send(number)
            pace.wait(PROBE_EVERY_S)
        deadline = time.monotonic() + _PATIENCE_S
        while probes.sent.keys() - found.seen.keys() and time.monotonic() < deadline:
            pace.wait(0.1)
        stop.set()
        feeding.join()
        found.close()
    if lost := probes.sent.keys() - found.seen.keys():
        raise TimeoutError(f"{len(lost)} of {len(probes.sent)} probes were not seen within {_PATIENCE_S:.0f} s")
    took = sorted((found.seen[key] - at) * 1_000 for key, at in probes.sent.items())
    return took, found.rows - rows


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", type=int, nargs="+", default=list(WANTED_MS))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--evidence", action="store_true", help="write docs/evidence/<date>-latency.md")
    asked = parser.parse_args()
    report = Report(
        "latency", "Latency from publication to published view", f"python -m bench.latency --seconds {asked.seconds}"
    )
    rows = []
    with broker() as kafka:
        for rate in asked.rates:
            with tempfile.TemporaryDirectory() as folder:
                took, released = measure(kafka, f"at{rate}.", rate, asked.seconds, Path(folder))
            p50, p95, p99 = (took[min(len(took) - 1, int(len(took) * part))] for part in (0.5, 0.95, 0.99))
            wanted = f"≤ {WANTED_MS[rate]}" if rate in WANTED_MS else ""
            rows.append(
                [f"{rate:,}", f"{p50:.0f}", f"{p95:.0f}", f"{p99:.0f}", f"{took[-1]:.0f}", wanted, f"{released:,}"]
            )
    report.table(
        ["events/s", "p50 ms", "p95 ms", "p99 ms", "longest ms", "wanted p99", "rows released meanwhile"], rows
    )
    report.say(
        f"{int(asked.seconds / PROBE_EVERY_S)} probes each, over a state of {THINGS:,} things ({PEOPLE} persons to a "
        "session); the worker holds the release too."
    )
    report.keep(wanted=asked.evidence)


if __name__ == "__main__":
    main()
