"""How fast ``kairos-csv`` files are taken: rows/s, seconds and peak memory against a real broker.

Usage: ``python bench/publish_kairos.py [ROWS]`` (100,000). The file is invented and seeded; the measured process is
pinned to one core where the system allows it.
"""

import os
import resource
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

from beffroi.embedded import EmbeddedKafka
from beffroi.settings import user_dir
from beffroi.simulator import write_region
from connectors.intake import Intake
from connectors.kafka import admin
from connectors.kafka.settings import KafkaSettings
from connectors.privacy import Pseudonymiser
from connectors.report import render
from schemas.clock import system_clock
from schemas.territory.areas import Territory
from schemas.topics import catalogue

DAY = date(2026, 11, 23)


def publish(bootstrap: str, path: Path) -> None:
    """The measured part, in a process of its own."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    intake = Intake(
        KafkaSettings(bootstrap=bootstrap),
        prefix="",
        pseudonyms=Pseudonymiser(b"bench"),
        territory=Territory.load(),
        clock=system_clock,
    )
    print(render(intake.publish_file(path, "kairos-csv", as_of=datetime(2026, 11, 23, tzinfo=UTC))))
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    print(f"peak memory {kilobytes / 1024:.0f} MB")


def main(rows: int) -> None:
    """Start a broker, write the file, publish it."""
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {rows:,} rows")
    with tempfile.TemporaryDirectory() as folder:
        cache = user_dir("cache", os.environ, sys.platform, Path.home())
        path = write_region(Path(folder) / "files", seed=1, today=DAY, rows=rows, territory=Territory.load())
        with EmbeddedKafka(Path(folder) / "kafka", cache) as kafka:
            settings = KafkaSettings(bootstrap=kafka.bootstrap)
            admin.apply(settings, admin.plan({}, catalogue(4)), 1)
            subprocess.run([sys.executable, __file__, "--measure", kafka.bootstrap, str(path)], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        publish(sys.argv[2], Path(sys.argv[3]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
