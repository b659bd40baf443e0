"""A worker holds one generation of the state for its whole life; when another comes into force, it ends."""

import os
import signal
import threading
from typing import Final

import structlog
from confluent_kafka import KafkaException

from connectors.kafka import generations
from connectors.kafka.reading import at_end
from connectors.kafka.stuck import Follower
from schemas.codec import Codec
from schemas.contracts import GENERATION
from schemas.errors import KafkaUnavailable
from schemas.topics import GENERATIONS
from streams.agents.ending import EXIT_REBUILD
from streams.settings import StreamSettings

#: A worker that leaves its group within this has its partitions taken over at once; one that hangs is ended.
LEAVING_S: Final = 10.0

log = structlog.get_logger(__name__)


class GenerationWatch:
    """Looks for a new generation from a thread of its own.

    Attributes:
        moved: Whether one came into force: the process ends with 70 when its work is done.
    """

    def __init__(self, settings: StreamSettings, codec: Codec) -> None:
        self.moved = threading.Event()
        self._settings = settings
        self._codec = codec

    def start(self) -> None:
        """Begin to look; ends with the process."""
        threading.Thread(target=self._run, name="generations", daemon=True).start()

    def _run(self) -> None:
        while not self.moved.is_set():
            try:
                self._follow()
            except (KafkaException, KafkaUnavailable) as error:
                log.warning("generations cannot be read; trying again", error=str(error))
                self.moved.wait(1.0)

    def _follow(self) -> None:
        with Follower(self._settings.kafka, {(self._settings.prefix + GENERATIONS, 0): 0}) as follower:
            while not self.moved.is_set():
                for message in follower.consume(1, 1.0):
                    if not at_end(message) and message.error() is None:
                        self._hear(self._codec.read(GENERATION, message.value() or b""))

    def _hear(self, found: dict[str, object]) -> None:
        held, number = self._settings.generation, found["number"]
        if found["name"] != generations.STATE or not isinstance(number, int) or number <= held:
            return
        log.warning("a new generation of the state is in force", held=held, number=number, exit_code=EXIT_REBUILD)
        self.moved.set()
        os.kill(os.getpid(), signal.SIGTERM)  # leaves the group, so that nobody waits for us
        threading.Timer(LEAVING_S, os._exit, (EXIT_REBUILD,)).start()
