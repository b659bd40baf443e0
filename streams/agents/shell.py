"""The engine's partitions on Kafka: taken over, fed, flushed, given back."""

import asyncio

import structlog

from monitoring.streams import StreamMetrics, WorkerHealth
from schemas.clock import Clock
from schemas.codec import Codec
from streams.agents.auditing import Auditor
from streams.agents.owned import Opening, Owned
from streams.agents.pace import Pace
from streams.agents.takeover import Restores
from streams.fetching import Batch
from streams.memory import let_go
from streams.settings import StreamSettings
from streams.training import TrainingDomain

log = structlog.get_logger(__name__)


class Shell:
    """Every source partition of the training domain that this worker owns.

    All methods but the blocking parts run in the event loop; one lock keeps flushes and changes of what is held apart.
    Restoring needs no lock: what is being restored is not held yet, so flushes of the others go on.

    Args:
        settings: Of this worker.
        domain: The pure functions.
        codec: One for all.
        clock: For instants in records.
        metrics: What Prometheus reads.
        health: What ``/health`` says.
    """

    def __init__(
        self, settings: StreamSettings, domain: TrainingDomain, *, codec: Codec, clock: Clock,
        metrics: StreamMetrics, health: WorkerHealth,
    ) -> None:  # fmt: skip
        self._domain = domain
        self._metrics = metrics
        self._health = health
        self._held: dict[int, Owned] = {}
        self._restores: Restores[Owned] = Restores(Opening(settings, domain, codec=codec, clock=clock, metrics=metrics))
        self._generation = 0
        self._lock = asyncio.Lock()
        self._auditor = Auditor(domain, self._here, self._settle, self._lock)
        self.pace = Pace(lambda: clock().timestamp())

    def owns(self, number: int) -> bool:
        """Whether the state of a partition is here and whole."""
        return number in self._held

    def _here(self, number: int) -> Owned | None:
        return self._held.get(number)

    @property
    def unwritten(self) -> int:
        """Of so many slots something newer waits to be written."""
        return sum(owned.partition.unwritten for owned in self._held.values())

    @property
    def restoring(self) -> int:
        """Partitions that are being restored."""
        return len(self._restores)

    def position(self, number: int) -> int | None:
        """Where to read on; None from the beginning."""
        return self._held[number].partition.next_offset

    def committed(self, number: int) -> int | None:
        """The checkpoint of the last transaction."""
        return self._held[number].committed if number in self._held else None

    def checkpoints(self) -> dict[int, int | None]:
        """The checkpoint of each partition held, for the watchdog's thread."""
        return {number: owned.committed for number, owned in tuple(self._held.items())}

    def apply(self, batch: Batch, generation: int) -> bool:
        """Take a batch in, unless it is stale. Never yields to other tasks.

        Returns:
            False when records are missing before it, and nothing was taken in: the consumer must go back.
        """
        if batch.generation != generation or batch.partition not in self._held:
            return True
        partition = self._held[batch.partition].partition
        if not batch.follows(partition.next_offset):
            log.info("reading again what was fetched and dropped", partition=batch.partition, since=batch.since)
            return False
        partition.apply(batch.records)
        self._metrics.read.labels(self._domain.name).inc(len(batch.records))
        return True

    async def reassign(self, numbers: set[int], generation: int) -> list[int]:
        """Hold, or begin to want, exactly these partitions.

        Those that did not move keep their state, if no generation was missed in between: another worker might have
        owned them meanwhile. If one did, that is found out here, even with nothing to write: a process that slept
        through it may be stale elsewhere too, and must not go on.

        Returns:
            Those that must be restored.

        Raises:
            FencedError: Another worker owned a partition while this one missed a generation.
        """
        async with self._lock:
            next_ = generation == self._generation + 1
            if not next_:
                await asyncio.gather(*(self._stay_owner(owned) for owned in self._held.values()))
            keep = self._held.keys() & numbers if next_ else set()
            self._generation = generation
            dropped = self._held.keys() - keep
            self._held = {number: self._held[number] for number in keep}
            if dropped:
                let_go()
            fresh = self._restores.want(numbers - keep, go_on=next_)
            self._tell()
        log.info("partitions taken over", assigned=sorted(numbers), kept=sorted(keep), to_restore=fresh)
        return fresh

    async def restore(self, number: int) -> bool:
        """Fence and restore one partition while the others work; whether it is held at the end."""
        owned = await self._restores.run(number)
        if owned is not None:
            self._held[number] = owned
        self._tell()
        return owned is not None

    async def prove(self, number: int) -> None:
        """Recount a restored partition from its claims, while it works; cells that were otherwise are written again."""
        await self._auditor.prove(number)

    async def take_over(self, numbers: set[int], generation: int) -> None:
        """Hold exactly these partitions, all restored and recounted when it returns."""
        fresh = await self.reassign(numbers, generation)
        await asyncio.gather(*(self.restore(number) for number in fresh))
        await asyncio.gather(*(self.prove(number) for number in fresh))

    async def flush(self) -> None:
        """Write what changed, one transaction a partition, all at once in threads."""
        async with self._lock:
            await asyncio.gather(*(self._settle(owned) for owned in self._held.values()))
            self._tell()

    async def _stay_owner(self, owned: Owned) -> None:
        """Write the checkpoint again, which only the owner can; with the lock held."""
        owned.partition.rewrite(())
        await self._settle(owned)

    async def _settle(self, owned: Owned) -> None:
        """Write what changed of one partition; with the lock held."""
        flush = owned.partition.drain()
        if flush is None:
            return
        with self._metrics.flush_seconds.labels(self._domain.name).time():
            await asyncio.to_thread(owned.wire.write, flush)
        owned.committed = flush.next_offset
        for outcome, count in flush.done._asdict().items():
            self._metrics.events.labels(self._domain.name, outcome).inc(count)
        if owned.suspects:
            self._differ(owned)

    async def audit(self) -> int:
        """Compare every cell held with the log; what differs is written again.

        Returns:
            How many cells differed: none, unless somebody else wrote to the log.
        """
        return sum([await self._auditor.audit(number) for number in sorted(self._held)])

    def _differ(self, owned: Owned) -> None:
        self._metrics.audit_differences.labels(self._domain.name).inc(owned.suspects)
        log.warning("cells differed from the log", partition=owned.partition.number, cells=owned.suspects)
        owned.suspects = 0

    def _tell(self) -> None:
        name = self._domain.name
        self._metrics.partitions.labels(name).set(len(self._held))
        self._metrics.restoring.labels(name).set(len(self._restores))
        self._metrics.roots.labels(name).set(sum(owned.partition.root_count for owned in self._held.values()))
        self._metrics.cells.labels(name).set(sum(owned.partition.cell_count for owned in self._held.values()))
        self._health.update(partitions=len(self._held), restoring=len(self._restores))
