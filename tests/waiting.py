"""Waiting for a condition, with a deadline; the only wait that tests use."""

import threading
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], timeout_s: float, what: str, every_s: float = 0.05) -> T:
    """The first truthy answer of the condition; fails with what was waited for when time is up."""
    pause = threading.Event()
    deadline = monotonic() + timeout_s
    while True:
        answer = condition()
        if answer:
            return answer
        if monotonic() > deadline:
            raise AssertionError(f"{what}: not within {timeout_s} s (last answer: {answer!r})")
        pause.wait(every_s)


def elapse(seconds: float) -> None:
    """Let a fault last; never a hope that something is done by then."""
    threading.Event().wait(seconds)
