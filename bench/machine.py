"""The machine a benchmark runs on: its cores, a broker on its own core, and the report that is printed and kept."""

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

from beffroi.embedded import EmbeddedKafka
from beffroi.embedded.install import KAFKA_VERSION
from beffroi.settings import user_dir
from connectors.kafka import admin
from connectors.kafka.settings import KafkaSettings
from schemas.topics import catalogue

ROOT = Path(__file__).parents[1]
EVIDENCE = ROOT / "docs" / "evidence"
#: What a benchmark fetches once: jars, and the environments of the peers.
CACHE = user_dir("cache", os.environ, sys.platform, Path.home())


@cache
def cores() -> tuple[set[int], set[int]]:
    """The core of what is measured, and those of the broker and of what feeds it; the same where there is only one.

    Of all that this process was given when it asked first: who asks while it is kept on some of them gets the same.
    """
    if not hasattr(os, "sched_getaffinity"):
        return set(), set()
    allowed = sorted(os.sched_getaffinity(0))
    return {allowed[-1]}, set(allowed[:-1] or allowed)


@contextmanager
def on(where: set[int]) -> Iterator[None]:
    """Processes and threads started inside run on these cores alone, where the system knows how."""
    if not where:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, where)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def broker() -> Iterator[KafkaSettings]:
    """An embedded Kafka with empty disks, on the cores that are not measured."""
    with tempfile.TemporaryDirectory(prefix="beffroi-bench-") as folder, on(cores()[1]):
        kafka = EmbeddedKafka(Path(folder), CACHE)
        kafka.start()
        try:
            yield KafkaSettings(bootstrap=kafka.bootstrap)
        finally:
            kafka.stop()


def topics(kafka: KafkaSettings, prefix: str, partitions: int = 4) -> None:
    """Create the whole catalogue under a prefix."""
    wanted = catalogue(partitions, prefix)
    admin.apply(kafka, admin.plan(admin.existing(kafka, [one.name for one in wanted]), wanted), 1)


class Report:
    """Lines for the reader's terminal and, when asked, for ``docs/evidence``.

    Args:
        name: Ends the file's name.
        title: Its first line.
        command: What prints it.
    """

    def __init__(self, name: str, title: str, command: str) -> None:
        self._name = name
        self._head = [f"# {title}", "", f"Written by `{command}`. {about()}", ""]
        self._lines: list[str] = []
        print(f"{title}. {about()}\n")

    def say(self, text: str = "") -> None:
        """One line or paragraph."""
        print(text, flush=True)
        self._lines.append(text)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table; the first column is text, the others figures."""
        marks = ["---", *(["---:"] * (len(head) - 1))]
        for row in ([*head], marks, *rows):
            self.say(f"| {' | '.join(row)} |")
        self.say()

    def keep(self, *, wanted: bool) -> None:
        """Write the file when that is wanted."""
        if wanted:
            EVIDENCE.mkdir(parents=True, exist_ok=True)
            path = EVIDENCE / f"{datetime.now(UTC).date()}-{self._name}.md"
            path.write_text("\n".join([*self._head, *self._lines]).rstrip() + "\n")
            print(f"kept in {path.relative_to(ROOT)}")


def about() -> str:
    """Cores, load, and the versions that matter."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    parts = ("faust-streaming", "aiokafka", "confluent-kafka", "fastavro")
    libraries = ", ".join(f"{name} {version(name)}" for name in parts)
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {_commit()}; {os.cpu_count()} cores of {_processor()}{load} "
        f"at the start; Python {platform.python_version()}, Kafka {KAFKA_VERSION}, {libraries}."
    )


def _commit() -> str:
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or "unknown"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
