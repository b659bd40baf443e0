"""One sweep: everything that an API lists, read page by page, handed over as one delivery."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

import structlog

from connectors.pollers.cursors import Cursor, CursorTopic
from connectors.pollers.edge import Edge
from connectors.pollers.feeds import Ask, Feed, Page
from connectors.pollers.handover import NOTHING, Deliver, Delivered
from connectors.pollers.planner import Planner
from connectors.pollers.spool import Spool
from monitoring.polling import PollMetrics
from schemas.clock import Clock

#: What was read longer ago is no longer what the source lists: the sweep begins anew.
RESUMED_WITHIN: Final = timedelta(hours=1)
_UNCHANGED: Final = 304


@dataclass(frozen=True, slots=True)
class Swept:
    """How a sweep ended.

    Attributes:
        outcome: complete, incomplete, held or empty.
        records: Handed over.
        delivered: What became of them.
        cursor: As it stands on the bus now.
    """

    outcome: str
    records: int
    delivered: Delivered
    cursor: Cursor


def _outcome(records: int, cursor: Cursor, delivered: Delivered) -> str:
    if not records:
        return "empty"
    return "held" if delivered.held else "incomplete" if cursor.incomplete else "complete"


class _Count:
    """_Counts what goes through it."""

    def __init__(self) -> None:
        self.records = 0

    def through(self, items: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
        """The same items."""
        for item in items:
            self.records += 1
            yield item


@dataclass(frozen=True)
class Sweeper:
    """Sweeps one feed.

    Attributes:
        feed: The API.
        edge: How it is asked.
        spool: Where what was read waits; held by the caller.
        cursors: On the bus.
        deliver: The intake.
        metrics: Told what happens.
        clock: The present instant.
    """

    feed: Feed
    edge: Edge
    spool: Spool
    cursors: CursorTopic
    deliver: Deliver
    metrics: PollMetrics
    clock: Clock

    @cached_property
    def _log(self) -> structlog.stdlib.BoundLogger:
        bound: structlog.stdlib.BoundLogger = structlog.get_logger(__name__).bind(source=self.feed.source)
        return bound

    async def sweep(self) -> Swept:
        """Read everything, or the rest of what a killed poller began, and hand it over.

        Nothing is withdrawn unless every part was read whole. Killed at any point, the next sweep repeats at most one
        part, or the delivery, which changes nothing the second time.

        Raises:
            SourceUnavailable: No answer; the next sweep goes on where this one stopped.
            SourceRefused: Credentials or rights are wrong.
            SourceChanged: The API is gone or answers otherwise.
            KafkaUnavailable: Cursor or delivery were not taken.
        """
        began, cursor, planner = await self._begin()
        while (ask := planner.ask()) is not None:
            part = planner.take(await self._page(ask))
            if part is not None:
                digests = {**cursor.digests, part.name: self.spool.keep(part)}
                cursor = replace(
                    cursor, pending=planner.pending, digests=digests, incomplete=dict(planner.incomplete)
                )  # fmt: skip
                await asyncio.to_thread(self.cursors.write, self.feed.source, cursor)
                self._log.debug("part read", part=part.name, records=len(part.items))
        return await asyncio.to_thread(self._hand_over, began, cursor)

    async def _begin(self) -> tuple[datetime, Cursor, Planner]:
        found = await asyncio.to_thread(self.cursors.read, self.feed.source)
        now = self.clock()
        if found.began_at is not None and now - found.began_at < RESUMED_WITHIN and self.spool.holds(found.digests):
            self._log.info("sweep resumed", parts_read=len(found.digests), parts_left=len(found.pending))
            planner = Planner(self.feed, found.pending)
            planner.incomplete.update(found.incomplete)
            return found.began_at, found, planner
        self.spool.begin()
        cursor = Cursor(now, self.feed.parts(now), completed_at=found.completed_at)
        await asyncio.to_thread(self.cursors.write, self.feed.source, cursor)
        self._log.info("sweep begun", parts=len(cursor.pending))
        return now, cursor, Planner(self.feed, cursor.pending)

    async def _page(self, ask: Ask) -> Page:
        answer = await self.edge.ask(ask, self.spool.condition(ask))
        if answer.status == _UNCHANGED:
            return self.spool.recall(ask)
        page = self.feed.read(ask, answer)
        self.spool.remember(ask, answer.headers, page)
        return page

    def _hand_over(self, began: datetime, cursor: Cursor) -> Swept:
        feed = self.feed
        count = _Count()
        items = count.through(feed.chosen(cursor.digests, self.spool.kept))
        with self.spool.composed(item for _, item in items) as content:
            delivered = NOTHING
            # A list that is empty is a fault far more often than the truth: nothing is withdrawn for it.
            if count.records:
                delivered = self.deliver(content, feed.format, feed.source, as_of=began, snapshot=not cursor.incomplete)
        done = Cursor(completed_at=self.clock())
        self.cursors.write(feed.source, done)
        self.spool.end()
        outcome = _outcome(count.records, cursor, delivered)
        self._tell(outcome, count.records, delivered, cursor)
        return Swept(outcome, count.records, delivered, done)

    def _tell(self, outcome: str, records: int, delivered: Delivered, cursor: Cursor) -> None:
        self.metrics.swept(outcome, records)
        for part, why in cursor.incomplete.items():
            self._log.warning("part incomplete, nothing withdrawn", part=part, reason=why)
        if delivered.held:
            self._log.warning(
                "withdrawals held for a human", reason=delivered.held, fix="look, then poll with --confirm"
            )
        self._log.info(
            "sweep handed over", outcome=outcome, records=records, accepted=delivered.accepted,
            duplicate=delivered.duplicate, refused=delivered.refused, withdrawn=delivered.withdrawn,
        )  # fmt: skip
