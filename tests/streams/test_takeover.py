"""Partitions are restored each by itself: those that did not move work on, and what was abandoned disturbs nobody."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from connectors.kafka.settings import KafkaSettings
from monitoring.streams import StreamMetrics, WorkerHealth
from schemas.clock import system_clock
from schemas.codec import Codec
from schemas.errors import FencedError
from streams.agents.owned import Opening, Owned
from streams.agents.shell import Shell
from streams.agents.takeover import Restores
from streams.app import create_app
from streams.fetching import Batch
from streams.settings import StreamSettings
from streams.training import training_domain
from tests.bus import messages
from tests.conftest import PARTITIONS
from tests.journal import Journal
from tests.streams.test_partition import Event
from tests.truth import exits, held_exits
from tests.waiting import until

CODEC = Codec()


class Gate:
    """Opens partitions as told: each waits until it is let through."""

    def __init__(self) -> None:
        self.let = {number: threading.Event() for number in range(3)}
        self.opened: list[int] = []

    def open(self, number: int, wanted: Callable[[], bool]) -> str | None:
        if not wanted():
            return None
        assert self.let[number].wait(10)
        self.opened.append(number)
        return f"state {number}"


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.wait({asyncio.create_task(asyncio.to_thread(lambda: None))})


def test_a_restore_goes_on_through_a_rebalance_that_leaves_its_partition_here() -> None:
    async def work() -> None:
        gate = Gate()
        restores: Restores[str] = Restores(gate.open)
        assert restores.want({0, 1}, go_on=False) == [0, 1]
        running = [asyncio.create_task(restores.run(number)) for number in (0, 1)]
        assert restores.want({0, 2}, go_on=True) == [2]
        for event in gate.let.values():
            event.set()
        assert await asyncio.gather(*running, restores.run(2)) == ["state 0", None, "state 2"]
        assert len(restores) == 0

    asyncio.run(work())


def test_a_restore_after_a_missed_generation_begins_anew_once_the_abandoned_one_has_ended() -> None:
    async def work() -> None:
        gate = Gate()
        restores: Restores[str] = Restores(gate.open)
        restores.want({0}, go_on=False)
        first = asyncio.create_task(restores.run(0))
        await turns()
        assert restores.want({0}, go_on=False) == [0]
        second = asyncio.create_task(restores.run(0))
        await turns()
        assert gate.opened == []
        gate.let[0].set()
        assert (await first, await second) == (None, "state 0")
        assert gate.opened == [0, 0]

    asyncio.run(work())


def test_an_error_of_an_abandoned_restore_is_nobodys() -> None:
    def fail(_: int, wanted: Callable[[], bool]) -> str:
        assert wanted()
        raise OSError("the broker went away")

    async def work() -> None:
        restores: Restores[str] = Restores(fail)
        restores.want({0}, go_on=False)
        task = asyncio.create_task(restores.run(0))
        await asyncio.wait({task}, timeout=0)
        restores.want(set(), go_on=True)
        assert await task is None
        restores.want({1}, go_on=True)
        with pytest.raises(OSError, match="went away"):
            await restores.run(1)

    asyncio.run(work())


class Nobody:
    """A release that does nothing: these tests look at the engine alone."""

    def start(self) -> None:
        """Nothing to start."""

    def pause(self) -> None:
        """Nothing to hold back."""

    def resume(self) -> None:
        """Nothing to go on with."""

    def stop(self) -> None:
        """Nothing to stop."""


class Slow:
    """Opens one partition only when told."""

    def __init__(self, opening: Opening, slow: int) -> None:
        self._opening = opening
        self._slow = slow
        self.go = threading.Event()

    def __call__(self, number: int, wanted: Callable[[], bool]) -> Owned | None:
        assert number != self._slow or self.go.wait(30)
        return self._opening(number, wanted)


class Owner:
    """The engine of a worker, in which one partition is restored only when told."""

    def __init__(self, kafka: KafkaSettings, prefix: str, folder: Path) -> None:
        self.settings = StreamSettings(kafka=kafka, prefix=prefix, data_dir=folder)
        self.registry = CollectorRegistry()
        self.metrics = StreamMetrics(self.registry)
        self.health = WorkerHealth(lambda: 0.0)
        domain = training_domain(self.settings, CODEC)
        self.shell = Shell(
            self.settings, domain, codec=CODEC, clock=system_clock, metrics=self.metrics, health=self.health
        )
        self.slow = Slow(Opening(self.settings, domain, codec=CODEC, clock=system_clock, metrics=self.metrics), 1)
        self.shell._restores = Restores(self.slow)

    def restoring(self) -> float:
        return self.registry.get_sample_value("beffroi_stream_restoring_partitions", {"domain": "training"}) or 0.0

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait in the loop, which must turn meanwhile."""
        task = asyncio.create_task(asyncio.to_thread(until, condition, 40, "the engine works"))
        await asyncio.wait({task})
        task.result()


@pytest.fixture
def owner(kafka: KafkaSettings, topics: str, tmp_path: Path) -> Owner:
    return Owner(kafka, topics, tmp_path)


@pytest.mark.kafka
def test_the_real_group_consumer_lets_each_partition_flow_when_its_state_is_there(owner: Owner, tmp_path: Path) -> None:
    kafka, prefix, shell = owner.settings.kafka, owner.settings.prefix, owner.shell
    journal = Journal(kafka, prefix, 22)
    journal.send(600)

    def written() -> set[int]:
        return {number for number in range(PARTITIONS) if shell.committed(number)}

    async def work() -> None:
        app = create_app(
            owner.settings, shell, Nobody, metrics=owner.metrics, health=owner.health, folder=tmp_path
        )  # fmt: skip
        await app.start()
        try:
            await owner.until(lambda: written() == {0, 2, 3})
            before = dict(shell.checkpoints())
            journal.send(600)
            await owner.until(lambda: all((shell.committed(n) or 0) > (before[n] or 0) for n in (0, 2, 3)))
            assert owner.restoring() == 1
            assert not owner.health.report()[0]
            owner.slow.go.set()
            await owner.until(lambda: held_exits(kafka, prefix, PARTITIONS) == exits(journal))
            assert owner.health.report()[0]
        finally:
            owner.slow.go.set()
            await app.stop()

    asyncio.run(work())
    assert written() == {0, 1, 2, 3}


@pytest.mark.kafka
def test_other_partitions_are_fed_and_flushed_while_one_is_restored(owner: Owner) -> None:
    kafka, topics, shell = owner.settings.kafka, owner.settings.prefix, owner.shell
    journal = Journal(kafka, topics, 21)
    journal.send(600)

    def feed(number: int, generation: int) -> None:
        found = messages(kafka, f"{topics}training.events.v1", PARTITIONS)
        records = [Event(one.offset() or 0, one.value()) for one in found if one.partition() == number]
        shell.apply(Batch(number, records, generation), generation)

    async def work() -> None:
        await shell.take_over({0}, 1)
        fresh = await shell.reassign({0, 1, 2, 3}, 2)
        running = [asyncio.create_task(shell.restore(number)) for number in fresh]
        await asyncio.wait({task for number, task in zip(fresh, running, strict=True) if number != 1})
        assert (shell.owns(0), shell.owns(1), shell.owns(2)) == (True, False, True)
        assert owner.restoring() == 1
        for number in range(PARTITIONS):
            feed(number, 2)  # what comes of the one that is not here is dropped, and read again later
        await shell.flush()
        assert shell.committed(0)
        assert shell.committed(1) is None
        owner.slow.go.set()
        assert all(await asyncio.gather(*running))
        feed(1, 2)
        await shell.flush()

    asyncio.run(work())
    assert held_exits(kafka, topics, PARTITIONS) == exits(journal)
    assert owner.restoring() == 0


@pytest.mark.kafka
def test_who_slept_through_a_generation_learns_whether_another_was_there(
    kafka: KafkaSettings, topics: str, tmp_path: Path
) -> None:
    sleeper, other = Owner(kafka, topics, tmp_path).shell, Owner(kafka, topics, tmp_path).shell
    Journal(kafka, topics, 23).send(600)
    found = messages(kafka, f"{topics}training.events.v1", PARTITIONS)
    records = [Event(one.offset() or 0, one.value()) for one in found if one.partition() == 0]

    async def work() -> None:
        await sleeper.take_over({0}, 1)
        sleeper.apply(Batch(0, records, 1), 1)
        await sleeper.flush()
        await sleeper.take_over({0}, 3)  # nobody was: it goes on
        assert sleeper.committed(0) == records[-1].offset + 1
        await other.take_over({0}, 4)
        await sleeper.take_over(set(), 5)

    with pytest.raises(FencedError, match="partition 0 of training is owned by another worker"):
        asyncio.run(work())
    assert other.committed(0) == records[-1].offset + 1
