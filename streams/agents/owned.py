"""One source partition that is here: its state and its log, from the moment it was fenced and restored."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Self

import structlog

from monitoring.streams import StreamMetrics
from schemas.clock import Clock
from schemas.codec import Codec
from streams.agents.log import PartitionLog
from streams.agents.restored import Restored
from streams.domains.claims import Claim
from streams.domains.training import TrainingRoot
from streams.engine import CellKey, CellValue, Partition, differing, recounted
from streams.settings import StreamSettings
from streams.training import TrainingDomain

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Owned:
    """A partition that is here.

    Attributes:
        partition: Its state.
        wire: Its log.
        committed: The checkpoint of the last transaction; None when nobody ever wrote.
        unproved: What the log held when it was taken over, until it is recounted.
        suspects: Cells that differ from the log; told when they are written, for whoever is fenced compares in vain.
    """

    partition: Partition[TrainingRoot, Claim]
    wire: PartitionLog
    committed: int | None = None
    unproved: Restored | None = None
    suspects: int = 0

    @classmethod
    def restored(cls, domain: TrainingDomain, number: int, wire: PartitionLog) -> Self:
        """Fence whoever had the partition, and go on from what was written; blocks.

        Raises:
            KafkaException: The cluster does not answer.
            FutureGeneration: The state covers events that its source does not hold.
        """
        found = wire.open()
        partition = Partition(domain, number)
        partition.restore(found.entities, found.cells, found.next_offset)
        if late := partition.retry(found.parked):
            log.info("events that waited for their schema are taken in", partition=number, events=late)
        return cls(partition, wire, found.next_offset, found)

    def recounted(self, domain: TrainingDomain) -> dict[CellKey, CellValue] | None:
        """What the cells must have been when it was taken over, by the claims alone; takes its time, in a thread."""
        return recounted(domain, self.unproved.entities.values()) if self.unproved else None

    def mend(self, right: dict[CellKey, CellValue] | None) -> None:
        """Correct the cells that were otherwise when it was taken over; None when that cannot be told."""
        if self.unproved is not None and right is not None:
            self.suspects += self.partition.mend(self.unproved.cells, right)
        self.unproved = None

    def compare(self, held: dict[CellKey, CellValue], logged: dict[CellKey, CellValue]) -> int:
        """Have the cells that differ from the log written again; how many."""
        found = differing(held, logged)
        self.suspects = len(found)
        if found:
            self.partition.rewrite(found)
        return len(found)


class Opening:
    """Opens partitions: fences and restores; called in threads.

    Args:
        settings: Of this worker.
        domain: The pure functions.
        codec: One for all.
        clock: For instants in records.
        metrics: What Prometheus reads.
    """

    def __init__(
        self, settings: StreamSettings, domain: TrainingDomain, *, codec: Codec, clock: Clock, metrics: StreamMetrics
    ) -> None:
        self._settings = settings
        self._domain = domain
        self._codec = codec
        self._clock = clock
        self._metrics = metrics

    def __call__(self, number: int, wanted: Callable[[], bool]) -> Owned | None:
        """Open one partition, unless it is no longer wanted; blocks.

        Raises:
            KafkaException: The cluster does not answer.
            FutureGeneration: The state covers events that its source does not hold.
        """
        if not wanted():
            return None
        began, name = perf_counter(), self._domain.name
        wire = PartitionLog(self._settings, name, number, codec=self._codec, clock=self._clock)
        wire.reader.told = self._metrics.restored_records.labels(name).inc
        owned = Owned.restored(self._domain, number, wire)
        seconds = perf_counter() - began
        self._metrics.restore_seconds.labels(name).observe(seconds)
        log.info("partition restored", domain=name, partition=number, seconds=round(seconds, 3))
        return owned
