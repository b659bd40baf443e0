"""How a worker ends when it must not go on, or does not end when it should."""

import asyncio
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import structlog

from schemas.errors import FutureGeneration

#: sysexits.h EX_SOFTWARE: the supervisor starts us again, and the state comes back from the log.
EXIT_REBUILD: Final = 70

#: Steps of a stack that are told.
_STEPS: Final = 6

log = structlog.get_logger(__name__)


def die(reason: str, error: BaseException) -> NoReturn:
    """End this process at once: half-applied memory is never used, the log has the truth."""
    code = error.exit_code if isinstance(error, FutureGeneration) else EXIT_REBUILD
    log.critical(reason, error=str(error), kind=type(error).__name__, exit_code=code)
    os._exit(code)


def leave_within(seconds: float, loop: asyncio.AbstractEventLoop) -> None:
    """End this process after so many seconds, if it is still there: it was asked to stop.

    Whatever it waits for then, nothing is lost: what it did not write comes back from the log.

    Args:
        seconds: How long it may take.
        loop: Whose tasks are told, to learn what it waited for.
    """

    def end() -> None:
        log.critical(
            "asked to stop, but something did not end", seconds=seconds, exit_code=EXIT_REBUILD,
            threads=dict(_threads()), tasks=list(_tasks(loop)),
        )  # fmt: skip
        os._exit(EXIT_REBUILD)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def _threads() -> Iterator[tuple[str, str]]:
    """Where each thread of Python's stands."""
    frames = sys._current_frames()  # noqa: SLF001  # documented, for debuggers
    for thread in threading.enumerate():
        if thread.ident in frames:
            yield thread.name, _place(frames[thread.ident])


def _tasks(loop: asyncio.AbstractEventLoop) -> Iterator[str]:
    """Where each task waits."""
    for task in asyncio.all_tasks(loop):
        stack = task.get_stack()
        yield f"{task.get_name()}: {_place(stack[-1]) if stack else 'not begun'}"


def _place(frame: FrameType) -> str:
    """The innermost steps, the first of them last."""
    steps = reversed(traceback.extract_stack(frame)[-_STEPS:])
    return " < ".join(f"{step.name} ({Path(step.filename).name}:{step.lineno})" for step in steps)
