"""A worker: the product's own wiring (``streams.app.create_app``) on a simulated Faust, group and cluster.

Only Faust itself is played here: signals, streams, timers, and the order in which its consumer calls them. What the
product adds to Faust's consumer (``streams.transport.BatchConsumer``) is called as it is.
"""

from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import aiokafka
from faust.types import TP
from prometheus_client import CollectorRegistry

import streams.app
from monitoring.release import ReleaseMetrics
from monitoring.streams import StreamMetrics, WorkerHealth
from schemas.clock import Clock
from schemas.codec import Codec
from schemas.topics import TRAINING_EVENTS
from streams.agents.release import ReleaseRunner
from streams.agents.shell import Shell
from streams.agents.turn import Turn
from streams.app import create_app
from streams.fetching import BatchConsumerThread
from streams.settings import StreamSettings
from streams.training import TrainingDomain
from streams.transport import BatchConsumer, Positions
from tests.simulation.broker import Broker
from tests.simulation.clients import SimulatedKafka
from tests.simulation.group import Group, Member
from tests.simulation.process import Lock, Process, Thread
from tests.simulation.replacing import replaced

#: Records of one fetch.
FETCH: Final = 12
#: Rows of one publication: few, so that a release can die between two of them.
ROWS: Final = 30
SOURCES: Final = ("kairos", "region")


class Signal:
    """Handlers that Faust awaits one after the other."""

    def __init__(self) -> None:
        self._handlers: list[Callable[..., Any]] = []

    def connect(self, *, weak: bool) -> Callable[[Callable[..., Any]], None]:
        del weak
        return self._handlers.append

    async def send(self, *words: object) -> None:
        for handler in self._handlers:
            await handler(*words)


class Stream:
    """What an agent reads; it may hold one event while the queue behind it is cleared."""

    def __init__(self, process: Process) -> None:
        self.queue: deque[Any] = deque()
        self._process = process

    def noack(self) -> "Stream":
        return self

    async def events(self) -> AsyncIterator[Any]:
        while True:
            await self._process.timer("agent")
            if self.queue:
                message = self.queue.popleft()
                await self._process.timer("held")
                yield SimpleNamespace(value=message.value, message=message)
                self._process.at("applied")

    __aiter__ = events


class SimulatedApp:
    """Faust, as far as the product's wiring touches it."""

    def __init__(self, process: Process, broker: Broker, group: Group) -> None:
        self.process = process
        self.on_rebalance_complete, self.on_partitions_revoked = Signal(), Signal()
        self.on_before_shutdown = Signal()
        self.streams: dict[str, Stream] = {}
        self.tasks: list[Callable[[], Any]] = []
        self.should_stop = self.rebalancing = False
        self.consumer_generation_id = 0
        self.consumer = Consumer(self, broker, group)

    def __call__(self, _name: str, **settings: object) -> "SimulatedApp":
        assert settings["consumer_auto_offset_reset"] == "earliest"
        return self

    App = property(lambda self: self)

    def topic(self, name: str, **_: object) -> str:
        return name

    def agent(self, topic: str, name: str) -> Callable[[Callable[[Any], Any]], None]:
        del name
        stream = self.streams[topic] = Stream(self.process)
        return lambda run: self.tasks.append(lambda: run(stream))

    def task(self, run: Callable[[], Any]) -> None:
        self.tasks.append(run)

    def add_future(self, work: Coroutine[Any, Any, None]) -> None:
        self.process.loop.create_task(work)

    async def pass_time(self, seconds: float) -> None:
        await self.process.timer("audit" if seconds > 1 else "flush")

    sleep = pass_time

    def start(self) -> None:
        for task in (*self.tasks, self.consumer.run):
            self.process.loop.create_task(task())


class Consumer:
    """Faust's consumer: joins, fetches, seeks; calls the product's signals and its part of the transport."""

    should_stop = False
    _buffered_partitions: frozenset[TP] = frozenset()

    def __init__(self, app: SimulatedApp, broker: Broker, group: Group) -> None:
        self.app = app
        self.member = Member(app.process.name)
        self.leaving = False
        self.flow_active = False
        self.positions_read: dict[TP, int] = {}
        self.active: set[TP] = set()
        self._begun: set[TP] = set()
        self._broker = broker
        self._group = group
        self._thread = self
        self._earliest: dict[TP, int] = {}
        self._stands: dict[TP, tuple[object, int]] = {}
        self._joined = object()

    # what the product's part of the consumer asks of Faust's
    @property
    def positions(self) -> Positions:
        return cast("Positions", BatchConsumer.positions.__get__(self._real))

    def assignment(self) -> set[TP]:
        return {TP(*tp) for tp in self.member.assigned}

    async def earliest_offsets(self, *partitions: TP) -> dict[TP, int]:
        return dict.fromkeys(partitions, 0)

    async def seek_wait(self, targets: dict[TP, int]) -> None:
        self.positions_read.update(targets)
        self._stands.update({tp: (self._joined, offset) for tp, offset in targets.items()})

    async def go_back(self, tp: TP) -> None:
        await BatchConsumer.go_back(self._real, tp)

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        self.active |= {tp for tp in tps if BatchConsumer._ready(self._real, tp)}

    async def begin(self, tp: TP) -> None:
        await BatchConsumer.begin(self._real, tp)

    async def _seek_all(self, tps: set[TP]) -> None:
        await BatchConsumer._seek_all(self._real, tps)

    def _ready(self, tp: TP) -> bool:
        return BatchConsumer._ready(self._real, tp)

    async def _wait_next_records(self, _timeout: float) -> tuple[dict[TP, list[Any]], set[TP]]:
        tps = sorted(tp for tp in self.assignment() & self.active if tp.topic == TRAINING_EVENTS)
        if not tps:
            return {}, set()
        tp = tps[self.app.process.pick(len(tps))]
        limit = 1 + self.app.process.pick(FETCH)
        position = self.positions_read.get(tp, 0)
        records, self.positions_read[tp] = self._broker.fetch(tp, position, committed=True, limit=limit)
        if not records:
            return {}, {tp}
        fetched = [_as_fetched(tp, one) for one in records]
        return {tp: BatchConsumerThread._follow(cast("BatchConsumerThread", self), self._joined, tp, fetched)}, {tp}

    def _messages(self, tp: TP, fetched: list[Any], generation: int) -> Iterable[Any]:
        return BatchConsumer._messages(self._real, tp, fetched, generation)

    @property
    def _real(self) -> BatchConsumer:
        return cast("BatchConsumer", self)

    async def run(self) -> None:
        """Faust's fetcher and its group membership, one turn after the other."""
        await self._rebalance()
        while not self.leaving:
            await self.app.process.timer("poll")
            if self._group.stale(self.member):
                await self._rebalance()
            else:
                await self._fetch()
        await self.app.on_before_shutdown.send(self.app)
        self._commit()
        self.app.should_stop = True
        self._group.evict(self.member)
        self.app.process.note("left")
        self.app.process.alive = False

    async def _fetch(self) -> None:
        async for tp, message in BatchConsumer.getmany(self._real, 1.0):
            self.app.process.at("fetched")
            self.app.streams[tp.topic].queue.append(message)
        if self.app.process.pick(4) == 0:
            self._commit()

    def _commit(self) -> None:
        """Tell the group the offsets that the product gives."""
        self.app.process.at("acknowledging")
        for tp in sorted(self.assignment()):
            if self.positions.owned(tp) and (offset := BatchConsumer._new_offset(self._real, tp)) is not None:
                self._group.commit(self.member, tp, offset)

    async def _rebalance(self) -> None:
        app = self.app
        self.flow_active, app.rebalancing = False, True
        for stream in app.streams.values():
            stream.queue.clear()
        app.process.at("revoking")
        await app.on_partitions_revoked.send(app, self.assignment())
        self._commit()
        formed = False
        while not formed:
            app.process.at("joining")
            joined = app.process.loop.create_future()
            self._group.join(self.member, joined)
            formed = await joined
        if 0 < app.consumer_generation_id < self.member.generation - 1:
            app.process.met("a worker missed a generation and came back")
        app.consumer_generation_id = self.member.generation
        self.active.clear()
        self._joined = object()
        app.process.note("joined", self.member.generation, *sorted(self.member.assigned))
        await app.on_rebalance_complete.send(app)
        app.process.at("restored")
        self.resume_partitions(self.assignment())
        await BatchConsumer.perform_seek(self._real)
        self.flow_active, app.rebalancing = True, False


def _as_fetched(tp: TP, record: Any) -> "aiokafka.ConsumerRecord[bytes, bytes]":
    return aiokafka.ConsumerRecord(
        tp.topic, tp.partition, record.offset, 0, 0, record.key, record.value, None, 0, 0, ()
    )  # fmt: skip


class Worker:
    """One incarnation of a worker on the simulated cluster.

    Args:
        process: Its threads.
        broker: The cluster.
        group: Its coordinator.
        domain: The training domain of this release of the product.
        codec: Of this release.
        clock: The world's.
    """

    def __init__(
        self, process: Process, broker: Broker, group: Group, *, domain: TrainingDomain, codec: Codec, clock: Clock
    ) -> None:
        self.process = process
        self.codec = codec
        registry = CollectorRegistry()
        settings = StreamSettings(
            kafka=SimulatedKafka.of(process, broker), sources=SOURCES, data_dir=Path("unused"), publish_rows=ROWS
        )
        self._metrics, health = StreamMetrics(registry), WorkerHealth(lambda: 0.0)
        self._release_metrics = release_metrics = ReleaseMetrics(registry)
        self.shell = Shell(settings, domain, codec=codec, clock=clock, metrics=self._metrics, health=health)
        self.app = SimulatedApp(process, broker, group)
        self._failed: tuple[str, BaseException] | None = None

        def role() -> ReleaseRunner:
            runner = ReleaseRunner(
                settings,
                codec=codec,
                clock=clock,
                metrics=release_metrics,
                on_failure=self._release_failed,
                now=lambda: clock().timestamp(),
            )
            runner._thread = cast("Any", Thread(process, runner._run))
            runner._turn = Turn(lambda: Lock(process))
            return runner

        with replaced(streams.app, faust=self.app):
            create_app(settings, self.shell, role, metrics=self._metrics, health=health, folder=Path("unused"))
        self.app.start()

    def _release_failed(self, error: BaseException) -> None:
        self.process.die("the release failed", error)

    @property
    def publishes(self) -> bool:
        """Whether it holds the release, which has read all there was."""
        return bool(self._release_metrics.caught_up._value.get())

    @property
    def audit_differences(self) -> float:
        """What the product's own metric says."""
        return float(self._metrics.audit_differences.labels("training")._value.get())
