"""Partitions that are being restored, each by itself, while the others work on."""

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Generic, TypeVar

#: Restoring is work for Python: more threads would only take turns. They are not those that flush.
AT_ONCE: Final = 2

T = TypeVar("T")
#: Opens a partition, in a thread; asks before it fences whether it is still wanted, and gives None when it is not.
Opening = Callable[[int, Callable[[], bool]], "T | None"]


class Restores(Generic[T]):
    """Which partitions are being restored; all methods run in the event loop.

    Args:
        open_: Opens one partition.
    """

    def __init__(self, open_: "Opening[T]") -> None:
        self._open = open_
        self._wanted: dict[int, object] = {}
        self._turns: dict[int, asyncio.Lock] = {}
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="restore")

    def __len__(self) -> int:
        return len(self._wanted)

    def want(self, numbers: Collection[int], *, go_on: bool) -> list[int]:
        """Want exactly these.

        Args:
            numbers: Partitions that are not held yet.
            go_on: Whether what is under way may be used: nobody else can have owned it meanwhile.

        Returns:
            Those that must be begun.
        """
        kept = {number: token for number, token in self._wanted.items() if go_on and number in numbers}
        fresh = sorted(set(numbers) - kept.keys())
        self._wanted = kept | {number: object() for number in fresh}
        return fresh

    async def run(self, number: int) -> T | None:
        """Restore a wanted partition; None when it is no longer wanted at the end.

        Raises:
            Exception: Whatever the opening raised, while it is wanted.
        """
        token = self._wanted.get(number)

        def wanted() -> bool:
            return token is not None and self._wanted.get(number) is token

        async with self._turns.setdefault(number, asyncio.Lock()):  # an abandoned one must not fence its successor
            if not wanted():
                return None
            try:
                opened = await asyncio.get_running_loop().run_in_executor(self._threads, self._open, number, wanted)
            except Exception:
                if wanted():
                    raise
                return None
            if not wanted():
                return None
            del self._wanted[number]
            return opened
