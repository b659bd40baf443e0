"""A Faust transport that hands an agent one fetched batch as one event.

Faust's own extension point: the entry point ``faust.transports``, scheme ``kafka-batch``. Stock Faust spends four
asyncio tasks and eleven callbacks on each event; here it spends them on each batch.

Faust's bookkeeping of acknowledgements is left out for batched topics: where to go on is decided by the engine's
checkpoint, which the transaction wrote. The group's committed offset only mirrors it, so that lag tells the truth.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

import aiokafka
from faust.transport.drivers.aiokafka import Consumer, Transport
from faust.types import TP, ConsumerMessage, Message

from streams.fetching import Batch, BatchConsumerThread, Fetched

#: Faust looks again after a second whether it was given partitions: too long for a take-over.
IDLE_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Positions:
    """What the engine tells the transport.

    Attributes:
        topics: The batched topics.
        next_offset: Where to read on in a partition; None from the beginning.
        committed: The checkpoint a transaction wrote; None when there is none yet.
        owned: Whether the engine holds the state of a partition.
    """

    topics: frozenset[str]
    next_offset: Callable[[TP], int | None]
    committed: Callable[[TP], int | None]
    owned: Callable[[TP], bool]


_NONE: Final = Positions(frozenset(), lambda _: None, lambda _: None, lambda _: False)
_positions: "WeakKeyDictionary[Any, Positions]" = WeakKeyDictionary()


def attach(app: Any, positions: Positions) -> None:  # noqa: ANN401  # faust.App, whose type is not exported for checking
    """Tell the transport of an app where its engine stands; before the app starts."""
    _positions[app] = positions


class BatchConsumer(Consumer):
    """Yields one message for each partition and fetch of a batched topic; other topics keep stock behaviour."""

    def on_init(self) -> None:
        """Faust's hook: nothing was sought yet."""
        super().on_init()
        self._begun: set[TP] = set()
        self._earliest: dict[TP, int] = {}

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def positions(self) -> Positions:
        """What the engine tells us."""
        return _positions.get(self.app, _NONE)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109  # Faust's own name
        """Fetch once; yield whole batches."""
        generation = self.app.consumer_generation_id  # at the fetch: a rebalance meanwhile makes it stale
        records, active = await self._wait_next_records(timeout)
        if not records or self.should_stop:
            return
        wanted = set(records) if active is None else active | self._buffered_partitions
        for tp in records.keys() & wanted:
            for message in self._messages(tp, records[tp], generation):
                if not self.flow_active or self.app.consumer_generation_id != generation:
                    return
                yield tp, message

    async def _wait_next_records(self, timeout: float) -> tuple[Any, Any]:  # noqa: ASYNC109  # the same
        """As in Faust, which waits for a second when it has no partitions."""
        if self.flow_active and not self._get_active_partitions():
            await self.sleep(IDLE_S)
            return {}, set()
        found: tuple[Any, Any] = await super()._wait_next_records(timeout)
        return found

    def _messages(self, tp: TP, fetched: list[Any], generation: int) -> Iterator[Message]:
        if tp.topic not in self.positions.topics:
            yield from (self._to_message(tp, record) for record in fetched)
        elif isinstance(fetched, Fetched) and fetched:
            since = 0 if fetched.since == self._earliest.get(tp) else fetched.since  # nothing lies before the earliest
            yield _batch_message(tp, Batch(tp.partition, fetched, generation, since))

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        if tp.topic not in self.positions.topics:
            await super()._add_gap(tp, offset_from, offset_to)

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:  # noqa: ANN401  # as in Faust
        stock = super()._filter_tps_with_pending_acks(topics)
        yield from (tp for tp in stock if tp.topic not in self.positions.topics)
        if topics is None:
            yield from (tp for tp in self.assignment() if self.positions.owned(tp))

    def _new_offset(self, tp: TP) -> int | None:
        if tp.topic in self.positions.topics:
            return self.positions.committed(tp)
        offset: int | None = super()._new_offset(tp)
        return offset

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Resume those whose state is here; the others wait until ``begin``.

        What is fetched is what is active at that moment, so a partition must be sought before it becomes active.
        """
        super().resume_partitions({tp for tp in tps if self._ready(tp)})

    def on_buffer_drop(self, tp: TP) -> None:
        """A queue has room again: fetch on, but never a partition that was not sought."""
        if tp.topic not in self.positions.topics or tp in self._begun:
            super().on_buffer_drop(tp)
        else:
            self._buffered_partitions.discard(tp)

    def _ready(self, tp: TP) -> bool:
        return tp.topic not in self.positions.topics or self.positions.owned(tp)

    async def perform_seek(self) -> None:
        """Go where the engine's checkpoints say; a partition without one is read from its beginning."""
        self._begun.clear()
        await self._seek_all({tp for tp in self.assignment() if self.positions.owned(tp)})

    async def begin(self, tp: TP) -> None:
        """Let a partition flow whose state has just come; nothing when it was taken away meanwhile."""
        generation = self.app.consumer_generation_id
        try:
            await self._seek_all({tp} & self.assignment())
        except aiokafka.errors.IllegalStateError:  # a rebalance in the middle: the next one seeks
            return
        if self.app.consumer_generation_id == generation and tp in self._begun:
            self.resume_partitions({tp})

    async def go_back(self, tp: TP) -> None:
        """Read on where the engine stands in a partition: something of it was fetched and dropped."""
        if self.positions.owned(tp):
            await self.begin(tp)

    async def _seek_all(self, tps: set[TP]) -> None:
        wanted = {tp: self.positions.next_offset(tp) for tp in tps}
        fresh = [tp for tp, offset in wanted.items() if offset is None]
        earliest: Mapping[TP, int] = await self._thread.earliest_offsets(*fresh) if fresh else {}
        self._earliest.update(earliest)
        targets = {tp: earliest[tp] if offset is None else offset for tp, offset in wanted.items()}
        if targets:
            await self.seek_wait(targets)
            self._begun.update(targets)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's own watchdog follows acknowledgements, which batched topics do not have; ours follows flushes."""


def _batch_message(tp: TP, batch: Batch) -> Message:
    last = batch.records[-1]
    return ConsumerMessage(
        tp.topic,
        tp.partition,
        last.offset,
        last.timestamp / 1000.0,
        last.timestamp_type,
        None,
        None,
        cast("bytes", batch),  # the agent's topic decodes nothing
        None,
        None,
        None,
        tp,
        generation_id=batch.generation,
    )


class BatchTransport(Transport):
    """``kafka-batch://host:port``."""

    Consumer = BatchConsumer
    driver_version = f"kafka-batch aiokafka={aiokafka.__version__}"
