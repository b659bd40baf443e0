"""The roles that one process plays in production: worker, portal, gateway, simulated partners."""

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import nullcontext, suppress
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import NoReturn

import structlog
from prometheus_client import CollectorRegistry

from beffroi import compose
from beffroi.settings import ENV_PREFIX, Settings
from connectors.failures import GATEWAY
from connectors.inbox import OUTCOMES, Settled, one_inbox
from connectors.pollers import Swept
from monitoring.inbox import InboxHealth, InboxMetrics
from monitoring.logs import configure
from monitoring.relay import RelayHealth
from monitoring.serve import HealthReport, MonitoringServer, Place, on_end, serve
from monitoring.threads import end_with_any_thread
from monitoring.watch import WatchHealth
from schemas.clock import Clock, system_clock


def configure_logs(settings: Settings) -> None:
    """Logs as the operator asked: JSON for machines, lines for people at a terminal; no thread ends unnoticed."""
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    configure(settings.log_level, json=as_json)
    end_with_any_thread()


def _monitored(settings: Settings, role: str, registry: CollectorRegistry, health: HealthReport) -> MonitoringServer:
    """Serve a role's metrics and health where the settings ``<role>_host`` and ``<role>_port`` say."""
    host, port = getattr(settings, f"{role}_host"), getattr(settings, f"{role}_port")
    server = serve(Place(f"{role}'s monitoring", f"{ENV_PREFIX}{role.upper()}_PORT", host, port), registry, health)
    structlog.get_logger(__name__).info("metrics served", role=role, host=host, port=server.port)
    return server


def _always(
    settings: Settings, role: str, health: HealthReport, make: Callable[[CollectorRegistry], Callable[[Event], None]]
) -> None:
    """Do a role's work, with its metrics and health served, until it is told to stop."""
    configure_logs(settings)
    registry, stop = CollectorRegistry(), Event()
    on_end(stop.set)
    work = make(registry)
    server = _monitored(settings, role, registry, health)
    work(stop)
    server.stop()


def run_worker_role(settings: Settings, clock: Clock = system_clock) -> None:
    """Run one worker until it is told to stop; see ``streams.worker.run_worker`` for the exit codes."""
    from monitoring.release import ReleaseMetrics
    from monitoring.streams import StreamMetrics, WorkerHealth
    from streams.worker import run_worker

    configure_logs(settings)
    registry = CollectorRegistry()
    health = WorkerHealth(time.monotonic)
    cluster = compose.kafka(settings, compose.ROLE_PATIENCE_S)
    _monitored(settings, "worker", registry, health.report)
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
    cluster, intake = compose.role_intake(settings, GATEWAY)
    run_gateway(compose.gateway_settings(settings, cluster), intake)


def run_relay_role(settings: Settings) -> None:
    """Take what partners write to their topics, until it is told to stop.

    Raises:
        BeffroiError: Something that waiting does not mend.
    """
    health = RelayHealth(time.monotonic)
    _always(settings, "relay", health.report, lambda registry: compose.relay(settings, registry, health).always)


def run_simulator_role(
    settings: Settings, *, seed: int, pause_s: float, steps: int | None, scale: float, folder: Path | None
) -> None:
    """Play the partners of an invented region until it is told to stop."""
    from beffroi.simulator.play import deliveries, make_region, simulate

    configure_logs(settings)
    stop = Event()
    on_end(stop.set)
    _, intake = compose.role_intake(settings)
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
    _monitored(settings, "poll", registry, poller.health.report)
    asyncio.run(_until_told(poller.always(every)))
    return None


def run_inbox_role(
    settings: Settings, root: Path, *, once: bool, confirm: str | None, server: str | None
) -> tuple[list[Settled], set[tuple[str, str]]]:
    """Take files that arrive until it is told to stop, or once; gives what became of them and what stays in its place.

    Args:
        settings: Of this deployment.
        root: The folder.
        once: Take what lies there, then end.
        confirm: A file that was held.
        server: Address of an SFTP server whose files are fetched into the folder.

    Raises:
        BeffroiError: Something that concerns every file; with ``once`` and ``confirm`` also that Kafka, or the server,
            does not answer.
    """
    configure_logs(settings)
    registry, health = CollectorRegistry(), InboxHealth()
    metrics = InboxMetrics(registry, OUTCOMES)
    fetcher = compose.fetcher(settings, server, root, metrics, health) if server else None
    inbox = compose.inbox(settings, root, metrics, health)
    stop, woken = Event(), Event()
    on_end(stop.set, woken.set)
    if confirm is not None:
        return [inbox.confirm(confirm)], set()
    with one_inbox(compose.inbox_locks(settings), root):
        if once:
            if fetcher is not None:
                fetcher.once(stop)
            return inbox.once(stop), inbox.obstacles | (fetcher.obstacles if fetcher else set())
        monitoring = _monitored(settings, "inbox", registry, health.report)
        with fetcher.running(stop, settings.sftp_every_s) if fetcher else nullcontext():
            inbox.always(stop, woken)
        monitoring.stop()
    return [], set()


def run_watch_role(settings: Settings) -> None:
    """Watch over sources and quarantine until it is told to stop."""
    health = WatchHealth(time.monotonic)
    _always(settings, "watch", health.report, lambda registry: compose.watch(settings, registry, health).always)


async def _until_told(work: Coroutine[object, object, NoReturn]) -> None:
    """Work until SIGTERM or SIGINT; what is being published then is published whole."""
    task = asyncio.ensure_future(work)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task
