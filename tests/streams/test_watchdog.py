"""A worker that hangs ends itself; one that has nothing to do, or whose broker is away, does not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.kafka.settings import KafkaSettings
from streams.agents.watchdog import EXIT_STUCK, Progress
from tests.journal import Journal


def test_only_waiting_input_without_progress_is_stuck() -> None:
    progress = Progress(60)
    assert progress.stuck(0, {0: 5, 1: 5}, {0: 9, 1: 5}) == {}
    assert progress.stuck(59, {0: 5, 1: 5}, {0: 9, 1: 5}) == {}
    assert progress.stuck(61, {0: 5, 1: 5}, {0: 9, 1: 5}) == {0: 61}


def test_progress_an_unknown_end_and_a_lost_partition_begin_anew() -> None:
    progress = Progress(60)
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
import streams.agents.cells
from streams.agents.shell import Shell
from streams.settings import StreamSettings
from streams.worker import run_worker

def loop_stands_still():
    Shell.apply = lambda *_: threading.Event().wait(3600)  # only a thread can notice

def release_hears_nothing():
    class Deaf:
        def __init__(self, *_):
            self.assign = self.close = lambda *_: None
        def consume(self, _, wait):
            threading.Event().wait(wait)
            return []
    streams.agents.cells.reader = Deaf

{"loop": loop_stands_still, "release": release_hears_nothing}[sys.argv[4]]()
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
@pytest.mark.parametrize(("what", "topic"), [("loop", "training.events.v1"), ("release", "cells.v1")])
def test_a_worker_that_hangs_says_where_and_ends(
    kafka: KafkaSettings, topics: str, tmp_path: Path, what: str, topic: str
) -> None:
    Journal(kafka, topics, 5).send(200)
    done = subprocess.run(
        [sys.executable, "-c", HANGING, kafka.bootstrap, topics, str(tmp_path), what],
        capture_output=True, text=True, timeout=60, check=False, env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode == EXIT_STUCK
    said = next(json.loads(line) for line in done.stderr.splitlines() if "no progress although input waits" in line)
    assert said["topic"] == topics + topic
