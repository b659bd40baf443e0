"""The Faust app: group membership, lifecycle, and one agent for each domain."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter
from typing import Any, Final, cast

import faust
import structlog
from faust.types import TP

from monitoring.streams import StreamMetrics, WorkerHealth
from schemas.topics import RELEASE, TRAINING_EVENTS
from streams.agents.election import Election, ReleaseRole
from streams.agents.ending import die
from streams.agents.shell import Shell
from streams.configuration import faust_settings
from streams.settings import StreamSettings
from streams.transport import BatchConsumer, Positions, attach

#: Batches that wait for the agent, each of one fetch and partition: enough that it never waits, few enough that what
#: waits is still in the processor's cache.
QUEUE_BATCHES: Final = 16

#: Writing counts as part of the interval, but at least this part of it passes before the next time.
LEAST_PAUSE: Final = 5

log = structlog.get_logger(__name__)


def create_app(
    settings: StreamSettings, shell: Shell, release: Callable[[], ReleaseRole], *,
    metrics: StreamMetrics, health: WorkerHealth, folder: Path,
) -> faust.App:  # fmt: skip
    """Build the app; nothing starts.

    Args:
        settings: Of this worker.
        shell: The engine.
        release: Makes the release role when this worker is elected.
        metrics: What Prometheus reads.
        health: What ``/health`` says.
        folder: Faust's own files.
    """
    app = faust.App(settings.app_id + settings.prefix, **faust_settings(settings, folder))
    events = settings.prefix + TRAINING_EVENTS
    attach(app, _positions(shell, events))
    topic = app.topic(events, value_type=bytes, value_serializer="raw", key_serializer="raw", maxsize=QUEUE_BATCHES)
    control = app.topic(settings.prefix + RELEASE, value_type=bytes, value_serializer="raw")
    app.agent(topic, name="training")(_training_agent(app, shell))
    app.agent(control, name="release")(_release_agent)
    election = Election(release, metrics, health)
    _connect(app, shell, election, health, settings)
    app.task(_flusher(app, shell, settings.flush_interval_s))
    app.task(_auditor(app, shell, settings.audit_interval_s))
    return app


def _positions(shell: Shell, events: str) -> Positions:
    return Positions(
        topics=frozenset({events}),
        next_offset=lambda tp: shell.position(tp.partition),
        committed=lambda tp: shell.committed(tp.partition),
        owned=lambda tp: tp.topic == events and shell.owns(tp.partition),
    )


def _training_agent(app: faust.App, shell: Shell) -> Callable[[Any], Awaitable[None]]:
    async def training(stream: Any) -> None:  # noqa: ANN401  # faust.Stream
        """Apply each batch; anything but a bad record ends the process."""
        async for event in stream.noack().events():
            try:
                shell.pace.heard(event.message.timestamp)
                if not shell.apply(event.value, app.consumer_generation_id):
                    await cast("BatchConsumer", app.consumer).go_back(event.message.tp)
            except Exception as error:  # noqa: BLE001  # a loop boundary: never go on with half-applied memory
                die("a batch could not be applied", error)

    return training


async def _release_agent(stream: Any) -> None:  # noqa: ANN401  # faust.Stream
    """The control topic carries nothing: only its assignment matters."""
    async for _ in stream:
        pass


def _connect(app: faust.App, shell: Shell, election: Election, health: WorkerHealth, settings: StreamSettings) -> None:
    events, control = settings.prefix + TRAINING_EVENTS, settings.prefix + RELEASE

    @app.on_rebalance_complete.connect(weak=False)
    async def taken_over(_app: Any, **_: Any) -> None:  # noqa: ANN401  # Faust's signature
        """Awaited by Faust before it seeks and resumes."""
        assigned: set[TP] = app.consumer.assignment()
        numbers = {tp.partition for tp in assigned if tp.topic == events}
        try:
            for number in await shell.reassign(numbers, app.consumer_generation_id):
                app.add_future(_restore(app, shell, health, TP(events, number)))
            elected = any(tp.topic == control for tp in assigned)
            election.decide(elected=elected, generation=app.consumer_generation_id)
        except Exception as error:  # noqa: BLE001  # a loop boundary: a worker that cannot restore must not serve
            die("partitions could not be taken over", error)
        _assigned(shell, health)

    @app.on_partitions_revoked.connect(weak=False)
    async def revoked(_app: Any, *_args: Any, **_: Any) -> None:  # noqa: ANN401  # Faust's signature
        """The flow is stopped: write what was applied, so that the next owner has less to replay."""
        await _flush(shell)
        await election.suspend()

    @app.on_before_shutdown.connect(weak=False)
    async def stopping(_app: Any, **_: Any) -> None:  # noqa: ANN401  # Faust's signature
        election.resign()
        await _flush(shell)


async def _restore(app: faust.App, shell: Shell, health: WorkerHealth, tp: TP) -> None:
    """Bring one partition back while the others work, let it flow, and recount it."""
    try:
        if await shell.restore(tp.partition):
            await cast("BatchConsumer", app.consumer).begin(tp)
        _assigned(shell, health)
        await shell.prove(tp.partition)
    except Exception as error:  # noqa: BLE001  # a loop boundary: a worker that cannot restore must not serve
        die("a partition could not be restored", error)


def _assigned(shell: Shell, health: WorkerHealth) -> None:
    """A worker is up once all it was first given is there; later restores do not make it unwell."""
    if not shell.restoring:
        health.update(assigned=True)


async def _flush(shell: Shell) -> None:
    try:
        await shell.flush()
    except Exception as error:  # noqa: BLE001  # a loop boundary: what is not written must be rebuilt from the log
        die("a flush failed", error)


def _flusher(app: faust.App, shell: Shell, interval_s: float) -> Callable[[], Awaitable[None]]:
    async def flusher() -> None:
        """Write what changed, many times a second; less often while catching up, for then nobody sees it come late."""
        waited = took = 0.0
        while not app.should_stop:
            pause = max(interval_s - took, interval_s / LEAST_PAUSE)
            await app.sleep(pause)
            waited, took = waited + took + pause, 0.0
            if not app.rebalancing and shell.pace.due(shell.unwritten, waited):
                waited, began = 0.0, perf_counter()
                await _flush(shell)
                took = perf_counter() - began

    return flusher


def _auditor(app: faust.App, shell: Shell, interval_s: float) -> Callable[[], Awaitable[None]]:
    async def auditor() -> None:
        """Compare the state with the log, now and then."""
        while not app.should_stop:
            await app.sleep(interval_s)
            try:
                found = 0 if app.rebalancing else await shell.audit()
            except Exception as error:  # noqa: BLE001  # a loop boundary: what is not written must be rebuilt from the log
                die("an audit failed", error)
            log.info("audit done", differing_cells=found)

    return auditor
