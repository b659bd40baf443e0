"""Nobody's haste slows another: a quota and a few places for each partner, then one queue, fair by construction."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Final

from connectors.gateway.problems import Rejected

#: Requests of one partner that are worked on at once: one is read while another is published.
PLACES: Final = 2
#: Requests of one partner that wait for a place; more are turned away, for their bodies would fill the disk.
WAITING: Final = 8
#: Publications at once; they wait for Kafka more than they compute.
WORKERS: Final = 8


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Quotas:
    """A token bucket for each partner.

    Args:
        per_minute: Requests that come back in a minute.
        burst: Most that are saved up.
        monotonic: Seconds that never go back.
    """

    def __init__(self, per_minute: int, burst: int, monotonic: Callable[[], float]) -> None:
        self._rate = per_minute / 60
        self._burst = burst
        self._monotonic = monotonic
        self._buckets: dict[str, _Bucket] = {}

    def spend(self, partner: str) -> dict[str, str]:
        """Take one request from the partner's quota; gives the headers of its answer.

        Headers: draft-ietf-httpapi-ratelimit-headers.

        Raises:
            Rejected: Nothing is left; says when to come again.
        """
        now = self._monotonic()
        bucket = self._buckets.setdefault(partner, _Bucket(self._burst, now))
        bucket.left = min(self._burst, bucket.left + (now - bucket.at) * self._rate)
        bucket.at = now
        if bucket.left < 1:
            wait = max(1, ceil((1 - bucket.left) / self._rate))
            raise Rejected("quota", headers={**self._headers(0, wait), "Retry-After": str(wait)})
        bucket.left -= 1
        return self._headers(int(bucket.left), ceil((self._burst - bucket.left) / self._rate))

    def _headers(self, left: int, until: int) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"partner";q={self._burst};w={ceil(self._burst / self._rate)}',
            "RateLimit": f'"partner";r={left};t={until}',
        }


class Lanes:
    """Places for requests: ``PLACES`` a partner, ``WORKERS`` for all together.

    As a partner never has more than its places in the common queue, nobody waits behind more than those of each other.
    """

    def __init__(self) -> None:
        self._lanes: dict[str, asyncio.Semaphore] = {}
        self._queued: dict[str, int] = {}
        self._work = asyncio.Semaphore(WORKERS)

    @asynccontextmanager
    async def place(self, partner: str) -> AsyncIterator[None]:
        """One of the partner's places; raises Rejected when too many of its requests wait already."""
        lane = self._lanes.setdefault(partner, asyncio.Semaphore(PLACES))
        with self._counted(partner):
            async with lane:
                yield

    @contextmanager
    def _counted(self, partner: str) -> Iterator[None]:
        if self._queued.get(partner, 0) >= PLACES + WAITING:
            raise Rejected("quota", "too many requests of yours are under way", {"Retry-After": "1"})
        self._queued[partner] = self._queued.get(partner, 0) + 1
        try:
            yield
        finally:
            self._queued[partner] -= 1

    @asynccontextmanager
    async def work(self) -> AsyncIterator[None]:
        """One of the places for all."""
        async with self._work:
            yield
