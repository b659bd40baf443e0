"""Sweeps again and again: when the next one is due, and what to do when one stops half-way."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NoReturn

import structlog

from connectors.failures import cause
from connectors.pollers.access import PollSettings, edge
from connectors.pollers.cursors import CursorTopic
from connectors.pollers.edge import Edge
from connectors.pollers.feeds import Feed
from connectors.pollers.handover import Deliver
from connectors.pollers.spool import Spool
from connectors.pollers.sweep import Sweeper, Swept
from monitoring.polling import PollHealth, PollMetrics
from schemas.clock import Clock
from schemas.errors import BeffroiError

#: A sweep that stopped half-way is tried again after this, or at its next time when that is sooner.
AGAIN_AFTER: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Poller:
    """Polls one feed.

    Attributes:
        feed: The API.
        settings: Where it is and who we are.
        spool: Its folder.
        cursors: On the bus.
        deliver: The intake.
        metrics: Told what happens.
        health: Told as well.
        late_after_s: Age of the last sweep from which the source counts as late.
        clock: The present instant.
        note: Told, of which source, what kind of failure ended a sweep; see ``connectors.failures``.
    """

    feed: Feed
    settings: PollSettings
    spool: Spool
    cursors: CursorTopic
    deliver: Deliver
    metrics: PollMetrics
    health: PollHealth
    late_after_s: float
    clock: Clock
    note: Callable[[str, str | None], None]

    async def once(self) -> Swept:
        """One sweep; raises as ``Sweeper.sweep`` does."""
        with self.spool.held():
            async with edge(self.feed, self.settings, self.metrics.answered, self.clock) as opened:
                return await self._sweep(self._sweeper(opened))

    async def always(self, every: timedelta) -> NoReturn:
        """Sweep when it is due: so long after the last one that is on the bus, at once when there is none.

        Raises:
            BeffroiError: One that waiting does not mend.
        """
        log = structlog.get_logger(__name__).bind(source=self.feed.source)
        with self.spool.held():
            last = (await asyncio.to_thread(self.cursors.read, self.feed.source)).completed_at
            self.metrics.completed(last, self.late_after_s)
            async with edge(self.feed, self.settings, self.metrics.answered, self.clock) as opened:
                sweeper = self._sweeper(opened)
                while True:
                    due = self.seconds_until(last, every)
                    log.info("next sweep planned", seconds=round(due))
                    await asyncio.sleep(due)
                    try:
                        last = (await self._sweep(sweeper)).cursor.completed_at
                    except BeffroiError as error:
                        if not error.retriable:
                            raise
                        log.warning("sweep stopped half-way", reason=error.message, fix=error.fix)
                        await asyncio.sleep(min(AGAIN_AFTER, every).total_seconds())

    def seconds_until(self, last: datetime | None, every: timedelta) -> float:
        """Until the next sweep is due."""
        return 0.0 if last is None else max((last + every - self.clock()).total_seconds(), 0.0)

    def _sweeper(self, opened: Edge) -> Sweeper:
        return Sweeper(self.feed, opened, self.spool, self.cursors, self.deliver, self.metrics, self.clock)

    async def _sweep(self, sweeper: Sweeper) -> Swept:
        try:
            swept = await sweeper.sweep()
        except BeffroiError as error:
            self.metrics.failed()
            self.health.failed(error.message)
            await asyncio.to_thread(self.note, self.feed.source, cause(error))
            raise
        instant = swept.cursor.completed_at or self.clock()
        self.metrics.completed(instant, self.late_after_s)
        self.health.succeeded(instant)
        return swept
