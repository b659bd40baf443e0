"""Whether Kafka answers: asked all the time, for clients themselves wait for a broker that is away without a word."""

import threading
from collections.abc import Callable
from typing import Final

from connectors.kafka.admin import await_broker
from connectors.kafka.settings import KafkaSettings
from schemas.errors import KafkaUnavailable

#: A broker that is away is noticed within the sum of both.
_EVERY_S: Final = 1.0
_PATIENCE_S: Final = 2.0


class Link:
    """Watches the broker in a thread of its own.

    Args:
        kafka: The cluster.
        told: Told 1 while it answers, else 0.
    """

    def __init__(self, kafka: KafkaSettings, told: Callable[[float], None]) -> None:
        self._kafka = kafka
        self._told = told
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="kafka-link", daemon=True)
        self.up = False

    def start(self) -> None:
        """Begin; the first answer is awaited, so that the first request finds the truth."""
        self._ask()
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(_EVERY_S):
            self._ask()

    def _ask(self) -> None:
        try:
            await_broker(self._kafka, _PATIENCE_S)
        except KafkaUnavailable:
            self.up = False
        else:
            self.up = True
        self._told(self.up)
