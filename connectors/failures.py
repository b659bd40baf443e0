"""What of a source could not be taken as a whole: at which door, when, of what kind; never what was in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

import structlog
from confluent_kafka import KafkaException, Producer

from connectors.kafka.clients import producer
from connectors.kafka.sending import send
from connectors.kafka.settings import KafkaSettings
from schemas.clock import Clock
from schemas.codec import Codec
from schemas.contracts import SOURCE_FAILURE
from schemas.errors import (
    BeffroiError,
    CannotApply,
    ContractError,
    FileHeld,
    FileRefused,
    SourceChanged,
    SourceRefused,
    SourceUnavailable,
    WrongSchema,
)
from schemas.topics import FAILURES, in_sandbox

#: Doors, as the contract SourceFailure names them.
COMMAND: Final = "COMMAND"
INBOX: Final = "INBOX"
GATEWAY: Final = "GATEWAY"
POLLER: Final = "POLLER"
RELAY: Final = "RELAY"

#: Something that is broken as a whole.
REFUSED: Final = "REFUSED"
#: A defect of ours.
DEFECT: Final = "DEFECT"
_CAUSES: Final = (
    (FileHeld, "HELD"), (FileRefused, REFUSED), (SourceUnavailable, "UNAVAILABLE"), (SourceRefused, "FORBIDDEN"),
    (SourceChanged, "CHANGED"),
)  # fmt: skip
#: A sender that repeats the same fault all the time costs the bus no more than a record in this time.
_AT_MOST_EVERY: Final = timedelta(seconds=1)

log = structlog.get_logger(__name__)


def cause(error: Exception) -> str | None:
    """The kind of a failure; None for one that is not of a source: Kafka away, our own settings."""
    for kind, name in _CAUSES:
        if isinstance(error, kind):
            return name
    if isinstance(error, CannotApply | ContractError) and not isinstance(error, WrongSchema):
        return DEFECT
    return None if isinstance(error, BeffroiError | KafkaException | OSError) else DEFECT


class Failures:
    """Tells the bus what could not be taken, each source's last one.

    It is told beside the transaction that did not happen, as well as can be: a failure that cannot be told is logged,
    and hides no other.

    Args:
        kafka: The cluster.
        prefix: Put before topic names.
        door: Where things come in.
        codec: One for all.
        clock: When they do.
    """

    def __init__(self, kafka: KafkaSettings, prefix: str, door: str, *, codec: Codec, clock: Clock) -> None:
        self._kafka = kafka
        self._topic = prefix + FAILURES
        self._door = door
        self._codec = codec
        self._clock = clock
        self._lock = Lock()
        self._producer: Producer | None = None
        self._last: dict[str, tuple[str, datetime]] = {}

    @contextmanager
    def noting(self, source: str) -> Iterator[None]:
        """Tell what is raised inside, and raise it on."""
        try:
            yield
        except Exception as error:
            self.note(source, cause(error))
            raise

    def note(self, source: str, found: str | None) -> None:
        """Tell a cause, None is none; it is on the bus when this returns, or the log says why not."""
        if found is None or in_sandbox(source):
            return
        now = self._clock()
        with self._lock:
            before, at = self._last.get(source, ("", now))
            if found == before and now - at < _AT_MOST_EVERY:
                return
            self._last[source] = found, now
            record = {"source": source, "failed_at": now, "door": self._door, "cause": found}
            try:
                self._producer = self._producer or producer(self._kafka)
                send(self._producer, self._topic, [(source.encode(), self._codec.encode(SOURCE_FAILURE, record))])
            except KafkaException as error:
                self._producer = None
                log.warning("failure not told", source=source, cause=found, reason=error.args[0].str())
