"""The roles that one process plays in production: worker, portal, gateway, simulated partners."""

import asyncio
import signal
import sys
import threading
import time
from collections.abc import Coroutine
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import structlog
from prometheus_client import CollectorRegistry

from beffroi import compose
from beffroi.settings import Settings
from connectors.inbox import Settled, one_inbox
from connectors.pollers import Swept
from monitoring.inbox import InboxHealth
from monitoring.logs import configure
from monitoring.serve import serve
from monitoring.watch import WatchHealth
from schemas.clock import Clock, system_clock


def configure_logs(settings: Settings) -> None:
    """Logs as the operator asked: JSON for machines, lines for people at a terminal."""
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    configure(settings.log_level, json=as_json)


def run_worker_role(settings: Settings, clock: Clock = system_clock) -> None:
    """Run one worker until it is told to stop; see ``streams.worker.run_worker`` for the exit codes."""
    from monitoring.release import ReleaseMetrics
    from monitoring.streams import StreamMetrics, WorkerHealth
    from streams.worker import run_worker

    configure_logs(settings)
    registry = CollectorRegistry()
    health = WorkerHealth(time.monotonic)
    cluster = compose.kafka(settings, compose.ROLE_PATIENCE_S)
    server = serve(settings.worker_host, settings.worker_port, registry, health.report)
    structlog.get_logger(__name__).info("worker metrics served", host=settings.worker_host, port=server.port)
    run_worker(
        compose.stream_settings(settings, cluster),
        metrics=StreamMetrics(registry),
        release_metrics=ReleaseMetrics(registry),
        health=health,
        clock=clock,
    )


def run_portal_role(settings: Settings) -> None:
    """Run the portal until it is told to stop."""
    from portal.app import run_portal

    configure_logs(settings)
    run_portal(compose.portal_settings(settings, compose.kafka(settings, compose.ROLE_PATIENCE_S)))


def run_gateway_role(settings: Settings) -> None:
    """Run the gateway until it is told to stop."""
    from connectors.gateway import run_gateway

    configure_logs(settings)
    cluster = compose.kafka(settings, compose.ROLE_PATIENCE_S)
    run_gateway(compose.gateway_settings(settings, cluster), compose.intake(settings, cluster))


def run_simulator_role(
    settings: Settings, *, seed: int, pause_s: float, steps: int | None, scale: float, folder: Path | None
) -> None:
    """Play the partners of an invented region until it is told to stop."""
    from beffroi.simulator.play import deliveries, make_region, simulate

    configure_logs(settings)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    intake = compose.intake(settings, compose.kafka(settings, compose.ROLE_PATIENCE_S))
    region = make_region(seed, compose.territory(settings), scale, system_clock)
    files = deliveries(region, folder or settings.data_dir / "simulated", system_clock)
    simulate(intake, files, steps=steps, pause_s=pause_s, wait=stop.wait)


def run_poll_role(settings: Settings, source: str, *, every: timedelta | None, confirm: bool) -> Swept | None:
    """Poll a source once, or until it is told to stop; gives how the one sweep ended.

    Raises:
        BeffroiError: A sweep failed; with ``every`` only one that waiting does not mend.
    """
    configure_logs(settings)
    registry = CollectorRegistry()
    poller = compose.poller(settings, source, registry, confirm=confirm)
    if every is None:
        return asyncio.run(poller.once())
    server = serve(settings.poll_host, settings.poll_port, registry, poller.health.report)
    structlog.get_logger(__name__).info("poller metrics served", host=settings.poll_host, port=server.port)
    asyncio.run(_until_told(poller.always(every)))
    return None


def run_inbox_role(
    settings: Settings, root: Path, *, once: bool, confirm: str | None
) -> tuple[list[Settled], set[tuple[str, str]]]:
    """Take files that arrive until it is told to stop, or once; gives what became of them and what stays in its place.

    Raises:
        BeffroiError: Something that concerns every file; with ``once`` and ``confirm`` also that Kafka does not answer.
    """
    configure_logs(settings)
    registry, health = CollectorRegistry(), InboxHealth()
    inbox = compose.inbox(settings, root, registry, health)
    stop, woken = threading.Event(), threading.Event()

    def end(*_: object) -> None:
        stop.set()
        woken.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    if confirm is not None:
        return [inbox.confirm(confirm)], set()
    with one_inbox(compose.inbox_locks(settings), root):
        if once:
            return inbox.once(stop), inbox.obstacles
        server = serve(settings.inbox_host, settings.inbox_port, registry, health.report)
        structlog.get_logger(__name__).info("inbox metrics served", host=settings.inbox_host, port=server.port)
        inbox.always(stop, woken)
        server.stop()
    return [], set()


def run_watch_role(settings: Settings) -> None:
    """Watch over sources and quarantine until it is told to stop."""
    configure_logs(settings)
    registry, health, stop = CollectorRegistry(), WatchHealth(time.monotonic), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    watch = compose.watch(settings, registry, health)
    server = serve(settings.watch_host, settings.watch_port, registry, health.report)
    structlog.get_logger(__name__).info("watch metrics served", host=settings.watch_host, port=server.port)
    watch.always(stop)
    server.stop()


async def _until_told(work: Coroutine[object, object, NoReturn]) -> None:
    """Work until SIGTERM or SIGINT; what is being published then is published whole."""
    task = asyncio.ensure_future(work)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task
