"""Logs: structlog for us and for the libraries we stand on; lines for people at a terminal, JSON for machines."""

import logging
import sys
from typing import Any

import structlog

#: Libraries that tell at INFO what only their authors need.
_TALKATIVE = (
    "faust",
    "mode",
    "aiokafka",
    "kafka",
    "asyncio",
    "uvicorn.access",
    "librdkafka",
    "streams.fetching",
    "streams.transport",
)


def configure(level: str, *, json: bool) -> None:
    """Send every log event to stderr.

    Args:
        level: DEBUG, INFO, WARNING or ERROR; libraries speak from WARNING on, or DEBUG when asked.
        json: One JSON object a line; otherwise lines for people.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ending: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if json
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                # Never with local variables: they may hold what must not be logged.
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel("DEBUG" if level == "DEBUG" else "WARNING")
