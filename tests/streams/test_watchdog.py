"""A worker that hangs ends itself; one that has nothing to do, or whose broker is away, does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.kafka.settings import KafkaSettings
from connectors.kafka.stuck import Progress
from streams.agents.watchdog import EXIT_STUCK
from tests.journal import Journal


def test_only_waiting_input_without_progress_is_stuck() -> None:
    progress: Progress[int] = Progress(60)
    assert progress.stuck(0, {0: 5, 1: 5}, {0: 9, 1: 5}) == {}
    assert progress.stuck(59, {0: 5, 1: 5}, {0: 9, 1: 5}) == {}
    assert progress.stuck(61, {0: 5, 1: 5}, {0: 9, 1: 5}) == {0: 61}


def test_progress_an_unknown_end_and_a_lost_partition_begin_anew() -> None:
    progress: Progress[int] = Progress(60)
    progress.stuck(0, {0: None}, {0: 9})
    assert progress.stuck(50, {0: 3}, {0: 9}) == {}
    assert progress.stuck(100, {0: 3}, {0: 9}) == {}
    assert progress.stuck(105, {0: 3}, {}) == {}  # the broker is away
    assert progress.stuck(130, {0: 3}, {0: 9}) == {}
    assert progress.stuck(150, {}, {}) == {}  # given back
    assert progress.stuck(200, {0: 3}, {0: 9}) == {}
    assert progress.stuck(261, {0: 3}, {0: 9}) == {0: 61}


HANGING = """
import sys, threading, time
from collections.abc import Callable
from pathlib import Path
from prometheus_client import CollectorRegistry
from connectors.kafka.settings import KafkaSettings
from monitoring.logs import configure
from monitoring.release import ReleaseMetrics
from monitoring.streams import StreamMetrics, WorkerHealth
from streams.agents.shell import Shell
from streams.settings import StreamSettings
from streams.worker import run_worker

def hang(*_):
    threading.Event().wait(3600)  # the loop itself stands still: only a thread can notice

Shell.apply = hang
configure("INFO", json=True)
settings = StreamSettings(
    kafka=KafkaSettings(bootstrap=sys.argv[1]), prefix=sys.argv[2], data_dir=Path(sys.argv[3]), stuck_after_s=3
)
registry = CollectorRegistry()
run_worker(
    settings, metrics=StreamMetrics(registry), release_metrics=ReleaseMetrics(registry),
    health=WorkerHealth(time.monotonic),
)
"""


@pytest.mark.kafka
def test_a_worker_whose_loop_hangs_says_why_and_ends(kafka: KafkaSettings, topics: str, tmp_path: Path) -> None:
    Journal(kafka, topics, 5).send(200)
    done = subprocess.run(
        [sys.executable, "-c", HANGING, kafka.bootstrap, topics, str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=False, env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode == EXIT_STUCK
    assert "no progress although input waits" in done.stderr
