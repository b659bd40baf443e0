"""Who holds the release: whoever the group assigned the single partition of the control topic."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from monitoring.streams import StreamMetrics, WorkerHealth

log = structlog.get_logger(__name__)


class ReleaseRole(Protocol):
    """The release, which one worker of the group holds at a time."""

    def start(self) -> None:
        """Begin to publish."""
        ...

    def pause(self) -> None:
        """Publish nothing until ``resume`` or ``stop``; returns when nothing is under way."""
        ...

    def resume(self) -> None:
        """Publish again after a ``pause``."""
        ...

    def stop(self) -> None:
        """Cease, paused or not; returns when nothing more will be published."""
        ...


class Election:
    """Keeps the role in step with the group; used from the event loop alone.

    While the group decides anew the role is paused: a successor fences its predecessor, and a worker that publishes at
    that moment would end for nothing, its partitions with it.

    Args:
        make: Makes a role.
        metrics: What Prometheus reads.
        health: What ``/health`` says.
    """

    def __init__(self, make: Callable[[], ReleaseRole], metrics: StreamMetrics, health: WorkerHealth) -> None:
        self._make = make
        self._metrics = metrics
        self._health = health
        self._role: ReleaseRole | None = None
        self._paused = False
        self._generation = 0

    async def suspend(self) -> None:
        """Pause the role before the group decides who holds it next."""
        if self._role is not None and not self._paused:
            self._paused = True
            await asyncio.to_thread(self._role.pause)

    def decide(self, *, elected: bool, generation: int) -> None:
        """Start, go on or stop.

        A role goes on only when no generation was missed in between: another worker might have held it meanwhile.
        """
        followed, self._generation = generation == self._generation + 1, generation
        if self._role is not None and not (elected and followed):
            self._give_back(self._role)
        if elected and self._role is None:
            self._role = self._make()
            self._role.start()
            log.info("release role taken")
        elif self._role is not None and self._paused:
            self._role.resume()
        self._paused = False
        self._tell()

    def resign(self) -> None:
        """Stop for good: this worker ends."""
        if self._role is not None:
            self._give_back(self._role)
        self._tell()

    def _give_back(self, role: ReleaseRole) -> None:
        self._role = None
        role.stop()
        log.info("release role given back")

    def _tell(self) -> None:
        held = self._role is not None
        self._metrics.releasing.set(held)
        self._health.update(releasing=held)
