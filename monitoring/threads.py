"""A thread that ends by an error ends its process: half a process looks alive, and nobody starts it again."""

import os
import threading
import traceback
from typing import Final

import structlog

#: sysexits.h EX_SOFTWARE, as when a worker must come back from the log: the supervisor starts it again.
EXIT_SOFTWARE: Final = 70

log = structlog.get_logger(__name__)


def end_with_any_thread() -> None:
    """From now on an error that nobody caught in a thread is told, and ends this process with 70.

    What the error says is not told: unlike our own errors it may quote what must not be logged.
    """
    threading.excepthook = _end


def _end(failed: threading.ExceptHookArgs) -> None:
    log.critical(
        "a thread failed",
        thread=failed.thread.name if failed.thread else None,
        kind=failed.exc_type.__name__,
        where="".join(traceback.format_tb(failed.exc_traceback)),
        exit_code=EXIT_SOFTWARE,
    )
    os._exit(EXIT_SOFTWARE)
