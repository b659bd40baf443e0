"""How a worker ends when it must not go on."""

import os
from typing import Final, NoReturn

import structlog

from schemas.errors import FutureGeneration

#: sysexits.h EX_SOFTWARE: the supervisor starts us again, and the state comes back from the log.
EXIT_REBUILD: Final = 70

log = structlog.get_logger(__name__)


def die(reason: str, error: BaseException) -> NoReturn:
    """End this process at once: half-applied memory is never used, the log has the truth."""
    code = error.exit_code if isinstance(error, FutureGeneration) else EXIT_REBUILD
    log.critical(reason, error=str(error), kind=type(error).__name__, exit_code=code)
    os._exit(code)
