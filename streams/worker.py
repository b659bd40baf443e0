"""One worker process, from its start to its end."""

import os
import signal
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Final

import faust
import structlog

from connectors.kafka import registry
from monitoring.release import ReleaseMetrics
from monitoring.streams import StreamMetrics, WorkerHealth
from schemas.clock import Clock, system_clock
from schemas.topics import TRAINING_EVENTS
from streams.agents import preflight
from streams.agents.election import ReleaseRole
from streams.agents.ending import EXIT_REBUILD, die, leave_within
from streams.agents.generations import GenerationWatch
from streams.agents.release import ReleaseRunner
from streams.agents.shell import Shell
from streams.agents.watchdog import Watchdog
from streams.app import create_app
from streams.memory import keep_on_huge_pages, spare_the_state
from streams.settings import StreamSettings
from streams.training import training_domain

#: Threads write while the event loop takes events in. Python's own 5 ms is how long each of their many small steps
#: would wait for the other; a hundred milliseconds is all that a flush has.
SWITCH_S: Final = 0.001

#: As long as a worker may take to write what it has and to leave its group; whoever stops it waits ten seconds at the
#: least (``docker stop``), or ninety (systemd).
LEAVING_S: Final = 20.0

log = structlog.get_logger(__name__)


class _Worker(faust.Worker):
    """Faust's, with an end to its stopping."""

    def _schedule_shutdown(self, signal: signal.Signals) -> None:
        leave_within(LEAVING_S, self.loop)
        super()._schedule_shutdown(signal)


def _release_failed(error: BaseException) -> None:
    die("the release failed", error)


def run_worker(
    settings: StreamSettings, *, metrics: StreamMetrics, release_metrics: ReleaseMetrics, health: WorkerHealth,
    clock: Clock = system_clock, release: Callable[[], ReleaseRole] | None = None,
) -> None:  # fmt: skip
    """Run one worker until SIGTERM or SIGINT; does not return.

    Args:
        settings: Of this worker.
        metrics: What Prometheus reads.
        release_metrics: The same for the release.
        health: What ``/health`` says.
        clock: For instants in records.
        release: Makes the release role; the real one when left out.

    Exit codes: 0 after a signal; 70 when state must be rebuilt (fenced, broker lost, not stopped in time) and 75 when
    it made no progress: start it again. 78 when the cluster's topics are not what they must be, or its state is of a
    time to come: the error says what to do.
    """
    codec = registry.codec(settings.kafka)
    settings = preflight.inspect(settings, codec)
    spare_the_state()
    keep_on_huge_pages()
    sys.setswitchinterval(SWITCH_S)
    shell = Shell(settings, training_domain(settings, codec), codec=codec, clock=clock, metrics=metrics, health=health)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="worker-", dir=settings.data_dir) as folder:
        app = create_app(
            settings,
            shell,
            release
            or partial(
                ReleaseRunner,
                settings,
                codec=codec,
                clock=clock,
                metrics=release_metrics,
                on_failure=_release_failed,
            ),
            metrics=metrics,
            health=health,
            folder=Path(folder),
        )
        Watchdog(
            settings.kafka, settings.prefix + TRAINING_EVENTS, shell.checkpoints,
            patience_s=settings.stuck_after_s, now=monotonic,
        ).start()  # fmt: skip
        watch = GenerationWatch(settings, codec)
        watch.start()
        worker = _Worker(app, loglevel=None, override_logging=False, redirect_stdouts=False, quiet=True)
        log.info("worker starts", brokers=settings.kafka.bootstrap, generation=settings.generation)
        try:
            worker.execute_from_commandline()
        finally:
            if watch.moved.is_set():
                os._exit(EXIT_REBUILD)
