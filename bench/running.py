"""Running what is measured: a process on one core, its time and its processor time."""

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from bench.machine import ROOT, cores, on
from connectors.kafka.clients import reader
from connectors.kafka.reading import read_to_end
from connectors.kafka.settings import KafkaSettings
from schemas.codec import Codec
from schemas.contracts import CELL, CHECKPOINT
from schemas.topics import CELLS, TRAINING_ENTITIES, TRAINING_EVENTS
from streams.engine import CHECKPOINT_KEY

#: A run that takes longer is broken.
PATIENCE_S = 300.0
_LOOK_S = 0.5


@dataclass(slots=True)
class Run:
    """One run of one engine.

    Attributes:
        events: How many were taken in between the first and the last sign of progress.
        seconds: On the clock, between the two.
        processor: Seconds of its core in that time.
        cells: What it counted, by ``commune|trade|day``.
    """

    events: int
    seconds: float
    processor: float
    cells: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    @property
    def cost_us(self) -> float:
        """Microseconds of processor time an event."""
        return self.processor / self.events * 1e6


class WorkerProcess:
    """A worker in a process of its own on the measured core.

    Args:
        kafka: The broker.
        prefix: Of its topics.
        folder: Where it writes its notes.
    """

    def __init__(self, kafka: KafkaSettings, prefix: str, folder: Path) -> None:
        self._kafka = kafka
        self._prefix = prefix
        self._notes = folder / "notes.json"
        with on(cores()[0]):
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bench.peers.worker", kafka.bootstrap, prefix, str(self._notes)],
                cwd=ROOT,
                env=dict(os.environ),
            )

    def stop(self) -> None:
        """End it in good order."""
        self.process.terminate()
        self.process.wait(30)

    def until(self, offsets: int) -> None:
        """Wait until the group's positions, which mirror the checkpoints, add up to this many."""
        consumer = reader(self._kafka, **{"group.id": "beffroi" + self._prefix})
        pause, began = threading.Event(), time.monotonic()
        while (done := self._committed(consumer)) < offsets:
            pause.wait(_LOOK_S)
            if time.monotonic() - began > PATIENCE_S or self.process.poll() is not None:
                raise TimeoutError(f"the worker stands at {done:,} of {offsets:,} events")
        consumer.close()

    def _committed(self, consumer: Consumer) -> int:
        where = [TopicPartition(self._prefix + TRAINING_EVENTS, number) for number in range(4)]
        try:
            return sum(max(one.offset, 0) for one in consumer.committed(where, 10))
        except KafkaException:  # the group has no coordinator yet
            return 0

    def run(self) -> Run:
        """What its own checkpoints say: from the start of its flow to the commit of its last transaction."""
        last: dict[int, tuple[float, int]] = {}
        codec = Codec()
        for message in written(self._kafka, self._prefix + TRAINING_ENTITIES):
            if message.key() == CHECKPOINT_KEY:
                offset = codec.read(CHECKPOINT, message.value() or b"")["next_offset"]
                last[message.partition() or 0] = message.timestamp()[1] / 1000, offset
        turns = json.loads(self._notes.read_text())
        (began, idle), ended = turns[0], max(at for at, _ in last.values())
        committed, used = next(turn for turn in turns if turn[0] > ended)
        events = sum(offset for _, offset in last.values())
        return Run(events, committed - began, used - idle, self.cells(codec))

    def cells(self, codec: Codec) -> Counter[str]:
        """The sum of the partials in the log."""
        partials: dict[tuple[int, bytes], int] = {}
        for message in written(self._kafka, self._prefix + CELLS):
            cell = codec.read(CELL, message.value() or b"")
            if cell["view"] == "exits":
                partials[message.partition() or 0, message.key() or b""] = cell["n"]
        total: Counter[str] = Counter()
        for (_, key), n in partials.items():
            total[key.decode().partition("\x1f")[2]] += n
        return +total


def written(kafka: KafkaSettings, topic: str, partitions: int = 4) -> list[Message]:
    """Every committed record of a topic."""
    consumer = reader(kafka)
    try:
        return list(read_to_end(consumer, [(topic, number) for number in range(partitions)]))
    finally:
        consumer.close()
