"""Cells compared: with the claims they were counted from, and with the log they were written to."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import structlog

from streams.agents.owned import Owned
from streams.engine import differing
from streams.training import TrainingDomain

log = structlog.get_logger(__name__)


class Auditor:
    """Finds cells that are otherwise than they should be, and has them written again.

    Args:
        domain: The pure functions.
        held: The partition of a number; None when it is not here, or no longer.
        settle: Writes what changed of a partition; with the lock held.
        lock: Keeps flushes and changes of what is held apart.
    """

    def __init__(
        self, domain: TrainingDomain, held: Callable[[int], Owned | None],
        settle: Callable[[Owned], Awaitable[None]], lock: asyncio.Lock,
    ) -> None:  # fmt: skip
        self._domain = domain
        self._held = held
        self._settle = settle
        self._lock = lock
        self._thread = ThreadPoolExecutor(
            1, thread_name_prefix="recount"
        )  # one partition at a time: others are at work

    async def prove(self, number: int) -> None:
        """Recount a partition that was taken over from its claims, while it works."""
        owned = self._held(number)
        if owned is None:
            return
        began, loop = perf_counter(), asyncio.get_running_loop()
        right = await loop.run_in_executor(self._thread, owned.recounted, self._domain)
        async with self._lock:
            owned.mend(right)
        seconds = round(perf_counter() - began, 3)
        log.info("partition recounted", partition=number, known=right is not None, seconds=seconds)

    async def audit(self, number: int) -> int:
        """Compare the cells of a partition with the log; how many differed."""
        async with self._lock:
            owned = self._held(number)
            if owned is None:
                return 0
            await self._settle(owned)
            expected = owned.partition.snapshot()
        logged = await asyncio.to_thread(owned.wire.reader.cells)
        suspects = [] if logged is None else differing(expected, logged)
        now = owned.partition.snapshot()  # what moved meanwhile was written meanwhile
        if not any(expected.get(key) == now.get(key) for key in suspects):
            return 0
        async with self._lock:
            return await self._repair(owned) if self._held(number) is owned else 0

    async def _repair(self, owned: Owned) -> int:
        """Look again while nothing moves; with the lock held."""
        await self._settle(owned)
        expected = owned.partition.snapshot()
        logged = await asyncio.to_thread(owned.wire.reader.cells)
        return 0 if logged is None else owned.compare(expected, logged)
