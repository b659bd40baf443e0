"""Whose turn it is: the thread that publishes piece by piece, or somebody who holds it back between two pieces."""

import threading
from collections.abc import Callable
from typing import Any, Protocol


class Lock(Protocol):
    """The words of ``threading.Lock`` that are needed here."""

    def acquire(self) -> Any:  # noqa: ANN401  # nobody looks at it
        """Wait for it."""
        ...

    def release(self) -> None:
        """Give it back."""
        ...


class Turn:
    """Held while a piece is published.

    Who pauses waits at a gate for the piece under way, so that the next one cannot overtake: locks are not fair.

    Args:
        lock: Makes a lock.
    """

    def __init__(self, lock: Callable[[], Lock] = threading.Lock) -> None:
        self._gate = lock()
        self._piece = lock()

    def __enter__(self) -> None:
        self._gate.acquire()
        self._gate.release()
        self._piece.acquire()

    def __exit__(self, *_: object) -> None:
        self._piece.release()

    def pause(self) -> None:
        """Let no piece begin; returns when none is under way."""
        self._gate.acquire()
        self._piece.acquire()

    def resume(self) -> None:
        """After a ``pause``."""
        self._piece.release()
        self._gate.release()
