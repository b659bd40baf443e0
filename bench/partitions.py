"""What many partitions in one worker cost: transactions at once, threads, memory, with 4, 24 and 48 of them.

Usage: ``python -m bench.partitions [--counts 4 24 48] [--flushes N] [--evidence]``

The shell of a worker holds all partitions of its topics; before each flush every partition takes in 20 corrections, ten
times a second. Times are those of the whole flush: all partitions, each in its transaction.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import monotonic, perf_counter, process_time

import psutil
from prometheus_client import CollectorRegistry

from bench.events import Region
from bench.machine import Report, broker, cores, on, topics
from connectors.kafka.partitioning import partition_for
from connectors.kafka.settings import KafkaSettings
from monitoring.streams import StreamMetrics, WorkerHealth
from schemas.clock import system_clock
from schemas.codec import Codec
from streams.agents.shell import Shell
from streams.fetching import Batch
from streams.memory import spare_the_state
from streams.settings import StreamSettings
from streams.training import training_domain

EACH = 20
THINGS = 20_000


@dataclass(frozen=True, slots=True)
class Record:
    """A record at its offset."""

    offset: int
    value: bytes


async def measure(shell: Shell, count: int, flushes: int) -> dict[str, float]:
    """Take over, then feed and flush again and again."""
    process = psutil.Process()
    before, threads = process.memory_info().rss, process.num_threads()
    began = perf_counter()
    await shell.take_over(set(range(count)), 1)
    opened = perf_counter() - began
    number_of = cache(lambda key: partition_for(key, count))
    waiting, ends = [list[Record]() for _ in range(count)], [0] * count
    for event in Region(THINGS, THINGS + count * EACH * flushes * 2).events():
        number = number_of(event.key)
        waiting[number].append(Record(ends[number], event.value))
        ends[number] += 1
    took, used, started = list[float](), process_time(), perf_counter()
    for turn in range(flushes):
        for number, records in enumerate(waiting):
            shell.apply(Batch(number, records[turn * EACH : (turn + 1) * EACH], 1), 1)
        began = perf_counter()
        await shell.flush()
        took.append(perf_counter() - began)
        await asyncio.sleep(max(0.0, 0.1 - took[-1]))
    share = (process_time() - used) / (perf_counter() - started)
    took.sort()
    return {
        "open": opened, "p50": took[flushes // 2], "p99": took[int(flushes * 0.99)], "share": share,
        "threads": (process.num_threads() - threads) / count, "bytes": (process.memory_info().rss - before) / count,
    }  # fmt: skip


def child(bootstrap: str, count: int, flushes: int) -> None:
    """One measure, in a process of its own."""
    spare_the_state()
    codec = Codec()
    with tempfile.TemporaryDirectory() as folder:
        settings = StreamSettings(kafka=KafkaSettings(bootstrap=bootstrap), prefix=f"of{count}.", data_dir=Path(folder))
        shell = Shell(
            settings, training_domain(settings, codec), codec=codec, clock=system_clock,
            metrics=StreamMetrics(CollectorRegistry()), health=WorkerHealth(monotonic),
        )  # fmt: skip
        print(json.dumps(asyncio.run(measure(shell, count, flushes))), flush=True)
    os._exit(0)  # nothing of it is kept


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[4, 24, 48])
    parser.add_argument("--flushes", type=int, default=300)
    parser.add_argument("--evidence", action="store_true", help="write docs/evidence/<date>-partitions.md")
    asked = parser.parse_args()
    command = f"python -m bench.partitions --flushes {asked.flushes}"
    report = Report("partitions", "Many partitions in one worker", command)
    rows = []
    with broker() as kafka:
        for count in asked.counts:
            topics(kafka, f"of{count}.", count)
            arguments = ["--child", kafka.bootstrap, str(count), str(asked.flushes)]
            with on(cores()[0]):
                done = subprocess.run(
                    [sys.executable, "-m", "bench.partitions", *arguments], capture_output=True, text=True, check=True
                )
            found = json.loads(done.stdout.splitlines()[-1])
            rows.append([
                str(count), f"{found['open']:.2f}", f"{found['p50'] * 1e3:.0f}", f"{found['p99'] * 1e3:.0f}",
                f"{found['share']:.0%}", f"{found['threads']:.1f}", f"{found['bytes'] / 2**20:.2f}",
            ])  # fmt: skip
            print(*rows[-1])
    head = ["partitions", "take-over s", "flush p50 ms", "flush p99 ms", "of one core", "threads each", "MB each"]
    report.table(head, rows)
    report.say(
        f"{asked.flushes} flushes, ten a second, {EACH} events a partition in each; a flush is one transaction a "
        "partition, all at once. Memory holds the partition's share of the events too, which are made beforehand."
    )
    report.keep(wanted=asked.evidence)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
