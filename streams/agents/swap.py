"""The moment at which readers pass from one generation to the next: one transaction, and never back in time.

A rebuild puts a new generation of the state in force; workers start again on it. The first release that reads it waits
until every partition covers at least what the old generation covered, then publishes whatever differs in one
transaction, together with the views' new epochs. From before that transaction to after it readers have whole answers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from threading import Event
from typing import Final

import structlog
from confluent_kafka import Producer

from connectors.kafka import admin, generations
from connectors.kafka.clients import ANSWER_PATIENCE_S, reader
from connectors.kafka.reading import end_of
from schemas.clock import Clock
from schemas.codec import Codec
from schemas.errors import ContractError
from schemas.topics import TRAINING_ENTITIES, TRAINING_EVENTS, VIEW_EXITS, VIEW_SESSIONS
from streams.agents.publisher import Encoded
from streams.agents.restore import LogReader
from streams.settings import StreamSettings

#: Between two looks at the checkpoints of workers that catch up.
LOOK_S: Final = 0.2
#: Views that are counted from the events; how fresh a source is stands in its heartbeats.
REBUILT: Final = frozenset({VIEW_EXITS, VIEW_SESSIONS})
_DOMAIN: Final = TRAINING_ENTITIES.partition(".")[0]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Swap:
    """What a release that begins must know of generations.

    Attributes:
        settings: Of this worker.
        codec: For checkpoints and generations.
        given: Number of the generation that readers have.
    """

    settings: StreamSettings
    codec: Codec
    given: int = 0

    @property
    def due(self) -> bool:
        """Whether readers are still to be given the generation in force."""
        return self.given < self.settings.generation

    def look(self) -> "Swap":
        """Look at what is in force; only once whoever released before is fenced.

        Raises:
            GenerationMoved: This process holds another generation than the one in force.
        """
        found = generations.in_force(self.settings.kafka, self.settings.prefix, self.codec)
        generations.still(found, self.settings.generation)
        return replace(self, given=generations.number(found, generations.STATE_GIVEN))

    def await_state(self, stop: Event) -> None:
        """Wait until the new state covers what the old one covered."""
        behind = self._wanted()
        while behind and not stop.is_set():
            now = self._covered(self.settings)
            behind = {number: offset for number, offset in behind.items() if now.get(number, 0) < offset}
            if behind:
                log.info("release waits for the new generation", partitions=sorted(behind))
                stop.wait(LOOK_S)

    def _wanted(self) -> Mapping[int, int]:
        """Where each partition must have come; a checkpoint behind the end of its events is of a topic that is gone."""
        old, ends = self._covered(self._old()), self._ends()
        return {number: offset for number, offset in old.items() if offset <= ends.get(number, -1)}

    def _ends(self) -> Mapping[int, int]:
        events = self.settings.prefix + TRAINING_EVENTS
        count = admin.partition_counts(self.settings.kafka, [events])[events]
        consumer = reader(self.settings.kafka)
        try:
            return {number: end_of(consumer, events, number) for number in range(count)}
        finally:
            consumer.close()

    def _old(self) -> StreamSettings | None:
        """The generation that readers have, if it still lies on the cluster."""
        older = self.settings.model_copy(update={"generation": self.given})
        return older if older.entities(_DOMAIN) in admin.topics_held(self.settings.kafka) else None

    def _covered(self, settings: StreamSettings | None) -> Mapping[int, int]:
        """Checkpoint of each partition of a generation."""
        if settings is None:
            return {}
        topic = settings.entities(_DOMAIN)
        count = admin.partition_counts(settings.kafka, [topic])[topic]
        readers = {number: LogReader(settings, _DOMAIN, number, self.codec) for number in range(count)}
        return {number: offset for number, one in readers.items() if (offset := _checkpoint(one)) is not None}

    def publish(self, producer: Producer, rows: Iterable[Encoded], clock: Clock) -> int:
        """Give readers the new generation: all rows that differ and the new epochs in one transaction; how many.

        Raises:
            KafkaException: It could not be committed; readers have the old generation still.
        """
        rows = list(rows)
        topics = {self.settings.prefix + topic for topic in REBUILT}
        producer.begin_transaction()
        for row in rows:
            self._produce(producer, row, marked=row.topic in topics)
        moved = {row.view for row in rows if row.topic in topics}
        for view in (*sorted(moved), generations.STATE_GIVEN):
            made = clock()
            generations.announce(producer, self.settings.prefix, self.codec, view, self.settings.generation, made)
        producer.commit_transaction(ANSWER_PATIENCE_S)
        log.info("readers have the new generation", generation=self.settings.generation, rows=len(rows))
        return len(rows)

    def _produce(self, producer: Producer, row: Encoded, *, marked: bool) -> None:
        epoch: str | bytes | None = str(self.settings.generation).encode()
        headers = {generations.EPOCH_HEADER: epoch} if marked else None
        while True:
            try:
                producer.produce(row.topic, key=row.key, value=row.value, partition=0, headers=headers)
            except BufferError:
                producer.poll(0.1)
            else:
                return


def _checkpoint(log_reader: LogReader) -> int | None:
    """A checkpoint; None when it cannot be read, as in a state that was rebuilt for being damaged."""
    try:
        return log_reader.checkpoint()
    except ContractError:
        return None
